// Moments as text: RFC 3339 in UTC with three digits, "2026-06-13T16:00:00.000Z".
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EMIT_TIME_TEXT = 25 }; // bytes of such a text, terminator included

// Any wall_ns (nanoseconds since 1970, UTC) can be written: an int64_t reaches
// from 1677 to 2262. What is finer than a millisecond is cut towards the past.
void emit_time_write(char text[EMIT_TIME_TEXT], int64_t wall_ns);

// Reads exactly this form back; false for every other text, for days that no
// calendar has, and for years an int64_t of nanoseconds cannot hold.
bool emit_time_read(const char *text, size_t length, int64_t *wall_ns);

#endif
