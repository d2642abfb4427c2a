// What entries lay claim to: packed beside the entry, under its checksum, and found by two
// tables, of the first bytes of each key and of spans.
//
// The tables only say which entries to ask. What an entry claims, its own row says; a line of a
// table that no good entry bears out is rot, and goes.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_CLAIMS_H
#define OUTBOX_CLAIMS_H

#include "outbox/row.h"

enum { EMIT_CLAIM_KEY = 16 }; // bytes of the hash of a key

// The claims of an entry as its row keeps them: 16 bytes of key and 32 of value each. A span
// is a claim, too, with the first bit set; its key ends in where it ends, so that the spans of
// a key stand in their order, and the first that could overlap another one is found at once.
struct emit_claims {
    size_t length;
    unsigned char bytes[(EMIT_ENTRY_CLAIMS_MAX + 1) * EMIT_ROW_CLAIM];
};

// EMIT_INVALID: too many, a key with two values, or a span of no length.
EMIT_MUST_CHECK enum emit_status emit_claims_pack(struct emit_claims *claims,
                                                  const struct emit_entry *entry,
                                                  struct emit_error *err);

// Whether an entry claims one of the keys with another value, or some of the span (inside a
// transaction). The entry that the claims are of is not in the store.
EMIT_MUST_CHECK enum emit_status emit_claims_find_conflict(struct emit_outbox *outbox,
                                                           const struct emit_claims *claims,
                                                           bool *is_claimed,
                                                           struct emit_error *err);

// Writes the claims of an entry that is stored (inside a transaction).
EMIT_MUST_CHECK enum emit_status
emit_claims_store(struct emit_outbox *outbox, const struct emit_row *row, struct emit_error *err);

// Tells that an entry with these claims was stored in the transaction under way: until a row
// is set aside, those with the same key and value need not be looked up.
void emit_claims_settle(struct emit_outbox *outbox, const struct emit_claims *claims);

// A claim as it is kept, to look for those who have it. value: NULL for one of any value.
struct emit_claim_asked {
    unsigned char bytes[EMIT_ROW_CLAIM];
    size_t length;
};
void emit_claims_ask(struct emit_claim_asked *asked, const char *key, const char *value);
bool emit_claims_has(const struct emit_row *row, const struct emit_claim_asked *asked);
// The sequence of the first entry that claims some of a span, as a query of SQL.
#define EMIT_CLAIMS_OF_SPAN                                                                        \
    "SELECT sequence FROM (SELECT sequence, value FROM span WHERE key > ?6 AND key <= ?7"          \
    " AND length(key) = 16 AND substr(value, 9) = ?8 ORDER BY key LIMIT 1) WHERE substr(value, "   \
    "1, 8) < ?9"
bool emit_claims_bind_span(const struct emit_sqlite *sql, sqlite3_stmt *statement,
                           const struct emit_claimed_span *span);

// How many entries and claims do not agree.
EMIT_MUST_CHECK enum emit_status emit_claims_compare(struct emit_outbox *outbox, uint64_t *wrong,
                                                     struct emit_error *err);
// Writes the table anew, as the entries say, in a transaction of its own.
EMIT_MUST_CHECK enum emit_status emit_claims_rebuild(struct emit_outbox *outbox,
                                                     struct emit_error *err);

#endif
