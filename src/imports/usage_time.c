// Moments as usage records write them: text with any offset, or a number since 1970 in a
// unit that only its size tells.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_token.h"
#include "base/number.h"
#include "base/time.h"
#include "imports/usage_fields.h"

#include <string.h>

enum { NUMBER_MAX = 40 }; // bytes of a number

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
    return (!value->escaped && emit_time_read_loose(value->at, value->length, time_ns)) ||
           read_number(value, time_ns);
}
