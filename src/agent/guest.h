// A guest of a run, opened without waiting for meters longer than the caller may.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_GUEST_H
#define AGENT_GUEST_H

#include "runs/phase.h"

// For whoever wants edges rather than an early start. Loading a vendor's library for eight
// GPUs may take longer than a command is delayed by, and without it the phase lacks them.
#define EMIT_GUEST_WAIT_NS INT64_C(2000000000)

// emit_phases_open, which waits at most timeout_ns for meters that are slow: then without
// them, and *left_behind: a thread of its own goes on opening them, and uses the host and
// what the plan borrows as long as the process lives. Otherwise *left_behind stays as it is.
EMIT_MUST_CHECK enum emit_status emit_guest_open(struct emit_phases **phases,
                                                 struct emit_host *host,
                                                 const struct emit_phases_plan *plan,
                                                 int64_t timeout_ns, bool *left_behind,
                                                 struct emit_error *err);

#endif
