// The lock beside the database: one flock round every transaction, checkpoint,
// opening and closing. The kernel queues who waits, so no writer starves; and as
// no two connections ever write or checkpoint at once, SQLite's WAL-reset race
// (3.7.0 to 3.51.2) has no room.
//
// The file also keeps a mark: the boot it was last used in, and whether anything
// is in doubt. After a power cut the boot is another one, after damage the mark
// says so, and the next to open has the database checked. A process that was
// merely killed leaves nothing in doubt: its pages are in the kernel's hands.
// Beside it stands the newest sequence that was on disk when a process closed the
// store: bit rot in the write-ahead log looks to SQLite like the torn end of a
// commit, and only this tells that something is gone.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_LOCK_H
#define OUTBOX_LOCK_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct emit_lock {
    int file;         // -1: there is none (read only, and no lock file to be had)
    bool was_ours;    // the file bore our mark when it was opened
    bool unclean;     // in doubt: another boot, a new file, or damage that was met
    bool marked;      // the mark in the file says that it is in doubt
    uint64_t newest;  // sequence known to be on disk; never more than that
    uint64_t noted;   // the same as it stands in the file
    char boot_id[37]; // of this boot
};

// Creates the file 0600 in the directory unless read_only (`store` is for the words); a read-only
// opener that cannot have the lock goes on without: readers harm nobody.
EMIT_MUST_CHECK enum emit_status emit_lock_open(struct emit_lock *lock, int directory,
                                                const char *name, const char *store, bool read_only,
                                                struct emit_error *err);
// Waits for its turn.
EMIT_MUST_CHECK enum emit_status emit_lock_take(struct emit_lock *lock, struct emit_error *err);
// With the lock held, before a connection is opened or closed: sets `unclean` when
// the mark says so (the holder clears it), and raises `newest` to what it says.
void emit_lock_read_mark(struct emit_lock *lock);
// Puts the store in doubt at once, for as long as something delicate is done to it.
void emit_lock_doubt(struct emit_lock *lock);
// The mark becomes what `unclean` and `newest` say now.
void emit_lock_give(struct emit_lock *lock);
// Makes a new mark last: a store that lost it to a power cut would not be known as ours.
void emit_lock_keep(struct emit_lock *lock);
// Takes the mark away again: what lies beside the lock is no store of ours.
void emit_lock_disown(struct emit_lock *lock);
void emit_lock_close(struct emit_lock *lock); // drops it without touching the mark

#endif
