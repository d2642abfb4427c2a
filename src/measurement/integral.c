// Watts become joules: the trapezoid between every two samples, over their own times.
// What a power does between its samples nobody sees; how far each sample departs
// from the line between its neighbours says how much that can be.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/fold.h"
#include "measurement/power.h"

// (a + b) / 2 milliwatts over ns: (a + b) * ns / 2 picojoules.
enum { HALF_PICOJOULES = 2000 }; // in a nanojoule

// Takes a sample into the range of what was seen. False: no device draws so much.
static bool note_sample(struct emit_tally *tally, const struct emit_point *point, uint64_t count) {
    if (count > (uint64_t)point->max_milliwatts) {
        emit_tally_spoil(tally, EMIT_CODE_IMPLAUSIBLE);
        return false;
    }
    int64_t milliwatts = (int64_t)count;
    bool first = tally->samples <= 1;
    if (milliwatts > tally->peak_milliwatts) tally->peak_milliwatts = milliwatts;
    if (first || milliwatts < tally->least_milliwatts) tally->least_milliwatts = milliwatts;
    return true;
}

void emit_tally_begin_integral(struct emit_tally *tally, const struct emit_point *point,
                               const struct emit_reading *reading) {
    (void)note_sample(tally, point, reading->count);
}

// Nothing is rounded away: what is less than a nanojoule waits for the next interval.
static bool carry(struct emit_tally *tally, uint64_t milliwatts, int64_t gap_ns) {
    emit_u128 half = ((emit_u128)tally->last_count + milliwatts) * (emit_u128)gap_ns;
    half += tally->carried_rest;
    emit_u128 sum = half / HALF_PICOJOULES + tally->carried_count;
    if (sum > UINT64_MAX) return false;
    tally->carried_count = (uint64_t)sum;
    tally->carried_rest = (uint64_t)(half % HALF_PICOJOULES);
    return true;
}

// Were the watts of all samples independent, each would stand for the time round it with
// an error of their variance, and depart from the line between its neighbours by one and
// a half times that. Of one step of load this makes twice the error that it is, of a slow
// ramp nothing. A value stands at least for an update period, however often it is read;
// of that time, what it is the mean of is seen.
static void note_scatter(struct emit_tally *tally, const struct emit_point *point,
                         uint64_t milliwatts, int64_t gap_ns) {
    if (!tally->before_gap_ns) return;
    double both_ns = (double)tally->before_gap_ns + (double)gap_ns;
    double line = (double)tally->before_count + ((double)milliwatts - (double)tally->before_count) *
                                                    (double)tally->before_gap_ns / both_ns;
    double stands_ns = both_ns / 2;
    if (stands_ns < (double)point->update_period_ns) stands_ns = (double)point->update_period_ns;
    stands_ns -= (double)point->averaged_ns;
    if (stands_ns <= 0) return;
    double joules = ((double)tally->last_count - line) * stands_ns / 1e12;
    tally->scatter_joules2 += joules * joules / 1.5;
}

void emit_tally_integrate(struct emit_tally *tally, const struct emit_point *point,
                          const struct emit_reading *reading) {
    int64_t gap_ns = reading->taken_ns - tally->last_ns;
    bool slept = emit_reading_slept(tally, reading);
    if (slept) tally->resets++;
    bool known =
        note_sample(tally, point, reading->count) && !slept && gap_ns <= emit_point_hold_ns(point);
    if (known && !carry(tally, reading->count, gap_ns)) {
        emit_tally_spoil(tally, EMIT_CODE_IMPLAUSIBLE);
        known = false;
    }
    if (known)
        note_scatter(tally, point, reading->count, gap_ns);
    else
        tally->uncovered_ns += gap_ns;
    tally->before_count = tally->last_count;
    tally->before_gap_ns = known ? gap_ns : 0;
}
