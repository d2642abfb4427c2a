// timing_uncertainty_joules against the truth: random power curves with a known
// integral are read through a counter that updates now and then. The energy of the
// job must lie within the stated uncertainty of the counted energy in 99 of 100
// runs, and the uncertainty must not be generous: at most three times what the
// error really is at its 95th percentile.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "measurement/measurement.h"

#include <math.h>
#include <stdlib.h>

enum { RUNS = 4000, STEPS = 24 };

static uint64_t state = 0x9e3779b97f4a7c15u;
static double random_unit(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}
static double random_between(double low, double high) {
    return low + (high - low) * random_unit();
}

// Watts over time in seconds: a base, a wave, and steps of load.
struct curve {
    double base, swing, omega, phase;
    double at[STEPS], watts[STEPS];
};

static struct curve random_curve(double seconds, double update_s) {
    struct curve curve = {.base = random_between(20, 250),
                          .omega = 6.2832 / (update_s * random_between(30, 3000)),
                          .phase = random_between(0, 6.2832)};
    curve.swing = curve.base * random_between(0, 0.5);
    // Loads that come and go: each even step goes up and the next one down again.
    for (int i = 0; i < STEPS; i += 2) {
        curve.at[i] = random_between(0, seconds);
        curve.at[i + 1] = random_between(curve.at[i], seconds);
        curve.watts[i] = random_between(0, 60);
        curve.watts[i + 1] = -curve.watts[i];
    }
    return curve;
}

static double energy(const struct curve *curve, double t) {
    double joules =
        curve->base * t -
        curve->swing / curve->omega * (cos(curve->omega * t + curve->phase) - cos(curve->phase));
    for (int i = 0; i < STEPS; i++)
        if (t > curve->at[i]) joules += curve->watts[i] * (t - curve->at[i]);
    return joules;
}

// A counter that shows the energy of its last update, at uneven intervals.
struct counter {
    const struct curve *curve;
    double update_s, updated;
};

static uint64_t show(struct counter *counter, double t, double unit) {
    for (;;) {
        double next = counter->updated + counter->update_s * random_between(0.6, 1.4);
        if (next > t) break;
        counter->updated = next;
    }
    return (uint64_t)(energy(counter->curve, counter->updated) / unit);
}

// The error of one run in parts of its stated uncertainty; negative: not measured.
static double one_run(double update_s, double unit, double pace_s) {
    double length = update_s * exp(random_between(log(8), log(5000)));
    // Of the way from the first reading to the job, and from the job to the last
    // reading, the meter knows a part: up to exec, and from when it was told.
    double spawn = random_between(0.0001, 0.0004), told = random_between(0.00002, 0.0002);
    double start = 5 * update_s, begin = start + spawn + random_between(0, spawn);
    double end = begin + length, reaped = told + random_between(0, told);
    struct curve curve = random_curve(end, update_s);
    struct counter counter = {&curve, update_s, update_s * random_unit()};
    struct emit_slot slot = {.point = {.component = EMIT_COMPONENT_CPU_PACKAGE,
                                       .update_period_ns = (int64_t)(update_s * 1e9),
                                       .max_milliwatts = 3000000,
                                       .joules_numerator = 1,
                                       .joules_denominator = (uint64_t)llround(1 / unit),
                                       .step_counts = 1}};
    for (double t = start;; t += pace_s) {
        if (t > end) t = end + reaped;
        struct emit_reading reading = {.count = show(&counter, t, unit),
                                       .taken_ns = (int64_t)(t * 1e9)};
        emit_tally_fold(&slot.tally, &slot.point, &reading);
        if (t > end) break;
    }
    struct emit_window window = {.from_ns = (int64_t)((start + spawn) * 1e9),
                                 .to_ns = (int64_t)((end + reaped - told) * 1e9)};
    struct emit_outcome outcome;
    emit_settle(&slot, 1, &window, &outcome);
    if (outcome.kind != EMIT_OUTCOME_MEASURED) return -1;
    double truth = energy(&curve, end) - energy(&curve, begin);
    return fabs(outcome.joules - truth) / outcome.uncertainty_joules;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static const struct {
    const char *what;
    double update_s, unit, pace_s;
} scenarios[] = {
    {"1 ms updates, read once a second", 0.001, 0.000061, 1},
    {"1 ms updates, read every 20 ms", 0.001, 0.000061, 0.02},
    {"100 ms updates, read once a second", 0.1, 0.001, 1},
    {"100 ms updates, read at the ends only", 0.1, 0.001, 1e9},
    {"1 ms updates in units of 1 J", 0.001, 1, 1},
};

int main(void) {
    for (size_t s = 0; s < sizeof scenarios / sizeof scenarios[0]; s++) {
        static double parts[RUNS];
        int measured = 0, within = 0;
        for (int i = 0; i < RUNS; i++) {
            double part = one_run(scenarios[s].update_s, scenarios[s].unit, scenarios[s].pace_s);
            if (part < 0) continue;
            parts[measured++] = part;
            within += part <= 1;
        }
        qsort(parts, (size_t)measured, sizeof parts[0], compare);
        double most = parts[measured * 95 / 100];
        CHECK(measured >= RUNS / 4, "%s: %d runs of %d are measured", scenarios[s].what, measured,
              RUNS);
        CHECK(within * 100 >= measured * 99, "within the uncertainty in %.2f of 100",
              100.0 * within / measured);
        CHECK(most * 3 >= 1, "the uncertainty is %.2f times the error's 95th percentile", 1 / most);
    }
    return check_end();
}
