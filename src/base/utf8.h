// UTF-8, one character after the other.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

// Bytes of the character at text, which is before end; 0 when they are not well-formed
// (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
static inline size_t emit_utf8_length(const char *text, const char *end) {
    const unsigned char *at = (const unsigned char *)text;
    ptrdiff_t left = end - text;
    unsigned char lead = at[0];
    if (lead < 0x80) return 1;
    if (lead < 0xc2) return 0;
    if (lead < 0xe0) return left >= 2 && (at[1] & 0xc0) == 0x80 ? 2 : 0;
    if (left < 3 || (at[1] & 0xc0) != 0x80 || (at[2] & 0xc0) != 0x80) return 0;
    if (lead < 0xf0) {
        if ((lead == 0xe0 && at[1] < 0xa0) || (lead == 0xed && at[1] > 0x9f)) return 0;
        return 3;
    }
    if (lead > 0xf4 || left < 4 || (at[3] & 0xc0) != 0x80) return 0;
    if ((lead == 0xf0 && at[1] < 0x90) || (lead == 0xf4 && at[1] > 0x8f)) return 0;
    return 4;
}

// The character of so many bytes, well-formed ones.
static inline uint32_t emit_utf8_point(const char *text, size_t length) {
    const unsigned char *at = (const unsigned char *)text;
    uint32_t point = length == 1 ? at[0] : at[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++)
        point = point << 6 | (at[i] & 0x3f);
    return point;
}

#endif
