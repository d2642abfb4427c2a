// What a point's counts say about power, in integers: the questions that fold
// and settle put to a counter. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef MEASUREMENT_POWER_H
#define MEASUREMENT_POWER_H

#include "base/ratio.h" // 128 bits: a count times two factors fits
#include "measurement/measurement.h"

// True when the device can have drawn `counts` within `span_ns` at its maximum
// power. Exact; a product beyond 128 bits counts as more than any device draws,
// a maximum beyond them as no limit.
bool emit_point_can_draw(const struct emit_point *point, emit_u128 counts, int64_t span_ns);

// How long after a moment the counter may still show the value from before it:
// two update periods, for hardware does not keep its period exactly.
int64_t emit_point_lag_ns(const struct emit_point *point);

// The longest time that a living counter stands still: many update periods, and the
// time in which a thousandth of its maximum power fills one hardware unit. Two seconds
// for a GPU's counter of millijoules, which an idle GPU of 5 W moves by 500 an update. A
// window shorter than this that saw no move is below-resolution, not stale; a device
// that is switched off altogether would be stale, but what reads it keeps it awake.
int64_t emit_point_quiet_ns(const struct emit_point *point);

// What a window must last for its energy to be told from that before it: an update
// period, and the time over which a power is averaged.
int64_t emit_point_least_ns(const struct emit_point *point);

// Mean power of counts over span_ns > 0, for people and edges; not exact.
int64_t emit_point_milliwatts(const struct emit_point *point, uint64_t counts, int64_t span_ns);

// a + b for times >= 0, INT64_MAX instead of more.
int64_t emit_time_add(int64_t a, int64_t b);

#endif
