// Settling a run file: its window, its slots, its outcomes. A living run, a killed
// one and one that was closed but not yet stored all pass through here.
// SPDX-License-Identifier: Apache-2.0
#include "runs/result.h"

#include "runs/phase_file.h"
#include "runs/phase_settle.h"

#include <stdlib.h>
#include <string.h>

static int64_t first_known(int64_t a, int64_t b, int64_t c) {
    return a ? a : b ? b : c;
}

static int64_t begin_of(const struct emit_run_image *image, const struct emit_run_sweep *sweep) {
    return first_known(atomic_load(&image->job_started_ns), sweep->begun_ns, image->opened_ns);
}

// When a run ended whose last process was killed: the end of its jobs if all of them
// ended; else before the sample that was due next, for that one was not taken.
static int64_t end_of_killed(const struct emit_run_image *image, const struct emit_run_sweep *sweep,
                             struct emit_host *host) {
    int64_t ended_ns = atomic_load(&image->jobs) ? 0 : atomic_load(&image->job_ended_ns);
    int64_t latest_ns = INT64_MAX;
    char boot_id[sizeof image->header.boot_id];
    if (ended_ns || !sweep->sampled_ns) return first_known(ended_ns, sweep->asked_ns, 0);
    if (__builtin_add_overflow(sweep->sampled_ns, sweep->pace_ns, &ended_ns)) ended_ns = INT64_MAX;
    if (ended_ns < sweep->asked_ns) ended_ns = sweep->asked_ns;
    emit_host_boot_id(boot_id);
    if (strcmp(boot_id, image->header.boot_id) == 0) latest_ns = emit_host_monotonic_ns(host);
    if (ended_ns > latest_ns) ended_ns = latest_ns;
    // Another boot, and no pace: nothing is known after the last sample.
    return ended_ns == INT64_MAX ? sweep->sampled_ns : ended_ns;
}

static struct emit_run_ending end_run(struct emit_run_image *image,
                                      const struct emit_run_sweep *sweep, enum emit_run_fate fate,
                                      struct emit_host *host) {
    if (atomic_load(&image->closed)) return image->ending;
    struct emit_run_ending ending = {0};
    int64_t begin_ns = begin_of(image, sweep);
    if (fate == EMIT_FATE_KILLED) {
        ending.end_ns = end_of_killed(image, sweep, host);
    } else if (fate == EMIT_FATE_OPEN) {
        // No point was read before its sample was asked for, or the end would be missing.
        ending.end_ns = sweep->asked_ns < sweep->sampled_ns ? sweep->asked_ns : sweep->sampled_ns;
    } else {
        ending.end_ns = first_known(atomic_load(&image->job_ended_ns), sweep->asked_ns, 0);
    }
    if (ending.end_ns < begin_ns && fate != EMIT_FATE_OPEN) ending.end_ns = begin_ns;
    if (fate == EMIT_FATE_KILLED || fate == EMIT_FATE_OPEN) {
        // From the last sample on, for the machine may have slept before it.
        ending.end_wall_ns = sweep->sampled_ns
                                 ? sweep->sampled_wall_ns + (ending.end_ns - sweep->sampled_ns)
                                 : image->opened_wall_ns + (ending.end_ns - image->opened_ns);
    } else {
        int64_t since_ns = emit_host_monotonic_ns(host) - ending.end_ns;
        ending.end_wall_ns = emit_host_wall_ns(host) - since_ns;
    }
    // Once: a recovery that is killed before the file is gone is followed by another one,
    // later, which must find the same end, or the run would be told twice.
    if (fate == EMIT_FATE_CLOSED || fate == EMIT_FATE_KILLED) {
        image->ending = ending;
        emit_run_image_freeze(image);
        atomic_store(&image->closed,
                     fate == EMIT_FATE_KILLED ? EMIT_CLOSED_KILLED : EMIT_CLOSED_WHOLE);
    }
    return ending;
}

static struct emit_run_header header_of(const struct emit_run_image *image,
                                        const struct emit_run_sweep *sweep) {
    struct emit_run_header header = image->header;
    header.start_ns = begin_of(image, sweep);
    header.start_wall_ns = sweep->begun_ns
                               ? sweep->begun_wall_ns + (header.start_ns - sweep->begun_ns)
                               : image->opened_wall_ns + (header.start_ns - image->opened_ns);
    header.sampled_ns = sweep->sampled_ns;
    header.pace_ns = sweep->pace_ns;
    return header;
}

int64_t emit_run_floor_ns(const struct emit_run_header *header) {
    int64_t floor_ns = header->floor_ns;
    return floor_ns > EMIT_RUN_TICK_SLACK_NS ? floor_ns - EMIT_RUN_TICK_SLACK_NS : floor_ns;
}

static void settle(struct emit_run_result *result, const struct emit_run_image *image,
                   enum emit_run_fate fate) {
    for (size_t i = 0; fate == EMIT_FATE_LEFT && i < result->count; i++)
        if (!result->slots[i].point.found) result->slots[i].point.found = EMIT_CODE_ALREADY_METERED;
    const struct emit_window window = {
        .from_ns = result->header.start_ns,
        .to_ns = result->end_ns,
        .pace_ns = result->header.pace_ns,
        .floor_ns = emit_run_floor_ns(&image->header),
        .all_domains = image->header.all_domains,
        .killed = result->killed || fate == EMIT_FATE_OPEN, // no closing sample was taken
    };
    emit_settle(result->slots, result->count, &window, result->outcomes);
}

enum emit_status emit_run_result_settle(struct emit_run_result *result,
                                        struct emit_run_image *image, enum emit_run_fate fate,
                                        struct emit_host *host, struct emit_error *err) {
    struct emit_run_snapshot snapshot;
    if (!emit_run_image_read(image, &snapshot))
        return emit_fail(err, EMIT_CORRUPT, "the counts of run %s are damaged",
                         image->header.run_id);
    struct emit_run_result made = {.count = snapshot.sweep.count};
    size_t room = made.count ? made.count : 1;
    made.slots = calloc(room, sizeof *made.slots);
    made.outcomes = calloc(room, sizeof *made.outcomes);
    if (!made.slots || !made.outcomes) {
        emit_run_result_clear(&made);
        return emit_fail(err, EMIT_NO_MEMORY, "no memory to settle run %s", image->header.run_id);
    }
    for (size_t i = 0; i < made.count; i++)
        made.slots[i] = (struct emit_slot){emit_run_image_point(image, i), snapshot.tallies[i],
                                           emit_run_image_shared(image, i)};
    made.killed = fate == EMIT_FATE_KILLED && atomic_load(&image->closed) != EMIT_CLOSED_WHOLE;
    made.left_to_others = fate == EMIT_FATE_LEFT;
    made.store_wanted = atomic_load(&image->store_wanted);
    made.header = header_of(image, &snapshot.sweep);
    struct emit_run_ending ending = end_run(image, &snapshot.sweep, fate, host);
    made.end_ns = ending.end_ns;
    // Not sampled since its job began: there is no window yet.
    if (made.header.start_ns > made.end_ns) made.header.start_ns = made.end_ns;
    made.end_wall_ns = ending.end_wall_ns;
    made.concurrent_runs = emit_run_image_neighbours(image);
    emit_run_image_jobs(image, &made.jobs);
    settle(&made, image, fate);
    *result = made;
    return EMIT_OK;
}

enum emit_status emit_run_result_hold(struct emit_run_result *result, struct emit_run_file *file,
                                      struct emit_error *err) {
    result->file = malloc(sizeof *result->file);
    if (!result->file) return emit_fail(err, EMIT_NO_MEMORY, "no memory to settle the run");
    *result->file = *file;
    *file = (struct emit_run_file){.directory = -1, .descriptor = -1};
    return EMIT_OK;
}

void emit_run_result_stored(struct emit_run_result *result) {
    if (!result->file || result->left_to_others) return;
    emit_phase_files_unlink(result->file); // while the run's own says whose they are
    emit_run_file_unlink(result->file);
    emit_run_file_close(result->file);
}

void emit_run_result_clear(struct emit_run_result *result) {
    if (!result) return;
    if (result->file) emit_run_file_close(result->file);
    free(result->file);
    for (size_t i = 0; i < result->phase_count; i++)
        emit_run_phase_clear(&result->phases[i]);
    free(result->phases);
    free(result->slots);
    free(result->outcomes);
    *result = (struct emit_run_result){0};
}
