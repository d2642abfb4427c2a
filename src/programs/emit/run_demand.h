// --require-measured: every point of the default set is measured and real.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_RUN_DEMAND_H
#define PROGRAMS_EMIT_RUN_DEMAND_H

#include "base/error.h"
#include "measurement/measurement.h"

// EMIT_REFUSED: the first point that fails the demand, or that there is none at
// all; the sentence names it. Outcomes are those of emit_settle_found before the
// command starts, those of emit_settle after it.
EMIT_MUST_CHECK enum emit_status run_demand_check(const struct emit_slot *slots,
                                                  const struct emit_outcome *outcomes, size_t count,
                                                  struct emit_error *err);

#endif
