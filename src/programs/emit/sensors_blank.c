// Taking out of a text what tells one machine from another.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/sensors_blank.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { SERIAL_DIGITS = 8, UUID_LENGTH = 36, MAC_LENGTH = 17 };

static bool is_word(char character) {
    return isalnum((unsigned char)character);
}

// True when text begins with the shape: 'x' is a hexadecimal digit, all else itself.
static bool has_shape(const char *text, const char *shape) {
    for (; *shape; shape++, text++)
        if (*shape == 'x' ? !isxdigit((unsigned char)*text) : *text != *shape) return false;
    return !is_word(*text);
}

// The number of a secret, from 0: the same one always has the same.
static size_t number_of(struct emit_blanks *blanks, const char *secret, size_t length) {
    if (length >= EMIT_BLANK_SIZE) length = EMIT_BLANK_SIZE - 1;
    for (size_t i = 0; i < blanks->count; i++)
        if (strncasecmp(blanks->secrets[i], secret, length) == 0 && !blanks->secrets[i][length])
            return i;
    if (blanks->count == EMIT_BLANKS_MAX) return EMIT_BLANKS_MAX;
    memcpy(blanks->secrets[blanks->count], secret, length);
    blanks->secrets[blanks->count][length] = '\0';
    return blanks->count++;
}

// Length of the caller's word that text begins with; 0: none. Only whole words.
static size_t word_length(const struct emit_blanks *blanks, const char *text) {
    for (const char *const *word = blanks->words; word && *word; word++) {
        size_t length = strlen(*word);
        if (length && strncasecmp(text, *word, length) == 0 && !is_word(text[length]))
            return length;
    }
    return 0;
}

// Length of the word that text begins with when it looks like a serial number; else 0.
static size_t serial_length(const char *text) {
    size_t length = 0, digits = 0;
    for (; is_word(text[length]); length++)
        digits += isdigit((unsigned char)text[length]) != 0;
    return digits >= SERIAL_DIGITS ? length : 0;
}

void emit_blank(struct emit_blanks *blanks, char *out, size_t size, const char *text) {
    struct emit_text blanked;
    emit_text_init(&blanked, out, size);
    bool is_start = true; // of a word
    while (*text) {
        size_t taken = is_start ? word_length(blanks, text) : 0;
        if (taken) {
            emit_text_add(&blanked, "PRIVATE");
        } else if (is_start && has_shape(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")) {
            taken = UUID_LENGTH;
            emit_text_add_format(&blanked, "00000000-0000-4000-8000-%012zx",
                                 number_of(blanks, text, taken));
        } else if (is_start && has_shape(text, "xx:xx:xx:xx:xx:xx")) {
            taken = MAC_LENGTH;
            emit_text_add(&blanked, "00:00:00:00:00:00");
        } else if (is_start && (taken = serial_length(text))) {
            emit_text_add_format(&blanked, "BLANK%zu", number_of(blanks, text, taken));
        } else {
            char character = iscntrl((unsigned char)*text) ? ' ' : *text;
            emit_text_add_bytes(&blanked, &character, 1);
            taken = 1;
        }
        is_start = !is_word(text[taken - 1]);
        text += taken;
    }
}
