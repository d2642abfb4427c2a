// Rows: bound, read and checked, set aside.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/row.h"

#include "base/digest.h"
#include "host/host.h"
#include "outbox/checksum.h"
#include "outbox/claims.h"

#include <string.h>

bool emit_row_identity_bytes(const char *text, unsigned char bytes[EMIT_ROW_IDENTITY]) {
    return emit_digest_read(text, strlen(text), bytes);
}

// Bytes, or the text that schema 1 kept. False when it is neither.
static bool read_identity(const struct emit_sqlite *sql, sqlite3_stmt *statement, int column,
                          char text[EMIT_ENTRY_IDENTITY_MAX + 1]) {
    const unsigned char *bytes = sql->column_blob(statement, column);
    unsigned char of_text[EMIT_ROW_IDENTITY];
    size_t length = (size_t)sql->column_bytes(statement, column);
    text[EMIT_ENTRY_IDENTITY_MAX] = '\0';
    if (bytes && length == EMIT_ENTRY_IDENTITY_MAX) {
        memcpy(text, bytes, length);
        return emit_row_identity_bytes(text, of_text);
    }
    if (!bytes || length != EMIT_ROW_IDENTITY) return false;
    emit_digest_write(bytes, text);
    return true;
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
    int64_t stored_ns = sql->column_int64(statement, 6);
    int64_t checksum = sql->column_int64(statement, 9);
    struct emit_entry entry = {
        .kind = (enum emit_entry_kind)kind,
        .identity = row->identity,
        .run_id = text_of(outbox, statement, 3, &whole),
        .workspace_id = text_of(outbox, statement, 4, &whole),
        .time_ns = sql->column_int64(statement, 5),
        .body = text_of(outbox, statement, 8, &whole),
        .sequence = row->entry.sequence,
    };
    entry.length = (size_t)sql->column_bytes(statement, 8);
    const unsigned char *claims = sql->column_blob(statement, 7);
    size_t claims_length = claims ? (size_t)sql->column_bytes(statement, 7) : 0;
    if (!read_identity(sql, statement, 2, row->identity) || !entry.run_id || !entry.workspace_id ||
        !entry.body || !whole ||
        // An empty text reads as 0 too, and no query finds it.
        sql->column_type(statement, 1) != SQLITE_INTEGER || kind < 0 || kind >= EMIT_ENTRY_KINDS ||
        entry.length > EMIT_ENTRY_BODY_MAX ||
        checksum != (int64_t)emit_checksum_entry(&entry, stored_ns, claims, claims_length))
        // A damaged row may hold a NULL of its own; only the code tells.
        return (sql->extended_errcode(outbox->db) & 0xff) == SQLITE_NOMEM ? EMIT_ROW_NO_MEMORY
                                                                          : EMIT_ROW_BAD;
    row->entry = entry;
    row->stored_ns = stored_ns;
    row->claims = claims;
    row->claims_length = claims_length;
    return EMIT_ROW_GOOD;
}

static enum emit_status fail(struct emit_outbox *outbox, const char *what, struct emit_error *err) {
    return emit_sqlite_fail(&outbox->sql, outbox->db, what, outbox->folder.path, err);
}

static bool bind_row(const struct emit_sqlite *sql, sqlite3_stmt *insert,
                     const struct emit_row *row, const unsigned char *identity) {
    const struct emit_entry *entry = &row->entry;
    uint32_t checksum = emit_checksum_entry(entry, row->stored_ns, row->claims, row->claims_length);
    return (entry->sequence == 0 ||
            sql->bind_int64(insert, 1, (int64_t)entry->sequence) == SQLITE_OK) &&
           sql->bind_int64(insert, 2, (int64_t)entry->kind) == SQLITE_OK &&
           sql->bind_blob(insert, 3, identity, EMIT_ROW_IDENTITY, SQLITE_STATIC) == SQLITE_OK &&
           sql->bind_text(insert, 4, entry->run_id, -1, SQLITE_STATIC) == SQLITE_OK &&
           sql->bind_text(insert, 5, entry->workspace_id, -1, SQLITE_STATIC) == SQLITE_OK &&
           sql->bind_int64(insert, 6, entry->time_ns) == SQLITE_OK &&
           sql->bind_int64(insert, 7, row->stored_ns) == SQLITE_OK &&
           // No claims are NULL: so is what nothing was bound to.
           sql->bind_blob(insert, 8, row->claims_length > 0 ? row->claims : NULL,
                          (int)row->claims_length, SQLITE_STATIC) == SQLITE_OK &&
           sql->bind_text(insert, 9, entry->body, (int)entry->length, SQLITE_STATIC) == SQLITE_OK &&
           sql->bind_int64(insert, 10, (int64_t)checksum) == SQLITE_OK;
}

enum emit_status emit_row_insert(struct emit_outbox *outbox, struct emit_row *row,
                                 struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    unsigned char identity[EMIT_ROW_IDENTITY];
    sqlite3_stmt *insert = NULL;
    if (!emit_row_identity_bytes(row->entry.identity, identity))
        return emit_fail(err, EMIT_INVALID, "the identity of an entry is %d hexadecimal digits",
                         EMIT_ENTRY_IDENTITY_MAX);
    enum emit_status status =
        emit_connection_statement(outbox, EMIT_STATEMENT_INSERT, &insert, err);
    if (status != EMIT_OK) return status;
    if (!bind_row(sql, insert, row, identity) || sql->step(insert) != SQLITE_DONE)
        status = fail(outbox, "write to", err);
    (void)sql->reset(insert);
    (void)sql->bind_null(insert, 1); // the next one's sequence is a new one again
    if (status != EMIT_OK) return status;
    row->entry.sequence = (uint64_t)sql->last_insert_rowid(outbox->db);
    return emit_claims_store(outbox, row, err);
}

// What the store has of an entry.
enum twin { TWIN_ABSENT, TWIN_GOOD, TWIN_BAD };

// The first row that is the entry, or is damaged, of those that begin as its identity does.
static enum emit_status find_twin(struct emit_outbox *outbox, const struct emit_entry *entry,
                                  enum twin *twin, uint64_t *sequence, struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    unsigned char identity[EMIT_ROW_IDENTITY] = {0};
    sqlite3_stmt *find = NULL;
    enum emit_status status = emit_connection_statement(outbox, EMIT_STATEMENT_FIND, &find, err);
    if (status != EMIT_OK) return status;
    *twin = TWIN_ABSENT;
    (void)emit_row_identity_bytes(entry->identity, identity); // it was checked
    int code = sql->bind_blob(find, 1, identity, EMIT_ROW_PREFIX, SQLITE_STATIC);
    if (code == SQLITE_OK) code = sql->step(find);
    while (status == EMIT_OK && *twin == TWIN_ABSENT && code == SQLITE_ROW) {
        struct emit_row row = {0};
        enum emit_row_state state = emit_row_read(outbox, find, &row);
        if (state == EMIT_ROW_NO_MEMORY)
            status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
        else if (state == EMIT_ROW_BAD)
            *twin = TWIN_BAD;
        else if (row.entry.kind == entry->kind && strcmp(row.identity, entry->identity) == 0)
            *twin = TWIN_GOOD;
        *sequence = row.entry.sequence;
        code = *twin == TWIN_ABSENT ? sql->step(find) : SQLITE_DONE;
    }
    if (status == EMIT_OK && code != SQLITE_DONE) status = fail(outbox, "read", err);
    (void)sql->reset(find);
    return status;
}

enum emit_status emit_row_is_stored(struct emit_outbox *outbox, const struct emit_entry *entry,
                                    bool *is_stored, struct emit_error *err) {
    for (;;) {
        enum twin twin = TWIN_ABSENT;
        uint64_t sequence = 0;
        enum emit_status status = find_twin(outbox, entry, &twin, &sequence, err);
        *is_stored = twin == TWIN_GOOD;
        if (status != EMIT_OK || twin != TWIN_BAD) return status;
        // "The store has it" must be true of the row, not only of the index.
        status = emit_row_set_aside(outbox, sequence, err);
        if (status != EMIT_OK) return status;
    }
}

enum emit_status emit_row_insert_once(struct emit_outbox *outbox, struct emit_row *row,
                                      struct emit_error *err) {
    bool is_stored = false;
    enum emit_status status = emit_row_is_stored(outbox, &row->entry, &is_stored, err);
    if (status != EMIT_OK || is_stored) return status;
    return emit_row_insert(outbox, row, err);
}

enum emit_status emit_row_set_aside(struct emit_outbox *outbox, uint64_t sequence,
                                    struct emit_error *err) {
    outbox->settled_length = 0; // it may have been this row's
    static const enum emit_statement steps[] = {EMIT_STATEMENT_SET_ASIDE, EMIT_STATEMENT_DELETE};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        sqlite3_stmt *statement = NULL;
        enum emit_status status = emit_connection_statement(outbox, steps[i], &statement, err);
        if (status != EMIT_OK) return status;
        if (outbox->sql.bind_int64(statement, 1, (int64_t)sequence) != SQLITE_OK ||
            (i == 0 && outbox->sql.bind_int64(statement, 2, emit_clock_wall_ns()) != SQLITE_OK))
            return fail(outbox, "write to", err);
        status = emit_connection_run(outbox, steps[i], err);
        if (status != EMIT_OK) return status;
    }
    return EMIT_OK;
}
