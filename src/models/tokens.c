// Exact sums: tokens times nanojoules times thousandths, in 128 bits that are checked
// for overflow, and one division by a power of ten at the very end.
// SPDX-License-Identifier: Apache-2.0
#include "models/tokens.h"

#include "base/number.h"
#include "base/ratio.h"

#include <assert.h>
#include <string.h>

enum {
    ONE_THOUSANDTHS = 1000,
    PICOJOULE_DIGITS = 12, // a nanojoule times a thousandth
    THOUSANDTH_DIGITS = 3, // of each transform
};

// --- Counts ------------------------------------------------------------------------

static bool is_prefill(enum emit_bucket bucket) {
    return bucket != EMIT_BUCKET_OUTPUT && bucket != EMIT_BUCKET_REASONING_OUTPUT;
}

enum emit_status emit_token_counts_add(struct emit_token_counts *total,
                                       const struct emit_token_counts *more,
                                       struct emit_error *err) {
    struct emit_token_counts sum = *total;
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++)
        if (__builtin_add_overflow(sum.bucket[bucket], more->bucket[bucket], &sum.bucket[bucket]) ||
            sum.bucket[bucket] > EMIT_COUNT_MAX)
            return emit_fail(err, EMIT_INVALID, "%s: more than 2^53 cannot be counted",
                             emit_bucket_key((enum emit_bucket)bucket));
    // Never more than their buckets.
    sum.extrapolated_output += more->extrapolated_output;
    sum.extrapolated_reasoning_output += more->extrapolated_reasoning_output;
    sum.known |= more->known;
    *total = sum;
    return EMIT_OK;
}

void emit_token_counts_subtract(struct emit_token_counts *total,
                                const struct emit_token_counts *less) {
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++)
        total->bucket[bucket] -= less->bucket[bucket];
    total->extrapolated_output -= less->extrapolated_output;
    total->extrapolated_reasoning_output -= less->extrapolated_reasoning_output;
}

void emit_token_counts_place(struct emit_token_counts *request,
                             const struct emit_profile *profile) {
    emit_u128 context = 0;
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++)
        if (bucket != EMIT_BUCKET_REQUEST) context += request->bucket[bucket];
    bool beyond = context > profile->context_tokens_max;
    request->extrapolated_output = beyond ? request->bucket[EMIT_BUCKET_OUTPUT] : 0;
    request->extrapolated_reasoning_output =
        beyond ? request->bucket[EMIT_BUCKET_REASONING_OUTPUT] : 0;
}

struct emit_token_counts emit_token_counts_of_part(const struct emit_token_counts *counts,
                                                   enum emit_token_part part) {
    struct emit_token_counts some = *counts;
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        if (part == EMIT_TOKENS_TOTAL ||
            is_prefill((enum emit_bucket)bucket) == (part == EMIT_TOKENS_PREFILL))
            continue;
        some.bucket[bucket] = 0;
        some.known &= ~(UINT32_C(1) << bucket);
    }
    if (part == EMIT_TOKENS_PREFILL)
        some.extrapolated_output = some.extrapolated_reasoning_output = 0;
    return some;
}

bool emit_token_counts_has_tokens(const struct emit_token_counts *counts) {
    return (counts->known & ~(UINT32_C(1) << EMIT_BUCKET_REQUEST)) != 0;
}

// --- The way to a boundary ---------------------------------------------------------

static enum emit_stage stage_of(enum emit_boundary boundary) {
    switch (boundary) {
    case EMIT_BOUNDARY_SYSTEM: return EMIT_STAGE_SYSTEM;
    case EMIT_BOUNDARY_FACILITY: return EMIT_STAGE_FACILITY;
    case EMIT_BOUNDARY_ACCELERATOR:
    case EMIT_BOUNDARY_COUNT: break;
    }
    return EMIT_STAGE_ACCELERATOR;
}

// The row that leads from a stage to one between least and most; NULL when there is none.
// A table that was checked has no second one.
static const struct emit_transform *find_step(const struct emit_coefficient_table *table,
                                              enum emit_stage from, enum emit_stage least,
                                              enum emit_stage most) {
    for (size_t i = 0; i < table->transform_count; i++) {
        const struct emit_transform *row = &table->transforms[i];
        if (row->from == from && row->to >= least && row->to <= most) return row;
    }
    return NULL;
}

enum emit_status emit_token_model_init(struct emit_token_model *model,
                                       const struct emit_coefficient_table *table,
                                       const struct emit_profile *profile,
                                       enum emit_boundary boundary, struct emit_error *err) {
    struct emit_token_model made = {
        .profile = profile, .boundary = boundary, .table_sha256 = table->sha256};
    enum emit_stage at = stage_of(profile->boundary), target = stage_of(boundary);
    made.long_context = find_step(table, at, at, at);
    while (at != target) {
        const struct emit_transform *step =
            at < target ? find_step(table, at, at + 1, target) : NULL;
        if (!step)
            return emit_fail(err, EMIT_INVALID,
                             "profile %s: the table of coefficients has no transform that leads "
                             "from its boundary, %s, to %s",
                             profile->id, emit_boundary_word(profile->boundary),
                             emit_boundary_word(boundary));
        made.chain[made.chain_length++] = step;
        at = step->to;
    }
    *model = made;
    return EMIT_OK;
}

// --- Energy ------------------------------------------------------------------------

enum end { LOW, CENTRAL, HIGH };

static uint64_t end_of(const struct emit_range *range, enum end end) {
    return end == LOW ? range->low : end == HIGH ? range->high : range->central;
}

static uint64_t extrapolated_in(const struct emit_token_counts *counts, int bucket) {
    if (bucket == EMIT_BUCKET_OUTPUT) return counts->extrapolated_output;
    if (bucket == EMIT_BUCKET_REASONING_OUTPUT) return counts->extrapolated_reasoning_output;
    return 0;
}

// One end of the range in joules; false when 128 bits do not hold it.
static bool sum_joules(double *joules, const struct emit_token_model *model,
                       const struct emit_token_counts *counts, enum end end) {
    emit_u128 sum = 0, part;
    uint64_t beyond =
        model->long_context ? end_of(&model->long_context->thousandths, end) : ONE_THOUSANDTHS;
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        if (!counts->bucket[bucket]) continue;
        uint64_t extrapolated = extrapolated_in(counts, bucket);
        emit_u128 thousandths =
            (emit_u128)(counts->bucket[bucket] - extrapolated) * ONE_THOUSANDTHS;
        thousandths += (emit_u128)extrapolated * beyond;
        uint64_t nanojoules = end_of(&model->profile->coefficients[bucket].nanojoules, end);
        if (__builtin_mul_overflow(thousandths, (emit_u128)nanojoules, &part) ||
            __builtin_add_overflow(sum, part, &sum))
            return false;
    }
    int digits = PICOJOULE_DIGITS;
    for (size_t i = 0; i < model->chain_length; i++, digits += THOUSANDTH_DIGITS)
        if (__builtin_mul_overflow(sum, (emit_u128)end_of(&model->chain[i]->thousandths, end),
                                   &sum))
            return false;
    *joules = emit_ratio_decimal(sum, digits);
    return true;
}

// What is wrong with these counts under this profile, before anything is multiplied.
static enum emit_status check_counts(const struct emit_token_model *model,
                                     const struct emit_token_counts *counts,
                                     struct emit_error *err) {
    const struct emit_profile *profile = model->profile;
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        const char *key = emit_bucket_key((enum emit_bucket)bucket);
        assert(extrapolated_in(counts, bucket) <= counts->bucket[bucket]);
        if (counts->bucket[bucket] > EMIT_COUNT_MAX)
            return emit_fail(err, EMIT_INVALID, "profile %s: more than 2^53 %s cannot be counted",
                             profile->id, key);
        if (counts->bucket[bucket] && !profile->coefficients[bucket].defined)
            return emit_fail(err, EMIT_INVALID, "profile %s has no coefficient for %s", profile->id,
                             key);
        if (extrapolated_in(counts, bucket) && !model->long_context)
            return emit_fail(err, EMIT_INVALID,
                             "profile %s: %s beyond its context of %llu tokens, and the table of "
                             "coefficients has no transform for it",
                             profile->id, key, (unsigned long long)profile->context_tokens_max);
    }
    return EMIT_OK;
}

static void add_expired(struct emit_token_expired *rows, size_t *count, const char *id,
                        const char *valid_until, const char *day) {
    if (strcmp(valid_until, day) < 0) // both as in 2026-11-25
        rows[(*count)++] = (struct emit_token_expired){id, valid_until};
}

size_t emit_token_expired(struct emit_token_expired rows[EMIT_TOKEN_EXPIRED_MAX],
                          const struct emit_token_model *model, bool extrapolated,
                          const char *day) {
    const struct emit_transform *beyond = extrapolated ? model->long_context : NULL;
    size_t count = 0;
    add_expired(rows, &count, model->profile->id, model->profile->valid_until, day);
    if (beyond) add_expired(rows, &count, beyond->id, beyond->valid_until, day);
    for (size_t i = 0; i < model->chain_length; i++)
        add_expired(rows, &count, model->chain[i]->id, model->chain[i]->valid_until, day);
    return count;
}

// The lowest confidence of what the central value is made of; low when it is made of nothing.
static enum emit_confidence trust(const struct emit_token_model *model,
                                  const struct emit_token_counts *counts, bool extrapolated) {
    enum emit_confidence least = EMIT_CONFIDENCE_COUNT;
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        const struct emit_coefficient *coefficient = &model->profile->coefficients[bucket];
        if (counts->bucket[bucket] && coefficient->nanojoules.central &&
            coefficient->confidence < least)
            least = coefficient->confidence;
    }
    if (least == EMIT_CONFIDENCE_COUNT) return EMIT_CONFIDENCE_LOW;
    for (size_t i = 0; i < model->chain_length; i++)
        if (model->chain[i]->confidence < least) least = model->chain[i]->confidence;
    if (extrapolated && model->long_context->confidence < least)
        least = model->long_context->confidence;
    return least;
}

enum emit_status emit_token_energy(struct emit_token_energy *energy,
                                   const struct emit_token_model *model,
                                   const struct emit_token_counts *counts,
                                   enum emit_token_part part, const char *day,
                                   struct emit_error *err) {
    struct emit_token_counts some = emit_token_counts_of_part(counts, part);
    struct emit_token_energy made = {.extrapolated = some.extrapolated_output ||
                                                     some.extrapolated_reasoning_output};
    enum emit_status status = check_counts(model, &some, err);
    if (status != EMIT_OK) return status;
    if (!sum_joules(&made.low_joules, model, &some, LOW) ||
        !sum_joules(&made.joules, model, &some, CENTRAL) ||
        !sum_joules(&made.high_joules, model, &some, HIGH))
        return emit_fail(err, EMIT_INVALID, "profile %s: more joules than can be counted",
                         model->profile->id);
    struct emit_token_expired rows[EMIT_TOKEN_EXPIRED_MAX];
    made.expired = emit_token_expired(rows, model, made.extrapolated, day) > 0;
    made.confidence = made.cited_confidence = trust(model, &some, made.extrapolated);
    if (made.expired && made.confidence > EMIT_CONFIDENCE_LOW) made.confidence--;
    *energy = made;
    return EMIT_OK;
}
