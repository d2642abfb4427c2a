// The store for commands that only look into it.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_LOOK_H
#define PROGRAMS_EMIT_LOOK_H

#include "agent/store.h"
#include "programs/emit/command.h"

// For commands that only look: read_only on this host, and what there is to tell is
// told on stderr in the name of the command.
EMIT_MUST_CHECK enum emit_status emit_command_look(struct emit_store *store,
                                                   const struct emit_command *command,
                                                   const char *outbox_path, struct emit_error *err);

// What to say behind "no such run": that windows of facilities, which are of no run, are there.
// "" when there are none.
const char *emit_command_tell_windows(struct emit_outbox *outbox);

#endif
