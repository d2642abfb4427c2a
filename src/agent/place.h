// Where emit keeps its state: the store, and the run files beside it.
//
//   --outbox PATH, else EMIT_OUTBOX, else
//   $XDG_STATE_HOME/emit/outbox.db, else
//   root: /var/lib/emit/outbox.db
//   others: $HOME/.local/state/emit/outbox.db
//
// On a network file system both move to a folder of this node (outbox.h).
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_PLACE_H
#define AGENT_PLACE_H

#include "base/option.h"

enum { EMIT_PLACE_MAX = 4096 }; // bytes of a path

struct emit_place {
    char outbox[EMIT_PLACE_MAX]; // as asked for: what emit_outbox_open wants
    char runs[EMIT_PLACE_MAX];   // folder of run files, beside the store's real place
    // Folder of run files when nobody asks for another one, where a user's runs find each
    // other; "" where there is none.
    char meeting[EMIT_PLACE_MAX];
};

// The option row that every command with a store has: `offset` is of a
// const char * in the command's values, NULL when neither flag nor variable is set.
#define EMIT_PLACE_OPTION(values, member)                                                          \
    {                                                                                              \
        .name = "outbox", .type = EMIT_OPTION_TEXT, .argument = "PATH",                            \
        .environment = "EMIT_OUTBOX", .help = "the store to use",                                  \
        .text =                                                                                    \
            "The database file of the store; run files are kept in the folder runs beside "        \
            "it, and linked in the one that would be used without it, where a user's runs find "   \
            "each other. Without it: emit/outbox.db in $XDG_STATE_HOME; else, for root, "          \
            "/var/lib/emit/outbox.db, and for others ~/.local/state/emit/outbox.db.",              \
        .offset = offsetof(values, member), .override_only = true                                  \
    }

// asked: the option's value, or NULL. Creates nothing.
// EMIT_ABSENT: neither HOME nor XDG_STATE_HOME is set.
EMIT_MUST_CHECK enum emit_status emit_place_find(struct emit_place *place, const char *asked,
                                                 struct emit_error *err);

// Where root shows its runs to every user of the node: EMIT_NODE_RUNS or /run/emit/runs.
// Reading it affects what the reader meters, and nobody else.
const char *emit_place_node_runs(void);

#endif
