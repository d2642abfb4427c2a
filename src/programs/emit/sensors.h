// What `emit sensors` found out about this machine: every point of every meter,
// read twice, and what else counts energy here but is not metered.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_SENSORS_H
#define PROGRAMS_EMIT_SENSORS_H

#include "base/text.h"
#include "meters/meter.h"

#include <stdio.h>

enum {
    EMIT_SENSORS_METERS_MAX = 8,
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

struct emit_sensors_meter {
    const struct emit_meter_type *type;
    void *state;
    size_t first, count;      // its points
    struct emit_error absent; // status EMIT_OK, or why it has none
};

struct emit_sensors {
    struct emit_host host;
    size_t meter_count;
    struct emit_sensors_meter meters[EMIT_SENSORS_METERS_MAX];
    size_t count; // points, in the order of the meters
    struct emit_slot slots[EMIT_POINTS_MAX];
    struct emit_outcome outcomes[EMIT_POINTS_MAX];
    size_t other_count;
    struct emit_other others[EMIT_SENSORS_OTHERS_MAX];
    bool nvidia_found, ipmi_found; // by what the machine shows, not by a meter
    int64_t from_ns, to_ns;        // CLOCK_MONOTONIC of the first and the last sample
};

// How many of the things found are what; found = readable + explained + unnameable.
struct emit_sensors_counts {
    size_t found, readable, explained, unnameable, denied, masked, simulated;
};

// Opens every meter on the host of emit_privilege_host_open, which it takes over.
// The sensors are big: keep them on the heap. Clear them with emit_sensors_close.
EMIT_MUST_CHECK enum emit_status emit_sensors_open(struct emit_sensors *sensors,
                                                   const struct emit_host *host,
                                                   struct emit_error *err);
void emit_sensors_close(struct emit_sensors *sensors);

// Waits for wait_ns and reads every point once. Where the right to read is
// borrowed, waits for the next full second of CLOCK_MONOTONIC instead, the same for
// every emit of this machine (design 4.11).
void emit_sensors_sample(struct emit_sensors *sensors, int64_t wait_ns);
// Decides every point from the samples so far.
void emit_sensors_settle(struct emit_sensors *sensors);

// Looks for what is not metered: GPUs, batteries, other energy sensors.
void emit_sensors_find_others(struct emit_sensors *sensors);

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
