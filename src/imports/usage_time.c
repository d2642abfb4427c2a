// Moments as usage records write them: text with any offset, or a number since 1970 in a
// unit that only its size tells.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_token.h"
#include "base/number.h"
#include "base/text.h"
#include "base/time.h"
#include "imports/usage_fields.h"

#include <string.h>

enum {
    DATE_LENGTH = 10,   // of "2026-06-13"
    DATE_AND_TIME = 19, // of "2026-06-13T16:00:00"
    NANOSECOND_DIGITS = 9,
    NUMBER_MAX = 40, // bytes of a number
};

// --- Text ---

static bool take_two(const char **at, const char *end, char digits[2]) {
    if (end - *at < 2 || !emit_json_is_digit((*at)[0]) || !emit_json_is_digit((*at)[1]))
        return false;
    memcpy(digits, *at, 2);
    *at += 2;
    return true;
}

// ".123" or ",123" as a point and at most nine digits: what is finer is cut. Nothing is nothing.
static bool take_fraction(const char **at, const char *end, struct emit_text *text) {
    if (*at >= end || (**at != '.' && **at != ',')) return true;
    const char *digits = ++*at;
    while (*at < end && emit_json_is_digit(**at))
        ++*at;
    size_t count = (size_t)(*at - digits);
    emit_text_add(text, ".");
    emit_text_add_bytes(text, digits, count < NANOSECOND_DIGITS ? count : NANOSECOND_DIGITS);
    return count > 0;
}

// "Z", "+02:00", "-0700", "+02", or nothing, which is UTC: some writers leave it away.
static bool take_offset(const char **at, const char *end, struct emit_text *text) {
    char offset[] = "+00:00";
    if (*at < end && (**at == '+' || **at == '-')) {
        offset[0] = *(*at)++;
        if (!take_two(at, end, offset + 1)) return false;
        if (*at < end && **at == ':') ++*at;
        if (*at < end && !take_two(at, end, offset + 4)) return false;
    } else if (*at < end && (**at == 'Z' || **at == 'z')) {
        ++*at;
    }
    if (strcmp(offset + 1, "00:00") == 0) offset[0] = '+'; // -00:00 is taken as UTC
    emit_text_add(text, offset);
    return true;
}

// Written anew as RFC 3339 has it, and read as that.
static bool read_text(const struct emit_json_slice *value, int64_t *time_ns) {
    char bytes[DATE_AND_TIME + 1 + NANOSECOND_DIGITS + sizeof "+00:00"];
    struct emit_text text;
    const char *at = value->at, *end = at + value->length;
    if (value->escaped || value->length < DATE_AND_TIME) return false;
    emit_text_init(&text, bytes, sizeof bytes);
    emit_text_add_bytes(&text, at, DATE_AND_TIME);
    if (bytes[DATE_LENGTH] == ' ' || bytes[DATE_LENGTH] == 't') bytes[DATE_LENGTH] = 'T';
    at += DATE_AND_TIME;
    return take_fraction(&at, end, &text) && take_offset(&at, end, &text) && at == end &&
           emit_time_read_rfc3339(text.at, text.length, time_ns);
}

// --- Numbers ---

// How many nanoseconds one of `count` is: seconds up to the year 5138, and so on.
static int64_t unit_of(uint64_t count) {
    if (count < UINT64_C(100000000000)) return 1000000000; // seconds
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
    int64_t worth_ns = unit_of(count), whole_ns, fraction_ns = 0;
    if (count > INT64_MAX || __builtin_mul_overflow((int64_t)count, worth_ns, &whole_ns) ||
        dot == end - 1)
        return false;
    for (at = dot ? dot + 1 : end; at < end; at++) {
        if (!emit_json_is_digit(*at)) return false;
        worth_ns /= 10; // in the end 0: what is finer is cut
        fraction_ns += (*at - '0') * worth_ns;
    }
    return !__builtin_add_overflow(whole_ns, fraction_ns, time_ns);
}

bool emit_usage_time(enum emit_json_type type, const struct emit_json_slice *value,
                     int64_t *time_ns) {
    if (type == EMIT_JSON_NUMBER) return read_number(value, time_ns);
    if (type != EMIT_JSON_STRING) return false;
    // Nanoseconds since 1970 do not fit into a double: some write them as text.
    return read_text(value, time_ns) || read_number(value, time_ns);
}
