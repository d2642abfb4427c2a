// A process that emit did not start, held by a descriptor: while it is open, the
// number cannot come to mean another process.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_ATTACH_TARGET_H
#define PROGRAMS_EMIT_ATTACH_TARGET_H

#include "base/error.h"
#include "host/host.h"
#include "runs/run.h"

#include <sys/types.h>

struct attach_target {
    pid_t pid;
    int descriptor;                 // of pidfd_open: readable when the process has ended
    int64_t age_ns;                 // since its start; -1: /proc does not show it
    char command[EMIT_COMMAND_MAX]; // its words, or what stands for them
};

// EMIT_INVALID: word names no process that can be waited for; EMIT_ABSENT: that
// process has ended, or never was.
EMIT_MUST_CHECK enum emit_status attach_target_open(struct attach_target *target, const char *word,
                                                    struct emit_host *host, struct emit_error *err);
// Takes over what says which devices the process may use, its environment variables
// and its processors, as if emit had been started in its place: before the plan is
// made, and while there is one thread. False: they are not ours to see; then it may
// use all.
bool attach_target_stand_in(const struct attach_target *target);
void attach_target_close(struct attach_target *target);

#endif
