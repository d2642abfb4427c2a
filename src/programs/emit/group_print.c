// Several runs of one command, as a table: one row a device.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/figures.h"
#include "programs/emit/group.h"
#include "programs/emit/report_parts.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_BEFORE_COLLAPSE = 6,
    CELL_MAX = 96, // bytes
    LABEL_COLUMNS = 22,
    NAMED_MAX = 5, // runs that stand out, by number
};

enum cell { CELL_LABEL, CELL_MEAN, CELL_SIGMA, CELL_RANGE, CELL_EDGES, CELLS };

struct row {
    char cells[CELLS][CELL_MAX];
};

struct table {
    const struct emit_group *group;
    const struct emit_energy_unit *energy;
    struct emit_energy_unit time; // in seconds instead of joules
    int columns[CELLS];
};

// Rows: time, the devices, the sum, the phases.
static size_t row_of_sum(const struct emit_group *group) {
    return 1 + group->device_count;
}

static size_t row_count(const struct emit_group *group) {
    return row_of_sum(group) + 1 + group->phase_count;
}

static const struct emit_series *series_of(const struct emit_group *group, size_t index) {
    size_t sum = row_of_sum(group);
    if (index > sum) return &group->phases[index - sum - 1].sum;
    return index == sum ? &group->sum : &group->devices[index - 1].series;
}

// Three decimals, as a column of energies has them; fewer where they would mean nothing.
static void write_figures(struct row *row, const struct emit_statistics *statistics,
                          const struct emit_energy_unit *unit) {
    int decimals = statistics->max / unit->joules < 10000 ? 3 : 1;
    (void)emit_text_format(row->cells[CELL_MEAN], CELL_MAX, "%.*f %s", decimals,
                           statistics->mean / unit->joules, unit->name);
    if (statistics->count > 1)
        (void)emit_text_format(row->cells[CELL_SIGMA], CELL_MAX, "%.*f %s", decimals,
                               statistics->sigma / unit->joules, unit->name);
    (void)emit_text_format(row->cells[CELL_RANGE], CELL_MAX, "%.*f..%.*f", decimals,
                           statistics->min / unit->joules, decimals,
                           statistics->max / unit->joules);
}

static bool has_namesake(const struct emit_group *group, size_t index) {
    const struct emit_point *point = &group->devices[index].point;
    for (size_t i = 0; i < group->device_count; i++)
        if (i != index && group->devices[i].point.component == point->component &&
            group->devices[i].point.device_index == point->device_index)
            return true;
    return false;
}

static void write_device_label(char *name, size_t size, const struct emit_group *group,
                               size_t index) {
    const struct emit_group_device *device = &group->devices[index];
    if (device->members > 1)
        (void)emit_text_format(name, size, "%s x%zu",
                               emit_report_component(device->point.component), device->members);
    else if (has_namesake(group, index))
        (void)emit_text_format(name, size, "%s", device->point.device_id);
    else
        emit_report_label(name, size, device->point.component, device->point.device_index);
}

static void write_label(char *label, const struct emit_group *group, size_t index) {
    char name[CELL_MAX];
    size_t sum = row_of_sum(group);
    if (index == 0)
        (void)emit_text_format(name, sizeof name, "time");
    else if (index < sum)
        write_device_label(name, sizeof name, group, index - 1);
    else if (index == sum)
        (void)emit_text_format(name, sizeof name, "sum");
    else
        (void)emit_text_format(name, sizeof name, "%s", group->phases[index - sum - 1].name);
    emit_page_copy(label, CELL_MAX, name, LABEL_COLUMNS);
}

// False: there is nothing to say in this row.
static bool write_row(const struct table *table, size_t index, struct row *row) {
    const struct emit_group *group = table->group;
    struct emit_statistics statistics;
    *row = (struct row){0};
    write_label(row->cells[CELL_LABEL], group, index);
    if (index == 0) {
        emit_statistics_of(&statistics, group->seconds, group->count, group->scratch);
        write_figures(row, &statistics, &table->time);
        return true;
    }
    double edges = emit_group_statistics(group, series_of(group, index), &statistics);
    if (statistics.count < group->count) {
        char name[CELL_MAX];
        memcpy(name, row->cells[CELL_LABEL], sizeof name);
        (void)emit_text_format(row->cells[CELL_LABEL], CELL_MAX, "%.70s (%zu/%zu)", name,
                               statistics.count, group->count);
    }
    if (statistics.count == 0) return index != row_of_sum(group);
    write_figures(row, &statistics, table->energy);
    char figure[EMIT_FIGURE_MAX];
    emit_figure_uncertainty(figure, edges);
    (void)emit_text_format(row->cells[CELL_EDGES], CELL_MAX, "%s", figure);
    return true;
}

static void choose_units(struct table *table) {
    const struct emit_group *group = table->group;
    struct emit_statistics statistics;
    double low = 0, high = 0;
    for (size_t i = 1; i < row_count(group); i++) {
        (void)emit_group_statistics(group, series_of(group, i), &statistics);
        if (statistics.count == 0) continue;
        if (statistics.min > 0 && (low == 0 || statistics.min < low)) low = statistics.min;
        if (statistics.max > high) high = statistics.max;
    }
    table->energy = emit_energy_unit_for(low, high);
    emit_statistics_of(&statistics, group->seconds, group->count, group->scratch);
    table->time = statistics.max < 1 ? (struct emit_energy_unit){"ms", 1e-3}
                                     : (struct emit_energy_unit){"s", 1};
}

static void print_row(FILE *out, const struct table *table, const struct row *row) {
    int gap = 2;
    for (int cell = 0; cell < CELLS; cell++) {
        int blanks = table->columns[cell] - emit_page_width(row->cells[cell]);
        if (cell > CELL_LABEL) gap += blanks;
        if (row->cells[cell][0]) fprintf(out, "%*s%s", gap, "", row->cells[cell]);
        gap = row->cells[cell][0] ? 2 : gap + emit_page_width(row->cells[cell]) + 2;
        if (cell == CELL_LABEL) gap += blanks;
    }
    fputc('\n', out);
}

static void print_table(FILE *out, const struct emit_group *group) {
    struct table table = {.group = group};
    struct row row, heads = {{"", "mean", "sigma", "min..max", "one run ±"}};
    choose_units(&table);
    for (int cell = 0; cell < CELLS; cell++)
        table.columns[cell] = emit_page_width(heads.cells[cell]);
    for (size_t i = 0; i < row_count(group); i++) {
        (void)write_row(&table, i, &row);
        for (int cell = 0; cell < CELLS; cell++) {
            int width = emit_page_width(row.cells[cell]);
            if (width > table.columns[cell]) table.columns[cell] = width;
        }
    }
    print_row(out, &table, &heads);
    for (size_t i = 0; i < row_count(group); i++) {
        if (i == row_of_sum(group) + 1)
            fputs("  Phases, which may overlap, each apart from the sum:\n", out);
        if (write_row(&table, i, &row)) print_row(out, &table, &row);
    }
}

// "run 1, 7 in time": the runs of one quantity that stand out.
static void add_outliers(struct emit_text *text, const struct emit_group *group,
                         const double *values, const char *quantity, bool *marks, bool *first) {
    size_t count = emit_statistics_mark_outliers(marks, values, group->count, group->scratch);
    if (count == 0) return;
    emit_text_add_format(text, "%srun ", text->length ? "; " : "");
    size_t named = 0;
    for (size_t i = 0; i < group->count; i++) {
        if (!marks[i] || named++ >= NAMED_MAX) continue;
        emit_text_add_format(text, "%s%zu", named > 1 ? ", " : "", i + 1);
    }
    if (count > NAMED_MAX) emit_text_add_format(text, " and %zu more", count - NAMED_MAX);
    emit_text_add_format(text, " in %s", quantity);
    *first |= marks[0];
}

static void print_outliers(const struct emit_page *page, const struct emit_group *group) {
    char line[512];
    struct emit_text text;
    bool first = false, *marks = calloc(group->count, sizeof *marks);
    if (!marks) return; // the table says it all; this only points at it
    emit_text_init(&text, line, sizeof line);
    add_outliers(&text, group, group->seconds, "time", marks, &first);
    add_outliers(&text, group, group->sum.joules, "energy", marks, &first);
    free(marks);
    if (text.length == 0) return;
    emit_text_add(&text, first ? ". The first run may have warmed things up: --warmup 1." : ".");
    emit_page_words(page, "  Stands out: ", 4, line);
}

// Where the edges of one window leave more open than the runs differ by.
static void print_unresolved(const struct emit_page *page, const struct emit_group *group) {
    char line[512], label[CELL_MAX];
    struct emit_text text;
    emit_text_init(&text, line, sizeof line);
    for (size_t i = 1; i < row_count(group); i++) {
        struct emit_statistics statistics;
        double edges = emit_group_statistics(group, series_of(group, i), &statistics);
        if (statistics.count < 2 || !(edges > statistics.sigma)) continue;
        write_label(label, group, i);
        emit_text_add_format(&text, "%s%s", text.length ? ", " : "", label);
    }
    if (text.length == 0) return;
    emit_text_add(&text, ". Longer runs would tell.");
    emit_page_words(page, "  Sigma is within the edges of one window (one run ±) for ", 4, line);
}

void emit_group_print(FILE *out, struct emit_group *group) {
    const struct emit_page page = {.out = out, .columns = EMIT_PAGE_COLUMNS_MIN};
    if (group->device_count > ROWS_BEFORE_COLLAPSE) emit_group_collapse(group);
    print_table(out, group);
    print_outliers(&page, group);
    print_unresolved(&page, group);
}
