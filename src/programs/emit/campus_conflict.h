// Why the store did not take the event of a window: which event stands in its way.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_CAMPUS_CONFLICT_H
#define PROGRAMS_EMIT_CAMPUS_CONFLICT_H

#include "agent/intake.h"
#include "measurement/facility.h"

// answer: of a line in conflict. Always says something, also where the store cannot be read.
void campus_conflict_explain(struct emit_facility_refusal *why, struct emit_outbox *outbox,
                             const struct emit_intake_answer *answer);

#endif
