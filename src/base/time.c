// Moments as text, by the calendar rules themselves: no time zone, no locale.
// Days are counted in years that begin on 1 March, so that the leap day is last.
// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <string.h>

enum {
    DAY_MILLISECONDS = 24 * 60 * 60 * 1000,
    ERA_DAYS = 146097,       // of 400 years
    EPOCH_ERA_DAYS = 719468, // from 0000-03-01 to 1970-01-01
};

static const int64_t millisecond_ns = 1000000, second_ns = 1000000000;

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

static void put_digits(char *at, int64_t value, int digits) {
    for (int i = digits; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
}

int64_t emit_time_milliseconds(int64_t wall_ns) {
    return floor_divide(wall_ns, millisecond_ns);
}

void emit_time_write(char text[EMIT_TIME_TEXT], int64_t wall_ns) {
    int64_t milliseconds = emit_time_milliseconds(wall_ns);
    int64_t days = floor_divide(milliseconds, DAY_MILLISECONDS);
    int64_t of_day = milliseconds - days * DAY_MILLISECONDS;
    struct calendar_day day = day_from_number(days);
    memcpy(text, "0000-00-00T00:00:00.000Z", EMIT_TIME_TEXT);
    put_digits(text, day.year, 4);
    put_digits(text + 5, day.month, 2);
    put_digits(text + 8, day.day, 2);
    put_digits(text + 11, of_day / 3600000, 2);
    put_digits(text + 14, of_day / 60000 % 60, 2);
    put_digits(text + 17, of_day / 1000 % 60, 2);
    put_digits(text + 20, of_day % 1000, 3);
}

static int64_t take_digits(const char *at, int digits) {
    int64_t value = 0;
    for (int i = 0; i < digits; i++)
        value = value * 10 + (at[i] - '0');
    return value;
}

bool emit_time_read(const char *text, size_t length, int64_t *wall_ns) {
    static const char form[] = "0000-00-00T00:00:00.000Z";
    if (length != sizeof form - 1) return false;
    for (size_t i = 0; i < length; i++)
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) return false;
    int64_t milliseconds = (take_digits(text + 11, 2) * 60 + take_digits(text + 14, 2)) * 60000 +
                           take_digits(text + 17, 2) * 1000 + take_digits(text + 20, 3);
    struct calendar_day day = {take_digits(text, 4), take_digits(text + 5, 2),
                               take_digits(text + 8, 2)};
    if (day.month < 1 || day.month > 12 || day.day < 1) return false;
    int64_t nanoseconds = 0;
    if (__builtin_mul_overflow(number_of_day(day) * DAY_MILLISECONDS + milliseconds, millisecond_ns,
                               &nanoseconds))
        return false;
    // Hour 24, second 60 and 30 February come out as another moment: written again, they differ.
    char again[EMIT_TIME_TEXT];
    emit_time_write(again, nanoseconds);
    if (memcmp(again, text, length) != 0) return false;
    *wall_ns = nanoseconds;
    return true;
}

// --- What others write ---

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// "+05:30" in seconds east of Greenwich.
static bool read_offset(int64_t *seconds, const char *text) {
    if ((text[0] != '+' && text[0] != '-') || !is_digit(text[1]) || !is_digit(text[2]) ||
        text[3] != ':' || !is_digit(text[4]) || !is_digit(text[5]))
        return false;
    int64_t hours = take_digits(text + 1, 2), minutes = take_digits(text + 4, 2);
    int64_t offset = (hours * 60 + minutes) * 60;
    if (hours > 23 || minutes > 59 || (text[0] == '-' && offset == 0)) return false;
    *seconds = text[0] == '-' ? -offset : offset;
    return true;
}

// ".5" in nanoseconds.
static bool read_fraction(int64_t *fraction_ns, const char *text, size_t length) {
    if (length < 2 || length > 10 || text[0] != '.') return false;
    int64_t fraction = 0, worth_ns = second_ns;
    for (size_t i = 1; i < length; i++) {
        if (!is_digit(text[i])) return false;
        worth_ns /= 10;
        fraction += (text[i] - '0') * worth_ns;
    }
    *fraction_ns = fraction;
    return true;
}

bool emit_time_read_rfc3339(const char *text, size_t length, int64_t *wall_ns) {
    enum { SECONDS = 19, ZONE = 6 }; // bytes of "2026-06-13T16:00:00" and of "+05:30"
    size_t end = length;
    int64_t offset_s = 0, fraction_ns = 0, ns = 0;
    if (length > SECONDS && text[length - 1] == 'Z')
        end = length - 1;
    else if (length >= SECONDS + ZONE && read_offset(&offset_s, text + length - ZONE))
        end = length - ZONE;
    if (end == length ||
        (end > SECONDS && !read_fraction(&fraction_ns, text + SECONDS, end - SECONDS)))
        return false;
    char whole[] = "0000-00-00T00:00:00.000Z";
    memcpy(whole, text, SECONDS);
    if (!emit_time_read(whole, sizeof whole - 1, &ns) ||
        __builtin_add_overflow(ns, fraction_ns, &ns) ||
        __builtin_sub_overflow(ns, offset_s * second_ns, &ns))
        return false;
    *wall_ns = ns;
    return true;
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
