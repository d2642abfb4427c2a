// An inference server's counters at both ends of a run: the first scrape beside the first
// sample, the last one beside the last, each in a thread of its own, so that a server that
// is slow delays no command.
//
//   begin -> wait -> (the command runs) -> end -> tell -> free
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_SERVED_WATCH_H
#define AGENT_SERVED_WATCH_H

#include "report/served.h"

struct emit_served_watch;

// Asks the server for the first time, in the background.
// EMIT_INVALID: no URL; EMIT_NO_MEMORY.
EMIT_MUST_CHECK enum emit_status emit_served_watch_begin(struct emit_served_watch **watch,
                                                         const char *url, struct emit_error *err);
// Returns when it has answered or failed, at until_ns (CLOCK_MONOTONIC) at the latest.
void emit_served_watch_wait(struct emit_served_watch *watch, int64_t until_ns);
// What failed in the first scrape, "" when nothing did. Waits for it, 2 s at most. Before end.
const char *emit_served_watch_failure(struct emit_served_watch *watch);
// Asks for the last time, in the background; not when the first question failed or still
// goes on, which is refused. Waits for nothing. NULL is fine.
void emit_served_watch_end(struct emit_served_watch *watch);
// What came of it. Waits for the one question that is left: 2 s at most, and once more where
// 404 was the answer.
void emit_served_watch_tell(struct emit_served_watch *watch, struct emit_served_told *told);
// After begin at any time; accepts NULL.
void emit_served_watch_free(struct emit_served_watch *watch);

#endif
