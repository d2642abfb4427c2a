// Usage records of any number of files, read into a tally: what emit tokens does before it
// makes events.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_TOKENS_RECORDS_H
#define PROGRAMS_EMIT_TOKENS_RECORDS_H

#include "imports/usage_tally.h"
#include "programs/emit/tokens_account.h"
#include "imports/model_map.h"

struct tokens_records {
    struct tokens_account *account;  // borrowed; how each record fared is booked in it
    struct emit_model_map *models;   // borrowed; groups of the tally are its numbers
    struct emit_usage_tally *tally;  // owned
    struct emit_usage_reader reader; // of the file that is read
    struct emit_usage_record record;
};

EMIT_MUST_CHECK enum emit_status tokens_records_open(struct tokens_records *records,
                                                     struct tokens_account *account,
                                                     struct emit_model_map *models,
                                                     struct emit_error *err);
void tokens_records_close(struct tokens_records *records); // accepts a zeroed one

// Reads one file; "-": standard input. path is borrowed as long as the account.
// Records that are not used are booked, and no error. Others: the file could not be read whole,
// or there are more records than can be told apart.
EMIT_MUST_CHECK enum emit_status tokens_records_read(struct tokens_records *records,
                                                     const char *path, struct emit_error *err);

// After the last file: how many of the records repeat another one.
EMIT_MUST_CHECK enum emit_status tokens_records_settle(struct tokens_records *records,
                                                       struct emit_error *err);

#endif
