// SipHash-1-3 with 128 bits: a short hash under a secret key, for tables whose keys
// strangers choose. Who does not know the key can neither make two keys collide nor
// crowd a table. (Aumasson, Bernstein: SipHash, a fast short-input PRF, 2012; one and three
// rounds, as in the tables of Python and of Rust.)
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct emit_siphash {
    uint64_t low, high; // the digest's first eight bytes, and its last, little-endian
};

// key: 16 bytes, little-endian in two words.
struct emit_siphash emit_siphash(const uint64_t key[2], const void *bytes, size_t length);

#endif
