// Energy that a model counts beside the meter that counted it: a run that served tokens itself
// has one or the other.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_METERED_H
#define AGENT_METERED_H

#include "agent/place.h"
#include "host/host.h"
#include "outbox/outbox.h"
#include "report/report.h"

enum { EMIT_GROUPING_KEY_MAX = EMIT_RUN_ID_MAX + 16 }; // bytes of the key, terminator included

// The key that every modeled event of a run claims, however its tokens are grouped: by it
// the store finds them.
void emit_grouping_key(char key[EMIT_GROUPING_KEY_MAX], const char *run_id);

// Whether the run has energy of GPUs that was measured: in a report that the store keeps, or
// as far as the run has come that goes on on this node. outbox may be NULL.
EMIT_MUST_CHECK enum emit_status emit_run_has_measured(struct emit_host *host,
                                                       const struct emit_place *place,
                                                       struct emit_outbox *outbox,
                                                       const char *run_id, bool *has_measured,
                                                       struct emit_error *err);

// Adds a diagnostic to the report of a run that measured GPUs, when the store has events
// of it for tokens that it served itself.
EMIT_MUST_CHECK enum emit_status emit_report_check_modeled(struct emit_report *report,
                                                           struct emit_outbox *outbox,
                                                           struct emit_error *err);

#endif
