// Moments as usage records write them: text with any offset, or a number since 1970 in a
// unit that only its size tells.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_token.h"
#include "base/number.h"
#include "base/time.h"
#include "imports/usage_fields.h"

#include <string.h>

enum { DATE_AND_TIME = 19, NANOSECOND_DIGITS = 9, NUMBER_MAX = 40 };

static const int64_t nanoseconds_per_second = 1000000000;

// --- Text ---

static bool take_two(const char **at, const char *end, int64_t *value) {
    if (end - *at < 2 || !emit_json_is_digit((*at)[0]) || !emit_json_is_digit((*at)[1]))
        return false;
    *value = ((*at)[0] - '0') * 10 + ((*at)[1] - '0');
    *at += 2;
    return true;
}

// ".123" in nanoseconds; what is finer is cut. Nothing is 0.
static bool take_fraction(const char **at, const char *end, int64_t *fraction_ns) {
    *fraction_ns = 0;
    if (*at >= end || (**at != '.' && **at != ',')) return true;
    ++*at;
    if (*at >= end || !emit_json_is_digit(**at)) return false;
    int64_t worth = nanoseconds_per_second;
    for (; *at < end && emit_json_is_digit(**at); ++*at) {
        worth /= 10;
        *fraction_ns += (**at - '0') * worth;
    }
    return true;
}

// "Z", "+02:00", "-0700", or nothing, which is UTC: some writers leave it away.
static bool take_offset(const char **at, const char *end, int64_t *offset_seconds) {
    *offset_seconds = 0;
    if (*at >= end) return true;
    char sign = *(*at)++;
    if (sign == 'Z' || sign == 'z') return true;
    int64_t hours, minutes = 0;
    if ((sign != '+' && sign != '-') || !take_two(at, end, &hours)) return false;
    if (*at < end && **at == ':') ++*at;
    if (*at < end && !take_two(at, end, &minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    *offset_seconds = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
    return true;
}

static bool read_text(const struct emit_json_slice *value, int64_t *time_ns) {
    const char *at = value->at, *end = at + value->length;
    if (value->escaped || value->length < DATE_AND_TIME) return false;
    char whole[] = "0000-00-00T00:00:00.000Z";
    memcpy(whole, at, DATE_AND_TIME);
    if (whole[10] == ' ' || whole[10] == 't') whole[10] = 'T';
    int64_t base_ns, fraction_ns, offset_seconds;
    if (!emit_time_read(whole, sizeof whole - 1, &base_ns)) return false;
    at += DATE_AND_TIME;
    if (!take_fraction(&at, end, &fraction_ns) || !take_offset(&at, end, &offset_seconds) ||
        at != end)
        return false;
    return !__builtin_add_overflow(base_ns, fraction_ns, &base_ns) &&
           !__builtin_sub_overflow(base_ns, offset_seconds * nanoseconds_per_second, time_ns);
}

// --- Numbers ---

// How many nanoseconds one of `count` is: seconds up to the year 5138, and so on.
static int64_t unit_of(uint64_t count) {
    if (count < UINT64_C(100000000000)) return nanoseconds_per_second;
    if (count < UINT64_C(100000000000000)) return 1000000;
    if (count < UINT64_C(100000000000000000)) return 1000;
    return 1;
}

static bool read_number(const struct emit_json_slice *value, int64_t *time_ns) {
    const char *at = value->at, *end = at + value->length;
    const char *dot = memchr(at, '.', value->length);
    const char *digits_end = dot ? dot : end;
    uint64_t count;
    if (value->length > NUMBER_MAX || memchr(at, 'e', value->length) ||
        memchr(at, 'E', value->length))
        return false;
    if (!emit_number_read_u64(at, (size_t)(digits_end - at), &count) || count == 0) return false;
    int64_t unit = unit_of(count), whole_ns, fraction = 0;
    if (count > INT64_MAX || __builtin_mul_overflow((int64_t)count, unit, &whole_ns)) return false;
    at = digits_end;
    if (!take_fraction(&at, end, &fraction) || at != end) return false;
    // The fraction is of a unit, in billionths.
    return !__builtin_add_overflow(whole_ns, fraction / (nanoseconds_per_second / unit), time_ns);
}

bool emit_usage_time(enum emit_json_type type, const struct emit_json_slice *value,
                     int64_t *time_ns) {
    if (type == EMIT_JSON_NUMBER) return read_number(value, time_ns);
    if (type != EMIT_JSON_STRING) return false;
    // Nanoseconds since 1970 do not fit into a double: some write them as text.
    return read_text(value, time_ns) || read_number(value, time_ns);
}
