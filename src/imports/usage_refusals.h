// Records that could not be used, told once for all of a kind: the sentence, and the lines
// it is about. Bounded, however many there are: beyond the kinds that are kept records are
// only counted.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_REFUSALS_H
#define IMPORTS_USAGE_REFUSALS_H

#include "base/text.h"
#include "imports/usage.h"

enum {
    EMIT_USAGE_REFUSALS_KEPT = 64, // kinds
    EMIT_USAGE_LINES_KEPT = 16,    // of one kind
    EMIT_USAGE_SENTENCE_MAX = 480, // bytes of a sentence
};

// Where a record stands.
struct emit_usage_spot {
    const char *file; // borrowed
    uint64_t line;    // from 1
    uint64_t element; // of an array, from 1; 0: in none
};

struct emit_usage_refusal {
    enum emit_usage_fate fate;
    const char *file; // borrowed; NULL: about no line, but about the run
    uint64_t lines[EMIT_USAGE_LINES_KEPT];
    uint64_t elements[EMIT_USAGE_LINES_KEPT]; // 0: in no array
    uint64_t records;
    char message[EMIT_USAGE_SENTENCE_MAX]; // one sentence
    char remedy[EMIT_USAGE_SENTENCE_MAX];  // one line to paste; "" for none
};

struct emit_usage_refusals {
    struct emit_usage_refusal *kinds; // owned, EMIT_USAGE_REFUSALS_KEPT of them
    size_t count;
    uint64_t untold; // records of kinds beyond those
};

EMIT_MUST_CHECK enum emit_status emit_usage_refusals_init(struct emit_usage_refusals *refusals,
                                                          struct emit_error *err);
void emit_usage_refusals_clear(struct emit_usage_refusals *refusals); // accepts a zeroed one

// A record, of which message says what is wrong. message and remedy are copied, cut where they
// are too long; remedy may be NULL.
void emit_usage_refusals_add(struct emit_usage_refusals *refusals, enum emit_usage_fate fate,
                             const struct emit_usage_spot *spot, const char *message,
                             const char *remedy);
// That many records of the run, whichever lines they stand on.
void emit_usage_refusals_add_run(struct emit_usage_refusals *refusals, enum emit_usage_fate fate,
                                 uint64_t records, const char *message);

// Where the records of a kind stand: "march.jsonl:211", "march.jsonl lines 211 340 802",
// "... and 40 more", "march.json:1 record 7"; "" for one that is about no line.
void emit_usage_refusal_place(struct emit_text *text, const struct emit_usage_refusal *refusal);

#endif
