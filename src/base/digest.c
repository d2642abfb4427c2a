// SHA-256 by libmd, and how it is written.
// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <sha2.h>

void emit_digest_of(const void *bytes, size_t length, unsigned char digest[EMIT_DIGEST]) {
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, bytes, length);
    SHA256Final(digest, &context);
}

void emit_digest_write(const unsigned char digest[EMIT_DIGEST], char text[EMIT_DIGEST_TEXT]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < EMIT_DIGEST; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[EMIT_DIGEST_TEXT - 1] = '\0';
}

// One more than a digit's value; 0 for what is none.
static const unsigned char values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

static unsigned value_of(char digit) {
    return values[(unsigned char)digit] - 1u; // no digit: above 15
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
