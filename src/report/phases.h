// The phases of a report. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef REPORT_PHASES_H
#define REPORT_PHASES_H

#include "report/report.h"

// Copies the phases of a closed run, sums each, and says what is missing in it.
EMIT_MUST_CHECK enum emit_status emit_report_add_phases(struct emit_report *report,
                                                        const struct emit_run_result *result,
                                                        struct emit_error *err);
void emit_report_phase_clear(struct emit_report_phase *phase);
// One total of everything that may be added, named by the components in it. Returns how
// many totals were written: 0 or 1.
size_t emit_report_sum(struct emit_report_total *total, const struct emit_slot *slots,
                       const struct emit_outcome *outcomes, size_t count);

#endif
