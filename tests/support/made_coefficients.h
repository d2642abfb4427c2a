// A table of coefficients for tests, with round numbers that are nobody's.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_MADE_COEFFICIENTS_H
#define TESTS_MADE_COEFFICIENTS_H

#include "models/coefficients.h"

#define MADE_HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct emit_citation made_citations[] = {
    {.id = "made-paper",
     .title = "A Benchmark of Made-Up Models",
     .url = "https://example.org/paper",
     .published = "2026-01-31",
     .accessed = "2026-02-01",
     .version = "v1",
     .says = "its table 1"},
    {.id = "made-other",
     .title = "Another One",
     .url = "https://example.org/other",
     .published = "2026-01-01",
     .accessed = "2026-02-01",
     .version = "v2",
     .says = "figure 2"},
};

#define MADE_BUCKET(low, central, high, level)                                                     \
    {                                                                                              \
        .defined = true, .nanojoules = {low, central, high},                                       \
        .confidence = EMIT_CONFIDENCE_##level, .derivation = "made up"                             \
    }

// Sorted by id.
static const struct emit_profile made_profiles[] = {
    {.id = "made-embedding-v1",
     .stands_for = "nothing",
     .notes = "For tests.",
     .boundary = EMIT_BOUNDARY_ACCELERATOR,
     .valid_until = "2027-12-31",
     .context_tokens_max = 8192,
     .coefficients = {[EMIT_BUCKET_INPUT] = MADE_BUCKET(600000, 3300000, 30000000, HIGH),
                      [EMIT_BUCKET_REQUEST] = MADE_BUCKET(0, 0, 7000000000, LOW)},
     .citations = made_citations,
     .citation_count = 1},
    {.id = "made-plain-v1",
     .stands_for = "nothing",
     .notes = "For tests, \"quoted\".",
     .boundary = EMIT_BOUNDARY_ACCELERATOR,
     .valid_until = "2027-12-31",
     .context_tokens_max = 1000,
     .coefficients = {[EMIT_BUCKET_INPUT] = MADE_BUCKET(10000000, 20000000, 40000000, HIGH),
                      [EMIT_BUCKET_CACHED_INPUT] = MADE_BUCKET(1000000, 2000000, 4000000, LOW),
                      [EMIT_BUCKET_OUTPUT] = MADE_BUCKET(100000000, 250000000, 1000000000, MEDIUM),
                      [EMIT_BUCKET_REASONING_OUTPUT] =
                          MADE_BUCKET(110000000, 260000000, 1100000000, LOW),
                      [EMIT_BUCKET_REQUEST] = MADE_BUCKET(0, 0, 40000000000, LOW)},
     .citations = made_citations,
     .citation_count = 2},
};

static const struct emit_transform made_transforms[] = {
    {.id = "boundary-host-v1",
     .intended_use = "Host.",
     .caveats = "none",
     .from = EMIT_STAGE_ACCELERATOR,
     .to = EMIT_STAGE_SYSTEM,
     .thousandths = {1200, 1500, 1800},
     .sources = "made-paper",
     .confidence = EMIT_CONFIDENCE_MEDIUM,
     .derivation = "made up",
     .valid_until = "2027-12-31",
     .citations = made_citations,
     .citation_count = 1},
    {.id = "boundary-idle-v1",
     .intended_use = "Idle.",
     .caveats = "none",
     .from = EMIT_STAGE_SYSTEM,
     .to = EMIT_STAGE_PROVISIONED,
     .thousandths = {1000, 1100, 1400},
     .sources = "made-paper",
     .confidence = EMIT_CONFIDENCE_LOW,
     .derivation = "made up",
     .valid_until = "2027-12-31",
     .citations = made_citations,
     .citation_count = 1},
    {.id = "boundary-pue-v1",
     .intended_use = "PUE.",
     .caveats = "none",
     .from = EMIT_STAGE_PROVISIONED,
     .to = EMIT_STAGE_FACILITY,
     .thousandths = {1090, 1150, 1560},
     .sources = "made-paper",
     .confidence = EMIT_CONFIDENCE_MEDIUM,
     .derivation = "made up",
     .valid_until = "2027-12-31",
     .citations = made_citations,
     .citation_count = 1},
    {.id = "context-long-v1",
     .intended_use = "Long.",
     .caveats = "none",
     .from = EMIT_STAGE_ACCELERATOR,
     .to = EMIT_STAGE_ACCELERATOR,
     .thousandths = {1000, 1000, 3000},
     .sources = "made-paper",
     .confidence = EMIT_CONFIDENCE_LOW,
     .derivation = "made up",
     .valid_until = "2027-12-31",
     .citations = made_citations,
     .citation_count = 1},
};

static const struct emit_coefficient_table made_table = {
    .profiles = made_profiles,
    .profile_count = sizeof made_profiles / sizeof *made_profiles,
    .transforms = made_transforms,
    .transform_count = sizeof made_transforms / sizeof *made_transforms,
    .sha256 = MADE_HASH,
};

#endif
