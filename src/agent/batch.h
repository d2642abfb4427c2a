// The gate to the store: what was made passes the contract here, line by line, and goes into
// one append. Nothing else calls emit_outbox_append.
//
// Bodies and whatever entries borrow stand one behind the other in one buffer that does not
// move. A body is written in place (emit_batch_next), then taken, or written over.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_BATCH_H
#define AGENT_BATCH_H

#include "base/text.h"
#include "contract/canonical.h"
#include "outbox/outbox.h"

#include <stdio.h>

// Where entries go. Borrowed; both may be NULL (--no-outbox, no --output).
struct emit_destination {
    struct emit_outbox *outbox;
    FILE *output;            // a copy of the event lines, NDJSON, flushed on return
    const char *output_name; // for the sentence when that fails
};

struct emit_batch {
    struct emit_entry *entries;
    char (*identities)[EMIT_IDENTITY_TEXT];
    enum emit_entry_fate *fates; // STORED until emit_batch_store says otherwise
    size_t count, capacity;      // entries
    char *bytes;
    size_t used, size; // bytes
};

// Room for so many entries, and bytes of what they borrow: touched only as far as written.
EMIT_MUST_CHECK enum emit_status emit_batch_init(struct emit_batch *batch, size_t entries,
                                                 size_t bytes, struct emit_error *err);
void emit_batch_clear(struct emit_batch *batch); // accepts zeros
void emit_batch_empty(struct emit_batch *batch); // keeps the room

// Where the next body is written; not longer than limit, terminator included.
struct emit_text emit_batch_next(const struct emit_batch *batch, size_t limit);
// Room behind what was taken, for something an entry borrows; NULL when there is none.
void *emit_batch_take(struct emit_batch *batch, size_t bytes, size_t alignment);

// Whether a line may be stored as an event: EMIT_REFUSED with the reason.
EMIT_MUST_CHECK enum emit_status emit_batch_judge(const char *line, size_t length,
                                                  struct emit_error *err);
// Takes what was written as an entry, also what was taken already: `as` without identity and body.
// key: what the identity is the hash of, the body or another text, canonical; NULL for a batch that
// is not stored.
void emit_batch_add(struct emit_batch *batch, const struct emit_entry *as,
                    const struct emit_text *body, const struct emit_text *key);

// Appends all of it, and writes the fates. summary: kept beside it; may be NULL.
EMIT_MUST_CHECK enum emit_status emit_batch_store(struct emit_batch *batch,
                                                  struct emit_outbox *outbox,
                                                  const struct emit_outbox_summary *summary,
                                                  struct emit_error *err);
// Copies the event lines, but those in conflict, and flushes. Bodies end in line ends then.
EMIT_MUST_CHECK enum emit_status emit_batch_copy(struct emit_batch *batch,
                                                 const struct emit_destination *to,
                                                 struct emit_error *err);

#endif
