// The options of `emit run`: one row each, in run_options.c.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_RUN_OPTIONS_H
#define PROGRAMS_EMIT_RUN_OPTIONS_H

#include "programs/emit/meter_options.h"

struct run_options {
    const char *meters;  // words split by commas, "none" or "auto"
    const char *domains; // "default" or "all"
    int64_t interval_ns; // 0: as long as the counters allow
    int64_t start_timeout_ns;
    int64_t orphan_timeout_ns; // 0: no limit
    bool no_wait_orphans;
    bool require_measured;
    const char *run_id;    // NULL: a new one
    const char *workspace; // NULL: look for a workspace.yaml
    const char *trace_path;
    const char *report_path;
    const char *output_path;
    const char *outbox_path;
    bool no_outbox;
    bool json;
    bool quiet;
    const char *config_path; // read by main.c
    struct meter_options meter;
};

extern const struct emit_option emit_run_options[];

#endif
