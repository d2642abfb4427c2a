// RFC 3339 times with any offset.
// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"
#include "imports/windows.h"

#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// "+05:30" in seconds east of Greenwich.
static bool read_offset(int32_t *seconds, const char *text) {
    if ((text[0] != '+' && text[0] != '-') || !is_digit(text[1]) || !is_digit(text[2]) ||
        text[3] != ':' || !is_digit(text[4]) || !is_digit(text[5]))
        return false;
    int32_t hours = (text[1] - '0') * 10 + (text[2] - '0');
    int32_t minutes = (text[4] - '0') * 10 + (text[5] - '0');
    int32_t offset = (hours * 60 + minutes) * 60;
    if (hours > 23 || minutes > 59 || (text[0] == '-' && offset == 0)) return false;
    *seconds = text[0] == '-' ? -offset : offset;
    return true;
}

bool emit_windows_read_time(int64_t *wall_ns, const char *text, size_t length) {
    enum { SECONDS = 19, ZONE = 6, FRACTION_DIGITS = 9 };
    size_t end = length;
    int32_t offset_s = 0;
    if (length > SECONDS && text[length - 1] == 'Z')
        end = length - 1;
    else if (length >= SECONDS + ZONE && read_offset(&offset_s, text + length - ZONE))
        end = length - ZONE;
    if (end == length || end < SECONDS) return false;

    int64_t fraction_ns = 0;
    if (end > SECONDS) {
        size_t digits = end - SECONDS - 1;
        if (text[SECONDS] != '.' || digits < 1 || digits > FRACTION_DIGITS) return false;
        for (size_t i = 0; i < FRACTION_DIGITS; i++) {
            char digit = i < digits ? text[SECONDS + 1 + i] : '0';
            if (!is_digit(digit)) return false;
            fraction_ns = fraction_ns * 10 + (digit - '0');
        }
    }
    char whole[EMIT_TIME_TEXT];
    memcpy(whole, text, SECONDS);
    memcpy(whole + SECONDS, ".000Z", EMIT_TIME_TEXT - SECONDS);
    int64_t ns = 0;
    if (!emit_time_read(whole, EMIT_TIME_TEXT - 1, &ns) ||
        __builtin_add_overflow(ns, fraction_ns, &ns) ||
        __builtin_sub_overflow(ns, offset_s * INT64_C(1000000000), &ns))
        return false;
    *wall_ns = ns;
    return true;
}
