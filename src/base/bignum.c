// School arithmetic on words of 32 bits.
// SPDX-License-Identifier: Apache-2.0
#include "base/bignum.h"

#include <assert.h>
#include <string.h>

static void push_word(struct emit_bignum *number, uint32_t word) {
    assert(number->used < EMIT_BIGNUM_WORDS);
    number->words[number->used++] = word;
}

void emit_bignum_set(struct emit_bignum *number, uint64_t value) {
    number->used = 0;
    for (; value != 0; value >>= 32)
        push_word(number, (uint32_t)value);
}

void emit_bignum_multiply_add(struct emit_bignum *number, uint32_t factor, uint32_t addend) {
    uint64_t carry = addend;
    for (size_t i = 0; i < number->used; i++) {
        carry += (uint64_t)number->words[i] * factor;
        number->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) push_word(number, (uint32_t)carry);
}

void emit_bignum_multiply_power10(struct emit_bignum *number, uint32_t exponent) {
    for (; exponent >= 9; exponent -= 9)
        emit_bignum_multiply_add(number, 1000000000, 0);
    uint32_t rest = 1;
    for (; exponent > 0; exponent--)
        rest *= 10;
    emit_bignum_multiply_add(number, rest, 0);
}

void emit_bignum_shift_left(struct emit_bignum *number, uint32_t bits) {
    if (number->used == 0) return;
    size_t words = bits / 32;
    emit_bignum_multiply_add(number, UINT32_C(1) << (bits % 32), 0);
    assert(number->used + words <= EMIT_BIGNUM_WORDS);
    memmove(number->words + words, number->words, number->used * sizeof number->words[0]);
    memset(number->words, 0, words * sizeof number->words[0]);
    number->used += words;
}

int emit_bignum_compare(const struct emit_bignum *left, const struct emit_bignum *right) {
    if (left->used != right->used) return left->used < right->used ? -1 : 1;
    for (size_t i = left->used; i-- > 0;)
        if (left->words[i] != right->words[i]) return left->words[i] < right->words[i] ? -1 : 1;
    return 0;
}

void emit_bignum_add(struct emit_bignum *number, const struct emit_bignum *addend) {
    uint64_t carry = 0;
    for (size_t i = 0; i < addend->used || (carry != 0 && i < number->used); i++) {
        if (i == number->used) push_word(number, 0);
        carry += number->words[i];
        if (i < addend->used) carry += addend->words[i];
        number->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) push_word(number, (uint32_t)carry);
}

void emit_bignum_subtract(struct emit_bignum *number, const struct emit_bignum *subtrahend) {
    assert(emit_bignum_compare(number, subtrahend) >= 0);
    uint32_t borrow = 0;
    for (size_t i = 0; i < subtrahend->used || borrow != 0; i++) {
        uint64_t wanted = (uint64_t)borrow + (i < subtrahend->used ? subtrahend->words[i] : 0);
        borrow = number->words[i] < wanted;
        number->words[i] -= (uint32_t)wanted;
    }
    while (number->used > 0 && number->words[number->used - 1] == 0)
        number->used--;
}

uint32_t emit_bignum_bits(const struct emit_bignum *number) {
    if (number->used == 0) return 0;
    uint32_t top = number->words[number->used - 1];
    return (uint32_t)(32 * number->used) - (uint32_t)__builtin_clz(top);
}
