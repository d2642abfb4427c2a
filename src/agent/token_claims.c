// The keys and values, and questions by them.
// SPDX-License-Identifier: Apache-2.0
#include "agent/token_claims.h"

#include "base/text.h"

#include <assert.h>

static const char *const grouping_words[] = {
    [EMIT_TOKENS_BY_RUN] = "run",
    [EMIT_TOKENS_BY_REQUEST] = "request",
};

// Ids, names and references have limits, and a key has room for each. EMIT_TOKEN_CLAIM_MAX bytes.
static void write_key(char *key, const char *run_id, const char *kind, const char *name) {
    (void)emit_text_format(key, EMIT_TOKEN_CLAIM_MAX, "%s %s%s", run_id, kind, name);
}

void emit_token_claims_make(struct emit_token_claims *claims,
                            const struct emit_token_subject *subject, const char *of) {
    bool by_run = subject->models != NULL;
    claims->count = 1 + (by_run ? subject->model_count : 1);
    assert(claims->count <= EMIT_ENTRY_CLAIMS_MAX);
    for (size_t i = 0; i < claims->count; i++)
        claims->claims[i] = (struct emit_claim){.key = claims->keys[i], .of = of};
    claims->claims[0].value = grouping_words[by_run ? EMIT_TOKENS_BY_RUN : EMIT_TOKENS_BY_REQUEST];
    write_key(claims->keys[0], subject->run_id, "grouping", "");
    if (!by_run) write_key(claims->keys[1], subject->run_id, "record ", subject->record_ref);
    for (size_t i = 0; by_run && i < subject->model_count; i++)
        write_key(claims->keys[1 + i], subject->run_id, "model ", subject->models[i]);
}

static bool take_sequence(void *owner, const struct emit_entry *entry) {
    *(uint64_t *)owner = entry->sequence;
    return false;
}

// The first event that claims the key, with this value; 0: none.
static enum emit_status find_first(struct emit_outbox *outbox, const char *key, const char *value,
                                   uint64_t *sequence, struct emit_error *err) {
    const struct emit_outbox_query query = {
        .kind = EMIT_ENTRY_EVENT, .claim = key, .claim_value = value};
    *sequence = 0;
    return emit_outbox_visit(outbox, &query, take_sequence, sequence, NULL, err);
}

enum emit_status emit_token_grouping_find(struct emit_outbox *outbox, const char *run_id,
                                          enum emit_token_grouping *grouping,
                                          struct emit_error *err) {
    char key[EMIT_TOKEN_CLAIM_MAX];
    uint64_t by_run = 0, by_request = 0;
    write_key(key, run_id, "grouping", "");
    enum emit_status status =
        find_first(outbox, key, grouping_words[EMIT_TOKENS_BY_RUN], &by_run, err);
    if (status == EMIT_OK && !by_run)
        status = find_first(outbox, key, grouping_words[EMIT_TOKENS_BY_REQUEST], &by_request, err);
    if (status == EMIT_OK)
        *grouping = by_run       ? EMIT_TOKENS_BY_RUN
                    : by_request ? EMIT_TOKENS_BY_REQUEST
                                 : EMIT_TOKENS_UNGROUPED;
    return status;
}

// All phases of a total claim its models with it: the first is the total.
enum emit_status emit_token_holder_find(struct emit_outbox *outbox, const char *run_id,
                                        const char *model, uint64_t *holder,
                                        struct emit_error *err) {
    char key[EMIT_TOKEN_CLAIM_MAX];
    write_key(key, run_id, "model ", model);
    return find_first(outbox, key, NULL, holder, err);
}

enum emit_status emit_token_events_visit(struct emit_outbox *outbox, const char *run_id,
                                         emit_outbox_visitor *visitor, void *owner,
                                         struct emit_error *err) {
    char key[EMIT_TOKEN_CLAIM_MAX];
    write_key(key, run_id, "grouping", "");
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_EVENT, .claim = key};
    return emit_outbox_visit(outbox, &query, visitor, owner, NULL, err);
}
