// A turn with the store: the lock is taken, the connection made sure of, and
// both left in a state that the next can trust.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_SESSION_H
#define OUTBOX_SESSION_H

#include "outbox/connection.h"

// Takes the lock and connects where that is needed: at first, after an error, and
// when another process has set the file aside. On failure the lock is given back.
EMIT_MUST_CHECK enum emit_status emit_session_enter(struct emit_outbox *outbox,
                                                    struct emit_error *err);
// Ends the turn; status is what became of it.
void emit_session_leave(struct emit_outbox *outbox, enum emit_status status);

// Inside a turn, after EMIT_CORRUPT: sets the store aside and connects to a fresh one.
EMIT_MUST_CHECK enum emit_status emit_session_replace(struct emit_outbox *outbox,
                                                      struct emit_error *err);

#endif
