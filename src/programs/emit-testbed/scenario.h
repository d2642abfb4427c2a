// A scenario: a machine as its powercap tree and its GPU libraries would show it, how its power
// runs, and what goes wrong when. Read from a small YAML file; docs/scenarios.md is the page for
// those who write one. SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_SCENARIO_H
#define EMIT_TESTBED_SCENARIO_H

#include "programs/emit-testbed/gpu.h"
#include "vocabulary/codes.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

enum {
    EMIT_SCENARIO_ZONES_MAX = 128,
    EMIT_SCENARIO_EVENTS_MAX = 64,
    EMIT_SCENARIO_EXPECTED_MAX = 160,
    EMIT_SCENARIO_TEXT_MAX = 400,
    EMIT_ZONE_NAME_MAX = 40,
    EMIT_ZONE_ID_MAX = 48,
};

enum emit_scenario_class { // of /sys/class/powercap
    EMIT_SCENARIO_PRESENT,
    EMIT_SCENARIO_EMPTY,
    EMIT_SCENARIO_ABSENT,
};

// A zone of the tree. Zones stand in the order of their registration: a parent
// before its parts.
struct emit_scenario_zone {
    char control[EMIT_ZONE_NAME_MAX]; // "intel-rapl"
    char id[EMIT_ZONE_ID_MAX];        // "intel-rapl:0:1", its directory's name
    char name[EMIT_ZONE_NAME_MAX];    // "dram", what its file `name` says
    int parent;                       // index of the zone around it; -1: none
    int shows;                        // index of the zone whose counter it shows, mostly its own
    struct emit_counter counter;
    bool has_energy;          // a file energy_uj at all
    unsigned int mode;        // of energy_uj
    int64_t read_ns;          // how long a read takes
    unsigned int constraints; // number of power limits it has, at most 3
};

enum emit_scenario_event_kind { // of the tree; those of counters are in the counters
    EMIT_SCENARIO_DENIED,       // open answers EACCES
    EMIT_SCENARIO_MASKED,       // the class entry stays, its target is gone
    EMIT_SCENARIO_UNPLUG,       // both are gone, an open file answers ENODEV
    EMIT_SCENARIO_EINVAL,       // a read answers so
    EMIT_SCENARIO_EIO,
    EMIT_SCENARIO_NONSENSE, // a read answers text that is no number
    EMIT_SCENARIO_SLOW,     // a read takes delay_ns
};

struct emit_scenario_event {
    enum emit_scenario_event_kind kind;
    int zone;         // and all parts of it
    int64_t at_ns;    // since the scenario began
    int64_t until_ns; // INT64_MAX: for good
    int64_t delay_ns;
};

// What a scenario's author says of one point, as a reader who may read and as
// one who may not.
struct emit_scenario_expected {
    char point[64]; // device id
    enum emit_outcome_kind outcome[2];
    enum emit_code code[2];
};

struct emit_scenario {
    char path[PATH_MAX];
    char name[EMIT_ZONE_NAME_MAX]; // the file's, without .yaml
    char summary[EMIT_SCENARIO_TEXT_MAX];
    char control[EMIT_ZONE_NAME_MAX]; // of zones that do not say
    bool amd;
    enum emit_scenario_class class_directory;
    int64_t period_ns, jitter_ns; // of counters that do not say
    size_t zone_count;
    struct emit_scenario_zone zones[EMIT_SCENARIO_ZONES_MAX];
    size_t event_count;
    struct emit_scenario_event events[EMIT_SCENARIO_EVENTS_MAX];
    struct emit_gpu_machine gpus;
    char options[EMIT_SCENARIO_TEXT_MAX]; // of emit run, for the one who plays it
    int64_t lasts_ns;                     // how long the metered command runs
    size_t expected_count;
    struct emit_scenario_expected expected[EMIT_SCENARIO_EXPECTED_MAX];
};

enum { EMIT_SCENARIO_ROOT = 0, EMIT_SCENARIO_NOBODY = 1 }; // of emit_scenario_expected

// Reads a scenario from a path. EMIT_INVALID: the sentence begins FILE:LINE.
// *scenario is the caller's to free with emit_scenario_free.
EMIT_MUST_CHECK enum emit_status emit_scenario_open(struct emit_scenario **scenario,
                                                    const char *path, struct emit_error *err);
void emit_scenario_free(struct emit_scenario *scenario);

// The directory of the shipped scenarios: beside the program in a build, in
// share/ of its prefix once installed. EMIT_SCENARIOS in the environment goes first.
EMIT_MUST_CHECK enum emit_status emit_scenario_directory(char path[PATH_MAX],
                                                         struct emit_error *err);
// A name of a shipped scenario, or a path (anything with a slash or .yaml).
EMIT_MUST_CHECK enum emit_status emit_scenario_find(struct emit_scenario **scenario,
                                                    const char *name, struct emit_error *err);

// Index of a zone by its id; -1 when there is none.
int emit_scenario_zone(const struct emit_scenario *scenario, const char *id);

// The event of this kind that holds for the zone, or for one around it, at a
// moment; NULL when none does.
const struct emit_scenario_event *emit_scenario_event_at(const struct emit_scenario *scenario,
                                                         enum emit_scenario_event_kind kind,
                                                         int zone, int64_t now_ns);
#endif
