// Phases against a truth: a counter whose every count is known is sampled by a run and
// read at the edges of parts. What a part counts is what the counter counted between
// its edges, whatever the run did meanwhile; and a sum of parts is their sum.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "measurement/measurement.h"

static const int64_t ms = 1000000;

static struct emit_point new_point(uint64_t modulus) {
    return (struct emit_point){.component = EMIT_COMPONENT_CPU_PACKAGE,
                               .update_period_ns = ms,
                               .max_milliwatts = 3000,
                               .modulus = modulus,
                               .joules_numerator = 1,
                               .joules_denominator = 1000000,
                               .step_counts = 1};
}

static struct emit_reading read_at(uint64_t count, int64_t at_ms) {
    return (struct emit_reading){.count = count, .taken_ns = at_ms * ms};
}

static void sample(struct emit_tally *run, const struct emit_point *point, uint64_t count,
                   int64_t at_ms) {
    struct emit_reading reading = read_at(count, at_ms);
    emit_tally_fold(run, point, &reading);
}

// The run's tally of this moment with one more reading in it.
static struct emit_tally edge(const struct emit_tally *run, const struct emit_point *point,
                              struct emit_reading reading) {
    struct emit_tally copy = *run;
    emit_tally_fold(&copy, point, &reading);
    return copy;
}

// A line of a story: what happens at a moment.
enum act { SAMPLE, FAIL, GONE, BEGIN, BEGIN_DENIED, END, END_DENIED };
struct step {
    enum act act;
    int64_t at_ms;
    uint64_t count;
};

// Counts of 1 microjoule; 100 mW are 100 a millisecond.
struct want {
    enum emit_outcome_kind kind;
    enum emit_code code;
    uint64_t counted, wraps, samples;
    double coverage;
};
static const struct {
    const char *what;
    uint64_t modulus;
    struct step steps[6]; // the last is an END
    struct want want;
} stories[] = {
    {"no sample of the run in between",
     0,
     {{SAMPLE, 0, 0}, {BEGIN, 100, 1000}, {END, 300, 4000}},
     {EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, 3000, 0, 2, 1}},
    {"samples in between count",
     0,
     {{SAMPLE, 0, 0},
      {BEGIN, 100, 1000},
      {SAMPLE, 1000, 9000},
      {SAMPLE, 2000, 19000},
      {END, 2500, 20000}},
     {EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, 19000, 0, 4, 1}},
    {"a wrap that a sample of the run proved",
     1000000,
     {{SAMPLE, 0, 900000}, {BEGIN, 100, 950000}, {SAMPLE, 200, 60000}, {END, 300, 150000}},
     {EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, 200000, 1, 3, 1}},
    {"a wrap before the part is not its own",
     1000000,
     {{SAMPLE, 0, 900000}, {BEGIN, 100, 10000}, {SAMPLE, 200, 60000}, {END, 300, 150000}},
     {EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, 140000, 0, 3, 1}},
    {"a reset inside",
     0,
     {{SAMPLE, 0, 5000}, {BEGIN, 100, 6000}, {SAMPLE, 200, 100}, {END, 400, 2100}},
     {EMIT_OUTCOME_PARTIAL, EMIT_CODE_RESET, 1000, 0, 3, 1. / 3}},
    {"a reset that the first edge divides",
     0,
     {{SAMPLE, 0, 5000}, {BEGIN, 100, 50}, {SAMPLE, 200, 100}, {END, 400, 2100}},
     {EMIT_OUTCOME_PARTIAL, EMIT_CODE_RESET, 2000, 0, 3, 2. / 3}},
    {"a reset that only the edge saw",
     0,
     {{SAMPLE, 0, 5000}, {BEGIN, 100, 50}, {SAMPLE, 200, 6000}, {END, 400, 7000}},
     {EMIT_OUTCOME_REFUSED, EMIT_CODE_RESET, 0, 0, 1, 0}},
    {"the device goes in the middle",
     0,
     {{SAMPLE, 0, 0},
      {BEGIN, 100, 1000},
      {SAMPLE, 200, 2000},
      {GONE, 300, 0},
      {END_DENIED, 300, 0}},
     {EMIT_OUTCOME_PARTIAL, EMIT_CODE_GONE, 1000, 0, 2, 0.5}},
    {"the device went before",
     0,
     {{SAMPLE, 0, 0}, {GONE, 50, 0}, {BEGIN, 100, 1000}, {END, 300, 4000}},
     {EMIT_OUTCOME_REFUSED, EMIT_CODE_GONE, 0, 0, 0, 0}},
    {"the first edge may not be read",
     0,
     {{SAMPLE, 0, 0}, {BEGIN_DENIED, 100, 0}, {SAMPLE, 200, 2000}, {END, 300, 4000}},
     {EMIT_OUTCOME_REFUSED, EMIT_CODE_DENIED, 0, 0, 0, 0}},
    {"the last edge may not be read",
     0,
     {{SAMPLE, 0, 0}, {BEGIN, 100, 1000}, {SAMPLE, 200, 2000}, {END_DENIED, 300, 0}},
     {EMIT_OUTCOME_PARTIAL, EMIT_CODE_DENIED, 1000, 0, 2, 0.5}},
    {"the last edge may not be read, and nothing else was",
     0,
     {{SAMPLE, 0, 0}, {BEGIN, 100, 1000}, {END_DENIED, 300, 0}},
     {EMIT_OUTCOME_REFUSED, EMIT_CODE_DENIED, 0, 0, 1, 0}},
    {"a point that comes late",
     0,
     {{BEGIN_DENIED, 100, 0}, {SAMPLE, 200, 2000}, {END, 300, 4000}},
     {EMIT_OUTCOME_PARTIAL, EMIT_CODE_LATE, 2000, 0, 2, 0.5}},
    {"a sample that failed is mended",
     0,
     {{SAMPLE, 0, 0}, {BEGIN, 100, 1000}, {FAIL, 200, 0}, {END, 300, 4000}},
     {EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, 3000, 0, 2, 1}},
    {"shorter than an update",
     0,
     {{SAMPLE, 0, 0}, {BEGIN, 100, 1000}, {END, 100, 1000}},
     {EMIT_OUTCOME_REFUSED, EMIT_CODE_BELOW_RESOLUTION, 0, 0, 1, 0}},
    {"a counter that stands still",
     0,
     {{SAMPLE, 0, 0}, {BEGIN, 100, 1000}, {SAMPLE, 200, 1000}, {END, 1300, 1000}},
     {EMIT_OUTCOME_REFUSED, EMIT_CODE_STALE, 0, 0, 3, 0}},
};

static void play(size_t index) {
    struct emit_point point = new_point(stories[index].modulus);
    struct emit_tally run = {0}, begin = {0}, end = {0};
    struct emit_slot slot = {.point = point};
    struct emit_window window = {.pace_ns = 1000 * ms};
    const struct want *want = &stories[index].want;
    for (const struct step *step = stories[index].steps; !window.to_ns; step++) {
        struct emit_reading reading = read_at(step->count, step->at_ms);
        if (step->act == FAIL) reading.code = EMIT_CODE_TIMEOUT;
        if (step->act == GONE) reading.code = EMIT_CODE_GONE;
        if (step->act == BEGIN_DENIED || step->act == END_DENIED) reading.code = EMIT_CODE_DENIED;
        if (step->act <= GONE) emit_tally_fold(&run, &point, &reading);
        if (step->act == BEGIN || step->act == BEGIN_DENIED) {
            begin = edge(&run, &point, reading);
            window.from_ns = reading.taken_ns;
        }
        if (step->act == END || step->act == END_DENIED) {
            end = edge(&run, &point, reading);
            window.to_ns = reading.taken_ns;
        }
    }
    struct emit_outcome outcome;
    emit_tally_between(&slot.tally, &point, &begin, &end);
    emit_settle(&slot, 1, &window, &outcome);
    CHECK(outcome.kind == want->kind && outcome.code == want->code, "%s: %s %s",
          stories[index].what, emit_outcome_word(outcome.kind), emit_code_word(outcome.code));
    CHECK(outcome.count == want->counted && outcome.wraps == want->wraps &&
              outcome.samples == want->samples,
          "%s: counts %llu, %llu wraps, %llu samples", stories[index].what,
          (unsigned long long)outcome.count, (unsigned long long)outcome.wraps,
          (unsigned long long)outcome.samples);
    double off = outcome.coverage_ratio - want->coverage;
    CHECK(off < 1e-9 && off > -1e-9, "%s: covers %.3f", stories[index].what,
          outcome.coverage_ratio);

    // A sum of one part is that part.
    struct emit_slot sum = {.point = point};
    struct emit_outcome summed;
    const struct emit_span span = {window.from_ns, window.to_ns, window.from_ns};
    emit_tally_append(&sum.tally, &point, &slot.tally, &span);
    emit_settle(&sum, 1, &window, &summed);
    bool doubtful = summed.kind == EMIT_OUTCOME_REFUSED && outcome.kind == EMIT_OUTCOME_REFUSED;
    CHECK(doubtful || (summed.kind == outcome.kind && summed.code == outcome.code &&
                       summed.count == outcome.count &&
                       summed.uncertainty_joules == outcome.uncertainty_joules),
          "%s: so does a sum of it alone", stories[index].what);
}

// 100 parts of 10 ms, 20 ms apart, at 2 W in the parts and 1 W between them.
static void test_sum(void) {
    enum { PARTS = 100 };
    struct emit_point point = new_point(1000000);
    struct emit_tally run = {0};
    struct emit_slot slot = {.point = point};
    uint64_t count = 0;
    int64_t now_ms = 0, lasted_ns = 0, first_ns = 0;
    sample(&run, &point, 0, 0);
    for (int i = 0; i < PARTS; i++) {
        now_ms += 20;
        count += 20000;
        struct emit_tally part, begin = edge(&run, &point, read_at(count % 1000000, now_ms));
        struct emit_span span = {.from_ns = now_ms * ms};
        if (!first_ns) first_ns = span.from_ns;
        span.at_ns = first_ns + lasted_ns;
        now_ms += 10;
        count += 20000;
        if (i % 3 == 0) sample(&run, &point, (count - 10000) % 1000000, now_ms - 5);
        span.to_ns = now_ms * ms;
        struct emit_tally end = edge(&run, &point, read_at(count % 1000000, now_ms));
        emit_tally_between(&part, &point, &begin, &end);
        emit_tally_append(&slot.tally, &point, &part, &span);
        lasted_ns += span.to_ns - span.from_ns;
    }
    struct emit_outcome outcome;
    const struct emit_window window = {
        .from_ns = first_ns, .to_ns = first_ns + lasted_ns, .pace_ns = 1000 * ms};
    emit_settle(&slot, 1, &window, &outcome);
    CHECK(outcome.kind == EMIT_OUTCOME_MEASURED && outcome.count == PARTS * 20000,
          "a sum of %d parts counts what they counted: %llu", PARTS,
          (unsigned long long)outcome.count);
    CHECK(outcome.to_ns - outcome.from_ns == PARTS * 10 * ms && outcome.coverage_ratio == 1,
          "and lasts as long as they did");
    CHECK(outcome.mean_watts > 1.99 && outcome.mean_watts < 2.01, "at %.3f W", outcome.mean_watts);
    // 200 edges of 1 ms at 2 W, or at what the run drew before.
    CHECK(outcome.uncertainty_joules > 0.2 && outcome.uncertainty_joules <= 0.41,
          "each part's edges are uncertain: %.3f J", outcome.uncertainty_joules);
    double hertz = (double)(outcome.samples - 1) / 1.0;
    CHECK(outcome.sampling_hz > hertz - 1e-6 && outcome.sampling_hz < hertz + 1e-6,
          "sampling_hz is (samples - 1) / window: %.1f", outcome.sampling_hz);
}

// Of three parts one is missing: first, in the middle, last.
static void test_missing(void) {
    static const char *const where[] = {"first", "second", "last"};
    for (int missing = 0; missing < 3; missing++) {
        struct emit_point point = new_point(0);
        struct emit_tally run = {0};
        struct emit_slot slot = {.point = point};
        sample(&run, &point, 0, 0);
        for (int i = 0; i < 3; i++) {
            int64_t from = 100 + 200 * i, to = from + 50;
            struct emit_reading at = read_at((uint64_t)from * 100, from);
            if (i == missing) at.code = EMIT_CODE_MALFORMED;
            struct emit_tally part, begin = edge(&run, &point, at);
            struct emit_tally end = edge(&run, &point, read_at((uint64_t)to * 100, to));
            const struct emit_span span = {from * ms, to * ms, (100 + 50 * i) * ms};
            emit_tally_between(&part, &point, &begin, &end);
            emit_tally_append(&slot.tally, &point, &part, &span);
        }
        struct emit_outcome outcome;
        const struct emit_window window = {.from_ns = 100 * ms, .to_ns = 250 * ms};
        emit_settle(&slot, 1, &window, &outcome);
        CHECK(outcome.kind == EMIT_OUTCOME_PARTIAL && outcome.code == EMIT_CODE_MALFORMED &&
                  outcome.count == 10000,
              "without its %s part: %s %s, %llu counts", where[missing],
              emit_outcome_word(outcome.kind), emit_code_word(outcome.code),
              (unsigned long long)outcome.count);
        double off = outcome.coverage_ratio - 2. / 3;
        CHECK(off < 1e-9 && off > -1e-9, "of which two thirds are covered: %.3f",
              outcome.coverage_ratio);
    }
}

// A power whose run was held up: samples 300 ms apart are too far from each other, and an
// edge divides that. It is a gap, and not a reset.
static void test_held_up(void) {
    static const struct {
        int64_t end_ms;
        enum emit_outcome_kind kind;
        uint64_t counted; // nanojoules
    } ends[] = {{700, EMIT_OUTCOME_PARTIAL, 20000000000}, {400, EMIT_OUTCOME_REFUSED, 0}};
    struct emit_point point = {.component = EMIT_COMPONENT_GPU,
                               .accuracy = EMIT_ACCURACY_POWER_INTEGRATED,
                               .update_period_ns = 100 * ms,
                               .max_milliwatts = 1000000,
                               .joules_numerator = 1,
                               .joules_denominator = 1000000000,
                               .step_counts = 1};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct emit_tally run = {0};
        struct emit_slot slot = {.point = point};
        sample(&run, &point, 100000, 0);
        struct emit_tally begin = edge(&run, &point, read_at(100000, 200));
        for (int64_t at_ms = 300; at_ms < ends[i].end_ms; at_ms += 100)
            sample(&run, &point, 100000, at_ms);
        struct emit_tally end = edge(&run, &point, read_at(100000, ends[i].end_ms));
        const struct emit_window window = {
            .from_ns = 200 * ms, .to_ns = ends[i].end_ms * ms, .pace_ns = 100 * ms};
        struct emit_outcome outcome;
        emit_tally_between(&slot.tally, &point, &begin, &end);
        emit_settle(&slot, 1, &window, &outcome);
        CHECK(outcome.kind == ends[i].kind && outcome.code == EMIT_CODE_GAP &&
                  outcome.count == ends[i].counted,
              "a power sampled too seldom, until %d ms: %s %s, %llu counts", (int)ends[i].end_ms,
              emit_outcome_word(outcome.kind), emit_code_word(outcome.code),
              (unsigned long long)outcome.count);
    }
}

int main(void) {
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++)
        play(i);
    test_sum();
    test_missing();
    test_held_up();
    return check_end();
}
