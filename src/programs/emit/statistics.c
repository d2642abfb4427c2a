// Mean, spread and outliers of a few values.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/statistics.h"

#include <math.h>
#include <stdlib.h>

enum { OUTLIERS_FROM = 4 }; // values; among fewer none can stand out

static const double outlier_score = 3.5;
// What makes the two deviations estimate the sigma of normal values.
static const double sigma_per_median_deviation = 1 / 0.6745;
static const double sigma_per_mean_deviation = 1.253314;

// emit is not linked with libm: what that costs every start is more than this is worth.
// Newton's method, to the last bit but one.
double emit_statistics_square_root(double value) {
    if (!(value > 0)) return 0;
    int exponent;
    (void)frexp(value, &exponent);
    double root = ldexp(1, exponent / 2 + 1), before;
    // From above it falls until it cannot fall any more.
    do {
        before = root;
        root = (before + value / before) / 2;
    } while (root < before);
    return before;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

// The known values, sorted.
static size_t sort_known(double *sorted, const double *values, size_t count) {
    size_t known = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i])) sorted[known++] = values[i];
    qsort(sorted, known, sizeof *sorted, compare);
    return known;
}

static double median_of(const double *sorted, size_t count) {
    double upper = sorted[count / 2];
    return count % 2 ? upper : sorted[count / 2 - 1] + (upper - sorted[count / 2 - 1]) / 2;
}

void emit_statistics_of(struct emit_statistics *statistics, const double *values, size_t count,
                        double *scratch) {
    size_t known = sort_known(scratch, values, count);
    *statistics = (struct emit_statistics){.count = known};
    if (known == 0) return;
    // From the smallest value on: the sums stay small, whatever the values share.
    double base = scratch[0], sum = 0, squares = 0;
    for (size_t i = 0; i < known; i++)
        sum += scratch[i] - base;
    double mean = base + sum / (double)known;
    for (size_t i = 0; i < known; i++)
        squares += (scratch[i] - mean) * (scratch[i] - mean);
    statistics->mean = mean;
    statistics->sigma =
        known > 1 ? emit_statistics_square_root(squares / (double)(known - 1)) : (double)NAN;
    statistics->min = base;
    statistics->max = scratch[known - 1];
    statistics->median = median_of(scratch, known);
}

// What one sigma of normal values would be, told by most of them; 0: all are equal.
static double robust_sigma(const double *values, size_t count, double median, double *scratch) {
    size_t known = 0;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i])) continue;
        scratch[known] = fabs(values[i] - median);
        sum += scratch[known++];
    }
    qsort(scratch, known, sizeof *scratch, compare);
    double deviation = median_of(scratch, known);
    return deviation > 0 ? deviation * sigma_per_median_deviation
                         : sum / (double)known * sigma_per_mean_deviation;
}

size_t emit_statistics_mark_outliers(bool *marks, const double *values, size_t count,
                                     double *scratch) {
    size_t known = sort_known(scratch, values, count), marked = 0;
    for (size_t i = 0; i < count; i++)
        marks[i] = false;
    if (known < OUTLIERS_FROM) return 0;
    double median = median_of(scratch, known);
    double sigma = robust_sigma(values, count, median, scratch);
    for (size_t i = 0; i < count; i++) {
        marks[i] = !isnan(values[i]) && fabs(values[i] - median) > outlier_score * sigma;
        marked += marks[i];
    }
    return marked;
}
