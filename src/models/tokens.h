// Token counts into joules: a sum of products that can be checked with pencil and
// paper, in exact integers, rounded once at the end.
//
// What is not known of a coefficient is common to all requests of a profile, so low
// adds to low and high to high: the range does not shrink with more requests.
// SPDX-License-Identifier: Apache-2.0
#ifndef MODELS_TOKENS_H
#define MODELS_TOKENS_H

#include "models/coefficients.h"

enum { EMIT_TRANSFORM_CHAIN_MAX = 4 };

// Of one request, or of many. Buckets are disjoint. What a record does not say is
// not 0: its bit in `known` is clear, and no tag is written for it.
struct emit_token_counts {
    uint64_t bucket[EMIT_BUCKET_COUNT]; // tokens; of EMIT_BUCKET_REQUEST requests
    uint32_t known;                     // 1 << enum emit_bucket; of a sum: some of it said so
    // Of output and reasoning output, those of requests beyond the profile's context.
    uint64_t extrapolated_output, extrapolated_reasoning_output;
};

// The sum, exactly. EMIT_INVALID: more than 2^53 of anything; total is unchanged then.
EMIT_MUST_CHECK enum emit_status emit_token_counts_add(struct emit_token_counts *total,
                                                       const struct emit_token_counts *more,
                                                       struct emit_error *err);
// Takes `less`, which was added before, away again. What was known once stays known.
void emit_token_counts_subtract(struct emit_token_counts *total,
                                const struct emit_token_counts *less);

// Marks the output of ONE request as extrapolated when all its tokens are more than
// the profile's context.
void emit_token_counts_place(struct emit_token_counts *request, const struct emit_profile *profile);

enum emit_token_part {
    EMIT_TOKENS_TOTAL,
    EMIT_TOKENS_PREFILL, // input, cached input and what a request costs by itself
    EMIT_TOKENS_DECODE,  // output and reasoning output
};

// The buckets of a part; the others are empty and not known.
struct emit_token_counts emit_token_counts_of_part(const struct emit_token_counts *counts,
                                                   enum emit_token_part part);

// True when some number of tokens is known, be it 0: no event stands for less.
bool emit_token_counts_has_tokens(const struct emit_token_counts *counts);

// How the joules of a profile get from its boundary to the asked one.
struct emit_token_model {
    const struct emit_profile *profile;                           // borrowed, as the rest
    const struct emit_transform *chain[EMIT_TRANSFORM_CHAIN_MAX]; // in order
    size_t chain_length;
    const struct emit_transform *long_context; // for extrapolated output; NULL: the table has none
    enum emit_boundary boundary;               // what the joules include in the end
    const char *table_sha256;
};

// EMIT_INVALID: the table has no chain of transforms to that boundary.
EMIT_MUST_CHECK enum emit_status emit_token_model_init(struct emit_token_model *model,
                                                       const struct emit_coefficient_table *table,
                                                       const struct emit_profile *profile,
                                                       enum emit_boundary boundary,
                                                       struct emit_error *err);

struct emit_token_energy {
    double joules, low_joules, high_joules; // the three ends, each rounded once
    // The lowest of what `joules` is made of: coefficients that are not 0 of buckets that are
    // not empty, and transforms. A step less when one of the rows had expired on `day`.
    enum emit_confidence confidence;
    enum emit_confidence cited_confidence; // without that step
    bool expired, extrapolated;
};

// A row of the table that was good until a day, and is past it.
struct emit_token_expired {
    const char *id, *valid_until;
};
enum { EMIT_TOKEN_EXPIRED_MAX = EMIT_TRANSFORM_CHAIN_MAX + 2 };

// The rows behind the energy that had expired on the day: the profile, and the transforms that
// were used. Returns how many.
size_t emit_token_expired(struct emit_token_expired rows[EMIT_TOKEN_EXPIRED_MAX],
                          const struct emit_token_model *model, bool extrapolated, const char *day);

// day: of the event, "2026-11-25"; decides what had expired.
// EMIT_INVALID: the profile has no coefficient for a bucket that is not empty, the table
// no transform for output beyond its context, or more joules than can be counted.
EMIT_MUST_CHECK enum emit_status emit_token_energy(struct emit_token_energy *energy,
                                                   const struct emit_token_model *model,
                                                   const struct emit_token_counts *counts,
                                                   enum emit_token_part part, const char *day,
                                                   struct emit_error *err);

#endif
