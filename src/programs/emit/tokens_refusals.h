// Records that could not be used, told once for all of a kind: the sentence, and the lines
// it is about. Bounded, however many there are: beyond the kinds that are kept records are
// only counted.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_TOKENS_REFUSALS_H
#define PROGRAMS_EMIT_TOKENS_REFUSALS_H

#include "base/text.h"
#include "imports/usage.h"

enum {
    TOKENS_REFUSALS_KEPT = 64, // kinds
    TOKENS_LINES_KEPT = 16,    // of one kind
    TOKENS_SENTENCE_MAX = 480, // bytes of a sentence
};

struct tokens_refusal {
    enum emit_usage_fate fate;
    const char *file; // borrowed; NULL: about no line, but about the run
    uint64_t lines[TOKENS_LINES_KEPT];
    uint64_t records;
    char message[TOKENS_SENTENCE_MAX]; // one sentence
    char remedy[TOKENS_SENTENCE_MAX];  // one line to paste; "" for none
};

struct tokens_refusals {
    struct tokens_refusal *kinds; // owned, TOKENS_REFUSALS_KEPT of them
    size_t count;
    uint64_t untold; // records of kinds beyond those
};

EMIT_MUST_CHECK enum emit_status tokens_refusals_init(struct tokens_refusals *refusals,
                                                      struct emit_error *err);
void tokens_refusals_clear(struct tokens_refusals *refusals); // accepts a zeroed one

// A record of file (borrowed), of which message says what is wrong. message and remedy are
// copied, cut where they are too long; remedy may be NULL.
void tokens_refusals_add(struct tokens_refusals *refusals, enum emit_usage_fate fate,
                         const char *file, uint64_t line, const char *message, const char *remedy);
// That many records of the run, whichever lines they stand on.
void tokens_refusals_add_run(struct tokens_refusals *refusals, enum emit_usage_fate fate,
                             uint64_t records, const char *message);

// Where the records of a kind stand: "march.jsonl:211", "march.jsonl lines 211 340 802",
// "... and 40 more"; "" for one that is about no line.
void tokens_refusal_place(struct emit_text *text, const struct tokens_refusal *refusal);

#endif
