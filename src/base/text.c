// Bounded text in the caller's memory.
// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void emit_text_init(struct emit_text *text, char *at, size_t size) {
    *text = (struct emit_text){.at = at, .size = size};
    at[0] = '\0';
}

void emit_text_add_bytes(struct emit_text *text, const char *bytes, size_t length) {
    size_t room = text->size - 1 - text->length;
    if (length > room) {
        text->cut = true;
        length = room;
    }
    memcpy(text->at + text->length, bytes, length);
    text->length += length;
    text->at[text->length] = '\0';
}

EMIT_PRINTF(2, 0)
static bool add_formatted(struct emit_text *text, const char *format, va_list arguments) {
    size_t room = text->size - text->length;
    int wanted = vsnprintf(text->at + text->length, room, format, arguments);
    if (wanted < 0) {
        text->at[text->length] = '\0';
        text->cut = true;
    } else if ((size_t)wanted >= room) {
        text->length = text->size - 1;
        text->cut = true;
    } else {
        text->length += (size_t)wanted;
    }
    return !text->cut;
}

void emit_text_add_format(struct emit_text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)add_formatted(text, format, arguments);
    va_end(arguments);
}

void emit_text_add_shell_word(struct emit_text *text, const char *word) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-_./,:+@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        emit_text_add(text, word);
        return;
    }
    emit_text_add_byte(text, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            emit_text_add(text, "'\\''"); // no quote can stand within the quotes
        else
            emit_text_add_byte(text, *word);
    }
    emit_text_add_byte(text, '\'');
}

bool emit_text_format(char *at, size_t size, const char *format, ...) {
    struct emit_text text;
    emit_text_init(&text, at, size);
    va_list arguments;
    va_start(arguments, format);
    bool whole = add_formatted(&text, format, arguments);
    va_end(arguments);
    return whole;
}

bool emit_text_has_prefix(const char *string, const char *prefix) {
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

size_t emit_text_whole(const char *bytes, size_t length, size_t room) {
    if (length <= room) return length;
    while (room > 0 && ((unsigned char)bytes[room] & 0xc0) == 0x80)
        room--; // inside a character
    return room;
}
