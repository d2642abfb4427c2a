// SQLite opened at run time, and its result codes in our words.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/sqlite.h"

#include "base/text.h"
#include "host/library.h"

#include <errno.h>
#include <stddef.h>

#define ROW_OF(function) {"sqlite3_" #function, offsetof(struct emit_sqlite, function), false},
static const struct emit_symbol rows[] = {EMIT_SQLITE_ROWS(ROW_OF){NULL, 0, false}};
#undef ROW_OF

enum emit_status emit_sqlite_load(struct emit_sqlite *sql, void **handle, struct emit_error *err) {
    return emit_library_open(handle, "libsqlite3.so.0",
                             "the store needs it: sudo apt-get install libsqlite3-0", rows, sql,
                             err);
}

enum emit_status emit_sqlite_status(int code, int sys_errno) {
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return EMIT_OK;
    case SQLITE_FULL: return EMIT_FULL;
    case SQLITE_NOMEM: return EMIT_NO_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    // Our statements are fixed and right: one that fails by itself met a table or column that
    // is not as we made it.
    case SQLITE_ERROR: return EMIT_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return EMIT_TIMEOUT;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH: return EMIT_DENIED;
    default: break;
    }
    if (code == SQLITE_IOERR_NOMEM) return EMIT_NO_MEMORY;
    if (code == SQLITE_IOERR_CORRUPTFS || code == SQLITE_IOERR_SHORT_READ) return EMIT_CORRUPT;
    if (sys_errno == ENOSPC || sys_errno == EDQUOT) return EMIT_FULL;
    if (sys_errno == EACCES || sys_errno == EPERM) return EMIT_DENIED;
    return EMIT_SYSTEM;
}

enum emit_status emit_sqlite_fail(const struct emit_sqlite *sql, sqlite3 *db, const char *what,
                                  const char *path, struct emit_error *err) {
    if (!db) return emit_fail(err, EMIT_NO_MEMORY, "cannot %s %s: out of memory", what, path);
    int code = sql->extended_errcode(db);
    int sys_errno = sql->system_errno(db);
    enum emit_status status = emit_sqlite_status(code, sys_errno);
    if (status == EMIT_FULL)
        return emit_fail(err, EMIT_FULL,
                         "cannot %s %s: the store or its disk is full; free some space, or: emit "
                         "outbox prune --older-than 30d",
                         what, path);
    // A file-level error with an errno is the kernel's; others are SQLite's own words.
    bool is_kernel =
        sys_errno != 0 && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN);
    if (!is_kernel)
        return emit_fail(err, status == EMIT_OK ? EMIT_SYSTEM : status, "cannot %s %s: %s", what,
                         path, sql->errmsg(db));
    (void)emit_fail_errno(err, sys_errno, "cannot %s %s", what, path);
    if (err) err->status = status;
    return status;
}

int emit_sqlite_integer(const struct emit_sqlite *sql, sqlite3 *db, const char *statement,
                        int64_t *value) {
    sqlite3_stmt *prepared = NULL;
    int code = sql->prepare_v3(db, statement, -1, 0, &prepared, NULL);
    if (code != SQLITE_OK) return code;
    code = sql->step(prepared);
    if (code == SQLITE_ROW) *value = sql->column_int64(prepared, 0);
    int end = sql->finalize(prepared);
    return code == SQLITE_ROW || code == SQLITE_DONE ? code : end;
}

int emit_sqlite_word(const struct emit_sqlite *sql, sqlite3 *db, const char *statement, char *word,
                     size_t size) {
    sqlite3_stmt *prepared = NULL;
    int code = sql->prepare_v3(db, statement, -1, 0, &prepared, NULL);
    if (code != SQLITE_OK) return code;
    code = sql->step(prepared);
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sql->column_text(prepared, 0);
        (void)emit_text_format(word, size, "%s", text ? text : "");
    }
    int end = sql->finalize(prepared);
    return code == SQLITE_ROW || code == SQLITE_DONE ? code : end;
}
