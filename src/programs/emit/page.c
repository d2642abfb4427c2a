// Text inside a width: made printable, cut, or broken into lines.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/page.h"

#include "base/text.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// One character of a string as it will be printed.
struct glyph {
    const char *bytes;
    size_t length; // of bytes
    size_t taken;  // of the string
    int columns;
};

// Controls of both kinds, and what turns the direction of writing.
static bool is_unprintable(uint32_t point) {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
}

static struct glyph next_glyph(const char *at) {
    size_t length = emit_utf8_length(at, at + strnlen(at, 4)); // the longest character
    uint32_t point = emit_utf8_point(at, length);
    if (length == 0) return (struct glyph){"\xef\xbf\xbd", 3, 1, 2};
    if (is_unprintable(point)) return (struct glyph){"?", 1, length, 1};
    // From the Hangul letters on, many are two columns wide: counted so, lines are never longer.
    return (struct glyph){at, length, length, point >= 0x1100 ? 2 : 1};
}

int emit_page_width(const char *string) {
    int columns = 0;
    for (struct glyph glyph; *string; string += glyph.taken) {
        glyph = next_glyph(string);
        columns += glyph.columns;
    }
    return columns;
}

// Adds glyphs while they fit both the columns and the buffer; returns columns used.
static int add_glyphs(struct emit_text *text, const char *string, int columns) {
    int used = 0;
    for (struct glyph glyph; *string; string += glyph.taken) {
        glyph = next_glyph(string);
        if (used + glyph.columns > columns || text->length + glyph.length >= text->size) break;
        emit_text_add_bytes(text, glyph.bytes, glyph.length);
        used += glyph.columns;
    }
    return used;
}

int emit_page_copy(char *text, size_t size, const char *string, int columns) {
    struct emit_text out;
    emit_text_init(&out, text, size);
    bool fits = emit_page_width(string) <= columns;
    int used = add_glyphs(&out, string, fits || columns < 3 ? columns : columns - 3);
    if (!fits && columns >= 3) used += add_glyphs(&out, "...", 3);
    return used;
}

int emit_page_copy_end(char *text, size_t size, const char *string, int columns) {
    int excess = emit_page_width(string) - columns;
    if (excess <= 0 || columns < 3) return emit_page_copy(text, size, string, columns);
    struct emit_text out;
    emit_text_init(&out, text, size);
    int used = add_glyphs(&out, "...", 3);
    for (int skipped = 0; skipped < excess + 3 && *string;) {
        struct glyph glyph = next_glyph(string);
        skipped += glyph.columns;
        string += glyph.taken;
    }
    return used + add_glyphs(&out, string, columns - used);
}

static void print_glyphs(FILE *out, const char *from, const char *end) {
    for (struct glyph glyph; from < end; from += glyph.taken) {
        glyph = next_glyph(from);
        (void)fwrite(glyph.bytes, 1, glyph.length, out);
    }
}

struct line_end {
    const char *at;   // the line is printed up to here,
    const char *next; // and the next one begins here
    bool broken;      // at a blank, with more to come
};

// The quote that is open behind this character of a line of shell; NUL for none.
static char quote_after(char quote, char character) {
    bool turns = character == '\'' ? quote != '"' : character == '"' && quote != '\'';
    return turns ? (quote ? '\0' : character) : quote;
}

// Where a line of `room` columns ends: at the last blank within them. In a line of
// shell a blank inside of quotes is no place to break, and no word is ever cut.
static struct line_end find_line_end(const char *text, int room, bool shell) {
    const char *blank = NULL, *at = text;
    char quote = '\0';
    int columns = 0;
    for (struct glyph glyph; *at; at += glyph.taken) {
        glyph = next_glyph(at);
        columns += glyph.columns;
        bool over = columns > room, is_blank = *at == ' ' && !quote && at > text;
        if (over && is_blank) return (struct line_end){at, at + 1, true};
        if (over && blank) return (struct line_end){blank, blank + 1, true};
        if (over && !shell) return (struct line_end){at, at, true};
        if (is_blank) blank = at;
        if (shell) quote = quote_after(quote, *at);
    }
    return (struct line_end){at, at, false};
}

static void print_lines(const struct emit_page *page, const char *lead, int hang, const char *text,
                        bool shell) {
    int columns = page->columns < EMIT_PAGE_COLUMNS_MIN ? EMIT_PAGE_COLUMNS_MIN : page->columns;
    print_glyphs(page->out, lead, lead + strlen(lead));
    int room = columns - emit_page_width(lead);
    for (;;) {
        struct line_end end = find_line_end(text, room, shell);
        // A line that goes on needs two columns more, for its backslash.
        if (shell && end.broken) end = find_line_end(text, room - 2, true);
        print_glyphs(page->out, text, end.at);
        if (!end.broken || !*end.next) break;
        fprintf(page->out, "%s\n%*s", shell ? " \\" : "", hang, "");
        text = end.next;
        room = columns - hang;
    }
    fputc('\n', page->out);
}

void emit_page_words(const struct emit_page *page, const char *lead, int hang, const char *text) {
    print_lines(page, lead, hang, text, false);
}

void emit_page_shell(const struct emit_page *page, const char *lead, int hang, const char *text) {
    print_lines(page, lead, hang, text, true);
}

void emit_page_command(const struct emit_page *page, const char *sentence, const char *command) {
    int columns = page->columns < EMIT_PAGE_COLUMNS_MIN ? EMIT_PAGE_COLUMNS_MIN : page->columns;
    bool fits = 2 + emit_page_width(sentence) + 2 + emit_page_width(command) <= columns;
    if (fits)
        fprintf(page->out, "  %s", sentence);
    else
        emit_page_words(page, "  ", 2, sentence);
    fputs("  ", page->out);
    print_glyphs(page->out, command, command + strlen(command));
    fputc('\n', page->out);
}
