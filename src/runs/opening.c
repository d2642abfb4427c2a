// Meters of a run: opened, perhaps in a thread of their own, and then given to the
// run, which finds their points in its file or adds them there.
// SPDX-License-Identifier: Apache-2.0
#include "runs/living.h"

#include <stdlib.h>
#include <string.h>

static struct emit_meter *new_meter(const struct emit_meter_type *type,
                                    const struct emit_host *host,
                                    const struct emit_meter_settings *settings) {
    struct emit_meter *meter = calloc(1, sizeof *meter);
    void *state = calloc(1, type->state_size ? type->state_size : 1);
    if (!meter || !state) {
        free(meter);
        free(state);
        return NULL;
    }
    *meter = (struct emit_meter){.type = type, .state = state, .host = *host, .settings = settings};
    return meter;
}

struct emit_meter *emit_meter_new(const struct emit_meter_type *type, const struct emit_host *host,
                                  const struct emit_meter_settings *settings) {
    struct emit_meter *meter = new_meter(type, host, settings);
    if (!meter) return NULL;
    // Not zeroed: open writes whole points, and pages that none stands in cost nothing.
    meter->points = meter->own_points = reallocarray(NULL, EMIT_POINTS_MAX, sizeof *meter->points);
    meter->room = EMIT_POINTS_MAX;
    if (meter->points) return meter;
    free(meter->state);
    free(meter);
    return NULL;
}

static enum emit_status make_room(struct emit_meter *meter, struct emit_error *err) {
    size_t room = meter->count ? meter->count : 1;
    meter->readings = calloc(room, sizeof *meter->readings);
    meter->slot_of = calloc(room, sizeof *meter->slot_of);
    if (meter->readings && meter->slot_of) return EMIT_OK;
    return emit_fail(err, EMIT_NO_MEMORY, "no memory for the meter %s", meter->type->name);
}

void emit_meter_open(struct emit_meter *meter) {
    struct emit_points points = {meter->points, 0, meter->room};
    meter->status =
        meter->type->open(meter->state, &meter->host, meter->settings, &points, &meter->why);
    if (meter->status) return;
    meter->count = points.count;
    meter->status = make_room(meter, &meter->why);
}

void emit_meter_free(struct emit_meter *meter) {
    if (!meter) return;
    meter->type->close(meter->state);
    free(meter->state);
    free(meter->own_points);
    free(meter->readings);
    free(meter->slot_of);
    free(meter);
}

// A power that is read once in floor_ns is as good as one that changes so seldom: that
// long may two samples be apart before the energy between them is not known.
static void fit_to_floor(const struct emit_meter *meter, int64_t floor_ns) {
    for (size_t i = 0; i < meter->count; i++)
        if (meter->points[i].accuracy == EMIT_ACCURACY_POWER_INTEGRATED &&
            meter->points[i].update_period_ns < floor_ns)
            meter->points[i].update_period_ns = floor_ns;
}

// The plan's pace, or less where a wrap could hide: four samples a wrap, so that
// one may be missed; and where watts are integrated, as often as they change.
// Never below the floor.
static void settle_pace(struct emit_run *run, const struct emit_meter *meter) {
    int64_t pace_ns = run->wished_pace_ns;
    if (meter->count && run->plan.pace_ns > 0 && run->plan.pace_ns < pace_ns)
        pace_ns = run->plan.pace_ns;
    for (size_t i = 0; i < meter->count; i++) {
        const struct emit_point *point = &meter->points[i];
        if (point->found || point->traits & EMIT_TRAIT_UNNAMEABLE) continue;
        int64_t wrap_ns = emit_point_wrap_ns(point);
        if (wrap_ns < INT64_MAX && wrap_ns / 4 < pace_ns) pace_ns = wrap_ns / 4;
        if (point->accuracy == EMIT_ACCURACY_POWER_INTEGRATED && point->update_period_ns < pace_ns)
            pace_ns = point->update_period_ns;
    }
    run->wished_pace_ns = pace_ns < 1 ? 1 : pace_ns;
    run->now.sweep.pace_ns =
        run->wished_pace_ns < run->floor_ns ? run->floor_ns : run->wished_pace_ns;
}

static bool is_same_point(const struct emit_point *a, const struct emit_point *b) {
    return strcmp(a->device_id, b->device_id) == 0 && strcmp(a->meter, b->meter) == 0;
}

static bool counts_alike(const struct emit_point *a, const struct emit_point *b) {
    return a->modulus == b->modulus && a->joules_numerator == b->joules_numerator &&
           a->joules_denominator == b->joules_denominator;
}

// The first process that samples names the points; whoever goes on from its counts
// finds them by their identity among the `known` slots that are there.
static size_t find_slot(const struct emit_run *run, const struct emit_point *point, size_t known) {
    size_t slot = 0;
    while (slot < known && !is_same_point(&run->file.image->slots[slot].point, point))
        slot++;
    return slot;
}

static void place_point(struct emit_run *run, struct emit_meter *meter, size_t i, size_t known) {
    struct emit_run_image *image = run->file.image;
    const struct emit_point *point = &meter->points[i];
    size_t slot = find_slot(run, point, known);
    if (slot == known) {
        slot = run->now.sweep.count++;
        emit_run_image_put_point(image, slot, point);
        run->now.tallies[slot] = (struct emit_tally){0};
    }
    const struct emit_point *kept = &image->slots[slot].point;
    bool read = !point->found && !kept->found && counts_alike(point, kept);
    meter->slot_of[i] = read ? (uint32_t)slot : EMIT_SLOT_NOWHERE;
    run->metered = run->metered || read;
}

static enum emit_status place_points(struct emit_run *run, struct emit_meter *meter,
                                     struct emit_error *err) {
    size_t known = run->now.sweep.count, wanted = known;
    for (size_t i = 0; i < meter->count; i++)
        wanted += find_slot(run, &meter->points[i], known) == known;
    if (wanted > EMIT_POINTS_MAX)
        return emit_fail(err, EMIT_FULL, "a run has at most %d points", EMIT_POINTS_MAX);
    enum emit_status status = emit_run_file_grow(&run->file, wanted, err);
    for (size_t i = 0; !status && i < meter->count; i++)
        place_point(run, meter, i, known);
    return status;
}

static void note_absent(struct emit_run *run, const struct emit_error *why) {
    if (run->absent_count < EMIT_RUN_ABSENT_MAX)
        memcpy(run->absent[run->absent_count++], why->text, sizeof run->absent[0]);
}

// The meter is the run's from here on, whatever comes of it.
static enum emit_status place_meter(struct emit_run *run, struct emit_meter *meter,
                                    struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    if (meter->status == EMIT_NO_MEMORY)
        status = emit_fail(err, EMIT_NO_MEMORY, "%s", meter->why.text);
    else if (meter->status)
        note_absent(run, &meter->why);
    if (meter->status) {
        emit_meter_free(meter);
        return status;
    }
    fit_to_floor(meter, run->floor_ns);
    status = place_points(run, meter, err);
    if (status) {
        emit_meter_free(meter);
        return status;
    }
    run->meters[run->meter_count++] = meter;
    settle_pace(run, meter);
    return EMIT_OK;
}

void emit_run_meet(const struct emit_run *run) {
    if (!run->metered) return;
    emit_run_file_meet(&run->file, run->plan.meeting);
    if (run->plan.node_directory) emit_run_mirror_meet(&run->file, run->plan.node_directory);
}

static bool is_apart(const struct emit_run *run, const struct emit_meter_type *type) {
    return run->plan.slow_apart && type->is_slow && type->is_slow(run->host, &run->plan.settings);
}

static enum emit_status open_meter(struct emit_run *run, const struct emit_meter_type *type,
                                   bool *closed, struct emit_error *err) {
    if (run->meter_count == EMIT_RUN_METERS_MAX)
        return emit_fail(err, EMIT_FULL, "a run has at most %d meters", EMIT_RUN_METERS_MAX);
    struct emit_meter *meter = new_meter(type, run->host, &run->plan.settings);
    if (!meter) return emit_fail(err, EMIT_NO_MEMORY, "no memory for the meter %s", type->name);
    meter->points = run->points + run->point_count;
    meter->room = EMIT_POINTS_MAX - run->point_count;
    atomic_store(&run->state, EMIT_STATE_READING);
    emit_meter_open(meter);
    *closed = !emit_run_change_state(run, EMIT_STATE_READING, EMIT_STATE_BUSY);
    if (*closed) {
        emit_meter_free(meter);
        return EMIT_OK;
    }
    run->point_count += meter->count;
    return place_meter(run, meter, err);
}

enum emit_status emit_run_open_meters(struct emit_run *run, bool *closed, struct emit_error *err) {
    const struct emit_meter_type *const *types = run->plan.meters;
    enum emit_status status = EMIT_OK;
    *closed = false;
    for (size_t i = 0; !status && !*closed && types && types[i]; i++)
        if (!is_apart(run, types[i])) status = open_meter(run, types[i], closed, err);
    if (status || *closed) return status;
    if (!run->now.sweep.pace_ns) run->now.sweep.pace_ns = INT64_MAX; // nothing wants samples
    emit_run_publish(run);
    emit_run_meet(run);
    return EMIT_OK;
}

enum emit_status emit_run_add_meter(struct emit_run *run, struct emit_meter *meter,
                                    struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    if (!emit_run_change_state(run, EMIT_STATE_IDLE, EMIT_STATE_BUSY) || !run->samples ||
        run->meter_count == EMIT_RUN_METERS_MAX) {
        emit_meter_free(meter);
        return emit_fail(err, EMIT_FULL, "this process does not sample the run, or has %d meters",
                         EMIT_RUN_METERS_MAX);
    }
    status = place_meter(run, meter, err);
    if (!status) {
        emit_run_publish(run);
        if (run->metered) {
            atomic_store(&run->next_ns, 0);
            emit_run_meet(run);
        }
    }
    atomic_store(&run->state, EMIT_STATE_IDLE);
    return status;
}
