// The words of outcomes and codes.
// SPDX-License-Identifier: Apache-2.0
#include "vocabulary/codes.h"

const char *emit_outcome_word(enum emit_outcome_kind kind) {
#define WORD(name, word) [name] = word,
    static const char *const words[] = {EMIT_OUTCOME_ROWS(WORD)};
#undef WORD
    return words[kind];
}

const char *emit_code_word(enum emit_code code) {
#define WORD(name, word, seen) [name] = word,
    static const char *const words[] = {EMIT_CODE_ROWS(WORD)};
#undef WORD
    return words[code];
}

const char *emit_code_meaning(enum emit_code code) {
#define MEANING(name, word, seen) [name] = seen,
    static const char *const meanings[] = {EMIT_CODE_ROWS(MEANING)};
#undef MEANING
    return meanings[code];
}
