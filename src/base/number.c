// Writing is the free-format algorithm of Steele, White, Burger and Dybvig: digits
// come out one by one until no other double is as near. Reading is a division,
// rounded once. Both are exact; each has a path in 128 bits for the numbers one
// meets (a joule count, a wattage) and one in big integers for all others.
// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

#include "base/bignum.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

_Static_assert(FLT_EVAL_METHOD == 0 && DBL_MANT_DIG == 53, "doubles must be IEEE 754 binary64");

__extension__ typedef unsigned __int128 uint128;

enum {
    FRACTION_BITS = 52,        // stored ones; a normal double has one more
    EXPONENT_MIN = -1074,      // of the last place of the smallest doubles
    EXPONENT_MAX = 971,        // of the last place of the greatest
    SMALL_EXPONENT_MIN = -115, // down to here writing fits 128 bits
    SMALL_DIGITS = 19,         // 10^19 is the last power of ten below 2^64
    READ_DIGITS_MAX = 800,     // 768 decide any rounding
};

static const uint64_t hidden_bit = UINT64_C(1) << FRACTION_BITS;

// A finite positive double is significand * 2^exponent.
struct parts {
    uint64_t significand;
    int exponent;
};

static struct parts take_apart(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t fraction = bits & (hidden_bit - 1);
    int biased = (int)(bits >> FRACTION_BITS & 0x7ff);
    if (biased == 0) return (struct parts){fraction, EXPONENT_MIN};
    return (struct parts){fraction | hidden_bit, biased - 1 + EXPONENT_MIN};
}

// The significand may have been rounded up to 2^53: the carry moves into the exponent.
static double put_together(struct parts parts) {
    uint64_t bits = parts.significand;
    if (bits >= hidden_bit) bits += (uint64_t)(parts.exponent - EXPONENT_MIN) << FRACTION_BITS;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// The value is 0.DIGITS * 10^point.
struct decimal {
    char digits[24];
    int count;
    int point;
};

static void add_digit(struct decimal *decimal, unsigned digit) {
    decimal->digits[decimal->count++] = (char)('0' + digit);
}

static size_t write_digits(char *text, uint64_t value) {
    char backwards[20];
    size_t count = 0;
    do
        backwards[count++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    for (size_t i = 0; i < count; i++)
        text[i] = backwards[count - 1 - i];
    return count;
}

// Numbers from 2^-63 to 2^53. In units of a quarter of the last place: rest is
// what is still to be written, above and below are how far the value may be
// missed on either side (half the gap to the neighbour, and the gap below a
// power of two is half as wide), one is 1.
static void shorten_small(struct decimal *decimal, struct parts parts, bool narrow_below) {
    uint128 one = (uint128)1 << (2 - parts.exponent);
    uint128 rest = (uint128)parts.significand << 2;
    uint64_t whole = (uint64_t)(rest >> (2 - parts.exponent));
    rest &= one - 1;
    uint128 above = 2, below = narrow_below ? 1 : 2;
    // A neighbour's halfway point reads back as the even one of the two.
    unsigned inclusive = parts.significand % 2 == 0;

    if (whole != 0) {
        decimal->count = decimal->point = (int)write_digits(decimal->digits, whole);
    } else {
        for (; (rest + above) * 10 + inclusive <= one; decimal->point--)
            rest *= 10, above *= 10, below *= 10;
    }
    bool last = rest == 0;
    while (!last) {
        rest *= 10, above *= 10, below *= 10;
        unsigned digit = (unsigned)(rest >> (2 - parts.exponent));
        rest &= one - 1;
        bool low = rest < below + inclusive;
        bool high = rest + above + inclusive > one;
        last = low || high;
        if (high && (!low || rest * 2 > one || (rest * 2 == one && digit % 2 == 1))) digit++;
        add_digit(decimal, digit);
    }
}

// A lower bound of the number of digits before the decimal point, at most one too small.
static int estimate_point(struct parts parts) {
    int log2 = 63 - __builtin_clzll(parts.significand) + parts.exponent;
    // 78913 / 2^18 is log10(2), a little below; the shift rounds down for negatives too.
    return (int)(((int64_t)log2 * 78913) >> 18) + 1;
}

// One decimal digit: rest / one, leaving the remainder. rest < 10 * one.
static unsigned divide_digit(struct emit_bignum *rest, const struct emit_bignum *one) {
    unsigned digit = 0;
    for (; emit_bignum_compare(rest, one) >= 0; digit++)
        emit_bignum_subtract(rest, one);
    return digit;
}

// -1, 0, 1 as left + right is less than, equal to or greater than total.
static int compare_sum(const struct emit_bignum *left, const struct emit_bignum *right,
                       const struct emit_bignum *total) {
    struct emit_bignum sum = *left;
    emit_bignum_add(&sum, right);
    return emit_bignum_compare(&sum, total);
}

// The same as shorten_small for every double.
static void shorten_any(struct decimal *decimal, struct parts parts, bool narrow_below) {
    struct emit_bignum rest, above, below, one;
    emit_bignum_set(&rest, parts.significand * 4);
    emit_bignum_set(&above, 2);
    emit_bignum_set(&below, narrow_below ? 1 : 2);
    emit_bignum_set(&one, 4);
    if (parts.exponent >= 0) {
        emit_bignum_shift_left(&rest, (uint32_t)parts.exponent);
        emit_bignum_shift_left(&above, (uint32_t)parts.exponent);
        emit_bignum_shift_left(&below, (uint32_t)parts.exponent);
    } else {
        emit_bignum_shift_left(&one, (uint32_t)-parts.exponent);
    }
    int point = estimate_point(parts);
    if (point >= 0) {
        emit_bignum_multiply_power10(&one, (uint32_t)point);
    } else {
        emit_bignum_multiply_power10(&rest, (uint32_t)-point);
        emit_bignum_multiply_power10(&above, (uint32_t)-point);
        emit_bignum_multiply_power10(&below, (uint32_t)-point);
    }
    int inclusive = parts.significand % 2 == 0;
    if (compare_sum(&rest, &above, &one) + inclusive > 0) {
        emit_bignum_multiply_add(&one, 10, 0);
        point++;
    }
    decimal->point = point;
    for (bool last = false; !last;) {
        emit_bignum_multiply_add(&rest, 10, 0);
        emit_bignum_multiply_add(&above, 10, 0);
        emit_bignum_multiply_add(&below, 10, 0);
        unsigned digit = divide_digit(&rest, &one);
        bool low = emit_bignum_compare(&rest, &below) < inclusive;
        bool high = compare_sum(&rest, &above, &one) + inclusive > 0;
        last = low || high;
        int half = compare_sum(&rest, &rest, &one);
        if (high && (!low || half > 0 || (half == 0 && digit % 2 == 1))) digit++;
        add_digit(decimal, digit);
    }
}

// ECMAScript's Number::toString, radix 10.
static size_t lay_out(char *text, const struct decimal *decimal) {
    char *at = text;
    int count = decimal->count, point = decimal->point;
    if (point > 21 || point <= -6) {
        *at++ = decimal->digits[0];
        if (count > 1) {
            *at++ = '.';
            memcpy(at, decimal->digits + 1, (size_t)(count - 1));
            at += count - 1;
        }
        *at++ = 'e';
        *at++ = point > 0 ? '+' : '-';
        at += write_digits(at, (uint64_t)(point > 0 ? point - 1 : 1 - point));
    } else if (point <= 0) {
        memcpy(at, "0.000000", (size_t)(2 - point));
        at += 2 - point;
        memcpy(at, decimal->digits, (size_t)count);
        at += count;
    } else {
        int before = count < point ? count : point;
        memcpy(at, decimal->digits, (size_t)before);
        at += before;
        for (; before < point; before++)
            *at++ = '0';
        if (count > point) {
            *at++ = '.';
            memcpy(at, decimal->digits + point, (size_t)(count - point));
            at += count - point;
        }
    }
    *at = '\0';
    return (size_t)(at - text);
}

size_t emit_number_write(char text[EMIT_NUMBER_TEXT_MAX], double value) {
    assert(isfinite(value));
    if (value == 0) {
        memcpy(text, "0", 2);
        return 1;
    }
    size_t sign = value < 0;
    if (sign) text[0] = '-';
    struct parts parts = take_apart(value);
    // Below the smallest power of two of a binade the doubles lie twice as dense.
    bool narrow_below = parts.significand == hidden_bit && parts.exponent > EXPONENT_MIN;
    struct decimal decimal = {.count = 0};
    if (parts.exponent <= 0 && parts.exponent >= SMALL_EXPONENT_MIN)
        shorten_small(&decimal, parts, narrow_below);
    else
        shorten_any(&decimal, parts, narrow_below);
    while (decimal.digits[decimal.count - 1] == '0')
        decimal.count--;
    return sign + lay_out(text + sign, &decimal);
}

size_t emit_number_write_u64(char text[EMIT_NUMBER_TEXT_MAX], uint64_t value) {
    size_t length = write_digits(text, value);
    text[length] = '\0';
    return length;
}

size_t emit_number_write_i64(char text[EMIT_NUMBER_TEXT_MAX], int64_t value) {
    size_t sign = value < 0;
    if (sign) text[0] = '-';
    size_t length = sign + write_digits(text + sign, sign ? -(uint64_t)value : (uint64_t)value);
    text[length] = '\0';
    return length;
}

// A JSON number as it stands: value = digits * 10^exponent, the sign apart.
struct scanned {
    bool negative;
    uint64_t leading;     // the first SMALL_DIGITS digits, leading zeros not counted
    size_t count;         // digits from the first that is not zero
    int64_t exponent;     // of the last digit
    const char *first;    // the first digit that is not zero, when count > 0
    const char *text_end; // behind the last digit
};

static int64_t scan_exponent(const char *at, const char *end) {
    bool negative = *at == '-';
    if (*at == '-' || *at == '+') at++;
    int64_t exponent = 0;
    // What is beyond every text's length is beyond every double as well.
    for (; at < end; at++)
        if (exponent < INT64_C(1000000000000)) exponent = exponent * 10 + (*at - '0');
    return negative ? -exponent : exponent;
}

static struct scanned scan(const char *at, const char *end) {
    struct scanned number = {.negative = *at == '-', .first = end};
    if (number.negative) at++;
    bool fraction = false;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        number.exponent -= fraction;
        if (number.count == 0 && *at == '0') continue;
        if (number.count == 0) number.first = at;
        if (number.count < SMALL_DIGITS)
            number.leading = number.leading * 10 + (uint64_t)(*at - '0');
        number.count++;
    }
    number.text_end = at;
    if (at < end) number.exponent += scan_exponent(at + 1, end);
    return number;
}

// wide * 2^exponent, rounded once to the nearest double, ties to even; `more`
// says that the true value lies a little above. The result is a normal double.
static double round_wide(uint128 wide, bool more, int exponent) {
    uint64_t high = (uint64_t)(wide >> 64);
    int bits = high != 0 ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll((uint64_t)wide);
    int surplus = bits - (FRACTION_BITS + 1);
    if (surplus <= 0)
        return put_together((struct parts){(uint64_t)wide << -surplus, exponent + surplus});
    struct parts parts = {(uint64_t)(wide >> surplus), exponent + surplus};
    uint128 rest = wide & (((uint128)1 << surplus) - 1), half = (uint128)1 << (surplus - 1);
    if (rest > half || (rest == half && (more || parts.significand % 2 == 1))) parts.significand++;
    return put_together(parts);
}

// leading * 10^exponent for |exponent| <= SMALL_DIGITS and leading > 0.
static double scale_small(uint64_t leading, int exponent) {
    uint64_t power = 1;
    for (int i = exponent < 0 ? -exponent : exponent; i > 0; i--)
        power *= 10;
    if (exponent >= 0) return round_wide((uint128)leading * power, false, 0);
    int shift = 64 + __builtin_clzll(leading); // the quotient keeps at least 64 bits
    uint128 wide = (uint128)leading << shift, quotient = wide / power;
    return round_wide(quotient, quotient * power != wide, -shift);
}

// The digits as one integer; those that can no longer decide anything are
// replaced by a single 1 when one of them is not zero. *exponent is of the last kept.
static void gather_digits(struct emit_bignum *digits, const struct scanned *number,
                          int64_t *exponent) {
    emit_bignum_set(digits, 0);
    *exponent = number->exponent + (int64_t)number->count;
    size_t kept = 0;
    const char *at = number->first;
    for (; at < number->text_end && kept < READ_DIGITS_MAX; at++) {
        if (*at == '.') continue;
        emit_bignum_multiply_add(digits, 10, (uint32_t)(*at - '0'));
        kept++;
    }
    for (; at < number->text_end; at++) {
        if (*at == '.' || *at == '0') continue;
        emit_bignum_multiply_add(digits, 10, 1);
        kept++;
        break;
    }
    *exponent -= (int64_t)kept;
}

// The largest t with 2^t <= numerator / denominator.
static int floor_log2(const struct emit_bignum *numerator, const struct emit_bignum *denominator) {
    int guess = (int)emit_bignum_bits(numerator) - (int)emit_bignum_bits(denominator);
    struct emit_bignum left = *numerator, right = *denominator;
    if (guess < 0)
        emit_bignum_shift_left(&left, (uint32_t)-guess);
    else
        emit_bignum_shift_left(&right, (uint32_t)guess);
    return emit_bignum_compare(&left, &right) < 0 ? guess - 1 : guess;
}

// numerator / denominator to the nearest double by long division, bit by bit.
// False when that is beyond the greatest double. Both are spent.
static bool divide(struct emit_bignum *numerator, struct emit_bignum *denominator, double *value) {
    int exponent = floor_log2(numerator, denominator) - FRACTION_BITS;
    if (exponent < EXPONENT_MIN) exponent = EXPONENT_MIN;
    if (exponent < 0)
        emit_bignum_shift_left(numerator, (uint32_t)-exponent);
    else
        emit_bignum_shift_left(denominator, (uint32_t)exponent);
    emit_bignum_shift_left(denominator, FRACTION_BITS);
    struct parts parts = {0, exponent};
    for (int bit = FRACTION_BITS; bit >= 0; bit--) {
        parts.significand *= 2;
        if (emit_bignum_compare(numerator, denominator) >= 0) {
            emit_bignum_subtract(numerator, denominator);
            parts.significand++;
        }
        emit_bignum_shift_left(numerator, 1);
    }
    int half = emit_bignum_compare(numerator, denominator);
    if (half > 0 || (half == 0 && parts.significand % 2 == 1)) parts.significand++;
    if (parts.significand == hidden_bit * 2) parts = (struct parts){hidden_bit, exponent + 1};
    if (parts.exponent > EXPONENT_MAX) return false;
    *value = put_together(parts);
    return true;
}

static bool read_any(const struct scanned *number, double *magnitude) {
    // The value lies in [10^(point - 1), 10^point).
    int64_t point = number->exponent + (int64_t)number->count;
    if (point > DBL_MAX_10_EXP + 1) return false;
    if (point < -324) {
        *magnitude = 0; // below half of the smallest double, 2.47e-324
        return true;
    }
    struct emit_bignum numerator, denominator;
    int64_t exponent;
    gather_digits(&numerator, number, &exponent);
    emit_bignum_set(&denominator, 1);
    if (exponent >= 0)
        emit_bignum_multiply_power10(&numerator, (uint32_t)exponent);
    else
        emit_bignum_multiply_power10(&denominator, (uint32_t)-exponent);
    return divide(&numerator, &denominator, magnitude);
}

bool emit_number_read(const char *text, size_t length, double *value) {
    struct scanned number = scan(text, text + length);
    double magnitude = 0;
    if (number.count == 0)
        magnitude = 0;
    else if (number.count <= SMALL_DIGITS && number.exponent >= -SMALL_DIGITS &&
             number.exponent <= SMALL_DIGITS)
        magnitude = scale_small(number.leading, (int)number.exponent);
    else if (!read_any(&number, &magnitude))
        return false;
    *value = number.negative ? -magnitude : magnitude;
    return true;
}

bool emit_number_read_u64(const char *text, size_t length, uint64_t *value) {
    uint64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(text[i] - '0'), &sum))
            return false;
    }
    if (length == 0) return false;
    *value = sum;
    return true;
}
