// The table of functions a meter is. A meter names its points once, at open,
// and then reads all of them, in that order, as often as it is asked. It never
// subtracts, prints or exits; the core allocates and frees its state.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_METER_H
#define METERS_METER_H

#include "host/host.h"
#include "measurement/measurement.h"
#include "meters/assignment.h"

enum { EMIT_MAX_PACKAGE_MILLIWATTS = 1000000 }; // the default of --max-power: 1 kW

// What the user may say about all meters. Texts are borrowed for as long as a meter is open.
struct emit_meter_settings {
    int64_t max_package_milliwatts; // --max-power; more than this a socket cannot draw
    const char
        *nvml_library; // --nvml-library: a path; NULL: the system's, when its device node is there
    const char *dcgm_library; // --dcgm-library: likewise
    const char
        *dcgm_host; // --dcgm-host: HOST[:PORT] or unix:PATH of the host engine; NULL: the default
    const char *dcgm_exporter;         // --dcgm-exporter: URL of its metrics; NULL: it is not asked
    int64_t dcgm_exporter_step_ns;     // --dcgm-exporter-step: how often that text changes; 0: 30 s
    struct emit_assignment assignment; // the devices a run may use; zeroed: every one
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
    // True when open may take longer than a command should wait: it loads a vendor's
    // library, or asks somebody else. Such a meter is opened in a thread of its own.
    // Quick itself. NULL: never.
    bool (*is_slow)(const struct emit_host *host, const struct emit_meter_settings *settings);
    // Finds the points and opens what it needs to read them. A point that cannot
    // be read is a point too: its `found` says why and `note` gives the sentence.
    // EMIT_ABSENT: no such interface here (quiet; err says what was looked for).
    enum emit_status (*open)(void *state, struct emit_host *host,
                             const struct emit_meter_settings *settings, struct emit_points *points,
                             struct emit_error *err);
    // One reading for each point of open, in that order; taken_ns and
    // suspended_ns are the caller's. Allocates nothing, opens nothing;
    // where somebody else's program answers, a connection may be made anew, at intervals
    // and within a time that the meter's page states.
    void (*read)(void *state, struct emit_reading *readings);
    void (*close)(void *state); // undoes open, even half of it
    // One line that really helps this process's user against `code`; NULL: none is known.
    const char *(*remedy)(enum emit_code code);
};

extern const struct emit_meter_type emit_meter_nvml;
extern const struct emit_meter_type emit_meter_rapl;
extern const struct emit_meter_type emit_meter_dcgm;
extern const struct emit_meter_type emit_meter_dcgm_exporter;
// All meters, ended by NULL.
extern const struct emit_meter_type *const emit_meter_types[];

#endif
