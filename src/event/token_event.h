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

// Who served the tokens: what the user says with --served.
enum emit_served {
    EMIT_SERVED_MANAGED,    // managed-inference, managed
    EMIT_SERVED_BYOK_PROXY, // byok-proxy, byok
    EMIT_SERVED_HERE,       // gpu-runner, operator-owned
};

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
    enum emit_served served;
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
