// Lines that no run file stands behind enter the store here: modeled events and facility
// windows. Each passes the contract at strict, and all of a batch are stored in one append,
// which tells of every line what became of it; then they are copied to the output.
//
// After a failure of the store the lines of that batch are not told of; after one of the output
// they are, when they are stored. The caller says so, and the same records may come again, since
// what is stored already is a duplicate, and copied.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_INTAKE_H
#define AGENT_INTAKE_H

#include "agent/batch.h"

enum {
    EMIT_INTAKE_BATCH = 4096,            // lines that are appended at once, and
    EMIT_INTAKE_BYTES = 8 * 1024 * 1024, // bytes of them with what they borrow
};

struct emit_intake;

// What became of a line, told in the order of the lines once their batch is on disk; without
// store and output at once, before emit_intake_add returns.
struct emit_intake_answer {
    const void *note;          // a copy of what was given with the line; NULL: nothing was
    enum emit_entry_fate fate; // STORED (also when there is no store), DUPLICATE, CONFLICT
    const char *line;          // borrowed
    size_t length;
    const struct emit_claimed_span *span; // a copy of the line's; NULL also without a store
};

// Who is told of the lines.
struct emit_intake_listener {
    void (*hear)(void *owner, const struct emit_intake_answer *answer);
    void *owner;       // borrowed
    size_t note_bytes; // of the note that may come with a line
};

// to: borrowed, with what it names. listener: copied; NULL: nobody is told, there are no notes.
EMIT_MUST_CHECK enum emit_status emit_intake_open(struct emit_intake **intake,
                                                  const struct emit_destination *to,
                                                  const struct emit_intake_listener *listener,
                                                  struct emit_error *err);

// Where the next line may be written, in at most `limit` bytes, terminator included: it is not
// copied then. Fails as emit_intake_finish, which makes room. limit: at most EMIT_INTAKE_BYTES.
EMIT_MUST_CHECK enum emit_status emit_intake_next(struct emit_intake *intake, size_t limit,
                                                  struct emit_text *line, struct emit_error *err);
// Takes a canonical line: body, run, workspace, time, claims and span of an entry, all copied
// with the note; kind and identity are not looked at. note: what the listener wants to know of
// the line when it hears of it; NULL: nothing.
// EMIT_REFUSED: the line breaks the contract, which is a bug of ours: the sentence says how.
// The lines before and behind it are none the worse for it.
// EMIT_INVALID: with what it borrows it is longer than EMIT_INTAKE_BYTES.
// Others: the batch before it could not be stored, and nothing of it was; or stored, but not
// written, as the sentence says. The line itself was not taken.
EMIT_MUST_CHECK enum emit_status emit_intake_add(struct emit_intake *intake,
                                                 const struct emit_entry *line, const void *note,
                                                 struct emit_error *err);
// Stores what is left: all lines are on disk then.
EMIT_MUST_CHECK enum emit_status emit_intake_finish(struct emit_intake *intake,
                                                    struct emit_error *err);
// Accepts NULL. What was not stored by then is not stored.
void emit_intake_close(struct emit_intake *intake);

#endif
