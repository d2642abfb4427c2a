// Batches: filled, judged, stored, copied.
// SPDX-License-Identifier: Apache-2.0
#include "agent/batch.h"

#include <errno.h>
#include <stdlib.h>

enum emit_status emit_batch_init(struct emit_batch *batch, size_t entries, size_t bytes,
                                 struct emit_error *err) {
    *batch = (struct emit_batch){
        .entries = calloc(entries, sizeof *batch->entries),
        .identities = calloc(entries, sizeof *batch->identities),
        .fates = calloc(entries, sizeof *batch->fates),
        .capacity = entries,
        .bytes = malloc(bytes),
        .size = bytes,
    };
    if (batch->entries && batch->identities && batch->fates && batch->bytes) return EMIT_OK;
    emit_batch_clear(batch);
    return emit_fail(err, EMIT_NO_MEMORY, "no memory for %zu entries", entries);
}

void emit_batch_clear(struct emit_batch *batch) {
    free(batch->entries);
    free(batch->identities);
    free(batch->fates);
    free(batch->bytes);
    *batch = (struct emit_batch){0};
}

void emit_batch_empty(struct emit_batch *batch) {
    batch->count = batch->used = 0;
}

struct emit_text emit_batch_next(const struct emit_batch *batch, size_t limit) {
    struct emit_text text;
    size_t left = batch->size - batch->used;
    emit_text_init(&text, batch->bytes + batch->used, limit < left ? limit : left);
    return text;
}

void *emit_batch_take(struct emit_batch *batch, size_t bytes, size_t alignment) {
    size_t at = (batch->used + alignment - 1) / alignment * alignment;
    // One byte stays, so that a next text has room for its terminator.
    if (at >= batch->size || bytes >= batch->size - at) return NULL;
    batch->used = at + bytes;
    return batch->bytes + at;
}

enum emit_status emit_batch_judge(const char *line, size_t length, struct emit_error *err) {
    struct emit_verdict verdict;
    if (emit_contract_check(line, length, &verdict) == EMIT_OK) return EMIT_OK;
    return emit_fail(err, EMIT_REFUSED, "%s",
                     verdict.kept ? verdict.findings[0].message : "without a reason");
}

void emit_batch_add(struct emit_batch *batch, const struct emit_entry *as,
                    const struct emit_text *body, const struct emit_text *key) {
    struct emit_entry *entry = &batch->entries[batch->count];
    char *identity = batch->identities[batch->count];
    identity[0] = '\0';
    if (key) emit_contract_identity_of_canonical(key->at, key->length, identity);
    *entry = *as;
    entry->identity = identity;
    entry->body = body->at;
    entry->length = body->length;
    batch->fates[batch->count++] = EMIT_ENTRY_STORED;
    size_t end = (size_t)(body->at - batch->bytes) + body->length + 1;
    if (batch->used < end) batch->used = end;
}

enum emit_status emit_batch_store(struct emit_batch *batch, struct emit_outbox *outbox,
                                  const struct emit_outbox_summary *summary,
                                  struct emit_error *err) {
    return emit_outbox_append_summed(outbox, batch->entries, batch->count, batch->fates, summary,
                                     err);
}

// The number of entries from `first` on that can be copied at once: events, one behind the
// other in memory. 0: that entry is not copied.
static size_t count_together(const struct emit_batch *batch, size_t first) {
    size_t count = 0;
    for (const char *at = NULL; first + count < batch->count; count++) {
        const struct emit_entry *entry = &batch->entries[first + count];
        if (entry->kind != EMIT_ENTRY_EVENT || batch->fates[first + count] == EMIT_ENTRY_CONFLICT)
            break;
        if (at && entry->body != at) break;
        at = entry->body + entry->length + 1;
    }
    return count;
}

enum emit_status emit_batch_copy(struct emit_batch *batch, const struct emit_destination *to,
                                 struct emit_error *err) {
    for (size_t i = 0, count; i < batch->count; i += count ? count : 1) {
        count = count_together(batch, i);
        if (count == 0) continue;
        const struct emit_entry *first = &batch->entries[i], *last = first + count - 1;
        for (size_t of = i; of < i + count; of++) { // their terminators become line ends
            const struct emit_entry *entry = &batch->entries[of];
            batch->bytes[(size_t)(entry->body - batch->bytes) + entry->length] = '\n';
        }
        // What went wrong is seen once, below.
        (void)fwrite(first->body, 1, (size_t)(last->body + last->length + 1 - first->body),
                     to->output);
    }
    if (fflush(to->output) != 0 || ferror(to->output))
        return emit_fail_errno(err, errno, "cannot write the events to %s",
                               to->output_name ? to->output_name : "the output");
    return EMIT_OK;
}
