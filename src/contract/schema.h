// The contract for readers without a C compiler, made from the same rows as the
// validator: a JSON Schema (draft 2020-12) a level, and a page of Markdown.
//
// A schema says everything a schema can say; the reasons that only bytes or
// arithmetic can show are marked in vocabulary/reasons.h, and the schema names
// them in its $comment.
// SPDX-License-Identifier: Apache-2.0
#ifndef CONTRACT_SCHEMA_H
#define CONTRACT_SCHEMA_H

#include "base/text.h"
#include "emit/contract.h"

enum {
    EMIT_SCHEMA_MAX = 128 * 1024,         // bytes that hold either schema on one line
    EMIT_VOCABULARY_PAGE_MAX = 64 * 1024, // bytes that hold the page
};

// Appends the schema as one JSON object on one line. EMIT_FULL: it did not fit.
EMIT_MUST_CHECK enum emit_status emit_contract_write_schema(struct emit_text *out,
                                                            enum emit_contract_level level,
                                                            struct emit_error *err);
// Appends the page: fields, sources, words, rules and reasons. EMIT_FULL: it did not fit.
EMIT_MUST_CHECK enum emit_status emit_contract_write_page(struct emit_text *out,
                                                          struct emit_error *err);

#endif
