// The GPUs of a scenario as other programs meet them: a folder with the fake
// vendor libraries under their real names, and the environment that leads there.
//
//   LD_LIBRARY_PATH     begins with the folder, for every tool that opens them
//   EMIT_NVML_LIBRARY   and EMIT_DCGM_LIBRARY: the same for emit, which opens no
//                       vendor's library on a machine without its device node
//   EMIT_TESTBED_GPUS   the folder, for the libraries themselves
//
// The folder goes away with the test bed, even after kill -9.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_GPU_STAGE_H
#define EMIT_TESTBED_GPU_STAGE_H

#include "programs/emit-testbed/ledger.h"

#include <sys/types.h>

struct emit_gpu_stage {
    const struct emit_scenario *scenario; // borrowed
    char folder[PATH_MAX];                // "": the scenario has no GPUs, or nothing stands yet
    pid_t guard;                          // removes the folder when guard_pipe is closed; 0 none
    int guard_pipe;
};

// Makes all of it. A scenario without GPUs needs nothing and gets nothing.
// keeps_ledger: what is served is recorded. Before any thread exists.
EMIT_MUST_CHECK enum emit_status emit_gpu_stage_make(struct emit_gpu_stage *stage,
                                                     const struct emit_scenario *scenario,
                                                     bool keeps_ledger, struct emit_error *err);
// Begins the scenario's time, CLOCK_MONOTONIC.
EMIT_MUST_CHECK enum emit_status emit_gpu_stage_begin(const struct emit_gpu_stage *stage,
                                                      int64_t begin_ns, struct emit_error *err);
// Moves what was served into the ledger, once the command has ended.
void emit_gpu_stage_keep(const struct emit_gpu_stage *stage, struct emit_ledger *ledger);
void emit_gpu_stage_clear(struct emit_gpu_stage *stage); // accepts a zeroed one

#endif
