// Lines that no run file stands behind enter the store here: modeled events and facility
// windows. Each passes the contract at strict, each is copied to the output, and all of a
// batch are stored in one append, which tells of every line what became of it.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_INTAKE_H
#define AGENT_INTAKE_H

#include "agent/publish.h"

enum { EMIT_INTAKE_BATCH = 1024 }; // lines that are appended at once

struct emit_intake;

// What became of a line, told in the order of the lines once their batch is on disk.
struct emit_intake_answer {
    void *owner;               // as given with the line
    enum emit_entry_fate fate; // STORED (also when there is no store), DUPLICATE, CONFLICT
    const char *line;          // borrowed
    size_t length;
};
typedef void emit_intake_listener(void *listener_owner, const struct emit_intake_answer *answer);

// to: borrowed; outbox and output may be NULL. listener may be NULL.
EMIT_MUST_CHECK enum emit_status emit_intake_open(struct emit_intake **intake,
                                                  const struct emit_destination *to,
                                                  emit_intake_listener *listener,
                                                  void *listener_owner, struct emit_error *err);

// Takes a canonical line. claims: see emit_entry; they are copied.
// EMIT_REFUSED: the line breaks the contract, which is a bug of ours: the sentence says how.
// Others: the batch could not be stored or written; nothing of it was stored.
EMIT_MUST_CHECK enum emit_status emit_intake_add(struct emit_intake *intake,
                                                 const struct emit_entry *line, void *owner,
                                                 struct emit_error *err);
// Stores what is left, and syncs.
EMIT_MUST_CHECK enum emit_status emit_intake_finish(struct emit_intake *intake,
                                                    struct emit_error *err);
void emit_intake_close(struct emit_intake *intake); // accepts NULL

#endif
