// The counts of a record's fields as disjoint buckets, by the rule of its dialect.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_NORMALISE_H
#define IMPORTS_USAGE_NORMALISE_H

#include "imports/usage_fields.h"

// Ends a record that is not counted: the fate, and the sentence why.
void emit_usage_refuse(struct emit_usage_record *record, enum emit_usage_fate fate,
                       const char *format, ...) EMIT_PRINTF(3, 4);

enum { EMIT_USAGE_NAME_MAX = 64 }; // bytes of a key that a sentence shows, terminator included

// The key of a count whose name no row has, as the record writes it.
const char *emit_usage_name_of(const struct emit_usage_fields *fields, enum emit_usage_field field,
                               char name[EMIT_USAGE_NAME_MAX]);

// Fills the counts of a record whose fate is USED and whose dialect is known, or refuses it.
// begin: of the stream that the record is a piece of, written by its first piece and read by
// the others; NULL for what is no piece.
void emit_usage_normalise(struct emit_usage_record *record, const struct emit_usage_fields *fields,
                          struct emit_usage_begin *begin);

#endif
