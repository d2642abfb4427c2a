// A division with more bits than a double holds, so that the conversion rounds and
// nothing else does.
// SPDX-License-Identifier: Apache-2.0
#include "base/ratio.h"

#include <assert.h>
#include <math.h>

static int bits_of(emit_u128 value) {
    uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;
    if (high) return 128 - __builtin_clzll(high);
    return low ? 64 - __builtin_clzll(low) : 0;
}

// The quotient is taken with at least 56 bits, three more than a double holds,
// and what is left of the division is kept as its lowest bit: so the conversion
// to double is the only rounding, and it sees on which side of a tie it stands.
// The quotient stands that many bits too far up.
static double divide(emit_u128 numerator, uint64_t denominator, int bits) {
    if (!numerator) return 0;
    int shift = 56 + bits_of(denominator) - bits_of(numerator);
    if (shift > 0)
        numerator <<= shift;
    else
        shift = 0;
    emit_u128 quotient = numerator / denominator;
    if (quotient * denominator != numerator) quotient |= 1;
    return ldexp((double)quotient, -shift - bits);
}

double emit_ratio(emit_u128 numerator, uint64_t denominator) {
    return divide(numerator, denominator, 0);
}

// 10^digits = 5^digits * 2^digits: the first fits 64 bits, the second moves the point.
double emit_ratio_decimal(emit_u128 count, int digits) {
    uint64_t fives = 1;
    assert(digits >= 0 && digits <= 27);
    for (int i = 0; i < digits; i++)
        fives *= 5;
    return divide(count, fives, digits);
}
