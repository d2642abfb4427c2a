// Runs that go on, for commands that show runs: seen in their files, while others
// meter them.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_OPEN_RUNS_H
#define PROGRAMS_EMIT_OPEN_RUNS_H

#include "report/report.h"

// Each as it would be if it had ended with its last sample, borrowed; `user` meters it.
typedef void open_runs_taker(void *owner, const struct emit_report *report, uid_t user);

// Where nothing can be looked at there are none. Returns how many were taken.
size_t open_runs_visit(const char *outbox_path, open_runs_taker *take, void *owner);

// "you", "root" or "uid 1000".
void open_runs_name_user(char *text, size_t size, uid_t user);

#endif
