// Text inside a width. Whatever comes from outside (commands, ids, sentences) is
// made printable first: a device's name cannot move the cursor.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_PAGE_H
#define PROGRAMS_EMIT_PAGE_H

#include <stddef.h>
#include <stdio.h>

enum { EMIT_PAGE_COLUMNS_MIN = 80 }; // narrower ones are treated as this

struct emit_page {
    FILE *out;
    int columns;
};

// Copies at most `columns` columns of string; a text that is longer ends in "...".
// Control characters become '?', bytes that are no UTF-8 U+FFFD. Returns the columns used.
int emit_page_copy(char *text, size_t size, const char *string, int columns);
// The same, but a text that is longer keeps its end and begins with "...".
int emit_page_copy_end(char *text, size_t size, const char *string, int columns);
// Columns a string takes when it is printed by these functions.
int emit_page_width(const char *string);

// `lead` and then the words of `text`, broken at blanks where the page ends;
// further lines are indented by `hang` columns. Ends with a line end.
void emit_page_words(const struct emit_page *page, const char *lead, int hang, const char *text);
// The same for a line of shell to paste: broken outside of quotes only, with a backslash.
// What has no such place is left longer than the page: a command that works goes before width.
void emit_page_shell(const struct emit_page *page, const char *lead, int hang, const char *text);
// A sentence, two columns in, and behind it a command to paste, on a line of its own where both
// are more than one: the command is never broken.
void emit_page_command(const struct emit_page *page, const char *sentence, const char *command);

#endif
