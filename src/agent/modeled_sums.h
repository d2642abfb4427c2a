// What was modeled of runs, summed without reading every event: the summary that the intake
// leaves beside each batch, and the same from single events.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_MODELED_SUMS_H
#define AGENT_MODELED_SUMS_H

#include "agent/modeled_event.h"
#include "outbox/outbox.h"
#include "runs/run.h"

enum {
    EMIT_MODELED_BOUNDARY_MAX = 32, // bytes; a longer one is as if not said
    EMIT_MODELED_BUCKETS = 1024,
};

// The events of one run with one boundary.
struct emit_modeled_sum {
    char run_id[EMIT_RUN_ID_MAX];
    char boundary[EMIT_MODELED_BOUNDARY_MAX];
    uint64_t events, totals; // of any phase; of phase total, which the joules are of
    uint64_t newest;         // the last of their sequences
    int64_t last_ns;         // UTC, of the latest
    struct emit_modeled_energy energy;
    size_t next; // of its bucket: index + 1
};

struct emit_modeled_sums {
    struct emit_modeled_sum *sums; // owned; in no promised order
    size_t count, room;
    size_t buckets[EMIT_MODELED_BUCKETS]; // index + 1; 0: empty
};

// An entry that is no modeled event adds nothing. False: out of memory.
bool emit_modeled_sums_add(struct emit_modeled_sums *sums, const struct emit_entry *entry,
                           uint64_t sequence);

// As one JSON object; the text says when that was cut. False: more than 64 bits of nanojoules.
bool emit_modeled_sums_write(const struct emit_modeled_sums *sums, struct emit_text *text);
// Adds what was written, `first` to each sequence. EMIT_MALFORMED: nothing that was written
// here, and nothing is added. EMIT_NO_MEMORY: some of it may be.
EMIT_MUST_CHECK enum emit_status emit_modeled_sums_read(struct emit_modeled_sums *sums,
                                                        const char *text, size_t length,
                                                        uint64_t first, struct emit_error *err);

void emit_modeled_sums_clear(struct emit_modeled_sums *sums); // accepts zeros

#endif
