// Quantities as a person reads them: one row a figure.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/time.h"
#include "programs/emit/figures.h"

#include <math.h>
#include <string.h>

static const struct {
    void (*write)(char text[EMIT_FIGURE_MAX], double value);
    double value;
    const char *text;
} figures[] = {
    {emit_figure_energy, 0, "0.000 J"},
    {emit_figure_energy, 0.0123, "0.012 J"},
    {emit_figure_energy, 999.9, "999.900 J"},
    {emit_figure_energy, 1000, "1.000 kJ"},
    {emit_figure_energy, 98412, "98.412 kJ"},
    {emit_figure_energy, 1e6, "1.000 MJ"},
    {emit_figure_energy, 1.5e12, "1500.000 GJ"},
    {emit_figure_energy, 1e300, "1e+291 GJ"},
    {emit_figure_energy_short, 260426, "260.4 kJ"},
    {emit_figure_energy_short, 98412, "98.41 kJ"},
    {emit_figure_energy_short, 1.5e12, "1500 GJ"},
    {emit_figure_uncertainty, 0, "0 J"},
    {emit_figure_uncertainty, 0.000061, "0.000061 J"},
    {emit_figure_uncertainty, 0.045, "0.045 J"},
    {emit_figure_uncertainty, 0.52, "0.52 J"},
    {emit_figure_uncertainty, 1.25, "1.2 J"},
    {emit_figure_uncertainty, 9.96, "10 J"},
    {emit_figure_uncertainty, 78.4, "78 J"},
    {emit_figure_uncertainty, 9999, "9999 J"},
    {emit_figure_uncertainty, 10000, "10 kJ"},
    {emit_figure_mean_watts, 0, "0.0"},
    {emit_figure_mean_watts, 389.91, "389.9"},
    {emit_figure_mean_watts, 123456, "123456"},
    {emit_figure_peak_watts, 0, ""},
    {emit_figure_peak_watts, 6.72, "6.7"},
    {emit_figure_peak_watts, 612.4, "612"},
    {emit_figure_watt_hours, 260421, "72.34 Wh"},
    {emit_figure_watt_hours, 3600, "1.000 Wh"},
    {emit_figure_watt_hours, 0, "0.000 mWh"},
    {emit_figure_watt_hours, 1060, "294.4 mWh"},
    {emit_figure_watt_hours, 3.6e6 * 151.2, "151.2 kWh"},
};

// Whichever month and day stand alone are of the eleven months before now.
static void test_moments(void) {
    static const struct {
        const char *moment, *now, *text;
    } cases[] = {
        {"2025-12-17T19:33:00.000Z", "2026-11-26T01:00:00.000Z", "2025-12-17"},
        {"2025-12-31T23:59:59.999Z", "2026-01-01T00:00:10.000Z", "12-31 23:59"},
        {"2025-12-27T00:00:00.000Z", "2026-11-26T23:00:00.000Z", "12-27 00:00"},
        {"2025-12-26T23:59:59.000Z", "2026-11-26T00:00:00.000Z", "2025-12-26"},
        {"2026-11-27T23:00:00.000Z", "2026-11-26T01:00:00.000Z", "11-27 23:00"}, // another's clock
        {"2026-11-28T00:00:00.000Z", "2026-11-26T01:00:00.000Z", "2026-11-28"},
        {"1969-12-31T23:59:00.000Z", "2026-11-26T01:00:00.000Z", "1969-12-31"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[EMIT_FIGURE_MAX];
        int64_t moment_ns, now_ns;
        CHECK(emit_time_read(cases[i].moment, strlen(cases[i].moment), &moment_ns), "a moment");
        CHECK(emit_time_read(cases[i].now, strlen(cases[i].now), &now_ns), "a clock");
        emit_figure_moment(text, moment_ns, now_ns);
        CHECK_STRING(text, cases[i].text, cases[i].moment);
    }
}

static void test_lengths(void) {
    static const struct {
        int64_t nanoseconds;
        const char *text;
    } cases[] = {
        {0, "0.0 ms"},
        {3140000, "3.1 ms"},
        {850000000, "850 ms"},
        {12449000000, "12.4 s"},
        {252400000000, "4 min 12.4 s"},
        {8040000000000, "2 h 14 min 0 s"},
        {200000000000000, "2 d 7 h 33 min"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[EMIT_FIGURE_MAX];
        emit_figure_duration(text, cases[i].nanoseconds);
        CHECK_STRING(text, cases[i].text, "a length of time");
    }
}

static void test_units(void) {
    static const struct {
        double smallest, largest;
        const char *unit;
    } cases[] = {
        {0, 0, "J"},          {5, 900, "J"},     {4116, 98412, "kJ"},
        {12, 98412, "kJ"},    {0.5, 98412, "J"}, {4e3, 9e6, "kJ"},
        {4e4, 9e6, "MJ"},     {0, 9e6, "MJ"},    {1e-9, 2.524e11, "MJ"},
        {1e300, 1e300, "GJ"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_STRING(emit_energy_unit_for(cases[i].smallest, cases[i].largest)->name, cases[i].unit,
                     "the unit of a column");
}

int main(void) {
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        char text[EMIT_FIGURE_MAX];
        figures[i].write(text, figures[i].value);
        CHECK_STRING(text, figures[i].text, "a figure");
    }
    test_moments();
    test_lengths();
    test_units();
    return check_end();
}
