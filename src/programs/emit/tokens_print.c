// The account of one emit tokens as text of 80 columns. Whoever reads a single line of it
// still sees that its joules are modeled, and within which range.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_account.h"

#include "base/time.h"
#include "programs/emit/page.h"
#include "programs/emit/tokens_figures.h"

#include <inttypes.h>
#include <string.h>

enum {
    KINDS_SHOWN = 10, // of what is refused or remarked
    SOURCES_SHOWN = 3,
    SENTENCE_MAX = 1024,
    CELL_MAX = 3 * EMIT_FIGURE_MAX + 16,
    DAY_LENGTH = 10,
    HANG = 11, // behind "  refused  "
};

static const struct {
    const char *whole;   // of the line that sums up
    const char *meaning; // where there is only one profile, and no such line
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

// --- The table ---------------------------------------------------------------------------

// A line of it: its texts, or how wide the widest of each is.
enum { NAME, REQUESTS, IN, CACHED, OUT, ENERGY, CELLS };
struct cells {
    char text[CELLS][CELL_MAX];
};
struct widths {
    int of[CELLS];
};

static bool knows(const struct emit_token_counts *counts, enum emit_bucket bucket) {
    return counts->known & (UINT32_C(1) << bucket);
}

static void write_energy(char text[CELL_MAX], const struct emit_energy_unit *unit, double central,
                         double low, double high) {
    char middle[EMIT_FIGURE_MAX], from[EMIT_FIGURE_MAX], to[EMIT_FIGURE_MAX];
    tokens_figure(middle, central / unit->joules);
    tokens_figure(from, low / unit->joules);
    tokens_figure(to, high / unit->joules);
    (void)emit_text_format(text, CELL_MAX, "%s (%s..%s)", middle, from, to);
}

static void write_row(struct cells *cells, const struct tokens_row *row,
                      const struct emit_energy_unit *unit) {
    const struct emit_token_counts *counts = &row->counts;
    const uint64_t *bucket = counts->bucket;
    (void)emit_text_format(cells->text[NAME], CELL_MAX, "%s", row->model.profile->id);
    tokens_figure_count(cells->text[REQUESTS], knows(counts, EMIT_BUCKET_REQUEST),
                        bucket[EMIT_BUCKET_REQUEST]);
    tokens_figure_count(cells->text[IN], knows(counts, EMIT_BUCKET_INPUT),
                        bucket[EMIT_BUCKET_INPUT]);
    tokens_figure_count(cells->text[CACHED], knows(counts, EMIT_BUCKET_CACHED_INPUT),
                        bucket[EMIT_BUCKET_CACHED_INPUT]);
    tokens_figure_count(cells->text[OUT],
                        knows(counts, EMIT_BUCKET_OUTPUT) ||
                            knows(counts, EMIT_BUCKET_REASONING_OUTPUT),
                        bucket[EMIT_BUCKET_OUTPUT] + bucket[EMIT_BUCKET_REASONING_OUTPUT]);
    write_energy(cells->text[ENERGY], unit, row->energy.joules, row->energy.low_joules,
                 row->energy.high_joules);
}

static void widen(int *width, const char *text) {
    int length = (int)strlen(text);
    if (length > *width) *width = length;
}

// Columns up to the end of the tokens, and of the energy. name: of it, or 0.
static int end_of_tokens(const struct widths *widths, int name) {
    return HANG + name + 2 + widths->of[REQUESTS] + 2 + widths->of[IN] + 3 + widths->of[CACHED] +
           3 + widths->of[OUT];
}

static int end_of_energy(const struct widths *widths, int name) {
    return end_of_tokens(widths, name) + 2 + widths->of[ENERGY];
}

// Names that are too long for the page have lines of their own: then 0.
static int width_of_names(const struct widths *widths) {
    int name = widths->of[NAME];
    return end_of_energy(widths, name) > EMIT_PAGE_COLUMNS_MIN ? 0 : name;
}

static void print_cells(FILE *out, const struct cells *cells, const struct widths *widths) {
    int name = width_of_names(widths);
    const int *of = widths->of;
    if (!name) fprintf(out, "  %s\n", cells->text[NAME]);
    fprintf(out, "  modeled  %-*s  %*s  %*s / %*s / %*s  %*s\n", name,
            name ? cells->text[NAME] : "", of[REQUESTS], cells->text[REQUESTS], of[IN],
            cells->text[IN], of[CACHED], cells->text[CACHED], of[OUT], cells->text[OUT], of[ENERGY],
            cells->text[ENERGY]);
}

static void print_total(FILE *out, const struct tokens_account *account, const char *energy,
                        const struct widths *widths) {
    char what[CELL_MAX];
    (void)emit_text_format(what, sizeof what, "total, %s",
                           boundaries[account->plan->boundary].whole);
    int room = end_of_energy(widths, width_of_names(widths)) - HANG - (int)strlen(what);
    fprintf(out, "  modeled  %s%*s\n", what, room, energy);
}

static void print_table(FILE *out, const struct tokens_account *account) {
    struct tokens_joules total;
    if (!tokens_account_total(account, &total)) return;
    const struct emit_energy_unit *unit =
        tokens_figure_unit(total.central > 0 ? total.central : total.high);
    char title[CELL_MAX], energy[CELL_MAX];
    struct cells cells;
    struct widths widths = {0};
    (void)emit_text_format(title, sizeof title, "%s (low..high)", unit->name);
    write_energy(energy, unit, total.central, total.low, total.high);
    widen(&widths.of[ENERGY], title);
    if (account->row_count > 1) widen(&widths.of[ENERGY], energy);
    for (size_t i = 0; i < account->row_count; i++) {
        write_row(&cells, &account->rows[i], unit);
        for (int cell = 0; cell < CELLS; cell++)
            widen(&widths.of[cell], cells.text[cell]);
    }
    fprintf(out, "%*s  %*s\n", end_of_tokens(&widths, width_of_names(&widths)),
            "in / cached / out tokens", widths.of[ENERGY], title);
    for (size_t i = 0; i < account->row_count; i++) {
        write_row(&cells, &account->rows[i], unit);
        print_cells(out, &cells, &widths);
    }
    if (account->row_count > 1) print_total(out, account, energy, &widths);
}

// --- Around it ---------------------------------------------------------------------------

static void add_dialects(struct emit_text *text, const struct tokens_account *account) {
    size_t found = 0;
    for (int dialect = 0; dialect < EMIT_DIALECT_COUNT; dialect++) {
        if (!account->dialects[dialect]) continue;
        emit_text_add(text, found++ ? " and " : ", ");
        emit_text_add(text, emit_dialect_word((enum emit_dialect)dialect));
    }
    if (found && account->plan->dialect == EMIT_DIALECT_COUNT) emit_text_add(text, " (detected)");
}

static void print_head(const struct emit_page *page, const struct tokens_account *account) {
    char line[SENTENCE_MAX];
    struct emit_text text;
    emit_text_init(&text, line, sizeof line);
    uint64_t read = tokens_account_read(account), skipped = tokens_account_skipped(account),
             refused = tokens_account_refused(account);
    if (account->from_counts) {
        emit_text_add_format(&text, "%s, from counts", account->plan->run_id);
    } else {
        emit_text_add_format(&text, "%" PRIu64 " record%s", read, read == 1 ? "" : "s");
        add_dialects(&text, account);
        emit_text_add_format(&text, ": %" PRIu64 " used", account->fates[EMIT_USAGE_USED]);
        if (skipped) emit_text_add_format(&text, ", %" PRIu64 " skipped", skipped);
        if (refused) emit_text_add_format(&text, ", %" PRIu64 " refused", refused);
    }
    emit_page_words(page, "", 2, line);
}

static void print_confidence(const struct emit_page *page, const struct tokens_account *account) {
    char line[SENTENCE_MAX];
    struct emit_text text;
    emit_text_init(&text, line, sizeof line);
    for (int confidence = 0; confidence < EMIT_CONFIDENCE_COUNT; confidence++) {
        bool named = false;
        for (size_t i = 0; i < account->row_count; i++) {
            const struct tokens_row *row = &account->rows[i];
            if (row->energy.confidence != (enum emit_confidence)confidence) continue;
            if (!named)
                emit_text_add_format(&text, "%s%s:", text.length ? "; " : "",
                                     emit_confidence_word((enum emit_confidence)confidence));
            named = true;
            emit_text_add_format(&text, " %s", row->model.profile->id);
        }
    }
    if (account->row_count > 1)
        emit_page_words(page, "  confidence  ", HANG, line);
    else if (account->row_count)
        emit_page_words(page, "  confidence  ", HANG,
                        emit_confidence_word(account->rows[0].energy.confidence));
}

static void print_caveats(const struct emit_page *page, const struct tokens_row *row) {
    char line[SENTENCE_MAX], figure[EMIT_FIGURE_MAX], context[EMIT_FIGURE_MAX];
    const struct emit_profile *profile = row->model.profile;
    if (row->energy.expired) {
        (void)emit_text_format(line, sizeof line,
                               "%s: its numbers were good until %s, or a factor's expired: "
                               "confidence is a step lower",
                               profile->id, profile->valid_until);
        emit_page_words(page, "  expired  ", HANG, line);
    }
    uint64_t extrapolated =
        row->counts.extrapolated_output + row->counts.extrapolated_reasoning_output;
    if (extrapolated) {
        tokens_figure_count(figure, true, extrapolated);
        tokens_figure_count(context, true, profile->context_tokens_max);
        (void)emit_text_format(line, sizeof line,
                               "%s: %s output tokens are of requests beyond the %s tokens that "
                               "its numbers are for%s%s",
                               profile->id, figure, context,
                               row->model.long_context ? ": range by " : "",
                               row->model.long_context ? row->model.long_context->id : "");
        emit_page_words(page, "  extrapolated  ", HANG, line);
    }
}

static void print_reasoning(const struct emit_page *page, const struct tokens_account *account) {
    char line[SENTENCE_MAX], figure[EMIT_FIGURE_MAX];
    uint64_t reasoning = 0;
    for (size_t i = 0; i < account->row_count; i++)
        reasoning += account->rows[i].counts.bucket[EMIT_BUCKET_REASONING_OUTPUT];
    if (!reasoning) return;
    tokens_figure_count(figure, true, reasoning);
    (void)emit_text_format(line, sizeof line, "Of the tokens out, %s are reasoning.", figure);
    emit_page_words(page, "  ", 2, line);
}

static void print_skipped(const struct emit_page *page, const struct tokens_account *account) {
    static const struct {
        enum emit_usage_fate fate;
        const char *one, *many;
    } words[] = {
        {EMIT_USAGE_DUPLICATE, "duplicate", "duplicates"},
        {EMIT_USAGE_FAILED, "failed", "failed"},
        {EMIT_USAGE_CACHE_HIT, "proxy cache hit", "proxy cache hits"},
        {EMIT_USAGE_NO_USAGE, "line without usage", "lines without usage"},
    };
    char line[SENTENCE_MAX];
    struct emit_text text;
    emit_text_init(&text, line, sizeof line);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        uint64_t count = account->fates[words[i].fate];
        if (count)
            emit_text_add_format(&text, "%s%" PRIu64 " %s", text.length ? ", " : "", count,
                                 count == 1 ? words[i].one : words[i].many);
    }
    if (!text.length) return;
    emit_text_add(&text, ": no event");
    emit_page_words(page, "  skipped  ", HANG, line);
}

// Records of some kinds, or what was remarked of them: under a word, each kind once.
static void print_kinds(const struct emit_page *page, const struct tokens_refusals *refusals,
                        const char *lead) {
    uint64_t untold = refusals->untold;
    char line[4 * SENTENCE_MAX];
    struct emit_text text;
    for (size_t i = 0; i < refusals->count; i++) {
        const struct tokens_refusal *refusal = &refusals->kinds[i];
        if (i >= KINDS_SHOWN) {
            untold += refusal->records;
            continue;
        }
        emit_text_init(&text, line, sizeof line);
        tokens_refusal_place(&text, refusal);
        emit_text_add_format(&text, "%s%s", text.length ? ": " : "", refusal->message);
        emit_page_words(page, lead, HANG, line);
        lead = "           ";
        if (refusal->remedy[0]) emit_page_shell(page, "             ", HANG + 4, refusal->remedy);
    }
    if (!untold) return;
    (void)emit_text_format(line, sizeof line, "and %" PRIu64 " more for other reasons%s", untold,
                           refusals->count > KINDS_SHOWN ? " (--json tells more)" : "");
    emit_page_words(page, lead, HANG, line);
}

static void print_sources(const struct emit_page *page, const struct tokens_account *account) {
    const char *lead = "  sources  ";
    char line[SENTENCE_MAX];
    for (size_t i = 0; i < account->row_count && account->row_count <= SOURCES_SHOWN; i++) {
        (void)emit_text_format(line, sizeof line, "emit tokens profiles %s",
                               account->rows[i].model.profile->id);
        emit_page_words(page, lead, HANG, line);
        lead = "           ";
    }
    if (account->row_count > SOURCES_SHOWN)
        emit_page_words(page, lead, HANG, "emit tokens profiles");
}

static void print_storage(const struct emit_page *page, const struct tokens_account *account) {
    const struct tokens_plan *plan = account->plan;
    char line[SENTENCE_MAX];
    struct emit_text text;
    for (size_t i = 0; i < account->note_count; i++)
        emit_page_words(page, "  ", 2, account->notes[i]);
    if (account->events_stored && strcmp(plan->workspace_id, EMIT_WORKSPACE_LOCAL) == 0)
        emit_page_words(page, "  ", 2,
                        "No workspace was named (--workspace): these events stay on this machine.");
    uint64_t events = account->has_store ? account->events_stored
                                         : account->events_made - account->events_conflicting;
    emit_text_init(&text, line, sizeof line);
    emit_text_add_format(&text, "%" PRIu64 " event%s %s", events, events == 1 ? "" : "s",
                         account->has_store  ? "stored, 0 sent (no sink)"
                         : plan->events_path ? "written, not stored"
                                             : "not stored");
    if (account->events_duplicate)
        emit_text_add_format(&text, ", %" PRIu64 " %s in the store before",
                             account->events_duplicate,
                             account->events_duplicate == 1 ? "was" : "were");
    emit_text_add(&text, ".");
    if (account->has_store && account->events_stored + account->events_duplicate)
        emit_text_add_format(&text, "  emit show %s", plan->run_id);
    emit_page_words(page, "  ", 2, line);
    uint64_t refused = tokens_account_refused(account);
    if (!refused) return;
    (void)emit_text_format(line, sizeof line, "exit %d: %" PRIu64 " record%s refused",
                           tokens_account_exit(account), refused, refused == 1 ? "" : "s");
    emit_page_words(page, "  ", 2, line);
}

void tokens_account_print(FILE *out, const struct tokens_account *account) {
    const struct emit_page page = {.out = out, .columns = EMIT_PAGE_COLUMNS_MIN};
    print_head(&page, account);
    print_table(out, account);
    if (account->row_count == 1)
        emit_page_words(&page, "  ", 2, boundaries[account->plan->boundary].meaning);
    if (account->row_count)
        emit_page_words(&page, "  ", 2,
                        "The range is the model's; it does not shrink with more requests.");
    print_reasoning(&page, account);
    print_confidence(&page, account);
    for (size_t i = 0; i < account->row_count; i++)
        print_caveats(&page, &account->rows[i]);
    print_skipped(&page, account);
    print_kinds(&page, &account->remarks, "  remarked ");
    print_kinds(&page, &account->refusals, "  refused  ");
    print_sources(&page, account);
    print_storage(&page, account);
}
