// The table of paths and its index: an open hash over (object, key), so that a key of no
// meaning, as most are, costs one look. A count of a name that no row has is not of no
// meaning: what it holds, or what holds it, is not known, and that must be told.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_paths.h"

#include <string.h>

// Of an object a key that is a field, one that leads to another object, and one that does both.
#define FIELD_AND_WAY(node, key, field, into)                                                      \
    { key, sizeof key - 1, EMIT_NODE_##node, EMIT_FIELD_##field, EMIT_NODE_##into }
#define FIELD(node, key, field) FIELD_AND_WAY(node, key, field, NONE)
#define WAY(node, key, into)    FIELD_AND_WAY(node, key, NONE, into)

// clang-format off
static const struct emit_usage_path paths[] = {
    // The record itself.
    FIELD(RECORD, "id", ID),
    FIELD(RECORD, "model", MODEL),
    FIELD(RECORD, "object", OBJECT),
    FIELD(RECORD, "type", TYPE),
    FIELD(RECORD, "requestId", REQUEST_ID),
    FIELD(RECORD, "request_id", REQUEST_ID),
    FIELD(RECORD, "_request_id", REQUEST_ID),
    FIELD(RECORD, "sessionId", SESSION),
    FIELD(RECORD, "num_turns", TURNS),
    FIELD(RECORD, "session_id", SESSION_ID),
    FIELD(RECORD, "uuid", SESSION),
    FIELD(RECORD, "leafUuid", SESSION),
    FIELD(RECORD, "messageId", SESSION),
    FIELD(RECORD, "source_type", SOURCE_TYPE),
    FIELD(RECORD, "error", ERROR),
    FIELD_AND_WAY(RECORD, "status", STATUS, STATUS),
    FIELD(RECORD, "isApiErrorMessage", API_ERROR),
    FIELD(RECORD, "cache_hit", CACHE_HIT),
    FIELD(RECORD, "done", DONE),
    FIELD(RECORD, "timestamp", TIMESTAMP),
    FIELD(RECORD, "created", CREATED),
    FIELD(RECORD, "created_at", CREATED_AT),
    FIELD(RECORD, "createTime", CREATE_TIME),
    FIELD(RECORD, "create_time", CREATE_TIME),
    FIELD(RECORD, "startTime", START_TIME),
    FIELD(RECORD, "start_time", START_TIME),
    FIELD(RECORD, "endTime", END_TIME),
    FIELD(RECORD, "end_time", END_TIME),
    FIELD(RECORD, "startTimeUnixNano", START_NANO),
    FIELD(RECORD, "endTimeUnixNano", END_NANO),
    FIELD_AND_WAY(RECORD, "usage", USAGE, USAGE),
    WAY(RECORD, "response", RESPONSE),
    WAY(RECORD, "message", MESSAGE),
    FIELD_AND_WAY(RECORD, "metadata", PROXY_METADATA, PROXY_METADATA),
    FIELD(RECORD, "prompt_tokens", FLAT_PROMPT),
    FIELD(RECORD, "completion_tokens", FLAT_COMPLETION),
    FIELD(RECORD, "total_tokens", FLAT_TOTAL),
    FIELD(RECORD, "input_tokens", FLAT_INPUT),
    FIELD(RECORD, "output_tokens", FLAT_OUTPUT),
    // What was asked for, not counted.
    FIELD(RECORD, "max_tokens", NONE),
    FIELD(RECORD, "max_output_tokens", NONE),
    FIELD(RECORD, "max_completion_tokens", NONE),
    // Sums over requests: organization.usage.completions.result, and usage_report/messages of
    // docs.anthropic.com/en/api/admin-api (2026-11), with its buckets and pages.
    FIELD(RECORD, "num_model_requests", REPORT),
    FIELD(RECORD, "uncached_input_tokens", REPORT),
    FIELD(RECORD, "starting_at", BUCKET),
    FIELD(RECORD, "has_more", PAGE),
    FIELD(RECORD, "prompt_eval_count", PROMPT_EVAL),
    FIELD(RECORD, "eval_count", EVAL),
    FIELD(RECORD, "call_type", PROXY),
    FIELD(RECORD, "custom_llm_provider", PROXY),
    FIELD(RECORD, "response_cost", PROXY),
    FIELD_AND_WAY(RECORD, "usageMetadata", METADATA, METADATA),
    FIELD_AND_WAY(RECORD, "usage_metadata", METADATA, METADATA),
    FIELD_AND_WAY(RECORD, "candidates", CANDIDATES, CANDIDATE),
    FIELD_AND_WAY(RECORD, "choices", CHOICES, CHOICE),
    FIELD(RECORD, "data", DATA),
    WAY(RECORD, "x_groq", EXTENSION),
    WAY(RECORD, "result", RESULT),
    FIELD(RECORD, "modelVersion", GENERATE_MODEL),
    FIELD(RECORD, "model_version", GENERATE_MODEL),
    FIELD(RECORD, "responseId", GENERATE_ID),
    FIELD(RECORD, "response_id", GENERATE_ID),
    WAY(RECORD, "attributes", ATTRIBUTES),
    FIELD(RECORD, "spanId", SPAN_ID),
    FIELD(RECORD, "span_id", SPAN_ID),
    WAY(RECORD, "context", CONTEXT),
    FIELD(RECORD, "resourceSpans", EXPORT),
    FIELD(RECORD, "resource_spans", EXPORT),
    // Attributes stand in an object or an array of their own, or flat in the record.
    // opentelemetry.io/docs/specs/semconv/gen-ai (2026-11), and the names before them.
    FIELD(ATTRIBUTES, "gen_ai.operation.name", OTEL_OPERATION),
    FIELD(ATTRIBUTES, "gen_ai.agent.name", OTEL_AGENT),
    FIELD(ATTRIBUTES, "gen_ai.request.model", OTEL_REQUEST_MODEL),
    FIELD(ATTRIBUTES, "gen_ai.response.model", OTEL_MODEL),
    FIELD(ATTRIBUTES, "gen_ai.response.id", OTEL_ID),
    FIELD(ATTRIBUTES, "gen_ai.usage.input_tokens", OTEL_INPUT),
    FIELD(ATTRIBUTES, "gen_ai.usage.prompt_tokens", OTEL_INPUT),
    FIELD(ATTRIBUTES, "gen_ai.usage.output_tokens", OTEL_OUTPUT),
    FIELD(ATTRIBUTES, "gen_ai.usage.completion_tokens", OTEL_OUTPUT),
    FIELD(ATTRIBUTES, "gen_ai.usage.total_tokens", OTEL_TOTAL),
    FIELD(ATTRIBUTES, "gen_ai.usage.cache_read.input_tokens", OTEL_CACHE_READ),
    FIELD(ATTRIBUTES, "gen_ai.usage.cache_read_input_tokens", OTEL_CACHE_READ),
    FIELD(ATTRIBUTES, "gen_ai.usage.cache_creation.input_tokens", OTEL_CACHE_CREATION),
    FIELD(ATTRIBUTES, "gen_ai.usage.cache_creation_input_tokens", OTEL_CACHE_CREATION),
    FIELD(ATTRIBUTES, "gen_ai.usage.cache_write.input_tokens", OTEL_CACHE_CREATION),
    FIELD(ATTRIBUTES, "gen_ai.usage.reasoning.output_tokens", OTEL_REASONING),
    FIELD(ATTRIBUTES, "gen_ai.usage.reasoning_tokens", OTEL_REASONING),
    // github.com/pydantic/pydantic-ai, usage as attributes (2026-02), beside an input that holds
    // them.
    FIELD(ATTRIBUTES, "gen_ai.usage.details.cache_read_tokens", OTEL_CACHE_READ),
    FIELD(ATTRIBUTES, "gen_ai.usage.details.cached_tokens", OTEL_CACHE_READ),
    FIELD(ATTRIBUTES, "gen_ai.usage.details.cache_read_input_tokens", OTEL_CACHE_READ),
    FIELD(ATTRIBUTES, "gen_ai.usage.details.cache_write_tokens", OTEL_CACHE_CREATION),
    FIELD(ATTRIBUTES, "gen_ai.usage.details.cache_creation_input_tokens", OTEL_CACHE_CREATION),
    FIELD(ATTRIBUTES, "gen_ai.usage.details.reasoning_tokens", OTEL_REASONING),
    FIELD(ATTRIBUTES, "gen_ai.usage.details.input_audio_tokens", INPUT_AUDIO),
    FIELD(ATTRIBUTES, "gen_ai.usage.details.output_audio_tokens", OUTPUT_AUDIO),
    // github.com/getsentry/sentry-python/pull/5319 (2026-01), and others' words.
    FIELD(ATTRIBUTES, "gen_ai.usage.input_tokens.cached", OTEL_CACHE_READ),
    FIELD(ATTRIBUTES, "gen_ai.usage.input_tokens.cache_write", OTEL_CACHE_CREATION),
    FIELD(ATTRIBUTES, "gen_ai.usage.output_tokens.reasoning", OTEL_REASONING),
    FIELD(ATTRIBUTES, "gen_ai.usage.cached_input_tokens", OTEL_CACHE_READ),
    FIELD(ATTRIBUTES, "gen_ai.usage.cache_read_tokens", OTEL_CACHE_READ),
    FIELD(ATTRIBUTES, "gen_ai.usage.cache_write_tokens", OTEL_CACHE_CREATION),
    // arize-ai.github.io/openinference/spec/attributes/semantic-conventions.html (2026-11).
    FIELD(ATTRIBUTES, "openinference.span.kind", OTEL_OPERATION),
    FIELD(ATTRIBUTES, "llm.model_name", OTEL_REQUEST_MODEL),
    FIELD(ATTRIBUTES, "embedding.model_name", OTEL_REQUEST_MODEL),
    FIELD(ATTRIBUTES, "llm.token_count.prompt", OTEL_INPUT),
    FIELD(ATTRIBUTES, "llm.token_count.completion", OTEL_OUTPUT),
    FIELD(ATTRIBUTES, "llm.token_count.total", OTEL_TOTAL),
    FIELD(ATTRIBUTES, "llm.token_count.prompt_details.cache_read", OTEL_CACHE_READ),
    FIELD(ATTRIBUTES, "llm.token_count.prompt_details.cache_write", OTEL_CACHE_CREATION),
    FIELD(ATTRIBUTES, "llm.token_count.prompt_details.audio", INPUT_AUDIO),
    FIELD(ATTRIBUTES, "llm.token_count.completion_details.reasoning", OTEL_REASONING),
    FIELD(ATTRIBUTES, "llm.token_count.completion_details.audio", OUTPUT_AUDIO),
    FIELD(ATTRIBUTES, "error.type", OTEL_ERROR),
    // Usage that some streams put into their last piece, there and nowhere else.
    FIELD_AND_WAY(CHOICE, "usage", USAGE, USAGE),
    FIELD_AND_WAY(EXTENSION, "usage", USAGE, USAGE),
    FIELD(CANDIDATE, "finishReason", FINISH),
    FIELD(CANDIDATE, "finish_reason", FINISH),
    // Of a batch.
    FIELD(RESULT, "type", RESULT_TYPE),
    FIELD(RESULT, "error", RESULT_ERROR),
    WAY(RESULT, "message", MESSAGE),
    // Of an invocation that was logged, or answered by Converse: docs.aws.amazon.com/bedrock, model
    // invocation logging, and API_runtime_TokenUsage (2026-11).
    FIELD(RECORD, "schemaType", SCHEMA_TYPE),
    FIELD(RECORD, "modelId", MODEL),
    FIELD(RECORD, "errorCode", ERROR),
    WAY(RECORD, "input", LOG_INPUT),
    WAY(RECORD, "output", LOG_OUTPUT),
    WAY(RECORD, "ResponseMetadata", RESPONSE_METADATA),
    FIELD(RESPONSE_METADATA, "RequestId", REQUEST_ID),
    FIELD(LOG_INPUT, "inputTokenCount", CONVERSE_INPUT),
    FIELD(LOG_INPUT, "cacheReadInputTokenCount", CONVERSE_READ),
    FIELD(LOG_INPUT, "cacheWriteInputTokenCount", CONVERSE_WRITES),
    FIELD(LOG_OUTPUT, "outputTokenCount", CONVERSE_OUTPUT),
    FIELD(USAGE, "inputTokens", CONVERSE_INPUT),
    FIELD(USAGE, "outputTokens", CONVERSE_OUTPUT),
    FIELD(USAGE, "totalTokens", CONVERSE_TOTAL),
    FIELD(USAGE, "cacheReadInputTokens", CONVERSE_READ),
    FIELD(USAGE, "cacheReadInputTokenCount", CONVERSE_READ),
    FIELD(USAGE, "cacheWriteInputTokens", CONVERSE_WRITES),
    FIELD(USAGE, "cacheWriteInputTokenCount", CONVERSE_WRITES),
    // What was computed, beside what is billed: docs.cohere.com/v2/docs/how-does-cohere-pricing-work
    // (2026-11). In meta before, and in the last piece of a stream.
    FIELD_AND_WAY(USAGE, "tokens", TOKENS, USAGE),
    FIELD(USAGE, "billed_units", BILLED),
    WAY(RECORD, "meta", META),
    FIELD_AND_WAY(META, "tokens", TOKENS, USAGE),
    FIELD(META, "billed_units", BILLED),
    WAY(RECORD, "delta", DELTA),
    FIELD_AND_WAY(DELTA, "usage", USAGE, USAGE),
    // Of a line of a session that was rolled out: github.com/openai/codex/issues/5276 (2025-10),
    // issues/47003 (2026-09) and codex-rs/protocol/src/protocol.rs.
    FIELD_AND_WAY(RECORD, "payload", PAYLOAD, PAYLOAD),
    FIELD(PAYLOAD, "id", PAYLOAD_ID),
    FIELD(PAYLOAD, "model", PAYLOAD_MODEL),
    FIELD(PAYLOAD, "response_id", PAYLOAD_RESPONSE),
    FIELD_AND_WAY(PAYLOAD, "usage", PAYLOAD_USAGE, USAGE),
    WAY(PAYLOAD, "info", INFO),
    WAY(INFO, "last_token_usage", USAGE),
    WAY(INFO, "total_token_usage", SESSION_TOTAL),
    FIELD(SESSION_TOTAL, "total_tokens", SESSION_TOTAL),
    // Of spans.
    FIELD(STATUS, "code", STATUS_CODE),
    FIELD(STATUS, "status_code", STATUS_CODE),
    FIELD(CONTEXT, "span_id", SPAN_ID),
    // What an API answered, inside a line of a log.
    FIELD(RESPONSE, "id", RESPONSE_ID),
    FIELD(RESPONSE, "model", RESPONSE_MODEL),
    FIELD(RESPONSE, "object", RESPONSE_OBJECT),
    FIELD(RESPONSE, "status", RESPONSE_STATUS),
    FIELD(RESPONSE, "error", RESPONSE_ERROR),
    FIELD(RESPONSE, "created_at", RESPONSE_CREATED_AT),
    FIELD(RESPONSE, "created", RESPONSE_CREATED_AT),
    FIELD_AND_WAY(RESPONSE, "usage", RESPONSE_USAGE, USAGE),
    WAY(RESPONSE, "body", RESPONSE),
    FIELD_AND_WAY(RESPONSE, "usageMetadata", METADATA, METADATA),
    FIELD_AND_WAY(RESPONSE, "candidates", CANDIDATES, CANDIDATE),
    FIELD(RESPONSE, "modelVersion", GENERATE_MODEL),
    FIELD(RESPONSE, "responseId", GENERATE_ID),
    FIELD(RESPONSE, "createTime", CREATE_TIME),
    FIELD(MESSAGE, "id", MESSAGE_ID),
    FIELD(MESSAGE, "model", MESSAGE_MODEL),
    FIELD_AND_WAY(MESSAGE, "usage", MESSAGE_USAGE, USAGE),
    WAY(PROXY_METADATA, "usage_object", USAGE),
    // Of rows of spend, beside or instead of it, as tests of github.com/BerriAI/litellm have them.
    WAY(PROXY_METADATA, "additional_usage_values", USAGE),
    // usage, and what is in it.
    FIELD(USAGE, "prompt_tokens", PROMPT),
    FIELD(USAGE, "completion_tokens", COMPLETION),
    FIELD(USAGE, "total_tokens", TOTAL),
    FIELD(USAGE, "input_tokens", INPUT),
    FIELD(USAGE, "output_tokens", OUTPUT),
    FIELD(USAGE, "cached_tokens", CACHED),
    FIELD(USAGE, "prompt_cache_hit_tokens", CACHED),
    FIELD(USAGE, "prompt_cache_miss_tokens", NONE), // the others of the prompt
    // Of a turn of an agent: github.com/openai/codex/issues/5276 (2025-10).
    FIELD(USAGE, "cached_input_tokens", CACHED),
    FIELD(USAGE, "reasoning_output_tokens", REASONING),
    FIELD(USAGE, "cache_write_input_tokens", NONE), // within the input, and input
    // Within the input, as models that see and hear answer (MultiModalConversationUsage of
    // github.com/dashscope/dashscope-sdk-java); and what is measured otherwise: image_pixels as
    // github.com/voyage-ai/voyageai-python reads it (voyageai/object/multimodal_embeddings.py at
    // 3697f29), video_pixels by likeness, seen nowhere.
    FIELD(USAGE, "image_pixels", PIXELS),
    FIELD(USAGE, "video_pixels", PIXELS),
    FIELD(USAGE, "text_tokens", NONE),
    FIELD(USAGE, "image_tokens", INPUT_IMAGE),
    FIELD(USAGE, "video_tokens", INPUT_VIDEO),
    FIELD(USAGE, "audio_tokens", INPUT_AUDIO),
    FIELD(USAGE, "reasoning_tokens", REASONING),
    FIELD(USAGE, "prompt_audio_seconds", AUDIO_SECONDS),
    FIELD(USAGE, "cache_read_input_tokens", CACHE_READ),
    FIELD(USAGE, "cache_creation_input_tokens", CACHE_CREATION),
    WAY(USAGE, "cache_creation", CACHE_CREATION),
    WAY(USAGE, "prompt_tokens_details", INPUT_DETAILS),
    WAY(USAGE, "input_tokens_details", INPUT_DETAILS),
    WAY(USAGE, "input_token_details", INPUT_DETAILS),
    WAY(USAGE, "completion_tokens_details", OUTPUT_DETAILS),
    WAY(USAGE, "output_tokens_details", OUTPUT_DETAILS),
    WAY(USAGE, "output_token_details", OUTPUT_DETAILS),
    WAY(USAGE, "iterations", ITERATION),
    FIELD(INPUT_DETAILS, "cached_tokens", CACHED),
    FIELD(INPUT_DETAILS, "audio_tokens", INPUT_AUDIO),
    FIELD(INPUT_DETAILS, "image_tokens", INPUT_IMAGE),
    FIELD(INPUT_DETAILS, "video_tokens", INPUT_VIDEO),
    FIELD(INPUT_DETAILS, "text_tokens", NONE),
    FIELD(INPUT_DETAILS, "cache_write_tokens", NONE), // input, and within it
    FIELD(INPUT_DETAILS, "cache_creation_tokens", NONE),
    FIELD(OUTPUT_DETAILS, "reasoning_tokens", REASONING),
    FIELD(OUTPUT_DETAILS, "thinking_tokens", THINKING),
    FIELD(OUTPUT_DETAILS, "audio_tokens", OUTPUT_AUDIO),
    FIELD(OUTPUT_DETAILS, "image_tokens", OUTPUT_IMAGE),
    FIELD(OUTPUT_DETAILS, "video_tokens", OUTPUT_VIDEO),
    FIELD(OUTPUT_DETAILS, "text_tokens", NONE),
    FIELD(OUTPUT_DETAILS, "accepted_prediction_tokens", NONE), // of the output, like the next
    FIELD(OUTPUT_DETAILS, "rejected_prediction_tokens", NONE),
    FIELD(ITERATION, "type", ITERATION_TYPE),
    FIELD(ITERATION, "input_tokens", ITERATION_INPUT),
    FIELD(ITERATION, "cache_read_input_tokens", ITERATION_READ),
    FIELD(ITERATION, "cache_creation_input_tokens", ITERATION_WRITES),
    FIELD(ITERATION, "output_tokens", ITERATION_OUTPUT),
    FIELD(CACHE_CREATION, "ephemeral_5m_input_tokens", CACHE_5M),
    FIELD(CACHE_CREATION, "ephemeral_1h_input_tokens", CACHE_1H),
    // usageMetadata, in both spellings.
    FIELD(METADATA, "promptTokenCount", PROMPT_COUNT),
    FIELD(METADATA, "prompt_token_count", PROMPT_COUNT),
    FIELD(METADATA, "cachedContentTokenCount", CACHED_COUNT),
    FIELD(METADATA, "cached_content_token_count", CACHED_COUNT),
    FIELD(METADATA, "candidatesTokenCount", CANDIDATES_COUNT),
    FIELD(METADATA, "candidates_token_count", CANDIDATES_COUNT),
    FIELD(METADATA, "responseTokenCount", CANDIDATES_COUNT),
    FIELD(METADATA, "response_token_count", CANDIDATES_COUNT),
    FIELD(METADATA, "thoughtsTokenCount", THOUGHTS_COUNT),
    FIELD(METADATA, "thoughts_token_count", THOUGHTS_COUNT),
    FIELD(METADATA, "toolUsePromptTokenCount", TOOL_USE_COUNT),
    FIELD(METADATA, "tool_use_prompt_token_count", TOOL_USE_COUNT),
    FIELD(METADATA, "totalTokenCount", TOTAL_COUNT),
    FIELD(METADATA, "total_token_count", TOTAL_COUNT),
    WAY(METADATA, "promptTokensDetails", MODALITY),
    WAY(METADATA, "prompt_tokens_details", MODALITY),
    WAY(METADATA, "cacheTokensDetails", MODALITY),
    WAY(METADATA, "cache_tokens_details", MODALITY),
    WAY(METADATA, "candidatesTokensDetails", MODALITY),
    WAY(METADATA, "candidates_tokens_details", MODALITY),
    WAY(METADATA, "responseTokensDetails", MODALITY),
    WAY(METADATA, "response_tokens_details", MODALITY),
    WAY(METADATA, "toolUsePromptTokensDetails", MODALITY),
    WAY(METADATA, "tool_use_prompt_tokens_details", MODALITY),
    FIELD(MODALITY, "modality", MODALITY),
    FIELD(MODALITY, "tokenCount", MODALITY_COUNT),
    FIELD(MODALITY, "token_count", MODALITY_COUNT),
};
// clang-format on

enum { PATH_COUNT = sizeof paths / sizeof *paths };
_Static_assert(PATH_COUNT < UINT8_MAX, "a slot is a byte, 0 is an empty one");
_Static_assert(PATH_COUNT * 2 < EMIT_USAGE_SLOTS, "most looks for a foreign key end at once");

static inline uint64_t eight_bytes(const char *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

// Eight bytes that begin and eight that end a key, which overlap in a short one: together
// with the length they are all of a key of up to 16 bytes.
struct ends {
    uint64_t head, tail;
};

static inline struct ends ends_of(const char *key, size_t length) {
    struct ends ends = {0, 0};
    if (length >= 8) {
        ends.head = eight_bytes(key);
        ends.tail = eight_bytes(key + length - 8);
    } else if (length >= 4) {
        memcpy(&ends.head, key, 4);
        memcpy(&ends.tail, key + length - 4, 4);
    } else {
        ends.head = (unsigned char)key[0];
        ends.tail = (uint64_t)(unsigned char)key[length / 2] << 8 | (unsigned char)key[length - 1];
    }
    return ends;
}

static inline size_t slot_of(uint8_t node, const struct ends *ends, size_t length) {
    uint64_t mixed = (ends->head ^ (uint64_t)node << 56) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ ends->tail ^ length) * UINT64_C(0xc2b2ae3d27d4eb4f);
    return mixed >> (64 - 10); // the upper ten bits
}
_Static_assert(EMIT_USAGE_SLOTS == 1 << 10, "as many slots as those bits can name");

void emit_usage_index(uint8_t slots[EMIT_USAGE_SLOTS]) {
    memset(slots, 0, EMIT_USAGE_SLOTS);
    for (size_t i = 0; i < PATH_COUNT; i++) {
        struct ends ends = ends_of(paths[i].key, paths[i].length);
        size_t slot = slot_of(paths[i].node, &ends, paths[i].length);
        while (slots[slot])
            slot = (slot + 1) % EMIT_USAGE_SLOTS;
        slots[slot] = (uint8_t)(i + 1);
    }
}

// What is between the ends of two keys of one length.
static inline bool is_same_between(const char *a, const char *b, size_t length) {
    for (size_t i = 8; i + 8 < length; i += 8)
        if (eight_bytes(a + i) != eight_bytes(b + i)) return false;
    return true;
}

// Whether a key ends as the names of counts do: citation_tokens, inputTokens.
static bool is_count(const char *key, size_t length) {
    enum { TOKENS = sizeof "tokens" - 1 };
    return length >= TOKENS && memcmp(key + length - TOKENS + 1, "okens", TOKENS - 1) == 0 &&
           (key[length - TOKENS] | 0x20) == 't';
}

// Whether a key of a record can be that of an attribute, all of which have a dot.
static bool is_attribute(const char *key, size_t length) {
    bool begins_so = *key == 'g' || *key == 'l' || *key == 'o' || *key == 'e';
    return begins_so && memchr(key, '.', length);
}

// Whether a count is by its name one of no text: image_prompt_tokens, inputAudioTokens.
static bool is_media(const char *key, size_t length) {
    static const char *const words[] = {"udio", "mage", "ideo"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memmem(key, length, words[i], strlen(words[i]))) return true;
    return false;
}

// What a key of no row is: nothing, but for counts.
static const struct emit_usage_path *other_path(uint8_t node, const char *key, size_t length) {
    static const struct emit_usage_path count = FIELD(USAGE, "", OTHER_COUNT),
                                        media = FIELD(USAGE, "", MEDIA_OTHER),
                                        input = FIELD(INPUT_DETAILS, "", INPUT_OTHER),
                                        output = FIELD(OUTPUT_DETAILS, "", OUTPUT_OTHER),
                                        flat = FIELD(RECORD, "", FLAT_OTHER),
                                        attribute = FIELD(ATTRIBUTES, "", OTEL_OTHER),
                                        otel_media = FIELD(ATTRIBUTES, "", OTEL_MEDIA);
    static const char usage[] = "gen_ai.usage.";
    if (!is_count(key, length)) return NULL;
    switch (node) {
    case EMIT_NODE_USAGE: return is_media(key, length) ? &media : &count;
    case EMIT_NODE_METADATA: return &count;
    case EMIT_NODE_INPUT_DETAILS: return &input;
    case EMIT_NODE_OUTPUT_DETAILS: return &output;
    case EMIT_NODE_RECORD: return &flat;
    case EMIT_NODE_ATTRIBUTES:
        if (length <= strlen(usage) || memcmp(key, usage, strlen(usage)) != 0) return NULL;
        return is_media(key, length) ? &otel_media : &attribute;
    default: return NULL;
    }
}

const struct emit_usage_path *emit_usage_path(const uint8_t slots[EMIT_USAGE_SLOTS], uint8_t node,
                                              const char *key, size_t length) {
    if (length == 0) return NULL;
    struct ends ends = ends_of(key, length);
    for (size_t slot = slot_of(node, &ends, length); slots[slot];
         slot = (slot + 1) % EMIT_USAGE_SLOTS) {
        const struct emit_usage_path *path = &paths[slots[slot] - 1];
        if (path->node != node || path->length != length) continue;
        struct ends others = ends_of(path->key, length);
        if (others.head == ends.head && others.tail == ends.tail &&
            is_same_between(path->key, key, length))
            return path;
    }
    if (node == EMIT_NODE_RECORD && is_attribute(key, length))
        return emit_usage_path(slots, EMIT_NODE_ATTRIBUTES, key, length);
    return key[length - 1] == 's' ? other_path(node, key, length) : NULL;
}

const char *emit_usage_field_name(enum emit_usage_field field) {
#define FIELD_NAME(name, path) [name] = path,
    static const char *const names[] = {EMIT_USAGE_FIELD_ROWS(FIELD_NAME)};
#undef FIELD_NAME
    return names[field];
}
