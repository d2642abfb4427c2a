// SipHash-1-3-128, after the paper and its authors' note on 128 bits.
// SPDX-License-Identifier: Apache-2.0
#include "base/siphash.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

struct state {
    uint64_t a, b, c, d; // v0 to v3
};

static inline uint64_t turned(uint64_t word, int bits) {
    return word << bits | word >> (64 - bits);
}

static inline void round_of(struct state *at) {
    at->a += at->b;
    at->b = turned(at->b, 13) ^ at->a;
    at->a = turned(at->a, 32);
    at->c += at->d;
    at->d = turned(at->d, 16) ^ at->c;
    at->a += at->d;
    at->d = turned(at->d, 21) ^ at->a;
    at->c += at->b;
    at->b = turned(at->b, 17) ^ at->c;
    at->c = turned(at->c, 32);
}

static inline void take(struct state *at, uint64_t word) {
    at->d ^= word;
    round_of(at);
    at->a ^= word;
}

static inline uint64_t finish(struct state *at) {
    for (int i = 0; i < 3; i++)
        round_of(at);
    return at->a ^ at->b ^ at->c ^ at->d;
}

// The last bytes, fewer than eight, as the low ones of a word: where there are eight bytes up
// to the end, all at once.
static inline uint64_t rest_of(const unsigned char *from, size_t left, bool has_eight) {
    uint64_t word = 0;
    if (has_eight && left > 0) {
        memcpy(&word, from + left - sizeof word, sizeof word);
        return le64toh(word) >> 8 * (sizeof word - left);
    }
    for (size_t i = 0; i < left; i++)
        word |= (uint64_t)from[i] << 8 * i;
    return word;
}

struct emit_siphash emit_siphash(const uint64_t key[2], const void *bytes, size_t length) {
    struct state at = {
        .a = key[0] ^ UINT64_C(0x736f6d6570736575),
        .b = key[1] ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
        .c = key[0] ^ UINT64_C(0x6c7967656e657261),
        .d = key[1] ^ UINT64_C(0x7465646279746573),
    };
    const unsigned char *from = bytes;
    size_t left = length;
    uint64_t word;
    for (; left >= sizeof word; left -= sizeof word, from += sizeof word) {
        memcpy(&word, from, sizeof word);
        take(&at, le64toh(word));
    }
    take(&at, rest_of(from, left, length >= sizeof word) | (uint64_t)length << 56);
    struct emit_siphash digest;
    at.c ^= 0xee;
    digest.low = finish(&at);
    at.b ^= 0xdd;
    digest.high = finish(&at);
    return digest;
}
