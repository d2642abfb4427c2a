// Usage records into groups: which of them is new, which repeats another one, and what
// they come to. The only part of the reading whose memory grows with the records:
// EMIT_TALLY_RECORD_BYTES for each one that could be repeated, and no more.
//
// A record is known by its response and request id. One without either is known by
// its bytes and by how many of the same bytes came before it: identical lines are
// several requests, and reading the same file again finds the same records.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_TALLY_H
#define IMPORTS_USAGE_TALLY_H

#include "imports/usage.h"

enum {
    EMIT_TALLY_RECORD_BYTES = 128,               // at most, of memory for one record
    EMIT_TALLY_RECORDS_MAX = 64 * 1024 * 1024,   // beyond it: EMIT_FULL, and what to do
    EMIT_RECORD_REF_MAX = 2 * EMIT_USAGE_ID_MAX, // bytes of a record_ref, terminator included
};

struct emit_tally;

EMIT_MUST_CHECK enum emit_status emit_tally_open(struct emit_tally **tally, struct emit_error *err);
void emit_tally_close(struct emit_tally *tally); // accepts NULL

// Adds a USED record to group (a number of the caller's, below 65536: its profile and model).
// A record that was there before replaces what it counted, and *repeats is set; the caller
// tells it as a duplicate. text: the record's bytes.
// EMIT_FULL: EMIT_TALLY_RECORDS_MAX; EMIT_NO_MEMORY; EMIT_INVALID: more tokens than can be
// counted. The tally is unchanged then.
EMIT_MUST_CHECK enum emit_status emit_tally_add(struct emit_tally *tally,
                                                const struct emit_usage_record *record,
                                                const char *text, size_t length, uint32_t group,
                                                bool *repeats, struct emit_error *err);

// What a group came to; NULL when nothing was added to it.
struct emit_tally_group {
    struct emit_token_counts counts;
    int64_t first_ns, last_ns; // of the times its records say; 0 when none says one
    uint64_t records;
};
const struct emit_tally_group *emit_tally_group(const struct emit_tally *tally, uint32_t group);

// The number of a record that was just added: 0 of the first, one more of each that was not
// there before; a repeat has the number of what it repeats. By it events of single requests
// are written once, with what the last record said.
uint64_t emit_tally_number(const struct emit_tally *tally);

// The record_ref of a record that was just added: its ids, or what stands for them.
void emit_tally_record_ref(const struct emit_tally *tally, char ref[EMIT_RECORD_REF_MAX]);

#endif
