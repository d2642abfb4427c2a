// The table of a report: one row a device, or one for all alike when it would
// grow long; every column as wide as its widest cell.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/report_parts.h"

#include "base/text.h"
#include "programs/emit/figures.h"

#include <string.h>

enum {
    ROWS_BEFORE_COLLAPSE = 6, // as many rows are shown one by one
    CELL_MAX = 96,            // bytes of a cell, any UTF-8
    LABEL_COLUMNS = 12,
    MEASURED_BY_COLUMNS = 16,
};

// What the columns need, found before the first row is printed.
struct table {
    const struct emit_report *report;
    struct emit_page page;
    bool collapse;
    const struct emit_energy_unit *unit;
    int label, device, energy, mean, peak, timing, measured_by;
};

// One line of the table as texts.
struct row {
    char label[CELL_MAX];
    char device[CELL_MAX];
    char energy[EMIT_FIGURE_MAX];
    char mean[EMIT_FIGURE_MAX];
    char peak[EMIT_FIGURE_MAX];
    char timing[EMIT_FIGURE_MAX];
    char measured_by[CELL_MAX];
};

// Whether other runs used it is told of the run, under the table.
static enum emit_code trouble_of(const struct emit_outcome *outcome) {
    return outcome->code == EMIT_CODE_SHARED || outcome->code == EMIT_CODE_SIMULATED
               ? EMIT_CODE_NONE
               : outcome->code;
}

// Two points that a reader need not tell apart.
static bool are_alike(const struct emit_report *report, size_t a, size_t b) {
    const struct emit_point *p = &report->slots[a].point, *q = &report->slots[b].point;
    const struct emit_outcome *x = &report->outcomes[a], *y = &report->outcomes[b];
    return p->component == q->component && p->accuracy == q->accuracy &&
           strcmp(p->meter, q->meter) == 0 && x->kind == y->kind &&
           trouble_of(x) == trouble_of(y) && x->counts_in_total == y->counts_in_total &&
           x->simulated == y->simulated;
}

static bool is_first_of_its_kind(const struct table *table, size_t index) {
    if (!table->collapse) return true;
    for (size_t i = 0; i < index; i++)
        if (are_alike(table->report, i, index)) return false;
    return true;
}

static void write_measured_by(char *text, size_t size, const struct emit_point *point,
                              const struct emit_outcome *outcome) {
    const char *how = outcome->kind == EMIT_OUTCOME_PARTIAL               ? "partial"
                      : point->accuracy == EMIT_ACCURACY_DEVICE_COUNTER   ? "counter"
                      : point->accuracy == EMIT_ACCURACY_POWER_INTEGRATED ? "power"
                                                                          : "meter";
    char both[CELL_MAX];
    // Which exporter is no question: there is one.
    const char *meter = strcmp(point->meter, "dcgm-exporter") == 0 ? "exporter" : point->meter;
    (void)emit_text_format(both, sizeof both, "%s %s", meter, how);
    emit_page_copy(text, size, both, MEASURED_BY_COLUMNS);
}

static void write_single(const struct table *table, size_t index, struct row *row) {
    const struct emit_point *point = &table->report->slots[index].point;
    const struct emit_outcome *outcome = &table->report->outcomes[index];
    char device[EMIT_DEVICE_ID_MAX];
    const struct emit_report *report = table->report;
    emit_report_label(row->label, sizeof row->label, point->component,
                      emit_report_index(report->slots, report->point_count, index));
    emit_report_device(device, sizeof device, report->slots, report->point_count, index);
    // A part is told by the end of its id ("package-0/core"), a serial by its beginning.
    if (strchr(device, '/'))
        emit_page_copy_end(row->device, sizeof row->device, device, table->device);
    else
        emit_page_copy(row->device, sizeof row->device, device, table->device);
    emit_figure_energy_in(row->energy, outcome->joules, table->unit);
    emit_figure_mean_watts(row->mean, outcome->mean_watts);
    emit_figure_peak_watts(row->peak, outcome->peak_watts);
    emit_figure_uncertainty(row->timing, outcome->uncertainty_joules);
}

// A row for all points alike: their sum, and between what they lie each. Their
// peaks need not have been at one moment: no peak is said.
static void write_collapsed(const struct table *table, size_t index, struct row *row) {
    const struct emit_report *report = table->report;
    size_t count = 0;
    double joules = 0, watts = 0, uncertainty = 0, low = 0, high = 0;
    for (size_t i = index; i < report->point_count; i++) {
        if (!are_alike(report, i, index)) continue;
        const struct emit_outcome *outcome = &report->outcomes[i];
        if (count == 0 || outcome->joules < low) low = outcome->joules;
        if (count == 0 || outcome->joules > high) high = outcome->joules;
        joules += outcome->joules;
        watts += outcome->mean_watts;
        uncertainty += outcome->uncertainty_joules;
        count++;
    }
    if (count == 1) {
        write_single(table, index, row);
        return;
    }
    char range[CELL_MAX];
    const struct emit_energy_unit *unit = emit_energy_unit_for(low, high);
    int decimals = high / unit->joules < 100 ? 1 : 0;
    (void)emit_text_format(range, sizeof range, "%.*f..%.*f %s", decimals, low / unit->joules,
                           decimals, high / unit->joules, unit->name);
    emit_page_copy(row->device, sizeof row->device, range, table->device);
    (void)emit_text_format(row->label, sizeof row->label, "%s x%zu",
                           emit_report_component(report->slots[index].point.component), count);
    emit_figure_energy_in(row->energy, joules, table->unit);
    emit_figure_mean_watts(row->mean, watts);
    emit_figure_uncertainty(row->timing, uncertainty);
}

static void write_row(const struct table *table, size_t index, struct row *row) {
    *row = (struct row){0};
    if (table->collapse)
        write_collapsed(table, index, row);
    else
        write_single(table, index, row);
    write_measured_by(row->measured_by, sizeof row->measured_by, &table->report->slots[index].point,
                      &table->report->outcomes[index]);
}

// "gpu+cpu+dram": the components in the sum, in the order of the rows.
static void write_summed(char *text, size_t size, const struct emit_report *report) {
    struct emit_text summed;
    emit_text_init(&summed, text, size);
    for (int component = 0; component < EMIT_COMPONENT_COUNT; component++) {
        bool is_in = false;
        for (size_t i = 0; i < report->point_count; i++)
            is_in |= report->outcomes[i].counts_in_total &&
                     (int)report->slots[i].point.component == component;
        if (!is_in) continue;
        if (summed.length) emit_text_add(&summed, "+");
        emit_text_add(&summed, emit_report_component((enum emit_component)component));
    }
}

static void write_total(const struct table *table, struct row *row) {
    const struct emit_report *report = table->report;
    const struct emit_report_total *total = &report->totals[0];
    *row = (struct row){0};
    bool partial = false;
    for (size_t i = 0; i < report->point_count; i++)
        partial |=
            report->outcomes[i].counts_in_total && report->outcomes[i].kind == EMIT_OUTCOME_PARTIAL;
    char what[CELL_MAX];
    write_summed(what, sizeof what, report);
    (void)emit_text_format(row->label, sizeof row->label, "%s", partial ? "at least" : "sum");
    emit_page_copy(row->device, sizeof row->device, what, table->device);
    emit_figure_energy_in(row->energy, total->joules, table->unit);
    emit_figure_mean_watts(row->mean, total->mean_watts);
    emit_figure_uncertainty(row->timing, total->uncertainty_joules);
    char watt_hours[EMIT_FIGURE_MAX];
    emit_figure_watt_hours(watt_hours, total->joules);
    (void)emit_text_format(row->measured_by, sizeof row->measured_by, "= %s", watt_hours);
}

static void widen(int *columns, const char *text) {
    int width = emit_page_width(text);
    if (width > *columns) *columns = width;
}

static void measure_row(struct table *table, const struct row *row) {
    widen(&table->label, row->label);
    widen(&table->device, row->device);
    widen(&table->energy, row->energy);
    widen(&table->mean, row->mean);
    widen(&table->peak, row->peak);
    widen(&table->timing, row->timing);
    widen(&table->measured_by, row->measured_by);
}

static void choose_unit(struct table *table) {
    const struct emit_report *report = table->report;
    double low = 0, high = report->total_count ? report->totals[0].joules : 0;
    for (size_t i = 0; i < report->point_count; i++) {
        double joules = report->outcomes[i].joules;
        if (!emit_outcome_has_energy(&report->outcomes[i]) || joules <= 0) continue;
        if (low == 0 || joules < low) low = joules;
        if (joules > high) high = joules;
    }
    table->unit = emit_energy_unit_for(low, high);
}

// Every column as wide as its widest cell; the device column gives way.
static void lay_out(struct table *table) {
    struct row row;
    choose_unit(table);
    table->device = CELL_MAX / 2; // no limit yet
    struct table widths = {
        .energy = 6, .mean = 6, .peak = 6, .timing = 8, .measured_by = 11}; // of the heads
    for (size_t i = 0; i < table->report->point_count; i++) {
        if (!emit_outcome_has_energy(&table->report->outcomes[i]) ||
            !is_first_of_its_kind(table, i))
            continue;
        write_row(table, i, &row);
        measure_row(&widths, &row);
    }
    if (table->report->total_count) {
        write_total(table, &row);
        measure_row(&widths, &row);
    }
    table->label = widths.label < LABEL_COLUMNS ? widths.label : LABEL_COLUMNS;
    table->energy = widths.energy;
    table->mean = widths.mean;
    table->peak = widths.peak;
    table->timing = widths.timing;
    int others = 2 + table->label + 2 + 2 + table->energy + 2 + table->mean + 2 + table->peak + 2 +
                 table->timing + 2 + widths.measured_by;
    int left = table->page.columns - others;
    table->device = widths.device < left ? widths.device : left > 6 ? left : 6;
}

// printf counts bytes; cells are padded by columns.
static void print_cell(FILE *out, const char *text, int columns, bool right) {
    int blanks = columns - emit_page_width(text);
    if (right && blanks > 0) fprintf(out, "%*s", blanks, "");
    fputs(text, out);
    if (!right && blanks > 0) fprintf(out, "%*s", blanks, "");
}

static void print_row(const struct table *table, const struct row *row) {
    FILE *out = table->page.out;
    char label[CELL_MAX];
    emit_page_copy(label, sizeof label, row->label, table->label);
    fputs("  ", out);
    print_cell(out, label, table->label, false);
    fputs("  ", out);
    print_cell(out, row->device, table->device, false);
    const struct {
        const char *text;
        int columns;
    } numbers[] = {{row->energy, table->energy},
                   {row->mean, table->mean},
                   {row->peak, table->peak},
                   {row->timing, table->timing}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        fputs("  ", out);
        print_cell(out, numbers[i].text, numbers[i].columns, true);
    }
    fprintf(out, "  %s\n", row->measured_by);
}

static bool has_row(const struct table *table, size_t index, bool in_total) {
    const struct emit_outcome *outcome = &table->report->outcomes[index];
    return emit_outcome_has_energy(outcome) && outcome->counts_in_total == in_total &&
           is_first_of_its_kind(table, index);
}

// Whether a stands above b: in the order of the vocabulary, then by number, whichever
// meter found them.
static bool stands_above(const struct emit_report *report, size_t a, size_t b) {
    int x = (int)report->slots[a].point.component, y = (int)report->slots[b].point.component;
    if (x != y) return x < y;
    int number = emit_report_index(report->slots, report->point_count, a);
    int other = emit_report_index(report->slots, report->point_count, b);
    return number >= 0 && number < other;
}

static void print_rows(const struct table *table, bool in_total) {
    size_t order[EMIT_POINTS_MAX], count = 0;
    for (size_t i = 0; i < table->report->point_count && count < EMIT_POINTS_MAX; i++) {
        if (!has_row(table, i, in_total)) continue;
        size_t at = count++;
        for (; at > 0 && stands_above(table->report, i, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (size_t i = 0; i < count; i++) {
        struct row row;
        write_row(table, order[i], &row);
        print_row(table, &row);
    }
}

void emit_report_print_table(const struct emit_page *page, const struct emit_report *report) {
    struct table table = {.report = report, .page = *page};
    size_t rows = 0, apart = 0;
    for (size_t i = 0; i < report->point_count; i++) {
        rows += emit_outcome_has_energy(&report->outcomes[i]);
        apart +=
            emit_outcome_has_energy(&report->outcomes[i]) && !report->outcomes[i].counts_in_total;
    }
    if (rows == 0) return;
    table.collapse = rows > ROWS_BEFORE_COLLAPSE;
    lay_out(&table);
    struct row heads = {.energy = "energy",
                        .mean = "mean W",
                        .peak = "peak W",
                        .timing = "timing ±",
                        .measured_by = "measured by"};
    print_row(&table, &heads);
    print_rows(&table, true);
    if (report->total_count) {
        struct row row;
        write_total(&table, &row);
        print_row(&table, &row);
    }
    if (apart == 0) return;
    if (report->total_count)
        emit_page_words(page, "  ", 2, "Not added, these overlap others or cannot be summed:");
    print_rows(&table, false);
}
