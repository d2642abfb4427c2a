// Takes out of a text what tells one machine or device from another: UUIDs, serial
// numbers, network addresses, and words the caller names. The same secret always gets
// the same stand-in, so that what was one device stays one.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_SENSORS_BLANK_H
#define PROGRAMS_EMIT_SENSORS_BLANK_H

#include <stddef.h>

enum {
    EMIT_BLANKS_MAX = 512, // secrets that are told apart; all further ones get one stand-in
    EMIT_BLANK_SIZE = 64,  // bytes of one that are looked at
};

struct emit_blanks {
    const char *const *words; // ended by NULL, borrowed; empty ones are passed over
    size_t count;
    char secrets[EMIT_BLANKS_MAX][EMIT_BLANK_SIZE];
};

// Copies text. Hexadecimal groups of 8-4-4-4-12 become 00000000-0000-4000-8000-<number>, six
// pairs with colons 00:00:00:00:00:00, words with eight digits and more BLANK<number>, the
// caller's words PRIVATE. Control characters become blanks. What does not fit is cut.
void emit_blank(struct emit_blanks *blanks, char *out, size_t size, const char *text);

#endif
