// Writes the line of a facility event: a settled window.
//
// In RFC 8785 canonical form, as event.h, with which it shares no state. No run id stands in it.
// SPDX-License-Identifier: Apache-2.0
#ifndef EVENT_FACILITY_EVENT_H
#define EVENT_FACILITY_EVENT_H

#include "base/text.h"
#include "measurement/facility.h"

enum { EMIT_FACILITY_EVENT_LINE_MAX = 8 * 1024 }; // bytes that hold any line: ids may be escaped

// Appends the line, without line end. EMIT_FULL: it did not fit.
EMIT_MUST_CHECK enum emit_status
emit_facility_event_write(struct emit_text *line, const char *workspace_id,
                          const struct emit_facility_window *window, struct emit_error *err);

#endif
