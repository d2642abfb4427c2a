// A count becomes joules with one rounding, and times follow from the range.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "measurement/measurement.h"
#include "measurement/power.h"

#include <math.h>
#include <stdlib.h>

static const struct {
    uint64_t count, numerator, denominator;
    double joules;
} cases[] = {
    {0, 1, 1000000, 0},
    {1, 1, 1000000, 1e-6},
    {151200000, 1, 1000000, 151.2},
    {262143328850, 1, 1000000, 262143.328850},
    {9007199254740993, 1, 1, 9007199254740992.0}, // a tie goes to the even neighbour
    {9007199254740995, 1, 1, 9007199254740996.0},
    {UINT64_MAX, 1, 1, 18446744073709551616.0},
    {UINT64_MAX, UINT32_MAX, 1, 18446744073709551615.0 * 4294967295.0},
    {1, 1, UINT64_MAX, 1 / 18446744073709551615.0},
    {4294967295, 1000000, 1000000, 4294967295.0}, // 1 J units
    {1, 15259, 1000000000, 1.5259e-05},
    {6000000000000000003, 1, 3, 2000000000000000001.0},
};

static const struct {
    double joules, said;
} uncertainties[] = {
    {0, 0},
    {0.28332679649000003, 0.284},
    {0.284, 0.284}, // and stays so, however often it is said
    {0.2840000001, 0.285},
    {0.1 + 0.2, 0.301}, // a little more than 0.3
    {0.00099951, 0.001},
    {99.95, 100},
    {1e-9, 1e-9},
    {78, 78},
    {1234567, 1240000},
    {1.2345e30, 1.2345e30}, // no device: as it is
};

static uint64_t state = 88172645463325252u;
static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void check_uncertainties(void) {
    for (size_t i = 0; i < sizeof uncertainties / sizeof *uncertainties; i++) {
        double said = emit_uncertainty(uncertainties[i].joules);
        CHECK(said == uncertainties[i].said, "%.17g is said as %.17g: %.17g",
              uncertainties[i].joules, uncertainties[i].said, said);
    }
    int wrong = 0;
    for (int i = 0; i < 200000; i++) {
        double joules = ldexp((double)(next_random() >> 11), (int)(next_random() % 80) - 90);
        double said = emit_uncertainty(joules);
        char text[32];
        (void)snprintf(text, sizeof text, "%.2e", said);
        wrong += said < joules || said > joules * 1.0101 || strtod(text, NULL) != said ||
                 emit_uncertainty(said) != said;
    }
    CHECK(wrong == 0, "200000 random ones: three digits, not less, at most 1 %% more (%d wrong)",
          wrong);
}

// The oracle multiplies back: the double nearest to p / q is the one from which
// p / q is no further than half the distance to its neighbours, in long doubles
// with 64 bits of mantissa, exact here because all numbers are small enough.
static bool is_nearest(uint64_t count, uint64_t denominator, double joules) {
    long double wanted = (long double)count / (long double)denominator;
    double below = nextafter(joules, 0), above = nextafter(joules, HUGE_VAL);
    long double here = fabsl(wanted - (long double)joules);
    return here <= fabsl(wanted - (long double)below) && here <= fabsl(wanted - (long double)above);
}

static void check_random_counts(void) {
    int wrong = 0;
    for (int i = 0; i < 200000; i++) {
        uint64_t count = next_random() >> (next_random() % 60);
        uint64_t denominator = (next_random() >> (32 + next_random() % 32)) + 1;
        wrong += !is_nearest(count, denominator, emit_joules(count, 1, denominator));
    }
    CHECK(wrong == 0, "200000 random counts are rounded to the nearest double (%d wrong)", wrong);
    wrong = 0;
    for (uint64_t micro = 0; micro < 400000; micro++) {
        char text[32];
        (void)snprintf(text, sizeof text, "%llu.%06llu",
                       (unsigned long long)(micro * 7919 / 1000000),
                       (unsigned long long)(micro * 7919 % 1000000));
        wrong += strtod(text, NULL) != emit_joules(micro * 7919, 1, 1000000);
    }
    CHECK(wrong == 0, "microjoules equal the decimal number as libc reads it (%d wrong)", wrong);
}

static void check_wrap_times(void) {
    struct emit_point point = {.max_milliwatts = 1000000,
                               .modulus = 262143328911,
                               .joules_numerator = 1,
                               .joules_denominator = 1000000,
                               .update_period_ns = 1000000,
                               .step_counts = 61};
    CHECK(emit_point_wrap_ns(&point) == 262143328911, "262 kJ at 1 kW wrap in 262 s");
    point.max_milliwatts = 400000;
    CHECK(emit_point_wrap_ns(&point) / 1000000000 == 655, "and at 400 W in 655 s");
    point.modulus = 0;
    CHECK(emit_point_wrap_ns(&point) == INT64_MAX, "64 bits never wrap");
    point.modulus = UINT64_MAX;
    point.joules_numerator = UINT32_MAX;
    point.max_milliwatts = 1;
    point.joules_denominator = 1;
    CHECK(emit_point_wrap_ns(&point) == INT64_MAX, "a time beyond 64 bits is the longest there is");
    CHECK(emit_point_quiet_ns(&point) > 2 * point.update_period_ns, "large units may stand longer");
}

static void check_power_limit(void) {
    struct emit_point point = {.max_milliwatts = 1000,
                               .joules_numerator = 1,
                               .joules_denominator = 1000000,
                               .update_period_ns = 1};
    CHECK(emit_point_can_draw(&point, 1000000, 1000000000), "1 J in 1 s at 1 W can be");
    CHECK(!emit_point_can_draw(&point, 1000001, 1000000000), "one microjoule more cannot");
    CHECK(!emit_point_can_draw(&point, (emit_u128)UINT64_MAX << 63, 1000000000),
          "more than 128 bits cannot");
    CHECK(emit_point_can_draw(&point, 0, 0), "nothing in no time can be");
    point.max_milliwatts = INT64_MAX;
    point.joules_denominator = UINT64_MAX;
    CHECK(emit_point_can_draw(&point, UINT64_MAX, INT64_MAX), "a limit beyond 128 bits is none");
}

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double got = emit_joules(cases[i].count, cases[i].numerator, cases[i].denominator);
        CHECK(got == cases[i].joules, "%llu x %llu / %llu is %.17g, wanted %.17g",
              (unsigned long long)cases[i].count, (unsigned long long)cases[i].numerator,
              (unsigned long long)cases[i].denominator, got, cases[i].joules);
    }
    check_random_counts();
    check_uncertainties();
    check_wrap_times();
    check_power_limit();
    return check_end();
}
