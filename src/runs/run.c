// One open run: its meters, its share in the run file, and the sampling path,
// which allocates and opens nothing. A sample may hang in a device; so the state
// word says at any time who may touch what, and close never waits for a device.
// SPDX-License-Identifier: Apache-2.0
#include "runs/result.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { METERS_MAX = 8, ABSENT_MAX = 4 };

enum state {
    IDLE,     // nobody is inside
    BUSY,     // a thread folds and publishes, which takes no time
    READING,  // it reads a device, which may take for ever
    CLOSED,   // by close, while nobody was inside
    ORPHANED, // by close, while a thread was READING: that one frees the run
};

struct open_meter {
    const struct emit_meter_type *type;
    void *state;
    size_t first, count; // of its points among ours
};

struct emit_run {
    struct emit_host *host; // borrowed
    struct emit_run_file file;
    _Atomic int state; // of enum state
    _Atomic int64_t next_ns;
    int64_t pace_ns, floor_ns;
    _Atomic bool has_job; // that began and did not end
    bool metered;         // some point of the file is read by us
    bool samples;         // we are the process that samples
    size_t meter_count, point_count, absent_count;
    struct open_meter meters[METERS_MAX];
    char absent[ABSENT_MAX][240];
    struct emit_point points[EMIT_POINTS_MAX]; // as our meters found them
    struct emit_reading readings[EMIT_POINTS_MAX];
    uint32_t slot_of[EMIT_POINTS_MAX]; // where the file keeps each; EMIT_POINTS_MAX: nowhere
    struct emit_run_snapshot now;      // what was last published, while `samples`
};

static bool is_id(const char *id) {
    size_t length = strlen(id);
    if (!length || length >= EMIT_RUN_ID_MAX) return false;
    for (const char *at = id; *at; at++)
        if (*at < ' ' || *at > '~' || *at == '/') return false;
    return true;
}

static void note_absent(struct emit_run *run, const struct emit_error *why) {
    if (run->absent_count < ABSENT_MAX)
        memcpy(run->absent[run->absent_count++], why->text, sizeof run->absent[0]);
}

// A power that is read once in floor_ns is as good as one that changes so seldom: that
// long may two samples be apart before the energy between them is not known.
static void fit_to_floor(const struct emit_points *points, int64_t floor_ns) {
    for (size_t i = 0; i < points->count; i++)
        if (points->at[i].accuracy == EMIT_ACCURACY_POWER_INTEGRATED &&
            points->at[i].update_period_ns < floor_ns)
            points->at[i].update_period_ns = floor_ns;
}

static enum emit_status open_meter(struct emit_run *run, const struct emit_meter_type *type,
                                   const struct emit_meter_settings *settings,
                                   struct emit_error *err) {
    struct open_meter *meter = &run->meters[run->meter_count];
    struct emit_points points = {run->points + run->point_count, 0,
                                 EMIT_POINTS_MAX - run->point_count};
    struct emit_error why = {0};
    void *state = calloc(1, type->state_size ? type->state_size : 1);
    if (!state) return emit_fail(err, EMIT_NO_MEMORY, "no memory for the meter %s", type->name);
    if (type->open(state, run->host, settings, &points, &why) != EMIT_OK) {
        type->close(state);
        free(state);
        note_absent(run, &why);
        return EMIT_OK;
    }
    fit_to_floor(&points, run->floor_ns);
    *meter = (struct open_meter){type, state, run->point_count, points.count};
    run->point_count += points.count;
    run->meter_count++;
    return EMIT_OK;
}

static enum emit_status open_meters(struct emit_run *run, const struct emit_run_plan *plan,
                                    struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; !status && plan->meters && plan->meters[i]; i++) {
        if (run->meter_count == METERS_MAX)
            return emit_fail(err, EMIT_FULL, "a run has at most %d meters", METERS_MAX);
        status = open_meter(run, plan->meters[i], &plan->settings, err);
    }
    return status;
}

static void close_meters(struct emit_run *run) {
    for (size_t i = 0; i < run->meter_count; i++) {
        run->meters[i].type->close(run->meters[i].state);
        free(run->meters[i].state);
    }
}

// The plan's pace, or less where a wrap could hide: four samples a wrap, so that
// one may be missed; and where watts are integrated, as often as they change.
// Never below the floor.
static int64_t pace_of(const struct emit_point *points, size_t count,
                       const struct emit_run_plan *plan) {
    int64_t pace_ns = plan->pace_ns > 0 && count ? plan->pace_ns : INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        if (points[i].found || points[i].traits & EMIT_TRAIT_UNNAMEABLE) continue;
        int64_t wrap_ns = emit_point_wrap_ns(&points[i]);
        if (wrap_ns < INT64_MAX && wrap_ns / 4 < pace_ns) pace_ns = wrap_ns / 4;
        if (points[i].accuracy == EMIT_ACCURACY_POWER_INTEGRATED &&
            points[i].update_period_ns < pace_ns)
            pace_ns = points[i].update_period_ns;
    }
    if (pace_ns < 1) pace_ns = 1;
    return pace_ns < plan->floor_ns ? plan->floor_ns : pace_ns;
}

static enum emit_status fill_header(struct emit_run_header *header,
                                    const struct emit_run_plan *plan, struct emit_error *err) {
    (void)emit_text_format(header->run_id, sizeof header->run_id, "%s", plan->run_id);
    if (!emit_text_format(header->workspace_id, sizeof header->workspace_id, "%s",
                          plan->workspace_id ? plan->workspace_id : ""))
        return emit_fail(err, EMIT_INVALID, "a workspace id has at most %d bytes",
                         EMIT_WORKSPACE_MAX - 1);
    (void)emit_text_format(header->command, sizeof header->command, "%s",
                           plan->command ? plan->command : "");
    emit_host_node_name(header->node_id, sizeof header->node_id);
    emit_host_boot_id(header->boot_id);
    header->floor_ns = plan->floor_ns;
    header->all_domains = plan->all_domains;
    return EMIT_OK;
}

static bool is_same_point(const struct emit_point *a, const struct emit_point *b) {
    return strcmp(a->device_id, b->device_id) == 0 && strcmp(a->meter, b->meter) == 0 &&
           a->modulus == b->modulus && a->joules_numerator == b->joules_numerator &&
           a->joules_denominator == b->joules_denominator;
}

// The first process named the points; ours are found among them, or not counted.
static void find_slots(struct emit_run *run) {
    const struct emit_run_image *image = run->file.image;
    for (size_t i = 0; i < run->point_count; i++) {
        run->slot_of[i] = EMIT_POINTS_MAX;
        for (uint32_t slot = 0; slot < image->count; slot++)
            if (is_same_point(&run->points[i], &image->points[slot]) && !run->points[i].found &&
                !image->points[slot].found)
                run->slot_of[i] = slot;
        run->metered = run->metered || run->slot_of[i] < EMIT_POINTS_MAX;
    }
}

static enum emit_status enter_file(struct emit_run *run, const struct emit_run_plan *plan,
                                   struct emit_error *err) {
    struct emit_run_header header = {0};
    enum emit_status status = fill_header(&header, plan, err);
    if (status) return status;
    header.pace_ns = run->pace_ns = pace_of(run->points, run->point_count, plan);
    int64_t now_ns = emit_host_monotonic_ns(run->host);
    status = emit_run_file_enter(&run->file, plan->directory, &header, run->points,
                                 run->point_count, now_ns, emit_host_wall_ns(run->host), err);
    if (status) return status;
    if (run->file.image->header.floor_ns > run->floor_ns)
        run->floor_ns = run->file.image->header.floor_ns;
    find_slots(run);
    emit_run_file_meet(&run->file);
    return EMIT_OK;
}

static void free_run(struct emit_run *run) {
    close_meters(run);
    free(run);
}

enum emit_status emit_run_open(struct emit_run **run, struct emit_host *host,
                               const struct emit_run_plan *plan, struct emit_error *err) {
    if (!plan->run_id || !is_id(plan->run_id))
        return emit_fail(err, EMIT_INVALID, "a run id has 1 to %d printable characters and no '/'",
                         EMIT_RUN_ID_MAX - 1);
    struct emit_run *opened = calloc(1, sizeof *opened);
    if (!opened) return emit_fail(err, EMIT_NO_MEMORY, "no memory for run %s", plan->run_id);
    opened->host = host;
    opened->floor_ns = plan->floor_ns;
    enum emit_status status = open_meters(opened, plan, err);
    if (!status) status = enter_file(opened, plan, err);
    if (status) {
        free_run(opened);
        return status;
    }
    if (!opened->metered) opened->next_ns = INT64_MAX;
    *run = opened;
    return EMIT_OK;
}

// Sampling ------------------------------------------------------------------------

// Two clocks read one after the other differ by however long the thread is held up
// in between; read once more until that was not long.
static int64_t suspended_ns(struct emit_host *host, int64_t *now_ns) {
    enum { TRIES = 4, APART_NS = 1000000 };
    int64_t slept_ns = 0;
    for (int i = 0; i < TRIES; i++) {
        int64_t before_ns = emit_host_monotonic_ns(host);
        slept_ns = emit_host_boottime_ns(host) - before_ns;
        *now_ns = emit_host_monotonic_ns(host);
        if (*now_ns - before_ns < APART_NS) break;
    }
    return slept_ns;
}

static void fold_meter(struct emit_run *run, const struct open_meter *meter, int64_t before_ns,
                       int64_t after_ns, int64_t slept_ns) {
    for (size_t i = meter->first; i < meter->first + meter->count; i++) {
        uint32_t slot = run->slot_of[i];
        if (slot == EMIT_POINTS_MAX) continue;
        run->readings[i].within_ns = (after_ns - before_ns) / 2;
        run->readings[i].taken_ns = before_ns + run->readings[i].within_ns;
        run->readings[i].suspended_ns = slept_ns;
        emit_tally_fold(&run->now.tallies[slot], &run->points[i], &run->readings[i]);
    }
}

static bool change_state(struct emit_run *run, int from, int to) {
    return atomic_compare_exchange_strong(&run->state, &from, to);
}

static bool is_on_grid(const struct emit_run *run, int64_t now_ns) {
    if (!run->floor_ns) return true;
    // One sample a tick: two of them within the slack would be finer than the grid.
    return now_ns % run->floor_ns <= EMIT_RUN_TICK_SLACK_NS &&
           now_ns / run->floor_ns > run->now.sweep.sampled_ns / run->floor_ns;
}

// True when a reading that was asked for on the grid was over before the tick's slack
// was: whoever holds up the process in between gets no reading of another moment.
static bool was_on_grid(const struct emit_run *run, int64_t over_ns) {
    int64_t asked_ns = run->now.sweep.asked_ns;
    return !run->floor_ns || (over_ns % run->floor_ns <= EMIT_RUN_TICK_SLACK_NS &&
                              over_ns / run->floor_ns == asked_ns / run->floor_ns);
}

// Publishes what every meter said before it asks the next one, so that one that
// hangs does not take the others' counts with it. False: closed meanwhile.
static bool read_meters(struct emit_run *run) {
    for (size_t i = 0; i < run->meter_count; i++) {
        const struct open_meter *meter = &run->meters[i];
        int64_t before_ns, slept_ns = suspended_ns(run->host, &before_ns);
        atomic_store(&run->state, READING);
        meter->type->read(meter->state, run->readings + meter->first);
        if (!change_state(run, READING, BUSY)) return false;
        int64_t after_ns = emit_host_monotonic_ns(run->host);
        if (!was_on_grid(run, after_ns)) continue;
        fold_meter(run, meter, before_ns, after_ns, slept_ns);
        run->now.sweep.sampled_ns = after_ns;
        emit_run_image_publish(run->file.image, &run->now);
    }
    return true;
}

// One process of a run samples: the first that gets the lock, until it leaves.
static bool take_turn(struct emit_run *run) {
    if (run->samples) return true;
    if (!emit_run_file_lock(&run->file, EMIT_LOCK_SAMPLER, true)) return false;
    run->samples = emit_run_image_read(run->file.image, &run->now);
    return run->samples;
}

static int64_t next_after(const struct emit_run *run, int64_t now_ns, bool sampled) {
    int64_t next_ns, pace_ns = run->pace_ns;
    if (run->floor_ns) {
        int64_t ticks = sampled ? pace_ns / run->floor_ns : 1;
        int64_t tick_ns = now_ns / run->floor_ns * run->floor_ns;
        now_ns = tick_ns;
        pace_ns = ticks * run->floor_ns;
    }
    return __builtin_add_overflow(now_ns, pace_ns, &next_ns) ? INT64_MAX : next_ns;
}

// False: closed meanwhile.
static bool sweep(struct emit_run *run) {
    struct emit_run_sweep *marks = &run->now.sweep;
    int64_t now_ns = emit_host_monotonic_ns(run->host);
    bool ours = take_turn(run);
    bool wanted = ours && is_on_grid(run, now_ns);
    if (ours) marks->asked_ns = now_ns;
    if (wanted && !read_meters(run)) return false;
    bool first = ours && !marks->begun_ns;
    if (first) {
        marks->begun_ns = emit_host_monotonic_ns(run->host);
        marks->begun_wall_ns = emit_host_wall_ns(run->host);
    }
    if (first || (ours && !wanted)) emit_run_image_publish(run->file.image, &run->now);
    if (run->metered) atomic_store(&run->next_ns, next_after(run, now_ns, wanted || !ours));
    return true;
}

bool emit_run_sample(struct emit_run *run) {
    if (!change_state(run, IDLE, BUSY)) return true; // another thread is at it
    if (sweep(run)) {
        atomic_store(&run->state, IDLE);
        return true;
    }
    free_run(run); // orphaned: nobody else knows of it any more
    return false;
}

int64_t emit_run_next_ns(const struct emit_run *run) {
    return atomic_load(&run->next_ns);
}

void emit_run_job_started(struct emit_run *run, int64_t at_ns) {
    emit_run_image_job_started(run->file.image, at_ns, !atomic_exchange(&run->has_job, true));
}

void emit_run_job_ended(struct emit_run *run, int64_t at_ns) {
    emit_run_image_job_ended(run->file.image, at_ns, atomic_exchange(&run->has_job, false));
}

size_t emit_run_peek(const struct emit_run *run, struct emit_slot *slots, size_t size) {
    struct emit_run_snapshot snapshot;
    const struct emit_run_image *image = run->file.image;
    if (!emit_run_image_read(image, &snapshot)) return 0;
    size_t count = image->count < size ? image->count : size;
    for (size_t i = 0; i < count; i++)
        slots[i] = (struct emit_slot){image->points[i], snapshot.tallies[i]};
    return count;
}

// Closing -------------------------------------------------------------------------

// CLOSED, or ORPHANED when a thread does not come out of a read. After the latter
// the run may be freed at any moment: touch it no more.
static enum state claim(struct emit_run *run) {
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int waited = 0;; waited++) {
        if (change_state(run, IDLE, CLOSED)) return CLOSED;
        if (waited >= EMIT_RUN_WAIT_MS && change_state(run, READING, ORPHANED)) return ORPHANED;
        (void)nanosleep(&pause, NULL);
    }
}

static bool wants_last_sample(const struct emit_run *run) {
    int64_t ended_ns = atomic_load(&run->file.image->job_ended_ns);
    return !ended_ns || !run->samples || run->now.sweep.asked_ns < ended_ns;
}

enum emit_status emit_run_close(struct emit_run *run, struct emit_run_result *result,
                                struct emit_error *err) {
    struct emit_host *host = run->host;
    struct emit_run_file file = run->file;
    struct emit_run_result closed = {0};
    char absent[ABSENT_MAX][240];
    memcpy(absent, run->absent, sizeof absent);

    if (claim(run) == CLOSED) {
        if (wants_last_sample(run)) {
            (void)sweep(run); // nobody else is there to close it meanwhile
        }
        free_run(run);
    }
    bool last = emit_run_file_leave(&file);
    enum emit_status status = emit_run_result_settle(
        &closed, file.image, last ? EMIT_FATE_CLOSED : EMIT_FATE_LEFT, host, err);
    // What was kept in memory only has no file to hold.
    if (!status && last && file.descriptor >= 0) status = emit_run_result_hold(&closed, &file, err);
    emit_run_file_close(&file);
    if (status) {
        emit_run_result_clear(&closed);
        return status;
    }
    memcpy(closed.absent, absent, sizeof absent);
    *result = closed;
    return EMIT_OK;
}

void emit_run_abandon(struct emit_run *run) {
    if (!run) return;
    if (emit_run_file_leave(&run->file)) emit_run_file_unlink(&run->file);
    emit_run_file_close(&run->file);
    free_run(run);
}
