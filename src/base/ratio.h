// Exact fractions as the nearest double: the one rounding of everything that is
// counted in integers.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_RATIO_H
#define BASE_RATIO_H

#include <stdint.h>

__extension__ typedef unsigned __int128 emit_u128;

// numerator / denominator as the nearest double, ties to even. denominator > 0.
double emit_ratio(emit_u128 numerator, uint64_t denominator);

// count / 10^digits, rounded in the same way. digits <= 27.
double emit_ratio_decimal(emit_u128 count, int digits);

#endif
