// The short way over a record and the strict one: which lines take it, that both find the
// same, and what is left to the strict one because it is no such line or no JSON.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_fields.h"

#include "base/text.h"

#include "check.h"

#include <stdlib.h>

enum { TEXT_MAX = 70 * 1024 };

enum way { SHORT, STRICT, NONE };

struct line {
    enum way way;
    const char *text;
};

static const struct line lines[] = {
    {SHORT, "{}"},
    {SHORT, "{ }"},
    {SHORT, "{\"id\":\"a\",\"model\":\"m\",\"created\":1700000000}"},
    {SHORT, "{\"id\": \"a\", \"model\" : \"m\" , \"created\":  17 }"},
    {SHORT, "{\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":-3.5e-2,\"total_tokens\":0}}"},
    {SHORT, "{\"model\":null,\"done\":false,\"cache_hit\":true,\"error\":{},\"data\":[]}"},
    {SHORT, "{\"model\":\"a\\\"b\\\\\",\"id\":\"\\ud83d\\ude00\",\"x\":\"\\n\\\\\"}"},
    {SHORT, "{\"model\":\"m\xc3\xb6"
            "del\",\"id\":\"\xf0\x9f\x98\x80\"}"},
    {SHORT, "{\"choices\":[{\"a\":[1,2,[3,{\"a\":{\"a\":[]}}]]},{\"a\":\"}]\"}, [ ] ,null]}"},
    {SHORT, "{\"response\":{\"body\":{\"id\":\"r\",\"usage\":{\"input_tokens\":1}}},\"id\":\"b\"}"},
    {SHORT, "{\"requestId\":\"r\",\"request_id\":\"r\"}"},
    {SHORT, "{\"requestId\":\"r\",\"request_id\":\"other\"}"},
    {SHORT, "{\"\":1,\"a\":{\"\":2}}"},
    {SHORT, "{\"a\":1,\"b\":{\"a\":1,\"b\":[{\"a\":1},{\"a\":1}]}}"},
    {SHORT, "{\"choices\":[{\"usage\":{\"prompt_tokens\":1}},{\"usage\":null},2,[{\"usage\":3}]]}"},
    {SHORT,
     "{\"usageMetadata\":{\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":1},"
     "{\"modality\":\"IMAGE\",\"tokenCount\":2},{\"modality\":\"AUDIO\",\"tokenCount\":3}]}}"},
    {SHORT, "{\"usage\":{\"iterations\":[{\"type\":\"compaction\",\"input_tokens\":180000,"
            "\"output_tokens\":3},{\"type\":\"message\"},{\"type\":\"x\"},[]]}}"},
    // Of another form.
    {STRICT, " {}"},
    {STRICT, "{} "},
    {STRICT, "{\"a\":\t1}"},
    {STRICT, "{\n\"a\":1\n}"},
    {STRICT, "{\"m\\u006fdel\":\"m\"}"},
    {STRICT, "{\"attributes\":[{\"key\":\"gen_ai.response.model\",\"value\":{\"stringValue\":"
             "\"m\"}}]}"},
    {STRICT, "{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}"},
    // Of none.
    {NONE, ""},
    {NONE, "{"},
    {NONE, "}"},
    {NONE, "[]"},
    {NONE, "{}}"},
    {NONE, "{\"a\":{}"},
    {NONE, "{\"a\":[}"},
    {NONE, "{\"a\":[1,]}"},
    {NONE, "{\"a\":[1}]}"},
    {NONE, "{\"a\":{]}"},
    {NONE, "{\"a\":1,}"},
    {NONE, "{,\"a\":1}"},
    {NONE, "{\"a\":1 2}"},
    {NONE, "{\"a\"}"},
    {NONE, "{\"a\":}"},
    {NONE, "{\"a\" \"b\"}"},
    {NONE, "{a:1}"},
    {NONE, "{\"a\":01}"},
    {NONE, "{\"a\":1.}"},
    {NONE, "{\"a\":-}"},
    {NONE, "{\"a\":+1}"},
    {NONE, "{\"a\":1e999}"},
    {NONE, "{\"a\":tru}"},
    {NONE, "{\"a\":nulll}"},
    {NONE, "{\"a\":\"b}"},
    {NONE, "{\"a\":\"\\\"}"},
    {NONE, "{\"a\":\"\\q\"}"},
    {NONE, "{\"a\":\"\\u0000\"}"},
    {NONE, "{\"a\":\"\\u12g4\"}"},
    {NONE, "{\"a\":\"\\ud83d\"}"},
    {NONE, "{\"a\":\"\\ude00\\ud83d\"}"},
    {NONE, "{\\\"a\":1}"},
    {NONE, "{\"a\":\\\"1\"}"},
    {NONE, "{\"a\":\"\x01\"}"},
    {NONE, "{\"a\":\"\xff\"}"},
    {NONE, "{\"a\":\"\xc3\"}"},
    {NONE, "{\"a\":1,\"a\":1}"},
    {NONE, "{\"a\":1,\"b\":2,\"a\":1}"},
    {NONE, "{\"\":1,\"\":1}"},
    {NONE, "{\"x\":{\"a\":1,\"a\":2}}"},
    {NONE, "{\"x\":[[{\"a\":1,\"b\":{\"b\":1},\"a\":2}]]}"},
};

static uint8_t slots[EMIT_USAGE_SLOTS];

static bool is_same(const struct emit_usage_fields *a, const struct emit_usage_fields *b) {
    const struct emit_usage_compaction *one = &a->compaction, *other = &b->compaction;
    if (one->is_there != other->is_there || one->is_wrong != other->is_wrong ||
        one->input != other->input || one->output != other->output)
        return false;
    for (int i = 0; i < EMIT_FIELD_COUNT; i++) {
        if (a->type[i] != b->type[i]) return false;
        if (a->type[i] != EMIT_JSON_STRING && a->type[i] != EMIT_JSON_NUMBER) continue;
        if (a->value[i].at != b->value[i].at || a->value[i].length != b->value[i].length ||
            a->value[i].escaped != b->value[i].escaped)
            return false;
    }
    return true;
}

// Of a copy of exactly its size, so that a sanitizer sees what is read behind it.
static void check_line(enum way way, const char *text, size_t length, const char *what) {
    static struct emit_usage_fields quick, strict;
    const char *fault;
    size_t fault_at;
    char *copy = malloc(length ? length : 1);
    if (!copy) exit(1);
    memcpy(copy, text, length);
    bool is_quick = emit_usage_scan_line(&quick, slots, copy, length);
    bool is_json = emit_usage_scan_strictly(&strict, slots, copy, length, &fault, &fault_at);
    CHECK(is_quick == (way == SHORT) && is_json == (way != NONE) &&
              (!is_quick || is_same(&quick, &strict)),
          "%s: short %d, strict %d", what, is_quick, is_json);
    free(copy);
}

// The same object, moved over the borders of the blocks of 64 bytes.
static void check_borders(void) {
    static const char tail[] =
        "\",\"model\":\"\\\\\\\"\\ud83d\\ude00\\\\\",\"id\":\"\xf0\x9f\x98\x80\"}";
    static struct emit_usage_fields quick, strict;
    int wrong = 0;
    for (size_t filler = 0; filler < 200; filler++) {
        char text[512];
        const char *fault;
        size_t fault_at;
        struct emit_text line;
        emit_text_init(&line, text, sizeof text);
        emit_text_add(&line, "{\"x\":\"");
        for (size_t i = 0; i < filler; i++)
            emit_text_add(&line, ".");
        emit_text_add(&line, tail);
        wrong += !emit_usage_scan_line(&quick, slots, text, line.length) ||
                 !emit_usage_scan_strictly(&strict, slots, text, line.length, &fault, &fault_at) ||
                 !is_same(&quick, &strict) || !quick.value[EMIT_FIELD_MODEL].escaped ||
                 quick.value[EMIT_FIELD_ID].length != 4;
    }
    CHECK(wrong == 0, "escapes at every place of a block: %d differ", wrong);
}

// Too long, and of too many keys, for the short way.
static void check_sizes(void) {
    static char text[TEXT_MAX];
    struct emit_text line;
    emit_text_init(&line, text, sizeof text);
    emit_text_add(&line, "{\"x\":\"");
    while (line.length < 65 * 1024)
        emit_text_add(&line, "................................................................");
    emit_text_add(&line, "\"}");
    check_line(STRICT, text, line.length, "longer than 64 KiB");
    for (int count = 128; count <= 129; count++) {
        emit_text_init(&line, text, sizeof text);
        for (int i = 0; i < count; i++)
            emit_text_add_format(&line, "%c\"%d\":%d", i ? ',' : '{', i, i);
        emit_text_add(&line, "}");
        check_line(count > 128 ? STRICT : SHORT, text, line.length,
                   count > 128 ? "129 keys" : "128 keys");
    }
}

int main(void) {
    emit_usage_index(slots);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        check_line(lines[i].way, lines[i].text, strlen(lines[i].text), lines[i].text);
    check_borders();
    check_sizes();
    return check_end();
}
