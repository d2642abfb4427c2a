// The table of what was modeled: what stands where.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_table.h"

#include "base/text.h"
#include "programs/emit/page.h"

#include <string.h>

static const char requests_title[] = "requests", tokens_title[] = "in / cached / out tokens",
                  energy_title[] = " (low..high)";

enum {
    LEAD = 11, // columns of "  modeled  "
    TOKENS_TITLE_WIDTH = sizeof tokens_title - 1,
};

static const struct {
    const char *whole, *sentence;
} boundaries[] = {
    [EMIT_BOUNDARY_ACCELERATOR] =
        {"accelerators only",
         "Accelerators only: no hosts, no idle machines, no cooling (--boundary)."},
    [EMIT_BOUNDARY_SYSTEM] =
        {"whole systems", "Whole systems: with hosts, no idle machines, no cooling (--boundary)."},
    [EMIT_BOUNDARY_FACILITY] =
        {"with the facility's overhead",
         "With hosts, idle machines and overhead of the facility: no PUE on top."},
};

const char *tokens_boundary_sentence(enum emit_boundary boundary) {
    return boundaries[boundary].sentence;
}

void tokens_table_energy(char text[TOKENS_CELL_MAX], const struct emit_energy_unit *unit,
                         double central, double low, double high) {
    char middle[EMIT_FIGURE_MAX], from[EMIT_FIGURE_MAX], to[EMIT_FIGURE_MAX];
    bool is_its_own = !unit;
    if (is_its_own) unit = tokens_figure_unit(central > 0 ? central : high);
    tokens_figure(middle, central / unit->joules);
    tokens_figure(from, low / unit->joules);
    tokens_figure(to, high / unit->joules);
    (void)emit_text_format(text, TOKENS_CELL_MAX, "%s%s%s (%s..%s)", middle, is_its_own ? " " : "",
                           is_its_own ? unit->name : "", from, to);
}

void tokens_line_fill(struct tokens_line *line, const char *name,
                      const uint64_t counts[EMIT_BUCKET_COUNT], uint32_t known) {
    const struct {
        enum tokens_column column;
        uint64_t count;
        uint32_t of; // known when one of these is
    } cells[] = {
        {TOKENS_COLUMN_REQUESTS, counts[EMIT_BUCKET_REQUEST], 1U << EMIT_BUCKET_REQUEST},
        {TOKENS_COLUMN_IN, counts[EMIT_BUCKET_INPUT], 1U << EMIT_BUCKET_INPUT},
        {TOKENS_COLUMN_CACHED, counts[EMIT_BUCKET_CACHED_INPUT], 1U << EMIT_BUCKET_CACHED_INPUT},
        {TOKENS_COLUMN_OUT, counts[EMIT_BUCKET_OUTPUT] + counts[EMIT_BUCKET_REASONING_OUTPUT],
         1U << EMIT_BUCKET_OUTPUT | 1U << EMIT_BUCKET_REASONING_OUTPUT},
    };
    (void)emit_text_format(line->cell[TOKENS_COLUMN_NAME], TOKENS_CELL_MAX, "%s", name);
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        tokens_figure_count(line->cell[cells[i].column], known & cells[i].of, cells[i].count);
}

static const char *unit_title(const struct tokens_table *table) {
    return table->unit ? table->unit->name : "energy";
}

static void fit_title(struct tokens_table *table) {
    int *width = &table->width[TOKENS_COLUMN_ENERGY];
    *width = (int)(strlen(unit_title(table)) + sizeof energy_title - 1);
}

void tokens_table_init(struct tokens_table *table, const struct emit_energy_unit *unit) {
    *table = (struct tokens_table){.unit = unit};
    fit_title(table);
}

void tokens_table_look(struct tokens_table *table, double central_joules, double low_joules) {
    const struct emit_energy_unit *unit = table->unit;
    if (!unit || (tokens_figure_is_plain(central_joules / unit->joules) &&
                  tokens_figure_is_plain(low_joules / unit->joules)))
        return;
    table->unit = NULL;
    fit_title(table);
}

void tokens_table_fit_energy(struct tokens_table *table, const char *energy) {
    int *width = &table->width[TOKENS_COLUMN_ENERGY], length = (int)strlen(energy);
    if (length > *width) *width = length;
}

void tokens_table_fit(struct tokens_table *table, const struct tokens_line *line) {
    for (int column = 0; column < TOKENS_COLUMN_COUNT; column++) {
        int length = (int)strlen(line->cell[column]);
        if (length > table->width[column]) table->width[column] = length;
    }
}

// Columns of the whole line but for the tokens.
static int width_beside_tokens(const struct tokens_table *table, int name) {
    const int *width = table->width;
    return LEAD + name + 2 + width[TOKENS_COLUMN_REQUESTS] + 2 + 2 + width[TOKENS_COLUMN_ENERGY];
}

// Columns of the three counts of tokens.
static int width_of_counts(const struct tokens_table *table) {
    const int *width = table->width;
    return width[TOKENS_COLUMN_IN] + 3 + width[TOKENS_COLUMN_CACHED] + 3 + width[TOKENS_COLUMN_OUT];
}

// Names that are too long for the page have lines of their own: then 0.
static int width_of_names(const struct tokens_table *table) {
    int name = table->width[TOKENS_COLUMN_NAME];
    bool fits = width_beside_tokens(table, name) + width_of_counts(table) <= EMIT_PAGE_COLUMNS_MIN;
    return fits ? name : 0;
}

// As wide as their title, where the page is.
static int width_of_tokens(const struct tokens_table *table) {
    int counts = width_of_counts(table);
    int room = EMIT_PAGE_COLUMNS_MIN - width_beside_tokens(table, width_of_names(table));
    return counts < TOKENS_TITLE_WIDTH && room >= TOKENS_TITLE_WIDTH ? TOKENS_TITLE_WIDTH : counts;
}

void tokens_table_print_heading(FILE *out, const struct tokens_table *table) {
    const int *width = table->width;
    int requests_end = LEAD + width_of_names(table) + 2 + width[TOKENS_COLUMN_REQUESTS];
    int tokens_end = requests_end + 2 + width_of_tokens(table);
    if (requests_end > tokens_end - TOKENS_TITLE_WIDTH - 2)
        requests_end = tokens_end - TOKENS_TITLE_WIDTH - 2;
    fprintf(out, "%*s%*s  %*s%s\n", requests_end, requests_title, tokens_end - requests_end,
            tokens_title, width[TOKENS_COLUMN_ENERGY] - (int)sizeof energy_title + 1,
            unit_title(table), energy_title);
}

void tokens_table_print(FILE *out, const struct tokens_table *table,
                        const struct tokens_line *line) {
    const int *width = table->width;
    int name = width_of_names(table);
    int in = width_of_tokens(table) - width[TOKENS_COLUMN_CACHED] - width[TOKENS_COLUMN_OUT] - 6;
    if (!name) fprintf(out, "  %s\n", line->cell[TOKENS_COLUMN_NAME]);
    fprintf(out, "  modeled  %-*s  %*s  %*s / %*s / %*s  %*s\n", name,
            name ? line->cell[TOKENS_COLUMN_NAME] : "", width[TOKENS_COLUMN_REQUESTS],
            line->cell[TOKENS_COLUMN_REQUESTS], in, line->cell[TOKENS_COLUMN_IN],
            width[TOKENS_COLUMN_CACHED], line->cell[TOKENS_COLUMN_CACHED], width[TOKENS_COLUMN_OUT],
            line->cell[TOKENS_COLUMN_OUT], width[TOKENS_COLUMN_ENERGY],
            line->cell[TOKENS_COLUMN_ENERGY]);
}

void tokens_table_print_total(FILE *out, const struct tokens_table *table,
                              enum emit_boundary boundary, const char *energy) {
    char what[TOKENS_CELL_MAX];
    (void)emit_text_format(what, sizeof what, "total, %s", boundaries[boundary].whole);
    int columns = width_beside_tokens(table, width_of_names(table)) + width_of_tokens(table);
    fprintf(out, "  modeled  %s%*s\n", what, columns - LEAD - (int)strlen(what), energy);
}
