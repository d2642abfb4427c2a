// SHA-256 by the SHA extensions of x86-64 (Intel's manual, volume 2, SHA256RNDS2): a block of 64
// bytes in 16 steps of four rounds.
//
// What surprises: the instructions keep the eight words of the state as two vectors, ABEF and
// CDGH, the first letter in the highest word.
// SPDX-License-Identifier: Apache-2.0
#include "base/digest_processor.h"

#include <immintrin.h>
#include <stdint.h>
#include <string.h>
#include <sys/platform/x86.h>

#define WITH_SHA __attribute__((target("sha,sse4.1")))

enum { BLOCK = 64, LENGTH_AT = BLOCK - 8 };

// FIPS 180-4, 4.2.2.
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

struct state {
    __m128i abef, cdgh;
};

WITH_SHA static inline __m128i big_endian(__m128i words) {
    return _mm_shuffle_epi8(words, _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

WITH_SHA static inline void four_rounds(struct state *state, __m128i words, size_t round) {
    __m128i sum =
        _mm_add_epi32(words, _mm_loadu_si128((const __m128i *)(const void *)&constants[round]));
    state->cdgh = _mm_sha256rnds2_epu32(state->cdgh, state->abef, sum);
    state->abef = _mm_sha256rnds2_epu32(state->abef, state->cdgh, _mm_unpackhi_epi64(sum, sum));
}

// The four words of the schedule behind these sixteen.
WITH_SHA static inline __m128i next_words(__m128i first, __m128i second, __m128i third,
                                          __m128i fourth) {
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(first, second),
                                _mm_alignr_epi8(fourth, third, sizeof(uint32_t)));
    return _mm_sha256msg2_epu32(sum, fourth);
}

WITH_SHA static void add_blocks(struct state *state, const unsigned char *bytes, size_t count) {
    for (const unsigned char *end = bytes + count * BLOCK; bytes < end; bytes += BLOCK) {
        const struct state before = *state;
        const __m128i *block = (const __m128i *)(const void *)bytes;
        __m128i first = big_endian(_mm_loadu_si128(&block[0]));
        __m128i second = big_endian(_mm_loadu_si128(&block[1]));
        __m128i third = big_endian(_mm_loadu_si128(&block[2]));
        __m128i fourth = big_endian(_mm_loadu_si128(&block[3]));
        four_rounds(state, first, 0);
        four_rounds(state, second, 4);
        four_rounds(state, third, 8);
        four_rounds(state, fourth, 12);
        for (size_t round = 16; round < 64; round += 16) {
            first = next_words(first, second, third, fourth);
            four_rounds(state, first, round);
            second = next_words(second, third, fourth, first);
            four_rounds(state, second, round + 4);
            third = next_words(third, fourth, first, second);
            four_rounds(state, third, round + 8);
            fourth = next_words(fourth, first, second, third);
            four_rounds(state, fourth, round + 12);
        }
        state->abef = _mm_add_epi32(state->abef, before.abef);
        state->cdgh = _mm_add_epi32(state->cdgh, before.cdgh);
    }
}

// What is left of the bytes, a bit, zeros, and how many bits there were: one block or two.
static size_t pad(unsigned char last[2 * BLOCK], const unsigned char *rest, size_t length) {
    size_t left = length % BLOCK, count = left < LENGTH_AT ? 1 : 2;
    uint64_t bits = __builtin_bswap64((uint64_t)length * 8);
    memset(last, 0, 2 * BLOCK);
    if (left > 0) memcpy(last, rest, left);
    last[left] = 0x80;
    memcpy(last + count * BLOCK - sizeof bits, &bits, sizeof bits);
    return count;
}

WITH_SHA static void digest_of(const unsigned char *bytes, size_t length,
                               unsigned char digest[EMIT_DIGEST]) {
    unsigned char last[2 * BLOCK];
    size_t whole = length / BLOCK, padded = pad(last, bytes + whole * BLOCK, length);
    // FIPS 180-4, 5.3.3.
    struct state state = {
        .abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
        .cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19),
    };
    add_blocks(&state, bytes, whole);
    add_blocks(&state, last, padded);
    const __m128i halves[] = {_mm_unpackhi_epi64(state.cdgh, state.abef),  // A to D
                              _mm_unpacklo_epi64(state.cdgh, state.abef)}; // E to H
    for (size_t i = 0; i < 2; i++) { // the highest word becomes the first
        __m128i words = big_endian(_mm_shuffle_epi32(halves[i], _MM_SHUFFLE(0, 1, 2, 3)));
        _mm_storeu_si128((__m128i *)(void *)(digest + 16 * i), words);
    }
}

bool emit_digest_by_processor(const void *bytes, size_t length, unsigned char digest[EMIT_DIGEST]) {
    if (!CPU_FEATURE_ACTIVE(SHA) || !CPU_FEATURE_ACTIVE(SSE4_1)) return false;
    digest_of(bytes, length, digest);
    return true;
}
