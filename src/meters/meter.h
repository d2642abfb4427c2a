// The table of functions a meter is. A meter names its points once, at open,
// and then reads all of them, in that order, as often as it is asked. It never
// subtracts, prints or exits; the core allocates and frees its state.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_METER_H
#define METERS_METER_H

#include "host/host.h"
#include "measurement/measurement.h"

enum { EMIT_MAX_PACKAGE_MILLIWATTS = 1000000 }; // the default of --max-power: 1 kW

// What the user may say about all meters.
struct emit_meter_settings {
    int64_t max_package_milliwatts; // --max-power; more than this a socket cannot draw
};

// The points found so far, in the caller's memory of EMIT_POINTS_MAX.
struct emit_points {
    struct emit_point *at;
    size_t count;
    size_t size;
};

struct emit_meter_type {
    const char *name;    // "rapl": also the word of --meters and the manual's page
    const char *summary; // one line
    size_t state_size;   // zeroed before open
    // Finds the points and opens what it needs to read them. A point that cannot
    // be read is a point too: its `found` says why and `note` gives the sentence.
    // EMIT_ABSENT: no such interface here (quiet; err says what was looked for).
    enum emit_status (*open)(void *state, struct emit_host *host,
                             const struct emit_meter_settings *settings, struct emit_points *points,
                             struct emit_error *err);
    // One reading for each point of open, in that order; taken_ns and
    // suspended_ns are the caller's. Allocates nothing, opens nothing.
    void (*read)(void *state, struct emit_reading *readings);
    void (*close)(void *state); // undoes open, even half of it
    // One line that really helps this process's user against `code`; NULL: none is known.
    const char *(*remedy)(enum emit_code code);
};

extern const struct emit_meter_type emit_meter_rapl;
// All meters, ended by NULL.
extern const struct emit_meter_type *const emit_meter_types[];

#endif
