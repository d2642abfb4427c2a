// What one text says. The forms are those of EMIT_FORMAT_ROWS; a test holds them
// against the regular expressions.
// SPDX-License-Identifier: Apache-2.0
#include "contract/values.h"

#include "vocabulary/lookup.h"

#include <string.h>

// --- Times and dates ---

static inline bool is_digit(char c) {
    return (unsigned)(c - '0') < 10;
}

static inline int two_digits(const char *at) {
    return (at[0] - '0') * 10 + (at[1] - '0');
}

// Eight characters as one word: '0' stands for any digit, others for themselves.
#define FORM(a, b, c, d, e, f, g, h)                                                               \
    (BYTE(a, 0) | BYTE(b, 1) | BYTE(c, 2) | BYTE(d, 3) | BYTE(e, 4) | BYTE(f, 5) | BYTE(g, 6) |    \
     BYTE(h, 7))
#define BYTE(c, i) ((uint64_t)(c) << 8 * PLACE(i))
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PLACE(i) (i)
#else
#define PLACE(i) (7 - (i))
#endif

static const uint64_t year_month_form = FORM('0', '0', '0', '0', '-', '0', '0', '-');
static const uint64_t day_minute_form = FORM('0', '0', 'T', '0', '0', ':', '0', '0');
#define FIXED(i) BYTE(0xff, i)
static const uint64_t year_month_fixed = FIXED(4) | FIXED(7);
static const uint64_t day_minute_fixed = FIXED(2) | FIXED(5);

static inline bool has_form(const char *at, uint64_t form, uint64_t fixed) {
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    // A digit differs from '0' by 0 to 9; 0x76 more lifts 10 and above into the high bit.
    uint64_t differ = bytes ^ form;
    uint64_t above =
        ((differ & UINT64_C(0x7f7f7f7f7f7f7f7f)) + UINT64_C(0x7676767676767676)) | differ;
    return ((above & UINT64_C(0x8080808080808080)) | (differ & fixed)) == 0;
}

static bool day_exists(int year, int month, int day) {
    static const int8_t lengths[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || month < 1 || month > 12 || day < 1) return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= lengths[month] + (leap && month == 2);
}

// Days since 1970-01-01, by years that begin in March (so a leap day is a year's last).
static int64_t days_since_epoch(int year, int month, int day) {
    int64_t y = year - (month <= 2), era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool emit_moment_read(struct emit_moment *moment, const char *text, size_t length) {
    static const int32_t scale[] = {0,     100000000, 10000000, 1000000, 100000,
                                    10000, 1000,      100,      10,      1};
    if (length < 20 || length > 30 || text[length - 1] != 'Z') return false;
    if (!has_form(text, year_month_form, year_month_fixed) ||
        !has_form(text + 8, day_minute_form, day_minute_fixed) || text[16] != ':' ||
        !is_digit(text[17]) || !is_digit(text[18]))
        return false;
    int year = two_digits(text) * 100 + two_digits(text + 2), month = two_digits(text + 5);
    int day = two_digits(text + 8), hour = two_digits(text + 11), minute = two_digits(text + 14);
    int second = two_digits(text + 17);
    if (!day_exists(year, month, day) || hour > 23 || minute > 59 || second > 59) return false;
    int32_t fraction = 0;
    uint32_t digits = 0;
    if (length > 20) {
        digits = (uint32_t)length - 21;
        if (text[19] != '.' || digits == 0) return false;
        for (uint32_t i = 0; i < digits; i++) {
            if (!is_digit(text[20 + i])) return false;
            fraction = fraction * 10 + (text[20 + i] - '0');
        }
    }
    moment->seconds = days_since_epoch(year, month, day) * 86400 + hour * INT64_C(3600) +
                      minute * INT64_C(60) + second;
    moment->nanoseconds = fraction * scale[digits];
    moment->digits = digits;
    return true;
}

bool emit_date_read(int64_t *days, const char *text, size_t length) {
    if (length != 10 || !has_form(text, year_month_form, year_month_fixed) || !is_digit(text[8]) ||
        !is_digit(text[9]))
        return false;
    int year = two_digits(text) * 100 + two_digits(text + 2), month = two_digits(text + 5);
    int day = two_digits(text + 8);
    if (!day_exists(year, month, day)) return false;
    *days = days_since_epoch(year, month, day);
    return true;
}

// --- Forms ---

// A set of ASCII characters: a bit each, those from '@' on in `high`.
struct character_set {
    uint64_t low, high;
};

#define DIGITS     (UINT64_C(0x3ff) << '0')
#define SIGN(c)    (UINT64_C(1) << (c))
#define LETTERS(c) (UINT64_C(0x3ffffff) << ((c)-64))

static const struct character_set alphanumeric_characters = {DIGITS, LETTERS('a')};
static const struct character_set label_characters = {DIGITS | SIGN('-'), LETTERS('a')};
static const struct character_set name_characters = {DIGITS | SIGN('-') | SIGN('.'),
                                                     LETTERS('a') | SIGN('_' - 64)};
static const struct character_set capital_characters = {0, LETTERS('A')};
static const struct character_set hexadecimal_characters = {DIGITS, UINT64_C(0x3f) << ('a' - 64)};

static inline bool is_of(const char *text, size_t length, struct character_set set) {
    uint64_t all = 1;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        all &= c >> 7 ? 0 : (c < 64 ? set.low : set.high) >> (c & 63);
    }
    return all & 1;
}

bool emit_text_is_label(const char *text, size_t length) {
    return length >= 1 && length <= 64 && text[0] != '-' && is_of(text, length, label_characters);
}

bool emit_text_is_name(const char *text, size_t length) {
    return length >= 1 && length <= 64 && is_of(text, 1, alphanumeric_characters) &&
           is_of(text, length, name_characters);
}

bool emit_text_is_profile(const char *text, size_t length) {
    size_t end = length;
    while (end > 0 && is_digit(text[end - 1]))
        end--;
    return end < length && end >= 3 && text[end - 1] == 'v' && text[end - 2] == '-' &&
           text[0] != '-' && is_of(text, end, label_characters);
}

bool emit_text_is_url(const char *text, size_t length) {
    size_t scheme = length >= 8 && memcmp(text, "https://", 8) == 0  ? 8
                    : length >= 7 && memcmp(text, "http://", 7) == 0 ? 7
                                                                     : 0;
    if (scheme == 0 || length == scheme) return false;
    for (size_t i = scheme; i < length; i++)
        if (text[i] < '!' || text[i] > '~') return false;
    return true;
}

bool emit_text_is_currency(const char *text, size_t length) {
    return length == 3 && is_of(text, length, capital_characters);
}

bool emit_text_is_hash(const char *text, size_t length) {
    return length == 64 && is_of(text, length, hexadecimal_characters);
}

// --- Words that may not stand ---

bool emit_text_has_brand(const char *text, size_t length, size_t readable) {
    for (size_t from = 0, to; from < length; from = to + 1) {
        to = from;
        while (to < length && text[to] != '-')
            to++;
        const struct emit_lookup_word *word =
            emit_lookup_word(text + from, to - from, readable - from);
        if (word && word->brand) return true;
    }
    return false;
}

static bool contains(const char *text, size_t length, const char *stem) {
    size_t stem_length = strlen(stem);
    for (size_t at = 0; at + stem_length <= length; at++) {
        size_t same = 0;
        while (same < stem_length) {
            char c = text[at + same];
            if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != stem[same]) break;
            same++;
        }
        if (same == stem_length) return true;
    }
    return false;
}

bool emit_name_is_forbidden(const char *name, size_t length) {
    size_t count;
    const char *const *stems = emit_forbidden_stems(&count);
    for (size_t i = 0; i < count; i++)
        if (contains(name, length, stems[i])) return true;
    return false;
}
