// What the rules of the dialects are written in: counts that are taken from fields, buckets that
// are filled, and records that are refused with a sentence.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_COUNT_H
#define IMPORTS_USAGE_COUNT_H

#include "imports/usage_fields.h"

enum { EMIT_USAGE_NAME_MAX = 64 }; // bytes of a key that a sentence shows, terminator included

struct emit_usage_count {
    enum emit_usage_field field;
    uint64_t tokens; // 0 when unknown
    bool known;
    const char *at; // of those that are known, where it stands in the record; else NULL
};

// Ends a record that is not counted: the fate, and the sentence why.
void emit_usage_refuse(struct emit_usage_record *record, enum emit_usage_fate fate,
                       const char *format, ...) EMIT_PRINTF(3, 4);

// False when the field is there and no count; the record is refused then.
bool emit_usage_take(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                     enum emit_usage_field field, struct emit_usage_count *count);
void emit_usage_put(struct emit_usage_record *record, enum emit_bucket bucket, uint64_t tokens);

// Refuses a part that is more than its whole, and a total that is not the sum. False.
bool emit_usage_refuse_more_than(struct emit_usage_record *record,
                                 const struct emit_usage_count *part,
                                 const struct emit_usage_count *whole);
bool emit_usage_refuse_total(struct emit_usage_record *record, const struct emit_usage_count *total,
                             uint64_t sum);

// Whether the details of `usage` tell of nothing but text; the record is refused if not.
bool emit_usage_has_text_details(struct emit_usage_record *record,
                                 const struct emit_usage_fields *fields);

// Bytes of a value that fit into a sentence, characters whole.
int emit_usage_shown_length(const struct emit_json_slice *value);
// A field that is there, and a count, by the key that the record writes, where the field's own
// name does not hold it: inputTokenCount for inputTokens.
const char *emit_usage_written(const struct emit_usage_fields *fields, enum emit_usage_field field,
                               char name[EMIT_USAGE_NAME_MAX]);
const char *emit_usage_count_written(const struct emit_usage_count *count,
                                     char name[EMIT_USAGE_NAME_MAX]);
// The key of a count whose name no row has, as the record writes it.
const char *emit_usage_name_of(const struct emit_usage_fields *fields, enum emit_usage_field field,
                               char name[EMIT_USAGE_NAME_MAX]);

#endif
