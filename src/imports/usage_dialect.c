// Which dialect a record is of, told by which fields are there and by nothing else. A record
// that could be of two is of none until the user names one.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_fields.h"

#include <string.h>

#define DIALECT_WORD(name, word, writer) [name] = word,
static const char *const words[] = {EMIT_DIALECT_ROWS(DIALECT_WORD)};
#undef DIALECT_WORD

const char *emit_dialect_word(enum emit_dialect dialect) {
    return words[dialect];
}

enum emit_dialect emit_dialect_find(const char *word) {
    for (int i = 0; i < EMIT_DIALECT_COUNT; i++)
        if (strcmp(words[i], word) == 0) return (enum emit_dialect)i;
    return EMIT_DIALECT_COUNT;
}

enum likeness {
    UNLIKE,
    LIKE, // nothing speaks against it
    IS,   // something says so that no other dialect has
};

#define HAS(field)               emit_usage_has(fields, EMIT_FIELD_##field)
#define TEXT_IS(field, word)     emit_usage_is(fields, EMIT_FIELD_##field, word)
#define TEXT_BEGINS(field, word) emit_usage_begins(fields, EMIT_FIELD_##field, word)

// --- What `usage` holds ---

static bool has_prompt(const struct emit_usage_fields *fields) {
    return HAS(PROMPT) || HAS(COMPLETION);
}

static bool has_input(const struct emit_usage_fields *fields) {
    return HAS(INPUT) || HAS(OUTPUT);
}

static bool has_exclusive_marks(const struct emit_usage_fields *fields) {
    return HAS(CACHE_READ) || HAS(CACHE_CREATION) || HAS(CACHE_5M) || HAS(CACHE_1H) ||
           HAS(THINKING);
}

static bool has_inclusive_marks(const struct emit_usage_fields *fields) {
    return HAS(CACHED) || HAS(REASONING) || HAS(TOTAL);
}

// Tokens computed, and tokens billed.
static bool has_tokens_beside(const struct emit_usage_fields *fields) {
    return fields->type[EMIT_FIELD_TOKENS] == EMIT_JSON_OBJECT || HAS(BILLED);
}

// What the record says of itself, outside of its counts.
static bool says_messages(const struct emit_usage_fields *fields) {
    return (TEXT_BEGINS(TYPE, "message") && !TEXT_BEGINS(TYPE, "message-")) ||
           TEXT_BEGINS(TYPE, "content_block_") || TEXT_IS(TYPE, "ping") ||
           (HAS(RESULT_TYPE) && HAS(MESSAGE_USAGE)) || (TEXT_IS(TYPE, "result") && HAS(TURNS));
}

static bool says_responses(const struct emit_usage_fields *fields) {
    return TEXT_IS(OBJECT, "response") || TEXT_IS(RESPONSE_OBJECT, "response") ||
           TEXT_BEGINS(TYPE, "response.");
}

static bool says_chat(const struct emit_usage_fields *fields) {
    return TEXT_BEGINS(OBJECT, "chat.completion") || TEXT_IS(OBJECT, "text_completion") ||
           TEXT_BEGINS(RESPONSE_OBJECT, "chat.completion") ||
           TEXT_IS(RESPONSE_OBJECT, "text_completion");
}

bool emit_usage_says_count(const struct emit_usage_fields *fields, enum emit_usage_field field) {
    const struct emit_json_slice *value = &fields->value[field];
    switch (fields->type[field]) {
    case EMIT_FIELD_TWICE: return true;
    case EMIT_JSON_NUMBER: return !(value->length == 1 && *value->at == '0');
    case EMIT_JSON_STRING: return value->length > 0 && *value->at >= '1' && *value->at <= '9';
    default: return false;
    }
}

// --- The dialects ---

static enum likeness like_proxy(const struct emit_usage_fields *fields) {
    if (!HAS(FLAT_PROMPT) && !HAS(FLAT_COMPLETION) && !HAS(FLAT_TOTAL)) return UNLIKE;
    return HAS(PROXY) || HAS(START_TIME) || HAS(CACHE_HIT) ? IS : LIKE;
}

static enum likeness like_embeddings(const struct emit_usage_fields *fields) {
    if ((!HAS(USAGE) && !HAS(RESPONSE_USAGE)) || says_chat(fields) || has_input(fields))
        return UNLIKE;
    if (TEXT_IS(OBJECT, "list") || TEXT_IS(RESPONSE_OBJECT, "list")) return IS;
    if (HAS(COMPLETION) || !HAS(TOTAL)) return UNLIKE;
    // The total of what has no output is its input.
    const struct emit_json_slice *total = &fields->value[EMIT_FIELD_TOTAL];
    const struct emit_json_slice *prompt = &fields->value[EMIT_FIELD_PROMPT];
    return HAS(PROMPT) && total->length == prompt->length && total->length > 0 &&
                   memcmp(total->at, prompt->at, total->length) == 0
               ? IS
               : UNLIKE;
}

static enum likeness like_chat(const struct emit_usage_fields *fields) {
    if (like_proxy(fields) == IS || says_messages(fields) || says_responses(fields)) return UNLIKE;
    if (says_chat(fields)) return IS;
    // The first and the last piece of some streams say no more: the verdicts of a filter.
    if (!HAS(USAGE) && fields->type[EMIT_FIELD_CHOICES] == EMIT_JSON_ARRAY) return IS;
    if (!HAS(USAGE) && !HAS(RESPONSE_USAGE)) return UNLIKE;
    if (!has_prompt(fields)) return UNLIKE;
    if (TEXT_IS(OBJECT, "list") || TEXT_IS(RESPONSE_OBJECT, "list")) return UNLIKE;
    return like_embeddings(fields) == IS ? LIKE : IS;
}

static enum likeness like_responses(const struct emit_usage_fields *fields) {
    if (says_messages(fields) || says_chat(fields) || like_proxy(fields) == IS) return UNLIKE;
    if (says_responses(fields)) return IS;
    if (has_tokens_beside(fields)) return UNLIKE;
    if ((!HAS(USAGE) && !HAS(RESPONSE_USAGE)) || has_prompt(fields) || !has_input(fields))
        return UNLIKE;
    if (has_exclusive_marks(fields)) return UNLIKE;
    return has_inclusive_marks(fields) ? IS : LIKE;
}

static enum likeness like_messages(const struct emit_usage_fields *fields) {
    if (says_responses(fields) || says_chat(fields) || like_proxy(fields) == IS) return UNLIKE;
    if (HAS(SESSION) && !HAS(TURNS)) return UNLIKE;
    if (says_messages(fields)) return IS;
    if (has_tokens_beside(fields)) return UNLIKE;
    if ((!HAS(USAGE) && !HAS(RESPONSE_USAGE)) || has_prompt(fields) || !has_input(fields))
        return UNLIKE;
    if (has_inclusive_marks(fields)) return UNLIKE;
    return has_exclusive_marks(fields) ? IS : LIKE;
}

// A line of a session that was rolled out.
static bool says_rollout(const struct emit_usage_fields *fields) {
    static const char *const types[] = {"event_msg",    "response_item", "session_meta",
                                        "turn_context", "compacted",     "token_usage_record"};
    if (fields->type[EMIT_FIELD_PAYLOAD] != EMIT_JSON_OBJECT) return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (emit_usage_is(fields, EMIT_FIELD_TYPE, types[i])) return true;
    return false;
}

static enum likeness like_transcript(const struct emit_usage_fields *fields) {
    if (says_rollout(fields)) return IS;
    if (HAS(USAGE) || HAS(RESPONSE_USAGE) || says_messages(fields)) return UNLIKE;
    if (HAS(SESSION) || HAS(API_ERROR)) return IS;
    // What a session printed as it went on.
    if (HAS(SESSION_ID) && (TEXT_IS(TYPE, "system") || TEXT_IS(TYPE, "user"))) return IS;
    if (!HAS(MESSAGE_USAGE)) return UNLIKE;
    return HAS(REQUEST_ID) || HAS(TIMESTAMP) || TEXT_IS(TYPE, "assistant") ? IS : LIKE;
}

static enum likeness like_generate(const struct emit_usage_fields *fields) {
    return HAS(METADATA) || HAS(CANDIDATES) || HAS(GENERATE_MODEL) ? IS : UNLIKE;
}

static enum likeness like_otel(const struct emit_usage_fields *fields) {
    if (HAS(OTEL_INPUT) || HAS(OTEL_OUTPUT) || HAS(OTEL_OPERATION) || HAS(OTEL_MODEL) ||
        HAS(OTEL_REQUEST_MODEL))
        return IS;
    // A span of something else.
    return HAS(SPAN_ID) && (HAS(START_NANO) || HAS(START_TIME)) ? LIKE : UNLIKE;
}

static enum likeness like_costs(const struct emit_usage_fields *fields) {
    if (TEXT_IS(SOURCE_TYPE, "cost")) return IS;
    if (HAS(USAGE) || (!HAS(FLAT_INPUT) && !HAS(FLAT_OUTPUT))) return UNLIKE;
    if (emit_usage_says_count(fields, EMIT_FIELD_FLAT_OTHER) || HAS(REPORT)) return UNLIKE;
    return HAS(MODEL) ? IS : LIKE;
}

static enum likeness like_ollama(const struct emit_usage_fields *fields) {
    if (HAS(PROMPT_EVAL) || HAS(EVAL)) return IS;
    return HAS(DONE) && HAS(MODEL) && !HAS(USAGE) ? IS : UNLIKE;
}

static enum likeness like_bedrock(const struct emit_usage_fields *fields) {
    return HAS(CONVERSE_INPUT) || HAS(CONVERSE_OUTPUT) || TEXT_IS(SCHEMA_TYPE, "ModelInvocationLog")
               ? IS
               : UNLIKE;
}

static enum likeness like_cohere(const struct emit_usage_fields *fields) {
    if (has_tokens_beside(fields)) return IS;
    return TEXT_BEGINS(TYPE, "message-") || TEXT_BEGINS(TYPE, "content-") ||
                   TEXT_BEGINS(TYPE, "tool-") || TEXT_BEGINS(TYPE, "citation-")
               ? LIKE
               : UNLIKE;
}

struct emit_usage_detection emit_usage_detect(const struct emit_usage_fields *fields,
                                              enum emit_dialect asked) {
    static enum likeness (*const rules[])(const struct emit_usage_fields *) = {
        [EMIT_DIALECT_CHAT] = like_chat,
        [EMIT_DIALECT_RESPONSES] = like_responses,
        [EMIT_DIALECT_EMBEDDINGS] = like_embeddings,
        [EMIT_DIALECT_MESSAGES] = like_messages,
        [EMIT_DIALECT_GENERATE] = like_generate,
        [EMIT_DIALECT_OTEL] = like_otel,
        [EMIT_DIALECT_PROXY] = like_proxy,
        [EMIT_DIALECT_TRANSCRIPT] = like_transcript,
        [EMIT_DIALECT_COSTS] = like_costs,
        [EMIT_DIALECT_OLLAMA] = like_ollama,
        [EMIT_DIALECT_BEDROCK] = like_bedrock,
        [EMIT_DIALECT_COHERE] = like_cohere,
    };
    const enum emit_dialect none = EMIT_DIALECT_COUNT;
    struct emit_usage_detection found = {none, none, none};
    if (asked != none && rules[asked](fields) != UNLIKE) {
        found.dialect = asked;
        return found;
    }
    enum emit_dialect like = none;
    for (int i = 0; i < EMIT_DIALECT_COUNT; i++) {
        enum likeness likeness = rules[i](fields);
        if (likeness == IS && found.first == none)
            found.first = (enum emit_dialect)i;
        else if (likeness == IS && found.second == none)
            found.second = (enum emit_dialect)i;
        // Where nothing tells responses from messages, both count alike: the first will do.
        if (likeness == LIKE && like == none) like = (enum emit_dialect)i;
    }
    if (found.first == none) found.first = like;
    if (asked == none && found.second == none) found.dialect = found.first;
    return found;
}
