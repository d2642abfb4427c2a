// CRC-32C, eight bytes at once: 0x82f63b78 reflected, RFC 3720 B.4.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/checksum.h"

#include <string.h>

// A table is linear: what a byte leaves is the sum of what its bits leave.
#define OF_BYTE(n, a, b, c, d, e, f, g, h)                                                         \
    ((n)&1 ? a : 0u) ^ ((n)&2 ? b : 0u) ^ ((n)&4 ? c : 0u) ^ ((n)&8 ? d : 0u) ^                    \
        ((n)&16 ? e : 0u) ^ ((n)&32 ? f : 0u) ^ ((n)&64 ? g : 0u) ^ ((n)&128 ? h : 0u)
#define OF_4(n, ...)                                                                               \
    OF_BYTE(n, __VA_ARGS__), OF_BYTE(n + 1, __VA_ARGS__), OF_BYTE(n + 2, __VA_ARGS__),             \
        OF_BYTE(n + 3, __VA_ARGS__)
#define OF_16(n, ...)                                                                              \
    OF_4(n, __VA_ARGS__), OF_4(n + 4, __VA_ARGS__), OF_4(n + 8, __VA_ARGS__),                      \
        OF_4(n + 12, __VA_ARGS__)
#define OF_64(n, ...)                                                                              \
    OF_16(n, __VA_ARGS__), OF_16(n + 16, __VA_ARGS__), OF_16(n + 32, __VA_ARGS__),                 \
        OF_16(n + 48, __VA_ARGS__)
#define OF_BYTES(...)                                                                              \
    OF_64(0, __VA_ARGS__), OF_64(64, __VA_ARGS__), OF_64(128, __VA_ARGS__), OF_64(192, __VA_ARGS__)

enum { AT_ONCE = 8 };

// Of a byte that so many others follow: the first row is the table of RFC 3720, B.4.
// clang-format off
static const uint32_t remainders[AT_ONCE][256] = {
    {OF_BYTES(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78)},
    {OF_BYTES(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9)},
    {OF_BYTES(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743)},
    {OF_BYTES(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f)},
    {OF_BYTES(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3, 0x1ba8b557, 0x37516aae, 0x6ea2d55c)},
    {OF_BYTES(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e, 0x85f4168d, 0x0e045beb, 0x1c08b7d6)},
    {OF_BYTES(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4)},
    {OF_BYTES(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4, 0x0d006599, 0x1a00cb32, 0x34019664)},
};
// clang-format on

static uint32_t read_u32(const unsigned char *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint32_t emit_checksum_add(uint32_t sum, const void *bytes, size_t length) {
    const unsigned char *at = bytes;
    uint32_t rest = ~sum;
    for (; length >= AT_ONCE; length -= AT_ONCE, at += AT_ONCE) {
        uint32_t low = rest ^ read_u32(at), high = read_u32(at + 4);
        rest = remainders[7][low & 0xff] ^ remainders[6][low >> 8 & 0xff] ^
               remainders[5][low >> 16 & 0xff] ^ remainders[4][low >> 24] ^
               remainders[3][high & 0xff] ^ remainders[2][high >> 8 & 0xff] ^
               remainders[1][high >> 16 & 0xff] ^ remainders[0][high >> 24];
    }
    for (; length > 0; length--, at++)
        rest = (rest >> 8) ^ remainders[0][(rest ^ *at) & 0xff];
    return ~rest;
}

// Each text with its terminator, so that a letter cannot move from one to the next.
static uint32_t add_text(uint32_t sum, const char *text) {
    return emit_checksum_add(sum, text, strlen(text) + 1);
}

uint32_t emit_checksum_entry(const struct emit_entry *entry, int64_t stored_ns,
                             const unsigned char *claims, size_t claims_length) {
    int64_t numbers[3] = {(int64_t)entry->kind, entry->time_ns, stored_ns};
    uint32_t sum = emit_checksum_add(0, numbers, sizeof numbers);
    sum = add_text(sum, entry->identity);
    sum = add_text(sum, entry->run_id);
    sum = add_text(sum, entry->workspace_id);
    sum = emit_checksum_add(sum, entry->body, entry->length);
    return emit_checksum_add(sum, claims, claims_length);
}
