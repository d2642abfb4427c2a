// The diagnostics of a run. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef REPORT_DIAGNOSE_H
#define REPORT_DIAGNOSE_H

#include "report/report.h"

// Adds one for everything that is not plainly measured; where all points of a meter came to
// the same end for the same reason, one for all of them, which names no point. The report's
// points stand.
EMIT_MUST_CHECK enum emit_status emit_report_diagnose_run(struct emit_report *report,
                                                          const struct emit_run_result *result,
                                                          struct emit_error *err);

#endif
