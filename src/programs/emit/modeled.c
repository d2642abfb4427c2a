// The modeled events of a run, read back and summed by profile.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/modeled.h"

#include "base/json.h"
#include "base/text.h"
#include "programs/emit/page.h"
#include "programs/emit/tokens_table.h"
#include "vocabulary/fields.h"
#include "vocabulary/names.h"

#include <inttypes.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4 * EMIT_RUN_ID_MAX + 64, NAME_COLUMNS = 40 };

// --- One event -----------------------------------------------------------------------

struct modeled_range modeled_range_of(const struct emit_modeled_energy *energy) {
    return (struct modeled_range){.low = emit_nanojoules_joules(energy->low),
                                  .central = emit_nanojoules_joules(energy->central),
                                  .high = emit_nanojoules_joules(energy->high)};
}

bool modeled_event_read(struct modeled_event *event, const struct emit_entry *entry) {
    struct emit_modeled_event said;
    if (!emit_modeled_event_read(&said, entry)) return false;
    *event = (struct modeled_event){.known = said.known, .energy = said.energy};
    (void)emit_page_copy(event->profile, MODELED_WORD_MAX, said.profile, NAME_COLUMNS);
    (void)emit_page_copy(event->phase, MODELED_WORD_MAX, said.phase, NAME_COLUMNS);
    (void)emit_page_copy(event->boundary, MODELED_WORD_MAX, said.boundary, NAME_COLUMNS);
    (void)emit_page_copy(event->confidence, MODELED_WORD_MAX, said.confidence, NAME_COLUMNS);
    memcpy(event->counts, said.counts, sizeof event->counts);
    event->joules = modeled_range_of(&event->energy);
    return true;
}

// --- Their sums ----------------------------------------------------------------------

// Of a word that was not said: -1, no trust at all.
static int level_of(const char *confidence) {
    return emit_set_find(EMIT_SET_CONFIDENCE, confidence);
}

static void add_to(struct modeled_row *row, const struct modeled_event *event) {
    struct modeled_event *sum = &row->sum;
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++)
        sum->counts[bucket] += event->counts[bucket];
    sum->known |= event->known;
    emit_modeled_energy_add(&sum->energy, &event->energy);
    sum->joules = modeled_range_of(&sum->energy);
    if (level_of(event->confidence) < level_of(sum->confidence))
        memcpy(sum->confidence, event->confidence, sizeof sum->confidence);
    row->events++;
}

static bool is_beside(const struct modeled_event *a, const struct modeled_event *b) {
    return strcmp(a->profile, b->profile) == 0 && strcmp(a->boundary, b->boundary) == 0;
}

// A further row stands behind those of its profile and boundary: phases below their total.
static void insert_row(struct modeled *modeled, const struct modeled_event *event) {
    struct modeled_row *rows = modeled->rows;
    size_t at = modeled->row_count;
    while (at > 0 && !is_beside(&rows[at - 1].sum, event))
        at--;
    if (at == 0) at = modeled->row_count;
    memmove(&rows[at + 1], &rows[at], (modeled->row_count - at) * sizeof rows[0]);
    rows[at] = (struct modeled_row){.sum = *event, .events = 1};
    modeled->row_count++;
}

void modeled_add(struct modeled *modeled, const struct modeled_event *event) {
    modeled->events++;
    for (size_t i = 0; i < modeled->row_count; i++) {
        struct modeled_row *row = &modeled->rows[i];
        if (!is_beside(&row->sum, event) || strcmp(row->sum.phase, event->phase) != 0) continue;
        add_to(row, event);
        return;
    }
    if (modeled->row_count == MODELED_ROWS_MAX)
        modeled->untold++;
    else
        insert_row(modeled, event);
}

// Phases are parts of a total.
static bool is_total(const struct modeled_row *row) {
    return strcmp(row->sum.phase, "total") == 0;
}

bool modeled_total(const struct modeled *modeled, struct modeled_range *total) {
    const char *boundary = NULL;
    struct emit_modeled_energy sum = {0};
    *total = (struct modeled_range){0};
    for (size_t i = 0; i < modeled->row_count; i++) {
        const struct modeled_row *row = &modeled->rows[i];
        if (!is_total(row)) continue;
        if (boundary && strcmp(boundary, row->sum.boundary) != 0) return false;
        boundary = row->sum.boundary;
        emit_modeled_energy_add(&sum, &row->sum.energy);
    }
    *total = modeled_range_of(&sum);
    return boundary && !modeled->untold;
}

// --- As text ---------------------------------------------------------------------------

static const struct emit_energy_unit *unit_of(const struct modeled_range *joules) {
    return tokens_figure_unit(joules->central > 0 ? joules->central : joules->high);
}

void modeled_figure(char text[MODELED_FIGURE_MAX], const struct modeled_range *joules) {
    const struct emit_energy_unit *unit = unit_of(joules);
    char central[EMIT_FIGURE_MAX], low[EMIT_FIGURE_MAX], high[EMIT_FIGURE_MAX];
    tokens_figure(central, joules->central / unit->joules);
    tokens_figure(low, joules->low / unit->joules);
    tokens_figure(high, joules->high / unit->joules);
    (void)emit_text_format(text, MODELED_FIGURE_MAX, "%s %s (%s..%s)", central, unit->name, low,
                           high);
}

// is_mixed: of several boundaries, which then have to be told apart.
static void fill_line(struct tokens_line *line, const struct modeled_row *row,
                      const struct emit_energy_unit *unit, bool is_mixed) {
    const struct modeled_event *sum = &row->sum;
    char name[2 * MODELED_WORD_MAX];
    if (is_total(row))
        (void)emit_text_format(name, sizeof name, "%s%s%s", sum->profile, is_mixed ? ", " : "",
                               is_mixed ? sum->boundary : "");
    else
        (void)emit_text_format(name, sizeof name, "  %s", sum->phase);
    tokens_line_fill(line, name, sum->counts, sum->known);
    tokens_table_energy(line->cell[TOKENS_COLUMN_ENERGY], unit, sum->joules.central,
                        sum->joules.low, sum->joules.high);
}

static const char *lowest_confidence(const struct modeled *modeled) {
    const char *lowest = modeled->rows[0].sum.confidence;
    for (size_t i = 1; i < modeled->row_count; i++)
        if (level_of(modeled->rows[i].sum.confidence) < level_of(lowest))
            lowest = modeled->rows[i].sum.confidence;
    return lowest;
}

// What its joules have in them; -1: a boundary that this version has no name for.
static int boundary_of(const struct modeled_event *event) {
    return emit_set_find(EMIT_SET_BOUNDARY, event->boundary);
}

static size_t count_totals(const struct modeled *modeled) {
    size_t totals = 0;
    for (size_t i = 0; i < modeled->row_count; i++)
        totals += is_total(&modeled->rows[i]);
    return totals;
}

static void print_notes(FILE *out, const struct modeled *modeled, const char *run_id,
                        bool is_mixed) {
    const struct emit_page page = {.out = out, .columns = EMIT_PAGE_COLUMNS_MIN};
    char line[LINE_MAX_BYTES];
    int boundary = boundary_of(&modeled->rows[0].sum);
    if (is_mixed)
        emit_page_words(&page, "  ", 2, "Their boundaries differ: there is no sum.");
    else if (boundary >= 0 && count_totals(modeled) == 1)
        emit_page_words(&page, "  ", 2, tokens_boundary_sentence((enum emit_boundary)boundary));
    if (modeled->untold) {
        (void)emit_text_format(line, sizeof line,
                               "%" PRIu64 " events of further profiles are not shown.",
                               modeled->untold);
        emit_page_words(&page, "  ", 2, line);
    }
    emit_page_words(&page, "  confidence  ", 11, lowest_confidence(modeled));
    emit_page_words(&page, "  sources  ", 11, "emit tokens profiles");
    struct emit_text command;
    emit_text_init(&command, line, sizeof line);
    emit_text_add(&command, "emit outbox export --run ");
    emit_text_add_shell_word(&command, run_id);
    emit_page_shell(&page, "  exact    ", 11, line);
}

void modeled_print(FILE *out, const struct modeled *modeled, const char *run_id) {
    if (!modeled->row_count) return;
    struct modeled_range largest = {0}, total;
    bool is_mixed = false, has_total = modeled_total(modeled, &total) && count_totals(modeled) > 1;
    for (size_t i = 0; i < modeled->row_count; i++) {
        const struct modeled_event *sum = &modeled->rows[i].sum;
        if (sum->joules.central >= largest.central) largest = sum->joules;
        is_mixed |= strcmp(sum->boundary, modeled->rows[0].sum.boundary) != 0;
    }
    int boundary = boundary_of(&modeled->rows[0].sum);
    char energy[TOKENS_CELL_MAX];
    struct tokens_line line;
    struct tokens_table table;
    tokens_table_init(&table, unit_of(has_total ? &total : &largest));
    for (size_t i = 0; i < modeled->row_count; i++)
        tokens_table_look(&table, modeled->rows[i].sum.joules.central,
                          modeled->rows[i].sum.joules.low);
    if (has_total) {
        tokens_table_energy(energy, table.unit, total.central, total.low, total.high);
        tokens_table_fit_energy(&table, energy);
    }
    for (size_t i = 0; i < modeled->row_count; i++) {
        fill_line(&line, &modeled->rows[i], table.unit, is_mixed);
        tokens_table_fit(&table, &line);
    }
    tokens_table_print_heading(out, &table);
    for (size_t i = 0; i < modeled->row_count; i++) {
        fill_line(&line, &modeled->rows[i], table.unit, is_mixed);
        tokens_table_print(out, &table, &line);
    }
    if (has_total && boundary >= 0)
        tokens_table_print_total(out, &table, (enum emit_boundary)boundary, energy);
    print_notes(out, modeled, run_id, is_mixed);
}
