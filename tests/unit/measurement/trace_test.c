// A million generated traces against an oracle that knows the true energy: a
// counter that wraps, begins anew, fails, jumps, stands still or goes away, read
// by a meter that sleeps and misses samples. The oracle keeps its own books from
// what it does to the counter, never from what fold makes of it.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "measurement/measurement.h"

#include <stdlib.h>

enum { TRACES = 1000000, READINGS_MAX = 16 };

static uint64_t state = 0x2545f4914f6cdd1du;
static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1du;
}
static uint64_t below(uint64_t limit) {
    return (uint64_t)(((unsigned long long)(next_random() >> 32) * (limit & 0xffffffff)) >> 32);
}
static bool once_in(uint32_t times) {
    return below(times) == 0;
}

static const struct emit_point kinds[] = {
    // Intel package, AMD socket, psys in units of 1 J, a GPU in millijoules, a tiny test counter.
    {.modulus = 262143328911,
     .step_counts = 61,
     .joules_denominator = 1000000,
     .update_period_ns = 1000000,
     .max_milliwatts = 1000000},
    {.modulus = 65532611002,
     .step_counts = 15,
     .joules_denominator = 1000000,
     .update_period_ns = 1000000,
     .max_milliwatts = 500000},
    {.modulus = 4294967296000000,
     .step_counts = 1000000,
     .joules_denominator = 1000000,
     .update_period_ns = 1000000,
     .max_milliwatts = 5000000},
    {.modulus = 0,
     .step_counts = 1,
     .joules_denominator = 1000,
     .update_period_ns = 100000000,
     .max_milliwatts = 1200000},
    {.modulus = 1000000,
     .step_counts = 1,
     .joules_denominator = 1000,
     .update_period_ns = 1000000,
     .max_milliwatts = 400000},
};

struct books {
    uint64_t shown;  // what the counter shows
    uint64_t since;  // true counts since the last good reading
    uint64_t total;  // true counts of the intervals that can be known
    int64_t lost_ns; // intervals that cannot: suspend, reset
    uint64_t good;   // good readings
    int64_t first_ns, last_ns, good_ns;
    bool hidden; // two wraps between two readings: no reader can know
    bool broken; // the interval since the last good reading is lost
    bool jumped; // the counter lied upwards
    bool gone;
    bool bad; // the last reading failed
};

// Counts that the device draws in ns at a random power below its maximum.
static uint64_t draw(const struct emit_point *point, int64_t ns) {
    double most =
        (double)point->max_milliwatts * (double)ns / 1e12 * (double)point->joules_denominator;
    double part = (double)below(1000) / 1000;
    if (once_in(8)) part = 0.999; // the device at its limit
    if (once_in(16)) part = 0;
    uint64_t counts = (uint64_t)(most * part);
    return counts - counts % point->step_counts;
}

static int64_t random_gap(void) {
    static const int64_t longest[] = {2000000,    100000000,   1500000000,
                                      1500000000, 20000000000, 400000000000};
    int64_t most = longest[below(6)];
    return 1 + (int64_t)(((double)below(1 << 30) / (1 << 30)) * (double)most);
}

// What happens to the counter between two readings.
static void pass(struct books *books, const struct emit_point *point, int64_t ns) {
    uint64_t counts = draw(point, ns);
    books->since += counts;
    books->shown += counts;
    if (point->modulus) books->shown %= point->modulus;
}

// A reset that a reader can tell from a wrap; others cannot be told by anybody.
static bool reset_shows(const struct emit_point *point, uint64_t before, uint64_t after,
                        int64_t ns) {
    if (after >= before) return false;
    if (!point->modulus) return true;
    double implied = (double)(point->modulus - before + after) / (double)point->joules_denominator;
    return implied > 1.01 * (double)point->max_milliwatts / 1e12 *
                             (double)(ns + 2 * point->update_period_ns) +
                         2.0 * (double)point->step_counts / (double)point->joules_denominator;
}

static void keep_books(struct books *books, const struct emit_point *point,
                       const struct emit_reading *reading, bool slept) {
    books->bad = reading->code != EMIT_CODE_NONE;
    if (books->gone || books->bad) return;
    if (!books->good) {
        books->first_ns = reading->taken_ns;
    } else if (books->broken || slept) {
        books->lost_ns += reading->taken_ns - books->good_ns;
    } else {
        books->total += books->since;
        if (point->modulus && books->since >= point->modulus) books->hidden = true;
    }
    books->good++;
    books->since = 0;
    books->broken = false;
    books->good_ns = books->last_ns = reading->taken_ns;
}

static int failures;
static const char *first_failure = "none";
static void must(bool good, const char *what) {
    if (!good && !failures++) first_failure = what;
}

static size_t seen[EMIT_OUTCOME_COUNT][EMIT_CODE_COUNT];

static void compare(const struct books *books, const struct emit_outcome *outcome) {
    bool energy = outcome->kind == EMIT_OUTCOME_MEASURED || outcome->kind == EMIT_OUTCOME_PARTIAL;
    seen[outcome->kind][outcome->code]++;
    must(!(energy && books->hidden), "two wraps in one interval must be refused");
    must(!(energy && books->jumped), "a jump must be refused");
    must(!(energy && !books->total), "no energy without a count");
    must(!(books->gone && outcome->kind == EMIT_OUTCOME_MEASURED), "gone is not measured");
    must(!(books->lost_ns && outcome->kind == EMIT_OUTCOME_MEASURED),
         "a lost interval is not measured");
    if (!energy) {
        must(outcome->count == 0 && !(outcome->joules > 0), "a refused point states no energy");
        return;
    }
    must(outcome->count == books->total, "the counts are exactly the true ones");
    must(outcome->samples == books->good, "the samples are the good readings");
    must(outcome->coverage_ratio >= 0 && outcome->coverage_ratio <= 1, "coverage within 0 and 1");
    must(outcome->kind == EMIT_OUTCOME_PARTIAL || outcome->coverage_ratio > 0.999999999,
         "measured covers the whole window");
    double covered = (double)(books->last_ns - books->first_ns - books->lost_ns) /
                     (double)(outcome->to_ns - outcome->from_ns);
    must(outcome->coverage_ratio - covered < 1e-9 && covered - outcome->coverage_ratio < 1e-9,
         "coverage is the known part of the window");
    must(outcome->uncertainty_joules > 0 && outcome->mean_watts > 0, "figures are there");
}

// Folding may not lose or invent anything on the way.
static void compare_step(const struct emit_tally *before, const struct emit_tally *after) {
    must(after->carried_count >= before->carried_count, "carried counts never shrink");
    must(after->uncovered_ns >= before->uncovered_ns, "uncovered time never shrinks");
    must(after->samples >= before->samples && after->samples <= before->samples + 1,
         "one at a time");
    must(after->uncovered_ns <= after->last_ns - after->first_ns, "uncovered lies in the window");
}

static void one_trace(void) {
    struct emit_slot slot = {.point = kinds[below(sizeof kinds / sizeof kinds[0])]};
    struct emit_point *point = &slot.point;
    point->joules_numerator = 1;
    point->component = EMIT_COMPONENT_CPU_PACKAGE;
    struct books books = {.shown = next_random() >> (point->modulus ? 0 : 8)};
    if (point->modulus) books.shown %= point->modulus;
    books.shown -= books.shown % point->step_counts;
    uint64_t readings = 1 + below(READINGS_MAX);
    struct emit_reading reading = {.taken_ns = (int64_t)below(1000000000)};
    bool calm = once_in(2), slept = false;
    int64_t from_ns = reading.taken_ns;

    for (uint64_t i = 0; i < readings; i++) {
        int64_t gap_ns = calm && point->modulus ? random_gap() % 2000000000 + 1 : random_gap();
        reading.code = EMIT_CODE_NONE;
        if (!calm && once_in(10))
            reading.code = once_in(2) ? EMIT_CODE_MALFORMED : EMIT_CODE_TIMEOUT;
        if (!calm && once_in(60)) reading.code = EMIT_CODE_GONE;
        if (i) {
            reading.taken_ns += gap_ns;
            pass(&books, point, gap_ns);
            if (!calm && once_in(12)) { // the machine slept; the counter may begin anew
                reading.suspended_ns += 60000000 + (int64_t)below(1000000000);
                slept = true;
                if (once_in(2)) books.shown = below(1000) * point->step_counts % 100000;
            } else if (!calm && once_in(16) && books.good && !reading.code) {
                uint64_t anew = below(50) * point->step_counts % 100000;
                int64_t since_ns = reading.taken_ns - books.good_ns;
                if (reset_shows(point, slot.tally.last_count, anew, since_ns)) {
                    books.shown = anew;
                    books.broken = true;
                }
            }
        }
        bool jumps = !calm && i && once_in(40) && !books.broken && !slept && books.good;
        reading.count = books.shown;
        if (jumps && !reading.code && !point->modulus && !books.gone) {
            books.shown += (uint64_t)1 << 50;
            reading.count = books.shown;
            books.jumped = true;
        }
        struct emit_tally before = slot.tally;
        emit_tally_fold(&slot.tally, point, &reading);
        compare_step(&before, &slot.tally);
        if (!books.gone && !reading.code && slept)
            books.hidden = before.samples ? false : books.hidden;
        keep_books(&books, point, &reading, slept);
        if (!reading.code) slept = false;
        if (reading.code == EMIT_CODE_GONE) books.gone = true;
    }
    struct emit_window window = {
        .from_ns = from_ns, .to_ns = reading.taken_ns, .pace_ns = INT64_MAX};
    struct emit_outcome outcome;
    emit_settle(&slot, 1, &window, &outcome);
    compare(&books, &outcome);
}

int main(void) {
    for (int i = 0; i < TRACES; i++)
        one_trace();
    CHECK(failures == 0, "%d traces, %d broken promises, the first: %s", TRACES, failures,
          first_failure);
    static const struct {
        enum emit_outcome_kind kind;
        enum emit_code code;
    } wanted[] = {
        {EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE},
        {EMIT_OUTCOME_PARTIAL, EMIT_CODE_RESET},
        {EMIT_OUTCOME_PARTIAL, EMIT_CODE_GONE},
        {EMIT_OUTCOME_PARTIAL, EMIT_CODE_MALFORMED},
        {EMIT_OUTCOME_PARTIAL, EMIT_CODE_TIMEOUT},
        {EMIT_OUTCOME_REFUSED, EMIT_CODE_WRAPPED_UNPROVEN},
        {EMIT_OUTCOME_REFUSED, EMIT_CODE_IMPLAUSIBLE},
        {EMIT_OUTCOME_REFUSED, EMIT_CODE_STALE},
        {EMIT_OUTCOME_REFUSED, EMIT_CODE_RESET},
        {EMIT_OUTCOME_REFUSED, EMIT_CODE_BELOW_RESOLUTION},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        size_t times = seen[wanted[i].kind][wanted[i].code];
        CHECK(times > 100, "%s %s was met %zu times", emit_outcome_word(wanted[i].kind),
              emit_code_word(wanted[i].code), times);
    }
    return check_end();
}
