// Appending: all entries of a call in one transaction, on disk on return.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/outbox.h"

#include "host/host.h"
#include "outbox/claims.h"
#include "outbox/session.h"
#include "outbox/space.h"
#include "outbox/summary.h"

#include <stdlib.h>
#include <string.h>

enum {
    SPACE_EVERY = 16,   // appends of one handle between looks at the free space
    RETIRE_EVERY = 64,  // entries between looks for those whose time is over
    RETIRE_LEAST = 128, // oldest entries looked at, and more where more come in
    SUMMARY_LEAST = 8,  // entries: fewer are as soon read as their summary
};

static enum emit_status check_entry(const struct emit_entry *entry, struct emit_error *err) {
    if ((unsigned)entry->kind >= EMIT_ENTRY_KINDS)
        return emit_fail(err, EMIT_INVALID, "an entry of no known kind");
    unsigned char identity[EMIT_ROW_IDENTITY];
    if (!emit_row_identity_bytes(entry->identity, identity))
        return emit_fail(err, EMIT_INVALID, "the identity of an entry is %d hexadecimal digits",
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

// What is there already is no conflict, whoever claims its keys by now: nobody asks for its claims.
static enum emit_status write_one(struct emit_outbox *outbox, const struct emit_entry *entry,
                                  int64_t now_ns, enum emit_entry_fate *fate,
                                  struct emit_error *err) {
    struct emit_claims claims;
    bool is_claimed = false, is_stored = false;
    enum emit_status status = emit_row_is_stored(outbox, entry, &is_stored, err);
    *fate = EMIT_ENTRY_DUPLICATE;
    if (status != EMIT_OK || is_stored) return status;
    status = emit_claims_pack(&claims, entry, err);
    if (status == EMIT_OK) status = emit_claims_find_conflict(outbox, &claims, &is_claimed, err);
    *fate = is_claimed ? EMIT_ENTRY_CONFLICT : EMIT_ENTRY_STORED;
    if (status != EMIT_OK || is_claimed) return status;
    struct emit_row row = {.entry = *entry,
                           .stored_ns = now_ns,
                           .claims = claims.bytes,
                           .claims_length = claims.length};
    row.entry.sequence = 0;
    status = emit_row_insert(outbox, &row, err);
    if (status != EMIT_OK) return status;
    emit_claims_settle(outbox, &claims);
    outbox->written = row.entry.sequence;
    return EMIT_OK;
}

// One append, as it is called for.
struct batch {
    const struct emit_entry *entries;
    size_t count;
    enum emit_entry_fate *fates;
    const struct emit_outbox_summary *summary; // NULL: none is kept
};

static enum emit_status write_entries(struct emit_outbox *outbox, const struct batch *batch,
                                      int64_t now_ns, struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    uint64_t stored = 0;
    for (size_t i = 0; status == EMIT_OK && i < batch->count; i++) {
        status = write_one(outbox, &batch->entries[i], now_ns, &batch->fates[i], err);
        stored += batch->fates[i] == EMIT_ENTRY_STORED;
    }
    if (status != EMIT_OK || !batch->summary || stored < SUMMARY_LEAST) return status;
    return emit_summary_store(outbox, batch->summary, batch->fates, outbox->written - stored + 1,
                              outbox->written, err);
}

static enum emit_status write_all(struct emit_outbox *outbox, const struct batch *batch,
                                  struct emit_error *err) {
    int64_t now_ns = emit_clock_wall_ns();
    outbox->written = 0;
    outbox->settled_length = 0;
    enum emit_status status = emit_connection_run(outbox, EMIT_STATEMENT_BEGIN, err);
    if (status == EMIT_OK && retire_is_due(outbox, batch->count))
        status = retire(outbox, batch->count, now_ns, err);
    if (status == EMIT_OK) status = write_entries(outbox, batch, now_ns, err);
    if (status == EMIT_OK) status = emit_connection_run(outbox, EMIT_STATEMENT_COMMIT, err);
    if (status != EMIT_OK) emit_connection_roll_back(outbox);
    if (status == EMIT_OK && outbox->written > 0) outbox->newest = outbox->written;
    return status;
}

// A log that has grown long is written back; readers are not waited for.
static void checkpoint(struct emit_outbox *outbox) {
    if (outbox->log_pages < EMIT_STORE_CHECKPOINT_PAGES) return;
    // A failure leaves the log as it is, whole: the next commit tries again.
    (void)outbox->sql.wal_checkpoint_v2(outbox->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static enum emit_status append(struct emit_outbox *outbox, const struct batch *batch,
                               struct emit_error *err) {
    enum emit_status status = emit_session_enter(outbox, err);
    if (status != EMIT_OK) return status;
    // A refused append is not counted: a full disk is looked at every time.
    if (outbox->append_count % SPACE_EVERY == 0) status = emit_space_check(&outbox->folder, err);
    if (status == EMIT_OK) status = write_all(outbox, batch, err);
    if (status == EMIT_CORRUPT) {
        status = emit_session_replace(outbox, err);
        if (status == EMIT_OK) status = write_all(outbox, batch, err);
    }
    if (status == EMIT_OK) {
        checkpoint(outbox);
        outbox->append_count++;
    }
    emit_session_leave(outbox, status);
    return status;
}

enum emit_status emit_outbox_append(struct emit_outbox *outbox, const struct emit_entry *entries,
                                    size_t count, enum emit_entry_fate *fates,
                                    struct emit_error *err) {
    return emit_outbox_append_summed(outbox, entries, count, fates, NULL, err);
}

enum emit_status emit_outbox_append_summed(struct emit_outbox *outbox,
                                           const struct emit_entry *entries, size_t count,
                                           enum emit_entry_fate *fates,
                                           const struct emit_outbox_summary *summary,
                                           struct emit_error *err) {
    if (outbox->read_only)
        return emit_fail(err, EMIT_INVALID, "the store was opened for reading only");
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; status == EMIT_OK && i < count; i++)
        status = check_entry(&entries[i], err);
    if (status != EMIT_OK || count == 0) return status;
    // The caller is told only what has become true.
    enum emit_entry_fate *found = calloc(count, sizeof *found);
    if (!found) return emit_fail(err, EMIT_NO_MEMORY, "cannot append to the store: out of memory");
    const struct batch batch = {entries, count, found, summary};
    status = append(outbox, &batch, err);
    if (status == EMIT_OK && fates) memcpy(fates, found, count * sizeof *fates);
    free(found);
    return status;
}
