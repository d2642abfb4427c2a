// The store as its users hold it: opened, entered, left, closed.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/outbox.h"

#include "base/text.h"
#include "host/library.h"
#include "outbox/connection.h"
#include "outbox/salvage.h"
#include "outbox/session.h"
#include "outbox/space.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t default_max_bytes = INT64_C(1) << 30;
static const int64_t default_retention_ns = INT64_C(90) * 86400 * 1000000000;
// Below it not even the empty tables fit.
static const int64_t least_max_bytes = INT64_C(64) * 1024;

// After an unclean end the database is looked over before anybody trusts it.
static enum emit_status check_unclean(struct emit_outbox *outbox, struct emit_error *err) {
    bool finished = false;
    enum emit_status status =
        emit_connection_check(outbox, false, EMIT_STORE_CHECK_NS, &finished, err);
    // SQLite takes any table for a good one; ours must be what our statements are about.
    for (int i = 0; status == EMIT_OK && i < EMIT_STATEMENT_COUNT; i++) {
        sqlite3_stmt *unused = NULL;
        status = emit_connection_statement(outbox, (enum emit_statement)i, &unused, err);
    }
    // Not finished is not damaged: every row still has its checksum.
    if (status == EMIT_OK && !outbox->read_only) outbox->lock.unclean = false;
    return status;
}

// Entries that were on disk when the store was last closed are still there, or it
// is said that they are not: rot in the log makes SQLite forget its end.
static enum emit_status check_forgotten(struct emit_outbox *outbox, struct emit_error *err) {
    int64_t newest = 0;
    int code = emit_sqlite_integer(&outbox->sql, outbox->db,
                                   "SELECT seq FROM sqlite_sequence WHERE name = 'entry'", &newest);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return emit_sqlite_fail(&outbox->sql, outbox->db, "read", outbox->folder.path, err);
    if (outbox->lock.newest <= (uint64_t)newest) return EMIT_OK;
    emit_connection_note(outbox,
                         "The end of the store's log was damaged: entries up to number %" PRIu64
                         " were stored, those behind number %" PRId64 " are gone.",
                         outbox->lock.newest, newest);
    outbox->has_forgotten = true;
    outbox->newest = 0;
    if (!outbox->read_only) outbox->lock.newest = (uint64_t)newest;
    return EMIT_OK;
}

// Opens, and leaves a log whose entry in the folder is on disk before the mark says
// that all is well: who finds that mark and a log need not sync the folder again.
static enum emit_status open_file(struct emit_outbox *outbox, struct emit_error *err) {
    bool is_trusted = outbox->lock.was_ours && !outbox->lock.unclean;
    bool lasts = is_trusted && emit_folder_has(&outbox->folder, "-wal");
    if (is_trusted && !lasts) emit_lock_doubt(&outbox->lock);
    outbox->log_file.lasts = lasts;
    enum emit_status status = emit_connection_open(outbox, err);
    outbox->log_file.lasts = false;
    if (status == EMIT_OK && !lasts) status = emit_folder_sync(&outbox->folder, err);
    if (status == EMIT_OK && is_trusted) outbox->lock.unclean = false;
    return status;
}

static enum emit_status connect(struct emit_outbox *outbox, struct emit_error *err) {
    // An unfinished salvage leaves doubt or no database; only then is it looked for.
    bool has_file = emit_folder_has(&outbox->folder, "");
    bool pending = (outbox->lock.unclean || !has_file) && !outbox->read_only &&
                   emit_salvage_is_pending(outbox);
    if (pending && !has_file) return emit_salvage(outbox, err);
    enum emit_status status = open_file(outbox, err);
    if (status == EMIT_OK && outbox->lock.unclean) status = check_unclean(outbox, err);
    if (status == EMIT_OK) status = check_forgotten(outbox, err);
    if (status == EMIT_OK && pending) status = emit_salvage(outbox, err);
    // Only what bore our mark is ours to rename.
    bool may_replace = !outbox->read_only && outbox->lock.was_ours;
    if (status == EMIT_CORRUPT && may_replace)
        status = emit_session_replace(outbox, err);
    else if (status == EMIT_CORRUPT && !outbox->lock.was_ours)
        status = emit_fail(err, EMIT_INVALID,
                           "%s is no store of emit, or one without its lock: name another place "
                           "with --outbox",
                           outbox->folder.path);
    if (status != EMIT_OK) emit_connection_drop(outbox);
    if (status == EMIT_OK && !outbox->read_only && !outbox->lock.was_ours)
        emit_lock_keep(&outbox->lock);
    if (status == EMIT_OK && !outbox->read_only) emit_space_lay_ballast(&outbox->folder);
    return status;
}

enum emit_status emit_session_replace(struct emit_outbox *outbox, struct emit_error *err) {
    emit_connection_drop(outbox);
    emit_lock_doubt(&outbox->lock);
    enum emit_status status = emit_salvage(outbox, err);
    // What can be wrong with a fresh file is not damage any more.
    if (status == EMIT_OK && !emit_salvage_is_pending(outbox)) outbox->lock.unclean = false;
    return status;
}

enum emit_status emit_session_enter(struct emit_outbox *outbox, struct emit_error *err) {
    if (getpid() != outbox->owner)
        return emit_fail(err, EMIT_INVALID,
                         "the store was opened before a fork: open it again in this process");
    enum emit_status status = emit_lock_take(&outbox->lock, err);
    if (status != EMIT_OK) return status;
    if (!emit_connection_is_current(outbox)) {
        emit_connection_drop(outbox);
        emit_lock_read_mark(&outbox->lock);
        status = connect(outbox, err);
    }
    if (status == EMIT_OK) return status;
    if (outbox->lock.was_ours)
        emit_lock_give(&outbox->lock);
    else
        emit_lock_disown(&outbox->lock);
    return status;
}

void emit_session_leave(struct emit_outbox *outbox, enum emit_status status) {
    if (status == EMIT_CORRUPT) {
        // The next to open checks the whole file before it trusts it.
        outbox->lock.unclean = true;
        emit_connection_drop(outbox);
    } else if (status == EMIT_SYSTEM || status == EMIT_FULL) {
        // After a failed write or sync nothing this connection remembers is trusted.
        emit_connection_drop(outbox);
    }
    emit_lock_give(&outbox->lock);
}

static enum emit_status prepare(struct emit_outbox *outbox,
                                const struct emit_outbox_options *options, struct emit_error *err) {
    char place[EMIT_STORE_PATH_MAX];
    bool moved = false;
    outbox->max_bytes = options->max_bytes ? options->max_bytes : default_max_bytes;
    outbox->retention_ns = options->retention_ns ? options->retention_ns : default_retention_ns;
    outbox->read_only = options->read_only;
    if (outbox->max_bytes < least_max_bytes || outbox->retention_ns < 0)
        return emit_fail(err, EMIT_INVALID, "a store of at most %lld bytes cannot work",
                         (long long)outbox->max_bytes);
    enum emit_status status = emit_sqlite_load(&outbox->sql, &outbox->library, err);
    if (status == EMIT_OK) status = emit_log_file_begin(&outbox->log_file, &outbox->sql, err);
    if (status != EMIT_OK) return status;
    status = emit_folder_locate(options->path, place, sizeof place, &moved, err);
    if (status == EMIT_OK)
        status = emit_folder_open(&outbox->folder, place, options->read_only, err);
    if (status == EMIT_ABSENT && options->read_only)
        return emit_fail(err, EMIT_ABSENT,
                         "there is no store at %s yet: emit run, tokens or campus makes one",
                         options->path);
    if (status == EMIT_OK && moved)
        emit_connection_note(outbox,
                             "%s is on a network file system, where the store cannot be safe: it "
                             "is kept on this node, at %s.",
                             options->path, outbox->folder.path);
    return status;
}

static enum emit_status open_all(struct emit_outbox *outbox,
                                 const struct emit_outbox_options *options,
                                 struct emit_error *err) {
    char name[EMIT_STORE_NAME_MAX + 16];
    enum emit_status status = prepare(outbox, options, err);
    if (status == EMIT_OK && options->read_only && !emit_folder_has(&outbox->folder, ""))
        status = emit_fail(err, EMIT_ABSENT,
                           "there is no store at %s yet: emit run, tokens or campus makes one",
                           outbox->folder.path);
    (void)emit_folder_name(&outbox->folder, "-lock", name, sizeof name);
    if (status == EMIT_OK)
        status = emit_lock_open(&outbox->lock, outbox->folder.directory, name, outbox->folder.path,
                                options->read_only, err);
    if (status == EMIT_OK) status = emit_session_enter(outbox, err);
    if (status != EMIT_OK) return status;
    emit_connection_tidy(outbox);
    emit_session_leave(outbox, EMIT_OK);
    return EMIT_OK;
}

enum emit_status emit_outbox_open(struct emit_outbox **outbox,
                                  const struct emit_outbox_options *options,
                                  struct emit_error *err) {
    struct emit_outbox *opened = calloc(1, sizeof *opened);
    if (!opened) return emit_fail(err, EMIT_NO_MEMORY, "cannot open the store: out of memory");
    opened->folder.directory = -1;
    opened->lock.file = -1;
    opened->owner = getpid();
    enum emit_status status = open_all(opened, options, err);
    if (status != EMIT_OK) {
        emit_outbox_close(opened);
        return status;
    }
    *outbox = opened;
    return EMIT_OK;
}

void emit_outbox_close(struct emit_outbox *outbox) {
    if (!outbox) return;
    // In a child of fork the connection is the parent's: touching it would drop
    // the parent's locks.
    bool is_own = getpid() == outbox->owner;
    if (is_own && outbox->db) {
        bool locked = emit_lock_take(&outbox->lock, NULL) == EMIT_OK;
        if (locked) {
            emit_lock_read_mark(&outbox->lock);
            if (outbox->newest > outbox->lock.newest) outbox->lock.newest = outbox->newest;
            emit_connection_close(outbox);
            emit_lock_give(&outbox->lock);
        } else {
            emit_connection_drop(outbox);
        }
    }
    emit_lock_close(&outbox->lock);
    emit_folder_close(&outbox->folder);
    if (is_own) {
        emit_log_file_end(&outbox->log_file, &outbox->sql);
        emit_library_close(outbox->library);
    }
    free(outbox);
}

const char *emit_outbox_path(const struct emit_outbox *outbox) {
    return outbox->folder.path;
}

const char *emit_outbox_notice(const struct emit_outbox *outbox) {
    return outbox->notice[0] ? outbox->notice : NULL;
}

enum emit_status emit_outbox_locate(const char *path, char *place, size_t size,
                                    struct emit_error *err) {
    bool moved = false;
    char found[EMIT_STORE_PATH_MAX];
    enum emit_status status = emit_folder_locate(path, found, sizeof found, &moved, err);
    if (status == EMIT_OK && !emit_text_format(place, size, "%s", found))
        status = emit_fail(err, EMIT_INVALID, "the path of the store is too long");
    return status;
}
