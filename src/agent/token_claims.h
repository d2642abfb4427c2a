// What the events of a run's tokens claim in the store. Claims are what makes reading a log
// again harmless, and everything else told:
//
//   RUN grouping         `run` or `request`: how the run's records become events. Both ways at
//                        once would count the same tokens twice.
//   RUN record REF       by request: the record, whatever the profile.
//   RUN model NAME       by run: each model in the event, so that none is charged twice.
//
// The claims of a phase are those of its total: there is none without it.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_TOKEN_CLAIMS_H
#define AGENT_TOKEN_CLAIMS_H

#include "imports/usage.h"
#include "outbox/outbox.h"
#include "runs/run.h"

enum {
    EMIT_TOKEN_MODELS_MAX = EMIT_ENTRY_CLAIMS_MAX - 1,                  // that one event can claim
    EMIT_TOKEN_CLAIM_MAX = EMIT_RUN_ID_MAX + EMIT_USAGE_MODEL_MAX + 64, // bytes of a key
};

enum emit_token_grouping { EMIT_TOKENS_UNGROUPED, EMIT_TOKENS_BY_RUN, EMIT_TOKENS_BY_REQUEST };

// Which record an event is of, or which models.
struct emit_token_subject {
    const char *run_id;
    const char *record_ref;    // by request; below EMIT_RECORD_REF_MAX
    const char *const *models; // by run, at most EMIT_TOKEN_MODELS_MAX; NULL: by request
    size_t model_count;
};

struct emit_token_claims {
    struct emit_claim claims[EMIT_ENTRY_CLAIMS_MAX]; // of the keys below
    size_t count;
    char keys[EMIT_ENTRY_CLAIMS_MAX][EMIT_TOKEN_CLAIM_MAX];
};

// of: the identity of the total that the event is a phase of, borrowed; NULL: it is a total.
void emit_token_claims_make(struct emit_token_claims *claims,
                            const struct emit_token_subject *subject, const char *of);

// How the store has the run grouped: UNGROUPED when nothing was modeled of it.
EMIT_MUST_CHECK enum emit_status emit_token_grouping_find(struct emit_outbox *outbox,
                                                          const char *run_id,
                                                          enum emit_token_grouping *grouping,
                                                          struct emit_error *err);
// The event that a model of the run is in, as a number that says no more than which; 0: none.
EMIT_MUST_CHECK enum emit_status emit_token_holder_find(struct emit_outbox *outbox,
                                                        const char *run_id, const char *model,
                                                        uint64_t *holder, struct emit_error *err);
// All that was modeled of a run, however it is grouped, oldest first.
EMIT_MUST_CHECK enum emit_status emit_token_events_visit(struct emit_outbox *outbox,
                                                         const char *run_id,
                                                         emit_outbox_visitor *visitor, void *owner,
                                                         struct emit_error *err);

#endif
