// Lines of usage records, whatever they are: each is counted within bounds or left out with a
// sentence, the same when it is read again and when more stands behind it in memory.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "imports/usage.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t count_max = UINT64_C(1) << 53;

static const char *judge_text(const struct emit_usage_text *text, size_t max) {
    if (text->at && text->length == 0) return "a name of no bytes";
    return text->length < max ? NULL : "a name that is too long";
}

static const char *judge(const struct emit_usage_record *record) {
    if (record->fate >= EMIT_USAGE_FATE_COUNT) return "a fate that there is not";
    if (strlen(record->message) >= sizeof record->message) return "a sentence without an end";
    if (record->fate != EMIT_USAGE_USED)
        return record->message[0] ? NULL : "a record left out without a sentence";
    const struct emit_token_counts *counts = &record->counts;
    if (record->dialect >= EMIT_DIALECT_COUNT) return "counted, and of no dialect";
    if (counts->bucket[EMIT_BUCKET_REQUEST] != 1 || !(counts->known & 1u << EMIT_BUCKET_REQUEST))
        return "counted as other than one request";
    if (counts->known == 1u << EMIT_BUCKET_REQUEST) return "counted without a count";
    for (int i = 0; i < EMIT_BUCKET_COUNT; i++) {
        if (counts->bucket[i] > count_max) return "more tokens than can be counted";
        if (counts->bucket[i] && !(counts->known & 1u << i)) return "tokens that are not known";
    }
    const char *wrong = judge_text(&record->model, EMIT_USAGE_MODEL_MAX);
    if (!wrong) wrong = judge_text(&record->response_id, EMIT_USAGE_ID_MAX);
    return wrong ? wrong : judge_text(&record->request_id, EMIT_USAGE_ID_MAX);
}

static bool is_same(const struct emit_usage_record *a, const struct emit_usage_record *b) {
    return a->fate == b->fate && a->dialect == b->dialect && a->has_time == b->has_time &&
           a->time_ns == b->time_ns && a->model.length == b->model.length &&
           memcmp(&a->counts, &b->counts, sizeof a->counts) == 0 &&
           strcmp(a->message, b->message) == 0;
}

// The lines of a text by one reader, each in memory of exactly its size, or all in the text.
static const char *read_lines(const char *text, size_t size, enum emit_dialect dialect,
                              struct emit_usage_record *last, bool alone) {
    struct emit_usage_reader reader;
    const char *wrong = NULL;
    emit_usage_reader_init(&reader, dialect);
    for (const char *at = text, *end = text + size; at < end && !wrong;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        char *copy = alone ? malloc(length ? length : 1) : NULL;
        if (copy) memcpy(copy, at, length);
        emit_usage_read(&reader, last, copy ? copy : at, length);
        wrong = judge(last);
        free(copy);
        at += length + 1;
    }
    return wrong;
}

const char *property_usage(const uint8_t *bytes, size_t size) {
    static struct emit_usage_record alone, inside;
    const char *text = (const char *)bytes;
    enum emit_dialect dialect = (enum emit_dialect)(size % (2 * EMIT_DIALECT_COUNT));
    if (dialect > EMIT_DIALECT_COUNT) dialect = EMIT_DIALECT_COUNT;
    if (size == 0) return NULL;
    const char *wrong = read_lines(text, size, dialect, &alone, true);
    if (!wrong) wrong = read_lines(text, size, dialect, &inside, false);
    return wrong || is_same(&alone, &inside) ? wrong : "read again, it is another record";
}
