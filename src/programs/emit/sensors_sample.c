// emit sensors: a run without a job and without a file. Where the right to read is
// borrowed the run keeps its samples to full seconds (design 4.11); here they are only
// waited for.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/privilege.h"
#include "report/report.h"
#include "programs/emit/sensors.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { TICKS_TRIED = 5 }; // a second that was missed, on a busy machine, is waited for again

enum emit_status emit_sensors_open(struct emit_sensors *sensors,
                                   const struct meter_options *options, int64_t pace_ns,
                                   struct emit_error *err) {
    enum emit_status status = meter_options_settle(&sensors->settings, options, err);
    if (status == EMIT_OK)
        status = emit_privilege_host_open(&sensors->host, options->sysfs_root, err);
    if (status != EMIT_OK) return status;
    sensors->pace_ns = pace_ns;
    const struct emit_run_plan plan = {
        .run_id = "sensors",
        .command = "emit sensors",
        .meters = emit_meter_types,
        .settings = sensors->settings,
        .pace_ns = pace_ns,
        .floor_ns = sensors->host.borrowed_right ? EMIT_BORROWED_FLOOR_NS : 0,
        .all_domains = true,
    };
    return emit_run_open(&sensors->run, &sensors->host, &plan, err);
}

void emit_sensors_close(struct emit_sensors *sensors) {
    emit_run_abandon(sensors->run);
    emit_run_result_clear(&sensors->result);
    emit_host_close(&sensors->host);
}

static void sleep_until(int64_t monotonic_ns) {
    const struct timespec until = {.tv_sec = monotonic_ns / 1000000000,
                                   .tv_nsec = monotonic_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
}

static uint64_t samples_of(const struct emit_sensors *sensors) {
    uint64_t samples = 0;
    for (size_t i = 0; i < sensors->count; i++)
        samples += sensors->slots[i].tally.samples;
    return samples;
}

// False: nothing can be sampled.
static bool sample(struct emit_sensors *sensors) {
    uint64_t before = samples_of(sensors);
    int tries = sensors->host.borrowed_right ? TICKS_TRIED : 1;
    for (; tries > 0 && samples_of(sensors) == before; tries--) {
        int64_t next_ns = emit_run_next_ns(sensors->run);
        if (next_ns == INT64_MAX) return false;
        sleep_until(next_ns);
        if (!emit_run_sample(sensors->run)) return false; // beside another thread: there is none
        sensors->count = emit_run_peek(sensors->run, sensors->slots, EMIT_POINTS_MAX);
    }
    return true;
}

void emit_sensors_sample(struct emit_sensors *sensors) {
    int64_t due_ns = sensors->looked_ns ? sensors->looked_ns + sensors->pace_ns : 0;
    while (sample(sensors) && emit_run_next_ns(sensors->run) <= due_ns)
        continue;
    sensors->looked_ns = emit_host_monotonic_ns(&sensors->host);
}

enum emit_status emit_sensors_settle(struct emit_sensors *sensors, struct emit_error *err) {
    struct emit_run *run = sensors->run;
    sensors->run = NULL; // freed by close, also when that fails
    enum emit_status status = emit_run_close(run, &sensors->result, err);
    if (status != EMIT_OK) return status;
    sensors->count = sensors->result.count;
    memcpy(sensors->slots, sensors->result.slots, sensors->count * sizeof *sensors->slots);
    return EMIT_OK;
}

bool emit_sensors_is_readable(const struct emit_slot *slot) {
    return slot->tally.samples > 0;
}

const char *emit_sensors_absence(const struct emit_sensors *sensors, const char *meter) {
    size_t absent = 0;
    for (const struct emit_meter_type *const *type = emit_meter_types; *type; type++) {
        bool has_point = false;
        for (size_t i = 0; i < sensors->count; i++)
            has_point |= strcmp(sensors->slots[i].point.meter, (*type)->name) == 0;
        if (has_point) continue;
        if (absent == EMIT_RUN_ABSENT_MAX) return NULL;
        const char *why = sensors->result.absent[absent];
        // A meter that nobody asked for has neither points nor a sentence.
        if (strcmp((*type)->name, meter) == 0) return *why ? why : NULL;
        absent++; // the result keeps the sentences in the order of the meters
    }
    return NULL;
}

const char *emit_sensors_remedy(const struct emit_sensors *sensors, size_t at) {
    const struct emit_point *point = &sensors->slots[at].point;
    for (size_t i = 0; i < at; i++) {
        const struct emit_point *before = &sensors->slots[i].point;
        if (before->found == point->found && strcmp(before->meter, point->meter) == 0) return NULL;
    }
    return emit_report_remedy(point->meter, point->found);
}

void emit_sensors_count(const struct emit_sensors *sensors, struct emit_sensors_counts *counts) {
    *counts = (struct emit_sensors_counts){.found = sensors->count + sensors->other_count};
    for (size_t i = 0; i < sensors->count; i++) {
        const struct emit_point *point = &sensors->slots[i].point;
        bool readable = emit_sensors_is_readable(&sensors->slots[i]);
        counts->readable += readable;
        counts->unnameable += !readable && (point->traits & EMIT_TRAIT_UNNAMEABLE) != 0;
        bool is_rapl = strcmp(point->meter, "rapl") == 0;
        counts->denied += is_rapl && point->found == EMIT_CODE_DENIED;
        counts->masked += is_rapl && point->found == EMIT_CODE_MASKED;
        counts->simulated += (point->traits & EMIT_TRAIT_SIMULATED) != 0;
    }
    for (size_t i = 0; i < sensors->other_count; i++)
        counts->unnameable += sensors->others[i].interface == NULL;
    counts->explained = counts->found - counts->readable - counts->unnameable;
}
