// The connection to SQLite: opened, set up, checked, closed.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/connection.h"

#include "base/text.h"
#include "host/host.h"
#include "outbox/row.h"
#include "outbox/schema.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const texts[EMIT_STATEMENT_COUNT] = {
    [EMIT_STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [EMIT_STATEMENT_COMMIT] = "COMMIT",
    [EMIT_STATEMENT_INSERT] =
        ("INSERT INTO entry(" EMIT_ROW_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
    [EMIT_STATEMENT_FIND] = ("SELECT " EMIT_ROW_COLUMNS " FROM entry"
                             " WHERE substr(identity, 1, 6) = ?1"),
    [EMIT_STATEMENT_GET] = ("SELECT " EMIT_ROW_COLUMNS " FROM entry WHERE sequence = ?1"),
    [EMIT_STATEMENT_SET_ASIDE] =
        ("INSERT INTO quarantine SELECT NULL, ?2, " EMIT_ROW_COLUMNS " FROM entry"
         " WHERE sequence = ?1"),
    [EMIT_STATEMENT_DELETE] = "DELETE FROM entry WHERE sequence = ?1",
    // The inner LIMIT bounds the work: the oldest rows stand first.
    [EMIT_STATEMENT_RETIRE] =
        "DELETE FROM entry WHERE sequence IN (SELECT sequence FROM entry ORDER BY sequence"
        " LIMIT ?2) AND stored_ns < ?1",
    [EMIT_STATEMENT_CLAIM_FIND] = "SELECT sequence FROM claim WHERE key = ?1 AND sequence < ?2"
                                  " ORDER BY sequence DESC LIMIT 1",
    [EMIT_STATEMENT_CLAIM_PUT] = "INSERT OR IGNORE INTO claim(key, sequence) VALUES(?1, ?2)",
    [EMIT_STATEMENT_CLAIM_DROP] = "DELETE FROM claim WHERE key = ?1 AND sequence = ?2",
    [EMIT_STATEMENT_SPAN_FIND] =
        "SELECT key, value, sequence FROM span"
        " WHERE key > ?1 AND key <= ?2 AND length(key) = 16 ORDER BY key, sequence",
    [EMIT_STATEMENT_SPAN_PUT] = "INSERT OR REPLACE INTO span(key, value, sequence)"
                                " VALUES(?1, ?3, ?2)",
    [EMIT_STATEMENT_SPAN_DROP] = "DELETE FROM span WHERE key = ?1 AND sequence = ?2",
    [EMIT_STATEMENT_SUMMARY_PUT] = "INSERT INTO summary(first, last, body, checksum)"
                                   " VALUES(?1, ?2, ?3, ?4)",
    [EMIT_STATEMENT_SUMMARY_NEXT] = "SELECT first, last, body, checksum FROM summary"
                                    " WHERE first > ?1 ORDER BY first LIMIT 1",
};

void emit_connection_note(struct emit_outbox *outbox, const char *format, ...) {
    size_t used = strlen(outbox->notice);
    char *end = outbox->notice + used;
    size_t room = sizeof outbox->notice - used;
    if (room < 3) return;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(end + (used > 0), room - (used > 0), format, arguments);
    va_end(arguments);
    if (wanted < 0 || (size_t)wanted >= room - (used > 0))
        *end = '\0';
    else if (used > 0)
        *end = ' ';
}

static enum emit_status fail(struct emit_outbox *outbox, const char *what, struct emit_error *err) {
    return emit_sqlite_fail(&outbox->sql, outbox->db, what, outbox->folder.path, err);
}

enum emit_status emit_connection_exec(struct emit_outbox *outbox, const char *text,
                                      struct emit_error *err) {
    if (outbox->sql.exec(outbox->db, text, NULL, NULL, NULL) == SQLITE_OK) return EMIT_OK;
    return fail(outbox, "use the store", err);
}

enum emit_status emit_connection_statement(struct emit_outbox *outbox, enum emit_statement which,
                                           sqlite3_stmt **statement, struct emit_error *err) {
    if (!outbox->statements[which] &&
        outbox->sql.prepare_v3(outbox->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                               &outbox->statements[which], NULL) != SQLITE_OK)
        return fail(outbox, "use the store", err);
    *statement = outbox->statements[which];
    return EMIT_OK;
}

enum emit_status emit_connection_run(struct emit_outbox *outbox, enum emit_statement which,
                                     struct emit_error *err) {
    sqlite3_stmt *statement = NULL;
    enum emit_status status = emit_connection_statement(outbox, which, &statement, err);
    if (status != EMIT_OK) return status;
    if (outbox->sql.step(statement) != SQLITE_DONE) status = fail(outbox, "write to", err);
    (void)outbox->sql.reset(statement);
    return status;
}

void emit_connection_roll_back(struct emit_outbox *outbox) {
    // SQLite has rolled back by itself after some errors; then there is nothing to do.
    if (outbox->db && !outbox->sql.get_autocommit(outbox->db))
        (void)outbox->sql.exec(outbox->db, "ROLLBACK", NULL, NULL, NULL);
}

// A setting that must read back as told: SQLite ignores what it does not know.
struct setting {
    const char *set; // NULL: it was set before
    const char *get;
    int64_t wanted;
};
static const struct setting settings[] = {
    {"PRAGMA synchronous=FULL", "PRAGMA synchronous", 2},
    {"PRAGMA cell_size_check=ON", "PRAGMA cell_size_check", 1},
    {"PRAGMA mmap_size=0", "PRAGMA mmap_size", 0},
    // In KiB when negative, and taken only as it is needed.
    {"PRAGMA cache_size=-32768", "PRAGMA cache_size", -32768},
    {NULL, "PRAGMA auto_vacuum", 2},
};
// The same for settings that answer in words.
struct word_setting {
    const char *get, *wanted;
};
static const struct word_setting word_settings[] = {
    {"PRAGMA journal_mode", "wal"},
    {"PRAGMA encoding", "UTF-8"},
};

static enum emit_status refuse_setting(const struct emit_outbox *outbox, const char *get,
                                       struct emit_error *err) {
    // We made the file otherwise: one that was ours has been damaged.
    return emit_fail(err, outbox->lock.was_ours ? EMIT_CORRUPT : EMIT_INVALID,
                     "%s cannot be a store: '%s' does not read back as set", outbox->folder.path,
                     get);
}

static enum emit_status check_words(struct emit_outbox *outbox, struct emit_error *err) {
    for (size_t i = 0; i < sizeof word_settings / sizeof *word_settings; i++) {
        char word[16];
        int code =
            emit_sqlite_word(&outbox->sql, outbox->db, word_settings[i].get, word, sizeof word);
        if (code != SQLITE_ROW) return fail(outbox, "set up", err);
        if (strcmp(word, word_settings[i].wanted) != 0)
            return refuse_setting(outbox, word_settings[i].get, err);
    }
    return EMIT_OK;
}

static enum emit_status apply_settings(struct emit_outbox *outbox, struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        int64_t got = -1;
        if (settings[i].set &&
            sql->exec(outbox->db, settings[i].set, NULL, NULL, NULL) != SQLITE_OK)
            return fail(outbox, "set up", err);
        int code = emit_sqlite_integer(sql, outbox->db, settings[i].get, &got);
        // A build without mmap answers mmap_size with no row at all.
        if (code == SQLITE_DONE && settings[i].wanted == 0) continue;
        if (code != SQLITE_ROW) return fail(outbox, "set up", err);
        if (got != settings[i].wanted) return refuse_setting(outbox, settings[i].get, err);
    }
    enum emit_status status = check_words(outbox, err);
    if (status != EMIT_OK) return status;
    char limit[64];
    (void)emit_text_format(limit, sizeof limit, "PRAGMA max_page_count=%lld",
                           (long long)(outbox->max_bytes / 4096));
    return emit_connection_exec(outbox, limit, err);
}

static int note_log_pages(void *owner, sqlite3 *db, const char *name, int pages) {
    struct emit_outbox *outbox = owner;
    (void)db, (void)name;
    outbox->log_pages = pages;
    return SQLITE_OK;
}

static enum emit_status set_up(struct emit_outbox *outbox, struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    (void)sql->extended_result_codes(outbox->db, 1);
    (void)sql->busy_timeout(outbox->db, EMIT_STORE_BUSY_MS);
    // Checkpoints are ours, and made with the lock held.
    (void)sql->wal_autocheckpoint(outbox->db, 0);
    (void)sql->wal_hook(outbox->db, note_log_pages, outbox);
    int no_checkpoint = 0, trusted = 1;
    if (sql->db_config(outbox->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &no_checkpoint) !=
            SQLITE_OK ||
        sql->db_config(outbox->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &trusted) != SQLITE_OK ||
        no_checkpoint != 1 || trusted != 0)
        return emit_fail(err, EMIT_INVALID, "libsqlite3 is too old for the store: 3.31 is needed");
    enum emit_status status = emit_schema_check(outbox, err);
    if (status == EMIT_OK) status = apply_settings(outbox, err);
    return status;
}

// A log without its database belongs to one that was removed: SQLite would play
// it into the new file.
static enum emit_status begin_file(struct emit_outbox *outbox, struct emit_error *err) {
    if (outbox->read_only)
        return emit_fail(err, EMIT_ABSENT,
                         "there is no store at %s yet: emit run, tokens or campus makes one",
                         outbox->folder.path);
    enum emit_status status = emit_folder_rename(&outbox->folder, "-wal", ".orphan-wal", err);
    emit_folder_remove(&outbox->folder, "-shm");
    outbox->newest = outbox->lock.newest = 0; // of the file that is no more
    if (status == EMIT_OK) status = emit_folder_create_file(&outbox->folder, err);
    return status;
}

enum emit_status emit_connection_open(struct emit_outbox *outbox, struct emit_error *err) {
    struct stat found;
    enum emit_status status = emit_folder_check_files(&outbox->folder, err);
    if (status == EMIT_OK && !emit_folder_has(&outbox->folder, ""))
        status = begin_file(outbox, err);
    if (status != EMIT_OK) return status;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                SQLITE_OPEN_NOFOLLOW;
    int code =
        outbox->sql.open_v2(outbox->folder.path, &outbox->db, flags, outbox->log_file.vfs.zName);
    if (code != SQLITE_OK)
        status = fail(outbox, "open", err);
    else
        status = set_up(outbox, err);
    if (status == EMIT_OK &&
        fstatat(outbox->folder.directory, outbox->folder.name, &found, AT_SYMLINK_NOFOLLOW) == 0) {
        outbox->device = found.st_dev;
        outbox->inode = found.st_ino;
    }
    if (status != EMIT_OK) emit_connection_drop(outbox);
    return status;
}

bool emit_connection_is_current(const struct emit_outbox *outbox) {
    struct stat found;
    return outbox->db &&
           fstatat(outbox->folder.directory, outbox->folder.name, &found, AT_SYMLINK_NOFOLLOW) ==
               0 &&
           found.st_dev == outbox->device && found.st_ino == outbox->inode;
}

void emit_connection_drop(struct emit_outbox *outbox) {
    for (size_t i = 0; i < EMIT_STATEMENT_COUNT; i++) {
        if (outbox->statements[i]) (void)outbox->sql.finalize(outbox->statements[i]);
        outbox->statements[i] = NULL;
    }
    if (outbox->db) (void)outbox->sql.close_v2(outbox->db);
    outbox->db = NULL;
    outbox->log_pages = 0;
}

// Room for the next commits in a log that is empty: a sync of bytes written over
// others is one write of the disk, a sync of a file that grew is two or three.
// SQLite takes zeros for an empty log. A failure leaves a log that grows.
static void lay_out_log(const struct emit_folder *folder) {
    static const char zeros[16 * 1024];
    char name[EMIT_STORE_NAME_MAX];
    if (!emit_folder_name(folder, "-wal", name, sizeof name)) return;
    int file = openat(folder->directory, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return;
    struct stat status;
    if (fstat(file, &status) == 0 && status.st_size == 0)
        for (off_t at = 0; at < EMIT_STORE_LOG_BYTES; at += (off_t)sizeof zeros)
            if (pwrite(file, zeros, sizeof zeros, at) != (ssize_t)sizeof zeros) break;
    (void)close(file);
}

// Writes the log back into the database. A reader in the way is not waited for: the
// next to come tries again.
static void empty_log(struct emit_outbox *outbox) {
    (void)outbox->sql.busy_timeout(outbox->db, 0);
    int code =
        outbox->sql.wal_checkpoint_v2(outbox->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)outbox->sql.busy_timeout(outbox->db, EMIT_STORE_BUSY_MS);
    if (code == SQLITE_OK)
        lay_out_log(&outbox->folder);
    else if ((code & 0xff) != SQLITE_BUSY) // what this connection remembers is not trusted
        emit_connection_drop(outbox);
}

void emit_connection_tidy(struct emit_outbox *outbox) {
    char name[EMIT_STORE_NAME_MAX];
    struct stat log;
    if (outbox->db && !outbox->read_only &&
        emit_folder_name(&outbox->folder, "-wal", name, sizeof name) &&
        fstatat(outbox->folder.directory, name, &log, AT_SYMLINK_NOFOLLOW) == 0 &&
        log.st_size > EMIT_STORE_LOG_BYTES)
        empty_log(outbox);
}

void emit_connection_close(struct emit_outbox *outbox) {
    if (outbox->db && !outbox->read_only && outbox->log_pages > EMIT_STORE_LEAVE_PAGES)
        empty_log(outbox);
    emit_connection_drop(outbox);
}

static int is_late(void *deadline_ns) {
    return emit_clock_monotonic_ns() > *(int64_t *)deadline_ns;
}

// SQLite heads its findings with a line "*** in database main ***"; a sentence of
// ours has no line end, and the finding is its last part.
static const char *first_finding(const char *found) {
    const char *line = strchr(found, '\n');
    return line && strncmp(found, "***", 3) == 0 ? line + 1 : found;
}

enum emit_status emit_connection_check(struct emit_outbox *outbox, bool thorough, int64_t limit_ns,
                                       bool *finished, struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    const char *text = thorough ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)";
    sqlite3_stmt *statement = NULL;
    int64_t deadline_ns = emit_clock_monotonic_ns() + limit_ns;
    if (limit_ns > 0) sql->progress_handler(outbox->db, 1000, is_late, &deadline_ns);
    enum emit_status status = EMIT_OK;
    int code = sql->prepare_v3(outbox->db, text, -1, 0, &statement, NULL);
    if (code == SQLITE_OK) code = sql->step(statement);
    *finished = (code & 0xff) != SQLITE_INTERRUPT;
    if (code == SQLITE_ROW) {
        const char *found = (const char *)sql->column_text(statement, 0);
        if (!found)
            status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
        else if (strcmp(found, "ok") != 0)
            status = emit_fail(err, EMIT_CORRUPT, "%s is damaged: %s", outbox->folder.path,
                               first_finding(found));
    } else if (*finished && code != SQLITE_DONE) {
        status = fail(outbox, "check", err);
    }
    (void)sql->finalize(statement);
    if (limit_ns > 0) sql->progress_handler(outbox->db, 0, NULL, NULL);
    return status;
}
