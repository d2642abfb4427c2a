// Token counts become event lines, with what they claim, on their way to the store: the event
// of everything, and on request those of prefill and decode.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_TOKEN_POST_H
#define AGENT_TOKEN_POST_H

#include "agent/intake.h"
#include "agent/token_claims.h"
#include "event/token_event.h"

// What an event is about. Borrowed; the model is remembered by its address, and must not be
// another one there until close.
struct emit_token_item {
    const struct emit_token_model *model;
    struct emit_token_counts counts;
    int64_t time_ns; // UTC
    const char *record_ref;
    const char *const *models; // as of emit_token_subject
    size_t model_count;
};

struct emit_token_post_options {
    const char *run_id, *workspace_id; // borrowed
    enum emit_inference served;
    bool has_phases;
    bool has_store; // else nobody asks what an event claims
};

struct emit_token_post;

// intake: borrowed.
EMIT_MUST_CHECK enum emit_status emit_token_post_open(struct emit_token_post **post,
                                                      struct emit_intake *intake,
                                                      const struct emit_token_post_options *options,
                                                      struct emit_error *err);
void emit_token_post_close(struct emit_token_post *post); // accepts NULL

// Hands the events of an item to the intake: its total with the note, its phases without one.
// EMIT_INVALID: its energy cannot be said; no event was made. Others as emit_intake_add.
EMIT_MUST_CHECK enum emit_status emit_token_post_add(struct emit_token_post *post,
                                                     const struct emit_token_item *item,
                                                     const void *note, struct emit_error *err);

// Events that were handed on.
uint64_t emit_token_post_count(const struct emit_token_post *post);

#endif
