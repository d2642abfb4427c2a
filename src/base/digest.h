// SHA-256 of bytes that stand together, and its text.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum {
    EMIT_DIGEST = 32, // bytes
    EMIT_DIGEST_TEXT = 2 * EMIT_DIGEST + 1,
};

void emit_digest_of(const void *bytes, size_t length, unsigned char digest[EMIT_DIGEST]);

// 64 lower-case hexadecimal digits and a terminator.
void emit_digest_write(const unsigned char digest[EMIT_DIGEST], char text[EMIT_DIGEST_TEXT]);
// The digest that so many characters are the text of; false for any others.
bool emit_digest_read(const char *text, size_t length, unsigned char digest[EMIT_DIGEST]);

#endif
