// What one text says: whether it is a time, a date, a label, and which.
// SPDX-License-Identifier: Apache-2.0
#ifndef CONTRACT_VALUES_H
#define CONTRACT_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct emit_moment {
    int64_t seconds;     // since 1970-01-01T00:00:00Z
    int32_t nanoseconds; // 0 to 999 999 999
    uint32_t digits;     // of the fraction, 0 to 9
};

// RFC 3339 in UTC with Z and a day the calendar has, years 0001 to 9999.
bool emit_moment_read(struct emit_moment *moment, const char *text, size_t length);
// The days from 1970-01-01 to a date YYYY-MM-DD that the calendar has.
bool emit_date_read(int64_t *days, const char *text, size_t length);

// Whether the text has the form of the row's regular expression.
bool emit_text_is_label(const char *text, size_t length);
bool emit_text_is_profile(const char *text, size_t length);
bool emit_text_is_name(const char *text, size_t length);
bool emit_text_is_url(const char *text, size_t length);
bool emit_text_is_currency(const char *text, size_t length);
bool emit_text_is_hash(const char *text, size_t length);

// True when a word between hyphens, or the whole, is a provider's brand. readable: so much
// memory from `text`, not less than length, may be loaded.
bool emit_text_has_brand(const char *text, size_t length, size_t readable);
// True when a tag's name speaks of what the cloud owns.
bool emit_name_is_forbidden(const char *name, size_t length);

static inline int emit_moment_compare(const struct emit_moment *a, const struct emit_moment *b) {
    if (a->seconds != b->seconds) return a->seconds < b->seconds ? -1 : 1;
    return (a->nanoseconds > b->nanoseconds) - (a->nanoseconds < b->nanoseconds);
}

#endif
