// The intake: lines gathered into batches, batches stored.
// SPDX-License-Identifier: Apache-2.0
#include "agent/intake.h"

#include "agent/modeled_sums.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct emit_intake {
    const struct emit_destination *to;
    struct emit_intake_listener listener;
    struct emit_batch batch;
    char *notes; // of the lines in the batch, one behind the other; NULL: they have none
    bool has_note[EMIT_INTAKE_BATCH];
};

enum emit_status emit_intake_open(struct emit_intake **intake, const struct emit_destination *to,
                                  const struct emit_intake_listener *listener,
                                  struct emit_error *err) {
    struct emit_intake *opened = calloc(1, sizeof *opened);
    if (!opened) return emit_fail(err, EMIT_NO_MEMORY, "no memory to take events in");
    opened->to = to;
    if (listener) opened->listener = *listener;
    enum emit_status status =
        emit_batch_init(&opened->batch, EMIT_INTAKE_BATCH, EMIT_INTAKE_BYTES, err);
    size_t note_bytes = opened->listener.note_bytes;
    if (status == EMIT_OK && note_bytes) opened->notes = calloc(EMIT_INTAKE_BATCH, note_bytes);
    if (status == EMIT_OK && note_bytes && !opened->notes)
        status = emit_fail(err, EMIT_NO_MEMORY, "no memory to take events in");
    if (status == EMIT_OK)
        *intake = opened;
    else
        emit_intake_close(opened);
    return status;
}

void emit_intake_close(struct emit_intake *intake) {
    if (!intake) return;
    emit_batch_clear(&intake->batch);
    free(intake->notes);
    free(intake);
}

// --- Copying a line in ---

static const char *copy_text(struct emit_batch *batch, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = emit_batch_take(batch, size, 1);
    if (copy) memcpy(copy, text, size);
    return copy;
}

// Most lines have the run and workspace of the one before them.
static const char *share_text(struct emit_batch *batch, const char *before, const char *text) {
    return before && strcmp(before, text) == 0 ? before : copy_text(batch, text);
}

// False when there is no room.
static bool copy_claims(struct emit_batch *batch, const struct emit_entry *line,
                        struct emit_entry *copy) {
    copy->claims = NULL;
    if (line->claim_count == 0) return true;
    struct emit_claim *claims =
        emit_batch_take(batch, line->claim_count * sizeof *claims, alignof(struct emit_claim));
    if (!claims) return false;
    for (size_t i = 0; i < line->claim_count; i++) {
        const struct emit_claim *claim = &line->claims[i];
        claims[i] = (struct emit_claim){.key = copy_text(batch, claim->key)};
        if (claim->value) claims[i].value = copy_text(batch, claim->value);
        if (claim->of) claims[i].of = copy_text(batch, claim->of);
        if (!claims[i].key || (claim->value && !claims[i].value) || (claim->of && !claims[i].of))
            return false;
    }
    copy->claims = claims;
    return true;
}

static bool copy_span(struct emit_batch *batch, const struct emit_entry *line,
                      struct emit_entry *copy) {
    if (!line->span) return true;
    struct emit_claimed_span *span =
        emit_batch_take(batch, sizeof *span, alignof(struct emit_claimed_span));
    if (!span) return false;
    *span = *line->span;
    span->key = copy_text(batch, line->span->key);
    copy->span = span;
    return span->key;
}

// What a line borrows, for the store; false when there is no room.
static bool copy_borrowed(struct emit_batch *batch, const struct emit_entry *line,
                          struct emit_entry *copy) {
    const struct emit_entry *before = batch->count > 0 ? &batch->entries[batch->count - 1] : NULL;
    copy->run_id = share_text(batch, before ? before->run_id : NULL, line->run_id);
    copy->workspace_id =
        share_text(batch, before ? before->workspace_id : NULL, line->workspace_id);
    return copy->run_id && copy->workspace_id && copy_claims(batch, line, copy) &&
           copy_span(batch, line, copy);
}

// Takes the line behind the others; false when the batch has no room for it, and then it is
// as it was. The body may stand there already, or anywhere behind the others.
static bool copy_line(struct emit_intake *intake, const struct emit_entry *line, const void *note) {
    struct emit_batch *batch = &intake->batch;
    if (batch->count == batch->capacity) return false;
    size_t used = batch->used;
    char *body = emit_batch_take(batch, line->length + 1, 1);
    if (!body) return false;
    struct emit_entry copy = *line;
    copy.kind = EMIT_ENTRY_EVENT;
    copy.span = NULL;
    // Without a store nobody asks for them.
    if (intake->to->outbox && !copy_borrowed(batch, line, &copy)) {
        batch->used = used;
        return false;
    }
    if (body != line->body) memmove(body, line->body, line->length);
    body[line->length] = '\0';
    const struct emit_text text = {body, line->length + 1, line->length, false};
    // A hash takes longer than everything else.
    emit_batch_add(batch, &copy, &text, intake->to->outbox ? &text : NULL);
    size_t at = batch->count - 1, note_bytes = intake->listener.note_bytes;
    intake->has_note[at] = note && note_bytes;
    if (intake->has_note[at]) memcpy(intake->notes + at * note_bytes, note, note_bytes);
    return true;
}

// Where nothing is stored or copied, a line needs not wait for others.
static void pass_on(const struct emit_intake *intake, const struct emit_entry *line,
                    const void *note) {
    const struct emit_intake_answer answer = {
        .note = note, .fate = EMIT_ENTRY_STORED, .line = line->body, .length = line->length};
    if (intake->listener.hear) intake->listener.hear(intake->listener.owner, &answer);
}

// --- Batches ---

static void tell(const struct emit_intake *intake) {
    const struct emit_batch *batch = &intake->batch;
    const struct emit_intake_listener *listener = &intake->listener;
    for (size_t i = 0; listener->hear && i < batch->count; i++) {
        const struct emit_intake_answer answer = {
            .note = intake->has_note[i] ? intake->notes + i * listener->note_bytes : NULL,
            .fate = batch->fates[i],
            .line = batch->entries[i].body,
            .length = batch->entries[i].length,
            .span = batch->entries[i].span,
        };
        listener->hear(listener->owner, &answer);
    }
}

// What was modeled in a batch, kept beside it for emit runs.
static bool write_summary(void *owner, const enum emit_entry_fate *fates, struct emit_text *body) {
    const struct emit_batch *batch = owner;
    struct emit_modeled_sums sums = {0};
    bool good = true;
    uint64_t at = 0; // of those that are stored: they follow each other
    for (size_t i = 0; i < batch->count && good; i++)
        if (fates[i] == EMIT_ENTRY_STORED)
            good = emit_modeled_sums_add(&sums, &batch->entries[i], at++);
    good = good && emit_modeled_sums_write(&sums, body);
    emit_modeled_sums_clear(&sums);
    return good;
}

enum emit_status emit_intake_finish(struct emit_intake *intake, struct emit_error *err) {
    struct emit_batch *batch = &intake->batch;
    if (batch->count == 0) return EMIT_OK;
    enum emit_status status = EMIT_OK;
    const struct emit_outbox_summary summary = {write_summary, batch};
    if (intake->to->outbox) status = emit_batch_store(batch, intake->to->outbox, &summary, err);
    bool is_stored = status == EMIT_OK && intake->to->outbox;
    // Not before: a line in conflict has no business there.
    if (status == EMIT_OK && intake->to->output) status = emit_batch_copy(batch, intake->to, err);
    if (status == EMIT_OK || is_stored) tell(intake);
    emit_batch_empty(batch);
    return status;
}

enum emit_status emit_intake_next(struct emit_intake *intake, size_t limit, struct emit_text *line,
                                  struct emit_error *err) {
    struct emit_batch *batch = &intake->batch;
    enum emit_status status = EMIT_OK;
    if (batch->count == batch->capacity || batch->size - batch->used <= limit)
        status = emit_intake_finish(intake, err);
    if (status == EMIT_OK) *line = emit_batch_next(batch, limit);
    return status;
}

enum emit_status emit_intake_add(struct emit_intake *intake, const struct emit_entry *line,
                                 const void *note, struct emit_error *err) {
    enum emit_status status = emit_batch_judge(line->body, line->length, err);
    if (status != EMIT_OK) return status;
    if (!intake->to->outbox && !intake->to->output) {
        pass_on(intake, line, note);
        return EMIT_OK;
    }
    if (copy_line(intake, line, note)) return EMIT_OK;
    status = emit_intake_finish(intake, err);
    if (status != EMIT_OK) return status;
    if (copy_line(intake, line, note)) return EMIT_OK;
    return emit_fail(err, EMIT_INVALID, "an event with more than %d bytes beside it",
                     EMIT_INTAKE_BYTES);
}
