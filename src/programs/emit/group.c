// Several runs of one command as one thing.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/group.h"

#include "base/text.h"
#include "programs/emit/report_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// NaN everywhere. False: no memory.
static bool make_series(struct emit_series *series, size_t capacity) {
    series->joules = calloc(capacity, sizeof *series->joules);
    series->watts = calloc(capacity, sizeof *series->watts);
    series->uncertainty = calloc(capacity, sizeof *series->uncertainty);
    if (!series->joules || !series->watts || !series->uncertainty) return false;
    for (size_t i = 0; i < capacity; i++)
        series->joules[i] = series->watts[i] = series->uncertainty[i] = (double)NAN;
    return true;
}

static void free_series(struct emit_series *series) {
    free(series->joules);
    free(series->watts);
    free(series->uncertainty);
}

enum emit_status emit_group_init(struct emit_group *group, size_t capacity,
                                 struct emit_error *err) {
    *group = (struct emit_group){.capacity = capacity};
    group->runs = calloc(capacity, sizeof *group->runs);
    group->seconds = calloc(capacity, sizeof *group->seconds);
    group->scratch = calloc(capacity, sizeof *group->scratch);
    group->devices = calloc(EMIT_POINTS_MAX, sizeof *group->devices);
    if (group->runs && group->seconds && group->scratch && group->devices &&
        make_series(&group->sum, capacity))
        return EMIT_OK;
    return emit_fail(err, EMIT_NO_MEMORY, "no memory for %zu runs", capacity);
}

void emit_group_clear(struct emit_group *group) {
    for (size_t i = 0; i < group->device_count; i++)
        free_series(&group->devices[i].series);
    for (size_t i = 0; i < group->phase_count; i++) {
        free_series(&group->phases[i].sum);
        free(group->phases[i].seconds);
    }
    free_series(&group->sum);
    free(group->runs);
    free(group->seconds);
    free(group->scratch);
    free(group->devices);
    *group = (struct emit_group){0};
}

// The device of the group that this point is: by id and component, whichever meter saw it.
static struct emit_group_device *find_device(const struct emit_group *group,
                                             const struct emit_point *point) {
    for (size_t i = 0; i < group->device_count; i++) {
        struct emit_group_device *device = &group->devices[i];
        if (device->point.component == point->component &&
            strcmp(device->point.device_id, point->device_id) == 0)
            return device;
    }
    return NULL;
}

static enum emit_status add_device(struct emit_group *group, const struct emit_point *point,
                                   const struct emit_outcome *outcome, struct emit_error *err) {
    struct emit_group_device *device = find_device(group, point);
    if (!device) {
        if (group->device_count == EMIT_POINTS_MAX) return EMIT_OK; // more than one run can have
        device = &group->devices[group->device_count++];
        *device = (struct emit_group_device){
            .point = *point, .members = 1, .in_total = outcome->counts_in_total};
        if (!make_series(&device->series, group->capacity))
            return emit_fail(err, EMIT_NO_MEMORY, "no memory for a device of %zu runs",
                             group->capacity);
    }
    if (outcome->kind != EMIT_OUTCOME_MEASURED) return EMIT_OK;
    device->series.joules[group->count] = outcome->joules;
    device->series.watts[group->count] = outcome->mean_watts;
    device->series.uncertainty[group->count] = outcome->uncertainty_joules;
    return EMIT_OK;
}

static enum emit_status add_points(struct emit_group *group, const struct emit_report *report,
                                   struct emit_error *err) {
    bool is_whole = report->total_count > 0;
    for (size_t i = 0; i < report->point_count; i++) {
        const struct emit_outcome *outcome = &report->outcomes[i];
        if (!emit_outcome_has_energy(outcome)) continue;
        is_whole &= outcome->kind == EMIT_OUTCOME_MEASURED || !outcome->counts_in_total;
        struct emit_point point = report->slots[i].point;
        point.device_index = emit_report_index(report->slots, report->point_count, i);
        enum emit_status status = add_device(group, &point, outcome, err);
        if (status != EMIT_OK) return status;
    }
    if (!is_whole) return EMIT_OK;
    const struct emit_report_total *total = &report->totals[0];
    if (!group->summed[0]) memcpy(group->summed, total->what, sizeof group->summed);
    if (strcmp(group->summed, total->what) != 0) return EMIT_OK;
    group->sum.joules[group->count] = total->joules;
    group->sum.watts[group->count] = total->mean_watts;
    group->sum.uncertainty[group->count] = total->uncertainty_joules;
    return EMIT_OK;
}

static struct emit_group_phase *find_phase(struct emit_group *group, const char *name) {
    for (size_t i = 0; i < group->phase_count; i++)
        if (strcmp(group->phases[i].name, name) == 0) return &group->phases[i];
    return NULL;
}

// NULL: no memory.
static struct emit_group_phase *make_phase(struct emit_group *group, const char *name) {
    struct emit_group_phase *phase = &group->phases[group->phase_count++];
    (void)emit_text_format(phase->name, sizeof phase->name, "%s", name);
    phase->seconds = calloc(group->capacity, sizeof *phase->seconds);
    if (!make_series(&phase->sum, group->capacity) || !phase->seconds) return NULL;
    for (size_t i = 0; i < group->capacity; i++)
        phase->seconds[i] = (double)NAN;
    return phase;
}

// A phase's sum is known in full when nothing in it is partial, as that of the run.
static bool is_whole(const struct emit_report_phase *phase) {
    for (size_t i = 0; i < phase->point_count; i++)
        if (phase->outcomes[i].counts_in_total && phase->outcomes[i].kind != EMIT_OUTCOME_MEASURED)
            return false;
    return phase->total_count > 0;
}

static enum emit_status add_phases(struct emit_group *group, const struct emit_report *report,
                                   struct emit_error *err) {
    for (size_t i = 0; i < report->phase_count; i++) {
        const struct emit_report_phase *said = &report->phases[i];
        struct emit_group_phase *phase = find_phase(group, said->name);
        if (!phase && group->phase_count == EMIT_GROUP_PHASES_MAX) continue;
        if (!phase && !(phase = make_phase(group, said->name)))
            return emit_fail(err, EMIT_NO_MEMORY, "no memory for a phase of %zu runs",
                             group->capacity);
        phase->seconds[group->count] = (double)said->lasted_ns / 1e9;
        // Of other devices than the run's sum it would be another quantity.
        if (!is_whole(said) || strcmp(said->totals[0].what, group->summed) != 0) continue;
        phase->sum.joules[group->count] = said->totals[0].joules;
        phase->sum.watts[group->count] = said->totals[0].mean_watts;
        phase->sum.uncertainty[group->count] = said->totals[0].uncertainty_joules;
    }
    return EMIT_OK;
}

enum emit_status emit_group_add(struct emit_group *group, const struct emit_report *report,
                                const char *run_id, int exit_status, double seconds,
                                struct emit_error *err) {
    if (group->count == group->capacity) return EMIT_OK;
    struct emit_group_run *run = &group->runs[group->count];
    (void)emit_text_format(run->run_id, sizeof run->run_id, "%s", run_id);
    run->exit_status = exit_status;
    group->seconds[group->count] = seconds;
    enum emit_status status = report ? add_points(group, report, err) : EMIT_OK;
    if (status == EMIT_OK && report) status = add_phases(group, report, err);
    if (status != EMIT_OK) return status;
    group->simulated |= report && report->simulated;
    group->count++;
    return EMIT_OK;
}

void emit_group_sort(struct emit_group *group) {
    for (size_t i = 1; i < group->device_count; i++) {
        struct emit_group_device device = group->devices[i];
        size_t at = i;
        for (; at > 0 && group->devices[at - 1].point.component > device.point.component; at--)
            group->devices[at] = group->devices[at - 1];
        group->devices[at] = device;
    }
}

static bool are_alike(const struct emit_group_device *a, const struct emit_group_device *b) {
    return a->point.component == b->point.component && a->point.accuracy == b->point.accuracy &&
           a->in_total == b->in_total && strcmp(a->point.meter, b->point.meter) == 0;
}

void emit_group_collapse(struct emit_group *group) {
    size_t kept = 0;
    for (size_t i = 0; i < group->device_count; i++) {
        struct emit_group_device *device = &group->devices[i], *into = NULL;
        for (size_t k = 0; k < kept && !into; k++)
            if (are_alike(&group->devices[k], device)) into = &group->devices[k];
        if (!into) {
            group->devices[kept++] = *device;
            continue;
        }
        // What is NaN in one of them makes the sum NaN.
        for (size_t run = 0; run < group->count; run++) {
            into->series.joules[run] += device->series.joules[run];
            into->series.watts[run] += device->series.watts[run];
            into->series.uncertainty[run] += device->series.uncertainty[run];
        }
        into->members++;
        free_series(&device->series);
    }
    group->device_count = kept;
}

double emit_group_statistics(const struct emit_group *group, const struct emit_series *series,
                             struct emit_statistics *statistics) {
    struct emit_statistics edges;
    emit_statistics_of(&edges, series->uncertainty, group->count, group->scratch);
    emit_statistics_of(statistics, series->joules, group->count, group->scratch);
    return edges.count ? edges.mean : (double)NAN;
}
