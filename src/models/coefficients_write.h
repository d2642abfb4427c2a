// A row of the table as one line of canonical JSON: the bytes that the table's
// hash is of, and that `emit tokens profiles --json` prints.
// SPDX-License-Identifier: Apache-2.0
#ifndef MODELS_COEFFICIENTS_WRITE_H
#define MODELS_COEFFICIENTS_WRITE_H

#include "base/text.h"
#include "models/coefficients.h"

// Bytes that hold any row that keeps the invariants, line end and terminator included.
enum { EMIT_COEFFICIENT_LINE_MAX = 512 * 1024 };

// The row as JSON in RFC 8785 form and a line end. What does not fit is cut.
void emit_profile_write(struct emit_text *line, const struct emit_profile *profile);
void emit_transform_write(struct emit_text *line, const struct emit_transform *transform);

#endif
