// The command that is run inside the test bed: started, waited for, and its
// status passed on.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_CHILD_H
#define EMIT_TESTBED_CHILD_H

#include "base/error.h"

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    EMIT_CHILD_FAILED = 125, // the test bed's own failure
    EMIT_CHILD_NOT_EXECUTABLE = 126,
    EMIT_CHILD_NOT_FOUND = 127,
};

struct emit_testbed_child {
    pid_t pid;
    pid_t guard; // a process that ends the command should this one be killed
    int guard_pipe;
};

// Blocks the signals that the wait takes care of, so that no thread started
// later gets them; *before is the mask the command shall have.
EMIT_MUST_CHECK enum emit_status emit_testbed_block_signals(sigset_t *before,
                                                            struct emit_error *err);

// Starts argv with the signal mask. It is sent SIGTERM should this process die.
EMIT_MUST_CHECK enum emit_status emit_testbed_child_start(struct emit_testbed_child *child,
                                                          char *const *argv, const sigset_t *mask,
                                                          struct emit_error *err);

// Waits for its end, passing on signals sent to us (a terminal's reach it by
// themselves). Returns its status as a shell would say it: 128+N after signal N.
int emit_testbed_child_wait(const struct emit_testbed_child *child, int64_t *ended_ns);

#endif
