// timing_uncertainty_joules of integrated power against the truth: random loads with a
// known energy, shown by a device as watts ten times a second, of the moment or as the
// mean of the last second, and read about as often. The energy of the job must lie within
// the stated uncertainty of the integral in 99 of 100 runs, and the uncertainty must be at
// most three times what the error really is at its 95th percentile.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "measurement/measurement.h"

#include "curve.h"

enum { RUNS = 1200 };

static const double update_s = 0.1, moment_s = 0.001;

static const struct {
    const char *what;
    double averaged_s;
    double least, most; // the job lasts so many seconds
    enum curve_load load;
    enum { WHOLE, NO_SCATTER, NO_AVERAGE } without; // of the rule, as a control
} scenarios[] = {
    {"smooth, of the moment", 0, 0.3, 300, CURVE_SMOOTH, WHOLE},
    {"noisy, of the moment", 0, 0.3, 300, CURVE_NOISY, NO_SCATTER},
    {"in bursts, of the moment", 0, 0.3, 300, CURVE_BURSTS, NO_SCATTER},
    {"constant, of the moment", 0, 0.3, 300, CURVE_CONSTANT, WHOLE},
    {"from its start, of the moment", 0, 0.3, 300, CURVE_JOB, NO_SCATTER},
    {"smooth, means of a second", 1, 1.2, 300, CURVE_SMOOTH, NO_AVERAGE},
    {"noisy, means of a second", 1, 1.2, 300, CURVE_NOISY, NO_AVERAGE},
    {"in bursts, means of a second", 1, 1.2, 300, CURVE_BURSTS, NO_AVERAGE},
    {"constant, means of a second", 1, 1.2, 300, CURVE_CONSTANT, WHOLE},
    {"from its start, means of a second", 1, 1.2, 300, CURVE_JOB, NO_AVERAGE},
    {"any load, a few seconds of means", 1, 1.2, 5, CURVE_ANY, NO_AVERAGE},
};

// The watts that the device shows at t; it updates them evenly, whenever it is asked.
static uint64_t show(const struct curve *curve, double phase_s, double t, double averaged_s) {
    double updated = phase_s + floor((t - phase_s) / update_s) * update_s;
    double from = updated - (averaged_s > 0 ? averaged_s : moment_s);
    double watts = (curve_energy(curve, updated) - curve_energy(curve, from)) / (updated - from);
    return (uint64_t)(watts * 1000);
}

// The error in parts of the stated uncertainty, or of a rule that lacks something.
static double part_of(const struct emit_slot *slot, const struct curve_job *job, double truth) {
    struct emit_window window = {.from_ns = job->from_ns, .to_ns = job->to_ns};
    struct emit_outcome outcome;
    emit_settle(slot, 1, &window, &outcome);
    if (outcome.kind != EMIT_OUTCOME_MEASURED) return -1;
    return fabs(outcome.joules - truth) / outcome.uncertainty_joules;
}

static double one_run(size_t s, double *lacking) {
    static struct curve curve;
    struct curve_job job = curve_job_of(5, random_scale(scenarios[s].least, scenarios[s].most));
    enum curve_load load = scenarios[s].load;
    if (load == CURVE_ANY) load = (enum curve_load)(random_unit() * CURVE_LOADS);
    curve_make(&curve, load, update_s, job.begin, job.end);
    double phase_s = update_s * random_unit(), averaged_s = scenarios[s].averaged_s;
    struct emit_slot slot = {.point = {.component = EMIT_COMPONENT_GPU,
                                       .accuracy = EMIT_ACCURACY_POWER_INTEGRATED,
                                       .update_period_ns = (int64_t)(update_s * 1e9),
                                       .averaged_ns = (int64_t)(averaged_s * 1e9),
                                       .max_milliwatts = 3000000,
                                       .joules_numerator = 1,
                                       .joules_denominator = 1000000000,
                                       .step_counts = 1}};
    for (double t = job.start;;) {
        if (t > job.end) t = job.end + job.reaped;
        struct emit_reading reading = {.count = show(&curve, phase_s, t, averaged_s),
                                       .taken_ns = (int64_t)(t * 1e9)};
        emit_tally_fold(&slot.tally, &slot.point, &reading);
        if (t > job.end) break;
        // The sampler wakes up a little late, and now and then very.
        t += update_s + random_between(0, 0.002);
        if (random_unit() < 0.01) t += random_between(0, update_s);
    }
    double truth = curve_energy(&curve, job.end) - curve_energy(&curve, job.begin);
    struct emit_slot without = slot;
    if (scenarios[s].without == NO_SCATTER) without.tally.scatter_joules2 = 0;
    if (scenarios[s].without == NO_AVERAGE) without.point.averaged_ns = 0;
    *lacking = part_of(&without, &job, truth);
    return part_of(&slot, &job, truth);
}

static void check_scenario(size_t s) {
    static const char *const controls[] = {"", "the scatter", "the averaging"};
    static double parts[RUNS];
    int measured = 0, within = 0, lacking_within = 0;
    for (int i = 0; i < RUNS; i++) {
        double lacking, part = one_run(s, &lacking);
        if (part < 0) continue;
        parts[measured++] = part;
        within += part <= 1;
        lacking_within += lacking <= 1;
    }
    qsort(parts, (size_t)measured, sizeof parts[0], curve_compare);
    double most = parts[measured * 95 / 100];
    CHECK(measured * 10 >= RUNS * 9, "%s: %d runs of %d are measured", scenarios[s].what, measured,
          RUNS);
    CHECK(within * 100 >= measured * 99, "within the uncertainty in %.2f of 100",
          100.0 * within / measured);
    CHECK(most * 3 >= 1, "the uncertainty is %.2f times the error's 95th percentile", 1 / most);
    if (scenarios[s].without)
        CHECK(lacking_within * 100 < measured * 99, "without %s it would be in %.2f of 100",
              controls[scenarios[s].without], 100.0 * lacking_within / measured);
}

int main(void) {
    for (size_t s = 0; s < sizeof scenarios / sizeof scenarios[0]; s++)
        check_scenario(s);
    return check_end();
}
