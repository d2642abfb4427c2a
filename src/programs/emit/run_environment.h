// What emit run tells its command by the environment, beside all that emit was given.
//
//   EMIT_RUN_ID, EMIT_RUN_FOLDER   the run, and where its file is
//   EMIT_OUTBOX, EMIT_SYSFS_ROOT, EMIT_NVML_LIBRARY, EMIT_DCGM_LIBRARY, EMIT_DCGM_HOST,
//   EMIT_DCGM_EXPORTER, EMIT_DCGM_EXPORTER_STEP   where the option, or the configuration, said so
//
// An emit mark, an emit run or a session of libemit inside has to find the same run and to
// read the same counters, or it would meter them once more, or beside the run.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_RUN_ENVIRONMENT_H
#define PROGRAMS_EMIT_RUN_ENVIRONMENT_H

#include "base/error.h"
#include "programs/emit/run_options.h"

#include <limits.h>

enum { RUN_ENVIRONMENT_MAX = 9 };

struct run_environment {
    char *entries[RUN_ENVIRONMENT_MAX + 1]; // "NAME=value", ended by NULL; point into bytes
    size_t count, used;
    char bytes[RUN_ENVIRONMENT_MAX * (PATH_MAX + 64)];
};

// folder: of run files; NULL: none was found. Paths are told from the root, as the command
// may go elsewhere. EMIT_INVALID: a value too long for what a path can be.
EMIT_MUST_CHECK enum emit_status run_environment_make(struct run_environment *environment,
                                                      const struct run_options *options,
                                                      const char *run_id, const char *folder,
                                                      struct emit_error *err);

#endif
