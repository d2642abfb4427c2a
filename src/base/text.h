// Bounded text: a buffer of the caller's with a stated size, written in pieces.
// What does not fit is cut and remembered, never overrun; the text is always
// terminated. Check `cut` once at the end instead of every call.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct emit_text {
    char *at;      // the caller's buffer
    size_t size;   // of the buffer in bytes, terminator included; at least 1
    size_t length; // bytes written, terminator not counted
    bool cut;      // something did not fit
};

// Begins an empty text in the caller's buffer of size >= 1 bytes.
void emit_text_init(struct emit_text *text, char *at, size_t size);
void emit_text_add_bytes(struct emit_text *text, const char *bytes, size_t length);
// Inline: the length of a literal is then known when it is compiled.
static inline void emit_text_add(struct emit_text *text, const char *string) {
    emit_text_add_bytes(text, string, strlen(string));
}
static inline void emit_text_add_byte(struct emit_text *text, char byte) {
    if (text->length + 1 < text->size) {
        text->at[text->length++] = byte;
        text->at[text->length] = '\0';
    } else {
        text->cut = true;
    }
}
void emit_text_add_format(struct emit_text *text, const char *format, ...) EMIT_PRINTF(2, 3);
// As one word of a line of shell: as it is where no shell would see more in it, else in quotes.
void emit_text_add_shell_word(struct emit_text *text, const char *word);

// One whole text at once. Returns false when it was cut to fit.
bool emit_text_format(char *at, size_t size, const char *format, ...) EMIT_PRINTF(3, 4);

// How many of the text's first `room` bytes hold whole characters of UTF-8: where to cut it.
size_t emit_text_whole(const char *bytes, size_t length, size_t room);

// True when string begins with prefix.
bool emit_text_has_prefix(const char *string, const char *prefix);

#endif
