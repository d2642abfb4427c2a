// A reading of all points at one moment. A point of the run that cannot be read here
// gets a reading that says so: a phase knows nothing of it then.
// SPDX-License-Identifier: Apache-2.0
#include "runs/phase_edge.h"
#include "runs/result.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool has_points_of(const struct emit_run_image *image, const char *meter) {
    for (size_t i = 0; i < emit_run_image_count(image); i++)
        if (strcmp(image->slots[i].point.meter, meter) == 0) return true;
    return false;
}

static enum emit_status open_meter(struct emit_edge *edge, const struct emit_meter_type *type,
                                   struct emit_error *err) {
    struct emit_meter *meter = emit_meter_new(type, edge->host, &edge->settings);
    if (!meter) return emit_fail(err, EMIT_NO_MEMORY, "no memory for the meter %s", type->name);
    emit_meter_open(meter);
    if (meter->status) { // its points are not read by us, and say so
        emit_meter_free(meter);
        return EMIT_OK;
    }
    size_t at = edge->meter_count++;
    edge->meters[at] = meter;
    edge->seen[at] = calloc(meter->count ? meter->count : 1, sizeof *edge->seen[at]);
    if (!edge->seen[at])
        return emit_fail(err, EMIT_NO_MEMORY, "no memory for the meter %s", type->name);
    return EMIT_OK;
}

// A slow meter that the run has no point of may never answer: nobody waits for it here.
static bool is_left_out(struct emit_edge *edge, const struct emit_run_image *image,
                        const struct emit_phases_plan *plan, const struct emit_meter_type *type) {
    bool known = has_points_of(image, type->name);
    if (known && !plan->quick_only) return false;
    bool slow = type->is_slow && type->is_slow(edge->host, &edge->settings);
    edge->left_slow_out = edge->left_slow_out || slow;
    return slow || (plan->of_run_only && !known);
}

enum emit_status emit_edge_open(struct emit_edge *edge, struct emit_host *host,
                                const struct emit_run_image *image,
                                const struct emit_phases_plan *plan, struct emit_error *err) {
    edge->host = host;
    edge->settings = plan->settings;
    // Which devices are the run's, the run knows: what a rank may use is less.
    edge->settings.assignment = (struct emit_assignment){.everything = true};
    edge->reads_nothing = host->borrowed_right;
    for (size_t i = 0; plan->meters[i] && !edge->reads_nothing; i++) {
        if (is_left_out(edge, image, plan, plan->meters[i])) continue;
        if (edge->meter_count == EMIT_RUN_METERS_MAX)
            return emit_fail(err, EMIT_FULL, "a run has at most %d meters", EMIT_RUN_METERS_MAX);
        enum emit_status status = open_meter(edge, plan->meters[i], err);
        if (status) return status;
    }
    return EMIT_OK;
}

void emit_edge_close(struct emit_edge *edge) {
    for (size_t i = 0; i < edge->meter_count; i++) {
        emit_meter_free(edge->meters[i]);
        free(edge->seen[i]);
    }
    edge->meter_count = 0;
}

// A device that has gone away, or is not this guest's to ask, has no name here: its place
// among the others tells whose point it is, and its meter why it cannot be read.
static bool is_unnamed(const struct emit_point *ours, const struct emit_point *runs) {
    return ours->found && ours->traits & EMIT_TRAIT_NAMELESS &&
           ours->device_index == runs->device_index;
}

static bool is_same_point(const struct emit_point *ours, const struct emit_point *runs) {
    if (strcmp(ours->meter, runs->meter) != 0) return false;
    if (is_unnamed(ours, runs)) return true;
    return strcmp(ours->device_id, runs->device_id) == 0 && ours->modulus == runs->modulus &&
           ours->joules_numerator == runs->joules_numerator &&
           ours->joules_denominator == runs->joules_denominator;
}

// The run may have found points since: late ones come behind the others.
static void find_slots(struct emit_edge *edge, const struct emit_run_image *image) {
    size_t count = edge->run.sweep.count;
    if (edge->slot_count == count) return;
    for (size_t m = 0; m < edge->meter_count; m++) {
        struct emit_meter *meter = edge->meters[m];
        for (size_t i = 0; i < meter->count; i++) {
            meter->slot_of[i] = EMIT_SLOT_NOWHERE;
            for (size_t slot = 0; slot < count; slot++)
                if (is_same_point(&meter->points[i], &image->slots[slot].point))
                    meter->slot_of[i] = (uint32_t)slot;
        }
    }
    edge->slot_count = count;
}

// Answers when the reading was over. One meter's end is the next one's beginning.
static int64_t read_meter(struct emit_edge *edge, struct emit_meter *meter, int64_t before_ns,
                          int64_t slept_ns) {
    for (size_t i = 0; i < meter->count; i++)
        meter->readings[i].age_ns = 0; // a meter that knows better says so
    meter->type->read(meter->state, meter->readings);
    int64_t after_ns = emit_host_monotonic_ns(edge->host);
    for (size_t i = 0; i < meter->count; i++) {
        meter->readings[i].within_ns = (after_ns - before_ns) / 2;
        meter->readings[i].taken_ns = before_ns + meter->readings[i].within_ns;
        meter->readings[i].suspended_ns = slept_ns;
    }
    return after_ns;
}

// Answers when it began.
static int64_t read_meters(struct emit_edge *edge) {
    int64_t begun_ns, slept_ns = emit_run_suspended_ns(edge->host, &begun_ns), at_ns = begun_ns;
    for (size_t i = 0; i < edge->meter_count; i++)
        at_ns = read_meter(edge, edge->meters[i], at_ns, slept_ns);
    return begun_ns;
}

static void look(struct emit_edge *edge, bool first) {
    for (size_t m = 0; m < edge->meter_count; m++)
        for (size_t i = 0; i < edge->meters[m]->count; i++) {
            const struct emit_reading *reading = &edge->meters[m]->readings[i];
            struct emit_edge_seen *seen = &edge->seen[m][i];
            if (first) seen->fresh_ns = 0;
            if (!first && reading->count != seen->count) seen->fresh_ns = seen->taken_ns;
            seen->count = reading->count;
            seen->taken_ns = reading->taken_ns;
        }
}

// A counter that is there and has not moved yet. A power may stand still.
static bool is_awaited(const struct emit_meter *meter, size_t i, const struct emit_edge_seen *seen,
                       int64_t waited_ns) {
    const struct emit_point *point = &meter->points[i];
    return !point->found && !meter->readings[i].code && !emit_point_is_power(point) &&
           meter->slot_of[i] != EMIT_SLOT_NOWHERE && !seen->fresh_ns &&
           waited_ns < 2 * point->update_period_ns;
}

static bool awaits(const struct emit_edge *edge, int64_t waited_ns) {
    for (size_t m = 0; m < edge->meter_count; m++)
        for (size_t i = 0; i < edge->meters[m]->count; i++)
            if (is_awaited(edge->meters[m], i, &edge->seen[m][i], waited_ns)) return true;
    return false;
}

// A counter that was seen to move is no older than the reading before that.
static void note_ages(struct emit_edge *edge) {
    for (size_t m = 0; m < edge->meter_count; m++)
        for (size_t i = 0; i < edge->meters[m]->count; i++) {
            struct emit_reading *reading = &edge->meters[m]->readings[i];
            const struct emit_edge_seen *seen = &edge->seen[m][i];
            int64_t age_ns = reading->taken_ns - seen->fresh_ns;
            if (seen->fresh_ns && (!reading->age_ns || age_ns < reading->age_ns))
                reading->age_ns = age_ns;
        }
}

// Reads the meters until every counter has moved: then each is as fresh as its update
// period allows, and it is known how fresh. Answers when the last reading began.
static int64_t read_when_moved(struct emit_edge *edge) {
    const struct timespec pause = {.tv_nsec = 200000};
    int64_t begun_ns = read_meters(edge), asked_ns = begun_ns;
    look(edge, true);
    while (awaits(edge, asked_ns - begun_ns)) {
        (void)nanosleep(&pause, NULL);
        asked_ns = read_meters(edge);
        look(edge, false);
    }
    note_ages(edge);
    return asked_ns;
}

static void fold_meter(struct emit_edge *edge, const struct emit_run_image *image,
                       const struct emit_meter *meter, int64_t at_ns, bool *is_read) {
    for (size_t i = 0; i < meter->count; i++) {
        uint32_t slot = meter->slot_of[i];
        if (slot == EMIT_SLOT_NOWHERE) continue;
        struct emit_reading reading = meter->readings[i];
        if (meter->points[i].found)
            reading = (struct emit_reading){.code = meter->points[i].found, .taken_ns = at_ns};
        emit_tally_fold(&edge->run.tallies[slot], &image->slots[slot].point, &reading);
        is_read[slot] = true;
    }
}

static void fold(struct emit_edge *edge, const struct emit_run_image *image, int64_t at_ns) {
    bool is_read[EMIT_POINTS_MAX] = {false};
    // A point of the run that none of our meters has: it came late, or is not ours to read.
    const struct emit_reading unread = {
        .code = edge->left_slow_out ? EMIT_CODE_TIMEOUT : EMIT_CODE_DENIED, .taken_ns = at_ns};
    for (size_t m = 0; m < edge->meter_count; m++)
        fold_meter(edge, image, edge->meters[m], at_ns, is_read);
    for (size_t slot = 0; slot < edge->run.sweep.count; slot++)
        if (!is_read[slot])
            emit_tally_fold(&edge->run.tallies[slot], &image->slots[slot].point, &unread);
}

// With a borrowed right an edge is the run's last sample, on the grid of seconds, and
// how long ago that was makes it less certain. The sample was read between its tick and
// when it was over.
static void use_last_sample(struct emit_edge *edge, const struct emit_run_image *image,
                            int64_t now_ns, int64_t *from_ns, int64_t *to_ns) {
    int64_t at_ns = edge->run.sweep.sampled_ns ? edge->run.sweep.sampled_ns : now_ns;
    int64_t floor_ns = image->header.floor_ns;
    for (size_t i = 0; i < edge->run.sweep.count; i++) {
        struct emit_tally *tally = &edge->run.tallies[i];
        tally->samples += tally->samples > 0; // the edge counts as a reading of its own
        if (now_ns > at_ns) tally->last_within_ns += now_ns - at_ns;
    }
    *from_ns = floor_ns ? at_ns - at_ns % floor_ns : at_ns - EMIT_RUN_TICK_SLACK_NS;
    *to_ns = at_ns;
}

bool emit_edge_take(struct emit_edge *edge, const struct emit_run_image *image, bool align,
                    int64_t *from_ns, int64_t *to_ns) {
    // First what the run has published: whatever is read afterwards is later than that.
    if (!emit_run_image_read(image, &edge->run)) return false;
    if (edge->reads_nothing) {
        use_last_sample(edge, image, emit_host_monotonic_ns(edge->host), from_ns, to_ns);
        return true;
    }
    find_slots(edge, image);
    *from_ns = align ? read_when_moved(edge) : read_meters(edge);
    *to_ns = emit_host_monotonic_ns(edge->host);
    fold(edge, image, *to_ns);
    return true;
}
