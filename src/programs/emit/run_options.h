// The options of `emit run`: one row each, in run_options.c.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_RUN_OPTIONS_H
#define PROGRAMS_EMIT_RUN_OPTIONS_H

#include "base/option.h"

#include <stdint.h>

struct run_options {
    const char *meters;
    const char *run_id;
    int64_t orphan_timeout_ns;
    bool no_wait_orphans;
    bool no_outbox;
    bool quiet;
};

extern const struct emit_option emit_run_options[];

#endif
