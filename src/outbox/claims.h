// What entries lay claim to: packed beside the entry, under its checksum, and once more in a
// table where it is found by key.
//
// The table is never trusted alone. Before an entry is refused, the one that stands in its way
// is read: a claim that no good entry bears out is rot, and is put right.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_CLAIMS_H
#define OUTBOX_CLAIMS_H

#include "outbox/row.h"

// The claims of an entry as its row keeps them.
struct emit_claims {
    size_t length;
    unsigned char bytes[EMIT_ENTRY_CLAIMS_MAX * EMIT_ROW_CLAIM];
};

// EMIT_INVALID: too many, or a key with two values.
EMIT_MUST_CHECK enum emit_status emit_claims_pack(struct emit_claims *claims,
                                                  const struct emit_entry *entry,
                                                  struct emit_error *err);

// Whether another entry claims one of the keys with another value (inside a transaction).
EMIT_MUST_CHECK enum emit_status emit_claims_find_conflict(struct emit_outbox *outbox,
                                                           const struct emit_row *row,
                                                           bool *is_claimed,
                                                           struct emit_error *err);

// Writes the claims of an entry that is stored (inside a transaction).
EMIT_MUST_CHECK enum emit_status
emit_claims_store(struct emit_outbox *outbox, const struct emit_row *row, struct emit_error *err);

// Binds what is kept of a key. False: no memory.
bool emit_claims_bind_key(const struct emit_sqlite *sql, sqlite3_stmt *statement, int place,
                          const char *key);

// How many entries and claims do not agree.
EMIT_MUST_CHECK enum emit_status emit_claims_compare(struct emit_outbox *outbox, uint64_t *wrong,
                                                     struct emit_error *err);
// Writes the table anew, as the entries say, in a transaction of its own.
EMIT_MUST_CHECK enum emit_status emit_claims_rebuild(struct emit_outbox *outbox,
                                                     struct emit_error *err);

#endif
