// Numbers as text and back, exact and independent of the locale.
//
// Written as ECMAScript writes them (RFC 8785 asks for it): the shortest digits
// that read back as the same double, 151.2 for 151.2, no exponent between 1e-7
// and 1e21, no ".0", no sign on zero.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EMIT_NUMBER_TEXT_MAX = 32 }; // bytes of any number written, terminator included

// Up to it a double holds every whole number, and so a JSON number does for every reader.
#define EMIT_COUNT_MAX (UINT64_C(1) << 53)

// Writes a finite double; returns the length. value must be finite.
size_t emit_number_write(char text[EMIT_NUMBER_TEXT_MAX], double value);
size_t emit_number_write_u64(char text[EMIT_NUMBER_TEXT_MAX], uint64_t value);
size_t emit_number_write_i64(char text[EMIT_NUMBER_TEXT_MAX], int64_t value);

// Reads the JSON number in text[0..length), rounded to the nearest double.
// Returns false when it overflows a double. The caller has checked the grammar.
bool emit_number_read(const char *text, size_t length, double *value);
// Decimal digits only, no sign; false when empty, otherwise written, or too large.
bool emit_number_read_u64(const char *text, size_t length, uint64_t *value);

#endif
