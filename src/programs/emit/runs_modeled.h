// What was modeled of each run in the store, for the list of runs.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_RUNS_MODELED_H
#define PROGRAMS_EMIT_RUNS_MODELED_H

#include "agent/place.h"
#include "programs/emit/modeled.h"
#include "runs/run.h"

struct runs_modeled_run {
    char run_id[EMIT_RUN_ID_MAX];
    char boundary[MODELED_WORD_MAX]; // of all its joules; "" where they differ: then no sum
    struct modeled_range joules;     // of its events of phase total
    uint64_t events;                 // of any phase
    int64_t last_ns;                 // UTC, of the latest
    uint64_t newest;                 // of their sequences
    bool listed;                     // it was shown beside the run's report
};

struct runs_modeled {
    struct runs_modeled_run *runs; // owned; those that were modeled last come first
    size_t count;
};

// EMIT_NO_MEMORY; errors of the store. *damaged: entries that could not be read.
EMIT_MUST_CHECK enum emit_status runs_modeled_read(struct runs_modeled *modeled,
                                                   struct emit_outbox *outbox, size_t *damaged,
                                                   struct emit_error *err);
void runs_modeled_clear(struct runs_modeled *modeled); // accepts a zeroed one

// NULL: nothing was modeled of it.
struct runs_modeled_run *runs_modeled_find(const struct runs_modeled *modeled, const char *run_id);

#endif
