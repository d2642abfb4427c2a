// Records that could not be used, told once for all of a kind.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_refusals.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum emit_status emit_usage_refusals_init(struct emit_usage_refusals *refusals,
                                          struct emit_error *err) {
    *refusals = (struct emit_usage_refusals){
        .kinds = calloc(EMIT_USAGE_REFUSALS_KEPT, sizeof *refusals->kinds),
    };
    if (!refusals->kinds) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    return EMIT_OK;
}

void emit_usage_refusals_clear(struct emit_usage_refusals *refusals) {
    free(refusals->kinds);
    *refusals = (struct emit_usage_refusals){0};
}

static bool is_same(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

// The kind a record is of; NULL when it is of a new one and no more are kept. The latest are
// looked at first: what goes wrong goes wrong again.
static struct emit_usage_refusal *find(struct emit_usage_refusals *refusals,
                                       enum emit_usage_fate fate, const char *file,
                                       const char *message) {
    for (size_t i = refusals->count; i-- > 0;) {
        struct emit_usage_refusal *kind = &refusals->kinds[i];
        if (kind->fate == fate && is_same(kind->file, file) && strcmp(kind->message, message) == 0)
            return kind;
    }
    if (refusals->count == EMIT_USAGE_REFUSALS_KEPT) return NULL;
    struct emit_usage_refusal *kind = &refusals->kinds[refusals->count++];
    kind->fate = fate;
    kind->file = file;
    return kind;
}

static struct emit_usage_refusal *add(struct emit_usage_refusals *refusals,
                                      enum emit_usage_fate fate, const char *file, uint64_t records,
                                      const char *message) {
    char sentence[EMIT_USAGE_SENTENCE_MAX];
    (void)emit_text_format(sentence, sizeof sentence, "%s", message);
    struct emit_usage_refusal *kind = find(refusals, fate, file, sentence);
    if (!kind) {
        refusals->untold += records;
        return NULL;
    }
    memcpy(kind->message, sentence, sizeof sentence);
    kind->records += records;
    return kind;
}

void emit_usage_refusals_add(struct emit_usage_refusals *refusals, enum emit_usage_fate fate,
                             const struct emit_usage_spot *spot, const char *message,
                             const char *remedy) {
    struct emit_usage_refusal *kind = add(refusals, fate, spot->file, 1, message);
    if (!kind) return;
    if (remedy) (void)emit_text_format(kind->remedy, sizeof kind->remedy, "%s", remedy);
    if (kind->records > EMIT_USAGE_LINES_KEPT) return;
    kind->lines[kind->records - 1] = spot->line;
    kind->elements[kind->records - 1] = spot->element;
}

void emit_usage_refusals_add_run(struct emit_usage_refusals *refusals, enum emit_usage_fate fate,
                                 uint64_t records, const char *message) {
    (void)add(refusals, fate, NULL, records, message);
}

void emit_usage_refusal_place(struct emit_text *text, const struct emit_usage_refusal *refusal) {
    if (!refusal->file) return;
    // Records of an array may all stand on one line: their numbers tell them apart.
    bool in_array = refusal->elements[0] > 0;
    emit_text_add(text, refusal->file);
    if (refusal->records == 1) {
        emit_text_add_format(text, ":%" PRIu64, refusal->lines[0]);
        if (in_array) emit_text_add_format(text, " record %" PRIu64, refusal->elements[0]);
        return;
    }
    emit_text_add(text, in_array ? " records" : " lines");
    const uint64_t *numbers = in_array ? refusal->elements : refusal->lines;
    for (size_t i = 0; i < refusal->records && i < EMIT_USAGE_LINES_KEPT; i++)
        emit_text_add_format(text, " %" PRIu64, numbers[i]);
    if (refusal->records > EMIT_USAGE_LINES_KEPT)
        emit_text_add_format(text, " and %" PRIu64 " more",
                             refusal->records - EMIT_USAGE_LINES_KEPT);
}
