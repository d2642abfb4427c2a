// A row of the store as an entry, and what becomes of one that is damaged.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_ROW_H
#define OUTBOX_ROW_H

#include "outbox/connection.h"

// The columns of a row, in the order emit_row_read expects them.
#define EMIT_ROW_COLUMNS                                                                           \
    "sequence, kind, identity, run_id, workspace_id, time_ns, stored_ns, claims, body, checksum"
// The same of a table that schema 1 made.
#define EMIT_ROW_COLUMNS_1                                                                         \
    "sequence, kind, identity, run_id, workspace_id, time_ns, stored_ns, NULL, body, checksum"

enum {
    EMIT_ROW_IDENTITY = 32, // bytes of an identity
    EMIT_ROW_CLAIM = 48,    // bytes of a packed claim
    EMIT_ROW_PREFIX = 6,    // bytes of identities and keys that are looked up
};

enum emit_row_state {
    EMIT_ROW_GOOD,
    EMIT_ROW_BAD,       // it does not match its checksum
    EMIT_ROW_NO_MEMORY, // it could not be read: says nothing about the row
};

struct emit_row {
    struct emit_entry entry; // borrowed from the statement until its next step
    int64_t stored_ns;
    const unsigned char *claims; // packed; borrowed as the entry
    size_t claims_length;
    char identity[EMIT_ENTRY_IDENTITY_MAX + 1]; // what entry.identity points to after reading
};

// The row a statement stands on. `row` is written whole only when GOOD;
// row->entry.sequence always.
enum emit_row_state emit_row_read(struct emit_outbox *outbox, sqlite3_stmt *statement,
                                  struct emit_row *row);

// Whether the store has the entry, and its row is good (inside a transaction). A damaged row
// of that identity is set aside.
EMIT_MUST_CHECK enum emit_status emit_row_is_stored(struct emit_outbox *outbox,
                                                    const struct emit_entry *entry, bool *is_stored,
                                                    struct emit_error *err);

// Inserts a row that the store has not, and its claims (inside a transaction), under a new
// sequence where it has none: row->entry.sequence says which. Whose claims they are is not asked.
EMIT_MUST_CHECK enum emit_status emit_row_insert(struct emit_outbox *outbox, struct emit_row *row,
                                                 struct emit_error *err);
// The same, unless the store has it.
EMIT_MUST_CHECK enum emit_status emit_row_insert_once(struct emit_outbox *outbox,
                                                      struct emit_row *row, struct emit_error *err);

// 64 lower-case hexadecimal digits as bytes; false for any other text.
bool emit_row_identity_bytes(const char *text, unsigned char bytes[EMIT_ROW_IDENTITY]);

// Moves a row into quarantine (inside a transaction).
EMIT_MUST_CHECK enum emit_status emit_row_set_aside(struct emit_outbox *outbox, uint64_t sequence,
                                                    struct emit_error *err);

#endif
