// One file of coefficients as a row of the table.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_COEFFICIENTS_ROW_H
#define IMPORTS_COEFFICIENTS_ROW_H

#include "host/settings.h"
#include "models/coefficients.h"

enum { EMIT_CITATION_ID_MAX = 48 }; // bytes, terminator included

struct emit_coefficients_row {
    struct emit_settings settings; // owns the texts of the row
    char *notes;                   // owned: what profile.notes points to
    bool is_transform;             // which of the two that follow is meant
    struct emit_profile profile;
    struct emit_transform transform;
    struct emit_citation citations[EMIT_CITATIONS_MAX];
    char citation_ids[EMIT_CITATIONS_MAX][EMIT_CITATION_ID_MAX];
    size_t citation_count;
};

// Reads the file into a zeroed row, which emit_coefficients_row_clear frees in any case. Findings
// (unknown keys, missing ones, what is no number; the invariants, as emit_profile_check) are told
// with "FILE:LINE: " in front, the file without its folder. EMIT_INVALID: it is no YAML.
EMIT_MUST_CHECK enum emit_status emit_coefficients_row_read(struct emit_coefficients_row *row,
                                                            const char *path, const char *today,
                                                            struct emit_findings *findings,
                                                            struct emit_error *err);
void emit_coefficients_row_clear(struct emit_coefficients_row *row);

const char *
emit_coefficients_row_file(const struct emit_coefficients_row *row); // without its folder
// NULL when the file does not say.
const char *emit_coefficients_row_id(const struct emit_coefficients_row *row);

#endif
