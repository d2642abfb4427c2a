// Modeled quantities as a person reads them: one row a figure.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "programs/emit/tokens_figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    double value;
    const char *text;
} figures[] = {
    {0, "0"},
    {1, "1.0"},
    {1.26, "1.3"},
    {9.94, "9.9"},
    {9.96, "10"},
    {99.4, "99"},
    {99.6, "100"},
    {101, "100"},
    {789.1, "790"},
    {996, "1000"},
    {1834, "1800"},
    {0.47, "0.47"},
    {0.996, "1.0"},
    {0.0994, "0.099"},
    {0.001, "0.0010"},
    {1e-4, "1.0e-04"},
    {0.00099, "9.9e-04"},
    {0.000996, "0.0010"},
    {2e9, "2000000000"},
};

static const struct {
    double largest;
    const char *unit;
} units[] = {
    {0, "J"},   {1e-9, "uJ"}, {0.0009, "uJ"}, {0.001, "mJ"}, {0.9, "mJ"},  {1, "J"},
    {999, "J"}, {1000, "kJ"}, {1e6, "MJ"},    {1e9, "GJ"},   {1e12, "TJ"}, {1e20, "TJ"},
};

static const struct {
    uint64_t count;
    const char *text;
} counts[] = {
    {0, "0"},
    {999, "999"},
    {1000, "1.00 k"},
    {1005, "1.00 k"},
    {9994, "9.99 k"},
    {9995, "10.0 k"},
    {99949, "99.9 k"},
    {99950, "100 k"},
    {999499, "999 k"},
    {999500, "1.00 M"},
    {1430000, "1.43 M"},
    {UINT64_C(1) << 53, "9.01 P"},
    {UINT64_MAX, "18.4 E"},
};

// Whatever is more than nothing is not written as nothing, and reads back within what two
// digits leave open.
static void test_all_magnitudes(void) {
    char text[EMIT_FIGURE_MAX];
    int wrong = 0;
    for (double value = 1e-12; value < 1e18; value *= 1.0371) {
        tokens_figure(text, value);
        wrong += !(fabs(strtod(text, NULL) - value) <= 0.0501 * value);
    }
    CHECK(wrong == 0, "%d values are not what two digits say", wrong);
}

int main(void) {
    char text[EMIT_FIGURE_MAX];
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        tokens_figure(text, figures[i].value);
        CHECK_STRING(text, figures[i].text, "figure");
        CHECK(tokens_figure_is_plain(figures[i].value) == !strchr(text, 'e'),
              "%s is told for what it is", text);
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        CHECK_STRING(tokens_figure_unit(units[i].largest)->name, units[i].unit, "unit");
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        tokens_figure_count(text, true, counts[i].count);
        CHECK_STRING(text, counts[i].text, "count");
    }
    tokens_figure_count(text, false, 7);
    CHECK_STRING(text, "-", "not known");
    test_all_magnitudes();
    return check_end();
}
