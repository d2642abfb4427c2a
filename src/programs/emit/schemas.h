// The JSON Schemas that are written by hand, of what emit reads and answers: the files
// contract/*.schema.json but the event's, which is made of the contract's own rows.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_SCHEMAS_H
#define PROGRAMS_EMIT_SCHEMAS_H

#include <stddef.h>

struct schema_document {
    const char *name; // of the file, before .schema.json; NULL ends the table
    const unsigned char *bytes;
    size_t length;
};

// Sorted by name, as the build lists them.
extern const struct schema_document schema_documents[];

#endif
