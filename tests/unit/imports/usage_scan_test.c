// A scan of a record, and the forms it leaves: which records are JSON, which of them are read
// again by their form alone, and that whatever is read so a scan finds the same in.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_fields.h"

#include "base/text.h"

#include "check.h"

#include <stdlib.h>

enum { TEXT_MAX = 70 * 1024 };

// KNOWN: once scanned its form is; SCANNED: JSON of which no form is kept.
enum way { KNOWN, SCANNED, NONE };

struct line {
    enum way way;
    const char *text;
};

static const struct line lines[] = {
    {KNOWN, "{}"},
    {KNOWN, "{ }"},
    {KNOWN, "{\"id\":\"a\",\"model\":\"m\",\"created\":1700000000}"},
    {KNOWN, "{\"id\": \"a\", \"model\" : \"m\" , \"created\":  17 }"},
    {KNOWN, "{\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":-3.5e-2,\"total_tokens\":0}}"},
    {KNOWN, "{\"model\":null,\"done\":false,\"cache_hit\":true,\"error\":{},\"data\":[]}"},
    {KNOWN, "{\"model\":\"a\\\"b\\\\\",\"id\":\"\\ud83d\\ude00\",\"x\":\"\\n\\\\\"}"},
    {KNOWN, "{\"model\":\"m\xc3\xb6"
            "del\",\"id\":\"\xf0\x9f\x98\x80\"}"},
    {KNOWN, "{\"choices\":[{\"a\":[1,2,[3,{\"a\":{\"a\":[]}}]]},{\"a\":\"}]\"} , { } ]}"},
    {KNOWN, "{\"response\":{\"body\":{\"id\":\"r\",\"usage\":{\"input_tokens\":1}}},\"id\":\"b\"}"},
    {KNOWN, "{\"requestId\":\"r\",\"request_id\":\"r\"}"},
    {KNOWN, "{\"requestId\":\"r\",\"request_id\":\"other\"}"},
    {KNOWN, "{\"\":1,\"a\":{\"\":2}}"},
    {KNOWN, "{\"a\":1,\"b\":{\"a\":1,\"b\":[{\"a\":1},{\"a\":1}]}}"},
    {KNOWN, "{\"choices\":[{\"usage\":{\"prompt_tokens\":1}},{\"usage\":null}]}"},
    {KNOWN,
     "{\"usageMetadata\":{\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":1},"
     "{\"modality\":\"IMAGE\",\"tokenCount\":2},{\"modality\":\"AUDIO\",\"tokenCount\":3}]}}"},
    {KNOWN, "{\"usage\":{\"iterations\":[{\"type\":\"compaction\",\"input_tokens\":180000,"
            "\"output_tokens\":3},{\"type\":\"message\"},{\"type\":\"x\"},{}]}}"},
    {KNOWN, " {}"},
    {KNOWN, "{} "},
    {KNOWN, "{\"a\":\t1}"},
    {KNOWN, "{\n\"a\":1\n}"},
    {KNOWN, "{\"m\\u006fdel\":\"m\"}"},
    {KNOWN, "{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}"},
    // What is a field depends on a value, and where an object may stand none does.
    {SCANNED, "{\"attributes\":[{\"key\":\"gen_ai.response.model\",\"value\":{\"stringValue\":"
              "\"m\"}}]}"},
    {SCANNED,
     "{\"choices\":[{\"usage\":{\"prompt_tokens\":1}},{\"usage\":null},2,[{\"usage\":3}]]}"},
    {SCANNED, "{\"usage\":{\"iterations\":[{\"type\":\"x\"},[]]}}"},
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

static uint8_t slots[EMIT_USAGE_SLOTS];

static bool is_same(const struct emit_usage_fields *a, const struct emit_usage_fields *b) {
    const struct emit_usage_compaction *one = &a->compaction, *other = &b->compaction;
    if (one->is_there != other->is_there || one->is_wrong != other->is_wrong ||
        one->input != other->input || one->read != other->read || one->writes != other->writes ||
        one->output != other->output)
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

// One scan by itself.
static bool scan(struct emit_usage_fields *fields, struct emit_usage_forms *forms, const char *text,
                 size_t length) {
    const char *fault;
    size_t fault_at;
    return emit_usage_scan(fields, slots, forms, text, length, &fault, &fault_at);
}

// Whether a form reads the text; *wrong counts those in which a scan finds something else. Of
// a copy of exactly its size, so that a sanitizer sees what is read behind it.
static bool is_known(const struct emit_usage_forms *forms, const char *text, size_t length,
                     int *wrong) {
    static struct emit_usage_fields quick, strict;
    char *copy = malloc(length ? length : 1);
    if (!copy) exit(1);
    memcpy(copy, text, length);
    bool known = emit_usage_forms_read(forms, &quick, copy, length);
    bool is_json = scan(&strict, NULL, copy, length);
    *wrong += known && (!is_json || !is_same(&quick, &strict));
    free(copy);
    return known;
}

static void check_line(enum way way, const char *text, size_t length, const char *what) {
    static struct emit_usage_forms forms;
    static struct emit_usage_fields fields;
    int wrong = 0;
    memset(&forms, 0, sizeof forms);
    bool known_before = is_known(&forms, text, length, &wrong);
    bool is_json = scan(&fields, &forms, text, length);
    bool known = is_known(&forms, text, length, &wrong);
    CHECK(!known_before && is_json == (way != NONE) && known == (way == KNOWN) && wrong == 0,
          "%s: JSON %d, known %d, %d differ", what, is_json, known, wrong);
}

// --- One record, and another that may be of its form ---

struct pair {
    const char *scanned, *other;
    bool is_known;
};

static const struct pair pairs[] = {
    {"{\"id\":\"a\",\"created\":1}", "{\"id\":\"longer \\u00e4\",\"created\":-1.5e3}", true},
    {"{\"id\":\"a\",\"created\":1}", "{\"id\":null,\"created\":\"1\"}", true},
    {"{\"id\":\"a\",\"x\":null}", "{\"id\":true,\"x\":[{\"usage\":{\"a\":1}},2]}", true},
    {"{\"x\":[1]}", "{\"x\":{\"x\":[]}}", true},
    {"{\"error\":{\"a\":1}}", "{\"error\":{\"b\":[]}}", true},
    {"{\"requestId\":1,\"request_id\":1}", "{\"requestId\":1,\"request_id\":2}", true},
    {"{\"usage\":{\"prompt_tokens\":1}}", "{\"usage\":{\"prompt_tokens\":23}}", true},
    {"{\"id\":1}", "{\"id\": 1}", true},
    {"{\"id\": 1}", "{\"id\":1}", false},
    {"{\"id\":1}", "{\"id\":1 }", false},
    {"{\"id\":1}", "{\"id\":1}}", false},
    {"{\"id\":1}", "{\"id\":1", false},
    {"{\"id\":1}", "{\"id\":", false},
    {"{\"id\":1}", "{\"id\":}", false},
    {"{\"id\":1}", "{\"id\":01}", false},
    {"{\"id\":1}", "{\"id\":1e999}", false},
    {"{\"id\":\"a\"}", "{\"id\":\"\xff\"}", false},
    {"{\"id\":\"a\"}", "{\"id\":\"a\n\"}", false},
    {"{\"id\":\"a\"}", "{\"id\":\"\\ud83d\"}", false},
    {"{\"x\":1}", "{\"x\":{\"a\":1,\"a\":1}}", false},
    {"{\"id\":1}", "{\"di\":1}", false},
    {"{\"id\":1}", "{\"id\":{}}", false},
    {"{\"error\":{}}", "{\"error\":[]}", false},
    {"{\"error\":[]}", "{\"error\":1}", false},
    {"{\"usage\":{\"prompt_tokens\":1}}", "{\"usage\":null}", false},
    {"{\"response\":null}", "{\"response\":{\"id\":1}}", false},
    {"{\"response\":[1]}", "{\"response\":{\"id\":1}}", false},
    {"{\"response\":[1]}", "{\"response\":[]}", true},
    {"{\"max_tokens\":[1]}", "{\"max_tokens\":1}", false},
    {"{\"choices\":[{\"a\":1}]}", "{\"choices\":[{\"a\":1},{\"a\":1}]}", false},
    {"{\"choices\":[]}", "{\"choices\":[{\"usage\":{\"prompt_tokens\":1}}]}", false},
};

static void check_pairs(void) {
    static struct emit_usage_forms forms;
    static struct emit_usage_fields fields;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        int wrong = 0;
        memset(&forms, 0, sizeof forms);
        bool is_json = scan(&fields, &forms, pairs[i].scanned, strlen(pairs[i].scanned));
        bool known = is_known(&forms, pairs[i].other, strlen(pairs[i].other), &wrong);
        CHECK(is_json && known == pairs[i].is_known && wrong == 0, "%s after %s: known %d",
              pairs[i].other, pairs[i].scanned, known);
    }
}

// Everything that differs from a line in a byte: whatever the line's form reads, a scan finds
// the same in.
static void check_neighbours(void) {
    static const char bytes[] = "{}[]\",:\\ 0e-.nt\n\x01\x80\xc3";
    static struct emit_usage_forms forms;
    static struct emit_usage_fields fields;
    int wrong = 0, known = 0, texts = 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[512];
        size_t length = strlen(lines[i].text);
        memset(&forms, 0, sizeof forms);
        (void)scan(&fields, &forms, lines[i].text, length);
        for (size_t at = 0; at < length; at++) {
            for (size_t k = 0; k < sizeof bytes - 1; k++, texts += 2) {
                memcpy(text, lines[i].text, length);
                text[at] = bytes[k];
                known += is_known(&forms, text, length, &wrong);
                memmove(text + at + 1, lines[i].text + at, length - at);
                known += is_known(&forms, text, length + 1, &wrong);
            }
            memcpy(text, lines[i].text, length);
            memmove(text + at, text + at + 1, length - at - 1);
            known += is_known(&forms, text, length - 1, &wrong);
            texts++;
        }
    }
    CHECK(wrong == 0 && known > texts / 50, "of %d texts %d known, %d of them differ", texts, known,
          wrong);
}

// A value of no matter counts the containers that are open around it; it may have as many keys as
// it likes, whatever those have.
static void check_limits(void) {
    static char text[TEXT_MAX];
    static struct emit_usage_forms forms;
    static struct emit_usage_fields fields;
    struct emit_text line;
    int wrong = 0;
    memset(&forms, 0, sizeof forms);
    (void)scan(&fields, &forms, "{\"x\":1}", strlen("{\"x\":1}"));
    for (int depth = 31; depth <= 32; depth++) {
        emit_text_init(&line, text, sizeof text);
        emit_text_add_format(&line, "{\"x\":%.*s%.*s}", depth, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                             depth, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
        bool known = is_known(&forms, text, line.length, &wrong);
        CHECK(known == (depth == 31) && wrong == 0, "%d arrays in an object: known %d", depth,
              known);
    }
    // 200 members, the last of which holds 200, the last of which holds the others.
    for (int keys = 0; keys <= 113; keys += keys ? 1 : 112) {
        emit_text_init(&line, text, sizeof text);
        for (int i = 0; i < 400; i++)
            emit_text_add_format(&line, "%c\"%d\":%s", i % 200 ? ',' : '{', i,
                                 i % 200 == 199 ? "" : "1");
        for (int i = 0; i < keys; i++)
            emit_text_add_format(&line, "%c\"%d\":1", i ? ',' : '{', i);
        emit_text_add(&line, keys ? "}}}" : "1}}");
        if (!keys) CHECK(scan(&fields, &forms, text, line.length), "200 keys in 200 others");
        bool known = is_known(&forms, text, line.length, &wrong);
        CHECK(known && wrong == 0, "%d keys in 400 others: known %d", keys, known);
    }
}

// Two forms that part where one has a container: both are known.
static void check_turns(void) {
    static const char *const turns[] = {
        "{\"usage\":null,\"id\":1}", "{\"usage\":{\"prompt_tokens\":1},\"id\":1}",
        "{\"usage\":[],\"id\":1}",   "{\"response\":{\"id\":1}}",
        "{\"response\":\"a\"}",      "{\"choices\":[]}",
        "{\"choices\":[{\"a\":1}]}", "{\"choices\":[{\"usage\":null}]}",
    };
    static struct emit_usage_forms forms;
    static struct emit_usage_fields fields;
    int wrong = 0;
    memset(&forms, 0, sizeof forms);
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
        (void)scan(&fields, &forms, turns[i], strlen(turns[i]));
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
        CHECK(is_known(&forms, turns[i], strlen(turns[i]), &wrong) && wrong == 0,
              "%s, known among others", turns[i]);
}

// More forms than are kept: then they begin anew, and those that come again are known again.
static void check_full(void) {
    static struct emit_usage_forms forms;
    static struct emit_usage_fields fields;
    static const char *const keys[] = {"id", "model", "object", "created", "no"};
    static const char usual[] = "{\"id\":\"a\",\"usage\":{\"prompt_tokens\":1}}";
    int wrong = 0, known = 0;
    char text[128];
    memset(&forms, 0, sizeof forms);
    for (int i = 0; i < 3000; i++) {
        struct emit_text line;
        emit_text_init(&line, text, sizeof text);
        emit_text_add_format(&line, "{\"%s\":\"a\",\"no%d\":1,\"key%d\":{},\"type\":[%d]}",
                             keys[i % 5], i % 7, i, i);
        wrong += is_known(&forms, text, line.length, &wrong);
        wrong += !scan(&fields, &forms, text, line.length);
        wrong += !is_known(&forms, text, line.length, &wrong) && forms.steps_used > 0;
        if (is_known(&forms, usual, strlen(usual), &wrong))
            known++;
        else
            (void)scan(&fields, &forms, usual, strlen(usual));
    }
    CHECK(wrong == 0 && known > 2000 && known < 3000,
          "3000 forms, and a usual one that is known %d times: %d differ", known, wrong);
}

// Longer than all that is kept of forms, in its values and around them.
static void check_sizes(void) {
    static char text[TEXT_MAX];
    struct emit_text line;
    emit_text_init(&line, text, sizeof text);
    emit_text_add(&line, "{\"x\":\"");
    while (line.length < 65 * 1024)
        emit_text_add(&line, "................................................................");
    emit_text_add(&line, "\"}");
    check_line(KNOWN, text, line.length, "a value of 64 KiB");
    for (int length = EMIT_USAGE_GAPS_MAX - 16; length <= EMIT_USAGE_GAPS_MAX; length += 16) {
        emit_text_init(&line, text, sizeof text);
        emit_text_add_format(&line, "{\"x\":1,%*s\"y\":1}", length, "");
        check_line(length < EMIT_USAGE_GAPS_MAX ? KNOWN : SCANNED, text, line.length,
                   length < EMIT_USAGE_GAPS_MAX ? "8176 spaces" : "8192 spaces");
    }
}

int main(void) {
    emit_usage_index(slots);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        check_line(lines[i].way, lines[i].text, strlen(lines[i].text), lines[i].text);
    check_pairs();
    check_neighbours();
    check_limits();
    check_turns();
    check_full();
    check_sizes();
    return check_end();
}
