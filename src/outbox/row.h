// A row of the store as an entry, and what becomes of one that is damaged.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_ROW_H
#define OUTBOX_ROW_H

#include "outbox/connection.h"

// The columns of a row, in the order emit_row_read expects them.
#define EMIT_ROW_COLUMNS                                                                           \
    "sequence, kind, identity, run_id, workspace_id, time_ns, stored_ns, body, checksum"

enum emit_row_state {
    EMIT_ROW_GOOD,
    EMIT_ROW_BAD,       // it does not match its checksum
    EMIT_ROW_NO_MEMORY, // it could not be read: says nothing about the row
};

struct emit_row {
    struct emit_entry entry; // borrowed from the statement until its next step
    int64_t stored_ns;
};

// The row a statement stands on. `row` is written whole only when GOOD;
// row->entry.sequence always.
enum emit_row_state emit_row_read(struct emit_outbox *outbox, sqlite3_stmt *statement,
                                  struct emit_row *row);

// Inserts an entry (inside a transaction). *is_new is false when the store had it
// already; a damaged twin is set aside and the entry stored.
EMIT_MUST_CHECK enum emit_status emit_row_insert(struct emit_outbox *outbox,
                                                 const struct emit_entry *entry, int64_t stored_ns,
                                                 bool *is_new, struct emit_error *err);

// Moves a row into quarantine (inside a transaction).
EMIT_MUST_CHECK enum emit_status emit_row_set_aside(struct emit_outbox *outbox, uint64_t sequence,
                                                    struct emit_error *err);

// UTC now, in nanoseconds.
int64_t emit_row_now_ns(void);

#endif
