// Two runs side by side, for people.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/comparison.h"
#include "programs/emit/figures.h"
#include "programs/emit/report_parts.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

// From this many devices on, those of a kind share a row.
enum { ROWS_BEFORE_COLLAPSE = 6 };

enum { CELL_MAX = 64, LABEL_COLUMNS = 14, VALUE_COLUMNS = 13, PERCENT_COLUMNS = 7 };

struct table {
    FILE *out;
    const struct emit_comparison *comparison;
    const struct emit_energy_unit *unit;
};

static void write_value(char *cell, double value, const struct emit_energy_unit *unit,
                        bool with_sign) {
    int decimals = strcmp(unit->name, "W") != 0 && fabs(value) / unit->joules < 10000 ? 3 : 1;
    (void)emit_text_format(cell, CELL_MAX, with_sign ? "%+.*f %s" : "%.*f %s", decimals,
                           value / unit->joules, unit->name);
}

static void write_percent(char *cell, double percent) {
    cell[0] = '\0';
    if (isfinite(percent))
        (void)emit_text_format(cell, CELL_MAX, fabs(percent) < 999.95 ? "%+.1f %%" : "%+.0f %%",
                               percent);
}

static const char *words_of(const struct emit_comparison_row *row) {
    switch (row->verdict) {
    case EMIT_VERDICT_WITHIN: return "within";
    case EMIT_VERDICT_LESS: return "less";
    case EMIT_VERDICT_MORE: return "more";
    case EMIT_VERDICT_UNCOMPARED:
        return !row->a.known && !row->b.known ? "in neither"
               : !row->a.known                ? "not in A"
               : !row->b.known                ? "not in B"
                                              : "not compared";
    case EMIT_VERDICT_NONE: break;
    }
    return "";
}

static void print_row(const struct table *table, const char *label,
                      const struct emit_comparison_row *row, const struct emit_energy_unit *unit) {
    char name[4 * LABEL_COLUMNS], a[CELL_MAX] = "-", b[CELL_MAX] = "-", difference[CELL_MAX] = "",
                                  percent[CELL_MAX], margin[CELL_MAX] = "";
    int width = emit_page_copy(name, sizeof name, label, LABEL_COLUMNS);
    if (row->a.known) write_value(a, row->a.value, unit, false);
    if (row->b.known) write_value(b, row->b.value, unit, false);
    if (isfinite(row->difference)) write_value(difference, row->difference, unit, true);
    write_percent(percent, row->percent);
    if (isfinite(row->margin) && unit == table->unit) emit_figure_uncertainty(margin, row->margin);
    fprintf(table->out, "  %s%*s%*s%*s%*s%*s", name,
            LABEL_COLUMNS - 2 - width > 0 ? LABEL_COLUMNS - 2 - width : 0, "", VALUE_COLUMNS, a,
            VALUE_COLUMNS, b, VALUE_COLUMNS, difference, PERCENT_COLUMNS + 2, percent);
    const char *words = words_of(row);
    bool has_margin = margin[0] || row->verdict != EMIT_VERDICT_UNCOMPARED;
    if (has_margin && (margin[0] || *words)) fprintf(table->out, "%9s", margin);
    if (*words) fprintf(table->out, "  %s", words);
    fputc('\n', table->out);
}

static void print_heads(const struct table *table) {
    // The sign of plus or minus is two bytes wide and one column.
    fprintf(table->out, "%*s%*s%*s%*s%*s%10s\n", LABEL_COLUMNS, "", VALUE_COLUMNS, "A",
            VALUE_COLUMNS, "B", VALUE_COLUMNS, "B - A", PERCENT_COLUMNS + 2, "", "±");
}

static void choose_unit(struct table *table) {
    const struct emit_comparison *comparison = table->comparison;
    double low = 0, high = 0;
    for (size_t i = 0; i < comparison->count + 1; i++) {
        const struct emit_comparison_row *row =
            i < comparison->count ? &comparison->rows[i] : &comparison->sum;
        const double values[] = {row->a.known ? row->a.value : 0, row->b.known ? row->b.value : 0};
        for (size_t v = 0; v < 2; v++) {
            if (values[v] > high) high = values[v];
            if (values[v] > 0 && (low == 0 || values[v] < low)) low = values[v];
        }
    }
    table->unit = emit_energy_unit_for(low, high);
}

static void print_side(const struct emit_page *page, const char *letter,
                       const struct emit_side *side) {
    char line[EMIT_RUN_ID_MAX + EMIT_COMMAND_MAX + 64], command[4 * 40], lead[8];
    struct emit_text text;
    emit_page_copy(command, sizeof command, side->command, 40);
    emit_text_init(&text, line, sizeof line);
    if (side->group.count > 1) emit_text_add_format(&text, "%zu runs  ", side->group.count);
    emit_text_add_format(&text, "%s  %s", side->name, command);
    if (side->group.simulated) emit_text_add(&text, "  SIMULATED");
    (void)emit_text_format(lead, sizeof lead, "%s: ", letter);
    emit_page_words(page, lead, 3, line);
}

static void label_of(char *label, size_t size, const struct emit_comparison *comparison,
                     const struct emit_comparison_row *row) {
    const struct emit_point *point = &row->device->point;
    emit_report_label(label, size, point->component, point->device_index);
    // Dies of a package have one index: then it is the id that tells.
    for (size_t i = 0; i < comparison->count; i++) {
        const struct emit_point *other = &comparison->rows[i].device->point;
        if (&comparison->rows[i] != row && other->component == point->component &&
            other->device_index == point->device_index)
            (void)emit_text_format(label, size, "%s", point->device_id);
    }
}

// Devices of a kind that both sides measured.
static bool are_alike(const struct emit_comparison_row *row,
                      const struct emit_comparison_row *other) {
    return row->device->point.component == other->device->point.component &&
           row->verdict != EMIT_VERDICT_UNCOMPARED && other->verdict != EMIT_VERDICT_UNCOMPARED;
}

// "each -58.9..-33.3 %: 6 less, 2 within"
struct spread {
    double low, high; // percent
    size_t counts[EMIT_VERDICT_UNCOMPARED + 1];
};

static void widen(struct spread *spread, const struct emit_comparison_row *row) {
    spread->counts[row->verdict]++;
    if (isnan(row->percent)) return;                                // of an A that is zero
    if (!(spread->low <= row->percent)) spread->low = row->percent; // NaN at first
    if (!(spread->high >= row->percent)) spread->high = row->percent;
}

static void print_spread(const struct emit_page *page, const struct spread *spread) {
    static const enum emit_verdict told[] = {EMIT_VERDICT_MORE, EMIT_VERDICT_LESS,
                                             EMIT_VERDICT_WITHIN, EMIT_VERDICT_NONE};
    char line[128], cell[CELL_MAX];
    struct emit_text text;
    emit_text_init(&text, line, sizeof line);
    if (isfinite(spread->low)) {
        write_percent(cell, spread->low);
        emit_text_add_format(&text, "%.*s..", (int)strcspn(cell, " "), cell);
        write_percent(cell, spread->high);
        emit_text_add(&text, cell);
    }
    const char *separator = text.length ? ": " : "";
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        size_t count = spread->counts[told[i]];
        if (count == 0) continue;
        emit_text_add_format(&text, "%s%zu %s", separator, count,
                             told[i] == EMIT_VERDICT_NONE ? "unjudged"
                                                          : emit_verdict_word(told[i]));
        separator = ", ";
    }
    emit_page_words(page, "    each  ", 10, line);
}

static void print_devices(const struct emit_page *page, const struct table *table, bool all) {
    const struct emit_comparison *comparison = table->comparison;
    const struct emit_comparison_row *rows = comparison->rows;
    bool collapse = !all && comparison->count > ROWS_BEFORE_COLLAPSE;
    for (size_t i = 0; i < comparison->count; i++) {
        char label[EMIT_DEVICE_ID_MAX];
        struct emit_comparison_row sum = rows[i];
        struct spread spread = {.low = (double)NAN, .high = (double)NAN};
        size_t count = 1;
        bool told = false;
        widen(&spread, &rows[i]);
        for (size_t j = 0; collapse && j < i; j++)
            told |= are_alike(&rows[i], &rows[j]);
        if (told) continue;
        for (size_t j = i + 1; collapse && j < comparison->count; j++) {
            if (!are_alike(&rows[i], &rows[j])) continue;
            emit_comparison_add(&sum, &rows[j]);
            widen(&spread, &rows[j]);
            count++;
        }
        if (count > 1)
            (void)emit_text_format(label, sizeof label, "%s x%zu",
                                   emit_report_component(rows[i].device->point.component), count);
        else
            label_of(label, sizeof label, comparison, &rows[i]);
        print_row(table, label, &sum, table->unit);
        if (count > 1) print_spread(page, &spread);
    }
}

static void print_caveats(const struct emit_page *page, const struct emit_comparison *comparison) {
    const struct emit_side *a = comparison->a, *b = comparison->b;
    char line[512];
    if (comparison->one_simulated)
        emit_page_words(page, "  ", 2,
                        "One is simulated and the other is not: nothing can be compared.");
    if (comparison->nodes_differ) {
        (void)emit_text_format(line, sizeof line,
                               "Different nodes (A on %s, B on %s): devices are matched by kind "
                               "and index.",
                               a->node_id[0] ? a->node_id : "?", b->node_id[0] ? b->node_id : "?");
        emit_page_words(page, "  ", 2, line);
    }
    if (comparison->sums_differ && !comparison->one_simulated)
        emit_page_words(page, "  ", 2,
                        "The sums do not hold the same devices, measured in full: not compared.");
    if (a->concurrent_runs || b->concurrent_runs) {
        (void)emit_text_format(line, sizeof line,
                               "Other runs used the same devices (%u beside A, %u beside B), and "
                               "are in these joules.",
                               a->concurrent_runs, b->concurrent_runs);
        emit_page_words(page, "  ", 2, line);
    }
    if (a->is_partial || b->is_partial) {
        (void)emit_text_format(line, sizeof line,
                               "%s not measured in full: emit show tells what is missing.",
                               a->is_partial && b->is_partial ? "A and B were"
                               : a->is_partial                ? "A was"
                                                              : "B was");
        emit_page_words(page, "  ", 2, line);
    }
}

// Joules of each phase, and how long it was; none is part of another's sum.
static void print_phases(const struct emit_page *page, const struct table *table) {
    static const struct emit_energy_unit second = {"s", 1};
    const struct emit_comparison *comparison = table->comparison;
    if (comparison->phase_count)
        emit_page_words(page, "  ", 2, "Phases, each apart from the sum: time and joules");
    for (size_t i = 0; i < comparison->phase_count; i++) {
        print_row(table, comparison->phases[i].name, &comparison->phases[i].seconds, &second);
        print_row(table, "", &comparison->phases[i].sum, table->unit);
    }
}

static void print_verdict(const struct emit_page *page, const struct emit_comparison *comparison) {
    const char *words = NULL;
    if (comparison->sum.verdict == EMIT_VERDICT_WITHIN)
        words = "Sum: within uncertainty (±), no difference can be claimed.";
    if (comparison->sum.verdict == EMIT_VERDICT_LESS)
        words = "Sum: B used less, beyond what is uncertain (±).";
    if (comparison->sum.verdict == EMIT_VERDICT_MORE)
        words = "Sum: B used more, beyond what is uncertain (±).";
    if (words) emit_page_words(page, "  ", 2, words);
}

void emit_comparison_print(FILE *out, const struct emit_comparison *comparison, bool all) {
    static const struct emit_energy_unit second = {"s", 1}, watt = {"W", 1};
    const struct emit_page page = {.out = out, .columns = EMIT_PAGE_COLUMNS_MIN};
    struct table table = {.out = out, .comparison = comparison};
    print_side(&page, "A", comparison->a);
    print_side(&page, "B", comparison->b);
    choose_unit(&table);
    print_heads(&table);
    print_row(&table, "time", &comparison->seconds, &second);
    print_devices(&page, &table, all);
    if (comparison->sum.a.known || comparison->sum.b.known) {
        print_row(&table, "sum", &comparison->sum, table.unit);
        print_row(&table, "mean watts", &comparison->watts, &watt);
    }
    print_phases(&page, &table);
    print_verdict(&page, comparison);
    print_caveats(&page, comparison);
}
