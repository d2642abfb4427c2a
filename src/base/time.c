// Moments as text, by the calendar rules themselves: no time zone, no locale.
// Days are counted in years that begin on 1 March, so that the leap day is last.
// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <string.h>

enum {
    DATE_AND_TIME = 19, // characters of "2026-06-13T16:00:00"
    NANOSECOND_DIGITS = 9,
    DAY_SECONDS = 24 * 60 * 60,
    DAY_MILLISECONDS = 24 * 60 * 60 * 1000,
    ERA_DAYS = 146097,       // of 400 years
    EPOCH_ERA_DAYS = 719468, // from 0000-03-01 to 1970-01-01
};

static const int64_t millisecond_ns = 1000000, second_ns = 1000000000;
static const int64_t clocks_differ_ns = 300000000000; // at most: five minutes

struct calendar_day {
    int64_t year, month, day;
};

static int64_t floor_divide(int64_t dividend, int64_t divisor) {
    return dividend / divisor - (dividend % divisor < 0);
}

static struct calendar_day day_from_number(int64_t days_since_1970) {
    int64_t days = days_since_1970 + EPOCH_ERA_DAYS;
    int64_t era = floor_divide(days, ERA_DAYS);
    int64_t of_era = days - era * ERA_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t march_month = (5 * of_year + 2) / 153;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return (struct calendar_day){.year = era * 400 + year + (month <= 2),
                                 .month = month,
                                 .day = of_year - (153 * march_month + 2) / 5 + 1};
}

static int64_t number_of_day(struct calendar_day day) {
    int64_t year = day.year - (day.month <= 2);
    int64_t era = floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t march_month = day.month > 2 ? day.month - 3 : day.month + 9;
    int64_t of_year = (153 * march_month + 2) / 5 + day.day - 1;
    return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year -
           EPOCH_ERA_DAYS;
}

// Two digits at once, for all that a calendar holds.
static void put_two(char *at, unsigned value) {
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
}

int64_t emit_time_milliseconds(int64_t wall_ns) {
    return floor_divide(wall_ns, millisecond_ns);
}

void emit_time_write(char text[EMIT_TIME_TEXT], int64_t wall_ns) {
    int64_t milliseconds = emit_time_milliseconds(wall_ns);
    int64_t days = floor_divide(milliseconds, DAY_MILLISECONDS);
    unsigned of_day = (unsigned)(milliseconds - days * DAY_MILLISECONDS);
    unsigned second = of_day / 1000, thousandths = of_day % 1000;
    struct calendar_day day = day_from_number(days);
    memcpy(text, "0000-00-00T00:00:00.000Z", EMIT_TIME_TEXT);
    put_two(text, (unsigned)day.year / 100);
    put_two(text + 2, (unsigned)day.year % 100);
    put_two(text + 5, (unsigned)day.month);
    put_two(text + 8, (unsigned)day.day);
    put_two(text + 11, second / 3600);
    put_two(text + 14, second / 60 % 60);
    put_two(text + 17, second % 60);
    text[20] = (char)('0' + thousandths / 100);
    put_two(text + 21, thousandths % 100);
}

// --- Reading ---

static bool is_digit(char c) {
    return (unsigned)(c - '0') < 10;
}

// False where no two digits stand, or more than high.
static bool take_two(const char *at, int64_t low, int64_t high, int64_t *value) {
    if (!is_digit(at[0]) || !is_digit(at[1])) return false;
    *value = (at[0] - '0') * 10 + (at[1] - '0');
    return *value >= low && *value <= high;
}

static bool day_exists(struct calendar_day day) {
    static const int8_t lengths[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = day.year % 4 == 0 && (day.year % 100 != 0 || day.year % 400 == 0);
    return day.day <= lengths[day.month] + (is_leap && day.month == 2);
}

// "2026-06-13T16:00:00", whatever stands for the T, in seconds since 1970.
static bool read_seconds(const char *text, int64_t *seconds) {
    struct calendar_day day;
    int64_t century, year, hour, minute, second;
    if (!take_two(text, 0, 99, &century) || !take_two(text + 2, 0, 99, &year) || text[4] != '-' ||
        !take_two(text + 5, 1, 12, &day.month) || text[7] != '-' ||
        !take_two(text + 8, 1, 31, &day.day) || !take_two(text + 11, 0, 23, &hour) ||
        text[13] != ':' || !take_two(text + 14, 0, 59, &minute) || text[16] != ':' ||
        !take_two(text + 17, 0, 59, &second))
        return false;
    day.year = century * 100 + year;
    if (!day_exists(day)) return false;
    *seconds = number_of_day(day) * DAY_SECONDS + (hour * 60 + minute) * 60 + second;
    return true;
}

// A part of a second: nanoseconds, and how many digits; what is finer is cut.
static const char *take_fraction(const char *at, const char *end, int64_t *fraction_ns,
                                 size_t *digits) {
    int64_t worth = second_ns;
    const char *begin = at;
    for (; at < end && is_digit(*at); at++) {
        worth /= 10;
        *fraction_ns += (*at - '0') * worth;
    }
    *digits = (size_t)(at - begin);
    return at;
}

static bool join(int64_t seconds, int64_t fraction_ns, int64_t *wall_ns) {
    int64_t nanoseconds = 0;
    if (__builtin_mul_overflow(seconds, second_ns, &nanoseconds) ||
        __builtin_add_overflow(nanoseconds, fraction_ns, &nanoseconds))
        return false;
    *wall_ns = nanoseconds;
    return true;
}

bool emit_time_read(const char *text, size_t length, int64_t *wall_ns) {
    int64_t seconds, fraction_ns = 0;
    size_t digits = 0;
    if (length != EMIT_TIME_TEXT - 1 || text[10] != 'T' || text[DATE_AND_TIME] != '.' ||
        text[length - 1] != 'Z' || !read_seconds(text, &seconds))
        return false;
    (void)take_fraction(text + DATE_AND_TIME + 1, text + length - 1, &fraction_ns, &digits);
    return digits == 3 && join(seconds, fraction_ns, wall_ns);
}

// What stands behind the seconds' fraction: seconds east of Greenwich. *is_common: as RFC 3339
// has it, and known.
static bool read_zone(const char *at, const char *end, int64_t *offset_seconds, bool *is_common) {
    int64_t hours, minutes = 0;
    *offset_seconds = 0;
    *is_common = end - at == 1 && *at == 'Z';
    if (at == end || *is_common || (end - at == 1 && *at == 'z')) return true;
    if ((*at != '+' && *at != '-') || end - at < 3 || !take_two(at + 1, 0, 23, &hours))
        return false;
    bool has_colon = end - at == 6 && at[3] == ':';
    if (end - at != 3 && end - at != 5 && !has_colon) return false;
    if (end - at != 3 && !take_two(end - 2, 0, 59, &minutes)) return false;
    *offset_seconds = (hours * 60 + minutes) * (*at == '-' ? -60 : 60);
    *is_common = has_colon && (*at == '+' || *offset_seconds != 0);
    return true;
}

// *is_common: written as RFC 3339 has it.
static bool read_any(const char *text, size_t length, int64_t *wall_ns, bool *is_common) {
    const char *at = text + DATE_AND_TIME, *end = text + length;
    int64_t seconds, fraction_ns = 0, offset_seconds;
    if (length < DATE_AND_TIME || !read_seconds(text, &seconds)) return false;
    if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return false;
    bool is_plain = text[10] == 'T';
    if (at < end && (*at == '.' || *at == ',')) {
        size_t digits = 0;
        is_plain = is_plain && *at == '.';
        at = take_fraction(at + 1, end, &fraction_ns, &digits);
        if (digits == 0) return false;
        is_plain = is_plain && digits <= NANOSECOND_DIGITS;
    }
    if (!read_zone(at, end, &offset_seconds, is_common)) return false;
    *is_common = *is_common && is_plain;
    return join(seconds - offset_seconds, fraction_ns, wall_ns);
}

bool emit_time_read_rfc3339(const char *text, size_t length, int64_t *wall_ns) {
    int64_t read_ns;
    bool is_common;
    if (!read_any(text, length, &read_ns, &is_common) || !is_common) return false;
    *wall_ns = read_ns;
    return true;
}

bool emit_time_read_loose(const char *text, size_t length, int64_t *wall_ns) {
    bool is_common;
    return read_any(text, length, wall_ns, &is_common);
}

// --- Now ---

bool emit_time_is_ahead(int64_t wall_ns, int64_t now_ns) {
    // Two moments may be further apart than an int64_t reaches.
    return wall_ns > now_ns && (uint64_t)wall_ns - (uint64_t)now_ns > (uint64_t)clocks_differ_ns;
}

bool emit_time_is_unset(int64_t wall_ns) {
    return wall_ns < INT64_C(946684800) * 1000000000; // 2000-01-01
}

// --- Days ---

void emit_time_write_day(char text[EMIT_DAY_TEXT], int64_t wall_ns) {
    char whole[EMIT_TIME_TEXT];
    emit_time_write(whole, wall_ns);
    memcpy(text, whole, EMIT_DAY_TEXT - 1);
    text[EMIT_DAY_TEXT - 1] = '\0';
}

bool emit_time_is_day(const char *text) {
    char whole[] = "0000-00-00T00:00:00.000Z";
    int64_t wall_ns;
    if (strlen(text) != EMIT_DAY_TEXT - 1) return false;
    memcpy(whole, text, EMIT_DAY_TEXT - 1);
    return emit_time_read(whole, sizeof whole - 1, &wall_ns);
}
