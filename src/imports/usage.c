// One usage record: its fields, its dialect, what became of the request, and its counts.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage.h"

#include "base/text.h"
#include "imports/usage_count.h"
#include "imports/usage_identity.h"
#include "imports/usage_normalise.h"

#include <inttypes.h>
#include <string.h>

#define FATE_WORD(name, word, meaning) [name] = word,
static const char *const fate_words[] = {EMIT_USAGE_FATE_ROWS(FATE_WORD)};
#undef FATE_WORD

const char *emit_usage_fate_word(enum emit_usage_fate fate) {
    return fate_words[fate];
}

// The rows are in that order: what is used, skipped, refused.
bool emit_usage_fate_refuses(enum emit_usage_fate fate) {
    return fate > EMIT_USAGE_DUPLICATE;
}

// --- What became of the request ---

static bool says_failed(const struct emit_usage_fields *fields, enum emit_usage_field field) {
    return emit_usage_is(fields, field, "failed") || emit_usage_is(fields, field, "failure") ||
           emit_usage_is(fields, field, "error");
}

static bool has_error(const struct emit_usage_fields *fields, enum emit_usage_field field) {
    uint8_t type = fields->type[field];
    return type != EMIT_JSON_NONE && type != EMIT_JSON_FALSE &&
           !(type == EMIT_JSON_STRING && fields->value[field].length == 0);
}

static bool has_span_error(const struct emit_usage_fields *fields) {
    const struct emit_json_slice *code = &fields->value[EMIT_FIELD_STATUS_CODE];
    return emit_usage_is(fields, EMIT_FIELD_STATUS_CODE, "ERROR") ||
           emit_usage_is(fields, EMIT_FIELD_STATUS_CODE, "STATUS_CODE_ERROR") ||
           (fields->type[EMIT_FIELD_STATUS_CODE] == EMIT_JSON_NUMBER && code->length == 1 &&
            code->at[0] == '2');
}

// The field that says that the request failed; NONE when it did not.
static enum emit_usage_field find_failure(const struct emit_usage_fields *fields) {
    static const enum emit_usage_field errors[] = {EMIT_FIELD_ERROR, EMIT_FIELD_RESPONSE_ERROR,
                                                   EMIT_FIELD_RESULT_ERROR, EMIT_FIELD_OTEL_ERROR,
                                                   EMIT_FIELD_API_ERROR};
    static const enum emit_usage_field states[] = {EMIT_FIELD_STATUS, EMIT_FIELD_RESPONSE_STATUS,
                                                   EMIT_FIELD_OBJECT};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (has_error(fields, errors[i])) return errors[i];
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (says_failed(fields, states[i])) return states[i];
    // Of a batch; a result of another kind is a string, or has no such type.
    if (emit_usage_is(fields, EMIT_FIELD_RESULT_TYPE, "errored") ||
        emit_usage_is(fields, EMIT_FIELD_RESULT_TYPE, "canceled") ||
        emit_usage_is(fields, EMIT_FIELD_RESULT_TYPE, "expired"))
        return EMIT_FIELD_RESULT_TYPE;
    return has_span_error(fields) ? EMIT_FIELD_STATUS_CODE : EMIT_FIELD_NONE;
}

static bool was_cached(const struct emit_usage_fields *fields) {
    return fields->type[EMIT_FIELD_CACHE_HIT] == EMIT_JSON_TRUE ||
           emit_usage_is(fields, EMIT_FIELD_CACHE_HIT, "True") ||
           emit_usage_is(fields, EMIT_FIELD_CACHE_HIT, "true");
}

// A span around others, whose requests have spans of their own.
static bool is_outer_span(const struct emit_usage_fields *fields) {
    static const char *const operations[] = {
        "invoke_agent", "create_agent", "execute_tool", "invoke_workflow",
        "AGENT",        "CHAIN",        "TOOL"};
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (emit_usage_is(fields, EMIT_FIELD_OTEL_OPERATION, operations[i])) return true;
    // The run of an agent, of instruments that name no operation for it.
    return emit_usage_has(fields, EMIT_FIELD_OTEL_AGENT) &&
           !emit_usage_has(fields, EMIT_FIELD_OTEL_OPERATION);
}

// A piece of generated content that names no response, and is not the last one: its counts are
// in the last one too.
static bool is_early_piece(const struct emit_usage_fields *fields) {
    return !emit_usage_has(fields, EMIT_FIELD_GENERATE_ID) &&
           emit_usage_has(fields, EMIT_FIELD_CANDIDATES) &&
           !emit_usage_has(fields, EMIT_FIELD_FINISH);
}

// Usage that is there and no object can hold no counts.
static bool has_usage_object(struct emit_usage_record *record,
                             const struct emit_usage_fields *fields) {
    static const enum emit_usage_field objects[] = {EMIT_FIELD_USAGE, EMIT_FIELD_RESPONSE_USAGE,
                                                    EMIT_FIELD_MESSAGE_USAGE, EMIT_FIELD_METADATA,
                                                    EMIT_FIELD_PAYLOAD_USAGE};
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        uint8_t type = fields->type[objects[i]];
        if (type == EMIT_JSON_NONE || type == EMIT_JSON_OBJECT) continue;
        char written[EMIT_USAGE_NAME_MAX];
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED, "%s must be an object",
                          emit_usage_written(fields, objects[i], written));
        return false;
    }
    return true;
}

// True when the record stands for an inference that can be counted.
static bool is_inference(struct emit_usage_record *record, const struct emit_usage_fields *fields) {
    enum emit_usage_field failure = find_failure(fields);
    char written[EMIT_USAGE_NAME_MAX];
    if (failure != EMIT_FIELD_NONE)
        emit_usage_refuse(record, EMIT_USAGE_FAILED, "%s says that the request failed",
                          emit_usage_written(fields, failure, written));
    else if (record->dialect == EMIT_DIALECT_PROXY && was_cached(fields))
        emit_usage_refuse(record, EMIT_USAGE_CACHE_HIT,
                          "cache_hit says that the proxy answered from its cache");
    else if (fields->type[EMIT_FIELD_DONE] == EMIT_JSON_FALSE)
        emit_usage_refuse(record, EMIT_USAGE_NO_USAGE, "a piece of a stream that goes on");
    else if (record->dialect == EMIT_DIALECT_GENERATE && is_early_piece(fields))
        emit_usage_refuse(record, EMIT_USAGE_NO_USAGE, "a piece of a stream that goes on");
    else if (record->dialect == EMIT_DIALECT_MESSAGES && emit_usage_has(fields, EMIT_FIELD_TURNS))
        emit_usage_refuse(record, EMIT_USAGE_NO_USAGE,
                          "the sum of a session, whose messages have usage of their own");
    else if (record->dialect == EMIT_DIALECT_OTEL && is_outer_span(fields))
        emit_usage_refuse(record, EMIT_USAGE_NO_USAGE,
                          "a span around requests that have spans of their own");
    else if (record->dialect == EMIT_DIALECT_TRANSCRIPT &&
             emit_usage_is(fields, EMIT_FIELD_MESSAGE_MODEL, "<synthetic>"))
        emit_usage_refuse(record, EMIT_USAGE_NO_USAGE, "a message that no model made");
    return record->fate == EMIT_USAGE_USED && has_usage_object(record, fields);
}

// --- Dialects ---

// Sums over requests, in whatever piece of the report they were cut out of it.
static bool is_of_report(const struct emit_usage_fields *fields) {
    return emit_usage_has(fields, EMIT_FIELD_REPORT) || emit_usage_has(fields, EMIT_FIELD_BUCKET) ||
           emit_usage_is(fields, EMIT_FIELD_OBJECT, "page") ||
           emit_usage_is(fields, EMIT_FIELD_OBJECT, "bucket") ||
           emit_usage_begins(fields, EMIT_FIELD_OBJECT, "organization.usage.");
}

static void refuse_dialect(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                           enum emit_dialect asked, const struct emit_usage_detection *found) {
    enum emit_usage_field failure = find_failure(fields);
    char name[EMIT_USAGE_NAME_MAX];
    if (failure != EMIT_FIELD_NONE && found->first == EMIT_DIALECT_COUNT)
        emit_usage_refuse(record, EMIT_USAGE_FAILED, "%s says that the request failed",
                          emit_usage_written(fields, failure, name));
    else if (found->second != EMIT_DIALECT_COUNT)
        emit_usage_refuse(record, EMIT_USAGE_UNKNOWN_DIALECT,
                          "its fields can be %s and %s: name the right one with --dialect",
                          emit_dialect_word(found->first), emit_dialect_word(found->second));
    else if (found->first != EMIT_DIALECT_COUNT)
        emit_usage_refuse(record, EMIT_USAGE_UNKNOWN_DIALECT,
                          "its fields are %s, not %s as --dialect says",
                          emit_dialect_word(found->first), emit_dialect_word(asked));
    else if (emit_usage_has(fields, EMIT_FIELD_EXPORT))
        emit_usage_refuse(record, EMIT_USAGE_NO_USAGE, "resourceSpans without a span");
    else if (is_of_report(fields))
        emit_usage_refuse(record, EMIT_USAGE_UNKNOWN_DIALECT,
                          "sums of a usage report, not a request: give each model's as emit tokens "
                          "--profile P --input N --cached N --output N --requests N; man "
                          "emit-tokens has the jq line that adds them up");
    else if (emit_usage_has(fields, EMIT_FIELD_PAGE) &&
             fields->type[EMIT_FIELD_DATA] == EMIT_JSON_ARRAY)
        emit_usage_refuse(record, EMIT_USAGE_UNKNOWN_DIALECT,
                          "a page of a list: jq -c '.data[]' prints its elements, which may be "
                          "records; for a report's sums of usage see man emit-tokens");
    else if (emit_usage_says_count(fields, EMIT_FIELD_FLAT_OTHER) &&
             (emit_usage_has(fields, EMIT_FIELD_FLAT_INPUT) ||
              emit_usage_has(fields, EMIT_FIELD_FLAT_OUTPUT)))
        emit_usage_refuse(record, EMIT_USAGE_UNKNOWN_DIALECT,
                          "%s beside input_tokens and output_tokens is of no known dialect: "
                          "whether those hold it is not known",
                          emit_usage_name_of(fields, EMIT_FIELD_FLAT_OTHER, name));
    else if (asked != EMIT_DIALECT_COUNT)
        emit_usage_refuse(record, EMIT_USAGE_NO_USAGE, "no field of %s", emit_dialect_word(asked));
    else
        emit_usage_refuse(
            record, EMIT_USAGE_UNKNOWN_DIALECT,
            "none of its fields speaks of usage in a dialect that man emit-tokens lists");
}

// --- Streams of messages ---

static void remember(char *bytes, size_t *length, const struct emit_usage_text *text) {
    *length = text->length;
    if (text->length) memcpy(bytes, text->at, text->length);
}

static void recall(struct emit_usage_text *text, const char *bytes, size_t length) {
    if (length) *text = (struct emit_usage_text){bytes, length};
}

// The begin of the stream that the record is a piece of, NULL for what is none. Of a piece
// only the response id is kept: a request id that some pieces have would tell them apart.
static struct emit_usage_begin *follow(struct emit_usage_reader *reader,
                                       struct emit_usage_record *record,
                                       const struct emit_usage_fields *fields) {
    struct emit_usage_begin *begin = &reader->begin;
    if (record->dialect != EMIT_DIALECT_MESSAGES) return NULL;
    if (emit_usage_is(fields, EMIT_FIELD_TYPE, "message_start")) {
        bool is_same = record->response_id.length == begin->id_length && begin->id_length > 0 &&
                       memcmp(record->response_id.at, begin->id, begin->id_length) == 0;
        *begin =
            (struct emit_usage_begin){.is_there = true, .is_second = begin->is_there && !is_same};
        remember(begin->model, &begin->model_length, &record->model);
        remember(begin->id, &begin->id_length, &record->response_id);
        record->request_id = (struct emit_usage_text){0};
        return begin;
    }
    if (emit_usage_is(fields, EMIT_FIELD_TYPE, "message_stop")) begin->is_there = false;
    if (!emit_usage_is(fields, EMIT_FIELD_TYPE, "message_delta")) return NULL;
    if (begin->is_second) {
        emit_usage_refuse(record, EMIT_USAGE_INCONSISTENT,
                          "a message_delta behind two message_starts without a message_stop "
                          "between them: of which stream it is, is not said");
        return NULL;
    }
    if (!begin->is_there) {
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED,
                          "a message_delta without the message_start before it, which says its "
                          "model and its input");
        return NULL;
    }
    recall(&record->model, begin->model, begin->model_length);
    recall(&record->response_id, begin->id, begin->id_length);
    record->request_id = (struct emit_usage_text){0};
    return begin;
}

// --- Sessions that were rolled out ---

// Each request is told with the sum of the session so far, again and again until the next one: by
// the session, that sum and its own tokens it is known. The sum alone may come again, for a
// compaction lowers it (github.com/first-tree-ai/first-tree/pull/1241).
static void name_turn(struct emit_usage_record *record, const struct emit_usage_fields *fields) {
    struct emit_usage_count sum, input, output;
    char *name = record->scratch + EMIT_USAGE_MODEL_MAX + EMIT_USAGE_ID_MAX;
    if (!emit_usage_take(record, fields, EMIT_FIELD_SESSION_TOTAL, &sum) ||
        !emit_usage_take(record, fields, EMIT_FIELD_INPUT, &input) ||
        !emit_usage_take(record, fields, EMIT_FIELD_OUTPUT, &output))
        return;
    (void)emit_text_format(name, EMIT_USAGE_ID_MAX, "%" PRIu64 "/%" PRIu64 "/%" PRIu64, sum.tokens,
                           input.tokens, output.tokens);
    record->request_id = (struct emit_usage_text){name, strlen(name)};
}

// What each response took, by its id; those that made a context shorter are told so alone. From
// the first on, the sums of the session beside them (token_count) tell the same responses again.
static void take_response(struct emit_usage_reader *reader, struct emit_usage_record *record) {
    reader->begin.has_responses = true;
    record->request_id = (struct emit_usage_text){0};
    if (!record->response_id.length)
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED,
                          "token_usage_record without response_id, by which a response that is "
                          "told twice is known");
}

static void take_turn(const struct emit_usage_begin *session, struct emit_usage_record *record,
                      const struct emit_usage_fields *fields, bool has_last) {
    bool has_sum = emit_usage_has(fields, EMIT_FIELD_SESSION_TOTAL);
    if (session->has_responses)
        emit_usage_refuse(record, EMIT_USAGE_NO_USAGE,
                          "the sum of a session, whose responses have lines of their own");
    else if (!has_last)
        emit_usage_refuse(record, EMIT_USAGE_UNKNOWN_DIALECT,
                          "total_token_usage without last_token_usage: what each request took is "
                          "not said");
    else if (!has_sum || !session->is_there)
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED,
                          has_sum ? "last_token_usage without the session_meta before it, which "
                                    "says of which session it is"
                                  : "last_token_usage without total_token_usage, by which a "
                                    "request that is told twice is known");
    record->response_id = (struct emit_usage_text){0};
    recall(&record->response_id, session->id, session->id_length);
    if (record->fate == EMIT_USAGE_USED) name_turn(record, fields);
}

static void begin_session(struct emit_usage_begin *session,
                          const struct emit_usage_record *record) {
    const struct emit_usage_text *id = &record->response_id;
    if (id->length != session->id_length || !id->length ||
        memcmp(id->at, session->id, id->length) != 0)
        session->has_responses = false; // another, perhaps of a program that tells sums alone
    session->is_session = true;
    session->is_there = id->length > 0;
    remember(session->id, &session->id_length, id);
}

// The copy that a fork begins with follows the session_meta of the session that it is a copy of,
// and is known as that one's. (Doubled sums: github.com/ccusage/ccusage/issues/876, 1288 and 1349.)
static void follow_session(struct emit_usage_reader *reader, struct emit_usage_record *record,
                           const struct emit_usage_fields *fields) {
    struct emit_usage_begin *session = &reader->begin;
    bool is_response = emit_usage_is(fields, EMIT_FIELD_TYPE, "token_usage_record");
    if (emit_usage_is(fields, EMIT_FIELD_TYPE, "session_meta")) begin_session(session, record);
    if (emit_usage_is(fields, EMIT_FIELD_TYPE, "turn_context"))
        remember(session->model, &session->model_length, &record->model);
    bool has_sum = emit_usage_has(fields, EMIT_FIELD_SESSION_TOTAL);
    bool has_last =
        emit_usage_has(fields, EMIT_FIELD_INPUT) || emit_usage_has(fields, EMIT_FIELD_OUTPUT);
    if (!has_sum && !has_last) return;
    record->model = (struct emit_usage_text){0};
    recall(&record->model, session->model, session->model_length);
    if (is_response)
        take_response(reader, record);
    else if (emit_usage_has(fields, EMIT_FIELD_PAYLOAD_USAGE))
        emit_usage_refuse(record, EMIT_USAGE_UNKNOWN_DIALECT,
                          "payload.usage in a line that is no token_usage_record");
    else
        take_turn(session, record, fields, has_last);
}

// A line of a session whose type came later than this program, and that holds no usage.
static bool is_line_of_session(const struct emit_usage_begin *session,
                               const struct emit_usage_fields *fields) {
    return session->is_session && fields->type[EMIT_FIELD_TYPE] == EMIT_JSON_STRING &&
           fields->type[EMIT_FIELD_PAYLOAD] == EMIT_JSON_OBJECT &&
           !emit_usage_has(fields, EMIT_FIELD_PAYLOAD_USAGE) &&
           !emit_usage_has(fields, EMIT_FIELD_SESSION_TOTAL) &&
           !emit_usage_has(fields, EMIT_FIELD_INPUT) && !emit_usage_has(fields, EMIT_FIELD_OUTPUT);
}

// --- The record ---

void emit_usage_reader_init(struct emit_usage_reader *reader, enum emit_dialect dialect) {
    *reader = (struct emit_usage_reader){.dialect = dialect};
    emit_usage_index(reader->slots);
}

// Everything but the scratch, which is written before it is read.
static void begin_record(struct emit_usage_record *record) {
    record->fate = EMIT_USAGE_USED;
    record->dialect = EMIT_DIALECT_COUNT;
    record->model = record->response_id = record->request_id = (struct emit_usage_text){0};
    record->time_ns = 0;
    record->has_time = record->is_export = false;
    record->counts = (struct emit_token_counts){0};
    record->message[0] = '\0';
}

static void refuse_text(struct emit_usage_record *record, const char *text, size_t length,
                        const char *fault, size_t fault_at) {
    static const char stream[] = "data:";
    if (length > strlen(stream) && memcmp(text, stream, strlen(stream)) == 0)
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED,
                          "a line of an event stream: give what stands behind data:, as sed -n "
                          "'s/^data: *{/{/p' prints it");
    else if (length > 0 && text[0] != '{')
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED,
                          "no JSON object: records are objects, one a line or in one array");
    else
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED,
                          "cannot be read as a JSON object: %s at byte %zu", fault, fault_at);
}

void emit_usage_read(struct emit_usage_reader *reader, struct emit_usage_record *record,
                     const char *text, size_t length) {
    struct emit_usage_fields fields;
    const char *fault;
    size_t fault_at;
    begin_record(record);
    if (length > EMIT_USAGE_TEXT_MAX) {
        emit_usage_refuse(record, EMIT_USAGE_MALFORMED, "a record of more than %d MiB",
                          EMIT_USAGE_TEXT_MAX / (1024 * 1024));
        return;
    }
    if (!emit_usage_forms_read(&reader->forms, &fields, text, length) &&
        !emit_usage_scan(&fields, reader->slots, &reader->forms, text, length, &fault, &fault_at)) {
        refuse_text(record, text, length, fault, fault_at);
        return;
    }
    if (reader->begin.is_there && emit_usage_is(&fields, EMIT_FIELD_TYPE, "error"))
        reader->begin.is_there = false;
    struct emit_usage_detection found = emit_usage_detect(&fields, reader->dialect);
    record->dialect = found.dialect;
    record->is_export = fields.type[EMIT_FIELD_EXPORT] == EMIT_JSON_ARRAY;
    if (found.dialect == EMIT_DIALECT_COUNT && found.first == EMIT_DIALECT_COUNT &&
        is_line_of_session(&reader->begin, &fields)) {
        record->dialect = EMIT_DIALECT_TRANSCRIPT;
        emit_usage_refuse(record, EMIT_USAGE_NO_USAGE, "a line of a session without usage");
        return;
    }
    if (found.dialect == EMIT_DIALECT_COUNT) {
        refuse_dialect(record, &fields, reader->dialect, &found);
        return;
    }
    if (!emit_usage_identify(record, &fields) || !is_inference(record, &fields)) return;
    emit_usage_make_ids_sure(record, &fields);
    struct emit_usage_begin *begin = follow(reader, record, &fields);
    if (emit_usage_has(&fields, EMIT_FIELD_PAYLOAD)) follow_session(reader, record, &fields);
    if (record->fate == EMIT_USAGE_USED) emit_usage_normalise(record, &fields, begin);
    if (record->fate == EMIT_USAGE_USED) emit_usage_judge_time(reader, record, &fields);
}
