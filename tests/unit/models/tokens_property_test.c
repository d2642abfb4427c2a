// What holds of the energy of any tokens, tried with every profile of this build at every
// boundary and with counts as chance has them.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/ratio.h"
#include "random_counts.h"

#include <stdbool.h>

enum { TURNS = 300, REQUESTS = 40 };

static const char today[] = "2026-11-25";

static bool has_energy(struct emit_token_energy *energy, const struct emit_token_model *model,
                       const struct emit_token_counts *counts, enum emit_token_part part) {
    return emit_token_energy(energy, model, counts, part, today, NULL) == EMIT_OK;
}

static bool is_same(const struct emit_token_counts *a, const struct emit_token_counts *b) {
    return memcmp(a->bucket, b->bucket, sizeof a->bucket) == 0 && a->known == b->known &&
           a->extrapolated_output == b->extrapolated_output &&
           a->extrapolated_reasoning_output == b->extrapolated_reasoning_output;
}

static bool is_equal(const struct emit_token_energy *a, const struct emit_token_energy *b) {
    return a->low_joules == b->low_joules && a->joules == b->joules &&
           a->high_joules == b->high_joules && a->confidence == b->confidence;
}

static bool is_nowhere_less(const struct emit_token_energy *a, const struct emit_token_energy *b) {
    return a->low_joules >= b->low_joules && a->joules >= b->joules &&
           a->high_joules >= b->high_joules;
}

// Each of both was rounded once, by at most 2^-53 of itself.
static bool is_near(double a, double b) {
    double difference = a > b ? a - b : b - a;
    return difference <= (a + b) * 0x1p-53;
}

static bool add_times(struct emit_token_counts *sum, const struct emit_token_counts *one, int n) {
    bool good = true;
    for (int i = 0; i < n; i++)
        good &= emit_token_counts_add(sum, one, NULL) == EMIT_OK;
    return good;
}

// n requests of a kind have n times the energy of one: exactly, where the doubles can show
// it (n a power of two moves no digit), and by one rounding of each otherwise.
static bool is_linear(const struct emit_token_model *model, const struct emit_token_counts *one) {
    struct emit_token_energy single, many;
    struct emit_token_counts eight = {0}, seven = {0};
    return add_times(&eight, one, 8) && add_times(&seven, one, 7) &&
           has_energy(&single, model, one, EMIT_TOKENS_TOTAL) &&
           has_energy(&many, model, &eight, EMIT_TOKENS_TOTAL) &&
           many.low_joules == 8 * single.low_joules && many.joules == 8 * single.joules &&
           many.high_joules == 8 * single.high_joules && many.confidence == single.confidence &&
           has_energy(&many, model, &seven, EMIT_TOKENS_TOTAL) &&
           is_near(many.low_joules, 7 * single.low_joules) &&
           is_near(many.joules, 7 * single.joules) &&
           is_near(many.high_joules, 7 * single.high_joules);
}

// More of anything is never less energy, nor is what came from a cache and now does not.
static bool is_monotone(const struct emit_token_model *model, const struct emit_token_counts *one) {
    struct emit_token_energy before, after;
    const struct emit_profile *profile = model->profile;
    if (!has_energy(&before, model, one, EMIT_TOKENS_TOTAL)) return false;
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        struct emit_token_counts more = *one;
        if (!profile->coefficients[bucket].defined) continue;
        more.bucket[bucket] += 1 + random_next() % 1000;
        if (!has_energy(&after, model, &more, EMIT_TOKENS_TOTAL) ||
            !is_nowhere_less(&after, &before))
            return false;
        emit_token_counts_place(&more, profile); // the longer request may be beyond its context
        if (!has_energy(&after, model, &more, EMIT_TOKENS_TOTAL) ||
            !is_nowhere_less(&after, &before))
            return false;
    }
    struct emit_token_counts uncached = *one;
    uncached.bucket[EMIT_BUCKET_INPUT] += uncached.bucket[EMIT_BUCKET_CACHED_INPUT];
    uncached.bucket[EMIT_BUCKET_CACHED_INPUT] = 0;
    return has_energy(&after, model, &uncached, EMIT_TOKENS_TOTAL) &&
           is_nowhere_less(&after, &before);
}

static bool is_in_order(const struct emit_token_model *model, const struct emit_token_counts *one) {
    struct emit_token_energy energy;
    return has_energy(&energy, model, one, EMIT_TOKENS_TOTAL) && energy.low_joules >= 0 &&
           energy.low_joules <= energy.joules && energy.joules <= energy.high_joules;
}

static bool is_sum_of_parts(const struct emit_token_model *model,
                            const struct emit_token_counts *one) {
    struct emit_token_energy total, prefill, decode;
    struct emit_token_counts before = emit_token_counts_of_part(one, EMIT_TOKENS_PREFILL);
    struct emit_token_counts after = emit_token_counts_of_part(one, EMIT_TOKENS_DECODE);
    return has_energy(&total, model, one, EMIT_TOKENS_TOTAL) &&
           has_energy(&prefill, model, one, EMIT_TOKENS_PREFILL) &&
           has_energy(&decode, model, one, EMIT_TOKENS_DECODE) &&
           is_near(total.low_joules, prefill.low_joules + decode.low_joules) &&
           is_near(total.joules, prefill.joules + decode.joules) &&
           is_near(total.high_joules, prefill.high_joules + decode.high_joules) &&
           add_times(&before, &after, 1) && is_same(&before, one);
}

static void shuffle(struct emit_token_counts *requests, int count) {
    for (int i = count - 1; i > 0; i--) {
        int other = (int)(random_next() % (uint64_t)(i + 1));
        struct emit_token_counts kept = requests[i];
        requests[i] = requests[other];
        requests[other] = kept;
    }
}

// Sums do not depend on the order of what is added, and what is taken away was never there.
static bool is_order_irrelevant(const struct emit_token_model *model) {
    struct emit_token_counts requests[REQUESTS], sum = {0}, again = {0}, some = {0};
    struct emit_token_energy energy, other;
    bool good = true;
    for (int i = 0; i < REQUESTS; i++) {
        requests[i] = random_request(model->profile);
        requests[i].known = 31;
        good &= add_times(&sum, &requests[i], 1);
    }
    shuffle(requests, REQUESTS);
    for (int i = 0; i < REQUESTS; i++)
        good &= add_times(&again, &requests[i], 1);
    good &= is_same(&sum, &again) && has_energy(&energy, model, &sum, EMIT_TOKENS_TOTAL) &&
            has_energy(&other, model, &again, EMIT_TOKENS_TOTAL) && is_equal(&energy, &other);
    for (int i = 0; i < REQUESTS / 2; i++)
        good &= add_times(&some, &requests[i], 1);
    for (int i = REQUESTS / 2; i < REQUESTS; i++)
        emit_token_counts_subtract(&again, &requests[i]);
    return good && is_same(&some, &again);
}

// Without tokens only the requests are left, at the coefficient as it stands in the table.
static bool is_only_requests(const struct emit_token_model *model) {
    const struct emit_range *request =
        &model->profile->coefficients[EMIT_BUCKET_REQUEST].nanojoules;
    uint64_t count = random_next() >> 44;
    struct emit_token_counts counts = {.bucket = {[EMIT_BUCKET_REQUEST] = count},
                                       .known = 1 << EMIT_BUCKET_REQUEST};
    struct emit_token_energy energy;
    emit_u128 low = (emit_u128)count * request->low, high = (emit_u128)count * request->high;
    int digits = 9;
    for (size_t i = 0; i < model->chain_length; i++, digits += 3) {
        low *= model->chain[i]->thousandths.low;
        high *= model->chain[i]->thousandths.high;
    }
    return has_energy(&energy, model, &counts, EMIT_TOKENS_TOTAL) &&
           energy.low_joules == emit_ratio_decimal(low, digits) &&
           energy.high_joules == emit_ratio_decimal(high, digits);
}

// --- All of it -------------------------------------------------------------------------

enum property { LINEAR, MONOTONE, IN_ORDER, PARTS, ORDER, REQUESTS_ONLY, PROPERTIES };

static const char *const promises[PROPERTIES] = {
    [LINEAR] = "n times the requests are n times the energy",
    [MONOTONE] = "more tokens, or fewer from a cache, are never less energy",
    [IN_ORDER] = "low <= central <= high",
    [PARTS] = "prefill and decode are the total",
    [ORDER] = "the order of requests is irrelevant, and what is taken away is gone",
    [REQUESTS_ONLY] = "without tokens the request's own coefficient is left",
};

static void check_model(const struct emit_token_model *model) {
    int broken[PROPERTIES] = {0};
    for (int turn = 0; turn < TURNS; turn++) {
        struct emit_token_counts one = random_request(model->profile);
        broken[LINEAR] += !is_linear(model, &one);
        broken[MONOTONE] += !is_monotone(model, &one);
        broken[IN_ORDER] += !is_in_order(model, &one);
        broken[PARTS] += !is_sum_of_parts(model, &one);
        broken[REQUESTS_ONLY] += !is_only_requests(model);
        if (turn % 10 == 0) broken[ORDER] += !is_order_irrelevant(model);
    }
    for (int property = 0; property < PROPERTIES; property++)
        CHECK(!broken[property], "%s at %s: %s (%d of %d are not so)", model->profile->id,
              emit_boundary_word(model->boundary), promises[property], broken[property], TURNS);
}

// Along the way to the facility nothing gets less.
static void check_boundaries(const struct emit_coefficient_table *table,
                             const struct emit_profile *profile) {
    int broken = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        struct emit_token_counts one = random_request(profile);
        struct emit_token_energy before = {0}, after;
        for (int boundary = 0; boundary < EMIT_BOUNDARY_COUNT; boundary++) {
            struct emit_token_model model;
            broken += emit_token_model_init(&model, table, profile, (enum emit_boundary)boundary,
                                            NULL) != EMIT_OK ||
                      !has_energy(&after, &model, &one, EMIT_TOKENS_TOTAL) ||
                      !is_nowhere_less(&after, &before);
            before = after;
        }
    }
    CHECK(broken == 0, "%s: a larger boundary is never less energy (%d are)", profile->id, broken);
}

int main(void) {
    const struct emit_coefficient_table *table = emit_coefficients_built_in();
    CHECK(table->profile_count >= 10, "%zu profiles", table->profile_count);
    for (size_t i = 0; i < table->profile_count; i++) {
        for (int boundary = 0; boundary < EMIT_BOUNDARY_COUNT; boundary++) {
            struct emit_token_model model;
            struct emit_error err = {0};
            if (!CHECK(emit_token_model_init(&model, table, &table->profiles[i],
                                             (enum emit_boundary)boundary, &err) == EMIT_OK,
                       "%s at %s%s", table->profiles[i].id,
                       emit_boundary_word((enum emit_boundary)boundary), err.text))
                continue;
            check_model(&model);
        }
        check_boundaries(table, &table->profiles[i]);
    }
    return check_end();
}
