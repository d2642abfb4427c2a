// Unsigned integers wider than the machine's, of a fixed maximum: what the exact
// reading and writing of doubles falls back on when 128 bits do not hold a number.
// The maximum is never reached by number.c, and asserted.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_BIGNUM_H
#define BASE_BIGNUM_H

#include <stddef.h>
#include <stdint.h>

// 800 decimal digits times 10^330, or a denominator of 10^1130 times 2^64: below 4000 bits.
enum { EMIT_BIGNUM_WORDS = 128 };

struct emit_bignum {
    size_t used; // words below the highest that is not zero, that one included; 0 is zero
    uint32_t words[EMIT_BIGNUM_WORDS]; // least significant first; only [0, used) are meaningful
};

void emit_bignum_set(struct emit_bignum *number, uint64_t value);
// number = number * factor + addend
void emit_bignum_multiply_add(struct emit_bignum *number, uint32_t factor, uint32_t addend);
void emit_bignum_multiply_power10(struct emit_bignum *number, uint32_t exponent);
void emit_bignum_shift_left(struct emit_bignum *number, uint32_t bits);
// Negative, zero or positive, as memcmp does.
int emit_bignum_compare(const struct emit_bignum *left, const struct emit_bignum *right);
void emit_bignum_add(struct emit_bignum *number, const struct emit_bignum *addend);
// number -= subtrahend, which must not be greater.
void emit_bignum_subtract(struct emit_bignum *number, const struct emit_bignum *subtrahend);
// The position of the highest bit set, counted from 1; 0 for zero.
uint32_t emit_bignum_bits(const struct emit_bignum *number);

#endif
