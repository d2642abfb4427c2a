// Who a usage record is of and when it was made, by the rows of its dialect.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_identity.h"

#include "base/text.h"
#include "base/time.h"
#include "imports/usage_count.h"

#include <string.h>

enum { CHOICES = 5 };

// Of each the first field that is there; EMIT_FIELD_NONE ends a list that is shorter.
struct identity {
    enum emit_usage_field model[CHOICES], response_id[CHOICES], request_id[CHOICES], time[CHOICES];
};

// A span has an id even where the response has none; with both, spans of two instruments
// around one request would pass for two.
static const struct identity identities[] = {
    [EMIT_DIALECT_CHAT] = {{EMIT_FIELD_RESPONSE_MODEL, EMIT_FIELD_MODEL},
                           {EMIT_FIELD_RESPONSE_ID, EMIT_FIELD_ID},
                           {EMIT_FIELD_REQUEST_ID},
                           {EMIT_FIELD_RESPONSE_CREATED_AT, EMIT_FIELD_CREATED,
                            EMIT_FIELD_TIMESTAMP, EMIT_FIELD_CREATED_AT}},
    [EMIT_DIALECT_RESPONSES] = {{EMIT_FIELD_RESPONSE_MODEL, EMIT_FIELD_MODEL},
                                {EMIT_FIELD_RESPONSE_ID, EMIT_FIELD_ID},
                                {EMIT_FIELD_REQUEST_ID},
                                {EMIT_FIELD_RESPONSE_CREATED_AT, EMIT_FIELD_CREATED_AT,
                                 EMIT_FIELD_TIMESTAMP, EMIT_FIELD_CREATED}},
    [EMIT_DIALECT_EMBEDDINGS] = {{EMIT_FIELD_RESPONSE_MODEL, EMIT_FIELD_MODEL},
                                 {EMIT_FIELD_RESPONSE_ID, EMIT_FIELD_ID},
                                 {EMIT_FIELD_REQUEST_ID},
                                 {EMIT_FIELD_RESPONSE_CREATED_AT, EMIT_FIELD_CREATED,
                                  EMIT_FIELD_TIMESTAMP, EMIT_FIELD_CREATED_AT}},
    [EMIT_DIALECT_MESSAGES] = {{EMIT_FIELD_MESSAGE_MODEL, EMIT_FIELD_RESPONSE_MODEL,
                                EMIT_FIELD_MODEL},
                               {EMIT_FIELD_MESSAGE_ID, EMIT_FIELD_RESPONSE_ID, EMIT_FIELD_ID},
                               {EMIT_FIELD_REQUEST_ID},
                               {EMIT_FIELD_TIMESTAMP, EMIT_FIELD_CREATED_AT, EMIT_FIELD_CREATED}},
    [EMIT_DIALECT_GENERATE] = {{EMIT_FIELD_GENERATE_MODEL, EMIT_FIELD_MODEL},
                               {EMIT_FIELD_GENERATE_ID, EMIT_FIELD_ID},
                               {EMIT_FIELD_REQUEST_ID},
                               {EMIT_FIELD_CREATE_TIME, EMIT_FIELD_TIMESTAMP}},
    [EMIT_DIALECT_OTEL] = {{EMIT_FIELD_OTEL_MODEL, EMIT_FIELD_OTEL_REQUEST_MODEL},
                           {EMIT_FIELD_OTEL_ID, EMIT_FIELD_SPAN_ID},
                           {EMIT_FIELD_NONE},
                           {EMIT_FIELD_END_NANO, EMIT_FIELD_END_TIME, EMIT_FIELD_TIMESTAMP,
                            EMIT_FIELD_START_NANO, EMIT_FIELD_START_TIME}},
    [EMIT_DIALECT_PROXY] = {{EMIT_FIELD_MODEL},
                            {EMIT_FIELD_ID},
                            {EMIT_FIELD_REQUEST_ID},
                            {EMIT_FIELD_END_TIME, EMIT_FIELD_START_TIME, EMIT_FIELD_TIMESTAMP}},
    [EMIT_DIALECT_TRANSCRIPT] = {{EMIT_FIELD_MESSAGE_MODEL, EMIT_FIELD_PAYLOAD_MODEL,
                                  EMIT_FIELD_MODEL},
                                 {EMIT_FIELD_MESSAGE_ID, EMIT_FIELD_PAYLOAD_ID,
                                  EMIT_FIELD_PAYLOAD_RESPONSE},
                                 {EMIT_FIELD_REQUEST_ID},
                                 {EMIT_FIELD_TIMESTAMP}},
    [EMIT_DIALECT_COSTS] = {{EMIT_FIELD_MODEL},
                            {EMIT_FIELD_ID},
                            {EMIT_FIELD_REQUEST_ID},
                            {EMIT_FIELD_TIMESTAMP, EMIT_FIELD_CREATED_AT, EMIT_FIELD_CREATED}},
    [EMIT_DIALECT_OLLAMA] = {{EMIT_FIELD_MODEL},
                             {EMIT_FIELD_ID},
                             {EMIT_FIELD_REQUEST_ID},
                             {EMIT_FIELD_CREATED_AT, EMIT_FIELD_TIMESTAMP}},
    [EMIT_DIALECT_BEDROCK] = {{EMIT_FIELD_MODEL},
                              {EMIT_FIELD_NONE},
                              {EMIT_FIELD_REQUEST_ID},
                              {EMIT_FIELD_TIMESTAMP}},
    [EMIT_DIALECT_COHERE] = {{EMIT_FIELD_MODEL},
                             {EMIT_FIELD_ID, EMIT_FIELD_GENERATE_ID},
                             {EMIT_FIELD_REQUEST_ID},
                             {EMIT_FIELD_TIMESTAMP, EMIT_FIELD_CREATED_AT}},
};

static enum emit_usage_field first_of(const struct emit_usage_fields *fields,
                                      const enum emit_usage_field choices[CHOICES]) {
    for (size_t i = 0; i < CHOICES && choices[i] != EMIT_FIELD_NONE; i++)
        if (emit_usage_has(fields, choices[i])) return choices[i];
    return EMIT_FIELD_NONE;
}

// A name or an id. scratch: size bytes of the record's, for one that has escapes.
static bool take_text(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                      const enum emit_usage_field choices[CHOICES], char *scratch, size_t size,
                      struct emit_usage_text *text) {
    enum emit_usage_field field = first_of(fields, choices);
    if (field == EMIT_FIELD_NONE) return true;
    const struct emit_json_slice *value = &fields->value[field];
    char written[EMIT_USAGE_NAME_MAX];
    if (fields->type[field] == EMIT_FIELD_TWICE) {
        emit_usage_refuse(record, EMIT_USAGE_INCONSISTENT,
                          "%s stands at two places of the record with different values",
                          emit_usage_written(fields, field, written));
        return false;
    }
    // A number is as good an id as any.
    if (fields->type[field] != EMIT_JSON_STRING && fields->type[field] != EMIT_JSON_NUMBER) {
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED, "%s must be a string",
                          emit_usage_written(fields, field, written));
        return false;
    }
    if (value->length == 0) return true;
    *text = (struct emit_usage_text){value->at, value->length};
    if (value->escaped && emit_json_decode(value, scratch, size))
        *text = (struct emit_usage_text){scratch, strlen(scratch)};
    if (text->length < size) return true;
    *text = (struct emit_usage_text){0};
    emit_usage_refuse(record, EMIT_USAGE_MALFORMED, "%s is longer than %zu bytes",
                      emit_usage_written(fields, field, written), size - 1);
    return false;
}

// Zero stands for a time that was not noted.
static bool is_no_time(const struct emit_usage_fields *fields, enum emit_usage_field field) {
    const struct emit_json_slice *value = &fields->value[field];
    return field == EMIT_FIELD_NONE ||
           (fields->type[field] <= EMIT_JSON_NUMBER &&
            (value->length == 0 || (value->length == 1 && value->at[0] == '0')));
}

static bool take_time(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                      const enum emit_usage_field choices[CHOICES]) {
    enum emit_usage_field field = first_of(fields, choices);
    if (is_no_time(fields, field)) return true;
    record->has_time = emit_usage_time((enum emit_json_type)fields->type[field],
                                       &fields->value[field], &record->time_ns);
    if (record->has_time) return true;
    char written[EMIT_USAGE_NAME_MAX];
    emit_usage_refuse(record, EMIT_USAGE_MALFORMED,
                      "%s is no time before 2262: RFC 3339, or a number since 1970, was expected",
                      emit_usage_written(fields, field, written));
    return false;
}

static void refuse_time(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                        const char *why) {
    char written[EMIT_USAGE_NAME_MAX];
    emit_usage_refuse(
        record, EMIT_USAGE_IMPLAUSIBLE_TIME,
        "%s is %s: a unit of time was mistaken, or a clock is wrong",
        emit_usage_written(fields, first_of(fields, identities[record->dialect].time), written),
        why);
}

// Tokens are told after they were used. Who follows a log that grows is asked for the time anew.
void emit_usage_judge_time(struct emit_usage_reader *reader, struct emit_usage_record *record,
                           const struct emit_usage_fields *fields) {
    if (!reader->clock_ns || !record->has_time) return;
    if (emit_time_is_unset(record->time_ns)) refuse_time(record, fields, "before the year 2000");
    if (!emit_time_is_ahead(record->time_ns, reader->now_ns)) return;
    reader->now_ns = reader->clock_ns();
    if (!emit_time_is_ahead(record->time_ns, reader->now_ns)) return;
    refuse_time(record, fields, "more than 5 minutes ahead of the clock");
}

// An id that ends in a few digits, as chatcmpl-417 of a server that draws one of 999, is soon that
// of another response.
static bool is_weak(const struct emit_usage_text *id) {
    enum { FEW_DIGITS = 6 };
    size_t rest = id->length;
    while (rest > 0 && id->at[rest - 1] >= '0' && id->at[rest - 1] <= '9')
        rest--;
    return rest < id->length && id->length - rest <= FEW_DIGITS &&
           (rest == 0 || id->at[rest - 1] == '-' || id->at[rest - 1] == '_');
}

// Messages have ids that are nobody else's, and not each line of one has its request id: that would
// make two of it (github.com/xiufengsun/TokenTracker/pull/65, ccusage/ccusage/pull/985, 2026-05).
// A session that was rolled out has no messages.
static void know_message_by_its_id(struct emit_usage_record *record,
                                   const struct emit_usage_fields *fields) {
    bool is_message =
        record->dialect == EMIT_DIALECT_MESSAGES ||
        (record->dialect == EMIT_DIALECT_TRANSCRIPT && !emit_usage_has(fields, EMIT_FIELD_PAYLOAD));
    if (is_message && record->request_id.length && record->response_id.length &&
        !is_weak(&record->response_id))
        record->request_id = (struct emit_usage_text){0};
}

// With the moment that the server says it was made a weak id is that of one response; the moment
// of a line of a log would tell pieces of one response apart.
static void strengthen(struct emit_usage_record *record, const struct emit_usage_fields *fields) {
    static const enum emit_usage_field moments[CHOICES] = {
        EMIT_FIELD_RESPONSE_CREATED_AT, EMIT_FIELD_CREATED, EMIT_FIELD_CREATED_AT};
    const struct emit_json_slice *moment = &fields->value[first_of(fields, moments)];
    bool is_asked =
        record->dialect == EMIT_DIALECT_CHAT || record->dialect == EMIT_DIALECT_RESPONSES;
    if (is_asked && !record->request_id.length && is_weak(&record->response_id) &&
        fields->type[first_of(fields, moments)] == EMIT_JSON_NUMBER &&
        moment->length < EMIT_USAGE_ID_MAX)
        record->request_id = (struct emit_usage_text){moment->at, moment->length};
}

bool emit_usage_identify(struct emit_usage_record *record, const struct emit_usage_fields *fields) {
    const struct identity *identity = &identities[record->dialect];
    char *scratch = record->scratch;
    return take_text(record, fields, identity->model, scratch, EMIT_USAGE_MODEL_MAX,
                     &record->model) &&
           take_text(record, fields, identity->response_id, scratch + EMIT_USAGE_MODEL_MAX,
                     EMIT_USAGE_ID_MAX, &record->response_id) &&
           take_text(record, fields, identity->request_id,
                     scratch + EMIT_USAGE_MODEL_MAX + EMIT_USAGE_ID_MAX, EMIT_USAGE_ID_MAX,
                     &record->request_id) &&
           take_time(record, fields, identity->time);
}

void emit_usage_make_ids_sure(struct emit_usage_record *record,
                              const struct emit_usage_fields *fields) {
    know_message_by_its_id(record, fields);
    strengthen(record, fields);
}
