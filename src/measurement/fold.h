// What folding a counter and folding a power have in common. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef MEASUREMENT_FOLD_H
#define MEASUREMENT_FOLD_H

#include "measurement/measurement.h"

// What was counted so far cannot be believed, whatever comes.
void emit_tally_spoil(struct emit_tally *tally, enum emit_code code);

// True when the machine slept between the last reading and this one.
bool emit_reading_slept(const struct emit_tally *tally, const struct emit_reading *reading);

// The first reading of a power, and one that follows it.
void emit_tally_begin_integral(struct emit_tally *tally, const struct emit_point *point,
                               const struct emit_reading *reading);
void emit_tally_integrate(struct emit_tally *tally, const struct emit_point *point,
                          const struct emit_reading *reading);

#endif
