// Quantities as a person reads them.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/figures.h"

#include "base/text.h"
#include "base/time.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

static const struct emit_energy_unit energy_units[] = {
    {"J", 1}, {"kJ", 1e3}, {"MJ", 1e6}, {"GJ", 1e9}};
enum { ENERGY_UNITS = sizeof energy_units / sizeof energy_units[0] };

// "98.412 kJ"; what no device can be (the document may come from anywhere) stays short.
static void write_figure(char text[EMIT_FIGURE_MAX], double value, int decimals, const char *unit) {
    bool possible = value > -1e7 && value < 1e7;
    (void)emit_text_format(text, EMIT_FIGURE_MAX, possible ? "%.*f%s%s" : "%.*g%s%s",
                           possible ? decimals : 3, value, *unit ? " " : "", unit);
}

const struct emit_energy_unit *emit_energy_unit_for(double smallest_joules, double largest_joules) {
    size_t unit = 0;
    while (unit + 1 < ENERGY_UNITS && largest_joules >= energy_units[unit + 1].joules)
        unit++;
    bool is_lost = smallest_joules > 0 && smallest_joules < energy_units[unit].joules / 100;
    return &energy_units[unit > 0 && is_lost ? unit - 1 : unit];
}

void emit_figure_energy_in(char text[EMIT_FIGURE_MAX], double joules,
                           const struct emit_energy_unit *unit) {
    write_figure(text, joules / unit->joules, 3, unit->name);
}

void emit_figure_energy(char text[EMIT_FIGURE_MAX], double joules) {
    emit_figure_energy_in(text, joules, emit_energy_unit_for(joules, joules));
}

static int decimals_for_four_digits(double value) {
    return value < 10 ? 3 : value < 100 ? 2 : value < 1000 ? 1 : 0;
}

void emit_figure_energy_short(char text[EMIT_FIGURE_MAX], double joules) {
    const struct emit_energy_unit *unit = emit_energy_unit_for(joules, joules);
    double value = joules / unit->joules;
    write_figure(text, value, decimals_for_four_digits(value), unit->name);
}

// Decimals that leave two digits of a value below 10, and none of a larger one.
static int decimals_for_two_digits(double value) {
    int decimals = 0;
    for (; value > 0 && value < 9.95 && decimals < 6; decimals++)
        value *= 10;
    return decimals;
}

void emit_figure_uncertainty(char text[EMIT_FIGURE_MAX], double joules) {
    const struct emit_energy_unit *unit = &energy_units[0];
    while (unit + 1 < energy_units + ENERGY_UNITS && joules >= 10 * (unit + 1)->joules)
        unit++;
    double value = joules / unit->joules;
    write_figure(text, value, decimals_for_two_digits(value), unit->name);
}

void emit_figure_mean_watts(char text[EMIT_FIGURE_MAX], double watts) {
    write_figure(text, watts, watts < 99999.95, "");
}

void emit_figure_peak_watts(char text[EMIT_FIGURE_MAX], double watts) {
    text[0] = '\0';
    if (watts > 0) write_figure(text, watts, watts < 9.95, "");
}

void emit_figure_watt_hours(char text[EMIT_FIGURE_MAX], double joules) {
    static const struct {
        const char *name;
        double watt_hours;
    } units[] = {{"MWh", 1e6}, {"kWh", 1e3}, {"Wh", 1}, {"mWh", 1e-3}};
    double watt_hours = joules / 3600;
    size_t unit = 0;
    while (unit + 1 < sizeof units / sizeof units[0] && watt_hours < units[unit].watt_hours)
        unit++;
    double value = watt_hours / units[unit].watt_hours;
    write_figure(text, value, decimals_for_four_digits(value), units[unit].name);
}

void emit_figure_duration(char text[EMIT_FIGURE_MAX], int64_t nanoseconds) {
    double milliseconds = (double)nanoseconds / 1e6;
    int64_t tenths = nanoseconds / 100000000, seconds = tenths / 10;
    int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
    if (milliseconds < 1000)
        write_figure(text, milliseconds, milliseconds < 9.95, "ms");
    else if (minutes == 0)
        (void)emit_text_format(text, EMIT_FIGURE_MAX, "%" PRId64 ".%" PRId64 " s", seconds,
                               tenths % 10);
    else if (hours == 0)
        (void)emit_text_format(text, EMIT_FIGURE_MAX, "%" PRId64 " min %" PRId64 ".%" PRId64 " s",
                               minutes, seconds % 60, tenths % 10);
    else if (days == 0)
        (void)emit_text_format(text, EMIT_FIGURE_MAX, "%" PRId64 " h %" PRId64 " min %" PRId64 " s",
                               hours, minutes % 60, seconds % 60);
    else
        (void)emit_text_format(text, EMIT_FIGURE_MAX, "%" PRId64 " d %" PRId64 " h %" PRId64 " min",
                               days, hours % 24, minutes % 60);
}

void emit_figure_moment(char text[EMIT_FIGURE_MAX], int64_t wall_ns, int64_t now_ns) {
    const int64_t day_ns = INT64_C(86400) * 1000000000;
    char whole[EMIT_TIME_TEXT]; // "2026-06-13T16:00:00.000Z"
    emit_time_write(whole, wall_ns);
    bool is_of_late =
        wall_ns / day_ns > now_ns / day_ns - 335 && wall_ns / day_ns <= now_ns / day_ns + 1;
    if (is_of_late)
        (void)emit_text_format(text, EMIT_FIGURE_MAX, "%.5s %.5s", whole + 5, whole + 11);
    else
        (void)emit_text_format(text, EMIT_FIGURE_MAX, "%.10s", whole);
}
