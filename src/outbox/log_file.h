// How SQLite opens the write-ahead log. It asks for the file "to be created where
// it is missing", and because of that syncs the folder too at the first commit of
// every process. Where the log is known to be there for good, that sync answers
// nothing and is half of what a short-lived process waits for: the log is opened
// without that flag then.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_LOG_FILE_H
#define OUTBOX_LOG_FILE_H

#include "outbox/sqlite.h"

#include <stdbool.h>

// A file system for SQLite that is the machine's own but for this.
struct emit_log_file {
    sqlite3_vfs vfs; // first: SQLite hands it back to us
    sqlite3_vfs *base;
    bool lasts; // the log's entry in the folder is on disk; set before connecting
    char name[40];
};

// Makes it known to SQLite; vfs.zName is what connections name. Does not move until the end.
EMIT_MUST_CHECK enum emit_status emit_log_file_begin(struct emit_log_file *log,
                                                     const struct emit_sqlite *sql,
                                                     struct emit_error *err);
// After the last connection that named it. Accepts one that never began.
void emit_log_file_end(struct emit_log_file *log, const struct emit_sqlite *sql);

#endif
