// Rows: bound, read and checked, set aside.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/row.h"

#include "outbox/checksum.h"

#include <string.h>
#include <time.h>

int64_t emit_row_now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// NULL when there is no memory; *whole is false for a NUL inside the text.
static const char *text_of(struct emit_outbox *outbox, sqlite3_stmt *statement, int column,
                           bool *whole) {
    const char *text = (const char *)outbox->sql.column_text(statement, column);
    if (!text) return NULL;
    if (strlen(text) != (size_t)outbox->sql.column_bytes(statement, column)) *whole = false;
    return text;
}

enum emit_row_state emit_row_read(struct emit_outbox *outbox, sqlite3_stmt *statement,
                                  struct emit_row *row) {
    const struct emit_sqlite *sql = &outbox->sql;
    bool whole = true;
    row->entry.sequence = (uint64_t)sql->column_int64(statement, 0);
    int64_t kind = sql->column_int64(statement, 1);
    struct emit_entry entry = {
        .kind = (enum emit_entry_kind)kind,
        .identity = text_of(outbox, statement, 2, &whole),
        .run_id = text_of(outbox, statement, 3, &whole),
        .workspace_id = text_of(outbox, statement, 4, &whole),
        .time_ns = sql->column_int64(statement, 5),
        .body = text_of(outbox, statement, 7, &whole),
        .sequence = row->entry.sequence,
    };
    int64_t stored_ns = sql->column_int64(statement, 6);
    int64_t checksum = sql->column_int64(statement, 8);
    if (!entry.identity || !entry.run_id || !entry.workspace_id || !entry.body)
        // A damaged row may hold a NULL of its own; only the code tells.
        return (sql->extended_errcode(outbox->db) & 0xff) == SQLITE_NOMEM ? EMIT_ROW_NO_MEMORY
                                                                          : EMIT_ROW_BAD;
    entry.length = (size_t)sql->column_bytes(statement, 7);
    if (!whole || kind < 0 || kind >= EMIT_ENTRY_KINDS || entry.length > EMIT_ENTRY_BODY_MAX ||
        checksum != (int64_t)emit_checksum_entry(&entry, stored_ns))
        return EMIT_ROW_BAD;
    *row = (struct emit_row){.entry = entry, .stored_ns = stored_ns};
    return EMIT_ROW_GOOD;
}

static enum emit_status fail(struct emit_outbox *outbox, const char *what, struct emit_error *err) {
    return emit_sqlite_fail(&outbox->sql, outbox->db, what, outbox->folder.path, err);
}

static enum emit_status insert_once(struct emit_outbox *outbox, const struct emit_entry *entry,
                                    int64_t stored_ns, bool *is_new, struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    sqlite3_stmt *insert = NULL;
    enum emit_status status =
        emit_connection_statement(outbox, EMIT_STATEMENT_INSERT, &insert, err);
    if (status != EMIT_OK) return status;
    bool bound =
        sql->bind_int64(insert, 1, (int64_t)entry->kind) == SQLITE_OK &&
        sql->bind_text(insert, 2, entry->identity, -1, SQLITE_STATIC) == SQLITE_OK &&
        sql->bind_text(insert, 3, entry->run_id, -1, SQLITE_STATIC) == SQLITE_OK &&
        sql->bind_text(insert, 4, entry->workspace_id, -1, SQLITE_STATIC) == SQLITE_OK &&
        sql->bind_int64(insert, 5, entry->time_ns) == SQLITE_OK &&
        sql->bind_int64(insert, 6, stored_ns) == SQLITE_OK &&
        sql->bind_text(insert, 7, entry->body, (int)entry->length, SQLITE_STATIC) == SQLITE_OK &&
        sql->bind_int64(insert, 8, (int64_t)emit_checksum_entry(entry, stored_ns)) == SQLITE_OK;
    if (!bound || sql->step(insert) != SQLITE_DONE) status = fail(outbox, "write to", err);
    if (status == EMIT_OK) *is_new = sql->changes(outbox->db) > 0;
    (void)sql->reset(insert);
    return status;
}

// "The store has it" must be true of the row, not only of the index.
static enum emit_status check_twin(struct emit_outbox *outbox, const struct emit_entry *entry,
                                   bool *is_good, uint64_t *sequence, struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    sqlite3_stmt *find = NULL;
    struct emit_row row = {0};
    enum emit_status status = emit_connection_statement(outbox, EMIT_STATEMENT_FIND, &find, err);
    if (status != EMIT_OK) return status;
    if (sql->bind_int64(find, 1, (int64_t)entry->kind) != SQLITE_OK ||
        sql->bind_text(find, 2, entry->identity, -1, SQLITE_STATIC) != SQLITE_OK)
        status = fail(outbox, "read", err);
    if (status == EMIT_OK) {
        int code = sql->step(find);
        enum emit_row_state state = EMIT_ROW_BAD;
        if (code == SQLITE_ROW) state = emit_row_read(outbox, find, &row);
        if (code == SQLITE_DONE)
            status = emit_fail(err, EMIT_CORRUPT, "%s is damaged: its index names a row it has not",
                               outbox->folder.path);
        else if (code != SQLITE_ROW)
            status = fail(outbox, "read", err);
        else if (state == EMIT_ROW_NO_MEMORY)
            status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
        if (status == EMIT_OK) {
            *is_good = state == EMIT_ROW_GOOD;
            *sequence = row.entry.sequence;
        }
    }
    (void)sql->reset(find);
    return status;
}

enum emit_status emit_row_insert(struct emit_outbox *outbox, const struct emit_entry *entry,
                                 int64_t stored_ns, bool *is_new, struct emit_error *err) {
    enum emit_status status = insert_once(outbox, entry, stored_ns, is_new, err);
    if (status != EMIT_OK || *is_new) return status;
    bool is_good = false;
    uint64_t sequence = 0;
    status = check_twin(outbox, entry, &is_good, &sequence, err);
    if (status != EMIT_OK || is_good) return status;
    status = emit_row_set_aside(outbox, sequence, err);
    if (status == EMIT_OK) status = insert_once(outbox, entry, stored_ns, is_new, err);
    return status;
}

enum emit_status emit_row_set_aside(struct emit_outbox *outbox, uint64_t sequence,
                                    struct emit_error *err) {
    static const enum emit_statement steps[] = {EMIT_STATEMENT_SET_ASIDE, EMIT_STATEMENT_DELETE};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        sqlite3_stmt *statement = NULL;
        enum emit_status status = emit_connection_statement(outbox, steps[i], &statement, err);
        if (status != EMIT_OK) return status;
        if (outbox->sql.bind_int64(statement, 1, (int64_t)sequence) != SQLITE_OK ||
            (i == 0 && outbox->sql.bind_int64(statement, 2, emit_row_now_ns()) != SQLITE_OK))
            return fail(outbox, "write to", err);
        status = emit_connection_run(outbox, steps[i], err);
        if (status != EMIT_OK) return status;
    }
    return EMIT_OK;
}
