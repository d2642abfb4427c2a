// Energy that a model counts beside the meter that counted it: a run that served tokens itself
// has one or the other.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_METERED_H
#define AGENT_METERED_H

#include "agent/place.h"
#include "host/host.h"
#include "outbox/outbox.h"
#include "report/report.h"

// Whether the run has energy of GPUs that was measured: in a report that the store keeps, or
// as far as the run has come that goes on on this node. outbox may be NULL.
EMIT_MUST_CHECK enum emit_status emit_run_has_measured(struct emit_host *host,
                                                       const struct emit_place *place,
                                                       struct emit_outbox *outbox,
                                                       const char *run_id, bool *has_measured,
                                                       struct emit_error *err);

// The same for who opened no store: one that is at outbox_path (NULL: the default place) is
// looked into, and none is made.
EMIT_MUST_CHECK enum emit_status
emit_run_look_measured(struct emit_host *host, const char *outbox_path, struct emit_outbox *outbox,
                       const char *run_id, bool *has_measured, struct emit_error *err);

// Adds a diagnostic to the report of a run that measured GPUs, when the store has events
// of it for tokens that it served itself.
EMIT_MUST_CHECK enum emit_status emit_report_check_modeled(struct emit_report *report,
                                                           struct emit_outbox *outbox,
                                                           struct emit_error *err);

#endif
