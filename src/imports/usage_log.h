// Logs of usage records, any number of files, read into one book: each record is read, given
// the profile of its model, and counted, or booked with the reason why it is not.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_LOG_H
#define IMPORTS_USAGE_LOG_H

#include "imports/model_map.h"
#include "imports/usage_account.h"
#include "imports/usage_book.h"

struct emit_usage_log_rules {
    enum emit_dialect dialect; // COUNT: by the fields of each record
    bool is_named;             // each record is told alone, as of its book, and needs a time
    bool has_time;             // the caller has one for records that do not say
    int64_t (*clock_ns)(void); // as of the reader
};

struct emit_usage_log {
    struct emit_usage_log_rules rules;
    struct emit_usage_account *account; // borrowed
    struct emit_model_map *map;         // borrowed; groups of the book are its numbers
    struct emit_usage_book *book;       // owned
    struct emit_usage_reader reader;    // of the file that is read
    struct emit_usage_record record;
};

// EMIT_NO_MEMORY.
EMIT_MUST_CHECK enum emit_status emit_usage_log_open(struct emit_usage_log *log,
                                                     const struct emit_usage_log_rules *rules,
                                                     struct emit_usage_account *account,
                                                     struct emit_model_map *map,
                                                     struct emit_error *err);
void emit_usage_log_close(struct emit_usage_log *log); // accepts a zeroed one

// Reads one file to its end. name: of the file in sentences, borrowed as long as the account.
// Records that are not used are booked, and no error. Others: the file could not be read whole,
// or there are more records than can be told apart.
EMIT_MUST_CHECK enum emit_status emit_usage_log_read(struct emit_usage_log *log, int descriptor,
                                                     const char *name, struct emit_error *err);

// After the last file: how many of the records repeat another one is booked. As
// emit_usage_book_settle.
EMIT_MUST_CHECK enum emit_status emit_usage_log_settle(struct emit_usage_log *log,
                                                       struct emit_error *err);

#endif
