// Carrying over from a damaged database: by range while the pages hold, one by
// one where they do not.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/salvage.h"

#include "base/text.h"
#include "host/host.h"
#include "outbox/row.h"
#include "outbox/space.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct salvage {
    struct emit_outbox *to;  // the fresh store, inside a transaction
    struct emit_outbox from; // only sql, db and folder are in use
    sqlite3_stmt *range;     // rows behind ?1
    sqlite3_stmt *one;       // the row ?1
    int64_t deadline_ns;
    uint64_t last, highest; // sequences: read so far; believed to exist
    uint64_t carried, bad;
    bool late;
};

bool emit_salvage_is_pending(const struct emit_outbox *outbox) {
    return emit_folder_has(&outbox->folder, ".salvage");
}

// "-wal" becomes ".damaged-20261125T151700Z-wal"; a number more when that is taken.
static enum emit_status set_aside(struct emit_outbox *outbox, char name[64],
                                  struct emit_error *err) {
    time_t now = time(NULL);
    struct tm utc;
    char stamp[32];
    if (!gmtime_r(&now, &utc) || strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc) == 0)
        return emit_fail(err, EMIT_SYSTEM, "the clock gives no date");
    (void)emit_text_format(name, 64, ".damaged-%s", stamp);
    for (int i = 2; emit_folder_has(&outbox->folder, name) && i < 1000; i++)
        (void)emit_text_format(name, 64, ".damaged-%s-%d", stamp, i);
    char log[80];
    (void)emit_text_format(log, sizeof log, "%s-wal", name);
    enum emit_status status = emit_folder_rename(&outbox->folder, ".salvage-wal", log, err);
    if (status == EMIT_OK) status = emit_folder_rename(&outbox->folder, ".salvage", name, err);
    emit_folder_remove(&outbox->folder, ".salvage-shm");
    if (status == EMIT_OK) status = emit_folder_sync(&outbox->folder, err);
    return status;
}

// The database first: its log is only looked for beside it, and a log that has
// lost its database is found again by that.
static enum emit_status begin(struct emit_outbox *outbox, struct emit_error *err) {
    char name[64];
    enum emit_status status = EMIT_OK;
    bool has_database = emit_folder_has(&outbox->folder, "");
    if (emit_salvage_is_pending(outbox) && has_database) {
        // The fresh store of an unfinished salvage broke as well: both are kept.
        if (!outbox->db) status = set_aside(outbox, name, err);
    }
    if (status == EMIT_OK && !emit_salvage_is_pending(outbox))
        status = emit_folder_rename(&outbox->folder, "", ".salvage", err);
    if (status == EMIT_OK && !emit_folder_has(&outbox->folder, ""))
        status = emit_folder_rename(&outbox->folder, "-wal", ".salvage-wal", err);
    if (status == EMIT_OK && !emit_folder_has(&outbox->folder, ""))
        emit_folder_remove(&outbox->folder, "-shm");
    if (status == EMIT_OK) status = emit_folder_sync(&outbox->folder, err);
    return status;
}

// Statements for tables of the schema that has these columns.
static bool prepare_old(struct salvage *work, const char *columns) {
    const struct emit_sqlite *sql = &work->from.sql;
    const struct {
        sqlite3_stmt **statement;
        const char *condition;
    } wanted[] = {{&work->range, "> ?1 ORDER BY sequence"}, {&work->one, "= ?1"}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char text[256];
        (void)emit_text_format(text, sizeof text,
                               "SELECT %s FROM entry NOT INDEXED WHERE sequence %s", columns,
                               wanted[i].condition);
        if (sql->prepare_v3(work->from.db, text, -1, 0, wanted[i].statement, NULL) != SQLITE_OK)
            return false;
    }
    return true;
}

// False: it cannot even be opened, and nothing can be carried over.
static bool open_old(struct salvage *work) {
    const struct emit_sqlite *sql = &work->to->sql;
    char path[EMIT_STORE_PATH_MAX + 16];
    work->from.sql = *sql;
    if (!emit_text_format(path, sizeof path, "%s.salvage", work->to->folder.path)) return false;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                SQLITE_OPEN_NOFOLLOW;
    if (sql->open_v2(path, &work->from.db, flags, NULL) != SQLITE_OK) return false;
    (void)sql->extended_result_codes(work->from.db, 1);
    (void)sql->db_config(work->from.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)sql->db_config(work->from.db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sql->exec(work->from.db, "PRAGMA cell_size_check=ON", NULL, NULL, NULL);
    return prepare_old(work, EMIT_ROW_COLUMNS) || prepare_old(work, EMIT_ROW_COLUMNS_1);
}

static void close_old(struct salvage *work) {
    (void)work->from.sql.finalize(work->range);
    (void)work->from.sql.finalize(work->one);
    if (work->from.db) (void)work->from.sql.close_v2(work->from.db);
}

// The highest sequence ever given, as far as anything still says.
static uint64_t find_highest(const struct salvage *work) {
    static const char *const sources[] = {"SELECT max(sequence) FROM entry",
                                          "SELECT seq FROM sqlite_sequence WHERE name = 'entry'"};
    uint64_t highest = 0;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        int64_t value = 0;
        if (emit_sqlite_integer(&work->from.sql, work->from.db, sources[i], &value) == SQLITE_ROW &&
            value > 0 && (uint64_t)value > highest)
            highest = (uint64_t)value;
    }
    return highest;
}

static enum emit_status carry_row(struct salvage *work, sqlite3_stmt *statement,
                                  struct emit_error *err) {
    struct emit_row row;
    enum emit_row_state state = emit_row_read(&work->from, statement, &row);
    if (state == EMIT_ROW_NO_MEMORY) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    if (row.entry.sequence > work->last) work->last = row.entry.sequence;
    if (state == EMIT_ROW_BAD) {
        work->bad++;
        return EMIT_OK;
    }
    row.entry.sequence = 0; // rot may have given one away twice
    enum emit_status status = emit_row_insert_once(work->to, &row, err);
    if (status == EMIT_OK) work->carried++;
    return status;
}

// Rows behind `last` until the end (*done) or a page that does not hold.
static enum emit_status carry_range(struct salvage *work, bool *done, struct emit_error *err) {
    const struct emit_sqlite *sql = &work->from.sql;
    enum emit_status status = EMIT_OK;
    int code = sql->bind_int64(work->range, 1, (int64_t)work->last);
    if (code == SQLITE_OK) code = sql->step(work->range);
    for (; status == EMIT_OK && code == SQLITE_ROW; code = sql->step(work->range)) {
        status = carry_row(work, work->range, err);
        work->late = emit_clock_monotonic_ns() > work->deadline_ns;
        if (work->late || status != EMIT_OK) break;
    }
    (void)sql->reset(work->range);
    if (status == EMIT_OK && (code & 0xff) == SQLITE_NOMEM)
        status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    *done = code == SQLITE_DONE || work->late;
    return status;
}

// Steps over what does not hold until a row is found again.
static enum emit_status carry_one_by_one(struct salvage *work, bool *found,
                                         struct emit_error *err) {
    const struct emit_sqlite *sql = &work->from.sql;
    enum emit_status status = EMIT_OK;
    *found = false;
    while (status == EMIT_OK && !*found && !work->late && work->last < work->highest) {
        work->last++;
        int code = sql->bind_int64(work->one, 1, (int64_t)work->last);
        if (code == SQLITE_OK) code = sql->step(work->one);
        if (code == SQLITE_ROW) {
            *found = true;
            status = carry_row(work, work->one, err);
        }
        (void)sql->reset(work->one);
        work->late = emit_clock_monotonic_ns() > work->deadline_ns;
    }
    return status;
}

static enum emit_status carry_all(struct salvage *work, struct emit_error *err) {
    bool done = false, found = true;
    enum emit_status status = EMIT_OK;
    while (status == EMIT_OK && !done && found) {
        status = carry_range(work, &done, err);
        if (status == EMIT_OK && !done) status = carry_one_by_one(work, &found, err);
    }
    return status;
}

// New sequences begin behind every old one, also behind those that were not read.
static enum emit_status continue_sequence(struct salvage *work, struct emit_error *err) {
    char text[160];
    (void)emit_text_format(text, sizeof text,
                           "DELETE FROM sqlite_sequence WHERE name = 'entry';"
                           "INSERT INTO sqlite_sequence(name, seq) VALUES('entry', %" PRIu64 ")",
                           work->highest);
    return emit_connection_exec(work->to, text, err);
}

static enum emit_status carry_over(struct salvage *work, struct emit_error *err) {
    enum emit_status status = emit_connection_run(work->to, EMIT_STATEMENT_BEGIN, err);
    if (status == EMIT_OK) status = carry_all(work, err);
    // The last rows were never seen when both witnesses are gone: leave room for them.
    if (work->highest < work->last) work->highest = work->last + 1000000;
    if (status == EMIT_OK) status = continue_sequence(work, err);
    if (status == EMIT_OK) status = emit_connection_run(work->to, EMIT_STATEMENT_COMMIT, err);
    if (status != EMIT_OK) emit_connection_roll_back(work->to);
    return status;
}

static void tell(struct emit_outbox *outbox, const struct salvage *work, const char *name) {
    emit_connection_note(
        outbox,
        "The store was damaged: %" PRIu64 " entries were carried over into a fresh "
        "one%s; the old one is kept as %s%s.",
        work->carried, work->late ? " (then time was up)" : "", outbox->folder.name, name);
}

enum emit_status emit_salvage(struct emit_outbox *outbox, struct emit_error *err) {
    char name[64];
    struct salvage work = {.to = outbox, .from.folder.directory = -1};
    enum emit_status status = begin(outbox, err);
    if (status == EMIT_OK && !outbox->db) status = emit_connection_open(outbox, err);
    if (status != EMIT_OK) return status;
    work.deadline_ns = emit_clock_monotonic_ns() + EMIT_SALVAGE_LIMIT_NS;
    struct emit_error why;
    enum emit_status carried = EMIT_OK;
    if (open_old(&work)) {
        work.highest = find_highest(&work);
        carried = carry_over(&work, &why);
    }
    close_old(&work);
    if (carried != EMIT_OK) {
        // The fresh store is open and the old one waits: the mark stays unclean,
        // so that the next to open tries again.
        outbox->lock.unclean = true;
        emit_connection_note(outbox, "The store was damaged and waits as %s.salvage: %s.",
                             outbox->folder.name, why.text);
        return EMIT_OK;
    }
    status = set_aside(outbox, name, err);
    if (status == EMIT_OK) tell(outbox, &work, name);
    return status;
}
