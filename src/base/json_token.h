// The tokens of JSON as inline functions: what the pull scanner of json.c and
// the wall's own pass over an event both stand on. Nothing here reads at `end`.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_JSON_TOKEN_H
#define BASE_JSON_TOKEN_H

#include "base/json.h"
#include "base/utf8.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool emit_json_is_digit(char c) {
    return (unsigned)(c - '0') < 10;
}

// The four hexadecimal digits at `at` as a number; -1 when they are none.
static inline int emit_json_hex_unit(const char *at) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit;
        if (emit_json_is_digit(c))
            digit = c - '0';
        else if (c >= 'a' && c <= 'f')
            digit = c - 'a' + 10;
        else if (c >= 'A' && c <= 'F')
            digit = c - 'A' + 10;
        else
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

// Length of the escape whose backslash stands at `at`; 0 when it is none that we take: JSON
// has no such one, it is half a pair of surrogates, or U+0000.
static inline size_t emit_json_escape_length(const char *at, const char *end) {
    if (end - at < 2) return 0;
    if (at[1] == '"' || at[1] == '\\' || at[1] == '/') return 2;
    if (at[1] == 'n' || at[1] == 't' || at[1] == 'r' || at[1] == 'b' || at[1] == 'f') return 2;
    if (at[1] != 'u') return 0;
    int unit = end - at >= 6 ? emit_json_hex_unit(at + 2) : -1;
    bool high = unit >= 0xd800 && unit < 0xdc00, low = unit >= 0xdc00 && unit < 0xe000;
    if (unit > 0 && !high && !low) return 6;
    if (!high || end - at < 12 || at[6] != '\\' || at[7] != 'u') return 0;
    int second = emit_json_hex_unit(at + 8);
    return second >= 0xdc00 && second < 0xe000 ? 12 : 0;
}

// The end of the bytes from `at` that a string may hold as they are.
static inline const char *emit_json_skip_plain(const char *at, const char *end) {
#ifdef __SSE2__
    // One comparison finds control characters and bytes >= 0x80: both are below 0x20 as signed.
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                  space = _mm_set1_epi8(0x20);
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        int mask = _mm_movemask_epi8(_mm_or_si128(odd, _mm_cmplt_epi8(bytes, space)));
        if (mask) return at + __builtin_ctz((unsigned)mask);
    }
#endif
    while (at < end && (signed char)*at >= 0x20 && *at != '"' && *at != '\\')
        at++;
    return at;
}

// The end of the number at `at`, or NULL when the grammar has no such number.
static inline const char *emit_json_number_end(const char *at, const char *end) {
    if (at < end && *at == '-') at++;
    if (at >= end || !emit_json_is_digit(*at)) return NULL;
    if (*at++ != '0')
        while (at < end && emit_json_is_digit(*at))
            at++;
    if (at < end && *at == '.') {
        at++;
        if (at >= end || !emit_json_is_digit(*at)) return NULL;
        while (at < end && emit_json_is_digit(*at))
            at++;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        if (at >= end || !emit_json_is_digit(*at)) return NULL;
        while (at < end && emit_json_is_digit(*at))
            at++;
    }
    return at;
}

// The end of an integer of few digits that ends in front of a comma or brace, as most numbers
// are; NULL: look closer.
static inline const char *emit_json_integer_end(const char *at, const char *end) {
    const char *begin = at;
    while (at < end && emit_json_is_digit(*at))
        at++;
    bool is_plain = at > begin && (*begin != '0' || at - begin == 1) && at - begin < 20;
    return is_plain && at < end && (*at == ',' || *at == '}' || *at == ']') ? at : NULL;
}

static inline const char *emit_json_skip_space(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

#endif
