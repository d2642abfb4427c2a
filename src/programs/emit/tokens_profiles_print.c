// The list, and the cards. A reader judges a number by its range, where it comes
// from, how it was derived and how far it is trusted: a card shows all of it.
// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"
#include "base/text.h"
#include "programs/emit/page.h"
#include "programs/emit/tokens_profiles.h"

#include <inttypes.h>
#include <string.h>

enum {
    RANGE_MAX = 3 * EMIT_NUMBER_TEXT_MAX + (int)sizeof " (..)",
    LEAD_MAX = 160,
    CARD_HANG = 14,  // columns in front of what a card says
    SOURCE_HANG = 4, // of what it says of a source
};

static const double nanojoules_per_joule = 1e9, nanojoules_per_millijoule = 1e6,
                    thousandths_per_one = 1e3;

// "0.12 (0.047..0.59)": the numbers of the table as they are.
static void range_text(char text[RANGE_MAX], const struct emit_range *range, double per_unit) {
    char low[EMIT_NUMBER_TEXT_MAX], central[EMIT_NUMBER_TEXT_MAX], high[EMIT_NUMBER_TEXT_MAX];
    emit_number_write(low, (double)range->low / per_unit);
    emit_number_write(central, (double)range->central / per_unit);
    emit_number_write(high, (double)range->high / per_unit);
    (void)emit_text_format(text, RANGE_MAX, "%s (%s..%s)", central, low, high);
}

// --- The list ---

// The lower of what input and output can be trusted.
static enum emit_confidence lowest_confidence(const struct emit_profile *profile) {
    const struct emit_coefficient *input = &profile->coefficients[EMIT_BUCKET_INPUT];
    const struct emit_coefficient *output = &profile->coefficients[EMIT_BUCKET_OUTPUT];
    if (output->defined && output->confidence < input->confidence) return output->confidence;
    return input->confidence;
}

static void print_list_profile(FILE *out, const struct emit_profile *profile) {
    const struct emit_coefficient *output = &profile->coefficients[EMIT_BUCKET_OUTPUT];
    char input_text[RANGE_MAX], output_text[RANGE_MAX] = "none";
    range_text(input_text, &profile->coefficients[EMIT_BUCKET_INPUT].nanojoules,
               nanojoules_per_millijoule);
    if (output->defined) range_text(output_text, &output->nanojoules, nanojoules_per_millijoule);
    fprintf(out, "modeled %-25s %-15s %-18s %s\n", profile->id, input_text, output_text,
            emit_confidence_word(lowest_confidence(profile)));
}

static void print_list_transform(FILE *out, const struct emit_transform *transform) {
    char factor[RANGE_MAX], stages[LEAD_MAX];
    range_text(factor, &transform->thousandths, thousandths_per_one);
    if (transform->from == transform->to)
        (void)emit_text_format(stages, sizeof stages, "output beyond the context");
    else
        (void)emit_text_format(stages, sizeof stages, "%s to %s", emit_stage_word(transform->from),
                               emit_stage_word(transform->to));
    fprintf(out, "modeled %-16s x %-17s %-25s %s\n", transform->id, factor, stages,
            emit_confidence_word(transform->confidence));
}

static void print_expired(FILE *out, const char *id, const char *valid_until, const char *today) {
    if (strcmp(valid_until, today) < 0)
        fprintf(out, "%s expired on %s: a step less confidence\n", id, valid_until);
}

void emit_tokens_profiles_print_list(FILE *out, const struct emit_coefficient_table *table,
                                     const char *today) {
    const struct emit_page page = {.out = out, .columns = EMIT_PAGE_COLUMNS_MIN};
    bool beyond = false; // some row is not of accelerators
    for (size_t i = 0; i < table->profile_count; i++)
        beyond = beyond || table->profiles[i].boundary != EMIT_BOUNDARY_ACCELERATOR;
    fprintf(out, "%-33s %-15s %-18s %s\n", "mJ/token, central (low..high)", "input", "output",
            "confidence");
    for (size_t i = 0; i < table->profile_count; i++)
        print_list_profile(out, &table->profiles[i]);
    emit_page_words(&page, "", 0,
                    beyond ? "What the joules include, the card of each profile says."
                           : "Of accelerators only. The factors for more than that are used when "
                             "they are asked for:");
    for (size_t i = 0; i < table->transform_count; i++)
        print_list_transform(out, &table->transforms[i]);
    for (size_t i = 0; i < table->profile_count; i++)
        print_expired(out, table->profiles[i].id, table->profiles[i].valid_until, today);
    for (size_t i = 0; i < table->transform_count; i++)
        print_expired(out, table->transforms[i].id, table->transforms[i].valid_until, today);
    fprintf(out, "emit tokens profiles NAME shows where a row comes from.\ntable   sha256 %s\n",
            table->sha256);
}

// --- Cards ---

static void print_field(const struct emit_page *page, const char *name, const char *text) {
    char lead[LEAD_MAX];
    (void)emit_text_format(lead, sizeof lead, "  %-*s", CARD_HANG - 2, name);
    emit_page_words(page, lead, CARD_HANG, text);
}

// "sources: a, b", broken between ids where the page ends.
static void print_sources(const struct emit_page *page, const char *sources) {
    int column = fprintf(page->out, "%*ssources:", CARD_HANG, "");
    for (const char *id = sources; *id;) {
        int length = (int)strcspn(id, ",");
        bool is_last = !id[length];
        if (column + 1 + length + !is_last > page->columns)
            column = fprintf(page->out, "\n%*s", CARD_HANG - 1, "") - 1;
        column += fprintf(page->out, " %.*s%s", length, id, is_last ? "" : ",");
        id += length + !is_last;
    }
    fputc('\n', page->out);
}

// What a number rests on: its derivation, then the ids of its sources.
static void print_grounds(const struct emit_page *page, const char *derivation,
                          const char *sources) {
    char lead[LEAD_MAX];
    (void)emit_text_format(lead, sizeof lead, "%*s", CARD_HANG, "");
    emit_page_words(page, lead, CARD_HANG, derivation);
    print_sources(page, sources);
}

static void print_coefficient(const struct emit_page *page, enum emit_bucket bucket,
                              const struct emit_coefficient *coefficient) {
    char range[RANGE_MAX];
    if (!coefficient->defined) return;
    range_text(range, &coefficient->nanojoules, nanojoules_per_joule);
    fprintf(page->out, "\n  modeled     %s: %s %s, %s confidence\n", emit_bucket_key(bucket), range,
            emit_bucket_unit(bucket), emit_confidence_word(coefficient->confidence));
    print_grounds(page, coefficient->derivation, coefficient->sources);
}

static void print_citations(const struct emit_page *page, const struct emit_citation *citations,
                            size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct emit_citation *citation = &citations[i];
        char lead[LEAD_MAX];
        (void)emit_text_format(lead, sizeof lead, "  %s%s: ", citation->id,
                               i == 0 ? ", the primary source" : "");
        fputc('\n', page->out);
        emit_page_words(page, lead, SOURCE_HANG, citation->title);
        // An address is copied: it is never broken.
        fprintf(page->out, "%*s%s\n", SOURCE_HANG, "", citation->url);
        emit_page_words(page, "    version ", SOURCE_HANG, citation->version);
        fprintf(page->out, "%*spublished or measured %s; read %son %s\n", SOURCE_HANG, "",
                citation->published, citation->secondary ? "in a secondary copy " : "",
                citation->accessed);
        emit_page_words(page, "    ", SOURCE_HANG, citation->says);
    }
}

static void print_validity(const struct emit_page *page, const char *valid_until,
                           const char *today) {
    char text[LEAD_MAX];
    bool is_over = strcmp(valid_until, today) < 0;
    (void)emit_text_format(text, sizeof text, "until %s%s", valid_until,
                           is_over ? ": EXPIRED, a step less confidence than said below" : "");
    print_field(page, "valid", text);
}

void emit_tokens_profiles_print_profile(FILE *out, const struct emit_profile *profile,
                                        const char *table_sha256, const char *today) {
    const struct emit_page page = {.out = out, .columns = EMIT_PAGE_COLUMNS_MIN};
    char context[LEAD_MAX];
    fprintf(out, "%s, modeled\n", profile->id);
    print_field(&page, "stands for", profile->stands_for);
    print_field(&page, "use", profile->intended_use);
    print_field(&page, "caveats", profile->caveats);
    print_field(&page, "boundary", emit_boundary_word(profile->boundary));
    (void)emit_text_format(context, sizeof context, "to %" PRIu64 " tokens of a request",
                           profile->context_tokens_max);
    print_field(&page, "context", context);
    print_validity(&page, profile->valid_until, today);
    print_field(&page, "table", table_sha256);
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++)
        print_coefficient(&page, (enum emit_bucket)bucket, &profile->coefficients[bucket]);
    print_citations(&page, profile->citations, profile->citation_count);
}

void emit_tokens_profiles_print_transform(FILE *out, const struct emit_transform *transform,
                                          const char *table_sha256, const char *today) {
    const struct emit_page page = {.out = out, .columns = EMIT_PAGE_COLUMNS_MIN};
    char range[RANGE_MAX];
    fprintf(out, "%s, modeled\n", transform->id);
    print_field(&page, "use", transform->intended_use);
    print_field(&page, "caveats", transform->caveats);
    print_field(&page, "from", emit_stage_word(transform->from));
    print_field(&page, "to", emit_stage_word(transform->to));
    print_validity(&page, transform->valid_until, today);
    print_field(&page, "table", table_sha256);
    range_text(range, &transform->thousandths, thousandths_per_one);
    fprintf(out, "\n  modeled     factor: %s, %s confidence\n", range,
            emit_confidence_word(transform->confidence));
    print_grounds(&page, transform->derivation, transform->sources);
    print_citations(&page, transform->citations, transform->citation_count);
}
