// The one place where a count stops being an integer, and where digits are given up.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/power.h"

#include <math.h>

static int bits_of(emit_u128 value) {
    uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;
    if (high) return 128 - __builtin_clzll(high);
    return low ? 64 - __builtin_clzll(low) : 0;
}

// The quotient is taken with at least 56 bits, three more than a double holds,
// and what is left of the division is kept as its lowest bit: so the conversion
// to double is the only rounding, and it sees on which side of a tie it stands.
double emit_joules(uint64_t count, uint64_t numerator, uint64_t denominator) {
    emit_u128 product = (emit_u128)count * numerator;
    if (!product) return 0;
    int shift = 56 + bits_of(denominator) - bits_of(product);
    if (shift > 0)
        product <<= shift;
    else
        shift = 0;
    emit_u128 quotient = product / denominator;
    if (quotient * denominator != product) quotient |= 1;
    return ldexp((double)quotient, -shift);
}

// Powers of ten up to 10^22 are exact doubles: digits / ten or digits * ten is then the
// double nearest to three decimal digits, and prints as them.
double emit_uncertainty(double joules) {
    if (!(joules > 1e-20 && joules < 1e20)) return joules; // no device
    double ten = 1;
    bool small = joules < 100;
    while (small ? joules * ten < 100 : joules / ten >= 1000)
        ten *= 10;
    double digits = (double)(int)(small ? joules * ten : joules / ten);
    double said = small ? digits / ten : digits * ten;
    if (said >= joules) return said;
    digits += 1;
    return small ? digits / ten : digits * ten;
}
