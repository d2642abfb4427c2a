// What `emit sensors` found out about this machine: every point of every meter,
// read twice, and what else counts energy here but is not metered.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_SENSORS_H
#define PROGRAMS_EMIT_SENSORS_H

#include "base/text.h"
#include "programs/emit/meter_options.h"
#include "runs/run.h"

#include <stdio.h>

enum {
    EMIT_SENSORS_OTHERS_MAX = 64,
    EMIT_SENSORS_JSON_MAX = 256 * 1024, // bytes of the document
};

// Something that counts energy, and is no point of any meter.
struct emit_other {
    char kind[16];         // "battery"
    char name[64];         // "BAT0"
    const char *interface; // of the contract, that could meter it: "nvml or dcgm"; NULL: none could
    const char *why;       // one clause
};

struct emit_sensors {
    struct emit_host host;
    struct emit_meter_settings settings;
    struct emit_run *run;          // until settled
    struct emit_run_result result; // from then on
    int64_t pace_ns;               // between two looks
    int64_t looked_ns;             // CLOCK_MONOTONIC of the last one; 0: none yet
    size_t count;                  // points, as last sampled
    struct emit_slot slots[EMIT_POINTS_MAX];
    size_t other_count;
    struct emit_other others[EMIT_SENSORS_OTHERS_MAX];
    bool ipmi_found; // by what the machine shows, not by a meter
};

// How many of the things found are what; found = readable + explained + unnameable.
struct emit_sensors_counts {
    size_t found, readable, explained, unnameable, simulated;
    size_t denied, masked; // zones of the powercap class, for which there are ways in
};

// Opens every meter. The sensors are zeroed before, and big: keep them on the heap.
// Clear them with emit_sensors_close, also after a failure.
EMIT_MUST_CHECK enum emit_status emit_sensors_open(struct emit_sensors *sensors,
                                                   const struct meter_options *options,
                                                   int64_t pace_ns, struct emit_error *err);
void emit_sensors_close(struct emit_sensors *sensors);

// Waits until the next look is due, and samples; in between, too, where watts are integrated
// or a wrap could hide.
void emit_sensors_sample(struct emit_sensors *sensors);
// Decides every point from the samples so far; nothing can be sampled any more.
EMIT_MUST_CHECK enum emit_status emit_sensors_settle(struct emit_sensors *sensors,
                                                     struct emit_error *err);
// After settling: why a meter has no point at all; NULL when it has.
const char *emit_sensors_absence(const struct emit_sensors *sensors, const char *meter);

// Looks for what is not metered: GPUs, batteries, other energy sensors.
void emit_sensors_find_others(struct emit_sensors *sensors);

// The line that helps against what point `at` was found with; NULL when there is none, or
// when an earlier point of its meter has the same.
const char *emit_sensors_remedy(const struct emit_sensors *sensors, size_t at);

bool emit_sensors_is_readable(const struct emit_slot *slot);
void emit_sensors_count(const struct emit_sensors *sensors, struct emit_sensors_counts *counts);

// For people, 80 columns wide.
void emit_sensors_print(FILE *out, const struct emit_sensors *sensors);
// One JSON object on one line (schema: contract/sensors.schema.json). EMIT_FULL when cut.
EMIT_MUST_CHECK enum emit_status emit_sensors_write_json(struct emit_text *text,
                                                         const struct emit_sensors *sensors,
                                                         struct emit_error *err);
// Redraws watts a device once a second on a terminal, else prints a line; until
// a signal ends the program, or the output is closed. Returns the exit status.
int emit_sensors_watch(FILE *out, struct emit_sensors *sensors);

// The udev rule that lets a group read the counters. EMIT_INVALID: no name a group can have.
EMIT_MUST_CHECK enum emit_status emit_sensors_print_udev_rule(FILE *out, const char *group,
                                                              struct emit_error *err);

#endif
