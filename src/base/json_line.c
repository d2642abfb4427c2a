// The quotes of a line, and the proof that nothing else in it stands out.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_line.h"

enum { BLOCK = EMIT_JSON_LINE_BLOCK };

// What 64 bytes hold: a bit a byte, and whether a byte stands out.
struct block {
    uint64_t quotes, backslashes;
    bool odd; // a control character, or a byte that is not ASCII
};

#ifdef __SSE2__
struct bytes {
    __m128i a, b, c, d;
};

static inline uint64_t places_of(const struct bytes *in, __m128i wanted) {
    uint32_t low = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(in->a, wanted)) |
                   (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(in->b, wanted)) << 16;
    uint32_t high = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(in->c, wanted)) |
                    (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(in->d, wanted)) << 16;
    return low | (uint64_t)high << 32;
}

static inline struct block look_at_block(const char *at) {
    const __m128i slash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(0x20);
    const __m128i *from = (const __m128i *)(const void *)at;
    const struct bytes in = {_mm_loadu_si128(from), _mm_loadu_si128(from + 1),
                             _mm_loadu_si128(from + 2), _mm_loadu_si128(from + 3)};
    __m128i slashes =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(in.a, slash), _mm_cmpeq_epi8(in.b, slash)),
                     _mm_or_si128(_mm_cmpeq_epi8(in.c, slash), _mm_cmpeq_epi8(in.d, slash)));
    // As signed bytes both control characters and bytes >= 0x80 are below a space.
    __m128i odd =
        _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(in.a, space), _mm_cmplt_epi8(in.b, space)),
                     _mm_or_si128(_mm_cmplt_epi8(in.c, space), _mm_cmplt_epi8(in.d, space)));
    bool has_slashes = _mm_movemask_epi8(slashes) != 0; // their places are rarely asked for
    return (struct block){places_of(&in, _mm_set1_epi8('"')),
                          has_slashes ? places_of(&in, slash) : 0, _mm_movemask_epi8(odd) != 0};
}
#else
static inline struct block look_at_block(const char *at) {
    struct block block = {0, 0, false};
    for (int i = 0; i < BLOCK; i++) {
        block.quotes |= (uint64_t)(at[i] == '"') << i;
        block.backslashes |= (uint64_t)(at[i] == '\\') << i;
        block.odd |= (signed char)at[i] < 0x20;
    }
    return block;
}
#endif

// True when all bytes are of valid UTF-8 and none is a control character.
static bool is_plain_utf8(const char *at, const char *end) {
    while (at < end) {
        if ((signed char)*at >= 0x20) {
            at++;
            continue;
        }
        size_t length = (unsigned char)*at < 0x80 ? 0 : emit_utf8_length(at, end);
        if (!length) return false;
        at += length;
    }
    return true;
}

// Bits from `from` on, and below `to`, of a word.
static uint64_t bits_between(ptrdiff_t from, ptrdiff_t to) {
    uint64_t below = to < BLOCK ? (UINT64_C(1) << to) - 1 : UINT64_MAX;
    return below & UINT64_MAX << from;
}

// Takes the quotes of escapes away: those of the block at `begin`, and what reaches into it
// of the one before. *behind is the end of the last escape; it may lie in the next block.
// False when one is none that JSON allows.
static bool drop_escapes(struct block *block, const char *begin, const char *end,
                         const char **behind) {
    if (*behind > begin) {
        uint64_t others = ~bits_between(0, *behind - begin);
        block->quotes &= others;
        block->backslashes &= others;
    }
    while (block->backslashes) {
        const char *at = begin + __builtin_ctzll(block->backslashes);
        size_t length = emit_json_escape_length(at, end);
        if (!length) return false;
        *behind = at + length;
        uint64_t others = ~bits_between(at - begin, *behind - begin);
        block->quotes &= others;
        block->backslashes &= others;
    }
    return true;
}

bool emit_json_line_index(uint64_t *words, bool *escapes, const char *text, size_t length) {
    if (length < 2 || text[0] != '{' || text[length - 1] != '}') return false;
    const char *end = text + length, *behind = text;
    uint64_t parity = 0;
    bool odd = false;
    size_t count = 0;
    for (const char *begin = text; begin < end; begin += BLOCK) {
        char rest[BLOCK];
        const char *bytes = begin;
        if (end - begin < BLOCK) { // spaces behind the end change nothing
            memset(rest, ' ', sizeof rest);
            memcpy(rest, begin, (size_t)(end - begin));
            bytes = rest;
        }
        struct block block = look_at_block(bytes);
        odd |= block.odd;
        if ((block.backslashes || behind > begin) && !drop_escapes(&block, begin, end, &behind))
            return false;
        parity ^= block.quotes;
        words[count++] = block.quotes;
    }
    words[count] = UINT64_MAX; // behind the last quote: no place of the line
    *escapes = behind > text;
    // Quotes come in pairs: whoever finds the first of a pair may take the second.
    return __builtin_parityll(parity) == 0 && (!odd || is_plain_utf8(text, end));
}
