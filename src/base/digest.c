// SHA-256: who computes it, and how it is written.
// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include "base/digest_processor.h"

#include <sha2.h>

void emit_digest_of_portably(const void *bytes, size_t length, unsigned char digest[EMIT_DIGEST]) {
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, bytes, length);
    SHA256Final(digest, &context);
}

void emit_digest_of(const void *bytes, size_t length, unsigned char digest[EMIT_DIGEST]) {
    if (!emit_digest_by_processor(bytes, length, digest))
        emit_digest_of_portably(bytes, length, digest);
}

void emit_digest_write(const unsigned char digest[EMIT_DIGEST], char text[EMIT_DIGEST_TEXT]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < EMIT_DIGEST; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[EMIT_DIGEST_TEXT - 1] = '\0';
}

// Above 15 for what is no digit.
static unsigned value_of(char digit) {
    unsigned of_number = (unsigned)(unsigned char)digit - '0',
             of_letter = (unsigned)(unsigned char)digit - 'a';
    return of_number < 10 ? of_number : of_letter < 6 ? of_letter + 10 : 16;
}

bool emit_digest_read(const char *text, size_t length, unsigned char digest[EMIT_DIGEST]) {
    if (length != EMIT_DIGEST_TEXT - 1) return false;
    unsigned all = 0;
    for (size_t i = 0; i < EMIT_DIGEST; i++) {
        unsigned high = value_of(text[2 * i]), low = value_of(text[2 * i + 1]);
        all |= high | low;
        digest[i] = (unsigned char)(high << 4 | low);
    }
    return all < 16;
}
