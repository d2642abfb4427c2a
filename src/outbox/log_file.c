// The write-ahead log opened without asking for its creation.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/log_file.h"

#include "base/text.h"

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *flags_out) {
    const struct emit_log_file *log = (const struct emit_log_file *)vfs;
    if ((flags & SQLITE_OPEN_WAL) && log->lasts) {
        int code = log->base->xOpen(log->base, name, file, flags & ~SQLITE_OPEN_CREATE, flags_out);
        if (code == SQLITE_OK) return code; // else it is gone after all, and made anew
    }
    return log->base->xOpen(log->base, name, file, flags, flags_out);
}

enum emit_status emit_log_file_begin(struct emit_log_file *log, const struct emit_sqlite *sql,
                                     struct emit_error *err) {
    sqlite3_vfs *base = sql->vfs_find(NULL);
    if (!base) return emit_fail(err, EMIT_SYSTEM, "libsqlite3 knows no file system");
    *log = (struct emit_log_file){.vfs = *base, .base = base};
    // A name for each handle: SQLite finds file systems by it.
    (void)emit_text_format(log->name, sizeof log->name, "emit-%p", (void *)log);
    log->vfs.zName = log->name;
    log->vfs.pNext = NULL;
    log->vfs.xOpen = open_file;
    if (sql->vfs_register(&log->vfs, 0) == SQLITE_OK) return EMIT_OK;
    log->base = NULL;
    return emit_fail(err, EMIT_NO_MEMORY, "cannot open the store: out of memory");
}

void emit_log_file_end(struct emit_log_file *log, const struct emit_sqlite *sql) {
    if (log->base) (void)sql->vfs_unregister(&log->vfs);
    log->base = NULL;
}
