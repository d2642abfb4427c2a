// The outcome table of the design, row by row, as far as a counter can meet it:
// each case is a script of readings of one point and what must become of it.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "measurement/measurement.h"

#include <stdlib.h>

static const int64_t ms = 1000000, s = 1000000000;
static const uint64_t range = 262143328850, modulus = 262143328911; // 61035 nJ in 32 bits

// One word of a script: at `at_ms` the counter shows `joules` (or fails with
// `code`), and the machine has slept `slept_ms` so far. Scripts end with at_ms < 0.
struct step {
    int at_ms;
    double joules;
    enum emit_code code;
    int slept_ms;
};

#define AT(ms, joules)                                                                             \
    { ms, joules, EMIT_CODE_NONE, 0 }
#define SLEPT(ms, joules, slept)                                                                   \
    { ms, joules, EMIT_CODE_NONE, slept }
#define BAD(ms, code)                                                                              \
    { ms, 0, code, 0 }
#define END                                                                                        \
    { -1, 0, EMIT_CODE_NONE, 0 }

static const struct {
    const char *what;
    struct step steps[8];
    struct emit_window window; // to_ns 0: the last step
    struct emit_point point;   // what differs from a plain package
    uint32_t concurrent_runs;
    enum emit_outcome_kind kind;
    enum emit_code code;
    double joules;
    double coverage; // 0: 1
    uint64_t wraps;
} cases[] = {
    {"a plain run", {AT(0, 100), AT(1000, 150), AT(2000, 260), END}, .joules = 160},
    {"a run of one interval", {AT(0, 100), AT(17, 101), END}, .joules = 1},
    {"one wrap", {AT(0, 262100), AT(1000, 56.671089), END}, .joules = 100.000, .wraps = 1},
    {"two wraps, each in an interval of its own",
     {AT(0, 262100), AT(200000, 100000), AT(400000, 262100), AT(401000, 56.671089), END},
     .window.pace_ns = 200000 * (int64_t)1000000,
     .joules = 262243.328911,
     .wraps = 2},
    {"a wrap within 1 ms of the start",
     {AT(0, 262143.3), AT(1, 0.1), AT(1000, 90), END},
     .joules = 90.028911,
     .wraps = 1},
    {"a wrap within 1 ms of the end",
     {AT(0, 262043.3), AT(1000, 262143.3), AT(1001, 0.1), END},
     .joules = 100.128911,
     .wraps = 1},
    {"a wrap could hide: 300 s at up to 1 kW",
     {AT(0, 100), AT(300000, 8000), END},
     .window.pace_ns = INT64_MAX,
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_WRAPPED_UNPROVEN},
    {"no wrap can hide: one more would be too much energy",
     {AT(0, 100), AT(300000, 100100), END},
     .window.pace_ns = INT64_MAX,
     .joules = 100000},
    {"64 bits do not wrap: nothing hides",
     {AT(0, 100), AT(3000000, 8000), END},
     .window.pace_ns = INT64_MAX,
     .point.modulus = 1, // stands for 0, see point_of
     .joules = 7900},
    {"64 bits smaller: reset",
     {AT(0, 1000), AT(1000, 1100), AT(2000, 5), AT(3000, 55), END},
     .point.modulus = 1,
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_RESET,
     .joules = 150,
     .coverage = 2.0 / 3},
    {"smaller, and a wrap would be too much power: reset",
     {AT(0, 1000), AT(1000, 1100), AT(2000, 5), AT(3000, 55), END},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_RESET,
     .joules = 150,
     .coverage = 2.0 / 3},
    {"nothing but a reset",
     {AT(0, 1000), AT(1000, 5), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_RESET},
    {"suspend, the counter began anew",
     {AT(0, 1000), AT(1000, 1100), SLEPT(2000, 5, 60000), SLEPT(3000, 55, 60000), END},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_RESET,
     .joules = 150,
     .coverage = 2.0 / 3},
    {"suspend, the counter went on",
     {AT(0, 1000), AT(1000, 1100), SLEPT(2000, 1200, 60000), SLEPT(3000, 1300, 60000), END},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_RESET,
     .joules = 200,
     .coverage = 2.0 / 3},
    {"a thread held up between two clocks is no suspend",
     {AT(0, 1000), SLEPT(1000, 1100, 20), SLEPT(2000, 1200, 0), END},
     .joules = 200},
    {"frozen from the start",
     {AT(0, 100), AT(1000, 100), AT(2000, 100), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_STALE},
    {"frozen in mid-run",
     {AT(0, 100), AT(1000, 200), AT(2000, 200), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_STALE},
    {"not moved in the last 20 ms only",
     {AT(0, 100), AT(1000, 200), AT(1020, 200), END},
     .joules = 100},
    {"not moved for longer than that",
     {AT(0, 100), AT(1000, 200), AT(1025, 200), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_STALE},
    {"units of 1 J may stand still for a second",
     {AT(0, 100), AT(1000, 200), AT(1900, 200), END},
     .point.step_counts = 1000000,
     .joules = 100},
    {"no count in a short window",
     {AT(0, 100), AT(2, 100), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_BELOW_RESOLUTION},
    {"no count in a short window of 1 J units",
     {AT(0, 100), AT(900, 100), END},
     .point.step_counts = 1000000,
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_BELOW_RESOLUTION},
    {"shorter than the update period",
     {AT(0, 100), AT(50, 101), END},
     .point.update_period_ns = 100000000,
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_BELOW_RESOLUTION},
    {"shorter than may be handed out",
     {AT(0, 100), AT(900, 150), END},
     .window.floor_ns = 1000000000,
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_BELOW_RESOLUTION},
    {"nothing sampled where the grid has no two ticks",
     {END},
     .window = {.to_ns = 300000000, .floor_ns = 1000000000},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_BELOW_RESOLUTION},
    {"more power than can be",
     {AT(0, 100), AT(1000, 200), AT(2000, 5200), AT(3000, 5300), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_IMPLAUSIBLE},
    {"more than the interval can hold, for the count before it was 2 ms old",
     {AT(0, 100), AT(1, 102.5), AT(1000, 200), END},
     .joules = 100},
    {"more than that",
     {AT(0, 100), AT(1, 103.5), AT(1000, 200), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_IMPLAUSIBLE},
    {"a count beyond its range",
     {AT(0, 100), AT(1000, 200), AT(2000, 262144), END},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_MALFORMED,
     .joules = 100,
     .coverage = 0.5},
    {"no good reading at all",
     {BAD(0, EMIT_CODE_MALFORMED), BAD(1000, EMIT_CODE_MALFORMED), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_MALFORMED},
    {"read errors after one reading",
     {AT(0, 100), BAD(1000, EMIT_CODE_MALFORMED), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_MALFORMED},
    {"read errors after it had counted",
     {AT(0, 100), AT(1000, 200), BAD(2000, EMIT_CODE_MALFORMED), END},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_MALFORMED,
     .joules = 100,
     .coverage = 0.5},
    {"read errors before it counted",
     {BAD(0, EMIT_CODE_MALFORMED), AT(1000, 100), AT(2000, 200), END},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_MALFORMED,
     .joules = 100,
     .coverage = 0.5},
    {"one read error between good readings loses nothing",
     {AT(0, 100), BAD(1000, EMIT_CODE_MALFORMED), AT(2000, 300), END},
     .window.pace_ns = 1000000000,
     .joules = 200},
    {"the device went away",
     {AT(0, 100), AT(1000, 200), BAD(2000, EMIT_CODE_GONE), AT(3000, 7), END},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_GONE,
     .joules = 100,
     .coverage = 1.0 / 3},
    {"the device went away before it counted",
     {AT(0, 100), BAD(1000, EMIT_CODE_GONE), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_GONE},
    {"no answer at all",
     {END},
     .window = {.to_ns = 1000000000},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_TIMEOUT},
    {"no answer after the first",
     {AT(0, 100), END},
     .window = {.to_ns = 1000000000},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_TIMEOUT},
    {"no closing sample",
     {AT(0, 100), AT(1000, 200), END},
     .window = {.to_ns = 4000000000},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_TIMEOUT,
     .joules = 100,
     .coverage = 0.25},
    {"first read after the job began",
     {AT(1000, 100), AT(4000, 400), END},
     .window = {.from_ns = 1},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_LATE,
     .joules = 300,
     .coverage = 0.75},
    {"first read after the job had ended",
     {AT(1000, 100), AT(2000, 200), END},
     .window = {.from_ns = 1, .to_ns = 999000000},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_TIMEOUT},
    {"first read after the job had ended, on the grid",
     {AT(1000, 100), AT(2000, 200), END},
     .window = {.from_ns = 1, .to_ns = 999000000, .floor_ns = 1000000000},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_BELOW_RESOLUTION},
    {"read errors until the job had ended",
     {BAD(0, EMIT_CODE_MALFORMED), AT(1000, 100), AT(2000, 200), END},
     .window = {.to_ns = 999000000},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_MALFORMED},
    {"killed",
     {AT(0, 100), AT(1000, 200), AT(2000, 300), END},
     .window = {.to_ns = 3000000000, .pace_ns = 1000000000, .killed = true},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_GAP,
     .joules = 200,
     .coverage = 2.0 / 3},
    {"killed before the second sample",
     {AT(0, 100), END},
     .window = {.to_ns = 1000000000, .pace_ns = 1000000000, .killed = true},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_BELOW_RESOLUTION},
    {"killed before the first sample",
     {END},
     .window = {.killed = true},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_BELOW_RESOLUTION},
    {"killed after the closing sample of an ended job",
     {AT(0, 100), AT(1000, 200), END},
     .window = {.to_ns = 999000000, .pace_ns = 1000000000, .killed = true},
     .joules = 100},
    {"stopped in the middle: the counter went on, samples are missing",
     {AT(0, 100), AT(1000, 200), AT(9000, 900), AT(10000, 1000), END},
     .window.pace_ns = 1000000000,
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_GAP,
     .joules = 900},
    {"edges between the ticks of the grid",
     {AT(1000, 100), AT(3000, 300), END},
     .window = {.from_ns = 600000000, .to_ns = 3400000000, .floor_ns = 1000000000},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_LATE,
     .joules = 200,
     .coverage = 2.0 / 2.8},
    {"only the end between two ticks",
     {AT(1000, 100), AT(3000, 300), END},
     .window = {.from_ns = 1000000000, .to_ns = 3400000000, .floor_ns = 1000000000},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_GAP,
     .joules = 200,
     .coverage = 2.0 / 2.4},
    {"other runs on the device",
     {AT(0, 100), AT(1000, 200), END},
     .concurrent_runs = 2,
     .code = EMIT_CODE_SHARED,
     .joules = 100},
    {"not from the kernel",
     {AT(0, 100), AT(1000, 200), END},
     .point.traits = EMIT_TRAIT_SIMULATED,
     .code = EMIT_CODE_SIMULATED,
     .joules = 100},
    {"may not be read",
     {END},
     .point.found = EMIT_CODE_DENIED,
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_DENIED},
    {"hidden by a container",
     {END},
     .point.found = EMIT_CODE_MASKED,
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_MASKED},
    {"no name for it",
     {END},
     .point.traits = EMIT_TRAIT_UNNAMEABLE,
     .kind = EMIT_OUTCOME_EXCLUDED,
     .code = EMIT_CODE_UNNAMEABLE},
    {"one core only",
     {END},
     .point = {.component = EMIT_COMPONENT_CPU_CORE, .traits = EMIT_TRAIT_ONE_CORE},
     .kind = EMIT_OUTCOME_EXCLUDED,
     .code = EMIT_CODE_NOT_A_TOTAL},
    {"metered by another process of the run",
     {END},
     .point.found = EMIT_CODE_ALREADY_METERED,
     .kind = EMIT_OUTCOME_EXCLUDED,
     .code = EMIT_CODE_ALREADY_METERED},
};

static struct emit_point point_of(const struct emit_point *differs) {
    struct emit_point point = *differs;
    strcpy(point.meter, "rapl");
    strcpy(point.device_id, "package-0");
    if (!point.component) point.component = EMIT_COMPONENT_CPU_PACKAGE;
    point.source = EMIT_SOURCE_RAPL;
    point.max_milliwatts = 1000000;
    point.modulus = point.modulus ? 0 : modulus;
    point.joules_numerator = 1;
    point.joules_denominator = 1000000;
    if (!point.step_counts) point.step_counts = 61;
    if (!point.update_period_ns) point.update_period_ns = ms;
    return point;
}

static struct emit_outcome play(size_t c) {
    struct emit_slot slot = {.point = point_of(&cases[c].point),
                             .concurrent_runs = cases[c].concurrent_runs};
    struct emit_window window = cases[c].window;
    int64_t end_ns = 0;
    for (const struct step *step = cases[c].steps; step->at_ms >= 0; step++) {
        struct emit_reading reading = {.code = step->code,
                                       .count = (uint64_t)(step->joules * 1e6 + 0.5),
                                       .taken_ns = step->at_ms * ms,
                                       .suspended_ns = step->slept_ms * ms};
        emit_tally_fold(&slot.tally, &slot.point, &reading);
        end_ns = reading.taken_ns;
    }
    if (!window.to_ns) window.to_ns = end_ns;
    struct emit_outcome outcome;
    emit_settle(&slot, 1, &window, &outcome);
    return outcome;
}

static int is_near(double a, double b) {
    return a - b < 1e-9 && b - a < 1e-9;
}

static void check_case(size_t c) {
    struct emit_outcome outcome = play(c);
    int right = outcome.kind == cases[c].kind && outcome.code == cases[c].code;
    CHECK(right, "%s: %s %s", cases[c].what, emit_outcome_word(outcome.kind),
          emit_code_word(outcome.code));
    if (outcome.kind != EMIT_OUTCOME_MEASURED && outcome.kind != EMIT_OUTCOME_PARTIAL) {
        CHECK(outcome.count == 0 && outcome.joules == 0, "and states no energy");
        return;
    }
    double coverage = cases[c].coverage > 0 ? cases[c].coverage : 1;
    CHECK(outcome.count == (uint64_t)(cases[c].joules * 1e6 + 0.5), "%.6f J", outcome.joules);
    CHECK(is_near(outcome.coverage_ratio, coverage), "covered: %.9f", outcome.coverage_ratio);
    CHECK(outcome.wraps == cases[c].wraps, "wraps: %llu", (unsigned long long)outcome.wraps);
    CHECK(outcome.uncertainty_joules > 0 && outcome.counts_in_total, "has edges and adds");
}

static void check_figures(void) {
    struct emit_outcome plain = play(0);
    CHECK(is_near(plain.mean_watts, 80) && is_near(plain.peak_watts, 110), "80 W, peak 110 W");
    CHECK(is_near(plain.sampling_hz, 1) && plain.samples == 3, "three samples are 1 Hz");
    CHECK(is_near(plain.uncertainty_joules, 0.001 * (50 + 110)), "1 ms at 50 W and at 110 W");
    CHECK(is_near(plain.resolution_joules, 61e-6), "one unit");
    CHECK(plain.from_ns == 0 && plain.to_ns == 2 * s, "first to last reading");
    struct emit_slot slot = {.point = point_of(&cases[0].point)};
    struct emit_reading readings[] = {{.count = 0, .taken_ns = 0, .within_ns = ms},
                                      {.count = 200000000, .taken_ns = 2 * s, .within_ns = 4 * ms}};
    struct emit_window window = {.from_ns = 300 * ms, .to_ns = 1900 * ms};
    struct emit_outcome early;
    for (int i = 0; i < 2; i++)
        emit_tally_fold(&slot.tally, &slot.point, &readings[i]);
    emit_settle(&slot, 1, &window, &early);
    CHECK(is_near(early.uncertainty_joules, 81.2),
          "300 ms before the job, 100 ms after it and slow reads are edges too");
    CHECK(range < modulus, "the largest count is below the modulus");
}

// A GPU's counter: updates every 100 ms, in millijoules.
static struct emit_outcome play_slow(const struct emit_reading *readings, size_t count) {
    struct emit_slot slot = {.point = {.component = EMIT_COMPONENT_GPU,
                                       .update_period_ns = 100 * ms,
                                       .max_milliwatts = 2000000,
                                       .joules_numerator = 1,
                                       .joules_denominator = 1000,
                                       .step_counts = 1}};
    struct emit_window window = {.from_ns = readings[0].taken_ns,
                                 .to_ns = readings[count - 1].taken_ns};
    struct emit_outcome outcome;
    for (size_t i = 0; i < count; i++)
        emit_tally_fold(&slot.tally, &slot.point, &readings[i]);
    emit_settle(&slot, 1, &window, &outcome);
    return outcome;
}

static void check_slow_counter(void) {
    struct emit_reading often[21] = {{0}}; // 100 W, then 300 W, read every 100 ms
    for (int i = 1; i <= 20; i++) {
        often[i].taken_ns = i * 100 * ms;
        often[i].count = often[i - 1].count + (i <= 10 ? 10000 : 30000);
    }
    struct emit_outcome slow = play_slow(often, 21);
    CHECK(is_near(slow.peak_watts, 250), "samples tell a peak together: %.0f W", slow.peak_watts);
    CHECK(is_near(slow.uncertainty_joules, 10 + 25), "100 ms at 100 W and at 250 W");
    slow = play_slow(often, 8);
    CHECK(slow.peak_watts == 0 && is_near(slow.mean_watts, 100), "700 ms do not tell a peak");
    CHECK(is_near(slow.uncertainty_joules, 22.9), "but 100 W, and a seventh more");
    slow = play_slow(often, 17);
    CHECK(is_near(slow.mean_watts, 175) && is_near(slow.peak_watts, 250), "the last 600 ms");
    slow = play_slow(often + 2, 16); // 100 W for 800 ms, 300 W for 700: too short to tell alone
    CHECK(is_near(slow.peak_watts, slow.mean_watts) && slow.mean_watts > 190,
          "a peak is not below the mean: %.1f W", slow.peak_watts);

    struct emit_reading dated[] = {{.count = 0, .age_ns = 10 * ms},
                                   {.count = 100000, .taken_ns = s, .age_ns = 20 * ms}};
    slow = play_slow(dated, 2);
    CHECK(is_near(slow.uncertainty_joules, 4), "20 ms at 100 W, at both ends");
    dated[1].age_ns = 300 * ms; // a device that updates less often than it should
    slow = play_slow(dated, 2);
    CHECK(is_near(slow.uncertainty_joules, 60), "an older value is as uncertain as it is old");

    struct emit_reading still[] = {{.count = 0},
                                   {.count = 100000, .taken_ns = s},
                                   {.count = 100000, .taken_ns = s + 500 * ms}};
    slow = play_slow(still, 3);
    CHECK(slow.kind == EMIT_OUTCOME_MEASURED && is_near(slow.uncertainty_joules, 100),
          "a counter that stood still for 500 ms may be as late");
    still[2].taken_ns = s + 2001 * ms;
    slow = play_slow(still, 3);
    CHECK(slow.kind == EMIT_OUTCOME_REFUSED && slow.code == EMIT_CODE_STALE,
          "for more than two seconds: stale");
}

int main(void) {
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        check_case(c);
    check_figures();
    check_slow_counter();
    return check_end();
}
