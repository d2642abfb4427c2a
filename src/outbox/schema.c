// The tables of the store, and the upgrades: from schema 1, which kept identities as text and
// knew no claims, and from schema 2, which knew no summaries.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/schema.h"

#include "base/text.h"
#include "outbox/row.h"
#include "outbox/summary.h"

// `sqlite3 outbox.db` shows a user what is there: run, workspace and body are texts, and
// lower(hex(identity)) is what `emit validate --identity` prints. AUTOINCREMENT: a sequence
// is never used twice, also after the newest row went.
static const char tables[] =
    "CREATE TABLE entry("
    " sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
    " kind INTEGER NOT NULL,"
    " identity BLOB NOT NULL,"
    " run_id TEXT NOT NULL,"
    " workspace_id TEXT NOT NULL,"
    " time_ns INTEGER NOT NULL,"
    " stored_ns INTEGER NOT NULL,"
    " claims BLOB," // key and value of each, 16 and 32 bytes; NULL: none
    " body TEXT NOT NULL,"
    " checksum INTEGER NOT NULL);"
    // The first bytes find an entry; what they find is asked for the rest. Identities are random,
    // so a batch writes most pages of this index, and every byte counts.
    "CREATE INDEX entry_identity ON entry(substr(identity, 1, 6));"
    // Events are found by place; what is looked up by run is not an event.
    "CREATE INDEX entry_run ON entry(run_id, kind) WHERE kind <> 0;"
    // Who claims what, by the first bytes of the key; random and small, too.
    "CREATE TABLE claim("
    " key BLOB, sequence INTEGER, PRIMARY KEY(key, sequence)) WITHOUT ROWID;"
    // And who claims which span. Key columns first: SQLite 3.40 finds fault with a WITHOUT ROWID
    // table that has them in another order.
    "CREATE TABLE span("
    " key BLOB, sequence INTEGER, value BLOB NOT NULL,"
    " PRIMARY KEY(key, sequence)) WITHOUT ROWID;"
    // A claim goes with its entry, whoever removes that and why.
    "CREATE TRIGGER entry_gone AFTER DELETE ON entry WHEN old.claims IS NOT NULL BEGIN"
    " DELETE FROM claim WHERE sequence = old.sequence AND key IN ("
    "WITH RECURSIVE place(at) AS (VALUES(1) UNION ALL"
    " SELECT at + 48 FROM place WHERE at + 48 < length(old.claims))"
    " SELECT substr(old.claims, at, 6) FROM place);"
    " DELETE FROM span WHERE sequence = old.sequence AND key IN ("
    "WITH RECURSIVE place(at) AS (VALUES(1) UNION ALL"
    " SELECT at + 48 FROM place WHERE at + 48 < length(old.claims))"
    " SELECT substr(old.claims, at, 16) FROM place);"
    " END;"
    // A bad row as it was found; no constraint, it may hold anything.
    "CREATE TABLE quarantine("
    " place INTEGER PRIMARY KEY, set_aside_ns, sequence, kind, identity, run_id, workspace_id,"
    " time_ns, stored_ns, claims, body, checksum);";

static enum emit_status fail(struct emit_outbox *outbox, const char *what, struct emit_error *err) {
    return emit_sqlite_fail(&outbox->sql, outbox->db, what, outbox->folder.path, err);
}

// Inside a transaction.
static enum emit_status make_tables(struct emit_outbox *outbox, struct emit_error *err) {
    char numbers[96];
    (void)emit_text_format(numbers, sizeof numbers,
                           "PRAGMA application_id=%d; PRAGMA user_version=%d;",
                           EMIT_STORE_APPLICATION, EMIT_STORE_SCHEMA);
    enum emit_status status = emit_connection_exec(outbox, tables, err);
    if (status == EMIT_OK) status = emit_connection_exec(outbox, emit_summary_tables, err);
    if (status == EMIT_OK) status = emit_connection_exec(outbox, numbers, err);
    return status;
}

// auto_vacuum counts only before the first table, and WAL outside a transaction.
static enum emit_status create(struct emit_outbox *outbox, struct emit_error *err) {
    enum emit_status status = emit_connection_exec(
        outbox, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; BEGIN IMMEDIATE;", err);
    if (status == EMIT_OK) status = make_tables(outbox, err);
    if (status == EMIT_OK) status = emit_connection_exec(outbox, "COMMIT", err);
    if (status != EMIT_OK) emit_connection_roll_back(outbox);
    return status;
}

// --- From schema 1 ---

// Every entry keeps its sequence, and its checksum: that is of the identity as text.
static enum emit_status carry_entries(struct emit_outbox *outbox, struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    sqlite3_stmt *old = NULL;
    enum emit_status status = EMIT_OK;
    int code =
        sql->prepare_v3(outbox->db, "SELECT " EMIT_ROW_COLUMNS_1 " FROM entry_1 ORDER BY sequence",
                        -1, 0, &old, NULL);
    while (status == EMIT_OK && code == SQLITE_OK && (code = sql->step(old)) == SQLITE_ROW) {
        struct emit_row row;
        enum emit_row_state state = emit_row_read(outbox, old, &row);
        code = SQLITE_OK;
        if (state == EMIT_ROW_NO_MEMORY) status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
        if (state == EMIT_ROW_GOOD) status = emit_row_insert_once(outbox, &row, err);
    }
    if (status == EMIT_OK && code != SQLITE_DONE) status = fail(outbox, "upgrade", err);
    (void)sql->finalize(old);
    return status;
}

static enum emit_status upgrade_from_1(struct emit_outbox *outbox, struct emit_error *err) {
    enum emit_status status =
        emit_connection_exec(outbox,
                             "BEGIN IMMEDIATE; ALTER TABLE entry RENAME TO entry_1;"
                             "ALTER TABLE quarantine RENAME TO quarantine_1;"
                             "DROP INDEX entry_identity; DROP INDEX entry_run;",
                             err);
    if (status == EMIT_OK) status = make_tables(outbox, err);
    if (status == EMIT_OK) status = carry_entries(outbox, err);
    if (status == EMIT_OK)
        status = emit_connection_exec(
            outbox,
            "INSERT INTO quarantine SELECT place, set_aside_ns, " EMIT_ROW_COLUMNS_1
            " FROM quarantine_1;"
            // What was not carried is damaged.
            "INSERT INTO quarantine SELECT NULL, strftime('%s') * 1000000000, " EMIT_ROW_COLUMNS_1
            " FROM entry_1 WHERE sequence NOT IN (SELECT sequence FROM entry);"
            "DELETE FROM sqlite_sequence WHERE name = 'entry';"
            "INSERT INTO sqlite_sequence SELECT 'entry', seq FROM sqlite_sequence"
            " WHERE name = 'entry_1';"
            "DROP TABLE entry_1; DROP TABLE quarantine_1; COMMIT;",
            err);
    if (status != EMIT_OK) emit_connection_roll_back(outbox);
    // Of the pages that became free; those that stay are used again.
    if (status == EMIT_OK)
        (void)outbox->sql.exec(outbox->db, "PRAGMA incremental_vacuum", NULL, NULL, NULL);
    return status;
}

// --- From schema 2 ---

// What is stored already has no summary, and is read.
static enum emit_status upgrade_from_2(struct emit_outbox *outbox, struct emit_error *err) {
    enum emit_status status = emit_connection_exec(outbox, "BEGIN IMMEDIATE", err);
    if (status == EMIT_OK) status = emit_connection_exec(outbox, emit_summary_tables, err);
    if (status == EMIT_OK)
        status = emit_connection_exec(outbox, "PRAGMA user_version=3; COMMIT", err);
    if (status != EMIT_OK) emit_connection_roll_back(outbox);
    return status;
}

static enum emit_status bring_up_to_date(struct emit_outbox *outbox, int64_t version,
                                         struct emit_error *err) {
    if (outbox->read_only)
        return emit_fail(err, EMIT_INVALID,
                         "%s was written by an earlier emit, and this command only reads: emit "
                         "outbox verify brings it up to date",
                         outbox->folder.path);
    struct emit_error why;
    enum emit_status status =
        version == 1 ? upgrade_from_1(outbox, &why) : upgrade_from_2(outbox, &why);
    if (status == EMIT_OK) return EMIT_OK;
    return emit_fail(err, status, "%s was written by an earlier emit and cannot be upgraded: %s",
                     outbox->folder.path, why.text);
}

// --- What the file is ---

enum emit_status emit_schema_check(struct emit_outbox *outbox, struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    int64_t application = 0, version = 0, count = 0;
    if (emit_sqlite_integer(sql, outbox->db, "PRAGMA application_id", &application) != SQLITE_ROW ||
        emit_sqlite_integer(sql, outbox->db, "PRAGMA user_version", &version) != SQLITE_ROW)
        return fail(outbox, "read", err);
    outbox->has_no_summaries = outbox->read_only && version == 2;
    if (application == EMIT_STORE_APPLICATION &&
        (version == EMIT_STORE_SCHEMA || outbox->has_no_summaries))
        return EMIT_OK;
    if (application == EMIT_STORE_APPLICATION && (version == 1 || version == 2))
        return bring_up_to_date(outbox, version, err);
    if (application == EMIT_STORE_APPLICATION && version > EMIT_STORE_SCHEMA)
        return emit_fail(err, EMIT_INVALID,
                         "%s was written by a newer emit (schema %lld, this one knows %d): use "
                         "that one, or name another place with --outbox",
                         outbox->folder.path, (long long)version, EMIT_STORE_SCHEMA);
    if (emit_sqlite_integer(sql, outbox->db, "SELECT count(*) FROM sqlite_master", &count) !=
        SQLITE_ROW)
        return fail(outbox, "read", err);
    if (application != 0 || version != 0 || count != 0)
        // With our lock beside it, it was our store once: then this is damage.
        return emit_fail(err, outbox->lock.was_ours ? EMIT_CORRUPT : EMIT_INVALID,
                         "%s is a database, but no store of emit: name another place with --outbox",
                         outbox->folder.path);
    if (outbox->read_only)
        return emit_fail(err, EMIT_ABSENT,
                         "there is no store at %s yet: emit run, tokens or campus makes one",
                         outbox->folder.path);
    return create(outbox, err);
}
