// Lines are written where they stay, and most of one is a citation that was written before.
// SPDX-License-Identifier: Apache-2.0
#include "agent/token_post.h"

#include "contract/canonical.h"

#include <stdlib.h>

enum {
    PARTS = 3, // total, prefill, decode
    CITED = 8, // models whose citations are at hand
};

struct emit_token_post {
    struct emit_intake *intake;
    struct emit_token_post_options options;
    uint64_t count;
    char identity[EMIT_IDENTITY_TEXT]; // of the last total, for its phases
    struct emit_token_claims claims;   // of the event that is made
    const struct emit_token_model *cited[CITED];
    struct emit_token_citation citations[CITED]; // of these, written for their first event
    size_t next_cited;                           // the place of the next one: the oldest goes
};

enum emit_status emit_token_post_open(struct emit_token_post **post, struct emit_intake *intake,
                                      const struct emit_token_post_options *options,
                                      struct emit_error *err) {
    struct emit_token_post *opened = calloc(1, sizeof *opened);
    if (!opened) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    opened->intake = intake;
    opened->options = *options;
    *post = opened;
    return EMIT_OK;
}

void emit_token_post_close(struct emit_token_post *post) {
    free(post);
}

uint64_t emit_token_post_count(const struct emit_token_post *post) {
    return post->count;
}

// NULL: there is none that would fit a line, as writing the event will say.
static const struct emit_token_citation *find_citation(struct emit_token_post *post,
                                                       const struct emit_token_model *model) {
    for (size_t i = 0; i < CITED; i++)
        if (post->cited[i] == model) return &post->citations[i];
    size_t at = post->next_cited;
    post->cited[at] = NULL;
    if (emit_token_citation_write(&post->citations[at], model, NULL) != EMIT_OK) return NULL;
    post->cited[at] = model;
    post->next_cited = (at + 1) % CITED;
    return &post->citations[at];
}

static enum emit_status write_line(struct emit_token_post *post, const struct emit_token_item *item,
                                   enum emit_token_part part, struct emit_text *line,
                                   struct emit_error *err) {
    const struct emit_token_post_options *options = &post->options;
    const struct emit_token_event_facts facts = {
        .run_id = options->run_id,
        .workspace_id = options->workspace_id,
        .record_ref = item->record_ref,
        .time_ns = item->time_ns,
        .served = options->served,
        .part = part,
        .citation = find_citation(post, item->model),
    };
    enum emit_status status = emit_intake_next(post->intake, EMIT_TOKEN_EVENT_LINE_MAX, line, err);
    return status == EMIT_OK ? emit_token_event_write(line, &facts, item->model, &item->counts, err)
                             : status;
}

static void make_claims(struct emit_token_post *post, const struct emit_token_item *item,
                        enum emit_token_part part, const struct emit_text *line) {
    const struct emit_token_subject subject = {
        .run_id = post->options.run_id,
        .record_ref = item->record_ref,
        .models = item->models,
        .model_count = item->model_count,
    };
    bool is_total = part == EMIT_TOKENS_TOTAL;
    if (is_total && post->options.has_phases)
        emit_contract_identity_of_canonical(line->at, line->length, post->identity);
    emit_token_claims_make(&post->claims, &subject, is_total ? NULL : post->identity);
}

static enum emit_status post_part(struct emit_token_post *post, const struct emit_token_item *item,
                                  enum emit_token_part part, const void *note,
                                  struct emit_error *err) {
    struct emit_text line;
    enum emit_status status = write_line(post, item, part, &line, err);
    if (status != EMIT_OK) return status;
    if (post->options.has_store) make_claims(post, item, part, &line);
    const struct emit_entry entry = {
        .kind = EMIT_ENTRY_EVENT,
        .run_id = post->options.run_id,
        .workspace_id = post->options.workspace_id,
        .time_ns = item->time_ns,
        .body = line.at,
        .length = line.length,
        .claims = post->claims.claims,
        .claim_count = post->claims.count, // none without a store
    };
    post->count++;
    return emit_intake_add(post->intake, &entry, note, err);
}

enum emit_status emit_token_post_add(struct emit_token_post *post,
                                     const struct emit_token_item *item, const void *note,
                                     struct emit_error *err) {
    enum emit_status status = post_part(post, item, EMIT_TOKENS_TOTAL, note, err);
    for (int part = 1; post->options.has_phases && part < PARTS && status == EMIT_OK; part++) {
        const struct emit_token_counts some =
            emit_token_counts_of_part(&item->counts, (enum emit_token_part)part);
        // No event stands for a phase of which no tokens are known.
        if (emit_token_counts_has_tokens(&some))
            status = post_part(post, item, (enum emit_token_part)part, NULL, err);
    }
    return status;
}
