// Tokens become joules: each coefficient and transform in its place, what is refused,
// and how far the result is to be trusted.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/number.h"
#include "made_coefficients.h"
#include "models/tokens.h"

#define PLAIN     (&made_profiles[1])
#define EMBEDDING (&made_profiles[0])
#define MAX       EMIT_COUNT_MAX

#define COUNTS(in, cached, out, reasoning, requests)                                               \
    { .bucket = {in, cached, out, reasoning, requests}, .known = 31 }

static const struct {
    const char *what;
    enum emit_boundary boundary;
    enum emit_token_part part;
    struct emit_token_counts counts;
    double low, central, high;
    enum emit_confidence confidence;
} cases[] = {
    {"nothing", EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_TOTAL, COUNTS(0, 0, 0, 0, 0), 0, 0, 0,
     EMIT_CONFIDENCE_LOW},
    {"a request without tokens", EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_TOTAL,
     COUNTS(0, 0, 0, 0, 1), 0, 0, 40, EMIT_CONFIDENCE_LOW},
    {"input", EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_TOTAL, COUNTS(1, 0, 0, 0, 0), 0.01, 0.02, 0.04,
     EMIT_CONFIDENCE_HIGH},
    {"cached input", EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_TOTAL, COUNTS(0, 1, 0, 0, 0), 0.001,
     0.002, 0.004, EMIT_CONFIDENCE_LOW},
    {"output", EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_TOTAL, COUNTS(0, 0, 1, 0, 0), 0.1, 0.25, 1,
     EMIT_CONFIDENCE_MEDIUM},
    {"reasoning", EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_TOTAL, COUNTS(0, 0, 0, 1, 0), 0.11, 0.26,
     1.1, EMIT_CONFIDENCE_LOW},
    {"input and output", EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_TOTAL, COUNTS(500, 0, 300, 0, 1),
     35, 85, 360, EMIT_CONFIDENCE_MEDIUM},
    {"its prefill", EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_PREFILL, COUNTS(500, 0, 300, 0, 1), 5,
     10, 60, EMIT_CONFIDENCE_HIGH},
    {"its decode", EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_DECODE, COUNTS(500, 0, 300, 0, 1), 30, 75,
     300, EMIT_CONFIDENCE_MEDIUM},
    {"with its host", EMIT_BOUNDARY_SYSTEM, EMIT_TOKENS_TOTAL, COUNTS(500, 0, 300, 0, 1), 42, 127.5,
     648, EMIT_CONFIDENCE_MEDIUM},
    {"a confident one with its host", EMIT_BOUNDARY_SYSTEM, EMIT_TOKENS_TOTAL,
     COUNTS(1, 0, 0, 0, 0), 0.012, 0.03, 0.072, EMIT_CONFIDENCE_MEDIUM},
    {"in its facility", EMIT_BOUNDARY_FACILITY, EMIT_TOKENS_TOTAL, COUNTS(500, 0, 300, 0, 1), 45.78,
     161.2875, 1415.232, EMIT_CONFIDENCE_LOW},
    {"output beyond the context",
     EMIT_BOUNDARY_ACCELERATOR,
     EMIT_TOKENS_TOTAL,
     {.bucket = {1000, 0, 10, 2, 1},
      .known = 31,
      .extrapolated_output = 10,
      .extrapolated_reasoning_output = 2},
     11.22,
     23.02,
     116.6,
     EMIT_CONFIDENCE_LOW},
    {"beyond the context in part, confident but for that",
     EMIT_BOUNDARY_ACCELERATOR,
     EMIT_TOKENS_DECODE,
     {.bucket = {1000, 0, 10, 0, 1}, .known = 31, .extrapolated_output = 4},
     1,
     2.5,
     18,
     EMIT_CONFIDENCE_LOW},
    {"the prefill of such a request",
     EMIT_BOUNDARY_ACCELERATOR,
     EMIT_TOKENS_PREFILL,
     {.bucket = {1000, 0, 10, 0, 1}, .known = 31, .extrapolated_output = 10},
     10,
     20,
     80,
     EMIT_CONFIDENCE_HIGH},
    {"as many as can be", EMIT_BOUNDARY_ACCELERATOR, EMIT_TOKENS_TOTAL, COUNTS(MAX, 0, 0, 0, 0),
     90071992547409.92, 180143985094819.84, 360287970189639.68, EMIT_CONFIDENCE_HIGH},
};

static struct emit_token_model model_of(const struct emit_profile *profile,
                                        enum emit_boundary boundary) {
    struct emit_token_model model = {0};
    struct emit_error err = {0};
    CHECK(emit_token_model_init(&model, &made_table, profile, boundary, &err) == EMIT_OK,
          "%s at %s%s", profile->id, emit_boundary_word(boundary), err.text);
    return model;
}

static void check_cases(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emit_token_model model = model_of(PLAIN, cases[i].boundary);
        struct emit_token_energy energy = {0};
        struct emit_error err = {0};
        CHECK(emit_token_energy(&energy, &model, &cases[i].counts, cases[i].part, "2026-11-25",
                                &err) == EMIT_OK &&
                  energy.low_joules == cases[i].low && energy.joules == cases[i].central &&
                  energy.high_joules == cases[i].high && energy.confidence == cases[i].confidence &&
                  !energy.expired,
              "%s: %.17g %.17g %.17g, %s%s", cases[i].what, energy.low_joules, energy.joules,
              energy.high_joules, emit_confidence_word(energy.confidence), err.text);
    }
}

// --- Refusals ------------------------------------------------------------------------

static void check_refused(const char *what, const struct emit_token_model *model,
                          const struct emit_token_counts *counts, const char *sentence) {
    struct emit_token_energy energy = {.joules = -1};
    struct emit_error err = {0};
    enum emit_status status =
        emit_token_energy(&energy, model, counts, EMIT_TOKENS_TOTAL, "2026-11-25", &err);
    CHECK(status == EMIT_INVALID && energy.joules == -1, "%s: is refused", what);
    CHECK_STRING(err.text, sentence, what);
}

static void check_refusals(void) {
    struct emit_token_model model = model_of(EMBEDDING, EMIT_BOUNDARY_ACCELERATOR);
    check_refused("output of a profile that has none", &model,
                  &(struct emit_token_counts)COUNTS(10, 0, 1, 0, 1),
                  "profile made-embedding-v1 has no coefficient for output");
    check_refused("cached input of a profile that has none", &model,
                  &(struct emit_token_counts)COUNTS(10, 1, 0, 0, 1),
                  "profile made-embedding-v1 has no coefficient for cached_input");
    check_refused("more than 2^53", &model, &(struct emit_token_counts)COUNTS(MAX + 1, 0, 0, 0, 1),
                  "profile made-embedding-v1: more than 2^53 input cannot be counted");
    model = model_of(PLAIN, EMIT_BOUNDARY_ACCELERATOR);
    model.long_context = NULL;
    check_refused("a long context without its transform", &model,
                  &(struct emit_token_counts){
                      .bucket = {1000, 0, 1, 0, 1}, .known = 31, .extrapolated_output = 1},
                  "profile made-plain-v1: output beyond its context of 1000 tokens, and the table "
                  "of coefficients has no transform for it");
    struct emit_profile dear = *PLAIN;
    dear.coefficients[EMIT_BUCKET_INPUT].nanojoules =
        (struct emit_range){UINT64_MAX, UINT64_MAX, UINT64_MAX};
    model = model_of(&dear, EMIT_BOUNDARY_FACILITY);
    check_refused("more than 128 bits hold", &model,
                  &(struct emit_token_counts)COUNTS(MAX, 0, 0, 0, 1),
                  "profile made-plain-v1: more joules than can be counted");
}

// --- Trust ---------------------------------------------------------------------------

static void check_expiry(void) {
    static const struct {
        const char *what, *day;
        struct emit_token_counts counts;
        enum emit_boundary boundary;
        enum emit_confidence confidence;
        bool expired;
    } days[] = {
        {"on its last day", "2027-12-31", COUNTS(1, 0, 0, 0, 0), EMIT_BOUNDARY_ACCELERATOR,
         EMIT_CONFIDENCE_HIGH, false},
        {"on the day after", "2028-01-01", COUNTS(1, 0, 0, 0, 0), EMIT_BOUNDARY_ACCELERATOR,
         EMIT_CONFIDENCE_MEDIUM, true},
        {"of medium confidence", "2028-01-01", COUNTS(0, 0, 1, 0, 0), EMIT_BOUNDARY_ACCELERATOR,
         EMIT_CONFIDENCE_LOW, true},
        {"of low confidence", "2028-01-01", COUNTS(0, 1, 0, 0, 0), EMIT_BOUNDARY_ACCELERATOR,
         EMIT_CONFIDENCE_LOW, true},
        {"of medium confidence by its transform", "2028-01-01", COUNTS(1, 0, 0, 0, 0),
         EMIT_BOUNDARY_SYSTEM, EMIT_CONFIDENCE_LOW, true},
    };
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        struct emit_token_model model = model_of(PLAIN, days[i].boundary);
        struct emit_token_energy energy = {0};
        CHECK(emit_token_energy(&energy, &model, &days[i].counts, EMIT_TOKENS_TOTAL, days[i].day,
                                NULL) == EMIT_OK &&
                  energy.expired == days[i].expired && energy.confidence == days[i].confidence &&
                  (energy.cited_confidence == energy.confidence) ==
                      (!energy.expired || energy.cited_confidence == EMIT_CONFIDENCE_LOW),
              "%s: %s", days[i].what, emit_confidence_word(energy.confidence));
    }
    // A transform that is older than its profile counts where it is used, and only there.
    struct emit_transform old = made_transforms[3];
    old.valid_until = "2026-01-01";
    struct emit_token_model model = model_of(PLAIN, EMIT_BOUNDARY_ACCELERATOR);
    model.long_context = &old;
    struct emit_token_counts counts = {.bucket = {1000, 0, 1, 0, 1}, .known = 31};
    struct emit_token_energy energy;
    CHECK(emit_token_energy(&energy, &model, &counts, EMIT_TOKENS_TOTAL, "2026-11-25", NULL) ==
                  EMIT_OK &&
              !energy.expired && !energy.extrapolated,
          "an expired transform that is not used");
    counts.extrapolated_output = 1;
    CHECK(emit_token_energy(&energy, &model, &counts, EMIT_TOKENS_TOTAL, "2026-11-25", NULL) ==
                  EMIT_OK &&
              energy.expired && energy.extrapolated,
          "an expired transform that is used");
    model = model_of(PLAIN, EMIT_BOUNDARY_SYSTEM);
    old = made_transforms[0];
    old.valid_until = "2026-11-24";
    model.chain[0] = &old;
    CHECK(emit_token_energy(&energy, &model, &counts, EMIT_TOKENS_TOTAL, "2026-11-25", NULL) ==
                  EMIT_OK &&
              energy.expired,
          "an expired transform on the way to the boundary");
    struct emit_token_expired rows[EMIT_TOKEN_EXPIRED_MAX];
    CHECK(emit_token_expired(rows, &model, false, "2026-11-25") == 1 && rows[0].id == old.id &&
              rows[0].valid_until == old.valid_until,
          "is named, alone");
    CHECK(emit_token_expired(rows, &model, false, "2026-11-24") == 0, "a day before none is");
    CHECK(emit_token_expired(rows, &model, true, "2099-01-01") == 2 + model.chain_length,
          "long after all are");
}

// --- Chains --------------------------------------------------------------------------

static void check_chains(void) {
    static const char *const wanted[EMIT_BOUNDARY_COUNT] = {
        [EMIT_BOUNDARY_ACCELERATOR] = "",
        [EMIT_BOUNDARY_SYSTEM] = " boundary-host-v1",
        [EMIT_BOUNDARY_FACILITY] = " boundary-host-v1 boundary-idle-v1 boundary-pue-v1",
    };
    for (int boundary = 0; boundary < EMIT_BOUNDARY_COUNT; boundary++) {
        struct emit_token_model model = model_of(PLAIN, (enum emit_boundary)boundary);
        char chain[256] = "";
        for (size_t i = 0; i < model.chain_length; i++)
            snprintf(chain + strlen(chain), sizeof chain - strlen(chain), " %s",
                     model.chain[i]->id);
        CHECK_STRING(chain, wanted[boundary], emit_boundary_word((enum emit_boundary)boundary));
        CHECK(model.long_context == &made_transforms[3] && model.table_sha256 == made_table.sha256,
              "and the rest of it");
    }
}

struct chain_case {
    const char *what;
    const char *ids[4]; // one character of `from` and one of `to` before each: a, s, p, f
    enum emit_boundary from, to;
    const char *wanted; // the chain, or the sentence
};

static const struct chain_case chain_cases[] = {
    {"none at all", {NULL}, EMIT_BOUNDARY_ACCELERATOR, EMIT_BOUNDARY_ACCELERATOR, ""},
    {"no first step",
     {"spb-v1", "pfc-v1"},
     EMIT_BOUNDARY_ACCELERATOR,
     EMIT_BOUNDARY_FACILITY,
     "profile made-plain-v1: the table of coefficients has no transform that leads from its "
     "boundary, accelerator, to facility"},
    {"no last step",
     {"asa-v1", "spb-v1"},
     EMIT_BOUNDARY_ACCELERATOR,
     EMIT_BOUNDARY_FACILITY,
     "profile made-plain-v1: the table of coefficients has no transform that leads from its "
     "boundary, accelerator, to facility"},
    {"backwards",
     {"asa-v1", "sfb-v1"},
     EMIT_BOUNDARY_SYSTEM,
     EMIT_BOUNDARY_ACCELERATOR,
     "profile made-plain-v1: the table of coefficients has no transform that leads from its "
     "boundary, system, to accelerator"},
    {"one long step", {"aff-v1"}, EMIT_BOUNDARY_ACCELERATOR, EMIT_BOUNDARY_FACILITY, " f-v1"},
    {"from the middle",
     {"asa-v1", "sfb-v1"},
     EMIT_BOUNDARY_SYSTEM,
     EMIT_BOUNDARY_FACILITY,
     " b-v1"},
    {"a step too far is none",
     {"afa-v1"},
     EMIT_BOUNDARY_ACCELERATOR,
     EMIT_BOUNDARY_SYSTEM,
     "profile made-plain-v1: the table of coefficients has no transform that leads from its "
     "boundary, accelerator, to system"},
    {"what leads nowhere is no step",
     {"aaa-v1", "asb-v1"},
     EMIT_BOUNDARY_ACCELERATOR,
     EMIT_BOUNDARY_SYSTEM,
     " b-v1"},
};

static enum emit_stage stage_of(char letter) {
    return letter == 'a'   ? EMIT_STAGE_ACCELERATOR
           : letter == 's' ? EMIT_STAGE_SYSTEM
           : letter == 'p' ? EMIT_STAGE_PROVISIONED
                           : EMIT_STAGE_FACILITY;
}

static void check_chain_case(const struct chain_case *one) {
    struct emit_transform rows[4];
    struct emit_coefficient_table table = made_table;
    struct emit_profile profile = *PLAIN;
    profile.boundary = one->from;
    table.transforms = rows;
    table.transform_count = 0;
    for (int i = 0; i < 4 && one->ids[i]; i++) {
        rows[i] = made_transforms[0];
        rows[i].from = stage_of(one->ids[i][0]);
        rows[i].to = stage_of(one->ids[i][1]);
        rows[i].id = one->ids[i] + 2;
        table.transform_count++;
    }
    struct emit_token_model model = {0};
    struct emit_error err = {0};
    char got[256] = "";
    if (emit_token_model_init(&model, &table, &profile, one->to, &err) != EMIT_OK)
        snprintf(got, sizeof got, "%s", err.text);
    for (size_t i = 0; i < model.chain_length; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), " %s", model.chain[i]->id);
    CHECK_STRING(got, one->wanted, one->what);
}

// --- Counts --------------------------------------------------------------------------

static bool is_same(const struct emit_token_counts *a, const struct emit_token_counts *b) {
    return memcmp(a->bucket, b->bucket, sizeof a->bucket) == 0 && a->known == b->known &&
           a->extrapolated_output == b->extrapolated_output &&
           a->extrapolated_reasoning_output == b->extrapolated_reasoning_output;
}

static void check_context(void) {
    static const struct {
        struct emit_token_counts counts;
        uint64_t output, reasoning;
    } contexts[] = {
        {COUNTS(400, 300, 200, 100, 1), 0, 0},
        {COUNTS(401, 300, 200, 100, 1), 200, 100},
        {COUNTS(400, 301, 200, 100, 1), 200, 100},
        {COUNTS(400, 300, 201, 100, 1), 201, 100},
        {COUNTS(400, 300, 200, 101, 1), 200, 101},
        {COUNTS(1000, 0, 0, 0, 7), 0, 0}, // a request is no token
        {COUNTS(MAX, MAX, MAX, MAX, 1), MAX, MAX},
    };
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        struct emit_token_counts counts = contexts[i].counts;
        counts.extrapolated_output = 99; // whatever it was
        emit_token_counts_place(&counts, PLAIN);
        CHECK(counts.extrapolated_output == contexts[i].output &&
                  counts.extrapolated_reasoning_output == contexts[i].reasoning,
              "context %zu", i);
    }
}

static void check_sums(void) {
    struct emit_token_counts one = {.bucket = {1, 0, 3, 4, 1},
                                    .known = 1 << EMIT_BUCKET_INPUT | 1 << EMIT_BUCKET_REQUEST,
                                    .extrapolated_output = 2,
                                    .extrapolated_reasoning_output = 4};
    struct emit_token_counts two = COUNTS(MAX - 1, 5, 0, 0, 1), sum = {0}, before;
    CHECK(emit_token_counts_add(&sum, &one, NULL) == EMIT_OK && sum.known == one.known &&
              is_same(&sum, &one),
          "a sum of one");
    CHECK(emit_token_counts_add(&sum, &two, NULL) == EMIT_OK && sum.bucket[0] == MAX &&
              sum.bucket[1] == 5 && sum.bucket[4] == 2 && sum.known == 31 &&
              sum.extrapolated_output == 2,
          "a sum of two");
    before = sum;
    struct emit_error err = {0};
    CHECK(emit_token_counts_add(&sum, &one, &err) == EMIT_INVALID && is_same(&sum, &before),
          "one more than 2^53 changes nothing");
    CHECK_STRING(err.text, "input: more than 2^53 cannot be counted", "and is told");
    struct emit_token_counts full = COUNTS(UINT64_MAX, 0, 0, 0, 0);
    CHECK(emit_token_counts_add(&sum, &full, &err) == EMIT_INVALID && is_same(&sum, &before),
          "nor does what 64 bits do not hold");
    emit_token_counts_subtract(&sum, &two);
    CHECK(memcmp(sum.bucket, one.bucket, sizeof sum.bucket) == 0 && sum.extrapolated_output == 2 &&
              sum.extrapolated_reasoning_output == 4 && sum.known == 31,
          "and without the second the first is left, its unknown ones known");
}

static void check_parts(void) {
    struct emit_token_counts counts = {.bucket = {1, 2, 3, 4, 5},
                                       .known = 31,
                                       .extrapolated_output = 3,
                                       .extrapolated_reasoning_output = 4};
    struct emit_token_counts prefill = emit_token_counts_of_part(&counts, EMIT_TOKENS_PREFILL);
    struct emit_token_counts decode = emit_token_counts_of_part(&counts, EMIT_TOKENS_DECODE);
    struct emit_token_counts total = emit_token_counts_of_part(&counts, EMIT_TOKENS_TOTAL);
    CHECK(is_same(&total, &counts), "the total is everything");
    CHECK(prefill.known == (1 << EMIT_BUCKET_INPUT | 1 << EMIT_BUCKET_CACHED_INPUT |
                            1 << EMIT_BUCKET_REQUEST) &&
              !prefill.bucket[EMIT_BUCKET_OUTPUT] && !prefill.extrapolated_output &&
              !prefill.extrapolated_reasoning_output,
          "prefill knows no output");
    CHECK(decode.known == (1 << EMIT_BUCKET_OUTPUT | 1 << EMIT_BUCKET_REASONING_OUTPUT) &&
              !decode.bucket[EMIT_BUCKET_REQUEST] && decode.extrapolated_output == 3,
          "decode knows no input and no request");
    CHECK(emit_token_counts_add(&prefill, &decode, NULL) == EMIT_OK && is_same(&prefill, &counts),
          "and they add up to the total");
    struct emit_token_counts input = {.known = 1 << EMIT_BUCKET_INPUT | 1 << EMIT_BUCKET_REQUEST};
    CHECK(emit_token_counts_has_tokens(&input), "no tokens are a count too");
    input = emit_token_counts_of_part(&input, EMIT_TOKENS_DECODE);
    CHECK(!emit_token_counts_has_tokens(&input), "what nobody counted is none");
    input.known = 1 << EMIT_BUCKET_REQUEST;
    CHECK(!emit_token_counts_has_tokens(&input), "nor are requests");
}

int main(void) {
    check_cases();
    check_refusals();
    check_expiry();
    check_chains();
    for (size_t i = 0; i < sizeof chain_cases / sizeof *chain_cases; i++)
        check_chain_case(&chain_cases[i]);
    check_context();
    check_sums();
    check_parts();
    return check_end();
}
