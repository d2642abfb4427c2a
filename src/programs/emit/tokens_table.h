// The table of what was modeled: a line for each profile with its tokens and its joules, in 80
// columns. Each line says that it is modeled, whoever reads that line alone.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_TOKENS_TABLE_H
#define PROGRAMS_EMIT_TOKENS_TABLE_H

#include "models/coefficients.h"
#include "programs/emit/tokens_figures.h"

#include <stdio.h>

enum tokens_column {
    TOKENS_COLUMN_NAME,
    TOKENS_COLUMN_REQUESTS,
    TOKENS_COLUMN_IN,
    TOKENS_COLUMN_CACHED,
    TOKENS_COLUMN_OUT, // reasoning is in it
    TOKENS_COLUMN_ENERGY,
    TOKENS_COLUMN_COUNT,
};
enum { TOKENS_CELL_MAX = 256 }; // bytes

struct tokens_line {
    char cell[TOKENS_COLUMN_COUNT][TOKENS_CELL_MAX];
};

struct tokens_table {
    const struct emit_energy_unit *unit; // of all its energies; NULL: each has its own
    int width[TOKENS_COLUMN_COUNT];      // columns of the widest cell
};

// "140 (31..1100)", in the unit; with one of its own, "140 kJ (31..1100)".
void tokens_table_energy(char text[TOKENS_CELL_MAX], const struct emit_energy_unit *unit,
                         double central, double low, double high);

// known: 1 << enum emit_bucket of what is a count; the others are told as unknown.
void tokens_line_fill(struct tokens_line *line, const char *name,
                      const uint64_t counts[EMIT_BUCKET_COUNT], uint32_t known);

// First the energy of every line is looked at, which may leave the table without a unit: one
// that is small beside the largest would be written with a power of ten. Then every line is
// fitted, then the heading and the lines are printed.
void tokens_table_init(struct tokens_table *table, const struct emit_energy_unit *unit);
void tokens_table_look(struct tokens_table *table, double central_joules, double low_joules);
void tokens_table_fit(struct tokens_table *table, const struct tokens_line *line);
void tokens_table_fit_energy(struct tokens_table *table, const char *energy); // of the total
void tokens_table_print_heading(FILE *out, const struct tokens_table *table);
void tokens_table_print(FILE *out, const struct tokens_table *table,
                        const struct tokens_line *line);

// The line that sums up.
void tokens_table_print_total(FILE *out, const struct tokens_table *table,
                              enum emit_boundary boundary, const char *energy);

// What the joules of a boundary have in them, in one sentence.
const char *tokens_boundary_sentence(enum emit_boundary boundary);

#endif
