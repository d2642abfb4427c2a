// emit sensors: opens the meters and reads them.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/privilege.h"
#include "programs/emit/sensors.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static const int64_t max_package_milliwatts = 1000000; // as emit run's --max-power: 1 kW

enum emit_status emit_sensors_open(struct emit_sensors *sensors, const struct emit_host *host,
                                   struct emit_error *err) {
    const struct emit_meter_settings settings = {.max_package_milliwatts = max_package_milliwatts};
    sensors->host = *host;
    struct emit_point *found = calloc(EMIT_POINTS_MAX, sizeof *found);
    if (!found) return emit_fail(err, EMIT_NO_MEMORY, "no memory for the points");
    struct emit_points points = {.at = found, .size = EMIT_POINTS_MAX};
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; emit_meter_types[i] && i < EMIT_SENSORS_METERS_MAX; i++) {
        struct emit_sensors_meter *meter = &sensors->meters[i];
        meter->type = emit_meter_types[i];
        meter->state = calloc(1, meter->type->state_size);
        if (!meter->state) {
            status =
                emit_fail(err, EMIT_NO_MEMORY, "no memory for the meter %s", meter->type->name);
            break;
        }
        sensors->meter_count++;
        meter->first = points.count;
        if (meter->type->open(meter->state, &sensors->host, &settings, &points, &meter->absent) ==
            EMIT_OK)
            meter->absent = (struct emit_error){.status = EMIT_OK};
        meter->count = points.count - meter->first;
    }
    sensors->count = points.count;
    for (size_t i = 0; i < points.count; i++)
        sensors->slots[i].point = found[i];
    free(found);
    return status;
}

void emit_sensors_close(struct emit_sensors *sensors) {
    for (size_t i = 0; i < sensors->meter_count; i++) {
        sensors->meters[i].type->close(sensors->meters[i].state);
        free(sensors->meters[i].state);
    }
    sensors->meter_count = 0;
    emit_host_close(&sensors->host);
}

static void sleep_until(int64_t monotonic_ns) {
    const struct timespec until = {.tv_sec = monotonic_ns / 1000000000,
                                   .tv_nsec = monotonic_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
}

// Late by more than this the second is missed: its successor is waited for, or a
// caller who stops the program at the right moment would choose his own windows.
static const int64_t tick_tolerance_ns = 5000000;

static void wait_for_tick(struct emit_host *host) {
    for (;;) {
        int64_t now_ns = emit_host_monotonic_ns(host);
        int64_t tick_ns = (now_ns / EMIT_BORROWED_FLOOR_NS + 1) * EMIT_BORROWED_FLOOR_NS;
        sleep_until(tick_ns);
        if (emit_host_monotonic_ns(host) - tick_ns <= tick_tolerance_ns) return;
    }
}

void emit_sensors_sample(struct emit_sensors *sensors, int64_t wait_ns) {
    struct emit_reading readings[EMIT_POINTS_MAX];
    struct emit_host *host = &sensors->host;
    if (host->borrowed_right)
        wait_for_tick(host);
    else if (wait_ns > 0)
        sleep_until(emit_host_monotonic_ns(host) + wait_ns);
    for (size_t m = 0; m < sensors->meter_count; m++) {
        const struct emit_sensors_meter *meter = &sensors->meters[m];
        if (meter->count == 0) continue;
        meter->type->read(meter->state, readings + meter->first);
        int64_t taken_ns = emit_host_monotonic_ns(host);
        int64_t suspended_ns = emit_host_boottime_ns(host) - taken_ns;
        for (size_t i = meter->first; i < meter->first + meter->count; i++) {
            readings[i].taken_ns = taken_ns;
            readings[i].suspended_ns = suspended_ns;
            emit_tally_fold(&sensors->slots[i].tally, &sensors->slots[i].point, &readings[i]);
        }
        if (!sensors->from_ns) sensors->from_ns = taken_ns;
        sensors->to_ns = taken_ns;
    }
}

void emit_sensors_settle(struct emit_sensors *sensors) {
    const struct emit_window window = {
        .from_ns = sensors->from_ns, .to_ns = sensors->to_ns, .all_domains = true};
    emit_settle(sensors->slots, sensors->count, &window, sensors->outcomes);
}

bool emit_sensors_is_readable(const struct emit_slot *slot) {
    return slot->tally.samples > 0;
}

void emit_sensors_count(const struct emit_sensors *sensors, struct emit_sensors_counts *counts) {
    *counts = (struct emit_sensors_counts){.found = sensors->count + sensors->other_count};
    for (size_t i = 0; i < sensors->count; i++) {
        const struct emit_point *point = &sensors->slots[i].point;
        bool readable = emit_sensors_is_readable(&sensors->slots[i]);
        counts->readable += readable;
        counts->unnameable += !readable && (point->traits & EMIT_TRAIT_UNNAMEABLE) != 0;
        counts->denied += point->found == EMIT_CODE_DENIED;
        counts->masked += point->found == EMIT_CODE_MASKED;
        counts->simulated += (point->traits & EMIT_TRAIT_SIMULATED) != 0;
    }
    for (size_t i = 0; i < sensors->other_count; i++)
        counts->unnameable += sensors->others[i].interface == NULL;
    counts->explained = counts->found - counts->readable - counts->unnameable;
}
