// How well the energy of a window is known: when its edges were, how old the counts
// there are, and what a power may have done between its samples.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/edges.h"

#include <math.h>

static double seconds(int64_t ns) {
    return (double)ns / 1e9;
}

// The square root by Newton's steps: libm would be linked for it alone, which every
// start would pay. From the right power of two, five steps leave no visible error.
static double root(double square) {
    enum { STEPS = 5 };
    int exponent;
    if (!(square > 0)) return 0;
    (void)frexp(square, &exponent);
    double guess = ldexp(1, exponent / 2);
    for (int i = 0; i < STEPS; i++)
        guess = (guess + square / guess) / 2;
    return guess;
}

// apart_ns lies between the reading and the job's own edge, as far as that is known: a
// process runs a little after it was started and is missed a little after it ended,
// and how long scheduling took on the known part of the way is the best guess at the
// rest of it. Hence twice.
static double apart_joules(double watts, int64_t apart_ns) {
    return apart_ns > 0 ? 2 * watts * seconds(apart_ns) : 0;
}

// How far an edge may lie before its reading: by the age of its value where the device
// tells it, else by an update period; and a counter that was seen to stand still for
// longer is as old as that.
static int64_t lag_ns(const struct emit_point *point, int64_t age_ns, int64_t still_ns) {
    if (age_ns) return age_ns;
    return still_ns > point->update_period_ns ? still_ns : point->update_period_ns;
}

// The later of the two edges. The errors of both have opposite signs, but the watts at
// an edge may well be twice what they are taken for: so each edge counts with this.
static double lag_seconds(const struct emit_point *point, const struct emit_tally *tally) {
    bool counts = !emit_point_is_power(point); // a power may stand still
    int64_t still_ns = counts ? tally->last_ns - tally->moved_ns : 0;
    int64_t first_ns = lag_ns(point, tally->first_age_ns, 0);
    int64_t last_ns = lag_ns(point, tally->last_age_ns, still_ns);
    return seconds(first_ns > last_ns ? first_ns : last_ns);
}

// A counter of large units updates when a unit is full.
static double count_joules(const struct emit_point *point, double watts, double lag) {
    double step =
        emit_joules(point->step_counts, point->joules_numerator, point->joules_denominator);
    return watts * lag > step ? watts * lag : step;
}

// Where no stretch was long enough to tell its power there is the mean, which may be
// short of what was drawn by an update period at the window's end.
static double counter_joules(const struct emit_point *point, const struct emit_tally *tally,
                             int64_t before_ns, int64_t after_ns, double mean_watts) {
    double periods = (double)(tally->last_ns - tally->first_ns) / (double)point->update_period_ns;
    double lag = lag_seconds(point, tally), untold = mean_watts * (1 + 1 / periods);
    double first = tally->first_milliwatts ? (double)tally->first_milliwatts / 1000 : untold;
    double last = tally->last_milliwatts ? (double)tally->last_milliwatts / 1000 : untold;
    return count_joules(point, first, lag) + apart_joules(first, before_ns) +
           count_joules(point, last, lag) + apart_joules(last, after_ns);
}

// Watts that the samples do not show, as a variance: between the samples, and at each
// end within the time that the shown value stands for. There they can be anywhere in
// the range that was seen; of a short window that range says little, and that a load
// stood still says as little of what it did after it was last seen. The two factors were
// found with random loads (docs/decisions/0016).
static double unseen_joules2(const struct emit_point *point, const struct emit_tally *tally,
                             double covered) {
    const double ends = 0.029, few = 0.2;
    double peak = (double)tally->peak_milliwatts / 1000;
    double range = peak - (double)tally->least_milliwatts / 1000;
    double stands = seconds(point->averaged_ns) + seconds(point->update_period_ns) / 2;
    double most = stands * range;
    double untold = seconds(point->update_period_ns) / 2, all = untold * peak;
    return tally->scatter_joules2 + (ends + few * stands / covered) * most * most +
           untold / covered * untold / covered * all * all;
}

// A power is shown late: by its age, and by half of the time that it is averaged over. A
// sensor has some window of its own, also where a power is said to be of the moment: half
// an update period is taken for it. The whole integral is late then, which matters by as
// much as the power at its end differs from that at its beginning.
static double power_joules(const struct emit_point *point, const struct emit_tally *tally,
                           int64_t before_ns, int64_t after_ns) {
    const double sigmas = 2.6; // 99 in 100
    // The rest of the way to the job's edge may be longer than what is known of it: of a
    // constant load nothing else is uncertain.
    const int64_t untold_ns = 125000;
    double first = (double)tally->first_count / 1000, last = (double)tally->last_count / 1000;
    int64_t least_ns = point->update_period_ns / 2;
    int64_t seen_ns = point->averaged_ns > least_ns ? point->averaged_ns : least_ns;
    double late = lag_seconds(point, tally) + seconds(seen_ns) / 2;
    double covered = seconds(tally->last_ns - tally->first_ns - tally->uncovered_ns);
    return fabs(last - first) * late + sigmas * root(unseen_joules2(point, tally, covered)) +
           (double)point->step_counts / 1000 * covered +
           apart_joules(first, before_ns + untold_ns) + apart_joules(last, after_ns + untold_ns);
}

double emit_edges_joules(const struct emit_point *point, const struct emit_tally *tally,
                         const struct emit_window *window, double mean_watts) {
    int64_t before_ns = window->from_ns - tally->first_ns + tally->first_within_ns;
    int64_t after_ns = tally->last_ns - window->to_ns + tally->last_within_ns;
    if (emit_point_is_power(point)) return power_joules(point, tally, before_ns, after_ns);
    return counter_joules(point, tally, before_ns, after_ns, mean_watts);
}
