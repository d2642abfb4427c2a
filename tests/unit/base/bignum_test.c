// School arithmetic, checked by identities that hold for numbers of any width.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/bignum.h"

// 10^n by single factors.
static void set_power10(struct emit_bignum *number, uint32_t n) {
    emit_bignum_set(number, 1);
    for (uint32_t i = 0; i < n; i++)
        emit_bignum_multiply_add(number, 10, 0);
}

static void test_small(void) {
    struct emit_bignum a, b;
    emit_bignum_set(&a, 0);
    CHECK(a.used == 0 && emit_bignum_bits(&a) == 0, "zero has no words and no bits");
    emit_bignum_shift_left(&a, 100);
    emit_bignum_multiply_power10(&a, 5);
    CHECK(a.used == 0, "zero stays zero");
    emit_bignum_multiply_add(&a, 10, 7);
    emit_bignum_set(&b, 7);
    CHECK(emit_bignum_compare(&a, &b) == 0, "0 * 10 + 7 = 7");
    emit_bignum_set(&a, UINT64_MAX);
    CHECK(a.used == 2 && emit_bignum_bits(&a) == 64, "64 bits are two words");
    emit_bignum_set(&b, 1);
    CHECK(emit_bignum_compare(&a, &b) > 0 && emit_bignum_compare(&b, &a) < 0, "compared by size");
    emit_bignum_add(&a, &b);
    CHECK(a.used == 3 && emit_bignum_bits(&a) == 65, "a carry makes a word");
    emit_bignum_subtract(&a, &b);
    CHECK(a.used == 2 && a.words[0] == UINT32_MAX && a.words[1] == UINT32_MAX,
          "and a borrow ends it");
    emit_bignum_subtract(&a, &a);
    CHECK(a.used == 0, "a - a = 0");
}

static void test_powers(void) {
    static const uint32_t exponents[] = {1, 8, 9, 10, 27, 100, 323, 1130};
    for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++) {
        struct emit_bignum a, b, c;
        set_power10(&a, exponents[i]);
        emit_bignum_set(&b, 1);
        emit_bignum_multiply_power10(&b, exponents[i]);
        CHECK(emit_bignum_compare(&a, &b) == 0, "10^%u in one and in many steps", exponents[i]);
        // 10^n = 5^n * 2^n
        emit_bignum_set(&c, 1);
        for (uint32_t n = 0; n < exponents[i]; n++)
            emit_bignum_multiply_add(&c, 5, 0);
        emit_bignum_shift_left(&c, exponents[i]);
        CHECK(emit_bignum_compare(&a, &c) == 0, "10^%u = 5^n shifted", exponents[i]);
    }
}

static void test_sums(void) {
    for (uint32_t shift = 0; shift < 130; shift += 13) {
        struct emit_bignum a, b, c;
        set_power10(&a, 60);
        emit_bignum_set(&b, UINT64_C(0xfedcba9876543211));
        emit_bignum_shift_left(&b, shift);
        c = a;
        emit_bignum_add(&c, &b);
        CHECK(emit_bignum_compare(&c, &a) > 0, "a + b is more than a, b shifted by %u", shift);
        emit_bignum_subtract(&c, &b);
        CHECK(emit_bignum_compare(&c, &a) == 0, "a + b - b = a, b shifted by %u", shift);
        c = b;
        emit_bignum_add(&c, &b);
        emit_bignum_shift_left(&b, 1);
        CHECK(emit_bignum_compare(&c, &b) == 0 && emit_bignum_bits(&b) == 65 + shift,
              "b + b is b shifted once, b shifted by %u", shift);
    }
}

int main(void) {
    test_small();
    test_powers();
    test_sums();
    return check_end();
}
