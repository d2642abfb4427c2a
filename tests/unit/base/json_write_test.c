// The JSON writer: commas, nesting, escapes, broken UTF-8, and what is cut.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/json_write.h"

static void test_nesting(void) {
    char bytes[256];
    struct emit_text text;
    struct emit_json_writer writer;
    emit_text_init(&text, bytes, sizeof bytes);
    emit_json_writer_init(&writer, &text);
    emit_json_open_object(&writer);
    emit_json_key(&writer, "a");
    emit_json_open_array(&writer);
    emit_json_close_array(&writer);
    emit_json_key(&writer, "b");
    emit_json_open_array(&writer);
    emit_json_double(&writer, 151.2);
    emit_json_u64(&writer, 18446744073709551615u);
    emit_json_open_object(&writer);
    emit_json_close_object(&writer);
    emit_json_i64(&writer, -3);
    emit_json_close_array(&writer);
    emit_json_key(&writer, "c");
    emit_json_bool(&writer, true);
    emit_json_key(&writer, "d");
    emit_json_open_object(&writer);
    emit_json_key(&writer, "\"");
    emit_json_bool(&writer, false);
    emit_json_close_object(&writer);
    emit_json_key(&writer, "e");
    emit_json_null(&writer);
    emit_json_key(&writer, "f");
    emit_json_raw(&writer, "[1]", 3);
    emit_json_close_object(&writer);
    CHECK_STRING(bytes,
                 "{\"a\":[],\"b\":[151.2,18446744073709551615,{},-3],\"c\":true,"
                 "\"d\":{\"\\\"\":false},\"e\":null,\"f\":[1]}",
                 "commas stand between items and nowhere else");
    CHECK(!text.cut, "nothing was cut");
}

static void test_strings(void) {
    static const struct {
        const char *what, *bytes;
        size_t length;
        const char *json;
    } cases[] = {
        {"empty", "", 0, "\"\""},
        {"plain", "package-0", 9, "\"package-0\""},
        {"short escapes", "\b\t\n\f\r\"\\", 7, "\"\\b\\t\\n\\f\\r\\\"\\\\\""},
        {"other controls", "\x01\x1f\x00\x7f", 4, "\"\\u0001\\u001f\\u0000\x7f\""},
        {"a slash is not escaped", "a/b", 3, "\"a/b\""},
        {"two, three and four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9,
         "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"the last code point", "\xf4\x8f\xbf\xbf", 4, "\"\xf4\x8f\xbf\xbf\""},
        {"beyond it", "\xf4\x90\x80\x80", 4,
         "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"a lone continuation", "a\x80z", 3, "\"a\xef\xbf\xbdz\""},
        {"overlong", "\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"overlong, three bytes", "\xe0\x9f\xbf", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"a surrogate", "\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"cut short at the end", "\xe2\x82", 2, "\"\xef\xbf\xbd\""},
        {"cut short before a letter", "\xf0\x9f\x98z", 4, "\"\xef\xbf\xbdz\""},
        {"cut short before a quote", "\xe2\x82\"", 3, "\"\xef\xbf\xbd\\\"\""},
        {"never in UTF-8", "\xff\xfe", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char bytes[64];
        struct emit_text text;
        struct emit_json_writer writer;
        emit_text_init(&text, bytes, sizeof bytes);
        emit_json_writer_init(&writer, &text);
        emit_json_string_bytes(&writer, cases[i].bytes, cases[i].length);
        CHECK_STRING(bytes, cases[i].json, cases[i].what);
    }
}

// Every byte at every place of a text longer than what is looked at at once.
static void test_places(void) {
    enum { LENGTH = 27 };
    int wrong = 0;
    for (int byte = 1; byte < 256; byte++)
        for (int place = 0; place < LENGTH; place++) {
            char plain[LENGTH + 1] = "abcdefghijklmnopqrstuvwxyz~", alone[16], bytes[64];
            char wanted[64];
            struct emit_text text, one;
            struct emit_json_writer writer;
            plain[place] = (char)byte;
            emit_text_init(&one, alone, sizeof alone);
            emit_json_writer_init(&writer, &one);
            emit_json_string_bytes(&writer, plain + place, 1);
            emit_text_init(&text, bytes, sizeof bytes);
            emit_json_writer_init(&writer, &text);
            emit_json_string_bytes(&writer, plain, LENGTH);
            (void)snprintf(wanted, sizeof wanted, "\"%.*s%.*s%s\"", place, plain,
                           (int)one.length - 2, alone + 1, plain + place + 1);
            wrong += strcmp(bytes, wanted) != 0;
        }
    CHECK(wrong == 0, "every byte is written the same at every place: %d wrong", wrong);
}

static void test_cut(void) {
    static const char whole[] = "{\"key\":\"value\"}";
    for (size_t size = 1; size <= sizeof whole; size++) {
        char bytes[sizeof whole + 1];
        memset(bytes, '#', sizeof bytes);
        struct emit_text text;
        struct emit_json_writer writer;
        emit_text_init(&text, bytes, size);
        emit_json_writer_init(&writer, &text);
        emit_json_open_object(&writer);
        emit_json_key(&writer, "key");
        emit_json_string(&writer, "value");
        emit_json_close_object(&writer);
        CHECK(text.cut == (size < sizeof whole), "%zu bytes: what is cut is remembered", size);
        CHECK(bytes[size] == '#' && strlen(bytes) < size, "%zu bytes: terminated inside", size);
    }
}

int main(void) {
    test_nesting();
    test_strings();
    test_places();
    test_cut();
    return check_end();
}
