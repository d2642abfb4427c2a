// A usage record as flat fields: what stands at the paths that some dialect speaks of,
// each as the JSON value that was found. Nothing is judged here.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_FIELDS_H
#define IMPORTS_USAGE_FIELDS_H

#include "base/json.h"
#include "imports/usage.h"

#include <string.h>

// name, as sentences name it
#define EMIT_USAGE_FIELD_ROWS(ROW)                                                                 \
    ROW(EMIT_FIELD_NONE, "")                                                                       \
    /* Which record it is. */                                                                      \
    ROW(EMIT_FIELD_ID, "id")                                                                       \
    ROW(EMIT_FIELD_MODEL, "model")                                                                 \
    ROW(EMIT_FIELD_OBJECT, "object")                                                               \
    ROW(EMIT_FIELD_TYPE, "type")                                                                   \
    ROW(EMIT_FIELD_REQUEST_ID, "requestId")                                                        \
    ROW(EMIT_FIELD_RESPONSE_ID, "response.id")                                                     \
    ROW(EMIT_FIELD_RESPONSE_MODEL, "response.model")                                               \
    ROW(EMIT_FIELD_RESPONSE_OBJECT, "response.object")                                             \
    ROW(EMIT_FIELD_MESSAGE_ID, "message.id")                                                       \
    ROW(EMIT_FIELD_MESSAGE_MODEL, "message.model")                                                 \
    ROW(EMIT_FIELD_SESSION, "sessionId")                                                           \
    ROW(EMIT_FIELD_SESSION_ID, "session_id")                                                       \
    ROW(EMIT_FIELD_TURNS, "num_turns")                                                             \
    ROW(EMIT_FIELD_SOURCE_TYPE, "source_type")                                                     \
    ROW(EMIT_FIELD_CHOICES, "choices")                                                             \
    ROW(EMIT_FIELD_DATA, "data")                                                                   \
    ROW(EMIT_FIELD_SCHEMA_TYPE, "schemaType")                                                      \
    ROW(EMIT_FIELD_PAYLOAD, "payload")                                                             \
    ROW(EMIT_FIELD_PAYLOAD_ID, "payload.id")                                                       \
    ROW(EMIT_FIELD_PAYLOAD_MODEL, "payload.model")                                                 \
    ROW(EMIT_FIELD_PAYLOAD_RESPONSE, "payload.response_id")                                        \
    ROW(EMIT_FIELD_PAYLOAD_USAGE, "payload.usage")                                                 \
    /* How it went. */                                                                             \
    ROW(EMIT_FIELD_ERROR, "error")                                                                 \
    ROW(EMIT_FIELD_RESPONSE_ERROR, "response.error")                                               \
    ROW(EMIT_FIELD_STATUS, "status")                                                               \
    ROW(EMIT_FIELD_RESPONSE_STATUS, "response.status")                                             \
    ROW(EMIT_FIELD_STATUS_CODE, "status.code")                                                     \
    ROW(EMIT_FIELD_API_ERROR, "isApiErrorMessage")                                                 \
    ROW(EMIT_FIELD_RESULT_TYPE, "result.type")                                                     \
    ROW(EMIT_FIELD_RESULT_ERROR, "result.error")                                                   \
    ROW(EMIT_FIELD_CACHE_HIT, "cache_hit")                                                         \
    ROW(EMIT_FIELD_DONE, "done")                                                                   \
    /* When. */                                                                                    \
    ROW(EMIT_FIELD_TIMESTAMP, "timestamp")                                                         \
    ROW(EMIT_FIELD_CREATED, "created")                                                             \
    ROW(EMIT_FIELD_CREATED_AT, "created_at")                                                       \
    ROW(EMIT_FIELD_RESPONSE_CREATED_AT, "response.created_at")                                     \
    ROW(EMIT_FIELD_CREATE_TIME, "createTime")                                                      \
    ROW(EMIT_FIELD_START_TIME, "startTime")                                                        \
    ROW(EMIT_FIELD_END_TIME, "endTime")                                                            \
    ROW(EMIT_FIELD_START_NANO, "startTimeUnixNano")                                                \
    ROW(EMIT_FIELD_END_NANO, "endTimeUnixNano")                                                    \
    /* usage, wherever it stands. */                                                               \
    ROW(EMIT_FIELD_USAGE, "usage")                                                                 \
    ROW(EMIT_FIELD_RESPONSE_USAGE, "response.usage")                                               \
    ROW(EMIT_FIELD_MESSAGE_USAGE, "message.usage")                                                 \
    ROW(EMIT_FIELD_PROMPT, "usage.prompt_tokens")                                                  \
    ROW(EMIT_FIELD_COMPLETION, "usage.completion_tokens")                                          \
    ROW(EMIT_FIELD_TOTAL, "usage.total_tokens")                                                    \
    ROW(EMIT_FIELD_INPUT, "usage.input_tokens")                                                    \
    ROW(EMIT_FIELD_OUTPUT, "usage.output_tokens")                                                  \
    ROW(EMIT_FIELD_CACHED, "cached_tokens")                                                        \
    ROW(EMIT_FIELD_REASONING, "reasoning_tokens")                                                  \
    ROW(EMIT_FIELD_THINKING, "thinking_tokens")                                                    \
    ROW(EMIT_FIELD_CACHE_READ, "usage.cache_read_input_tokens")                                    \
    ROW(EMIT_FIELD_CACHE_CREATION, "usage.cache_creation_input_tokens")                            \
    ROW(EMIT_FIELD_CACHE_5M, "ephemeral_5m_input_tokens")                                          \
    ROW(EMIT_FIELD_CACHE_1H, "ephemeral_1h_input_tokens")                                          \
    ROW(EMIT_FIELD_TOKENS, "usage.tokens")                                                         \
    ROW(EMIT_FIELD_BILLED, "billed_units")                                                         \
    ROW(EMIT_FIELD_SESSION_TOTAL, "total_token_usage.total_tokens")                                \
    ROW(EMIT_FIELD_CONVERSE_INPUT, "inputTokens")                                                  \
    ROW(EMIT_FIELD_CONVERSE_OUTPUT, "outputTokens")                                                \
    ROW(EMIT_FIELD_CONVERSE_TOTAL, "totalTokens")                                                  \
    ROW(EMIT_FIELD_CONVERSE_READ, "cacheReadInputTokens")                                          \
    ROW(EMIT_FIELD_CONVERSE_WRITES, "cacheWriteInputTokens")                                       \
    ROW(EMIT_FIELD_ITERATION_TYPE, "usage.iterations") /* of the element that is read */           \
    ROW(EMIT_FIELD_ITERATION_INPUT, "input_tokens")                                                \
    ROW(EMIT_FIELD_ITERATION_READ, "cache_read_input_tokens")                                      \
    ROW(EMIT_FIELD_ITERATION_WRITES, "cache_creation_input_tokens")                                \
    ROW(EMIT_FIELD_ITERATION_OUTPUT, "output_tokens")                                              \
    ROW(EMIT_FIELD_ITERATION_OTHER, "usage.iterations") /* the first of a foreign type */          \
    ROW(EMIT_FIELD_AUDIO_SECONDS, "usage.prompt_audio_seconds")                                    \
    ROW(EMIT_FIELD_PIXELS, "pixels of usage")                                                      \
    ROW(EMIT_FIELD_INPUT_AUDIO, "audio_tokens of the input")                                       \
    ROW(EMIT_FIELD_INPUT_IMAGE, "image_tokens of the input")                                       \
    ROW(EMIT_FIELD_INPUT_VIDEO, "video_tokens of the input")                                       \
    ROW(EMIT_FIELD_OUTPUT_AUDIO, "audio_tokens of the output")                                     \
    ROW(EMIT_FIELD_OUTPUT_IMAGE, "image_tokens of the output")                                     \
    ROW(EMIT_FIELD_OUTPUT_VIDEO, "video_tokens of the output")                                     \
    ROW(EMIT_FIELD_INPUT_OTHER, "the input") /* a count of its details of no known name */         \
    ROW(EMIT_FIELD_OUTPUT_OTHER, "the output")                                                     \
    ROW(EMIT_FIELD_MEDIA_OTHER, "usage") /* as the two before, by its name of no text */           \
    ROW(EMIT_FIELD_OTHER_COUNT, "a count of no known name") /* in usage or usageMetadata */        \
    /* Counts beside the model's name. */                                                          \
    ROW(EMIT_FIELD_FLAT_PROMPT, "prompt_tokens")                                                   \
    ROW(EMIT_FIELD_FLAT_COMPLETION, "completion_tokens")                                           \
    ROW(EMIT_FIELD_FLAT_TOTAL, "total_tokens")                                                     \
    ROW(EMIT_FIELD_FLAT_INPUT, "input_tokens")                                                     \
    ROW(EMIT_FIELD_FLAT_OUTPUT, "output_tokens")                                                   \
    ROW(EMIT_FIELD_FLAT_OTHER, "a count of no known name") /* beside the model's */                \
    ROW(EMIT_FIELD_REPORT, "num_model_requests")                                                   \
    ROW(EMIT_FIELD_BUCKET, "starting_at")                                                          \
    ROW(EMIT_FIELD_PAGE, "has_more")                                                               \
    ROW(EMIT_FIELD_PROMPT_EVAL, "prompt_eval_count")                                               \
    ROW(EMIT_FIELD_EVAL, "eval_count")                                                             \
    ROW(EMIT_FIELD_PROXY, "call_type")                                                             \
    ROW(EMIT_FIELD_PROXY_METADATA, "metadata")                                                     \
    /* usageMetadata */                                                                            \
    ROW(EMIT_FIELD_METADATA, "usageMetadata")                                                      \
    ROW(EMIT_FIELD_FINISH, "finishReason")                                                         \
    ROW(EMIT_FIELD_CANDIDATES, "candidates")                                                       \
    ROW(EMIT_FIELD_GENERATE_MODEL, "modelVersion")                                                 \
    ROW(EMIT_FIELD_GENERATE_ID, "responseId")                                                      \
    ROW(EMIT_FIELD_PROMPT_COUNT, "promptTokenCount")                                               \
    ROW(EMIT_FIELD_CACHED_COUNT, "cachedContentTokenCount")                                        \
    ROW(EMIT_FIELD_CANDIDATES_COUNT, "candidatesTokenCount")                                       \
    ROW(EMIT_FIELD_THOUGHTS_COUNT, "thoughtsTokenCount")                                           \
    ROW(EMIT_FIELD_TOOL_USE_COUNT, "toolUsePromptTokenCount")                                      \
    ROW(EMIT_FIELD_TOTAL_COUNT, "totalTokenCount")                                                 \
    ROW(EMIT_FIELD_MODALITY, "modality") /* of the element that is read */                         \
    ROW(EMIT_FIELD_MODALITY_COUNT, "tokenCount")                                                   \
    ROW(EMIT_FIELD_MEDIA, "modality") /* of the first element that holds no text */                \
    ROW(EMIT_FIELD_MEDIA_COUNT, "tokenCount")                                                      \
    /* gen_ai.* */                                                                                 \
    ROW(EMIT_FIELD_OTEL_OPERATION, "gen_ai.operation.name")                                        \
    ROW(EMIT_FIELD_OTEL_AGENT, "gen_ai.agent.name")                                                \
    ROW(EMIT_FIELD_OTEL_REQUEST_MODEL, "gen_ai.request.model")                                     \
    ROW(EMIT_FIELD_OTEL_MODEL, "gen_ai.response.model")                                            \
    ROW(EMIT_FIELD_OTEL_ID, "gen_ai.response.id")                                                  \
    ROW(EMIT_FIELD_OTEL_INPUT, "gen_ai.usage.input_tokens")                                        \
    ROW(EMIT_FIELD_OTEL_OUTPUT, "gen_ai.usage.output_tokens")                                      \
    ROW(EMIT_FIELD_OTEL_CACHE_READ, "gen_ai.usage.cache_read.input_tokens")                        \
    ROW(EMIT_FIELD_OTEL_CACHE_CREATION, "gen_ai.usage.cache_creation.input_tokens")                \
    ROW(EMIT_FIELD_OTEL_REASONING, "gen_ai.usage.reasoning.output_tokens")                         \
    ROW(EMIT_FIELD_OTEL_TOTAL, "gen_ai.usage.total_tokens")                                        \
    ROW(EMIT_FIELD_OTEL_OTHER, "a gen_ai.usage count of no known name")                            \
    ROW(EMIT_FIELD_OTEL_MEDIA, "a gen_ai.usage count of audio, images or video")                   \
    ROW(EMIT_FIELD_OTEL_ERROR, "error.type")                                                       \
    ROW(EMIT_FIELD_SPAN_ID, "spanId")                                                              \
    ROW(EMIT_FIELD_EXPORT, "resourceSpans")

#define EMIT_USAGE_FIELD_ENUMERATOR(name, path) name,
enum emit_usage_field { EMIT_USAGE_FIELD_ROWS(EMIT_USAGE_FIELD_ENUMERATOR) EMIT_FIELD_COUNT };

// Beside enum emit_json_type: two places of one record say the field, and differ.
enum { EMIT_FIELD_TWICE = EMIT_JSON_ARRAY + 1 };

// Of usage.iterations those of type compaction: tokens that the counts beside it do not hold.
struct emit_usage_compaction {
    bool is_there, is_wrong; // wrong: a count of it is none
    uint64_t input, read, writes, output;
};

struct emit_usage_fields {
    uint8_t type[EMIT_FIELD_COUNT];                 // enum emit_json_type; NONE: absent, or null
    struct emit_json_slice value[EMIT_FIELD_COUNT]; // of those that are there and no container
    struct emit_usage_compaction compaction;
};

// The index of the paths, by which emit_usage_scan finds what a key is.
void emit_usage_index(uint8_t slots[EMIT_USAGE_SLOTS]);

struct emit_usage_path;
// What the key is in the object `node`; NULL: nothing that matters.
const struct emit_usage_path *emit_usage_path(const uint8_t slots[EMIT_USAGE_SLOTS], uint8_t node,
                                              const char *key, size_t length);

// Scans a text. False when it is no JSON object: the sentence why, and where. Leaves its steps
// in the forms, which may be NULL.
bool emit_usage_scan(struct emit_usage_fields *fields, const uint8_t slots[EMIT_USAGE_SLOTS],
                     struct emit_usage_forms *forms, const char *text, size_t length,
                     const char **fault, size_t *fault_at);

// A field's name as sentences have it.
const char *emit_usage_field_name(enum emit_usage_field field);

static inline bool emit_usage_has(const struct emit_usage_fields *fields,
                                  enum emit_usage_field field) {
    return fields->type[field] != EMIT_JSON_NONE;
}

// Whether the field is that string, or begins with it. Inline: the word is a literal then, and
// its length no question.
static inline bool emit_usage_is(const struct emit_usage_fields *fields,
                                 enum emit_usage_field field, const char *word) {
    const struct emit_json_slice *value = &fields->value[field];
    size_t length = strlen(word);
    if (fields->type[field] != EMIT_JSON_STRING) return false;
    if (value->escaped) return emit_json_slice_is(value, word);
    return value->length == length && memcmp(value->at, word, length) == 0;
}

static inline bool emit_usage_begins(const struct emit_usage_fields *fields,
                                     enum emit_usage_field field, const char *word) {
    const struct emit_json_slice *value = &fields->value[field];
    size_t length = strlen(word);
    return fields->type[field] == EMIT_JSON_STRING && value->length >= length &&
           memcmp(value->at, word, length) == 0;
}

// Whether a count is there and not 0, whatever else it is.
bool emit_usage_says_count(const struct emit_usage_fields *fields, enum emit_usage_field field);

// Which dialect the fields are of.
struct emit_usage_detection {
    enum emit_dialect dialect;       // COUNT: none, or not the only one
    enum emit_dialect first, second; // then: what it can be; COUNT where there is none
};

// asked: as named by the user, taken when nothing speaks against it; COUNT to find out.
struct emit_usage_detection emit_usage_detect(const struct emit_usage_fields *fields,
                                              enum emit_dialect asked);

// A moment as records write it: RFC 3339 with any offset, or without one for UTC; seconds,
// milliseconds, microseconds or nanoseconds since 1970, told by their size.
bool emit_usage_time(enum emit_json_type type, const struct emit_json_slice *value,
                     int64_t *time_ns);

#endif
