// The store as commands open it: the outbox, after the runs that dead processes
// left behind were closed into it.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_STORE_H
#define AGENT_STORE_H

#include "host/host.h"
#include "outbox/outbox.h"

struct emit_store_options {
    const char *outbox_path;    // --outbox; NULL: the default place
    const char *runs_directory; // of run files; NULL: the default place
    // For commands that only look: no store is created. Dead runs are still closed
    // where the store can be written; where it cannot, they wait.
    bool read_only;
};

struct emit_store {
    struct emit_outbox *outbox; // NULL after a failed open
    size_t recovered_count;     // runs of dead processes that were closed by this open
    size_t damaged_count;       // run files that could not be read, and were set aside
    char notice[960];           // one line for the user, "" for nothing to tell
};

// EMIT_ABSENT: read_only and nothing was ever stored, or libsqlite3 is missing.
// Others as emit_outbox_open.
EMIT_MUST_CHECK enum emit_status emit_store_open(struct emit_store *store, struct emit_host *host,
                                                 const struct emit_store_options *options,
                                                 struct emit_error *err);
void emit_store_close(struct emit_store *store); // accepts a store that is not open

#endif
