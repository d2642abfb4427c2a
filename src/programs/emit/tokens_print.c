// The account of one emit tokens as text of 80 columns. Whoever reads a single line of it
// still sees that its joules are modeled, and within which range.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_account.h"

#include "base/time.h"
#include "programs/emit/page.h"
#include "programs/emit/tokens_table.h"

#include <inttypes.h>
#include <string.h>

enum {
    KINDS_SHOWN = 10, // of what is refused or remarked
    SOURCES_SHOWN = 3,
    SENTENCE_MAX = 1024,
    HANG = 11, // behind "  refused  "
};

// --- The table ---------------------------------------------------------------------------

static void fill_line(struct tokens_line *line, const struct tokens_row *row,
                      const struct emit_energy_unit *unit) {
    tokens_line_fill(line, row->model.profile->id, row->sum.counts.bucket, row->sum.counts.known);
    tokens_table_energy(line->cell[TOKENS_COLUMN_ENERGY], unit, row->energy.joules,
                        row->energy.low_joules, row->energy.high_joules);
}

static void print_table(FILE *out, const struct tokens_account *account) {
    struct tokens_joules total;
    if (!tokens_account_total(account, &total)) return;
    bool has_total = account->row_count > 1;
    char energy[TOKENS_CELL_MAX];
    struct tokens_line line;
    struct tokens_table table;
    tokens_table_init(&table, tokens_figure_unit(total.central > 0 ? total.central : total.high));
    for (size_t i = 0; i < account->row_count; i++)
        tokens_table_look(&table, account->rows[i].energy.joules,
                          account->rows[i].energy.low_joules);
    tokens_table_energy(energy, table.unit, total.central, total.low, total.high);
    if (has_total) tokens_table_fit_energy(&table, energy);
    for (size_t i = 0; i < account->row_count; i++) {
        fill_line(&line, &account->rows[i], table.unit);
        tokens_table_fit(&table, &line);
    }
    tokens_table_print_heading(out, &table);
    for (size_t i = 0; i < account->row_count; i++) {
        fill_line(&line, &account->rows[i], table.unit);
        tokens_table_print(out, &table, &line);
    }
    if (has_total) tokens_table_print_total(out, &table, account->plan->boundary, energy);
}

// --- Around it ---------------------------------------------------------------------------

static void add_dialects(struct emit_text *text, const struct tokens_account *account) {
    size_t found = 0;
    for (int dialect = 0; dialect < EMIT_DIALECT_COUNT; dialect++) {
        if (!account->usage.dialects[dialect]) continue;
        emit_text_add(text, found++ ? " and " : ", ");
        emit_text_add(text, emit_dialect_word((enum emit_dialect)dialect));
    }
    if (found && account->plan->dialect == EMIT_DIALECT_COUNT) emit_text_add(text, " (detected)");
}

// Where one line cannot hold it, what was read stands on one and how it fared on the next.
static void print_head(const struct emit_page *page, const struct tokens_account *account) {
    char read_line[SENTENCE_MAX], fared[SENTENCE_MAX];
    struct emit_text text;
    uint64_t read = emit_usage_account_read(&account->usage),
             skipped = emit_usage_account_skipped(&account->usage),
             refused = emit_usage_account_refused(&account->usage);
    if (account->from_counts) {
        (void)emit_text_format(read_line, sizeof read_line, "%s, from counts",
                               account->plan->run_id);
        emit_page_words(page, "", 2, read_line);
        return;
    }
    emit_text_init(&text, read_line, sizeof read_line);
    emit_text_add_format(&text, "%" PRIu64 " record%s", read, read == 1 ? "" : "s");
    add_dialects(&text, account);
    emit_text_add(&text, ":");
    emit_text_init(&text, fared, sizeof fared);
    emit_text_add_format(&text, " %" PRIu64 " used", account->usage.fates[EMIT_USAGE_USED]);
    if (skipped) emit_text_add_format(&text, ", %" PRIu64 " skipped", skipped);
    if (refused) emit_text_add_format(&text, ", %" PRIu64 " refused", refused);
    if (strlen(read_line) + strlen(fared) <= (size_t)page->columns) {
        fprintf(page->out, "%s%s\n", read_line, fared);
        return;
    }
    emit_page_words(page, "", 2, read_line);
    emit_page_words(page, "  ", 2, fared + 1);
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

// Which rows of the table were past their day on that of the events, and what it did.
static void print_expired(const struct emit_page *page, const struct tokens_row *row) {
    char line[SENTENCE_MAX], day[EMIT_DAY_TEXT];
    struct emit_token_expired rows[EMIT_TOKEN_EXPIRED_MAX];
    struct emit_text text;
    emit_time_write_day(day, row->sum.last_ns);
    size_t count = emit_token_expired(rows, &row->model, row->energy.extrapolated, day);
    emit_text_init(&text, line, sizeof line);
    for (size_t i = 0; i < count; i++)
        emit_text_add_format(&text, "%s%s on %s", i ? ", " : "", rows[i].id, rows[i].valid_until);
    const char *confidence = emit_confidence_word(row->energy.confidence);
    emit_text_add_format(&text, ": confidence of %s ", row->model.profile->id);
    if (row->energy.confidence == row->energy.cited_confidence)
        emit_text_add_format(&text, "stays %s, the lowest", confidence);
    else
        emit_text_add_format(&text, "is %s, a step below %s", confidence,
                             emit_confidence_word(row->energy.cited_confidence));
    emit_page_words(page, "  expired  ", HANG, line);
}

static void print_caveats(const struct emit_page *page, const struct tokens_row *row) {
    char line[SENTENCE_MAX], figure[EMIT_FIGURE_MAX];
    const struct emit_profile *profile = row->model.profile;
    if (row->energy.expired) print_expired(page, row);
    uint64_t extrapolated =
        row->sum.counts.extrapolated_output + row->sum.counts.extrapolated_reasoning_output;
    if (extrapolated) {
        tokens_figure_count(figure, true, extrapolated);
        (void)emit_text_format(line, sizeof line,
                               "%s: %s output tokens are of requests beyond the %" PRIu64
                               " tokens that "
                               "its numbers are for%s%s",
                               profile->id, figure, profile->context_tokens_max,
                               row->model.long_context ? ": range by " : "",
                               row->model.long_context ? row->model.long_context->id : "");
        emit_page_words(page, "  extrapolated  ", HANG, line);
    }
}

static void print_reasoning(const struct emit_page *page, const struct tokens_account *account) {
    char line[SENTENCE_MAX], figure[EMIT_FIGURE_MAX];
    uint64_t reasoning = 0;
    for (size_t i = 0; i < account->row_count; i++)
        reasoning += account->rows[i].sum.counts.bucket[EMIT_BUCKET_REASONING_OUTPUT];
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
        uint64_t count = account->usage.fates[words[i].fate];
        if (count)
            emit_text_add_format(&text, "%s%" PRIu64 " %s", text.length ? ", " : "", count,
                                 count == 1 ? words[i].one : words[i].many);
    }
    if (!text.length) return;
    emit_text_add(&text, ": no event");
    emit_page_words(page, "  skipped  ", HANG, line);
}

// Records of some kinds, or what was remarked of them: under a word, each kind once.
static void print_kinds(const struct emit_page *page, const struct emit_usage_refusals *refusals,
                        const char *lead) {
    uint64_t untold = refusals->untold;
    char line[4 * SENTENCE_MAX];
    struct emit_text text;
    for (size_t i = 0; i < refusals->count; i++) {
        const struct emit_usage_refusal *refusal = &refusals->kinds[i];
        if (i >= KINDS_SHOWN) {
            untold += refusal->records;
            continue;
        }
        emit_text_init(&text, line, sizeof line);
        emit_usage_refusal_place(&text, refusal);
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
    const char *lead = "  sources  ", *folder = account->plan->coefficients;
    bool each = account->row_count <= SOURCES_SHOWN;
    char line[SENTENCE_MAX];
    struct emit_text text;
    for (size_t i = 0; i < (each ? account->row_count : 1); i++) {
        emit_text_init(&text, line, sizeof line);
        emit_text_add(&text, "emit tokens profiles");
        if (each) emit_text_add_format(&text, " %s", account->rows[i].model.profile->id);
        if (folder) emit_text_add(&text, " --coefficients ");
        if (folder) emit_text_add_shell_word(&text, folder);
        emit_page_shell(page, lead, HANG + 2, line);
        lead = "           ";
    }
}

// What became of the events, and what to type to see them again, which is never broken.
static void print_what_became(const struct emit_page *page, const struct tokens_account *account) {
    const struct tokens_plan *plan = account->plan;
    char line[SENTENCE_MAX], command[SENTENCE_MAX];
    struct emit_text text;
    uint64_t events = account->has_store ? account->events_stored
                                         : account->events_made - account->events_conflicting;
    emit_text_init(&text, line, sizeof line);
    emit_text_add_format(&text, "%" PRIu64 " event%s %s", events, events == 1 ? "" : "s",
                         account->has_store  ? "stored"
                         : plan->events_path ? "written, not stored"
                                             : "made, not stored");
    if (account->events_duplicate)
        emit_text_add_format(&text, ", %" PRIu64 " stored before", account->events_duplicate);
    emit_text_add(&text, account->has_store ? ", 0 sent (no sink)." : ".");
    if (!account->has_store || account->events_stored + account->events_duplicate == 0) {
        emit_page_words(page, "  ", 2, line);
        return;
    }
    emit_text_init(&text, command, sizeof command);
    emit_text_add(&text, "emit show ");
    emit_text_add_shell_word(&text, plan->run_id);
    emit_page_command(page, line, command);
}

static void print_storage(const struct emit_page *page, const struct tokens_account *account) {
    char line[SENTENCE_MAX];
    for (size_t i = 0; i < account->note_count; i++)
        emit_page_words(page, "  ", 2, account->notes[i]);
    if (account->events_stored && strcmp(account->plan->workspace_id, EMIT_WORKSPACE_LOCAL) == 0)
        emit_page_words(page, "  ", 2,
                        "No workspace was named (--workspace): these events stay on this machine.");
    print_what_became(page, account);
    uint64_t refused = emit_usage_account_refused(&account->usage);
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
        emit_page_words(&page, "  ", 2, tokens_boundary_sentence(account->plan->boundary));
    if (account->row_count)
        emit_page_words(&page, "  ", 2,
                        "The range is the model's; it does not shrink with more requests.");
    print_reasoning(&page, account);
    print_confidence(&page, account);
    for (size_t i = 0; i < account->row_count; i++)
        print_caveats(&page, &account->rows[i]);
    print_skipped(&page, account);
    print_kinds(&page, &account->usage.remarks, "  remarked ");
    print_kinds(&page, &account->usage.refusals, "  refused  ");
    print_sources(&page, account);
    print_storage(&page, account);
}
