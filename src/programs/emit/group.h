// Several runs of one command as one thing: what each device used in each of them.
// `emit run --repeat` fills it while they run, `emit compare` from the store.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_GROUP_H
#define PROGRAMS_EMIT_GROUP_H

#include "programs/emit/statistics.h"
#include "report/report.h"

// One quantity of all runs: a value a run, NaN where it is not known.
struct emit_series {
    double *joules;
    double *watts; // mean over the run
    double *uncertainty;
};

struct emit_group_run {
    char run_id[EMIT_RUN_ID_MAX];
    int exit_status;
};

struct emit_group_device {
    struct emit_point point; // as the first run that measured it says
    size_t members;          // devices in it; more than 1 when collapsed
    bool in_total;
    struct emit_series series; // measured in full only; partial outcomes are NaN
};

// A phase by its name: the sum of what was used in it, and how long it lasted.
struct emit_group_phase {
    char name[EMIT_PHASE_NAME_MAX];
    struct emit_series sum;
    double *seconds;
};

enum { EMIT_GROUP_PHASES_MAX = 64 }; // further ones are not looked at

struct emit_group {
    size_t capacity; // of runs
    size_t count;
    bool simulated; // any run is
    struct emit_group_run *runs;
    double *seconds;
    // The sum of each run; NaN unless everything in it is measured in full, and it sums
    // what the first one sums.
    struct emit_series sum;
    char summed[EMIT_DEVICE_ID_MAX]; // as the first total says: "gpu + cpu-package"
    size_t device_count;
    struct emit_group_device *devices; // EMIT_POINTS_MAX
    size_t phase_count;
    struct emit_group_phase phases[EMIT_GROUP_PHASES_MAX];
    double *scratch; // capacity values, for statistics
};

// Room for `capacity` >= 1 runs. Clear it with emit_group_clear, also after a failure.
EMIT_MUST_CHECK enum emit_status emit_group_init(struct emit_group *group, size_t capacity,
                                                 struct emit_error *err);
void emit_group_clear(struct emit_group *group);

// One run more. report NULL: it was not metered. Beyond the capacity nothing is taken.
EMIT_MUST_CHECK enum emit_status emit_group_add(struct emit_group *group,
                                                const struct emit_report *report,
                                                const char *run_id, int exit_status, double seconds,
                                                struct emit_error *err);
// Devices of a kind stand together, in the order of the vocabulary.
void emit_group_sort(struct emit_group *group);
// Adds up devices that differ in their index only: one row for all of them.
void emit_group_collapse(struct emit_group *group);
// Statistics of the joules, and the mean of what the edges of one window leave open.
double emit_group_statistics(const struct emit_group *group, const struct emit_series *series,
                             struct emit_statistics *statistics);

// The table of a group for people: time, devices, sum; what stands out; what is not resolved.
// Collapses the group when it has many devices.
void emit_group_print(FILE *out, struct emit_group *group);
// One JSON object (schema: contract/repeat.schema.json). EMIT_FULL when cut.
EMIT_MUST_CHECK enum emit_status emit_group_write_json(struct emit_text *text,
                                                       const struct emit_group *group,
                                                       const char *run_id, const char *command,
                                                       struct emit_error *err);

#endif
