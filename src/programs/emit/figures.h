// Quantities as a person reads them: a unit that fits, digits that are meant.
// Never read back by a program; documents carry the numbers themselves.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_FIGURES_H
#define PROGRAMS_EMIT_FIGURES_H

#include <stdint.h>

enum { EMIT_FIGURE_MAX = 32 }; // bytes of any figure, terminator included

struct emit_energy_unit {
    const char *name; // "kJ"
    double joules;    // in one of it
};

// The unit in which a column of energies can be compared: it fits the largest,
// and the smallest still shows a digit.
const struct emit_energy_unit *emit_energy_unit_for(double smallest_joules, double largest_joules);

void emit_figure_energy_in(char text[EMIT_FIGURE_MAX], double joules,
                           const struct emit_energy_unit *unit); // "98.412 kJ"
void emit_figure_energy(char text[EMIT_FIGURE_MAX], double joules);
void emit_figure_energy_short(char text[EMIT_FIGURE_MAX], double joules); // four digits: "98.41 kJ"
void emit_figure_uncertainty(char text[EMIT_FIGURE_MAX], double joules);  // two digits: "0.52 J"
void emit_figure_mean_watts(char text[EMIT_FIGURE_MAX], double watts);    // "389.9"
void emit_figure_peak_watts(char text[EMIT_FIGURE_MAX], double watts);  // "612"; "" when not known
void emit_figure_watt_hours(char text[EMIT_FIGURE_MAX], double joules); // "72.34 Wh"
void emit_figure_duration(char text[EMIT_FIGURE_MAX], int64_t nanoseconds); // "4 min 12.4 s"
// A moment in UTC, EMIT_FIGURE_MOMENT_COLUMNS wide at most: "06-13 16:00" of the eleven months
// before now, "2025-06-13" of any other, as a month and a day alone would be of this year.
enum { EMIT_FIGURE_MOMENT_COLUMNS = 11 };
void emit_figure_moment(char text[EMIT_FIGURE_MAX], int64_t wall_ns, int64_t now_ns);

#endif
