// What can be said of a run that another user meters.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_RUN_GUEST_H
#define PROGRAMS_EMIT_RUN_GUEST_H

#include "report/report.h"

// Adds who meters the run, and how much energy that was by now.
void run_guest_note(struct emit_report *report, const struct emit_run_result *result);

#endif
