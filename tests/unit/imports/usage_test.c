// Usage records of every dialect: what is counted and where, what is not and why, and that
// the sentence names the field. Whole records with their buckets by another program's
// computation: usage_vectors_test.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage.h"

#include "base/text.h"

#include "check.h"

#include <stdlib.h>

// "input 3 cached - output 4 reasoning -", or the fate.
static void tell(char *told, size_t size, const struct emit_usage_record *record) {
    static const char *const names[] = {"input", "cached", "output", "reasoning"};
    struct emit_text text;
    emit_text_init(&text, told, size);
    if (record->fate != EMIT_USAGE_USED) {
        emit_text_add(&text, emit_usage_fate_word(record->fate));
        return;
    }
    for (int i = 0; i < 4; i++) {
        emit_text_add(&text, i ? " " : "");
        emit_text_add(&text, names[i]);
        if (record->counts.known & 1u << i)
            emit_text_add_format(&text, " %llu", (unsigned long long)record->counts.bucket[i]);
        else
            emit_text_add(&text, " -");
    }
    if (!(record->counts.known & 1u << EMIT_BUCKET_REQUEST) ||
        record->counts.bucket[EMIT_BUCKET_REQUEST] != 1)
        emit_text_add(&text, " without a request");
}

struct counted {
    enum emit_dialect dialect;
    const char *text, *told;
};

static void check_counted(void) {
    static const struct counted cases[] = {
#define CHAT(usage) "{\"model\":\"m\",\"object\":\"chat.completion\",\"usage\":{" usage "}}"
        {EMIT_DIALECT_CHAT,
         CHAT("\"prompt_tokens\":100,\"completion_tokens\":20,\"total_tokens\":120"),
         "input 100 cached - output 20 reasoning -"},
        {EMIT_DIALECT_CHAT,
         CHAT("\"prompt_tokens\":100,\"completion_tokens\":20,\"total_tokens\":120,"
              "\"prompt_tokens_details\":{\"cached_tokens\":64,\"audio_tokens\":0,"
              "\"text_tokens\":100,\"cache_write_tokens\":2,\"cache_creation_tokens\":3},"
              "\"completion_tokens_details\":{\"reasoning_tokens\":15,"
              "\"accepted_prediction_tokens\":1,\"rejected_prediction_tokens\":3,"
              "\"text_tokens\":5}"),
         "input 36 cached 64 output 5 reasoning 15"},
        {EMIT_DIALECT_CHAT,
         CHAT("\"prompt_tokens\":100,\"completion_tokens\":20,\"total_tokens\":150,"
              "\"completion_tokens_details\":{\"reasoning_tokens\":30}"),
         "input 100 cached - output 20 reasoning 30"},
        {EMIT_DIALECT_CHAT, CHAT("\"prompt_tokens\":7"), "input 7 cached - output - reasoning -"},
        {EMIT_DIALECT_CHAT,
         CHAT("\"prompt_tokens\":7,\"completion_tokens\":0,\"prompt_tokens_details\":null"),
         "input 7 cached - output 0 reasoning -"},
        {EMIT_DIALECT_RESPONSES,
         "{\"object\":\"response\",\"model\":\"m\",\"error\":null,\"usage\":{\"input_tokens\":50,"
         "\"input_tokens_details\":{\"cached_tokens\":40},\"output_tokens\":30,"
         "\"output_tokens_details\":{\"reasoning_tokens\":10},\"total_tokens\":80}}",
         "input 10 cached 40 output 20 reasoning 10"},
        {EMIT_DIALECT_RESPONSES,
         "{\"type\":\"response.completed\",\"response\":{\"object\":\"response\",\"model\":\"m\","
         "\"usage\":{\"input_tokens\":50,\"output_tokens\":30,\"total_tokens\":80}}}",
         "input 50 cached - output 30 reasoning -"},
        {EMIT_DIALECT_EMBEDDINGS,
         "{\"object\":\"list\",\"data\":[{\"embedding\":[0.1,-2e-3]}],\"model\":\"m\","
         "\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}",
         "input 8 cached - output - reasoning -"},
        {EMIT_DIALECT_MESSAGES,
         "{\"type\":\"message\",\"id\":\"a\",\"model\":\"m\",\"usage\":{\"input_tokens\":3,"
         "\"cache_creation_input_tokens\":10,\"cache_read_input_tokens\":200,"
         "\"cache_creation\":{\"ephemeral_5m_input_tokens\":4,\"ephemeral_1h_input_tokens\":6},"
         "\"output_tokens\":9,\"output_tokens_details\":{\"thinking_tokens\":4}}}",
         "input 13 cached 200 output 5 reasoning 4"},
        {EMIT_DIALECT_GENERATE,
         "{\"modelVersion\":\"m\",\"usageMetadata\":{\"promptTokenCount\":100,"
         "\"cachedContentTokenCount\":60,\"candidatesTokenCount\":20,\"thoughtsTokenCount\":70,"
         "\"toolUsePromptTokenCount\":5,\"totalTokenCount\":195,\"promptTokensDetails\":"
         "[{\"modality\":\"TEXT\",\"tokenCount\":100},{\"modality\":\"IMAGE\",\"tokenCount\":0}]}}",
         "input 45 cached 60 output 20 reasoning 70"},
        {EMIT_DIALECT_OTEL,
         "{\"gen_ai.usage.input_tokens\":100,\"gen_ai.usage.output_tokens\":10,"
         "\"gen_ai.usage.cache_read.input_tokens\":80,\"gen_ai.request.model\":\"m\"}",
         "input 20 cached 80 output 10 reasoning -"},
        {EMIT_DIALECT_OTEL,
         "{\"attributes\":{\"gen_ai.usage.input_tokens\":10,\"gen_ai.usage.output_tokens\":10,"
         "\"gen_ai.usage.cache_read.input_tokens\":80}}",
         "input 10 cached 80 output 10 reasoning -"},
        {EMIT_DIALECT_OTEL,
         "{\"spanId\":\"s\",\"attributes\":[{\"key\":\"gen_ai.usage.input_tokens\",\"value\":"
         "{\"intValue\":\"12\"}},{\"value\":{\"intValue\":3},\"key\":"
         "\"gen_ai.usage.output_tokens\"},{\"key\":\"x\",\"value\":{\"arrayValue\":{\"values\":"
         "[{\"stringValue\":\"y\"}]}}}]}",
         "input 12 cached - output 3 reasoning -"},
        {EMIT_DIALECT_PROXY,
         "{\"id\":\"a\",\"call_type\":\"acompletion\",\"status\":\"success\",\"model\":\"m\","
         "\"cache_hit\":false,\"prompt_tokens\":30,\"completion_tokens\":4,\"total_tokens\":34,"
         "\"startTime\":1700000000.25,\"endTime\":1700000001.5,\"metadata\":{\"usage_object\":"
         "{\"prompt_tokens\":30,\"completion_tokens\":4,\"prompt_tokens_details\":"
         "{\"cached_tokens\":20}}},\"response\":{\"object\":\"chat.completion\",\"usage\":"
         "{\"prompt_tokens\":30}}}",
         "input 10 cached 20 output 4 reasoning -"},
        {EMIT_DIALECT_TRANSCRIPT,
         "{\"type\":\"assistant\",\"sessionId\":\"s\",\"requestId\":\"r\",\"timestamp\":"
         "\"2026-01-02T03:04:05.678Z\",\"message\":{\"id\":\"i\",\"model\":\"m\",\"content\":[],"
         "\"usage\":{\"input_tokens\":4,\"cache_creation_input_tokens\":100,"
         "\"cache_read_input_tokens\":1000,\"output_tokens\":50}}}",
         "input 104 cached 1000 output 50 reasoning -"},
        {EMIT_DIALECT_COSTS,
         "{\"source_type\":\"cost\",\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"model\":\"m\","
         "\"input_tokens\":123,\"output_tokens\":45,\"cost_usd\":0.01}",
         "input 123 cached - output 45 reasoning -"},
        {EMIT_DIALECT_COHERE,
         "{\"type\":\"message-end\",\"delta\":{\"usage\":{\"billed_units\":{\"input_tokens\":3},"
         "\"tokens\":{\"input_tokens\":7,\"output_tokens\":2}}}}",
         "input 7 cached - output 2 reasoning -"},
        {EMIT_DIALECT_BEDROCK,
         "{\"usage\":{\"inputTokens\":10,\"outputTokens\":4,\"totalTokens\":17,"
         "\"cacheReadInputTokens\":2,\"cacheWriteInputTokens\":1}}",
         "input 11 cached 2 output 4 reasoning -"},
        {EMIT_DIALECT_OLLAMA,
         "{\"model\":\"m\",\"created_at\":\"2026-01-02T03:04:05.678901234-07:00\",\"response\":"
         "\"\",\"done\":true,\"context\":[1,2],\"prompt_eval_count\":26,\"eval_count\":259}",
         "input 26 cached - output 259 reasoning -"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emit_usage_reader reader;
        struct emit_usage_record record;
        char told[256];
        emit_usage_reader_init(&reader, EMIT_DIALECT_COUNT);
        emit_usage_read(&reader, &record, cases[i].text, strlen(cases[i].text));
        tell(told, sizeof told, &record);
        CHECK_STRING(told, cases[i].told, cases[i].text);
        const char *word =
            record.dialect == EMIT_DIALECT_COUNT ? "none" : emit_dialect_word(record.dialect);
        CHECK_STRING(word, emit_dialect_word(cases[i].dialect), record.message);
    }
}

struct refused {
    const char *text;
    enum emit_usage_fate fate;
    const char *part; // of the sentence
};

static void check_refused(void) {
    static const struct refused cases[] = {
        {"", EMIT_USAGE_MALFORMED, "ends in the middle"},
        {"[]", EMIT_USAGE_MALFORMED, "no JSON object"},
        {"{\"a\":1,\"a\":2}", EMIT_USAGE_MALFORMED, "already has"},
        {"{\"a\":1} x", EMIT_USAGE_MALFORMED, "behind the value"},
        {"{}", EMIT_USAGE_UNKNOWN_DIALECT, "none of its fields"},
        {CHAT("\"prompt_tokens\":-1,\"completion_tokens\":2"), EMIT_USAGE_OUT_OF_RANGE,
         "usage.prompt_tokens is -1"},
        {CHAT("\"prompt_tokens\":1.5,\"completion_tokens\":2"), EMIT_USAGE_OUT_OF_RANGE,
         "usage.prompt_tokens is 1.5"},
        {CHAT("\"prompt_tokens\":1000000000000000000"), EMIT_USAGE_OUT_OF_RANGE,
         "usage.prompt_tokens is 1000000000000000000"},
        {CHAT("\"prompt_tokens\":9007199254740993"), EMIT_USAGE_OUT_OF_RANGE, "2^53"},
        {CHAT("\"prompt_tokens\":\"12\""), EMIT_USAGE_MALFORMED,
         "usage.prompt_tokens is the string \"12\""},
        {CHAT("\"prompt_tokens\":{}"), EMIT_USAGE_MALFORMED, "usage.prompt_tokens is an object"},
        {CHAT("\"prompt_tokens\":true"), EMIT_USAGE_MALFORMED, "usage.prompt_tokens is true"},
        {CHAT("\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":4"),
         EMIT_USAGE_INCONSISTENT,
         "usage.total_tokens is 4, but the counts that it holds come to 3"},
        {CHAT("\"prompt_tokens\":1,\"prompt_tokens_details\":{\"cached_tokens\":2}"),
         EMIT_USAGE_INCONSISTENT, "cached_tokens is 2, more than usage.prompt_tokens"},
        {CHAT("\"completion_tokens\":1,\"completion_tokens_details\":{\"reasoning_tokens\":2}"),
         EMIT_USAGE_INCONSISTENT, "reasoning_tokens is 2, more than usage.completion_tokens"},
        {CHAT("\"prompt_tokens\":1,\"prompt_tokens_details\":{\"audio_tokens\":2}"),
         EMIT_USAGE_MODALITY, "2 audio_tokens of the input"},
        {CHAT("\"prompt_tokens\":9,\"prompt_tokens_details\":{\"smell_tokens\":2}"),
         EMIT_USAGE_MODALITY, "smell_tokens of the input"},
        {CHAT("\"completion_tokens\":9,\"completion_tokens_details\":{\"mesh_tokens\":2}"),
         EMIT_USAGE_MODALITY, "mesh_tokens of the output"},
        {CHAT("\"prompt_tokens\":9,\"prompt_tokens_details\":{\"a_tokens\":0,\"b_tokens\":2}"),
         EMIT_USAGE_MODALITY, "more than one count of the input"},
        {CHAT("\"prompt_tokens\":9,\"prompt_tokens_details\":{\"smell_tokens\":0}"),
         EMIT_USAGE_USED, ""},
        {"{\"object\":\"response\",\"usage\":{\"input_tokens\":9,\"input_tokens_details\":"
         "{\"smell_tokens\":2}}}",
         EMIT_USAGE_MODALITY, "smell_tokens of the input"},
        {CHAT("\"prompt_tokens\":9,\"completion_tokens\":1,\"total_tokens\":10,"
              "\"prompt_image_tokens\":2"),
         EMIT_USAGE_MODALITY, "prompt_image_tokens of usage"},
        {"{\"attributes\":{\"gen_ai.usage.input_tokens\":9,"
         "\"gen_ai.usage.details.text_prompt_tokens\":7,"
         "\"gen_ai.usage.details.image_prompt_tokens\":2}}",
         EMIT_USAGE_MODALITY, "gen_ai.usage count of audio, images or video"},
        {"{\"attributes\":[{\"key\":\"gen_ai.usage.input_tokens\",\"value\":{\"intValue\":\"9\"}},"
         "{\"key\":\"gen_ai.usage.audio_tokens\",\"value\":{\"intValue\":\"2\"}}]}",
         EMIT_USAGE_MODALITY, "gen_ai.usage count of audio, images or video"},
        {"{\"attributes\":{\"gen_ai.usage.input_tokens\":9,"
         "\"gen_ai.usage.details.image_prompt_tokens\":0}}",
         EMIT_USAGE_USED, ""},
        // The total speaks of tokens that neither of the two is said to hold.
        {CHAT("\"completion_tokens\":20,\"total_tokens\":120"), EMIT_USAGE_INCONSISTENT,
         "usage.total_tokens is 120, but the counts that it holds come to 20"},
        {CHAT(""), EMIT_USAGE_NO_USAGE, "no count"},
        {"{\"object\":\"chat.completion.chunk\",\"usage\":null}", EMIT_USAGE_NO_USAGE, "no count"},
        {"{\"object\":\"chat.completion\",\"usage\":[]}", EMIT_USAGE_MALFORMED,
         "usage must be an object"},
        {"{\"error\":{\"message\":\"no\"}}", EMIT_USAGE_FAILED, "error"},
        {"{\"type\":\"error\",\"error\":{}}", EMIT_USAGE_FAILED, "error"},
        {"{\"object\":\"response\",\"status\":\"failed\",\"usage\":null}", EMIT_USAGE_FAILED,
         "status"},
        {"{\"type\":\"response.output_text.delta\",\"delta\":\"x\"}", EMIT_USAGE_NO_USAGE, ""},
        {"{\"type\":\"message_delta\",\"usage\":{\"output_tokens\":2}}", EMIT_USAGE_MALFORMED,
         "message_start"},
        {"{\"type\":\"message\",\"usage\":{\"input_tokens\":1,\"cache_creation_input_tokens\":5,"
         "\"cache_creation\":{\"ephemeral_5m_input_tokens\":4},\"output_tokens\":1}}",
         EMIT_USAGE_INCONSISTENT, "cache_creation_input_tokens is 5"},
        {"{\"usageMetadata\":{\"promptTokenCount\":5,\"totalTokenCount\":6}}",
         EMIT_USAGE_INCONSISTENT, "totalTokenCount is 6"},
        {"{\"usageMetadata\":{\"promptTokenCount\":5,\"promptTokensDetails\":[{\"tokenCount\":5,"
         "\"modality\":\"AUDIO\"}]}}",
         EMIT_USAGE_MODALITY, "5 tokens of modality AUDIO"},
        {"{\"attributes\":{\"gen_ai.operation.name\":\"invoke_agent\","
         "\"gen_ai.usage.input_tokens\":3}}",
         EMIT_USAGE_NO_USAGE, "span around"},
        {"{\"attributes\":{\"gen_ai.usage.input_tokens\":3,\"error.type\":\"timeout\"}}",
         EMIT_USAGE_FAILED, "error.type"},
        {"{\"resourceSpans\":[]}", EMIT_USAGE_NO_USAGE, "without a span"},
        {"{\"object\":\"error\",\"message\":\"no such model\",\"code\":404}", EMIT_USAGE_FAILED,
         "object says"},
        {"{\"call_type\":\"completion\",\"status\":\"failure\",\"prompt_tokens\":0}",
         EMIT_USAGE_FAILED, "status"},
        {"{\"call_type\":\"completion\",\"cache_hit\":true,\"prompt_tokens\":9}",
         EMIT_USAGE_CACHE_HIT, "cache_hit"},
        {"{\"call_type\":\"completion\",\"cache_hit\":\"True\",\"prompt_tokens\":9}",
         EMIT_USAGE_CACHE_HIT, "cache_hit"},
        {"{\"type\":\"user\",\"sessionId\":\"s\",\"message\":{\"content\":\"x\"}}",
         EMIT_USAGE_NO_USAGE, "no count"},
        {"{\"type\":\"assistant\",\"uuid\":\"u\",\"isApiErrorMessage\":true,\"message\":"
         "{\"model\":\"<synthetic>\"}}",
         EMIT_USAGE_FAILED, "isApiErrorMessage"},
        {"{\"type\":\"assistant\",\"uuid\":\"u\",\"message\":{\"model\":\"<synthetic>\",\"usage\":"
         "{\"input_tokens\":0}}}",
         EMIT_USAGE_NO_USAGE, "no model"},
        {"{\"model\":\"m\",\"created_at\":\"2026-01-02T03:04:05Z\",\"response\":\"a\","
         "\"done\":false}",
         EMIT_USAGE_NO_USAGE, "piece"},
        {"{\"model\":\"m\",\"input_tokens\":1,\"cache_read_input_tokens\":1}",
         EMIT_USAGE_UNKNOWN_DIALECT, "cache_read_input_tokens beside"},
        // Events of a coding assistant, of which a collector made flat lines.
        {"{\"event_name\":\"api_request\",\"model\":\"m\",\"input_tokens\":\"10\",\"output_"
         "tokens\":"
         "\"20\",\"cache_read_tokens\":\"5000\"}",
         EMIT_USAGE_UNKNOWN_DIALECT, "cache_read_tokens beside"},
        // Keys as the record writes them.
        {"{\"usage_metadata\":3}", EMIT_USAGE_MALFORMED, "usage_metadata must be an object"},
        {"{\"schemaType\":\"ModelInvocationLog\",\"input\":{\"inputTokenCount\":-4}}",
         EMIT_USAGE_OUT_OF_RANGE, "inputTokenCount is -4"},
        {"{\"usage\":{\"inputTokens\":0.5}}", EMIT_USAGE_OUT_OF_RANGE, "inputTokens is 0.5"},
        {"{\"schemaType\":\"ModelInvocationLog\",\"errorCode\":\"Throttled\"}", EMIT_USAGE_FAILED,
         "errorCode says"},
        {"{\"spanId\":\"s\",\"attributes\":[{\"key\":\"gen_ai.usage.input_tokens\",\"value\":"
         "{\"intValue\":\"-12\"}}]}",
         EMIT_USAGE_OUT_OF_RANGE, "gen_ai.usage.input_tokens is -12"},
        {"{\"type\":\"image_generation.completed\",\"usage\":{\"input_tokens\":1,"
         "\"output_tokens\":5}}",
         EMIT_USAGE_MODALITY, "usage.output_tokens are those of an image, as type tells"},
        // Sums of many requests, of an organization's usage.
        {"{\"object\":\"organization.usage.completions.result\",\"model\":\"m\",\"input_tokens\":"
         "1000,\"output_tokens\":500,\"input_cached_tokens\":0,\"num_model_requests\":5}",
         EMIT_USAGE_UNKNOWN_DIALECT, "sums of a usage report"},
        {"{\"object\":\"organization.usage.completions.result\",\"input_tokens\":0,"
         "\"output_tokens\":0,\"num_model_requests\":0}",
         EMIT_USAGE_UNKNOWN_DIALECT, "sums of a usage report"},
        {"{\"object\":\"bucket\",\"start_time\":1,\"end_time\":2,\"results\":[]}",
         EMIT_USAGE_UNKNOWN_DIALECT, "sums of a usage report"},
        {"{\"object\":\"page\",\"data\":[{\"object\":\"bucket\"}],\"has_more\":false}",
         EMIT_USAGE_UNKNOWN_DIALECT, "sums of a usage report"},
        {"{\"uncached_input_tokens\":3,\"cache_read_input_tokens\":1,\"output_tokens\":2,"
         "\"model\":\"m\"}",
         EMIT_USAGE_UNKNOWN_DIALECT, "sums of a usage report"},
        {"{\"starting_at\":\"2025-08-01T00:00:00Z\",\"ending_at\":\"2025-08-02T00:00:00Z\","
         "\"results\":[]}",
         EMIT_USAGE_UNKNOWN_DIALECT, "sums of a usage report"},
        {"{\"data\":[{\"starting_at\":\"2025-08-01T00:00:00Z\"}],\"has_more\":true}",
         EMIT_USAGE_UNKNOWN_DIALECT, "a page of a list"},
        // A framework's own words for counts.
        {"{\"type\":\"ai\",\"usage_metadata\":{\"input_tokens\":10}}", EMIT_USAGE_UNKNOWN_DIALECT,
         "input_tokens of usage"},
        {"{\"type\":\"message\",\"model\":7.5e0,\"usage\":{\"input_tokens\":1}}", EMIT_USAGE_USED,
         ""},
        {"{\"type\":\"message\",\"model\":[],\"usage\":{\"input_tokens\":1}}", EMIT_USAGE_MALFORMED,
         "model must be a string"},
        {"{\"source_type\":\"cost\",\"timestamp\":\"yesterday\",\"input_tokens\":1}",
         EMIT_USAGE_MALFORMED, "timestamp is no time"},
        {"{\"usage\":{\"input_tokens\":1},\"response\":{\"usage\":{\"input_tokens\":2}}}",
         EMIT_USAGE_INCONSISTENT, "two places"},
        {"{\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1},\"eval_count\":2}",
         EMIT_USAGE_UNKNOWN_DIALECT, "openai-chat and ollama"},
        {"data: {\"usage\":{\"prompt_tokens\":1}}", EMIT_USAGE_MALFORMED, "behind data:"},
        {"time,model,tokens", EMIT_USAGE_MALFORMED, "one a line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emit_usage_reader reader;
        struct emit_usage_record record;
        emit_usage_reader_init(&reader, EMIT_DIALECT_COUNT);
        emit_usage_read(&reader, &record, cases[i].text, strlen(cases[i].text));
        CHECK(record.fate == cases[i].fate, "%s is %s: %s", cases[i].text,
              emit_usage_fate_word(record.fate), record.message);
        CHECK(strstr(record.message, cases[i].part), "'%s' says '%s'", record.message,
              cases[i].part);
    }
}

// --- Who and when ---

static void check_text_is(const struct emit_usage_text *text, const char *wanted,
                          const char *what) {
    char got[EMIT_USAGE_ID_MAX + 1] = "";
    if (text->at) (void)emit_text_format(got, sizeof got, "%.*s", (int)text->length, text->at);
    CHECK_STRING(got, wanted, what);
}

static void check_identity(void) {
    static const struct {
        const char *text, *model, *response_id, *request_id;
        int64_t time_ns; // 0: none
    } cases[] = {
        {"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":"
         "\"m\\u00e9\",\"request_id\":\"r\",\"usage\":{\"prompt_tokens\":1}}",
         "m\xc3\xa9", "chatcmpl-1", "r", INT64_C(1700000000000000000)},
        {"{\"object\":\"chat.completion\",\"created\":0,\"usage\":{\"prompt_tokens\":1}}", "", "",
         "", 0},
        {"{\"type\":\"response.completed\",\"response\":{\"id\":\"resp\",\"created_at\":"
         "1700000000.5,\"model\":\"m\",\"usage\":{\"input_tokens\":1}}}",
         "m", "resp", "", INT64_C(1700000000500000000)},
        {"{\"usageMetadata\":{\"promptTokenCount\":1},\"modelVersion\":\"g\",\"responseId\":\"i\","
         "\"createTime\":\"2023-11-14T22:13:20.123456Z\"}",
         "g", "i", "", INT64_C(1700000000123456000)},
        {"{\"endTimeUnixNano\":\"1700000000000000001\",\"spanId\":\"s\",\"attributes\":{"
         "\"gen_ai.usage.input_tokens\":1,\"gen_ai.request.model\":\"a\",\"gen_ai.response.model\":"
         "\"b\"}}",
         "b", "s", "", INT64_C(1700000000000000001)},
        {"{\"call_type\":\"x\",\"id\":\"c\",\"model\":\"m\",\"prompt_tokens\":1,\"endTime\":"
         "1700000000.123456}",
         "m", "c", "", INT64_C(1700000000123456000)},
        {"{\"call_type\":\"x\",\"prompt_tokens\":1,\"endTime\":\"2023-11-14 22:13:20.5\"}", "", "",
         "", INT64_C(1700000000500000000)},
        {"{\"requestId\":\"req\",\"timestamp\":\"2023-11-15T00:13:20+02:00\",\"message\":{\"id\":"
         "\"msg\",\"model\":\"m\",\"usage\":{\"input_tokens\":1}}}",
         "m", "msg", "", INT64_C(1700000000000000000)},
        {"{\"requestId\":\"req\",\"timestamp\":1700000000,\"message\":{\"id\":\"msg_17\","
         "\"usage\":{\"input_tokens\":1}}}",
         "", "msg_17", "req", INT64_C(1700000000000000000)},
        {"{\"requestId\":\"req\",\"timestamp\":1700000000,\"message\":{\"id\":\"\","
         "\"usage\":{\"input_tokens\":1}}}",
         "", "", "req", INT64_C(1700000000000000000)},
        {"{\"type\":\"message\",\"id\":\"msg_01X\",\"_request_id\":\"req\",\"usage\":"
         "{\"input_tokens\":1}}",
         "", "msg_01X", "", 0},
        {"{\"timestamp\":1700000000123,\"model\":\"m\",\"input_tokens\":1}", "m", "", "",
         INT64_C(1700000000123000000)},
        {"{\"created_at\":\"2023-11-14T15:13:20.385406455-07:00\",\"model\":\"m:7b\",\"done\":true,"
         "\"eval_count\":1}",
         "m:7b", "", "", INT64_C(1700000000385406455)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emit_usage_reader reader;
        struct emit_usage_record record;
        emit_usage_reader_init(&reader, EMIT_DIALECT_COUNT);
        emit_usage_read(&reader, &record, cases[i].text, strlen(cases[i].text));
        CHECK(record.fate == EMIT_USAGE_USED, "%s: %s", cases[i].text, record.message);
        check_text_is(&record.model, cases[i].model, "the model");
        check_text_is(&record.response_id, cases[i].response_id, "the response id");
        check_text_is(&record.request_id, cases[i].request_id, "the request id");
        CHECK(record.has_time == (cases[i].time_ns != 0) && record.time_ns == cases[i].time_ns,
              "the time is %lld", (long long)record.time_ns);
    }
}

// --- Streams ---

static void check_stream(void) {
    static const char *const lines[] = {
        ("{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\",\"usage\":"
         "{\"input_tokens\":3,\"cache_creation_input_tokens\":10,\"cache_read_input_tokens\":20,"
         "\"output_tokens\":1}}}"),
        "{\"type\":\"content_block_delta\",\"delta\":{\"text\":\"x\"}}",
        "{\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":15}}",
        ("{\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"input_tokens\":5,"
         "\"output_tokens\":25}}"),
        "{\"type\":\"message_stop\"}",
        "{\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":15}}",
    };
    static const char *const told[] = {
        "input 13 cached 20 output 1 reasoning -",
        "no-usage",
        "input 13 cached 20 output 15 reasoning -",
        "input 15 cached 20 output 25 reasoning -",
        "no-usage",
        "malformed",
    };
    struct emit_usage_reader reader;
    emit_usage_reader_init(&reader, EMIT_DIALECT_COUNT);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct emit_usage_record record;
        char got[256];
        emit_usage_read(&reader, &record, lines[i], strlen(lines[i]));
        tell(got, sizeof got, &record);
        CHECK_STRING(got, told[i], lines[i]);
        if (record.fate != EMIT_USAGE_USED) continue;
        check_text_is(&record.model, "m", "the model of the piece");
        check_text_is(&record.response_id, "msg_1", "the id of the piece");
    }
}

// --- Dialects that the user names ---

static void check_named(void) {
    static const struct {
        enum emit_dialect asked;
        const char *text;
        enum emit_usage_fate fate;
        const char *part;
    } cases[] = {
        {EMIT_DIALECT_MESSAGES, CHAT("\"prompt_tokens\":1"), EMIT_USAGE_UNKNOWN_DIALECT,
         "its fields are openai-chat, not anthropic-messages"},
        {EMIT_DIALECT_TRANSCRIPT, "{\"a\":1}", EMIT_USAGE_NO_USAGE, "no field of transcript"},
        {EMIT_DIALECT_OLLAMA,
         "{\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1},\"eval_count\":2}",
         EMIT_USAGE_USED, ""},
        {EMIT_DIALECT_RESPONSES, "{\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}",
         EMIT_USAGE_USED, ""},
        {EMIT_DIALECT_PROXY, "{\"prompt_tokens\":1,\"completion_tokens\":1}", EMIT_USAGE_USED, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emit_usage_reader reader;
        struct emit_usage_record record;
        emit_usage_reader_init(&reader, cases[i].asked);
        emit_usage_read(&reader, &record, cases[i].text, strlen(cases[i].text));
        CHECK(record.fate == cases[i].fate && strstr(record.message, cases[i].part),
              "%s as %s is %s: %s", cases[i].text, emit_dialect_word(cases[i].asked),
              emit_usage_fate_word(record.fate), record.message);
        if (record.fate == EMIT_USAGE_USED)
            CHECK(record.dialect == cases[i].asked, "and it is of that dialect");
    }
    for (int i = 0; i < EMIT_DIALECT_COUNT; i++)
        CHECK(emit_dialect_find(emit_dialect_word((enum emit_dialect)i)) == (enum emit_dialect)i,
              "%s is found by its word", emit_dialect_word((enum emit_dialect)i));
    CHECK(emit_dialect_find("unheard-of") == EMIT_DIALECT_COUNT, "others are not");
}

static void check_lengths(void) {
    char text[1024], id[EMIT_USAGE_ID_MAX + 1];
    for (size_t length = EMIT_USAGE_ID_MAX - 1; length <= EMIT_USAGE_ID_MAX; length++) {
        memset(id, 'i', length);
        id[length] = '\0';
        (void)emit_text_format(
            text, sizeof text,
            "{\"type\":\"message\",\"id\":\"%s\",\"usage\":{\"input_tokens\":1}}", id);
        struct emit_usage_reader reader;
        struct emit_usage_record record;
        emit_usage_reader_init(&reader, EMIT_DIALECT_COUNT);
        emit_usage_read(&reader, &record, text, strlen(text));
        bool fits = length < EMIT_USAGE_ID_MAX;
        CHECK(record.fate == (fits ? EMIT_USAGE_USED : EMIT_USAGE_MALFORMED), "%zu bytes: %s",
              length, record.message);
    }
}

// --- The future ---

static int64_t told_ns; // by the clock of these tests

static int64_t tell_ns(void) {
    return told_ns;
}

static void check_future(void) {
    static const int64_t second_ns = 1000000000, noon_s = 1781366400;
    static const struct {
        const char *text;
        const char *field; // the one that is told; NULL: the record is used
    } cases[] = {
        {"{\"object\":\"chat.completion\",\"created\":1781366700,\"model\":\"m\",\"usage\":"
         "{\"prompt_tokens\":1,\"completion_tokens\":1}}",
         NULL},
        {"{\"object\":\"chat.completion\",\"created\":1781366701,\"model\":\"m\",\"usage\":"
         "{\"prompt_tokens\":1,\"completion_tokens\":1}}",
         "created"},
        {"{\"object\":\"chat.completion\",\"created\":9223372036,\"model\":\"m\",\"usage\":"
         "{\"prompt_tokens\":1,\"completion_tokens\":1}}",
         "created"},
        {"{\"object\":\"chat.completion\",\"model\":\"m\",\"usage\":"
         "{\"prompt_tokens\":1,\"completion_tokens\":1}}",
         NULL},
        {"{\"type\":\"message\",\"id\":\"a\",\"timestamp\":\"2226-06-13T16:00:00Z\","
         "\"usage\":{\"input_tokens\":3}}",
         "timestamp"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct emit_usage_reader reader;
        struct emit_usage_record record;
        told_ns = noon_s * second_ns;
        emit_usage_reader_init(&reader, EMIT_DIALECT_COUNT);
        emit_usage_read(&reader, &record, cases[i].text, strlen(cases[i].text));
        CHECK(record.fate == EMIT_USAGE_USED, "without a clock any time is one: %s",
              record.message);
        reader.clock_ns = tell_ns;
        emit_usage_read(&reader, &record, cases[i].text, strlen(cases[i].text));
        CHECK(record.fate == (cases[i].field ? EMIT_USAGE_IMPLAUSIBLE_TIME : EMIT_USAGE_USED) &&
                  (!cases[i].field ||
                   strncmp(record.message, cases[i].field, strlen(cases[i].field)) == 0),
              "%s: %s %s", cases[i].text, emit_usage_fate_word(record.fate), record.message);
        // Of a log that is followed: the future has come.
        told_ns = INT64_MAX;
        emit_usage_read(&reader, &record, cases[i].text, strlen(cases[i].text));
        CHECK(record.fate == EMIT_USAGE_USED, "when its time has come: %s", record.message);
    }
}

int main(void) {
    check_counted();
    check_refused();
    check_identity();
    check_stream();
    check_named();
    check_lengths();
    check_future();
    return check_end();
}
