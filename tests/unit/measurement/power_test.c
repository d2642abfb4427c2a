// A device that shows watts and no counter: scripts of readings of one such point, and
// what must become of it.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "measurement/measurement.h"

#include <stdlib.h>

static const int64_t ms = 1000000;

// At `at_ms` the device shows `watts` (or fails with `code`), and the machine has slept
// `slept_ms` so far. Scripts end with at_ms < 0.
struct step {
    int at_ms;
    double watts;
    enum emit_code code;
    int slept_ms;
};

#define AT(ms, watts)                                                                              \
    { ms, watts, EMIT_CODE_NONE, 0 }
#define SLEPT(ms, watts, slept)                                                                    \
    { ms, watts, EMIT_CODE_NONE, slept }
#define BAD(ms, code)                                                                              \
    { ms, 0, code, 0 }
#define END                                                                                        \
    { -1, 0, EMIT_CODE_NONE, 0 }

static const struct {
    const char *what;
    struct step steps[8];
    struct emit_window window; // to_ns 0: the last step
    int64_t averaged_ns;
    enum emit_outcome_kind kind;
    enum emit_code code;
    double joules;
    double coverage; // 0: 1
    double peak_watts;
} cases[] = {
    {"a constant load",
     {AT(0, 300), AT(100, 300), AT(200, 300), END},
     .joules = 60,
     .peak_watts = 300},
    {"a load that stands still for long is no stale one",
     {AT(0, 300), AT(200, 300), AT(400, 300), AT(600, 300), AT(800, 300), AT(1000, 300), END},
     .joules = 300,
     .peak_watts = 300},
    {"the trapezoid, over the samples' own times",
     {AT(0, 100), AT(100, 200), AT(150, 400), AT(250, 0), END},
     .joules = 15 + 15 + 20,
     .peak_watts = 400},
    {"two samples", {AT(0, 100), AT(110, 300), END}, .joules = 22, .peak_watts = 300},
    {"one sample in the middle is missing",
     {AT(0, 100), AT(100, 100), AT(310, 100), AT(400, 100), END},
     .joules = 40,
     .peak_watts = 100},
    {"one that failed", // 100 ms before and after it are bridged
     {AT(0, 100), AT(100, 100), BAD(200, EMIT_CODE_TIMEOUT), AT(300, 100), END},
     .joules = 30,
     .peak_watts = 100},
    {"what two missing ones drew is not known",
     {AT(0, 100), AT(100, 100), AT(400, 900), AT(500, 100), END},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_GAP,
     .joules = 10 + 50,
     .coverage = 0.4,
     .peak_watts = 900},
    {"nothing but a gap",
     {AT(0, 100), AT(1000, 100), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_GAP},
    {"suspend: what the device drew before and after it is not known",
     {AT(0, 100), AT(100, 100), SLEPT(200, 100, 60000), SLEPT(300, 100, 60000), END},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_RESET,
     .joules = 20,
     .coverage = 2.0 / 3,
     .peak_watts = 100},
    {"less power is no reset", {AT(0, 300), AT(100, 100), END}, .joules = 20, .peak_watts = 300},
    {"more power than can be",
     {AT(0, 300), AT(100, 1001), AT(200, 300), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_IMPLAUSIBLE},
    {"more power than can be, at once",
     {AT(0, 1001), AT(100, 300), AT(200, 300), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_IMPLAUSIBLE},
    {"as much as can be", {AT(0, 1000), AT(100, 1000), END}, .joules = 100, .peak_watts = 1000},
    {"0 W all the time: there is no sensor",
     {AT(0, 0), AT(100, 0), AT(200, 0), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_MALFORMED},
    {"0 W for a while", {AT(0, 0), AT(100, 0), AT(200, 10), END}, .joules = 0.5, .peak_watts = 10},
    {"a single sample",
     {AT(0, 300), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_BELOW_RESOLUTION},
    {"shorter than the update period",
     {AT(0, 300), AT(99, 300), END},
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_BELOW_RESOLUTION},
    {"shorter than what is averaged",
     {AT(0, 50), AT(200, 300), END},
     .averaged_ns = 1000000000,
     .kind = EMIT_OUTCOME_REFUSED,
     .code = EMIT_CODE_BELOW_RESOLUTION},
    {"the value is too old, says the meter",
     {AT(0, 100), AT(100, 100), BAD(200, EMIT_CODE_STALE), BAD(300, EMIT_CODE_STALE), END},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_STALE,
     .joules = 10,
     .coverage = 1.0 / 3,
     .peak_watts = 100},
    {"the device went away",
     {AT(0, 100), AT(100, 200), BAD(200, EMIT_CODE_GONE), AT(300, 100), END},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_GONE,
     .joules = 15,
     .coverage = 1.0 / 3,
     .peak_watts = 200},
    {"killed",
     {AT(0, 100), AT(100, 100), END},
     .window = {.to_ns = 200000000, .pace_ns = 100000000, .killed = true},
     .kind = EMIT_OUTCOME_PARTIAL,
     .code = EMIT_CODE_GAP,
     .joules = 10,
     .coverage = 0.5,
     .peak_watts = 100},
};

static struct emit_point gpu(void) {
    return (struct emit_point){.meter = "nvml",
                               .device_id = "GPU-1",
                               .source = EMIT_SOURCE_NVML,
                               .component = EMIT_COMPONENT_GPU,
                               .accuracy = EMIT_ACCURACY_POWER_INTEGRATED,
                               .update_period_ns = 100 * ms,
                               .max_milliwatts = 1000000,
                               .joules_numerator = 1,
                               .joules_denominator = 1000000000,
                               .step_counts = 1};
}

static bool is_near(double a, double b) {
    return a - b < 1e-9 && b - a < 1e-9;
}

static void check_case(size_t c) {
    struct emit_slot slot = {.point = gpu()};
    struct emit_window window = cases[c].window;
    int64_t end_ns = 0;
    slot.point.averaged_ns = cases[c].averaged_ns;
    for (const struct step *step = cases[c].steps; step->at_ms >= 0; step++) {
        struct emit_reading reading = {.code = step->code,
                                       .count = (uint64_t)(step->watts * 1e3 + 0.5),
                                       .taken_ns = step->at_ms * ms,
                                       .suspended_ns = step->slept_ms * ms};
        emit_tally_fold(&slot.tally, &slot.point, &reading);
        end_ns = reading.taken_ns;
    }
    if (!window.to_ns) window.to_ns = end_ns;
    struct emit_outcome outcome;
    emit_settle(&slot, 1, &window, &outcome);
    CHECK(outcome.kind == cases[c].kind && outcome.code == cases[c].code, "%s: %s %s",
          cases[c].what, emit_outcome_word(outcome.kind), emit_code_word(outcome.code));
    if (!emit_outcome_has_energy(&outcome)) {
        CHECK(outcome.count == 0 && outcome.joules == 0, "and states no energy");
        return;
    }
    double coverage = cases[c].coverage > 0 ? cases[c].coverage : 1;
    double covered = coverage * (double)(outcome.to_ns - outcome.from_ns) / 1e9;
    CHECK(is_near(outcome.joules, cases[c].joules), "%.9f J", outcome.joules);
    CHECK(is_near(outcome.coverage_ratio, coverage), "covered: %.9f", outcome.coverage_ratio);
    CHECK(is_near(outcome.mean_watts, cases[c].joules / covered), "mean %.3f W",
          outcome.mean_watts);
    CHECK(is_near(outcome.peak_watts, cases[c].peak_watts), "peak %.3f W", outcome.peak_watts);
    CHECK(is_near(outcome.resolution_joules, covered / 1000), "1 mW all the time");
    CHECK(outcome.uncertainty_joules >= outcome.resolution_joules && outcome.wraps == 0,
          "uncertain by %g J", outcome.uncertainty_joules);
}

// Nothing drifts: a hundred thousand intervals whose energies are no whole nanojoules
// add up to what one multiplication says.
static void check_rest(void) {
    struct emit_point point = gpu();
    struct emit_tally tally = {0};
    __extension__ unsigned __int128 half = 0; // half picojoules
    uint64_t before = 0, naive = 0;
    for (int64_t i = 0, at_ns = 0; i < 100000; i++) {
        struct emit_reading reading = {.count = (uint64_t)(i * 7919 % 1009), .taken_ns = at_ns};
        int64_t gap_ns = at_ns - tally.last_ns;
        uint64_t twice = (before + reading.count) * (uint64_t)gap_ns;
        half += twice;
        naive += twice / 2000;
        emit_tally_fold(&tally, &point, &reading);
        before = reading.count;
        at_ns += 1 + i % 997;
    }
    CHECK(tally.carried_count == (uint64_t)(half / 2000) && tally.carried_rest == half % 2000,
          "%llu nJ and the rest", (unsigned long long)tally.carried_count);
    CHECK(naive + 10000 < tally.carried_count, "without the rest it would be %llu nJ",
          (unsigned long long)naive);
}

// Random readings against books that are kept beside: watts of any size, samples that
// fail, come late or twice at once, sleep in between, impossible watts, a device that goes.

static uint64_t state = 0x2545f4914f6cdd1du;
static uint64_t below(uint64_t limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 16) % limit;
}

__extension__ typedef unsigned __int128 u128;

struct books {
    u128 half_picojoules;
    int64_t first_ns, last_ns, slept_ns, last_slept_ns, unknown_ns;
    uint64_t good, last, most;
    bool impossible, slept, gone;
};

static void keep_books(struct books *books, const struct emit_reading *reading) {
    if (books->gone) return;
    if (reading->code == EMIT_CODE_GONE) books->gone = true;
    if (reading->code) return;
    if (reading->count > 1000000) books->impossible = true;
    if (reading->count > books->most) books->most = reading->count;
    int64_t gap_ns = reading->taken_ns - books->last_ns;
    if (!books->good) {
        books->first_ns = reading->taken_ns;
    } else if (books->slept_ns != books->last_slept_ns) {
        books->slept = true;
        books->unknown_ns += gap_ns;
    } else if (gap_ns > 250 * ms) {
        books->unknown_ns += gap_ns;
    } else {
        books->half_picojoules += (u128)(books->last + reading->count) * (u128)gap_ns;
    }
    books->good++;
    books->last = reading->count;
    books->last_ns = reading->taken_ns;
    books->last_slept_ns = books->slept_ns;
}

static bool agrees(const struct books *books, const struct emit_outcome *outcome) {
    if (!emit_outcome_has_energy(outcome)) return outcome->count == 0;
    int64_t span_ns = books->last_ns - books->first_ns;
    bool whole = outcome->kind == EMIT_OUTCOME_MEASURED;
    double covered =
        (double)(span_ns - books->unknown_ns) / (double)(outcome->to_ns - outcome->from_ns);
    return !books->impossible && outcome->count == (uint64_t)(books->half_picojoules / 2000) &&
           outcome->samples == books->good && outcome->uncertainty_joules > 0 &&
           is_near(outcome->coverage_ratio, covered) &&
           is_near(outcome->peak_watts, (double)books->most / 1000) &&
           !(whole && (books->unknown_ns || books->gone || books->slept));
}

static void check_traces(void) {
    enum { TRACES = 200000 };
    int wrong = 0, seen[EMIT_OUTCOME_COUNT] = {0};
    for (int trace = 0; trace < TRACES; trace++) {
        struct emit_slot slot = {.point = gpu()};
        struct books books = {.slept_ns = (int64_t)below(5) * ms};
        struct emit_window window = {.from_ns = (int64_t)below(1000000000)};
        bool calm = below(2);
        int64_t at_ns = window.from_ns;
        for (uint64_t i = 0, count = 1 + below(12); i < count; i++) {
            if (i) at_ns += (int64_t)below(!calm && !below(8) ? 2000000000 : 250000001);
            if (!calm && !below(30)) books.slept_ns += 51 * ms + (int64_t)below(1000000000);
            struct emit_reading reading = {.count = below(calm ? 1000001 : 1002000),
                                           .taken_ns = at_ns,
                                           .suspended_ns = books.slept_ns};
            if (!calm && !below(10)) reading.code = EMIT_CODE_TIMEOUT;
            if (!calm && !below(60)) reading.code = EMIT_CODE_GONE;
            emit_tally_fold(&slot.tally, &slot.point, &reading);
            keep_books(&books, &reading);
        }
        window.to_ns = at_ns;
        struct emit_outcome outcome;
        emit_settle(&slot, 1, &window, &outcome);
        seen[outcome.kind]++;
        wrong += !agrees(&books, &outcome);
    }
    CHECK(wrong == 0, "%d traces, %d that disagree with the books", TRACES, wrong);
    CHECK(seen[EMIT_OUTCOME_MEASURED] > TRACES / 4 && seen[EMIT_OUTCOME_PARTIAL] > TRACES / 10 &&
              seen[EMIT_OUTCOME_REFUSED] > TRACES / 20,
          "%d measured, %d partial, %d refused", seen[EMIT_OUTCOME_MEASURED],
          seen[EMIT_OUTCOME_PARTIAL], seen[EMIT_OUTCOME_REFUSED]);
}

int main(void) {
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        check_case(c);
    check_rest();
    check_traces();
    return check_end();
}
