// The windows a stream has had so far, so that a repeat, a contradiction and an overlap are
// seen in a record that comes later, in whatever order they come.
//
// Memory: EMIT_FACILITY_PAST_BYTES for each window that went out where they come in the order of
// time, newest or oldest first, and up to twice that where they come in no order; and at most
// EMIT_FACILITY_PAST_METER_BYTES for each meter.
// SPDX-License-Identifier: Apache-2.0
#ifndef MEASUREMENT_FACILITY_PAST_H
#define MEASUREMENT_FACILITY_PAST_H

#include "measurement/facility.h"

enum {
    EMIT_FACILITY_PAST_BYTES = 34,
    EMIT_FACILITY_PAST_METER_BYTES = 320,
    EMIT_FACILITY_PAST_MAX = 64 * 1024 * 1024, // windows: 2 to 4 GiB
};

// A window as it is remembered.
struct emit_facility_span {
    int64_t from_ns, to_ns;
    uint64_t print; // of what its event says: equal for two that say the same
    uint64_t index; // the caller's, to name it by; below 2^63
};

enum emit_facility_news {
    EMIT_FACILITY_NEW,      // remembered now
    EMIT_FACILITY_REPEATED, // says what *other says
    EMIT_FACILITY_CONTRARY, // of the window of *other, and says otherwise
    EMIT_FACILITY_OVERLAPS, // *other
};

struct emit_facility_past;

EMIT_MUST_CHECK enum emit_status emit_facility_past_open(struct emit_facility_past **past,
                                                         struct emit_error *err);
void emit_facility_past_close(struct emit_facility_past *past); // accepts NULL

// Compares with all that are remembered of the meter, and remembers what is new. *other is
// written unless it is new. EMIT_FULL: EMIT_FACILITY_PAST_MAX; EMIT_NO_MEMORY.
EMIT_MUST_CHECK enum emit_status
emit_facility_past_add(struct emit_facility_past *past, const struct emit_facility_meter *meter,
                       const struct emit_facility_span *span, enum emit_facility_news *news,
                       struct emit_facility_span *other, struct emit_error *err);

// No event stands for the window of the meter that begins then: it is in nobody's way any
// more, and goes when another one comes there. Its repeats are still told as such, so that
// how soon the caller knew makes no difference.
void emit_facility_past_void(struct emit_facility_past *past,
                             const struct emit_facility_meter *meter, int64_t from_ns);

#endif
