// Modeled quantities as a person reads them: two significant digits, since a model knows
// no more, and never 0 for something. Exact numbers are the document's.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_TOKENS_FIGURES_H
#define PROGRAMS_EMIT_TOKENS_FIGURES_H

#include "programs/emit/figures.h"

#include <stdbool.h>
#include <stdint.h>

// The unit, from uJ to TJ, in which a column of energies is written: the largest of them
// is 1 of it or more.
const struct emit_energy_unit *tokens_figure_unit(double largest_joules);

// "130", "0.47", "1800"; "0" is 0.
void tokens_figure(char text[EMIT_FIGURE_MAX], double value);
// Whether it is written in decimals: smaller ones take a power of ten.
bool tokens_figure_is_plain(double value);

// "812", "403 k", "1.43 M": three digits. Not known: "-".
void tokens_figure_count(char text[EMIT_FIGURE_MAX], bool is_known, uint64_t count);

#endif
