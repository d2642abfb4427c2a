// Usage records of inference, in any of the dialects that are in use, as counts of
// tokens in disjoint buckets. One text in, one record out; no allocation. Of the texts
// before it a reader remembers only the begin of a stream of messages or of a session, whose
// later pieces say neither their id nor their model.
//
// A dialect is a table of paths to fields and a rule of how its counts include each
// other. Which model is which profile is not decided here.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_H
#define IMPORTS_USAGE_H

#include "imports/usage_forms.h"
#include "models/tokens.h"

enum {
    EMIT_USAGE_TEXT_MAX = 8 * 1024 * 1024, // bytes of one record: answers may hold embeddings
    EMIT_USAGE_MODEL_MAX = 256,            // bytes of a model's name, terminator included
    EMIT_USAGE_ID_MAX = 256,               // bytes of an id, terminator included
    EMIT_USAGE_MESSAGE_MAX = 240,
};

// name, word for --dialect, what writes it
#define EMIT_DIALECT_ROWS(ROW)                                                                     \
    ROW(EMIT_DIALECT_CHAT, "openai-chat", "chat completions and completions")                      \
    ROW(EMIT_DIALECT_RESPONSES, "openai-responses", "responses")                                   \
    ROW(EMIT_DIALECT_EMBEDDINGS, "openai-embeddings", "embeddings")                                \
    ROW(EMIT_DIALECT_MESSAGES, "anthropic-messages", "messages")                                   \
    ROW(EMIT_DIALECT_GENERATE, "gemini", "generated content with usageMetadata")                   \
    ROW(EMIT_DIALECT_OTEL, "otel-genai", "spans and attributes gen_ai.usage.*")                    \
    ROW(EMIT_DIALECT_PROXY, "litellm", "a proxy's logging payload")                                \
    ROW(EMIT_DIALECT_TRANSCRIPT, "transcript", "coding assistants' JSON lines")                    \
    ROW(EMIT_DIALECT_COSTS, "lumenflow-costs", "costs.ndjson")                                     \
    ROW(EMIT_DIALECT_OLLAMA, "ollama", "prompt_eval_count and eval_count")                         \
    ROW(EMIT_DIALECT_BEDROCK, "bedrock", "Converse, and the log of invocations")                   \
    ROW(EMIT_DIALECT_COHERE, "cohere", "chat with usage.tokens")

#define EMIT_DIALECT_ENUMERATOR(name, word, writer) name,
enum emit_dialect { EMIT_DIALECT_ROWS(EMIT_DIALECT_ENUMERATOR) EMIT_DIALECT_COUNT };

const char *emit_dialect_word(enum emit_dialect dialect);
// EMIT_DIALECT_COUNT when there is none of that word.
enum emit_dialect emit_dialect_find(const char *word);

// What becomes of a record: name, word, meaning. "Skipped" ones hold no inference that
// may be charged, "refused" ones hold one that cannot be.
#define EMIT_USAGE_FATE_ROWS(ROW)                                                                  \
    ROW(EMIT_USAGE_USED, "used", "counted")                                                        \
    ROW(EMIT_USAGE_NO_USAGE, "no-usage", "a line that speaks of no usage")                         \
    ROW(EMIT_USAGE_FAILED, "failed", "the request failed")                                         \
    ROW(EMIT_USAGE_CACHE_HIT, "proxy-cache-hit", "answered from a proxy's cache")                  \
    ROW(EMIT_USAGE_DUPLICATE, "duplicate", "the same response again; the last one counts")         \
    ROW(EMIT_USAGE_MALFORMED, "malformed", "not JSON, or a field of the wrong type")               \
    ROW(EMIT_USAGE_UNKNOWN_DIALECT, "unknown-dialect", "its fields are of no known dialect")       \
    ROW(EMIT_USAGE_INCONSISTENT, "usage-inconsistent", "its counts contradict each other")         \
    ROW(EMIT_USAGE_OUT_OF_RANGE, "out-of-range", "a count that cannot be")                         \
    ROW(EMIT_USAGE_MODALITY, "unsupported-modality", "tokens of no text")                          \
    ROW(EMIT_USAGE_UNMAPPED, "unmapped-model", "no profile is configured for the model")           \
    ROW(EMIT_USAGE_NO_COEFFICIENT, "no-coefficient", "the profile has none for these tokens")      \
    ROW(EMIT_USAGE_IMPLAUSIBLE_TIME, "implausible-time", "it is of the future, or before 2000")    \
    ROW(EMIT_USAGE_UNDATED, "undated", "it has no time, and none was given")                       \
    ROW(EMIT_USAGE_ALREADY_METERED, "already-metered", "the run's own meter counted it")           \
    ROW(EMIT_USAGE_ALREADY_MODELED, "already-modeled", "modeled before, and differently")

#define EMIT_USAGE_FATE_ENUMERATOR(name, word, meaning) name,
enum emit_usage_fate { EMIT_USAGE_FATE_ROWS(EMIT_USAGE_FATE_ENUMERATOR) EMIT_USAGE_FATE_COUNT };

const char *emit_usage_fate_word(enum emit_usage_fate fate);
// True for fates that make exit status 3: somebody's energy is missing.
bool emit_usage_fate_refuses(enum emit_usage_fate fate);

// A text inside the record's own, or in its scratch where it had escapes, or in the reader.
// Not terminated; good until the next record is read.
struct emit_usage_text {
    const char *at; // NULL: the record does not say
    size_t length;
};

struct emit_usage_record {
    enum emit_usage_fate fate; // USED, or why not
    enum emit_dialect dialect; // COUNT when unknown
    struct emit_usage_text model;
    struct emit_usage_text response_id, request_id; // the last record of a pair counts
    int64_t time_ns;                                // UTC, when has_time
    bool has_time;
    struct emit_token_counts counts; // of USED; requests is 1 and known
    bool is_export; // of spans, each of which is a record (usage_spans.h); it is none itself
    // Of the others: one sentence, the field by name. Of USED: empty, or what must be told of
    // how it was counted.
    char message[EMIT_USAGE_MESSAGE_MAX];
    char scratch[2 * EMIT_USAGE_ID_MAX + EMIT_USAGE_MODEL_MAX];
};

enum { EMIT_USAGE_SLOTS = 1024 };

// What the first piece of a stream of messages said, or the first lines of a session, for those
// that follow it.
struct emit_usage_begin {
    bool is_there;
    bool is_second;     // another stream had begun and not ended: they may be mixed
    bool is_session;    // a session_meta was read
    bool has_responses; // of the session, by their ids
    size_t model_length, id_length;
    char model[EMIT_USAGE_MODEL_MAX], id[EMIT_USAGE_ID_MAX];
    bool has_input, has_read, has_writes;
    uint64_t input, read, writes; // tokens
};

struct emit_usage_reader {
    enum emit_dialect dialect;       // as named by the user, or EMIT_DIALECT_COUNT to find out
    uint8_t slots[EMIT_USAGE_SLOTS]; // index of the table of paths
    struct emit_usage_forms forms;   // of the records so far
    struct emit_usage_begin begin;
    // UTC in nanoseconds since 1970: what is ahead of it, or before 2000, is refused. NULL, as it
    // is after init: nothing is.
    int64_t (*clock_ns)(void);
    int64_t now_ns; // what it said last
};

// One reader is for one stream of records: a file.
void emit_usage_reader_init(struct emit_usage_reader *reader, enum emit_dialect dialect);
// Reads one record.
void emit_usage_read(struct emit_usage_reader *reader, struct emit_usage_record *record,
                     const char *text, size_t length);

#endif
