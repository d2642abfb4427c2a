// Pruning: the drain of a store that nothing else drains. It must work on a full
// disk, so it may give up the ballast, and lays it down again at its end.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/outbox.h"

#include "base/text.h"
#include "outbox/row.h"
#include "outbox/session.h"
#include "outbox/space.h"

enum { ROWS_AT_ONCE = 1000 }; // deleted in one transaction, so that writers get their turn

static enum emit_status delete_some(struct emit_outbox *outbox, int64_t before_ns, int *removed,
                                    struct emit_error *err) {
    char text[256];
    (void)emit_text_format(text, sizeof text,
                           "DELETE FROM entry WHERE sequence IN (SELECT sequence FROM entry WHERE "
                           "stored_ns < %lld ORDER BY sequence LIMIT %d)",
                           (long long)before_ns, ROWS_AT_ONCE);
    enum emit_status status = emit_connection_run(outbox, EMIT_STATEMENT_BEGIN, err);
    if (status == EMIT_OK) status = emit_connection_exec(outbox, text, err);
    int count = status == EMIT_OK ? outbox->sql.changes(outbox->db) : 0;
    if (status == EMIT_OK) status = emit_connection_run(outbox, EMIT_STATEMENT_COMMIT, err);
    if (status != EMIT_OK)
        emit_connection_roll_back(outbox);
    else
        *removed = count;
    return status;
}

static enum emit_status delete_quarantined(struct emit_outbox *outbox, int64_t before_ns,
                                           struct emit_error *err) {
    char text[96];
    (void)emit_text_format(text, sizeof text, "DELETE FROM quarantine WHERE set_aside_ns < %lld",
                           (long long)before_ns);
    return emit_connection_exec(outbox, text, err);
}

// Free pages go back to the file system, and the log is written back and cut.
static enum emit_status give_back(struct emit_outbox *outbox, struct emit_error *err) {
    enum emit_status status = emit_connection_exec(outbox, "PRAGMA incremental_vacuum", err);
    if (status == EMIT_OK)
        (void)outbox->sql.wal_checkpoint_v2(outbox->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                            NULL);
    return status;
}

// One turn with the lock.
static enum emit_status prune_some(struct emit_outbox *outbox, int64_t before_ns, int *removed,
                                   struct emit_error *err) {
    enum emit_status status = emit_session_enter(outbox, err);
    if (status != EMIT_OK) return status;
    // A reader in the way is not waited for with the lock held.
    (void)outbox->sql.busy_timeout(outbox->db, 0);
    status = delete_some(outbox, before_ns, removed, err);
    if (status == EMIT_OK && *removed < ROWS_AT_ONCE)
        status = delete_quarantined(outbox, before_ns, err);
    if (status == EMIT_OK) status = give_back(outbox, err);
    if (status == EMIT_FULL) {
        // The log needs room before the deletion can free any.
        emit_space_drop_ballast(&outbox->folder);
        emit_connection_roll_back(outbox);
        (void)outbox->sql.wal_checkpoint_v2(outbox->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                            NULL);
        status = delete_some(outbox, before_ns, removed, err);
        if (status == EMIT_OK) status = give_back(outbox, err);
    }
    (void)outbox->sql.busy_timeout(outbox->db, EMIT_STORE_BUSY_MS);
    emit_session_leave(outbox, status);
    return status;
}

enum emit_status emit_outbox_prune(struct emit_outbox *outbox, int64_t before_ns, uint64_t *removed,
                                   struct emit_error *err) {
    uint64_t total = 0;
    int count = ROWS_AT_ONCE;
    enum emit_status status = EMIT_OK;
    if (outbox->read_only)
        return emit_fail(err, EMIT_INVALID, "the store was opened for reading only");
    while (status == EMIT_OK && count == ROWS_AT_ONCE) {
        count = 0;
        status = prune_some(outbox, before_ns, &count, err);
        total += (uint64_t)count;
    }
    if (status != EMIT_OK) return status;
    emit_space_lay_ballast(&outbox->folder);
    if (removed) *removed = total;
    return EMIT_OK;
}
