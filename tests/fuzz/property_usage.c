// Lines of usage records, whatever they are: each is counted within bounds or left out with a
// sentence, the same when it is read again and when more stands behind it in memory; and what
// is read by the form of others, a scan finds the same in.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "imports/usage_fields.h"

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

static const uint8_t *slots_of_paths(void) {
    static uint8_t slots[EMIT_USAGE_SLOTS];
    emit_usage_index(slots);
    return slots;
}

// Where a form reads the text, a scan finds the same.
static const char *compare_form(const struct emit_usage_forms *forms, const uint8_t *slots,
                                const char *text, size_t length) {
    static struct emit_usage_fields quick, strict;
    const char *fault;
    size_t fault_at;
    if (!emit_usage_forms_read(forms, &quick, text, length)) return NULL;
    if (!emit_usage_scan(&strict, slots, NULL, text, length, &fault, &fault_at))
        return "read by a form, and by a scan refused";
    if (quick.compaction.is_there != strict.compaction.is_there ||
        quick.compaction.is_wrong != strict.compaction.is_wrong ||
        quick.compaction.input != strict.compaction.input ||
        quick.compaction.read != strict.compaction.read ||
        quick.compaction.writes != strict.compaction.writes ||
        quick.compaction.output != strict.compaction.output)
        return "by a form another compaction";
    for (int i = 0; i < EMIT_FIELD_COUNT; i++) {
        const struct emit_json_slice *a = &quick.value[i], *b = &strict.value[i];
        if (quick.type[i] != strict.type[i]) return "by a form a field of another type";
        if (quick.type[i] != EMIT_JSON_STRING && quick.type[i] != EMIT_JSON_NUMBER) continue;
        if (a->at != b->at || a->length != b->length || a->escaped != b->escaped)
            return "by a form a field of another text";
    }
    return NULL;
}

// A line by the forms of those before it, its form, and itself with one byte that differs, at
// places and of values that hang on the text alone.
static const char *compare_forms(struct emit_usage_forms *forms, const uint8_t *slots, char *text,
                                 size_t length) {
    enum { NEIGHBOURS = 8 };
    static struct emit_usage_fields fields;
    const char *fault;
    size_t fault_at;
    const char *wrong = compare_form(forms, slots, text, length);
    (void)emit_usage_scan(&fields, slots, forms, text, length, &fault, &fault_at);
    if (!wrong) wrong = compare_form(forms, slots, text, length);
    uint32_t drawn = (uint32_t)length;
    for (int i = 0; i < NEIGHBOURS && length > 0 && !wrong; i++) {
        static const char bytes[] = "{}[]\",:\\ 01-.e";
        drawn = drawn * 1664525 + 1013904223 + (unsigned char)text[drawn % length];
        char *at = &text[(drawn >> 8) % length], kept = *at;
        *at = bytes[(drawn >> 4) % (sizeof bytes - 1)];
        wrong = compare_form(forms, slots, text, length);
        *at = kept;
    }
    return wrong;
}

// The lines of a text by one reader, each in memory of exactly its size, or all in the text.
static const char *read_lines(const char *text, size_t size, enum emit_dialect dialect,
                              struct emit_usage_record *last, bool alone) {
    static struct emit_usage_reader reader;
    static struct emit_usage_forms forms;
    const uint8_t *slots = slots_of_paths();
    const char *wrong = NULL;
    emit_usage_reader_init(&reader, dialect);
    memset(&forms, 0, sizeof forms);
    for (const char *at = text, *end = text + size; at < end && !wrong;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        char *copy = alone ? malloc(length ? length : 1) : NULL;
        if (copy) memcpy(copy, at, length);
        emit_usage_read(&reader, last, copy ? copy : at, length);
        wrong = judge(last);
        if (!wrong && copy) wrong = compare_forms(&forms, slots, copy, length);
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
