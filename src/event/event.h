// Writes the line of a measured event from what became of a point.
//
// The line is in RFC 8785 canonical form (keys sorted, shortest numbers, no
// blanks), so that the SHA-256 of its bytes is the identity of the event. What
// stands in which tag is said in design section 3; the contract checks the
// bytes afterwards and shares no code with this file.
// SPDX-License-Identifier: Apache-2.0
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "base/text.h"
#include "measurement/measurement.h"

enum { EMIT_EVENT_LINE_MAX = 4096 }; // bytes that hold the line of any point, terminator included

// What the line says of the run that the point does not know. Borrowed texts.
struct emit_event_facts {
    const char *run_id;
    const char *workspace_id;
    const char *node_id;
    const char *phase;   // NULL: "total", the whole run
    int64_t end_ns;      // CLOCK_MONOTONIC at some moment of the run, best its end, ...
    int64_t end_wall_ns; // ... and UTC at the same moment: how windows become event_ts
};

// True when an event stands for this outcome: it is measured or partial, and
// its window has a length.
bool emit_event_stands(const struct emit_outcome *outcome);

// Appends the line, without line end.
// EMIT_INVALID: no event stands for the outcome, or a time out of range.
// EMIT_FULL: it did not fit.
EMIT_MUST_CHECK enum emit_status emit_event_write(struct emit_text *line,
                                                  const struct emit_event_facts *facts,
                                                  const struct emit_slot *slot,
                                                  const struct emit_outcome *outcome,
                                                  struct emit_error *err);

#endif
