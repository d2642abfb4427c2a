// Power, counts and time of one point put in relation.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/power.h"

// counts * numerator / denominator joules over ns, in milliwatts: times 1000 * 1e9.
static const uint64_t milliwatt_ns_per_joule = 1000000000000;

int64_t emit_time_add(int64_t a, int64_t b) {
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

bool emit_point_can_draw(const struct emit_point *point, emit_u128 counts, int64_t span_ns) {
    emit_u128 wanted, most;
    if (__builtin_mul_overflow((emit_u128)point->max_milliwatts * (emit_u128)span_ns,
                               point->joules_denominator, &most))
        return true;
    if (__builtin_mul_overflow(counts, point->joules_numerator, &wanted) ||
        __builtin_mul_overflow(wanted, milliwatt_ns_per_joule, &wanted))
        return false;
    return wanted <= most;
}

int64_t emit_point_lag_ns(const struct emit_point *point) {
    return emit_time_add(point->update_period_ns, point->update_period_ns);
}

// The time in which `milliwatts` fill `counts`, rounded down. The divisor is
// formed first, so that neither product can leave 128 bits unnoticed.
static int64_t fill_ns(const struct emit_point *point, uint64_t counts, int64_t milliwatts) {
    emit_u128 energy, power = (emit_u128)milliwatts * point->joules_denominator;
    if (__builtin_mul_overflow((emit_u128)counts * point->joules_numerator, milliwatt_ns_per_joule,
                               &energy))
        return INT64_MAX;
    emit_u128 span = energy / power;
    return span > INT64_MAX ? INT64_MAX : (int64_t)span;
}

int64_t emit_point_wrap_ns(const struct emit_point *point) {
    if (!point->modulus) return INT64_MAX;
    return fill_ns(point, point->modulus, point->max_milliwatts);
}

int64_t emit_point_hold_ns(const struct emit_point *point) {
    return emit_time_add(emit_point_lag_ns(point), point->update_period_ns / 2);
}

int64_t emit_point_least_ns(const struct emit_point *point) {
    return emit_time_add(point->update_period_ns, point->averaged_ns);
}

int64_t emit_point_quiet_ns(const struct emit_point *point) {
    enum { PERIODS = 20 }; // a refusal for a counter that was only late would lose a whole run
    int64_t least = point->max_milliwatts / 1000, still_ns;
    if (__builtin_mul_overflow(point->update_period_ns, PERIODS, &still_ns)) still_ns = INT64_MAX;
    return emit_time_add(still_ns, fill_ns(point, point->step_counts, least ? least : 1));
}

int64_t emit_point_milliwatts(const struct emit_point *point, uint64_t counts, int64_t span_ns) {
    double watts = emit_joules(counts, point->joules_numerator, point->joules_denominator) * 1e9 /
                   (double)span_ns;
    return watts < 9e15 ? (int64_t)(watts * 1000) : INT64_MAX;
}
