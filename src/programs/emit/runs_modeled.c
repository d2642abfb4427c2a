// What was modeled in the whole store, run by run, from its summaries.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/runs_modeled.h"

#include "agent/modeled_sums.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct runs_modeled_run *runs_modeled_find(const struct runs_modeled *modeled, const char *run_id) {
    for (size_t i = 0; i < modeled->count; i++)
        if (strcmp(modeled->runs[i].run_id, run_id) == 0) return &modeled->runs[i];
    return NULL;
}

// --- From the store ---

struct reading {
    struct emit_modeled_sums sums;
    bool no_memory;
};

static bool take_summary(void *owner, const char *body, size_t length, uint64_t first) {
    struct reading *reading = owner;
    enum emit_status status = emit_modeled_sums_read(&reading->sums, body, length, first, NULL);
    reading->no_memory |= status == EMIT_NO_MEMORY;
    return status == EMIT_OK || reading->no_memory; // else its events are read
}

static bool take_event(void *owner, const struct emit_entry *entry) {
    struct reading *reading = owner;
    reading->no_memory |= !emit_modeled_sums_add(&reading->sums, entry, entry->sequence);
    return !reading->no_memory;
}

// --- Runs ---

// The sums of a run together, the newest of them first.
static int by_run(const void *left, const void *right) {
    const struct emit_modeled_sum *a = left, *b = right;
    int order = strcmp(a->run_id, b->run_id);
    return order ? order : (a->newest < b->newest) - (a->newest > b->newest);
}

static int newest_first(const void *left, const void *right) {
    const struct runs_modeled_run *a = left, *b = right;
    return (a->newest < b->newest) - (a->newest > b->newest);
}

static void begin_run(struct runs_modeled_run *run, const struct emit_modeled_sum *sum) {
    *run = (struct runs_modeled_run){.newest = sum->newest};
    (void)emit_text_format(run->run_id, sizeof run->run_id, "%s", sum->run_id);
    (void)emit_text_format(run->boundary, sizeof run->boundary, "%s", sum->boundary);
}

static void add_sum(struct runs_modeled_run *run, struct emit_modeled_energy *energy,
                    const struct emit_modeled_sum *sum) {
    run->events += sum->events;
    if (sum->last_ns > run->last_ns) run->last_ns = sum->last_ns;
    if (sum->totals && strcmp(run->boundary, sum->boundary) != 0) run->boundary[0] = '\0';
    emit_modeled_energy_add(energy, &sum->energy);
    run->joules = modeled_range_of(energy);
}

static enum emit_status make_runs(struct runs_modeled *modeled, struct emit_modeled_sums *sums,
                                  struct emit_error *err) {
    if (sums->count == 0) return EMIT_OK;
    modeled->runs = calloc(sums->count, sizeof *modeled->runs);
    if (!modeled->runs) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    qsort(sums->sums, sums->count, sizeof *sums->sums, by_run);
    struct emit_modeled_energy energy = {0}; // of the run under way
    for (size_t i = 0; i < sums->count; i++) {
        const struct emit_modeled_sum *sum = &sums->sums[i];
        if (i == 0 || strcmp(sum->run_id, sums->sums[i - 1].run_id) != 0) {
            begin_run(&modeled->runs[modeled->count++], sum);
            energy = (struct emit_modeled_energy){0};
        }
        add_sum(&modeled->runs[modeled->count - 1], &energy, sum);
    }
    qsort(modeled->runs, modeled->count, sizeof *modeled->runs, newest_first);
    return EMIT_OK;
}

enum emit_status runs_modeled_read(struct runs_modeled *modeled, struct emit_outbox *outbox,
                                   size_t *damaged, struct emit_error *err) {
    struct reading reading = {.no_memory = false};
    enum emit_status status =
        emit_outbox_visit_summed(outbox, take_summary, take_event, &reading, damaged, err);
    if (reading.no_memory) status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    if (status == EMIT_OK) status = make_runs(modeled, &reading.sums, err);
    emit_modeled_sums_clear(&reading.sums);
    return status;
}

void runs_modeled_clear(struct runs_modeled *modeled) {
    free(modeled->runs);
    *modeled = (struct runs_modeled){0};
}
