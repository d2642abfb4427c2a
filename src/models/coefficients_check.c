// The invariants of a row: a coefficient that breaks one is never used.
// SPDX-License-Identifier: Apache-2.0
#include "models/coefficients.h"

#include "base/number.h"
#include "base/time.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    SENTENCE_MAX = 200,
    KEY_MAX = 128,
    ID_MAX = 40, // bytes of a citation's id
};

// Joules per token that a central value can be; a slip of units lies outside.
struct wall {
    uint64_t low_nanojoules, high_nanojoules;
    const char *words;
};

static const struct wall walls[EMIT_BUCKET_COUNT] = {
    [EMIT_BUCKET_INPUT] = {100000, UINT64_C(10000000000), "0.0001 to 10 J/token"},
    [EMIT_BUCKET_CACHED_INPUT] = {0, UINT64_C(10000000000), "0 to 10 J/token"},
    [EMIT_BUCKET_OUTPUT] = {1000000, UINT64_C(100000000000), "0.001 to 100 J/token"},
    [EMIT_BUCKET_REASONING_OUTPUT] = {1000000, UINT64_C(100000000000), "0.001 to 100 J/token"},
    [EMIT_BUCKET_REQUEST] = {0, UINT64_C(1000000000000), "0 to 1000 J/request"},
};

enum {
    OUTPUT_PER_INPUT_MAX = 100,      // at the centre; and never less than once
    HIGH_PER_WALL_MAX = 100,         // how far a high value may lie above its wall
    FACTOR_MAX_THOUSANDTHS = 100000, // of a transform
    FACTOR_MIN_THOUSANDTHS = 1000,   // a boundary further out holds no less
};

// One row under its checks.
struct check {
    const char *id;    // of the row, or a word that stands for it
    const char *today; // NULL: whatever depends on the day is left out
    struct emit_findings *findings;
    const struct emit_citation *citations;
    size_t citation_count;
};

void emit_findings_tell(struct emit_findings *findings, const char *key, const char *sentence) {
    findings->take(findings->owner, key, sentence);
    findings->count++;
}

static void find(struct check *check, const char *key, const char *format, ...) EMIT_PRINTF(3, 4);
static void find(struct check *check, const char *key, const char *format, ...) {
    char words[SENTENCE_MAX], sentence[SENTENCE_MAX + EMIT_PROFILE_ID_MAX + KEY_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    if (length < 0) words[0] = '\0';
    (void)snprintf(sentence, sizeof sentence, "%s: %s %s", check->id, key, words);
    emit_findings_tell(check->findings, key, sentence);
}

// --- Texts ---

// UTF-8 without control characters: a text goes into events and onto terminals.
static bool is_printable(const char *text) {
    const char *end = text + strlen(text);
    for (size_t length; text < end; text += length) {
        unsigned char lead = (unsigned char)text[0];
        length = emit_utf8_length(text, end);
        bool is_control = lead < 0x20 || lead == 0x7f ||
                          (lead == 0xc2 && (unsigned char)text[1] < 0xa0); // U+0080 to U+009F
        if (!length || is_control) return false;
    }
    return true;
}

static bool check_short(struct check *check, const char *key, const char *text, int bytes_max) {
    if (!text || text[strspn(text, " ")] == '\0')
        find(check, key, "is missing");
    else if (strlen(text) > (size_t)bytes_max)
        find(check, key, "is longer than %d bytes", bytes_max);
    else if (!is_printable(text))
        find(check, key, "holds a line end, another control character, or bytes that are no UTF-8");
    else
        return true;
    return false;
}

static bool check_text(struct check *check, const char *key, const char *text) {
    return check_short(check, key, text, EMIT_COEFFICIENT_TEXT_MAX);
}

// Of a text that stands in every event.
static void check_note(struct check *check, const char *key, const char *text) {
    (void)check_short(check, key, text, EMIT_COEFFICIENT_NOTE_MAX);
}

static bool check_date(struct check *check, const char *key, const char *text) {
    if (!check_text(check, key, text)) return false;
    if (emit_time_is_day(text)) return true;
    find(check, key, "is '%.40s', not a day like 2026-11-25", text);
    return false;
}

static void check_url(struct check *check, const char *key, const char *url) {
    if (!check_short(check, key, url, EMIT_COEFFICIENT_NAME_MAX)) return;
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    bool plain = scheme > 0 && url[scheme] != '\0';
    for (const char *at = url; *at; at++)
        plain = plain && *at > ' ' && *at < 0x7f;
    if (!plain) find(check, key, "is no http or https address");
}

static void check_id(struct check *check, const char *key, const char *id) {
    if (!check_text(check, key, id) || emit_profile_id_is_valid(id)) return;
    find(check, key,
         "has to be lower-case letters, digits and hyphens, end in -v and a number, and name no "
         "provider");
}

// --- Citations ---

// A citation's id is a label like a profile's, without the version.
static bool is_citation_id(const char *id) {
    char versioned[ID_MAX + sizeof "-v1"];
    if (strlen(id) >= ID_MAX || id[0] == '\0') return false;
    (void)snprintf(versioned, sizeof versioned, "%s-v1", id);
    return emit_profile_id_is_valid(versioned);
}

static void check_citation(struct check *check, const struct emit_citation *citation) {
    const struct {
        const char *name, *text;
        int bytes_max;
    } texts[] = {{"title", citation->title, EMIT_COEFFICIENT_NAME_MAX},
                 {"version", citation->version, EMIT_COEFFICIENT_NAME_MAX},
                 {"says", citation->says, EMIT_COEFFICIENT_TEXT_MAX}};
    char key[KEY_MAX];
    if (!citation->id || !is_citation_id(citation->id)) {
        find(check, "sources", "holds an id that is no plain label, or names a provider");
        return;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)snprintf(key, sizeof key, "sources.%s.%s", citation->id, texts[i].name);
        (void)check_short(check, key, texts[i].text, texts[i].bytes_max);
    }
    (void)snprintf(key, sizeof key, "sources.%s.url", citation->id);
    check_url(check, key, citation->url);
    (void)snprintf(key, sizeof key, "sources.%s.published", citation->id);
    bool dated = check_date(check, key, citation->published);
    (void)snprintf(key, sizeof key, "sources.%s.accessed", citation->id);
    if (!check_date(check, key, citation->accessed)) return;
    if (dated && strcmp(citation->published, citation->accessed) > 0)
        find(check, key, "lies before the source was published");
    if (check->today && strcmp(citation->accessed, check->today) > 0)
        find(check, key, "lies behind today, %s", check->today);
}

static void check_citations(struct check *check) {
    if (check->citation_count == 0 || check->citation_count > EMIT_CITATIONS_MAX) {
        find(check, "sources", "has to name 1 to %d sources", EMIT_CITATIONS_MAX);
        check->citation_count = 0;
    }
    for (size_t i = 0; i < check->citation_count; i++)
        check_citation(check, &check->citations[i]);
}

static const struct emit_citation *find_citation(const struct check *check, const char *id,
                                                 size_t length) {
    for (size_t i = 0; i < check->citation_count; i++) {
        const char *has = check->citations[i].id;
        if (has && strlen(has) == length && memcmp(has, id, length) == 0)
            return &check->citations[i];
    }
    return NULL;
}

// What a number rests on bounds how far it can be trusted.
static void check_confidence(struct check *check, const char *key, const char *sources,
                             enum emit_confidence confidence) {
    size_t count = 0;
    bool secondary = false;
    if (!check_text(check, key, sources)) return;
    for (const char *at = sources;; at++) {
        size_t length = strcspn(at, ",");
        const struct emit_citation *citation = find_citation(check, at, length);
        if (!citation) {
            find(check, key, "names '%.*s', which is none of the sources", (int)length, at);
            return;
        }
        secondary = secondary || citation->secondary;
        count++;
        at += length;
        if (*at == '\0') break;
    }
    if (secondary && confidence != EMIT_CONFIDENCE_LOW)
        find(check, key, "rest on a secondary copy: the confidence has to be low");
    else if (count < 2 && confidence == EMIT_CONFIDENCE_HIGH)
        find(check, key, "is one source alone: the confidence cannot be high");
}

// Both dates are valid. A year is four digits.
static bool lasts_too_long(const char *valid_until, const char *published) {
    char last[16];
    int year = 0;
    (void)sscanf(published, "%4d", &year);
    (void)snprintf(last, sizeof last, "%04d%s", year + EMIT_COEFFICIENT_VALID_MONTHS / 12,
                   published + 4);
    return strcmp(valid_until, last) > 0;
}

static void check_validity(struct check *check, const char *valid_until) {
    static const char key[] = "valid_until";
    if (!check_date(check, key, valid_until)) return;
    const char *published = check->citation_count > 0 ? check->citations[0].published : NULL;
    if (published && emit_time_is_day(published)) {
        if (strcmp(valid_until, published) <= 0)
            find(check, key, "does not lie behind the primary source's day");
        else if (lasts_too_long(valid_until, published))
            find(check, key, "is more than %d months after the primary source's day",
                 EMIT_COEFFICIENT_VALID_MONTHS);
    }
    if (check->today && strcmp(valid_until, check->today) < 0)
        find(check, key, "is over: the row expired on %s", valid_until);
}

// --- Numbers ---

static void check_range(struct check *check, const char *key, const struct emit_range *range,
                        bool may_be_zero) {
    if (range->low > range->central)
        find(check, key, "has a low value above the central one");
    else if (range->central > range->high)
        find(check, key, "has a central value above the high one");
    else if (range->high == 0)
        find(check, key, "has a high value of 0");
    else if (range->central == 0 && !may_be_zero)
        find(check, key, "has a central value of 0");
}

static void check_coefficient(struct check *check, enum emit_bucket bucket,
                              const struct emit_coefficient *coefficient) {
    const struct wall *wall = &walls[bucket];
    char key[KEY_MAX];
    (void)snprintf(key, sizeof key, "coefficients.%s", emit_bucket_key(bucket));
    check_range(check, key, &coefficient->nanojoules, bucket == EMIT_BUCKET_REQUEST);
    if (coefficient->nanojoules.central < wall->low_nanojoules ||
        coefficient->nanojoules.central > wall->high_nanojoules)
        find(check, key, "has a central value outside %s: a slip of units?", wall->words);
    else if (coefficient->nanojoules.high > HIGH_PER_WALL_MAX * wall->high_nanojoules)
        find(check, key, "has a high value that cannot be: a slip of units?");
    (void)snprintf(key, sizeof key, "coefficients.%s.derivation", emit_bucket_key(bucket));
    (void)check_text(check, key, coefficient->derivation);
    (void)snprintf(key, sizeof key, "coefficients.%s.sources", emit_bucket_key(bucket));
    check_confidence(check, key, coefficient->sources, coefficient->confidence);
}

// The cheaper bucket is no dearer than the other one, at each of the three.
static void check_order(struct check *check, const struct emit_profile *profile,
                        enum emit_bucket cheaper, enum emit_bucket dearer) {
    const struct emit_coefficient *less = &profile->coefficients[cheaper];
    const struct emit_coefficient *more = &profile->coefficients[dearer];
    char key[KEY_MAX];
    (void)snprintf(key, sizeof key, "coefficients.%s", emit_bucket_key(cheaper));
    if (!less->defined || !more->defined) return; // that a bucket is missing is told by itself
    if (less->nanojoules.low > more->nanojoules.low ||
        less->nanojoules.central > more->nanojoules.central ||
        less->nanojoules.high > more->nanojoules.high)
        find(check, key, "is dearer than %s", emit_bucket_key(dearer));
}

static void check_buckets(struct check *check, const struct emit_profile *profile) {
    const struct emit_coefficient *input = &profile->coefficients[EMIT_BUCKET_INPUT];
    const struct emit_coefficient *output = &profile->coefficients[EMIT_BUCKET_OUTPUT];
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++)
        if (profile->coefficients[bucket].defined)
            check_coefficient(check, (enum emit_bucket)bucket, &profile->coefficients[bucket]);
    if (!input->defined) find(check, "coefficients.input", "is missing");
    check_order(check, profile, EMIT_BUCKET_CACHED_INPUT, EMIT_BUCKET_INPUT);
    if (output->defined) check_order(check, profile, EMIT_BUCKET_INPUT, EMIT_BUCKET_OUTPUT);
    if (profile->coefficients[EMIT_BUCKET_REASONING_OUTPUT].defined && !output->defined)
        find(check, "coefficients.reasoning_output", "needs the bucket output");
    if (input->defined && output->defined &&
        output->nanojoules.central / OUTPUT_PER_INPUT_MAX > input->nanojoules.central)
        find(check, "coefficients.output", "is more than %d times input at the centre",
             OUTPUT_PER_INPUT_MAX);
}

void emit_profile_check(const struct emit_profile *profile, const char *today,
                        struct emit_findings *findings) {
    struct check check = {.id = profile->id ? profile->id : "a profile",
                          .today = today,
                          .findings = findings,
                          .citations = profile->citations,
                          .citation_count = profile->citation_count};
    check_id(&check, "profile", profile->id);
    check_note(&check, "stands_for", profile->stands_for);
    check_note(&check, "intended_use", profile->intended_use);
    check_note(&check, "caveats", profile->caveats);
    check_citations(&check);
    check_validity(&check, profile->valid_until);
    if (profile->context_tokens_max == 0 || profile->context_tokens_max > EMIT_COUNT_MAX)
        find(&check, "context_tokens_max", "has to be 1 to 2^53");
    check_buckets(&check, profile);
}

void emit_transform_check(const struct emit_transform *transform, const char *today,
                          struct emit_findings *findings) {
    struct check check = {.id = transform->id ? transform->id : "a transform",
                          .today = today,
                          .findings = findings,
                          .citations = transform->citations,
                          .citation_count = transform->citation_count};
    check_id(&check, "transform", transform->id);
    check_note(&check, "intended_use", transform->intended_use);
    check_note(&check, "caveats", transform->caveats);
    (void)check_text(&check, "derivation", transform->derivation);
    check_citations(&check);
    check_validity(&check, transform->valid_until);
    check_confidence(&check, "factor.sources", transform->sources, transform->confidence);
    check_range(&check, "factor", &transform->thousandths, false);
    if (transform->thousandths.low < FACTOR_MIN_THOUSANDTHS ||
        transform->thousandths.high > FACTOR_MAX_THOUSANDTHS)
        find(&check, "factor", "has to be 1 to 100");
    if (transform->from > transform->to)
        find(&check, "from", "lies further out than the stage it leads to");
    else if (transform->from == transform->to && transform->from != EMIT_STAGE_ACCELERATOR)
        find(&check, "from", "is the stage it leads to");
}

static void check_ids(struct check *check, const char *before, const char *id) {
    int order = strcmp(before, id);
    check->id = "the table";
    if (order == 0)
        find(check, id, "is the id of two rows");
    else if (order > 0)
        find(check, id, "is out of order");
}

void emit_coefficient_table_check(const struct emit_coefficient_table *table,
                                  struct emit_findings *findings) {
    struct check check = {.id = "the table", .findings = findings};
    for (size_t i = 1; i < table->profile_count; i++)
        check_ids(&check, table->profiles[i - 1].id, table->profiles[i].id);
    for (size_t i = 0; i < table->transform_count; i++) {
        const struct emit_transform *row = &table->transforms[i];
        if (i > 0) check_ids(&check, table->transforms[i - 1].id, row->id);
        for (size_t j = 0; j < i; j++) {
            const struct emit_transform *other = &table->transforms[j];
            bool is_loop = row->from == row->to, other_is_loop = other->from == other->to;
            if (row->from == other->from && is_loop == other_is_loop)
                find(&check, row->id, "leads from the stage %s, as %s does",
                     emit_stage_word(row->from), other->id);
        }
    }
}
