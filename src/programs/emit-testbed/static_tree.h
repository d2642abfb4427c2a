// The tree as plain files, for machines without FUSE: energy is written in
// place, always 20 digits wide, once per update by a thread.
//
// It is less than the real thing: numbers have leading zeros, root reads what a
// scenario denies, nothing vanishes or fails in mid-run, and values served are
// not in the ledger. emit_static_tree_shortfall says so for a scenario.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_STATIC_TREE_H
#define EMIT_TESTBED_STATIC_TREE_H

#include "programs/emit-testbed/tree.h"

#include <pthread.h>

struct emit_static_tree {
    const struct emit_tree *tree; // borrowed
    _Atomic int64_t begin_ns;     // as the server's
    _Atomic bool stopping;
    bool writing;
    pthread_t thread;
    int root;                           // the directory it stands in; -1 none
    int files[EMIT_SCENARIO_ZONES_MAX]; // energy_uj of each zone; -1 none
};

// Writes the tree into an empty directory and keeps it current until stopped.
EMIT_MUST_CHECK enum emit_status emit_static_tree_start(struct emit_static_tree *plain,
                                                        const struct emit_tree *tree,
                                                        const char *directory,
                                                        struct emit_error *err);
// Removes it again. Accepts a zeroed one.
void emit_static_tree_stop(struct emit_static_tree *plain);

// What of the scenario plain files cannot show; "" when they show all of it.
const char *emit_static_tree_shortfall(const struct emit_scenario *scenario);

#endif
