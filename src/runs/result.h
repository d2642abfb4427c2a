// From a run file to its result. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_RESULT_H
#define RUNS_RESULT_H

#include "runs/file.h"

// A sample of a tick of the grid (floor_ns) comes at most this long after it, see run.h.
enum { EMIT_RUN_TICK_SLACK_NS = 5000000 };

// How the run came to be settled.
enum emit_run_fate {
    EMIT_FATE_CLOSED, // by its last process
    EMIT_FATE_KILLED, // by recovery, unless the file says that it had been closed
    EMIT_FATE_LEFT,   // it goes on without us
    EMIT_FATE_OPEN,   // it goes on, and is only looked at: as if its last sample had ended it
};

// Settles the file and, for CLOSED, marks it so: settling the marked file again
// gives the same outcomes. The result does not hold the file yet.
// EMIT_CORRUPT: the tallies are damaged.
EMIT_MUST_CHECK enum emit_status
emit_run_result_settle(struct emit_run_result *result, struct emit_run_image *image,
                       enum emit_run_fate fate, struct emit_host *host, struct emit_error *err);
// The shortest window that is handed out; from one tick to the next a sample may be the
// slack earlier or later.
int64_t emit_run_floor_ns(const struct emit_run_header *header);
// Moves the file into the result, for emit_run_result_stored.
EMIT_MUST_CHECK enum emit_status emit_run_result_hold(struct emit_run_result *result,
                                                      struct emit_run_file *file,
                                                      struct emit_error *err);

#endif
