// SQLite as the store sees it: the functions it calls, found at run time, and
// their answers in our words. Nothing else of this folder names a symbol.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_SQLITE_H
#define OUTBOX_SQLITE_H

#include "base/error.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

// One row a function: each slot has the type that SQLite's own header gives it.
#define EMIT_SQLITE_ROWS(ROW)                                                                      \
    ROW(bind_blob)                                                                                 \
    ROW(bind_int64)                                                                                \
    ROW(bind_null)                                                                                 \
    ROW(bind_text)                                                                                 \
    ROW(busy_timeout)                                                                              \
    ROW(changes)                                                                                   \
    ROW(close_v2)                                                                                  \
    ROW(column_blob)                                                                               \
    ROW(column_bytes)                                                                              \
    ROW(column_int64)                                                                              \
    ROW(column_text)                                                                               \
    ROW(column_type)                                                                               \
    ROW(db_config)                                                                                 \
    ROW(errmsg)                                                                                    \
    ROW(exec)                                                                                      \
    ROW(extended_errcode)                                                                          \
    ROW(extended_result_codes)                                                                     \
    ROW(finalize)                                                                                  \
    ROW(get_autocommit)                                                                            \
    ROW(last_insert_rowid)                                                                         \
    ROW(open_v2)                                                                                   \
    ROW(prepare_v3)                                                                                \
    ROW(progress_handler)                                                                          \
    ROW(reset)                                                                                     \
    ROW(step)                                                                                      \
    ROW(system_errno)                                                                              \
    ROW(vfs_find)                                                                                  \
    ROW(vfs_register)                                                                              \
    ROW(vfs_unregister)                                                                            \
    ROW(wal_autocheckpoint)                                                                        \
    ROW(wal_checkpoint_v2)                                                                         \
    ROW(wal_hook)

#define EMIT_SQLITE_SLOT(name) __typeof__(sqlite3_##name) *name;
struct emit_sqlite {
    EMIT_SQLITE_ROWS(EMIT_SQLITE_SLOT)
};
#undef EMIT_SQLITE_SLOT

// EMIT_ABSENT: no libsqlite3; the sentence names the package. *handle is for
// emit_library_close, after the last connection is closed.
EMIT_MUST_CHECK enum emit_status emit_sqlite_load(struct emit_sqlite *sql, void **handle,
                                                  struct emit_error *err);

// What an answer of SQLite means to our caller. `code` may be an extended one;
// sys_errno is what the kernel said, 0 when nothing.
enum emit_status emit_sqlite_status(int code, int sys_errno);

// Turns the connection's last error into a sentence: "cannot WHAT PATH: ...".
// db may be NULL (no memory for a connection).
enum emit_status emit_sqlite_fail(const struct emit_sqlite *sql, sqlite3 *db, const char *what,
                                  const char *path, struct emit_error *err);

// The first column of the first row of a statement, as an integer.
// Answers SQLITE_ROW, SQLITE_DONE when there was no row, or an error.
EMIT_MUST_CHECK int emit_sqlite_integer(const struct emit_sqlite *sql, sqlite3 *db,
                                        const char *statement, int64_t *value);

// The same for a short text, cut to fit.
EMIT_MUST_CHECK int emit_sqlite_word(const struct emit_sqlite *sql, sqlite3 *db,
                                     const char *statement, char *word, size_t size);

#endif
