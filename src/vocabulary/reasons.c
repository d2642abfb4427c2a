// The words of the reasons.
// SPDX-License-Identifier: Apache-2.0
#include "vocabulary/reasons.h"

const char *emit_reason_word(enum emit_reason reason) {
#define WORD(name, word, schema, wrong) [name] = word,
    static const char *const words[] = {EMIT_REASON_ROWS(WORD)};
#undef WORD
    return words[reason];
}

const char *emit_reason_meaning(enum emit_reason reason) {
#define MEANING(name, word, schema, wrong) [name] = wrong,
    static const char *const meanings[] = {EMIT_REASON_ROWS(MEANING)};
#undef MEANING
    return meanings[reason];
}

bool emit_reason_in_schema(enum emit_reason reason) {
#define SCHEMA(name, word, schema, wrong) [name] = schema,
    static const bool in_schema[] = {EMIT_REASON_ROWS(SCHEMA)};
#undef SCHEMA
    return in_schema[reason];
}
