// Reads a table of coefficients from a folder of YAML files, one row a file: what
// is compiled in, and what --coefficients DIR puts in its place.
//
// Files whose names do not end in .yaml, or begin with a dot, are passed over. A row that
// breaks an invariant of models/coefficients.h makes the whole folder unusable.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_COEFFICIENTS_READ_H
#define IMPORTS_COEFFICIENTS_READ_H

#include "models/coefficients.h"

// EMIT_INVALID: "FILE:LINE: what is wrong", the first finding; EMIT_FULL: too many rows;
// EMIT_ABSENT: no such folder, or no libyaml. On success *table is for emit_coefficients_close.
EMIT_MUST_CHECK enum emit_status emit_coefficients_read(struct emit_coefficient_table **table,
                                                        const char *folder, struct emit_error *err);
void emit_coefficients_close(struct emit_coefficient_table *table); // accepts NULL

// Tells every finding of the folder, with file and line in front of the sentence. today as
// emit_profile_check. EMIT_OK also when there are findings.
EMIT_MUST_CHECK enum emit_status emit_coefficients_check(const char *folder, const char *today,
                                                         struct emit_findings *findings,
                                                         struct emit_error *err);

#endif
