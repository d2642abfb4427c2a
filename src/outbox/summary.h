// What the entries of one append come to, kept beside them: who adds up the whole store reads
// that, and not every entry.
//
// The entries are the truth. A summary goes as soon as one of its entries goes, whoever removes
// it and why; one that its checksum does not bear out counts as gone.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_SUMMARY_H
#define OUTBOX_SUMMARY_H

#include "outbox/connection.h"

// The table and what keeps it true, as SQL.
extern const char emit_summary_tables[];

// Asks for the summary of entries that an append has just stored under these sequences, none
// between them being another's, and writes it (inside the transaction).
EMIT_MUST_CHECK enum emit_status emit_summary_store(struct emit_outbox *outbox,
                                                    const struct emit_outbox_summary *summary,
                                                    const enum emit_entry_fate *fates,
                                                    uint64_t first, uint64_t last,
                                                    struct emit_error *err);

// How many do not match their checksum, or are of entries that are not all there.
EMIT_MUST_CHECK enum emit_status emit_summary_compare(struct emit_outbox *outbox, uint64_t *wrong,
                                                      struct emit_error *err);

// A summary that was read back.
struct emit_summary {
    uint64_t first, last;
    const char *body; // borrowed from the statement until its next step
    size_t length;
};
// The row that EMIT_STATEMENT_SUMMARY_NEXT stands on. False: it is damaged.
bool emit_summary_read(const struct emit_sqlite *sql, sqlite3_stmt *statement,
                       struct emit_summary *summary);

#endif
