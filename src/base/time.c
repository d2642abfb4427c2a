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

void emit_time_write(char text[EMIT_TIME_TEXT], int64_t wall_ns) {
    int64_t milliseconds = floor_divide(wall_ns, 1000000);
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
    if (__builtin_mul_overflow(number_of_day(day) * DAY_MILLISECONDS + milliseconds,
                               (int64_t)1000000, &nanoseconds))
        return false;
    // Hour 24, second 60 and 30 February come out as another moment: written again, they differ.
    char again[EMIT_TIME_TEXT];
    emit_time_write(again, nanoseconds);
    if (memcmp(again, text, length) != 0) return false;
    *wall_ns = nanoseconds;
    return true;
}
