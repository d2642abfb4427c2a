// Usage records of any number of files, read into a tally: what emit tokens does before it
// makes events.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_LOG_H
#define IMPORTS_USAGE_LOG_H

#include "imports/usage_tally.h"
#include "programs/emit/tokens_account.h"
#include "imports/model_map.h"

struct emit_usage_log {
    struct tokens_account *account;  // borrowed; how each record fared is booked in it
    struct emit_model_map *models;   // borrowed; groups of the tally are its numbers
    struct emit_usage_tally *tally;  // owned
    struct emit_usage_reader reader; // of the file that is read
    struct emit_usage_record record;
};

EMIT_MUST_CHECK enum emit_status emit_usage_log_open(struct emit_usage_log *records,
                                                     struct tokens_account *account,
                                                     struct emit_model_map *models,
                                                     struct emit_error *err);
void emit_usage_log_close(struct emit_usage_log *records); // accepts a zeroed one

// Reads one file; "-": standard input. path is borrowed as long as the account.
// Records that are not used are booked, and no error. Others: the file could not be read whole,
// or there are more records than can be told apart.
EMIT_MUST_CHECK enum emit_status emit_usage_log_read(struct emit_usage_log *records,
                                                     const char *path, struct emit_error *err);

// After the last file: how many of the records repeat another one.
EMIT_MUST_CHECK enum emit_status emit_usage_log_settle(struct emit_usage_log *records,
                                                       struct emit_error *err);

#endif
