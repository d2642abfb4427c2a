// The inside of an open store: the connection to SQLite, set up as the promise
// needs it and refused when a setting did not take.
//
// All calls but emit_connection_statement are made with the lock held.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_CONNECTION_H
#define OUTBOX_CONNECTION_H

#include "outbox/folder.h"
#include "outbox/lock.h"
#include "outbox/log_file.h"
#include "outbox/outbox.h"
#include "outbox/sqlite.h"

#include <sys/types.h>

enum {
    EMIT_STORE_NOTICE_MAX = 480,             // bytes of what the user should be told
    EMIT_STORE_CHECKPOINT_PAGES = 1000,      // of the log, while the process lives
    EMIT_STORE_LEAVE_PAGES = 256,            // of the log, that the next to open has to read
    EMIT_STORE_LOG_BYTES = 320 * 1024,       // of an emptied log; one that outgrew it is long
    EMIT_STORE_CHECK_NS = 250 * 1000 * 1000, // longest check after an unclean end
    EMIT_STORE_SETTLED_MAX = 4 * 48,         // bytes of packed claims
    EMIT_STORE_BUSY_MS = 5000,               // only a foreign program can make us wait
};

// Statements are prepared when first used and kept.
enum emit_statement {
    EMIT_STATEMENT_BEGIN,
    EMIT_STATEMENT_COMMIT,
    EMIT_STATEMENT_INSERT,
    EMIT_STATEMENT_FIND,       // rows by the first bytes of their identity
    EMIT_STATEMENT_GET,        // one row by sequence
    EMIT_STATEMENT_SET_ASIDE,  // a bad row's copy into quarantine
    EMIT_STATEMENT_DELETE,     // one row by sequence
    EMIT_STATEMENT_RETIRE,     // the oldest rows whose time is over
    EMIT_STATEMENT_CLAIM_FIND, // the last before a sequence with these first bytes of a key
    EMIT_STATEMENT_CLAIM_PUT,
    EMIT_STATEMENT_CLAIM_DROP,
    EMIT_STATEMENT_SPAN_FIND, // those that end behind a number
    EMIT_STATEMENT_SPAN_PUT,
    EMIT_STATEMENT_SPAN_DROP,
    EMIT_STATEMENT_SUMMARY_PUT,
    EMIT_STATEMENT_SUMMARY_NEXT, // the first that begins behind a sequence
    EMIT_STATEMENT_COUNT,
};

struct emit_outbox {
    struct emit_sqlite sql;
    void *library;
    struct emit_log_file log_file;
    sqlite3 *db; // NULL: not connected; the next call connects
    sqlite3_stmt *statements[EMIT_STATEMENT_COUNT];
    struct emit_folder folder;
    struct emit_lock lock;
    dev_t device; // of the file that db is connected to: tells when it was
    ino_t inode;  // set aside or removed by another process
    pid_t owner;  // a connection is never carried over fork
    int64_t max_bytes;
    int64_t retention_ns;
    bool read_only;
    bool has_no_summaries; // the file is of schema 2, which who only reads leaves as it is
    uint64_t newest;       // sequence of the last entry this handle has put on disk
    uint64_t written;      // the same of the transaction under way; 0: none yet
    // The claims of the last entry of the transaction under way: nobody gainsays them.
    unsigned char settled[EMIT_STORE_SETTLED_MAX];
    size_t settled_length;
    bool has_forgotten;    // entries that were on disk are not any more: told, and verify fails
    int log_pages;         // in the write-ahead log after the last commit
    uint64_t append_count; // of this handle
    char notice[EMIT_STORE_NOTICE_MAX];
};

// Opens (and creates, unless read_only) the database, checks what it is, sets
// the connection up and reads every setting back.
// EMIT_CORRUPT: damaged. EMIT_INVALID: no store of ours, or of a newer emit.
EMIT_MUST_CHECK enum emit_status emit_connection_open(struct emit_outbox *outbox,
                                                      struct emit_error *err);
// Moves a long log into the database. For whoever has just opened the store: emit run does
// that while its command runs, and nobody waits for it, as one would at the end.
// A failure drops the connection, as the next call finds out.
void emit_connection_tidy(struct emit_outbox *outbox);
// Moves one that became very long into the database first, so that the next to open need
// not read it. Accepts one that is not open.
void emit_connection_close(struct emit_outbox *outbox);
// Closes without a checkpoint: after damage.
void emit_connection_drop(struct emit_outbox *outbox);
// True while the path still leads to the file we are connected to.
bool emit_connection_is_current(const struct emit_outbox *outbox);

EMIT_MUST_CHECK enum emit_status emit_connection_statement(struct emit_outbox *outbox,
                                                           enum emit_statement which,
                                                           sqlite3_stmt **statement,
                                                           struct emit_error *err);
// Runs a prepared statement without rows to its end and resets it.
EMIT_MUST_CHECK enum emit_status
emit_connection_run(struct emit_outbox *outbox, enum emit_statement which, struct emit_error *err);
EMIT_MUST_CHECK enum emit_status emit_connection_exec(struct emit_outbox *outbox, const char *text,
                                                      struct emit_error *err);
void emit_connection_roll_back(struct emit_outbox *outbox);

// SQLite's own check for at most limit_ns (0: no limit). EMIT_OK also when the
// time did not suffice; *finished tells. EMIT_CORRUPT with its first finding.
EMIT_MUST_CHECK enum emit_status emit_connection_check(struct emit_outbox *outbox, bool thorough,
                                                       int64_t limit_ns, bool *finished,
                                                       struct emit_error *err);

// One sentence more to tell the user; what does not fit is left out.
void emit_connection_note(struct emit_outbox *outbox, const char *format, ...) EMIT_PRINTF(2, 3);

#endif
