// What a few values of one quantity have in common, and which of them stand out.
// Pure. Values that are not known are NaN, and are left out.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_STATISTICS_H
#define PROGRAMS_EMIT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

struct emit_statistics {
    size_t count; // of known values; 0: nothing below means anything
    double mean;
    double sigma; // of the sample (n - 1); NaN below two values
    double min;
    double max;
    double median;
};

// scratch: room for `count` values, of the caller.
void emit_statistics_of(struct emit_statistics *statistics, const double *values, size_t count,
                        double *scratch);

// Marks the values that stand out: those whose modified Z-score (Iglewicz and Hoaglin)
// 0.6745 (x - median) / MAD is beyond 3.5 in magnitude. Where more than half of the values are
// equal (MAD 0), (x - median) / (1.2533 mean absolute deviation) is taken instead. Mean and sigma
// would be moved by what they are to find. Below four values nothing can stand out.
// Returns how many are marked.
size_t emit_statistics_mark_outliers(bool *marks, const double *values, size_t count,
                                     double *scratch);

// 0 for what has none.
double emit_statistics_square_root(double value);

#endif
