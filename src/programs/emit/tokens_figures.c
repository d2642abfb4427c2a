// Modeled quantities as a person reads them.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_figures.h"

#include "base/text.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

// Below this a column of decimals is mostly zeros.
#define SMALLEST_DECIMAL 0.001

const struct emit_energy_unit *tokens_figure_unit(double largest_joules) {
    static const struct emit_energy_unit units[] = {
        {"uJ", 1e-6}, {"mJ", 1e-3}, {"J", 1}, {"kJ", 1e3}, {"MJ", 1e6}, {"GJ", 1e9}, {"TJ", 1e12}};
    enum { UNITS = sizeof units / sizeof units[0], JOULES = 2 };
    if (largest_joules <= 0) return &units[JOULES];
    size_t unit = 0;
    while (unit + 1 < UNITS && largest_joules >= units[unit + 1].joules)
        unit++;
    return &units[unit];
}

static double round_to_two_digits(double value, char rounded[EMIT_FIGURE_MAX]) {
    (void)emit_text_format(rounded, EMIT_FIGURE_MAX, "%.1e", value);
    return strtod(rounded, NULL);
}

static bool is_plain(double two_digits) {
    return two_digits <= 0 || two_digits >= SMALLEST_DECIMAL;
}

bool tokens_figure_is_plain(double value) {
    char rounded[EMIT_FIGURE_MAX];
    return is_plain(round_to_two_digits(value, rounded));
}

void tokens_figure(char text[EMIT_FIGURE_MAX], double value) {
    // Rounded in decimal first: how many decimals stand depends on what it is rounded to.
    char rounded[EMIT_FIGURE_MAX];
    double two_digits = round_to_two_digits(value, rounded);
    int decimals = 0;
    for (double scaled = two_digits; scaled > 0 && scaled < 9.95 && decimals < 9; decimals++)
        scaled *= 10;
    if (is_plain(two_digits))
        (void)emit_text_format(text, EMIT_FIGURE_MAX, "%.*f", decimals, two_digits);
    else
        (void)emit_text_format(text, EMIT_FIGURE_MAX, "%s", rounded);
}

void tokens_figure_count(char text[EMIT_FIGURE_MAX], bool is_known, uint64_t count) {
    static const char units[] = {'k', 'M', 'G', 'T', 'P', 'E'};
    if (!is_known) {
        (void)emit_text_format(text, EMIT_FIGURE_MAX, "-");
        return;
    }
    if (count < 1000) {
        (void)emit_text_format(text, EMIT_FIGURE_MAX, "%" PRIu64, count);
        return;
    }
    size_t unit = 0;
    double value = (double)count / 1e3;
    // 999.5 is written with three digits, and would be 1000.
    for (; value >= 999.5 && unit + 1 < sizeof units; unit++)
        value /= 1e3;
    (void)emit_text_format(text, EMIT_FIGURE_MAX, "%.*f %c",
                           value < 9.995   ? 2
                           : value < 99.95 ? 1
                                           : 0,
                           value, units[unit]);
}
