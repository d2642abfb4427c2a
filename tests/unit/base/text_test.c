// Bounded text: what does not fit is cut and remembered, never overrun.
// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include "check.h"

static void check_shell_words(void) {
    static const char *const rows[][2] = {
        {"data/coefficients", "data/coefficients"},
        {"", "''"},
        {"my rows", "'my rows'"},
        {"it's", "'it'\\''s'"},
        {"$HOME", "'$HOME'"},
        {"~", "'~'"},
        {"a;b", "'a;b'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char buffer[32];
        struct emit_text text;
        emit_text_init(&text, buffer, sizeof buffer);
        emit_text_add_shell_word(&text, rows[i][0]);
        CHECK_STRING(buffer, rows[i][1], "one word of a shell");
    }
}

static void check_whole(void) {
    static const struct {
        const char *text;
        size_t room, whole;
    } rows[] = {{"abc", 3, 3},
                {"abc", 2, 2},
                {"a\xc3\xa9", 2, 1},
                {"a\xc3\xa9", 3, 3},
                {"\xf0\x9f\x98\x80z", 3, 0},
                {"\xf0\x9f\x98\x80z", 4, 4},
                {"", 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t whole = emit_text_whole(rows[i].text, strlen(rows[i].text), rows[i].room);
        CHECK(whole == rows[i].whole, "row %zu: %zu bytes are whole characters", i, whole);
    }
}

int main(void) {
    check_shell_words();
    check_whole();
    char buffer[8];
    struct emit_text text;
    emit_text_init(&text, buffer, sizeof buffer);
    CHECK_STRING(buffer, "", "begins empty");
    emit_text_add(&text, "abc");
    emit_text_add_format(&text, "%d", 12);
    CHECK(!text.cut && text.length == 5, "five bytes fit");
    CHECK_STRING(buffer, "abc12", "in pieces");
    emit_text_add_bytes(&text, "xyz", 3);
    CHECK(text.cut && text.length == 7, "the eighth byte is the terminator's");
    CHECK_STRING(buffer, "abc12xy", "cut at the end");
    emit_text_add_format(&text, "%s", "more");
    CHECK_STRING(buffer, "abc12xy", "nothing more");
    CHECK(!emit_text_format(buffer, 4, "%s", "long") && strcmp(buffer, "lon") == 0,
          "format says it was cut");
    CHECK(emit_text_format(buffer, 4, "%s", "fit") && strcmp(buffer, "fit") == 0,
          "and that it was not");
    char one[1];
    emit_text_init(&text, one, sizeof one);
    emit_text_add(&text, "a");
    CHECK(text.cut && one[0] == '\0', "a buffer of one byte holds the empty text");
    CHECK(emit_text_has_prefix("package-0", "package-") &&
              !emit_text_has_prefix("pack", "package-"),
          "prefixes");
    return check_end();
}
