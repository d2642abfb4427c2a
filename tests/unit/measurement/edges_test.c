// timing_uncertainty_joules against the truth: random loads with a known energy are read
// through a counter that updates now and then. The energy of the job must lie within the
// stated uncertainty of the counted energy in 99 of 100 runs, and the uncertainty must
// not be generous: at most three times what the error really is at its 95th percentile.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "measurement/measurement.h"

#include "curve.h"

enum { RUNS = 4000 };

static const struct {
    const char *what;
    double update_s, uneven; // updates come as much earlier and later than the period
    double unit, pace_s;
    double least, most; // the job lasts so many periods
    enum curve_load load;
    bool is_dated;       // the device says how old its count is
    const char *without; // what a rule without the correction would be; NULL: no control
} scenarios[] = {
    {"1 ms updates, read once a second", 0.001, 0.4, 0.000061, 1, 8, 5000, CURVE_SMOOTH, 0, 0},
    {"1 ms updates, read every 20 ms", 0.001, 0.4, 0.000061, 0.02, 8, 5000, CURVE_SMOOTH, 0, 0},
    {"100 ms updates, read once a second", 0.1, 0.4, 0.001, 1, 8, 5000, CURVE_SMOOTH, 0, 0},
    {"100 ms updates, read at the ends only", 0.1, 0.4, 0.001, 1e9, 8, 5000, CURVE_SMOOTH, 0, 0},
    {"1 ms updates in units of 1 J", 0.001, 0.4, 1, 1, 8, 5000, CURVE_SMOOTH, 0, 0},
    {"any load, 100 ms updates", 0.1, 0.4, 0.001, 1, 1.05, 300, CURVE_ANY, 0, 0},
    {"any load, read twice an update", 0.1, 0.4, 0.001, 0.05, 1.05, 300, CURVE_ANY, 0, 0},
    {"a window of few updates", 0.1, 0.4, 0.001, 1, 1.05, 8, CURVE_ANY, 0, "the mean as it is"},
    {"an exporter's 30 s", 30, 0.02, 0.001, 1, 1.05, 100, CURVE_ANY, 0, 0},
    {"100 ms updates, dated", 0.1, 0.4, 0.001, 1, 1.05, 300, CURVE_ANY, 1, "each by its own age"},
    {"an exporter's 30 s, dated", 30, 0.02, 0.001, 1, 1.05, 100, CURVE_ANY, 1, 0},
};

// A counter that shows the energy of its last update, at uneven intervals.
struct counter {
    const struct curve *curve;
    double update_s, uneven, updated;
};

static uint64_t show(struct counter *counter, double t, double unit) {
    for (;;) {
        double next = counter->updated +
                      counter->update_s * random_between(1 - counter->uneven, 1 + counter->uneven);
        if (next > t) break;
        counter->updated = next;
    }
    return (uint64_t)(curve_energy(counter->curve, counter->updated) / unit);
}

// What a simpler rule would have stated.
static double without(size_t s, const struct emit_tally *tally,
                      const struct emit_outcome *outcome) {
    double update_s = scenarios[s].update_s;
    if (!scenarios[s].is_dated) return 2 * outcome->mean_watts * update_s;
    return outcome->mean_watts * (double)(tally->first_age_ns + tally->last_age_ns) / 1e9;
}

// The error of one run in parts of its stated uncertainty, and of the simpler rule's;
// negative: not measured.
static double one_run(size_t s, double *simpler) {
    static struct curve curve;
    double update_s = scenarios[s].update_s, unit = scenarios[s].unit;
    double lasts = update_s * random_scale(scenarios[s].least, scenarios[s].most);
    struct curve_job job = curve_job_of(5 * update_s, lasts);
    enum curve_load load = scenarios[s].load;
    if (load == CURVE_ANY) load = (enum curve_load)(random_unit() * CURVE_LOADS);
    curve_make(&curve, load, update_s, job.begin, job.end);
    struct counter counter = {&curve, update_s, scenarios[s].uneven, update_s * random_unit()};
    struct emit_slot slot = {.point = {.component = EMIT_COMPONENT_CPU_PACKAGE,
                                       .update_period_ns = (int64_t)(update_s * 1e9),
                                       .max_milliwatts = 3000000,
                                       .joules_numerator = 1,
                                       .joules_denominator = (uint64_t)llround(1 / unit),
                                       .step_counts = 1}};
    for (double t = job.start;; t += scenarios[s].pace_s) {
        if (t > job.end) t = job.end + job.reaped;
        struct emit_reading reading = {.count = show(&counter, t, unit),
                                       .taken_ns = (int64_t)(t * 1e9)};
        if (scenarios[s].is_dated) reading.age_ns = (int64_t)((t - counter.updated) * 1e9) + 1;
        emit_tally_fold(&slot.tally, &slot.point, &reading);
        if (t > job.end) break;
    }
    struct emit_window window = {.from_ns = job.from_ns, .to_ns = job.to_ns};
    struct emit_outcome outcome;
    emit_settle(&slot, 1, &window, &outcome);
    if (outcome.kind != EMIT_OUTCOME_MEASURED) return -1;
    double truth = curve_energy(&curve, job.end) - curve_energy(&curve, job.begin);
    double error = fabs(outcome.joules - truth);
    *simpler = error / without(s, &slot.tally, &outcome);
    return error / outcome.uncertainty_joules;
}

static void check_scenario(size_t s) {
    static double parts[RUNS];
    int measured = 0, within = 0, simpler_within = 0;
    for (int i = 0; i < RUNS; i++) {
        double simpler, part = one_run(s, &simpler);
        if (part < 0) continue;
        parts[measured++] = part;
        within += part <= 1;
        simpler_within += simpler <= 1;
    }
    qsort(parts, (size_t)measured, sizeof parts[0], curve_compare);
    double most = parts[measured * 95 / 100];
    CHECK(measured >= RUNS / 4, "%s: %d runs of %d are measured", scenarios[s].what, measured,
          RUNS);
    CHECK(within * 100 >= measured * 99, "within the uncertainty in %.2f of 100",
          100.0 * within / measured);
    CHECK(most * 3 >= 1, "the uncertainty is %.2f times the error's 95th percentile", 1 / most);
    if (scenarios[s].without)
        CHECK(simpler_within * 100 < measured * 99, "%s would do in %.2f of 100",
              scenarios[s].without, 100.0 * simpler_within / measured);
}

int main(void) {
    for (size_t s = 0; s < sizeof scenarios / sizeof scenarios[0]; s++)
        check_scenario(s);
    return check_end();
}
