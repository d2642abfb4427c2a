// Exact decimals into attojoules, and those into the nearest double.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/facility_energy.h"

#include <string.h>

enum {
    DIGITS_MAX = 38,   // any number of so many decimal digits fits 128 bits
    EXPONENT_MAX = 99, // beyond it nothing can be an energy
};

#define UNIT_WORD(name, word, power, hours, is_power) [name] = word,
#define UNIT_POWER(name, word, power, hours, is_power)                                             \
    [name] = {power, (hours) ? 36 : 1, sizeof(word) - 1, is_power},
static const char *const unit_words[] = {EMIT_FACILITY_UNIT_ROWS(UNIT_WORD)};
static const struct {
    int8_t power;
    uint8_t factor;
    uint8_t length; // of the word
    bool is_power;
} units[] = {EMIT_FACILITY_UNIT_ROWS(UNIT_POWER)};

const char *emit_facility_unit_word(enum emit_facility_unit unit) {
    return unit_words[unit];
}

enum emit_facility_unit emit_facility_unit_find(const char *word, size_t length) {
    int unit = 0;
    while (unit < EMIT_FACILITY_UNIT_COUNT &&
           (units[unit].length != length || memcmp(unit_words[unit], word, length) != 0))
        unit++;
    return (enum emit_facility_unit)unit;
}

bool emit_facility_unit_is_power(enum emit_facility_unit unit) {
    return units[unit].is_power;
}

bool emit_facility_unit_is_apparent(const char *word, size_t length) {
    static const char *const apparent[] = {
        "VA",    "kVA",   "MVA", "VAh",  "kVAh", "MVAh",  "var", "kvar", "Mvar", "varh",
        "kvarh", "Mvarh", "VAr", "kVAr", "VArh", "kVArh", "VAR", "kVAR", "VARh", "kVARh"};
    for (size_t i = 0; i < sizeof apparent / sizeof *apparent; i++)
        if (strlen(apparent[i]) == length && memcmp(apparent[i], word, length) == 0) return true;
    return false;
}

// --- Decimals ---

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Appends the digits from *at on; *significant counts them from the first that is not 0 on.
static bool take_digits(emit_u128 *number, int *significant, const char **at, const char *end) {
    const char *begin = *at;
    for (; *at < end && is_digit(**at); ++*at) {
        *number = *number * 10 + (unsigned)(**at - '0');
        if (*number && ++*significant > DIGITS_MAX) return false;
    }
    return *at > begin;
}

static bool take_exponent(int32_t *exponent, const char **at, const char *end) {
    bool is_negative = *at < end && **at == '-';
    if (*at < end && (**at == '-' || **at == '+')) ++*at;
    if (*at == end || !is_digit(**at)) return false;
    int32_t value = 0;
    for (; *at < end && is_digit(**at); ++*at)
        if (value <= EXPONENT_MAX) value = value * 10 + (**at - '0');
    *exponent = is_negative ? -value : value;
    return value <= EXPONENT_MAX;
}

bool emit_decimal_read(struct emit_decimal *decimal, const char *text, size_t length) {
    const char *at = text, *end = text + length;
    struct emit_decimal read = {0};
    int significant = 0;
    if (at < end && *at == '-') {
        read.is_negative = true;
        at++;
    }
    if (!take_digits(&read.digits, &significant, &at, end)) return false;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        if (!take_digits(&read.digits, &significant, &at, end)) return false;
        if (at - fraction > DIGITS_MAX + EXPONENT_MAX) return false;
        read.exponent = -(int32_t)(at - fraction);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        int32_t exponent = 0;
        at++;
        if (!take_exponent(&exponent, &at, end)) return false;
        read.exponent += exponent;
    }
    if (at != end) return false;
    if (read.digits == 0) read.is_negative = false;
    *decimal = read;
    return true;
}

void emit_decimal_trim(struct emit_decimal *decimal) {
    for (; decimal->exponent < 0 && decimal->digits % 10 == 0; decimal->exponent++)
        decimal->digits /= 10;
    emit_u128 more = 0;
    for (; decimal->exponent > 0 && !__builtin_mul_overflow(decimal->digits, (emit_u128)10, &more);
         decimal->exponent--)
        decimal->digits = more;
}

// --- Attojoules ---

static const uint64_t tens[] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};
enum { TENS_LAST = sizeof tens / sizeof *tens - 1 };

static bool times_ten_to(emit_u128 *value, int32_t exponent) {
    for (; exponent > 0; exponent -= TENS_LAST)
        if (__builtin_mul_overflow(*value, tens[exponent < TENS_LAST ? exponent : TENS_LAST],
                                   value))
            return false;
    return true;
}

// Divides by the tens that a negative exponent asks for, where nothing is left over.
static bool by_ten_to(emit_u128 *value, int32_t exponent) {
    for (; exponent > 0; exponent -= TENS_LAST) {
        uint64_t ten = tens[exponent < TENS_LAST ? exponent : TENS_LAST];
        if (*value % ten) return false;
        *value /= ten;
    }
    return true;
}

bool emit_energy_exact(emit_u128 *attojoules, const struct emit_decimal *value,
                       enum emit_facility_unit unit, int64_t window_ns) {
    emit_u128 exact = value->digits;
    int32_t exponent = value->exponent + units[unit].power;
    // Zeros at the end of a long fraction need not fit.
    for (; exponent < 0 && exact && exact % 10 == 0; exponent++)
        exact /= 10;
    if (exact && (__builtin_mul_overflow(exact, (emit_u128)units[unit].factor, &exact) ||
                  (units[unit].is_power &&
                   __builtin_mul_overflow(exact, (emit_u128)(uint64_t)window_ns, &exact)) ||
                  !times_ten_to(&exact, exponent) || !by_ten_to(&exact, -exponent)))
        return false;
    *attojoules = exact;
    return true;
}

double emit_energy_joules(emit_u128 attojoules) {
    return emit_ratio_decimal(attojoules, 18);
}
