// The counts of a record's fields as disjoint buckets, by the rule of its dialect.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_NORMALISE_H
#define IMPORTS_USAGE_NORMALISE_H

#include "imports/usage_fields.h"

// Fills the counts of a record whose fate is USED and whose dialect is known, or refuses it.
// begin: of the stream that the record is a piece of, written by its first piece and read by
// the others; NULL for what is no piece.
void emit_usage_normalise(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                          struct emit_usage_begin *begin);

#endif
