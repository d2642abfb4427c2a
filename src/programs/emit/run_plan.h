// What `emit run` is going to do, decided before anything happens: whatever is
// wrong with the words is found here, while refusing to start is still cheap.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_RUN_PLAN_H
#define PROGRAMS_EMIT_RUN_PLAN_H

#include "programs/emit/naming.h"
#include "programs/emit/run_options.h"

enum { RUN_METERS_MAX = 16 };

struct run_plan {
    char run_id[EMIT_RUN_ID_MAX];
    char workspace_id[EMIT_WORKSPACE_MAX];
    char command[EMIT_COMMAND_MAX];                           // argv for people, perhaps cut
    const struct emit_meter_type *meters[RUN_METERS_MAX + 1]; // ended by NULL
    struct emit_meter_settings settings;
    bool all_domains;
    int64_t pace_ns;                     // 0: as long as the counters allow
    char notice[EMIT_NAMING_NOTICE_MAX]; // something the user should know; "" for nothing
};

// EMIT_INVALID: a value that cannot be meant.
EMIT_MUST_CHECK enum emit_status run_plan_make(struct run_plan *plan,
                                               const struct run_options *options,
                                               struct emit_host *host, char *const *command,
                                               struct emit_error *err);

#endif
