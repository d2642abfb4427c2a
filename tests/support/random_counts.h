// Counts of tokens as chance has them, the same in every run of a test: of all magnitudes
// and of the buckets that a profile has.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_RANDOM_COUNTS_H
#define TESTS_RANDOM_COUNTS_H

#include "models/tokens.h"

static uint64_t random_state = 88172645463325252u;

static inline uint64_t random_next(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

// One request: up to 2^28 tokens in a bucket, often none, often unknown.
static inline struct emit_token_counts random_request(const struct emit_profile *profile) {
    struct emit_token_counts counts = {.bucket = {[EMIT_BUCKET_REQUEST] = 1},
                                       .known = 1 << EMIT_BUCKET_REQUEST | 1 << EMIT_BUCKET_INPUT};
    for (int bucket = 0; bucket < EMIT_BUCKET_REQUEST; bucket++) {
        if (!profile->coefficients[bucket].defined || random_next() % 4 == 0) continue;
        counts.bucket[bucket] = (random_next() >> 36) >> random_next() % 29;
        counts.known |= UINT32_C(1) << bucket;
    }
    emit_token_counts_place(&counts, profile);
    return counts;
}

#endif
