// Appending: all entries of a call in one transaction, on disk on return.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/outbox.h"

#include "outbox/row.h"
#include "outbox/session.h"
#include "outbox/space.h"

#include <string.h>

enum {
    SPACE_EVERY = 16,   // appends of one handle between looks at the free space
    RETIRE_EVERY = 64,  // entries between looks for those whose time is over
    RETIRE_LEAST = 128, // oldest entries looked at, and more where more come in
};

static enum emit_status check_entry(const struct emit_entry *entry, struct emit_error *err) {
    if ((unsigned)entry->kind >= EMIT_ENTRY_KINDS)
        return emit_fail(err, EMIT_INVALID, "an entry of no known kind");
    size_t length = strlen(entry->identity);
    if (length == 0 || length > EMIT_ENTRY_IDENTITY_MAX)
        return emit_fail(err, EMIT_INVALID, "the identity of an entry has 1 to %d characters",
                         EMIT_ENTRY_IDENTITY_MAX);
    if (entry->length == 0 || entry->length > EMIT_ENTRY_BODY_MAX)
        return emit_fail(err, EMIT_INVALID, "the body of an entry has 1 to %d bytes",
                         EMIT_ENTRY_BODY_MAX);
    if (memchr(entry->body, '\n', entry->length) || memchr(entry->body, '\0', entry->length))
        return emit_fail(err, EMIT_INVALID, "the body of an entry is one line without NUL");
    return EMIT_OK;
}

// Counted by sequence, not by handle: short-lived processes take turns.
static bool retire_is_due(const struct emit_outbox *outbox, size_t count) {
    uint64_t newest = outbox->newest > outbox->lock.newest ? outbox->newest : outbox->lock.newest;
    return newest / RETIRE_EVERY != (newest + count) / RETIRE_EVERY;
}

// Delivered entries whose retention is over go, a few with each append. Nothing
// delivers yet: without a sink every entry counts as delivered once stored.
static enum emit_status retire(struct emit_outbox *outbox, size_t count, int64_t now_ns,
                               struct emit_error *err) {
    sqlite3_stmt *statement = NULL;
    enum emit_status status =
        emit_connection_statement(outbox, EMIT_STATEMENT_RETIRE, &statement, err);
    if (status != EMIT_OK) return status;
    int64_t limit = (int64_t)(2 * count > RETIRE_LEAST ? 2 * count : RETIRE_LEAST);
    if (outbox->sql.bind_int64(statement, 1, now_ns - outbox->retention_ns) != SQLITE_OK ||
        outbox->sql.bind_int64(statement, 2, limit) != SQLITE_OK)
        return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    return emit_connection_run(outbox, EMIT_STATEMENT_RETIRE, err);
}

static enum emit_status write_all(struct emit_outbox *outbox, const struct emit_entry *entries,
                                  size_t count, size_t *stored, struct emit_error *err) {
    int64_t now_ns = emit_row_now_ns();
    size_t new_count = 0;
    enum emit_status status = emit_connection_run(outbox, EMIT_STATEMENT_BEGIN, err);
    if (status == EMIT_OK && retire_is_due(outbox, count))
        status = retire(outbox, count, now_ns, err);
    for (size_t i = 0; status == EMIT_OK && i < count; i++) {
        bool is_new = false;
        status = emit_row_insert(outbox, &entries[i], now_ns, &is_new, err);
        new_count += is_new;
    }
    if (status == EMIT_OK) status = emit_connection_run(outbox, EMIT_STATEMENT_COMMIT, err);
    if (status != EMIT_OK)
        emit_connection_roll_back(outbox);
    else
        *stored = new_count;
    if (status == EMIT_OK && new_count > 0)
        outbox->newest = (uint64_t)outbox->sql.last_insert_rowid(outbox->db);
    return status;
}

// A log that has grown long is written back; readers are not waited for.
static void checkpoint(struct emit_outbox *outbox) {
    if (outbox->log_pages < EMIT_STORE_CHECKPOINT_PAGES) return;
    // A failure leaves the log as it is, whole: the next commit tries again.
    (void)outbox->sql.wal_checkpoint_v2(outbox->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

enum emit_status emit_outbox_append(struct emit_outbox *outbox, const struct emit_entry *entries,
                                    size_t count, size_t *stored, size_t *duplicates,
                                    struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    size_t new_count = 0;
    if (outbox->read_only)
        return emit_fail(err, EMIT_INVALID, "the store was opened for reading only");
    for (size_t i = 0; status == EMIT_OK && i < count; i++)
        status = check_entry(&entries[i], err);
    if (status == EMIT_OK) status = emit_session_enter(outbox, err);
    if (status != EMIT_OK) return status;
    // A refused append is not counted: a full disk is looked at every time.
    if (outbox->append_count % SPACE_EVERY == 0) status = emit_space_check(&outbox->folder, err);
    if (status == EMIT_OK) status = write_all(outbox, entries, count, &new_count, err);
    if (status == EMIT_CORRUPT) {
        status = emit_session_replace(outbox, err);
        if (status == EMIT_OK) status = write_all(outbox, entries, count, &new_count, err);
    }
    if (status == EMIT_OK) {
        checkpoint(outbox);
        outbox->append_count++;
        if (stored) *stored = new_count;
        if (duplicates) *duplicates = count - new_count;
    }
    emit_session_leave(outbox, status);
    return status;
}
