// Where a count stops being an integer, and where digits are given up.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/power.h"

double emit_joules(uint64_t count, uint64_t numerator, uint64_t denominator) {
    return emit_ratio((emit_u128)count * numerator, denominator);
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
