// What stands in the bytes of one event: the members by field, before anybody
// judges them. Two scanners fill it: one for lines as programs write them, and
// one for every text there can be, which alone says what is wrong with the JSON.
// SPDX-License-Identifier: Apache-2.0
#ifndef CONTRACT_MEMBERS_H
#define CONTRACT_MEMBERS_H

#include "base/json.h"
#include "emit/contract.h"
#include "vocabulary/lookup.h"

enum { EMIT_MEMBERS_UNKNOWN_MAX = EMIT_JSON_KEYS_MAX };

// A name the table has not at that place.
struct emit_unknown {
    const char *name; // escapes resolved
    size_t length;
    enum emit_place place;
    enum emit_json_type type; // of its value
};

// Strings and numbers lie in the text of the event, or in the scratch memory
// where they had escapes. Only entries whose bit stands in a set are filled; the
// one behind the last field is for values of no field.
struct emit_members {
    const char *at[EMIT_FIELD_COUNT + 1]; // of a string without its quotes, or of a number
    uint32_t length[EMIT_FIELD_COUNT + 1];
    double value[EMIT_FIELD_COUNT + 1];        // of a number
    emit_field_set seen;                       // of any type
    emit_field_set of_type[EMIT_LOOKUP_TYPES]; // by enum emit_json_type
    emit_field_set empty;                      // strings of no bytes
    size_t unknown_count;
    const char *readable;   // strings and numbers may be loaded up to here; NULL: up to their end
    enum emit_reason fault; // why the text is no event at all, or NONE
    const char *fault_text; // the scanner's sentence
    size_t fault_at;        // byte of the event
    struct emit_unknown unknown[EMIT_MEMBERS_UNKNOWN_MAX];
};

static inline size_t emit_members_bit(uint32_t field) {
    return field < EMIT_TAG_FIRST ? field : field - EMIT_TAG_FIRST;
}

static inline bool emit_members_has(const emit_field_set set, uint32_t field) {
    return set[field >= EMIT_TAG_FIRST] >> emit_members_bit(field) & 1;
}

// How much memory from `at` may be read, for the look-up of a text.
static inline size_t emit_members_readable(const struct emit_members *members, const char *at,
                                           size_t length) {
    return members->readable ? (size_t)(members->readable - at) : length;
}

// Any text. scratch must hold `length` bytes and live as long as the members.
void emit_members_scan(struct emit_members *members, const char *text, size_t length,
                       char *scratch);

// A line of valid UTF-8 without escapes and without control characters, as
// programs write it. False when the text is not such a line, or has any fault:
// then emit_members_scan has the word. Memory up to `readable`, at or behind the
// end of the text, may be loaded but decides nothing.
bool emit_members_scan_line(struct emit_members *members, const char *text, size_t length,
                            const char *readable);

#endif
