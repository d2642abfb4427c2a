// A closed run goes out: outcomes become event lines, every line passes the
// contract at strict, and events, diagnostics and the report enter the store in
// one append.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_PUBLISH_H
#define AGENT_PUBLISH_H

#include "agent/batch.h"
#include "report/report.h"

// Publishes what report (built from result; exit status, notes and times
// already set by the caller) says. Fills its events_* and `stored`, and adds
// a diagnostic for a line that broke the contract (a bug of ours: it is not
// stored, and not silent) and a note for whatever failed, so that the report
// printed afterwards says it. A run that is left to others publishes nothing.
//
// Where there is no store or no output, it is the caller who notes in the report that
// events are not stored, and why. The first failure is returned; what can still be done is done: a
// full store does not keep the lines out of `output`. When report->stored is set, or nothing was to
// be stored, the run's file has done its service: emit_run_result_stored.
EMIT_MUST_CHECK enum emit_status emit_publish(struct emit_report *report,
                                              const struct emit_run_result *result,
                                              const struct emit_destination *to,
                                              struct emit_error *err);

// Stores only the diagnostics of a report, when there is no run to speak of.
EMIT_MUST_CHECK enum emit_status emit_publish_diagnostics(const struct emit_report *report,
                                                          struct emit_outbox *outbox,
                                                          struct emit_error *err);

#endif
