// Who a usage record is of, and when it was made: its model, the ids of its response and its
// request, and its time.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_IDENTITY_H
#define IMPORTS_USAGE_IDENTITY_H

#include "imports/usage_fields.h"

// All four, as the dialect of the record has them; what is not there stays empty. False: the
// record was refused.
bool emit_usage_identify(struct emit_usage_record *record, const struct emit_usage_fields *fields);

// What of the ids does not tell one response from another goes, and what does is added.
void emit_usage_make_ids_sure(struct emit_usage_record *record,
                              const struct emit_usage_fields *fields);

// Refuses a time that no log can tell of. The clock is the reader's.
void emit_usage_judge_time(struct emit_usage_reader *reader, struct emit_usage_record *record,
                           const struct emit_usage_fields *fields);

#endif
