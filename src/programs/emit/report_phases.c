// The phases of a report: one line each, behind the sum and apart from it.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/report_parts.h"

#include "base/text.h"
#include "programs/emit/figures.h"

#include <inttypes.h>
#include <string.h>

enum {
    NAME_COLUMNS = 24,
    NAME_COLUMNS_MIN = 8,
    PHASES_SHOWN = 12,
    CELL_BYTES = 4 * EMIT_FIGURE_MAX,
    CELLS = 5,
};

// One line as texts: how long, how much, how fast, how uncertain, how often.
struct line {
    char name[4 * NAME_COLUMNS + 1];
    char cells[CELLS][CELL_BYTES];
};

struct widths {
    int name, cells[CELLS];
};

// True when the phase lacks something that the run's sum holds, or was counted in part: the
// diagnostics say what and why.
static bool is_least(const struct emit_report *report, const struct emit_report_phase *phase) {
    for (size_t i = 0; i < phase->point_count; i++) {
        enum emit_outcome_kind kind = phase->outcomes[i].kind;
        if (kind == EMIT_OUTCOME_PARTIAL || kind > report->outcomes[i].kind) return true;
    }
    return false;
}

static void write_figures(struct line *line, const struct emit_report *report,
                          const struct emit_report_phase *phase) {
    const struct emit_report_total *total = &phase->totals[0];
    char energy[EMIT_FIGURE_MAX], watts[EMIT_FIGURE_MAX], timing[EMIT_FIGURE_MAX];
    emit_figure_energy_in(energy, total->joules,
                          emit_energy_unit_for(total->joules, total->joules));
    emit_figure_mean_watts(watts, total->mean_watts);
    emit_figure_uncertainty(timing, total->uncertainty_joules);
    (void)emit_text_format(line->cells[1], CELL_BYTES, "%s%s", is_least(report, phase) ? ">= " : "",
                           energy);
    (void)emit_text_format(line->cells[2], CELL_BYTES, "%s W", watts);
    (void)emit_text_format(line->cells[3], CELL_BYTES, "± %s", timing);
}

static void write_line(struct line *line, const struct emit_report *report,
                       const struct emit_report_phase *phase, int name_columns) {
    *line = (struct line){0};
    emit_page_copy(line->name, sizeof line->name, phase->name, name_columns);
    char duration[EMIT_FIGURE_MAX];
    emit_figure_duration(duration, phase->lasted_ns);
    (void)emit_text_format(line->cells[0], CELL_BYTES, "%s", duration);
    if (phase->total_count)
        write_figures(line, report, phase);
    else
        (void)emit_text_format(line->cells[1], CELL_BYTES, "not read");
    if (phase->parts > 1)
        (void)emit_text_format(line->cells[4], CELL_BYTES, "x%" PRIu64, phase->parts);
}

static void widen(int *columns, const char *text) {
    int width = emit_page_width(text);
    if (width > *columns) *columns = width;
}

// Every column as wide as its widest cell; the names give way.
static struct widths measure(const struct emit_page *page, const struct emit_report *report,
                             size_t shown) {
    struct widths widths = {0};
    for (size_t i = 0; i < shown; i++) {
        struct line line;
        write_line(&line, report, &report->phases[i], NAME_COLUMNS);
        widen(&widths.name, line.name);
        for (size_t cell = 0; cell < CELLS; cell++)
            widen(&widths.cells[cell], line.cells[cell]);
    }
    int left = page->columns - 4;
    for (size_t cell = 0; cell < CELLS; cell++)
        left -= widths.cells[cell] ? 2 + widths.cells[cell] : 0;
    if (widths.name > left) widths.name = left < NAME_COLUMNS_MIN ? NAME_COLUMNS_MIN : left;
    return widths;
}

static void print_line(const struct emit_page *page, const struct line *line,
                       const struct widths *widths) {
    fprintf(page->out, "    %s", line->name);
    int blanks = widths->name - emit_page_width(line->name);
    for (size_t cell = 0; cell < CELLS; cell++) {
        // Blanks are printed only where something follows them.
        const char *text = line->cells[cell];
        blanks += 2 + widths->cells[cell] - emit_page_width(text);
        if (!widths->cells[cell]) blanks -= 2;
        if (!text[0]) continue;
        fprintf(page->out, "%*s%s", blanks, "", text);
        blanks = 0;
    }
    fputc('\n', page->out);
}

void emit_report_print_phases(const struct emit_page *page, const struct emit_report *report) {
    size_t shown = report->phase_count < PHASES_SHOWN ? report->phase_count : PHASES_SHOWN;
    if (shown == 0) return;
    emit_page_words(page, "  ", 2, "Phases of the run, which may overlap:");
    struct widths widths = measure(page, report, shown);
    for (size_t i = 0; i < shown; i++) {
        struct line line;
        write_line(&line, report, &report->phases[i], widths.name);
        print_line(page, &line, &widths);
    }
    if (shown == report->phase_count) return;
    char more[4 * EMIT_RUN_ID_MAX + 64]; // every byte of an id may be a quote
    struct emit_text text;
    emit_text_init(&text, more, sizeof more);
    emit_text_add_format(&text, "and %zu more: emit show --json ", report->phase_count - shown);
    emit_text_add_shell_word(&text, report->header.run_id);
    emit_page_words(page, "    ", 4, more);
}
