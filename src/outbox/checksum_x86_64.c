// CRC-32C by the instruction of SSE 4.2, which computes this very polynomial.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/checksum.h"

#include <immintrin.h>
#include <string.h>
#include <sys/platform/x86.h>

__attribute__((target("sse4.2"))) static uint32_t add(uint32_t rest, const unsigned char *at,
                                                      size_t length) {
    uint64_t wide = rest;
    for (; length >= sizeof wide; length -= sizeof wide, at += sizeof wide) {
        uint64_t bytes;
        memcpy(&bytes, at, sizeof bytes);
        wide = _mm_crc32_u64(wide, bytes);
    }
    rest = (uint32_t)wide;
    for (; length > 0; length--)
        rest = _mm_crc32_u8(rest, *at++);
    return rest;
}

bool emit_checksum_by_processor(uint32_t *rest, const void *bytes, size_t length) {
    if (!CPU_FEATURE_ACTIVE(SSE4_2)) return false;
    *rest = add(*rest, bytes, length);
    return true;
}
