// Text inside a width: cut, broken, and never moving the cursor.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "programs/emit/page.h"

#include <stdbool.h>
#include <stdlib.h>

static void test_copy(void) {
    static const struct {
        const char *string;
        int columns;
        const char *head; // emit_page_copy
        const char *tail; // emit_page_copy_end
    } cases[] = {
        {"", 5, "", ""},
        {"short", 5, "short", "short"},
        {"longer", 5, "lo...", "...er"},
        {"longer", 2, "lo", "lo"},
        {"a\x1b[2Jb\n", 9, "a?[2Jb?", "a?[2Jb?"},
        {"\xc2\x9b"
         "1m",
         9, "?1m", "?1m"}, // the 8-bit CSI
        {"a\xe2\x80\xae"
         "b",
         9, "a?b", "a?b"},                           // right-to-left override
        {"\xff", 9, "\xef\xbf\xbd", "\xef\xbf\xbd"}, // no UTF-8
        {"\xc0\xaf", 9, "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd"}, // overlong
        {"\xed\xa0\x80", 2, "\xef\xbf\xbd", "\xef\xbf\xbd"},                     // a surrogate, cut
        {"\xe7\x95\x8c\xe7\x95\x8c\xe7\x95\x8c", 5, "\xe7\x95\x8c...", "...\xe7\x95\x8c"},
        {"\xc2\xb1\xc2\xb1", 2, "\xc2\xb1\xc2\xb1", "\xc2\xb1\xc2\xb1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        int used = emit_page_copy(text, sizeof text, cases[i].string, cases[i].columns);
        CHECK_STRING(text, cases[i].head, "the beginning is kept");
        CHECK(used == emit_page_width(text) && used <= cases[i].columns, "its width is %d", used);
        used = emit_page_copy_end(text, sizeof text, cases[i].string, cases[i].columns);
        CHECK_STRING(text, cases[i].tail, "the end is kept");
        CHECK(used == emit_page_width(text) && used <= cases[i].columns, "its width is %d", used);
    }
    char small[5];
    emit_page_copy(small, sizeof small, "\xe7\x95\x8c\xe7\x95\x8c", 9);
    CHECK_STRING(small, "\xe7\x95\x8c", "a small buffer cuts between characters");
}

static void test_lines(void) {
    static const char ten[] = "123456789 123456789 123456789 123456789 123456789 123456789 "
                              "123456789 123456789 x";
    static const struct {
        void (*print)(const struct emit_page *, const char *, int, const char *);
        const char *text, *wanted;
    } cases[] = {
        {emit_page_words, "", "  \n"},
        {emit_page_words, "one line", "  one line\n"},
        {emit_page_words, // 78 columns of text fill the line
         "123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345678 next",
         "  123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345678\n"
         "    next\n"},
        {emit_page_shell, "don't break 'a b' \"it's\" end", "  don't break 'a b' \"it's\" end\n"},
        {emit_page_words, ten,
         "  123456789 123456789 123456789 123456789 123456789 123456789 123456789\n"
         "    123456789 x\n"},
        {emit_page_shell, ten,
         "  123456789 123456789 123456789 123456789 123456789 123456789 123456789 \\\n"
         "    123456789 x\n"},
        {emit_page_shell,
         "sudo sh -c 'a quoted command of more than eighty columns, which must not be broken "
         "anywhere' end",
         "  sudo sh -c \\\n"
         "    'a quoted command of more than eighty columns, which must not be broken anywhere' "
         "\\\n    end\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        if (!out) abort();
        const struct emit_page page = {.out = out, .columns = 80};
        cases[i].print(&page, "  ", 4, cases[i].text);
        if (fclose(out) != 0) abort();
        if (!CHECK(strcmp(text, cases[i].wanted) == 0, "lines of case %zu", i))
            printf("# got:\n%s# wanted:\n%s", text, cases[i].wanted);
        free(text);
    }
}

static void test_command(void) {
    static const struct {
        const char *sentence, *command, *wanted;
    } cases[] = {
        {"1 event.", "emit show 'a b'", "  1 event.  emit show 'a b'\n"},
        {"A sentence of sixty columns, and not one of them more, ends.", "emit show abcdef",
         "  A sentence of sixty columns, and not one of them more, ends.  emit show abcdef\n"},
        {"A sentence of sixty columns, and not one of them more, ends.", "emit show abcdefg",
         "  A sentence of sixty columns, and not one of them more, ends.\n  emit show abcdefg\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        if (!out) abort();
        const struct emit_page page = {.out = out, .columns = 80};
        emit_page_command(&page, cases[i].sentence, cases[i].command);
        if (fclose(out) != 0) abort();
        CHECK_STRING(text, cases[i].wanted, "a sentence and a command");
        free(text);
    }
}

// A line to paste is the same command when its lines are joined again.
static void test_shell_survives(void) {
    char command[400];
    for (size_t word = 1; word < 60; word++) {
        size_t length = 0;
        while (length + word + 2 < sizeof command - 1) {
            memset(command + length, 'x', word);
            length += word;
            command[length++] = ' ';
        }
        command[length - 1] = '\0';
        char *text = NULL, joined[800];
        size_t size = 0, used = 0;
        FILE *out = open_memstream(&text, &size);
        if (!out) abort();
        const struct emit_page page = {.out = out, .columns = 80};
        emit_page_shell(&page, "", 4, command);
        if (fclose(out) != 0) abort();
        int widest = 0, width = 0;
        for (const char *at = text; *at; at++) {
            bool joins = at[0] == '\\' && at[1] == '\n';
            if (!joins && *at != '\n') joined[used++] = *at;
            if (++width > widest && *at != '\n') widest = width;
            if (!joins) continue;
            at += 1 + 4; // the line end and the indent
            width = 4;
        }
        joined[used] = '\0';
        CHECK(strcmp(joined, command) == 0 && widest <= 80, "words of %zu letters, %d columns",
              word, widest);
        free(text);
    }
}

int main(void) {
    test_copy();
    test_lines();
    test_command();
    test_shell_survives();
    return check_end();
}
