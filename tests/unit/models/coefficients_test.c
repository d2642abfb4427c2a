// The table of this build, and that a row which breaks one invariant is found by it:
// every case changes one thing of a row that keeps them all.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/number.h"
#include "models/coefficients.h"
#include "models/coefficients_write.h"

#include <sha2.h>
#include <stdlib.h>

static const char today[] = "2026-11-25";

struct subject {
    struct emit_profile profile;
    struct emit_transform transform;
    struct emit_citation citations[EMIT_CITATIONS_MAX + 1];
};

#define BUCKET(low, central, high, of)                                                             \
    {                                                                                              \
        .defined = true, .nanojoules = {low, central, high}, .confidence = EMIT_CONFIDENCE_MEDIUM, \
        .derivation = "by hand", .sources = of                                                     \
    }

static void make(struct subject *subject) {
    *subject = (struct subject){
        .citations = {{.id = "paper",
                       .title = "A Paper",
                       .url = "https://example.org/a",
                       .published = "2026-01-31",
                       .accessed = "2026-11-25",
                       .version = "v1",
                       .says = "table 1"},
                      {.id = "copy",
                       .title = "A Blog",
                       .url = "http://example.org/b",
                       .published = "2025-01-31",
                       .accessed = "2026-02-01",
                       .version = "v1",
                       .says = "a figure",
                       .secondary = true}},
        .profile =
            {.id = "house-large-v1",
             .stands_for = "a class",
             .intended_use = "For tests.",
             .caveats = "None.",
             .notes = "All.",
             .boundary = EMIT_BOUNDARY_ACCELERATOR,
             .valid_until = "2028-01-31",
             .context_tokens_max = 8192,
             .coefficients = {[EMIT_BUCKET_INPUT] = BUCKET(1000000, 2000000, 3000000, "paper"),
                              [EMIT_BUCKET_CACHED_INPUT] = BUCKET(0, 1, 3000000, "paper"),
                              [EMIT_BUCKET_OUTPUT] = BUCKET(1000000, 200000000, 300000000, "paper"),
                              [EMIT_BUCKET_REASONING_OUTPUT] = BUCKET(0, 1000000, 3000000, "paper"),
                              [EMIT_BUCKET_REQUEST] = BUCKET(0, 0, 1, "paper")},
             .citation_count = 2},
        .transform = {.id = "house-way-v1",
                      .intended_use = "For tests.",
                      .caveats = "None.",
                      .from = EMIT_STAGE_ACCELERATOR,
                      .to = EMIT_STAGE_FACILITY,
                      .thousandths = {1000, 1001, 100000},
                      .sources = "paper",
                      .confidence = EMIT_CONFIDENCE_MEDIUM,
                      .derivation = "by hand",
                      .valid_until = "2028-01-31",
                      .citation_count = 2}};
    subject->profile.citations = subject->transform.citations = subject->citations;
}

struct found {
    size_t count;
    char sentence[512];
};

static void take(void *owner, const char *key, const char *sentence) {
    struct found *found = owner;
    if (found->count++ == 0)
        (void)snprintf(found->sentence, sizeof found->sentence, "[%s] %s", key, sentence);
}

// --- What is changed ---

#define CHANGE(name, statement)                                                                    \
    static void name(struct subject *s) {                                                          \
        statement;                                                                                 \
    }
static struct emit_coefficient *bucket(struct subject *subject, enum emit_bucket which) {
    return &subject->profile.coefficients[which];
}

static char too_long[EMIT_COEFFICIENT_TEXT_MAX + 2];

CHANGE(nothing, (void)s)
CHANGE(longest_id,
       s->profile.id = "a-name-that-takes-just-as-many-bytes-as-an-id-may-be-long---v123")
CHANGE(id_too_long,
       s->profile.id = "a-name-that-takes-just-as-many-bytes-as-an-id-may-be-long---v1234")
CHANGE(brand_inside, s->profile.id = "metal-large-v1")
CHANGE(brand, s->profile.id = "meta-large-v1")
CHANGE(capital, s->profile.id = "House-v1")
CHANGE(long_text, s->citations[1].says = too_long + 1)
CHANGE(longer_text, s->citations[1].says = too_long)
CHANGE(long_note,
       s->profile.caveats = too_long + 1 + EMIT_COEFFICIENT_TEXT_MAX - EMIT_COEFFICIENT_NOTE_MAX)
CHANGE(longer_note,
       s->profile.caveats = too_long + EMIT_COEFFICIENT_TEXT_MAX - EMIT_COEFFICIENT_NOTE_MAX)
CHANGE(long_name, s->citations[1].version = too_long + 1 + EMIT_COEFFICIENT_TEXT_MAX -
                                            EMIT_COEFFICIENT_NAME_MAX)
CHANGE(longer_name,
       s->citations[1].version = too_long + EMIT_COEFFICIENT_TEXT_MAX - EMIT_COEFFICIENT_NAME_MAX)
CHANGE(umlaut, s->profile.caveats = "K\xc3\xbchlung")
CHANGE(broken_utf8, s->profile.caveats = "K\xc3")
CHANGE(overlong, s->profile.caveats = "a\xc0\xafz")
CHANGE(overlong_control, s->profile.caveats = "a\xe0\x82\x9bz")
CHANGE(surrogate, s->profile.caveats = "a\xed\xa0\x80z")
CHANGE(beyond_unicode, s->profile.caveats = "a\xf4\x90\x80\x80z")
CHANGE(furthest, s->profile.caveats = "a\xf4\x8f\xbf\xbfz")
CHANGE(control, s->profile.caveats = "a\x1b[2J")
CHANGE(c1_control, s->profile.caveats = "a\xc2\x9b")
CHANGE(no_citation, s->profile.citation_count = 0)
CHANGE(too_many_citations, s->profile.citation_count = EMIT_CITATIONS_MAX + 1)
CHANGE(no_version, s->citations[1].version = NULL)
CHANGE(bare_scheme, s->citations[0].url = "https://")
CHANGE(blank_in_url, s->citations[0].url = "https://a b")
CHANGE(read_on_the_day, s->citations[0].accessed = "2026-01-31")
CHANGE(read_before, s->citations[0].accessed = "2026-01-30")
CHANGE(read_tomorrow, s->citations[0].accessed = "2026-11-26")
CHANGE(leap_day, s->citations[1].published = "2024-02-29")
CHANGE(no_leap_day, s->citations[1].published = "2025-02-29")
CHANGE(a_day_too_long, s->profile.valid_until = "2028-02-01")
CHANGE(ends_today, s->profile.valid_until = "2026-11-25")
CHANGE(ended_yesterday, s->profile.valid_until = "2026-11-24")
CHANGE(ends_at_once, s->profile.valid_until = "2026-01-31")
CHANGE(no_context, s->profile.context_tokens_max = 0)
CHANGE(largest_context, s->profile.context_tokens_max = EMIT_COUNT_MAX)
CHANGE(endless_context, s->profile.context_tokens_max = EMIT_COUNT_MAX + 1)
CHANGE(no_input, bucket(s, EMIT_BUCKET_INPUT)->defined = false)
CHANGE(input_alone, bucket(s, EMIT_BUCKET_OUTPUT)->defined =
                        bucket(s, EMIT_BUCKET_REASONING_OUTPUT)->defined = false)
CHANGE(reasoning_alone, bucket(s, EMIT_BUCKET_OUTPUT)->defined = false)
CHANGE(low_above, bucket(s, EMIT_BUCKET_INPUT)->nanojoules.low = 2000001)
CHANGE(central_above, bucket(s, EMIT_BUCKET_INPUT)->nanojoules.central = 3000001)
CHANGE(all_the_same, bucket(s, EMIT_BUCKET_REQUEST)->nanojoules = ((struct emit_range){5, 5, 5}))
CHANGE(request_of_nothing, bucket(s, EMIT_BUCKET_REQUEST)->nanojoules.high = 0)
CHANGE(cached_of_nothing, bucket(s, EMIT_BUCKET_CACHED_INPUT)->nanojoules.central = 0)
CHANGE(under_input_wall,
       bucket(s, EMIT_BUCKET_CACHED_INPUT)->nanojoules = ((struct emit_range){0, 1, 1});
       bucket(s, EMIT_BUCKET_INPUT)->nanojoules = ((struct emit_range){0, 99999, 3000000});
       bucket(s, EMIT_BUCKET_OUTPUT)->nanojoules.central = 9000000)
CHANGE(at_input_wall, under_input_wall(s);
       bucket(s, EMIT_BUCKET_INPUT)->nanojoules.central = 100000)
CHANGE(at_output_wall, bucket(s, EMIT_BUCKET_INPUT)->nanojoules.central = UINT64_C(1000000000);
       bucket(s, EMIT_BUCKET_INPUT)->nanojoules.high = UINT64_C(1000000000);
       bucket(s, EMIT_BUCKET_OUTPUT)->nanojoules.central = UINT64_C(100000000000);
       bucket(s, EMIT_BUCKET_OUTPUT)->nanojoules.high = UINT64_C(100000000000))
CHANGE(over_output_wall, at_output_wall(s); bucket(s, EMIT_BUCKET_OUTPUT)->nanojoules.high++;
       bucket(s, EMIT_BUCKET_OUTPUT)->nanojoules.central++)
CHANGE(high_beyond_all, bucket(s, EMIT_BUCKET_OUTPUT)->nanojoules.high = UINT64_C(10000000000001))
CHANGE(output_101_times, bucket(s, EMIT_BUCKET_OUTPUT)->nanojoules.central = 200000100)
CHANGE(cached_dearer_high, bucket(s, EMIT_BUCKET_CACHED_INPUT)->nanojoules.high = 3000001)
CHANGE(input_dearer_low, bucket(s, EMIT_BUCKET_OUTPUT)->nanojoules.low = 999999)
CHANGE(secondary_low, bucket(s, EMIT_BUCKET_INPUT)->sources = "paper,copy";
       bucket(s, EMIT_BUCKET_INPUT)->confidence = EMIT_CONFIDENCE_LOW)
CHANGE(secondary_medium, bucket(s, EMIT_BUCKET_INPUT)->sources = "paper,copy")
CHANGE(high_of_one, bucket(s, EMIT_BUCKET_INPUT)->confidence = EMIT_CONFIDENCE_HIGH)
CHANGE(high_of_two, high_of_one(s); s->citations[1].secondary = false;
       bucket(s, EMIT_BUCKET_INPUT)->sources = "paper,copy")
CHANGE(source_with_blank, bucket(s, EMIT_BUCKET_INPUT)->sources = "paper, copy")
CHANGE(no_derivation, bucket(s, EMIT_BUCKET_INPUT)->derivation = "")
CHANGE(factor_below_one, s->transform.thousandths.low = 999)
CHANGE(factor_too_large, s->transform.thousandths.high = 100001)
CHANGE(inwards, s->transform.from = EMIT_STAGE_FACILITY; s->transform.to = EMIT_STAGE_SYSTEM)
CHANGE(in_place, s->transform.to = EMIT_STAGE_ACCELERATOR)
CHANGE(in_place_elsewhere, s->transform.from = EMIT_STAGE_FACILITY)
CHANGE(no_transform_id, s->transform.id = NULL)
CHANGE(transform_secondary, s->transform.sources = "copy")

// key NULL: the row stays good.
static const struct {
    const char *what;
    void (*change)(struct subject *subject);
    const char *key, *words;
} cases[] = {
    {"a good row", nothing, NULL, NULL},
    {"the longest id", longest_id, NULL, NULL},
    {"an id one byte longer", id_too_long, "profile", "lower-case"},
    {"a brand inside a word", brand_inside, NULL, NULL},
    {"a brand as a word", brand, "profile", "name no provider"},
    {"a capital", capital, "profile", "lower-case"},
    {"the longest text", long_text, NULL, NULL},
    {"a longer text", longer_text, "sources.copy.says", "longer than 2000"},
    {"the longest note", long_note, NULL, NULL},
    {"a longer note", longer_note, "caveats", "longer than 1000"},
    {"the longest name of a version", long_name, NULL, NULL},
    {"a longer one", longer_name, "sources.copy.version", "longer than 400"},
    {"a letter beyond ASCII", umlaut, NULL, NULL},
    {"half of such a letter", broken_utf8, "caveats", "no UTF-8"},
    {"an overlong form of a slash", overlong, "caveats", "no UTF-8"},
    {"an overlong form of a control character", overlong_control, "caveats", "no UTF-8"},
    {"half a pair of surrogates", surrogate, "caveats", "no UTF-8"},
    {"what lies beyond Unicode", beyond_unicode, "caveats", "no UTF-8"},
    {"its last character", furthest, NULL, NULL},
    {"an escape sequence", control, "caveats", "control"},
    {"a control character beyond ASCII", c1_control, "caveats", "control"},
    {"no source", no_citation, "sources", "1 to 16"},
    {"one source too many", too_many_citations, "sources", "1 to 16"},
    {"a source without version", no_version, "sources.copy.version", "is missing"},
    {"an address that is none", bare_scheme, "sources.paper.url", "no http"},
    {"an address with a blank", blank_in_url, "sources.paper.url", "no http"},
    {"read on the day of publication", read_on_the_day, NULL, NULL},
    {"read a day before", read_before, "sources.paper.accessed", "before the source"},
    {"read tomorrow", read_tomorrow, "sources.paper.accessed", "behind today"},
    {"a leap day", leap_day, NULL, NULL},
    {"a leap day of another year", no_leap_day, "sources.copy.published", "not a day"},
    {"24 months and a day", a_day_too_long, "valid_until", "24 months"},
    {"valid until today", ends_today, NULL, NULL},
    {"valid until yesterday", ended_yesterday, "valid_until", "expired"},
    {"valid on no day", ends_at_once, "valid_until", "behind the primary"},
    {"no context", no_context, "context_tokens_max", "1 to 2^53"},
    {"the largest context", largest_context, NULL, NULL},
    {"a larger one", endless_context, "context_tokens_max", "1 to 2^53"},
    {"no input", no_input, "coefficients.input", "is missing"},
    {"input alone, as embeddings", input_alone, NULL, NULL},
    {"reasoning without output", reasoning_alone, "coefficients.reasoning_output", "needs"},
    {"low above central", low_above, "coefficients.input", "low value above"},
    {"central above high", central_above, "coefficients.input", "above the high"},
    {"a range of one point", all_the_same, NULL, NULL},
    {"a request that never costs", request_of_nothing, "coefficients.request", "high value of 0"},
    {"a central value of 0", cached_of_nothing, "coefficients.cached_input", "central value of 0"},
    {"input at its wall", at_input_wall, NULL, NULL},
    {"input below it", under_input_wall, "coefficients.input", "0.0001 to 10"},
    {"output at its wall", at_output_wall, NULL, NULL},
    {"output above it", over_output_wall, "coefficients.output", "0.001 to 100"},
    {"a high value beyond all", high_beyond_all, "coefficients.output", "cannot be"},
    {"output over a hundred times input", output_101_times, "coefficients.output", "more than 100"},
    {"cached input dearer at high", cached_dearer_high, "coefficients.cached_input", "dearer"},
    {"input dearer at low", input_dearer_low, "coefficients.input", "dearer than output"},
    {"a secondary source, low confidence", secondary_low, NULL, NULL},
    {"a secondary source, medium", secondary_medium, "coefficients.input.sources", "secondary"},
    {"high confidence of two sources", high_of_two, NULL, NULL},
    {"high confidence of one", high_of_one, "coefficients.input.sources", "one source alone"},
    {"a source that is none", source_with_blank, "coefficients.input.sources", "none of"},
    {"no derivation", no_derivation, "coefficients.input.derivation", "is missing"},
    {"a factor below 1", factor_below_one, "factor", "1 to 100"},
    {"a factor above 100", factor_too_large, "factor", "1 to 100"},
    {"a way inwards", inwards, "from", "further out"},
    {"output beyond the context", in_place, NULL, NULL},
    {"a way to nowhere", in_place_elsewhere, "from", "is the stage"},
    {"a transform without id", no_transform_id, "transform", "is missing"},
    {"a transform out of a secondary source", transform_secondary, "factor.sources", "secondary"},
};

static void try_case(size_t i) {
    struct subject subject;
    struct found found = {0};
    char start[80];
    make(&subject);
    cases[i].change(&subject);
    struct emit_findings findings = {.take = take, .owner = &found};
    emit_profile_check(&subject.profile, today, &findings);
    emit_transform_check(&subject.transform, today, &findings);
    size_t count = findings.count;
    if (!cases[i].key) {
        CHECK(count == 0 && found.count == 0, "%s: %s", cases[i].what, found.sentence);
        return;
    }
    (void)snprintf(start, sizeof start, "[%s] ", cases[i].key);
    CHECK(count > 0 && count == found.count && strncmp(found.sentence, start, strlen(start)) == 0 &&
              strstr(found.sentence, cases[i].words),
          "%s: %s", cases[i].what, found.sentence);
}

// --- The table of this build ---

static void check_built_in(void) {
    const struct emit_coefficient_table *table = emit_coefficients_built_in();
    char *bytes = malloc(EMIT_COEFFICIENT_LINE_MAX), hash[SHA256_DIGEST_STRING_LENGTH];
    struct found found = {0};
    SHA2_CTX context;
    if (!bytes) exit(1);
    CHECK(table->profile_count == 10 && table->transform_count == 4, "ten profiles, four factors");
    struct emit_findings findings = {.take = take, .owner = &found};
    emit_coefficient_table_check(table, &findings);
    CHECK(findings.count == 0, "in order: %s", found.sentence);
    SHA256Init(&context);
    for (size_t i = 0; i < table->profile_count + table->transform_count; i++) {
        struct emit_text line;
        bool is_profile = i < table->profile_count;
        const struct emit_profile *profile = &table->profiles[is_profile ? i : 0];
        const struct emit_transform *transform =
            &table->transforms[is_profile ? 0 : i - table->profile_count];
        if (is_profile)
            emit_profile_check(profile, NULL, &findings);
        else
            emit_transform_check(transform, NULL, &findings);
        CHECK(findings.count == 0, "%s keeps the invariants %s",
              is_profile ? profile->id : transform->id, found.sentence);
        if (is_profile) CHECK(emit_profile_find(table, profile->id) == profile, "and is found");
        emit_text_init(&line, bytes, EMIT_COEFFICIENT_LINE_MAX);
        if (is_profile)
            emit_profile_write(&line, profile);
        else
            emit_transform_write(&line, transform);
        SHA256Update(&context, (const uint8_t *)line.at, line.length);
    }
    SHA256End(&context, hash);
    CHECK_STRING(hash, table->sha256, "the hash is of the lines");
    CHECK(!emit_profile_find(table, "managed-balanced-v0"), "no other version");
    free(bytes);
}

// The longest row there can be fits, with all of its quotes escaped.
static void check_longest(void) {
    struct subject subject;
    struct emit_text line;
    char *bytes = malloc(EMIT_COEFFICIENT_LINE_MAX), *quotes = malloc(sizeof too_long);
    if (!bytes || !quotes) exit(1);
    memset(quotes, '"', EMIT_COEFFICIENT_TEXT_MAX);
    quotes[EMIT_COEFFICIENT_TEXT_MAX] = '\0';
    make(&subject);
    subject.profile.stands_for = subject.profile.intended_use = subject.profile.caveats = quotes;
    subject.profile.citation_count = EMIT_CITATIONS_MAX;
    for (size_t i = 0; i < EMIT_CITATIONS_MAX; i++)
        subject.citations[i] = (struct emit_citation){.id = quotes,
                                                      .title = quotes,
                                                      .url = quotes,
                                                      .published = quotes,
                                                      .accessed = quotes,
                                                      .version = quotes,
                                                      .says = quotes};
    for (int i = 0; i < EMIT_BUCKET_COUNT; i++)
        subject.profile.coefficients[i].derivation = subject.profile.coefficients[i].sources =
            quotes;
    emit_text_init(&line, bytes, EMIT_COEFFICIENT_LINE_MAX);
    emit_profile_write(&line, &subject.profile);
    CHECK(!line.cut, "the longest row fits: %zu bytes", line.length);
    free(bytes);
    free(quotes);
}

// How many findings there are; found gets the first.
static size_t check_rows(const struct emit_coefficient_table *table, struct found *found) {
    struct emit_findings findings = {.take = take, .owner = found};
    *found = (struct found){0};
    emit_coefficient_table_check(table, &findings);
    return findings.count;
}

static void check_table(void) {
    struct subject a, b;
    struct found found = {0};
    make(&a);
    make(&b);
    b.profile.id = "house-large-v2";
    b.transform.from = EMIT_STAGE_SYSTEM;
    b.transform.id = "house-way-v2";
    struct emit_profile profiles[] = {a.profile, b.profile};
    struct emit_transform transforms[] = {a.transform, b.transform};
    struct emit_coefficient_table table = {profiles, 2, transforms, 2, ""};
    CHECK(check_rows(&table, &found) == 0, "two rows of each kind");
    profiles[1] = a.profile;
    CHECK(check_rows(&table, &found) == 1 && strstr(found.sentence, "two rows"), "an id twice: %s",
          found.sentence);
    profiles[0] = b.profile;
    CHECK(check_rows(&table, &found) == 1 && strstr(found.sentence, "out of order"),
          "out of order: %s", found.sentence);
    profiles[0] = a.profile;
    profiles[1] = b.profile;
    transforms[1].from = EMIT_STAGE_ACCELERATOR;
    CHECK(check_rows(&table, &found) == 1 && strstr(found.sentence, "leads from"),
          "two ways from one stage: %s", found.sentence);
    transforms[1].to = EMIT_STAGE_ACCELERATOR;
    CHECK(check_rows(&table, &found) == 0, "a way beside one for long contexts");
}

int main(void) {
    memset(too_long, 'x', sizeof too_long - 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        try_case(i);
    check_table();
    check_longest();
    check_built_in();
    return check_end();
}
