// Writes the line of a modeled event: tokens times cited coefficients.
//
// In RFC 8785 canonical form, as event.h, with which it shares no state.
// SPDX-License-Identifier: Apache-2.0
#ifndef EVENT_TOKEN_EVENT_H
#define EVENT_TOKEN_EVENT_H

#include "base/text.h"
#include "models/tokens.h"

// Bytes that hold the line of any profile whose texts are not made of escapes: its notes and
// citation alone may have 12 KB.
enum { EMIT_TOKEN_EVENT_LINE_MAX = 32 * 1024 };

// Who served the tokens: name, word for --served, capability_tier, provider_family.
#define EMIT_INFERENCE_ROWS(ROW)                                                                   \
    ROW(EMIT_INFERENCE_MANAGED, "managed", EMIT_TIER_MANAGED_INFERENCE, EMIT_FAMILY_MANAGED)       \
    ROW(EMIT_INFERENCE_BYOK_PROXY, "byok-proxy", EMIT_TIER_BYOK_PROXY, EMIT_FAMILY_BYOK)           \
    ROW(EMIT_INFERENCE_HERE, "here", EMIT_TIER_GPU_RUNNER, EMIT_FAMILY_OPERATOR_OWNED)

#define EMIT_INFERENCE_ENUMERATOR(name, word, tier, family) name,
enum emit_inference { EMIT_INFERENCE_ROWS(EMIT_INFERENCE_ENUMERATOR) EMIT_INFERENCE_COUNT };

const char *emit_inference_word(enum emit_inference served);

// The tags that all events of a model share, as they stand in a line: its profile's
// citation and the table's hash. Written once: they are most of a line.
struct emit_token_citation {
    size_t length;
    char text[EMIT_TOKEN_EVENT_LINE_MAX];
};

// EMIT_FULL: it did not fit.
EMIT_MUST_CHECK enum emit_status emit_token_citation_write(struct emit_token_citation *citation,
                                                           const struct emit_token_model *model,
                                                           struct emit_error *err);

struct emit_token_event_facts {
    const char *run_id, *workspace_id, *record_ref; // borrowed
    int64_t time_ns; // UTC: event_ts; its day decides which coefficients had expired
    enum emit_inference served;
    enum emit_token_part part;                  // phase `total`, `prefill` or `decode`
    const struct emit_token_citation *citation; // of the model; NULL: it is written anew
};

// Appends the line, without line end, of one part of the counts.
// EMIT_INVALID: as emit_token_energy, or no count of tokens is known for the part: no event
// stands for that. EMIT_FULL: it did not fit.
EMIT_MUST_CHECK enum emit_status emit_token_event_write(struct emit_text *line,
                                                        const struct emit_token_event_facts *facts,
                                                        const struct emit_token_model *model,
                                                        const struct emit_token_counts *counts,
                                                        struct emit_error *err);

#endif
