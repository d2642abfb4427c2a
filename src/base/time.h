// Moments as text: RFC 3339 in UTC with three digits, "2026-06-13T16:00:00.000Z".
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EMIT_TIME_TEXT = 25, // bytes of such a text, terminator included
    EMIT_DAY_TEXT = 11,  // of its day alone, "2026-06-13"
};

// Any wall_ns (nanoseconds since 1970, UTC) can be written: an int64_t reaches
// from 1677 to 2262. What is finer than a millisecond is cut towards the past.
void emit_time_write(char text[EMIT_TIME_TEXT], int64_t wall_ns);

// Reads exactly this form back; false for every other text, for days that no
// calendar has, and for years an int64_t of nanoseconds cannot hold.
bool emit_time_read(const char *text, size_t length, int64_t *wall_ns);

// Reads a time as RFC 3339 has it, with Z or an offset, and up to nine digits of a fraction.
// False for others, for a leap second, for hour 24, and for -00:00, which says that nobody
// knows the offset.
bool emit_time_read_rfc3339(const char *text, size_t length, int64_t *wall_ns);

// Reads what programs write in its stead, too: a blank or t for the T, a comma, a longer
// fraction (cut), z, +0200, +02, -00:00, and no zone at all, which is taken for UTC.
bool emit_time_read_loose(const char *text, size_t length, int64_t *wall_ns);

// True for a moment more than five minutes after now: clocks that differ do not explain it.
bool emit_time_is_ahead(int64_t wall_ns, int64_t now_ns);
// True for a moment before the year 2000: clocks that were never set count from 1970.
bool emit_time_is_unset(int64_t wall_ns);

// Whole milliseconds of a moment, as emit_time_write has them.
int64_t emit_time_milliseconds(int64_t wall_ns);

// The day of a moment, in UTC; and whether a text is a day that a calendar has.
void emit_time_write_day(char text[EMIT_DAY_TEXT], int64_t wall_ns);
bool emit_time_is_day(const char *text);

#endif
