// Lines on their way: through the intake, with the span of time that each claims.
// SPDX-License-Identifier: Apache-2.0
#include "agent/producer.h"
#include "programs/emit/campus.h"
#include "programs/emit/campus_conflict.h"

#include <stdlib.h>
#include <string.h>

struct campus_post {
    struct campus *campus; // borrowed
    struct emit_producer producer;
    campus_listener *listener;
    void *listener_owner;
};

static void take_answer(void *owner, const struct emit_intake_answer *answer) {
    struct campus_post *post = owner;
    bool is_conflict = answer->fate == EMIT_ENTRY_CONFLICT;
    struct emit_facility_refusal why;
    post->campus->stored += answer->fate == EMIT_ENTRY_STORED;
    post->campus->stored_before += answer->fate == EMIT_ENTRY_DUPLICATE;
    if (is_conflict) campus_conflict_explain(&why, post->producer.store.outbox, answer);
    post->listener(post->listener_owner, answer, answer->note, is_conflict ? &why : NULL);
}

enum emit_status campus_post_open(struct campus_post **post, struct campus *campus,
                                  struct emit_error *err) {
    struct campus_post *fresh = calloc(1, sizeof *fresh);
    if (!fresh) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    fresh->campus = campus;
    const struct emit_intake_listener listener = {take_answer, fresh, sizeof(struct campus_place)};
    const struct emit_producer_options asked = {
        .outbox_path = campus->options->outbox_path,
        .no_outbox = campus->options->no_outbox,
        .output_path = campus->options->output_path,
    };
    enum emit_status status = emit_producer_open(&fresh->producer, &asked, &listener, err);
    if (status != EMIT_OK) {
        free(fresh);
        return status;
    }
    if (fresh->producer.store.notice[0])
        (void)emit_complain(&emit_command_campus, EXIT_OK, "%s", fresh->producer.store.notice);
    *post = fresh;
    return EMIT_OK;
}

void campus_post_listen(struct campus_post *post, campus_listener *listener, void *owner) {
    post->listener = listener;
    post->listener_owner = owner;
}

enum emit_status campus_post_add(struct campus_post *post, const struct campus_line *line,
                                 struct emit_error *err) {
    const struct emit_entry entry = {
        .kind = EMIT_ENTRY_EVENT,
        .run_id = "",
        .workspace_id = post->campus->workspace_id,
        .time_ns = line->span.to,
        .body = line->bytes,
        .length = line->length,
        .span = &line->span,
    };
    return emit_intake_add(post->producer.intake, &entry, &line->place, err);
}

static bool see(void *owner, const struct emit_entry *entry) {
    (void)entry;
    *(bool *)owner = true;
    return false;
}

bool campus_post_is_opposed(const struct campus_post *post, const struct emit_claimed_span *span) {
    struct emit_outbox *outbox = post->producer.store.outbox;
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_EVENT, .span = span, .limit = 1};
    struct emit_error err;
    bool is_seen = false;
    if (!outbox) return false;
    return emit_outbox_visit(outbox, &query, see, &is_seen, NULL, &err) != EMIT_OK || is_seen;
}

struct asking {
    const struct campus_line *line;
    enum campus_standing standing;
};

static bool compare(void *owner, const struct emit_entry *entry) {
    struct asking *asking = owner;
    bool is_same = entry->length == asking->line->length &&
                   memcmp(entry->body, asking->line->bytes, entry->length) == 0;
    asking->standing = is_same ? CAMPUS_STANDS : CAMPUS_OPPOSED;
    return false; // what is stored of a meter never overlaps: the same one is alone
}

enum emit_status campus_post_ask(const struct campus_post *post, const struct campus_line *line,
                                 enum campus_standing *standing, struct emit_facility_refusal *why,
                                 struct emit_error *err) {
    struct emit_outbox *outbox = post->producer.store.outbox;
    const struct emit_outbox_query query = {
        .kind = EMIT_ENTRY_EVENT, .span = &line->span, .limit = 1};
    struct asking asking = {line, CAMPUS_FREE};
    enum emit_status status = EMIT_OK;
    if (outbox) status = emit_outbox_visit(outbox, &query, compare, &asking, NULL, err);
    if (status != EMIT_OK) return status;
    *standing = asking.standing;
    if (asking.standing != CAMPUS_OPPOSED) return EMIT_OK;
    const struct emit_intake_answer answer = {
        .line = line->bytes, .length = line->length, .span = &line->span};
    campus_conflict_explain(why, outbox, &answer);
    return EMIT_OK;
}

enum emit_status campus_post_finish(struct campus_post *post, struct emit_error *err) {
    return emit_intake_finish(post->producer.intake, err);
}

void campus_post_close(struct campus_post *post) {
    if (!post) return;
    emit_producer_close(&post->producer);
    free(post);
}
