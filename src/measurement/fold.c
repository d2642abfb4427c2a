// One reading into what a point remembers. Everything a counter can do between
// two readings is decided here: go on, wrap, begin anew, or lie. A power is
// integrated in integral.c.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/fold.h"
#include "measurement/power.h"

enum {
    // CLOCK_BOOTTIME and CLOCK_MONOTONIC are read one after the other; a machine
    // that slept is apart by more than a thread can be held up in between.
    SUSPEND_NS = 50 * 1000 * 1000,
    // Over so many update periods and hardware units a stretch's power is known
    // well enough (to an eighth) to be called a peak.
    TELLING = 8,
};

static void take_first(struct emit_tally *tally, const struct emit_reading *reading) {
    // Nothing was counted while it failed: that is not mended by a later answer.
    if (tally->failed) tally->trouble = tally->failed;
    tally->samples = 1;
    tally->first_count = tally->last_count = reading->count;
    tally->first_ns = tally->last_ns = tally->moved_ns = reading->taken_ns;
    tally->first_within_ns = tally->last_within_ns = reading->within_ns;
    tally->first_age_ns = tally->last_age_ns = reading->age_ns;
    tally->suspended_ns = reading->suspended_ns;
    tally->told_ns = reading->taken_ns;
}

static void fail(struct emit_tally *tally, enum emit_code code, int64_t taken_ns) {
    if (!tally->failed) tally->failed_ns = taken_ns;
    if (!tally->failed || code == EMIT_CODE_GONE) tally->failed = code;
    if (code == EMIT_CODE_GONE) tally->ended = true;
}

void emit_tally_spoil(struct emit_tally *tally, enum emit_code code) {
    if (tally->trouble != EMIT_CODE_IMPLAUSIBLE && tally->trouble != EMIT_CODE_WRAPPED_UNPROVEN)
        tally->trouble = code;
}

// A difference of counts is up to one hardware unit more than what was drawn.
static bool can_draw(const struct emit_point *point, emit_u128 counts, int64_t span_ns) {
    return counts <= point->step_counts ||
           emit_point_can_draw(point, counts - point->step_counts, span_ns);
}

// A new stretch of known power begins here.
static void begin_stretch(struct emit_tally *tally, int64_t at_ns) {
    tally->told_ns = at_ns;
    tally->told_count = tally->carried_count;
}

// Samples that follow each other faster than a slow counter moves tell its power
// together.
static void note_power(struct emit_tally *tally, const struct emit_point *point, int64_t at_ns) {
    int64_t span_ns = at_ns - tally->told_ns;
    uint64_t counts = tally->carried_count - tally->told_count;
    if (span_ns / TELLING < point->update_period_ns || counts / TELLING < point->step_counts)
        return;
    int64_t milliwatts = emit_point_milliwatts(point, counts, span_ns);
    if (!tally->first_milliwatts) tally->first_milliwatts = milliwatts;
    tally->last_milliwatts = milliwatts;
    if (milliwatts > tally->peak_milliwatts) tally->peak_milliwatts = milliwatts;
    begin_stretch(tally, at_ns);
}

bool emit_reading_slept(const struct emit_tally *tally, const struct emit_reading *reading) {
    return reading->suspended_ns - tally->suspended_ns > SUSPEND_NS;
}

// Adds what was counted since the last reading, or says that it is not known.
static void count_interval(struct emit_tally *tally, const struct emit_point *point,
                           const struct emit_reading *reading) {
    int64_t gap_ns = reading->taken_ns - tally->last_ns;
    int64_t span_ns = emit_time_add(gap_ns, emit_point_lag_ns(point));
    span_ns = emit_time_add(span_ns, emit_time_add(tally->last_within_ns, reading->within_ns));
    bool smaller = reading->count < tally->last_count;
    uint64_t counts = reading->count - tally->last_count;
    if (smaller) counts += point->modulus; // both differences modulo 2^64
    bool possible = can_draw(point, counts, span_ns);

    if (emit_reading_slept(tally, reading) || (smaller && (!point->modulus || !possible))) {
        tally->resets++;
        tally->uncovered_ns += gap_ns;
        begin_stretch(tally, reading->taken_ns);
        return;
    }
    if (!possible || __builtin_add_overflow(tally->carried_count, counts, &tally->carried_count)) {
        emit_tally_spoil(tally, EMIT_CODE_IMPLAUSIBLE);
        tally->uncovered_ns += gap_ns;
        return;
    }
    // One more wrap in this interval would leave the same two counts.
    if (point->modulus && can_draw(point, (emit_u128)counts + point->modulus, span_ns))
        emit_tally_spoil(tally, EMIT_CODE_WRAPPED_UNPROVEN);
    if (smaller) tally->wraps++;
    note_power(tally, point, reading->taken_ns);
}

void emit_tally_fold(struct emit_tally *tally, const struct emit_point *point,
                     const struct emit_reading *reading) {
    if (tally->ended || reading->taken_ns < 0 || reading->within_ns < 0 || reading->age_ns < 0)
        return;
    if (reading->code) {
        fail(tally, reading->code, reading->taken_ns);
        return;
    }
    if (point->modulus && reading->count >= point->modulus) {
        fail(tally, EMIT_CODE_MALFORMED, reading->taken_ns); // larger than it can count
        return;
    }
    if (!tally->samples) {
        take_first(tally, reading);
        if (emit_point_is_power(point)) emit_tally_begin_integral(tally, point, reading);
    } else {
        if (reading->taken_ns < tally->last_ns) return; // a clock that goes back proves nothing
        if (emit_point_is_power(point))
            emit_tally_integrate(tally, point, reading);
        else
            count_interval(tally, point, reading);
        if (reading->count != tally->last_count) tally->moved_ns = reading->taken_ns;
        int64_t gap_ns = reading->taken_ns - tally->last_ns;
        if (gap_ns > tally->longest_gap_ns) tally->longest_gap_ns = gap_ns;
        tally->samples++;
        tally->last_count = reading->count;
        tally->last_ns = reading->taken_ns;
        tally->last_within_ns = reading->within_ns;
        tally->last_age_ns = reading->age_ns;
        tally->suspended_ns = reading->suspended_ns;
    }
    tally->failed = EMIT_CODE_NONE;
    tally->failed_ns = 0;
}
