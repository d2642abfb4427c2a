// Exact fractions become the nearest double, also where 64 bits do not hold them.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/number.h"
#include "base/ratio.h"

#include <math.h>

#define U128(high, low) ((emit_u128)(high) << 64 | (low))

static const struct {
    emit_u128 numerator;
    uint64_t denominator;
    double wanted;
} cases[] = {
    {0, 7, 0},
    {1, 3, 1.0 / 3},
    {U128(1, 0), 1, 0x1p64},
    {U128(UINT64_MAX, UINT64_MAX), 1, 0x1p128},
    {U128(UINT64_MAX, UINT64_MAX), UINT64_MAX, 0x1p64},
    {U128(1, 0x800), 1, 0x1p64},                // a tie: to the even neighbour below
    {U128(1, 0x801), 1, 0x1.0000000000001p64},  // a little more than the tie
    {U128(1, 0x1800), 1, 0x1.0000000000002p64}, // a tie: to the even neighbour above
    {U128(1, 0x1002), 2, 0x1.0000000000001p63}, // the division is exact
    {U128(3, 0x1801), 3, 0x1.0000000000001p64}, // a third more than the tie
    {1, UINT64_MAX, 0x1p-64},
};

static uint64_t state = 88172645463325252u;
static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

// The reader of decimal numbers has its own way of rounding, through bignum.c.
static void check_decimals(void) {
    int wrong = 0;
    for (int i = 0; i < 100000; i++) {
        emit_u128 count = U128(next_random(), next_random()) >> (next_random() % 128);
        int digits = (int)(next_random() % 28);
        char text[64], backwards[64];
        size_t length = 0;
        for (emit_u128 rest = count; rest || length == 0; rest /= 10)
            backwards[length++] = (char)('0' + (int)(rest % 10));
        for (size_t at = 0; at < length; at++)
            text[at] = backwards[length - 1 - at];
        length += (size_t)snprintf(text + length, sizeof text - length, "e-%d", digits);
        double wanted = 0;
        wrong +=
            !emit_number_read(text, length, &wanted) || emit_ratio_decimal(count, digits) != wanted;
    }
    CHECK(wrong == 0, "100000 random decimals equal the number as it is read (%d wrong)", wrong);
}

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = emit_ratio(cases[i].numerator, cases[i].denominator);
        CHECK(got == cases[i].wanted, "case %zu: %a is %a", i, got, cases[i].wanted);
    }
    CHECK(emit_ratio_decimal(1, 27) == 1e-27, "the smallest decimal");
    CHECK(emit_ratio_decimal(1512, 1) == 151.2, "151.2");
    check_decimals();
    return check_end();
}
