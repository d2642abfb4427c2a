// The sampling path: one process of a run reads its meters, folds, and publishes.
// Allocates and opens nothing, but for once: whoever takes over from a process that
// left or died opens its meters then.
// SPDX-License-Identifier: Apache-2.0
#include "runs/result.h"
#include "runs/living.h"

bool emit_run_change_state(struct emit_run *run, int from, int to) {
    return atomic_compare_exchange_strong(&run->state, &from, to);
}

void emit_run_publish(struct emit_run *run) {
    emit_run_image_publish(run->file.image, &run->now);
    emit_run_mirror_show(&run->mirror, run->file.image, &run->now);
}

// Two clocks read one after the other differ by however long the thread is held up
// in between; read once more until that was not long.
int64_t emit_run_suspended_ns(struct emit_host *host, int64_t *now_ns) {
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

static void fold_meter(struct emit_run *run, const struct emit_meter *meter, int64_t before_ns,
                       int64_t after_ns, int64_t slept_ns) {
    for (size_t i = 0; i < meter->count; i++) {
        uint32_t slot = meter->slot_of[i];
        struct emit_reading *reading = &meter->readings[i];
        if (slot == EMIT_SLOT_NOWHERE) continue;
        reading->within_ns = (after_ns - before_ns) / 2;
        reading->taken_ns = before_ns + reading->within_ns;
        reading->suspended_ns = slept_ns;
        emit_tally_fold(&run->now.tallies[slot], &meter->points[i], reading);
    }
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
        const struct emit_meter *meter = run->meters[i];
        int64_t before_ns, slept_ns = emit_run_suspended_ns(run->host, &before_ns);
        atomic_store(&run->state, EMIT_STATE_READING);
        meter->type->read(meter->state, meter->readings);
        if (!emit_run_change_state(run, EMIT_STATE_READING, EMIT_STATE_BUSY)) return false;
        int64_t after_ns = emit_host_monotonic_ns(run->host);
        if (!was_on_grid(run, after_ns)) continue;
        fold_meter(run, meter, before_ns, after_ns, slept_ns);
        run->now.sweep.sampled_ns = after_ns;
        run->now.sweep.sampled_wall_ns = emit_host_wall_ns(run->host);
        emit_run_publish(run);
    }
    return true;
}

bool emit_run_take_over(struct emit_run *run) {
    struct emit_error why;
    bool closed = false;
    if (!emit_run_image_read(run->file.image, &run->now)) return true; // damaged: nobody samples
    run->samples = true;
    emit_run_mirror(run);
    // A meter that cannot be had leaves its points without further readings, which
    // the outcomes will say.
    if (emit_run_open_meters(run, &closed, &why) != EMIT_OK) return true;
    return !closed;
}

static int64_t add_pace(int64_t now_ns, int64_t pace_ns) {
    int64_t next_ns;
    return __builtin_add_overflow(now_ns, pace_ns, &next_ns) ? INT64_MAX : next_ns;
}

static int64_t next_after(const struct emit_run *run, int64_t now_ns, bool sampled) {
    int64_t pace_ns = run->now.sweep.pace_ns;
    if (!run->metered) return INT64_MAX;
    if (run->floor_ns) {
        int64_t ticks = sampled ? pace_ns / run->floor_ns : 1;
        now_ns = now_ns / run->floor_ns * run->floor_ns;
        pace_ns = ticks * run->floor_ns;
    }
    return add_pace(now_ns, pace_ns);
}

// When a process that does not sample looks whether somebody still does: as often as
// the run is sampled, but no more often than a wrap could ask for.
static int64_t next_look(const struct emit_run *run, int64_t now_ns) {
    enum { LOOK_MIN_NS = 50000000 };
    struct emit_run_snapshot snapshot;
    if (!emit_run_image_read(run->file.image, &snapshot)) return INT64_MAX;
    int64_t pace_ns = snapshot.sweep.pace_ns; // 0: nothing was published yet
    return add_pace(now_ns, pace_ns < LOOK_MIN_NS ? LOOK_MIN_NS : pace_ns);
}

bool emit_run_sweep(struct emit_run *run) {
    struct emit_run_sweep *marks = &run->now.sweep;
    if (!run->samples) emit_run_claim(run);
    if (!run->samples && emit_run_file_lock(&run->file, EMIT_LOCK_SAMPLER, true) &&
        !emit_run_take_over(run))
        return false;
    int64_t now_ns = emit_host_monotonic_ns(run->host);
    if (!run->samples) {
        atomic_store(&run->next_ns, next_look(run, now_ns));
        return true;
    }
    bool wanted = is_on_grid(run, now_ns);
    marks->asked_ns = now_ns;
    if (wanted && !read_meters(run)) return false;
    bool first = !marks->begun_ns;
    if (first) {
        marks->begun_ns = emit_host_monotonic_ns(run->host);
        marks->begun_wall_ns = emit_host_wall_ns(run->host);
    }
    if (first || !wanted) emit_run_publish(run);
    atomic_store(&run->next_ns, next_after(run, now_ns, wanted));
    return true;
}

bool emit_run_sample(struct emit_run *run) {
    // Otherwise another thread is at it.
    if (!emit_run_change_state(run, EMIT_STATE_IDLE, EMIT_STATE_BUSY)) return true;
    if (run->leave != EMIT_LEAVE_STAY || emit_run_sweep(run)) {
        atomic_store(&run->state, EMIT_STATE_IDLE);
        return true;
    }
    emit_run_free(run); // orphaned: nobody else knows of it any more
    return false;
}
