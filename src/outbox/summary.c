// Summaries: written with their entries, gone with the first of them.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/summary.h"

#include "base/text.h"
#include "outbox/checksum.h"

#include <stdlib.h>
#include <string.h>

const char emit_summary_tables[] =
    "CREATE TABLE summary("
    " first INTEGER PRIMARY KEY, last INTEGER NOT NULL, body TEXT NOT NULL,"
    " checksum INTEGER NOT NULL);"
    // Summaries do not overlap: the last to begin before an entry is the only one it can be in.
    "CREATE TRIGGER summary_gone AFTER DELETE ON entry BEGIN"
    " DELETE FROM summary WHERE last >= old.sequence AND first ="
    " (SELECT max(first) FROM summary WHERE first <= old.sequence);"
    " END;";

static uint32_t checksum_of(uint64_t first, uint64_t last, const char *body, size_t length) {
    const uint64_t numbers[2] = {first, last};
    return emit_checksum_add(emit_checksum_add(0, numbers, sizeof numbers), body, length);
}

static enum emit_status put(struct emit_outbox *outbox, uint64_t first, uint64_t last,
                            const struct emit_text *body, struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    sqlite3_stmt *put = NULL;
    enum emit_status status =
        emit_connection_statement(outbox, EMIT_STATEMENT_SUMMARY_PUT, &put, err);
    if (status != EMIT_OK) return status;
    int64_t checksum = checksum_of(first, last, body->at, body->length);
    if (sql->bind_int64(put, 1, (int64_t)first) != SQLITE_OK ||
        sql->bind_int64(put, 2, (int64_t)last) != SQLITE_OK ||
        sql->bind_text(put, 3, body->at, (int)body->length, SQLITE_STATIC) != SQLITE_OK ||
        sql->bind_int64(put, 4, checksum) != SQLITE_OK)
        return emit_sqlite_fail(sql, outbox->db, "write to", outbox->folder.path, err);
    return emit_connection_run(outbox, EMIT_STATEMENT_SUMMARY_PUT, err);
}

enum emit_status emit_summary_store(struct emit_outbox *outbox,
                                    const struct emit_outbox_summary *summary,
                                    const enum emit_entry_fate *fates, uint64_t first,
                                    uint64_t last, struct emit_error *err) {
    struct emit_text body;
    char *bytes = malloc(EMIT_SUMMARY_BODY_MAX);
    if (!bytes) return EMIT_OK; // without a summary the entries are read
    emit_text_init(&body, bytes, EMIT_SUMMARY_BODY_MAX);
    enum emit_status status = EMIT_OK;
    if (summary->write(summary->owner, fates, &body) && !body.cut)
        status = put(outbox, first, last, &body, err);
    free(bytes);
    return status;
}

bool emit_summary_read(const struct emit_sqlite *sql, sqlite3_stmt *statement,
                       struct emit_summary *summary) {
    int64_t first = sql->column_int64(statement, 0), last = sql->column_int64(statement, 1);
    const char *body = (const char *)sql->column_text(statement, 2);
    size_t length = body ? (size_t)sql->column_bytes(statement, 2) : 0;
    *summary = (struct emit_summary){(uint64_t)first, (uint64_t)last, body, length};
    return body && first > 0 && last >= first &&
           sql->column_int64(statement, 3) ==
               (int64_t)checksum_of(summary->first, summary->last, body, length);
}

enum emit_status emit_summary_compare(struct emit_outbox *outbox, uint64_t *wrong,
                                      struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    sqlite3_stmt *all = NULL;
    uint64_t count = 0;
    int code = sql->prepare_v3(outbox->db,
                               "SELECT first, last, body, checksum, (SELECT count(*) FROM entry"
                               " WHERE sequence BETWEEN first AND last) FROM summary",
                               -1, 0, &all, NULL);
    while ((code == SQLITE_OK || code == SQLITE_ROW) && (code = sql->step(all)) == SQLITE_ROW) {
        struct emit_summary summary;
        bool good = emit_summary_read(sql, all, &summary);
        uint64_t there = (uint64_t)sql->column_int64(all, 4);
        count += !good || there != summary.last - summary.first + 1;
    }
    enum emit_status status = EMIT_OK;
    if (code != SQLITE_DONE)
        status = emit_sqlite_fail(sql, outbox->db, "check", outbox->folder.path, err);
    (void)sql->finalize(all);
    if (status == EMIT_OK) *wrong = count;
    return status;
}
