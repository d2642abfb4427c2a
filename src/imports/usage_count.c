// Counts of a usage record as its fields say them, and the sentences about those that are none,
// contradict each other or are of no text.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_count.h"

#include "base/number.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 40 }; // bytes of a value that a sentence shows

void emit_usage_refuse(struct emit_usage_record *record, enum emit_usage_fate fate,
                       const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    // Cut at its end when a value in it is long.
    (void)vsnprintf(record->message, sizeof record->message, format, arguments);
    va_end(arguments);
    record->fate = fate;
}

// --- Counts ---

int emit_usage_shown_length(const struct emit_json_slice *value) {
    return (int)emit_text_whole(value->at, value->length, SHOWN_MAX);
}

// A field that is there and no count: why.
static void refuse_value(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                         enum emit_usage_field field) {
    char written[EMIT_USAGE_NAME_MAX];
    const char *name = emit_usage_written(fields, field, written);
    const struct emit_json_slice *value = &fields->value[field];
    int length = emit_usage_shown_length(value);
    const char *more = (size_t)length < value->length ? "..." : "";
    switch (fields->type[field]) {
    case EMIT_JSON_NUMBER:
        emit_usage_refuse(record, EMIT_USAGE_OUT_OF_RANGE,
                          "%s is %.*s%s, where a whole number from 0 to 2^53 was expected", name,
                          length, value->at, more);
        break;
    case EMIT_JSON_STRING:
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED,
                          "%s is the string \"%.*s%s\", where a number was expected", name, length,
                          value->at, more);
        break;
    case EMIT_FIELD_TWICE:
        emit_usage_refuse(record, EMIT_USAGE_INCONSISTENT,
                          "%s stands at two places of the record with different values", name);
        break;
    case EMIT_JSON_TRUE:
    case EMIT_JSON_FALSE:
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED, "%s is %.*s, where a number was expected",
                          name, length, value->at);
        break;
    default:
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED, "%s is an %s, where a number was expected",
                          name, fields->type[field] == EMIT_JSON_OBJECT ? "object" : "array");
        break;
    }
}

bool emit_usage_take(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                     enum emit_usage_field field, struct emit_usage_count *count) {
    *count = (struct emit_usage_count){.field = field};
    if (!emit_usage_has(fields, field)) return true;
    const struct emit_json_slice *value = &fields->value[field];
    if (fields->type[field] != EMIT_JSON_NUMBER ||
        !emit_number_read_u64(value->at, value->length, &count->tokens) ||
        count->tokens > EMIT_COUNT_MAX) {
        refuse_value(record, fields, field);
        return false;
    }
    count->known = true;
    count->at = value->at;
    return true;
}

void emit_usage_put(struct emit_usage_record *record, enum emit_bucket bucket, uint64_t tokens) {
    record->counts.bucket[bucket] = tokens;
    record->counts.known |= 1u << bucket;
}

// --- What is told of ---

// The key of the value at `at`: before it stand a colon and the key, in quotes.
static void write_key(char name[EMIT_USAGE_NAME_MAX], const char *at) {
    const char *end = at[-1] == '"' ? at - 1 : at; // of a string its bytes were given
    while (*--end != '"')
        ;
    const char *begin = end;
    while (*--begin != '"')
        ;
    const struct emit_json_slice key = {begin + 1, (size_t)(end - begin - 1), false};
    (void)emit_text_format(name, EMIT_USAGE_NAME_MAX, "%.*s", emit_usage_shown_length(&key),
                           key.at);
}

const char *emit_usage_name_of(const struct emit_usage_fields *fields, enum emit_usage_field field,
                               char name[EMIT_USAGE_NAME_MAX]) {
    if (fields->type[field] == EMIT_FIELD_TWICE) return "more than one count";
    write_key(name, fields->value[field].at);
    return name;
}

// Of a value of an attribute that is an object of its own the key says nothing.
static const char *choose_name(enum emit_usage_field field, const char *value,
                               char name[EMIT_USAGE_NAME_MAX]) {
    const char *own = emit_usage_field_name(field);
    if (!value) return own;
    write_key(name, value);
    bool is_wrapped = strcmp(name, "value") == 0 || strcmp(name, "intValue") == 0 ||
                      strcmp(name, "doubleValue") == 0 || strcmp(name, "stringValue") == 0;
    return is_wrapped || strstr(own, name) ? own : name;
}

const char *emit_usage_written(const struct emit_usage_fields *fields, enum emit_usage_field field,
                               char name[EMIT_USAGE_NAME_MAX]) {
    bool is_there = emit_usage_has(fields, field);
    return choose_name(field, is_there ? fields->value[field].at : NULL, name);
}

const char *emit_usage_count_written(const struct emit_usage_count *count,
                                     char name[EMIT_USAGE_NAME_MAX]) {
    return choose_name(count->field, count->at, name);
}

bool emit_usage_refuse_more_than(struct emit_usage_record *record,
                                 const struct emit_usage_count *part,
                                 const struct emit_usage_count *whole) {
    char one[EMIT_USAGE_NAME_MAX], other[EMIT_USAGE_NAME_MAX];
    emit_usage_refuse(record, EMIT_USAGE_INCONSISTENT,
                      "%s is %llu, more than %s, which holds it and is %llu",
                      emit_usage_count_written(part, one), (unsigned long long)part->tokens,
                      emit_usage_count_written(whole, other), (unsigned long long)whole->tokens);
    return false;
}

bool emit_usage_refuse_total(struct emit_usage_record *record, const struct emit_usage_count *total,
                             uint64_t sum) {
    char name[EMIT_USAGE_NAME_MAX];
    emit_usage_refuse(record, EMIT_USAGE_INCONSISTENT,
                      "%s is %llu, but the counts that it holds come to %llu",
                      emit_usage_count_written(total, name), (unsigned long long)total->tokens,
                      (unsigned long long)sum);
    return false;
}

static bool has_text_only(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                          const enum emit_usage_field *media, size_t media_count) {
    for (size_t i = 0; i < media_count; i++) {
        struct emit_usage_count count;
        if (!emit_usage_take(record, fields, media[i], &count)) return false;
        if (count.tokens == 0) continue;
        char name[EMIT_USAGE_NAME_MAX];
        emit_usage_refuse(record, EMIT_USAGE_MODALITY,
                          "%llu %s: no coefficient is known for them, and text's would be wrong",
                          (unsigned long long)count.tokens, emit_usage_count_written(&count, name));
        return false;
    }
    return true;
}

// A part of no known name may be of any kind.
static bool has_known_parts(struct emit_usage_record *record,
                            const struct emit_usage_fields *fields) {
    static const enum emit_usage_field others[] = {EMIT_FIELD_INPUT_OTHER, EMIT_FIELD_OUTPUT_OTHER,
                                                   EMIT_FIELD_MEDIA_OTHER};
    if (emit_usage_says_count(fields, EMIT_FIELD_OTEL_MEDIA)) {
        emit_usage_refuse(record, EMIT_USAGE_MODALITY,
                          "%s: no coefficient is known for it, and text's would be wrong",
                          emit_usage_field_name(EMIT_FIELD_OTEL_MEDIA));
        return false;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char name[EMIT_USAGE_NAME_MAX];
        if (!emit_usage_says_count(fields, others[i])) continue;
        emit_usage_refuse(record, EMIT_USAGE_MODALITY,
                          "%s of %s: of no known name, and whether that is text is not known",
                          emit_usage_name_of(fields, others[i], name),
                          emit_usage_field_name(others[i]));
        return false;
    }
    return true;
}

bool emit_usage_has_text_details(struct emit_usage_record *record,
                                 const struct emit_usage_fields *fields) {
    static const enum emit_usage_field media[] = {
        EMIT_FIELD_INPUT_AUDIO,  EMIT_FIELD_INPUT_IMAGE,  EMIT_FIELD_INPUT_VIDEO,
        EMIT_FIELD_OUTPUT_AUDIO, EMIT_FIELD_OUTPUT_IMAGE, EMIT_FIELD_OUTPUT_VIDEO,
    };
    if (!has_text_only(record, fields, media, sizeof media / sizeof *media)) return false;
    if (!has_known_parts(record, fields)) return false;
    // Their tokens are among those of the text, nobody says how many.
    static const enum emit_usage_field measures[] = {EMIT_FIELD_AUDIO_SECONDS, EMIT_FIELD_PIXELS};
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        const struct emit_json_slice *value = &fields->value[measures[i]];
        if (fields->type[measures[i]] != EMIT_JSON_NUMBER ||
            !emit_usage_says_count(fields, measures[i]))
            continue;
        char name[EMIT_USAGE_NAME_MAX];
        emit_usage_refuse(record, EMIT_USAGE_MODALITY,
                          "%s is %.*s: no coefficient is known for that, and text's would be wrong",
                          emit_usage_written(fields, measures[i], name),
                          emit_usage_shown_length(value), value->at);
        return false;
    }
    return true;
}
