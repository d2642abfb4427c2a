// Serves a tree as a file system through FUSE, every value computed at the
// moment it is read. The only file of the test bed that knows libfuse.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_SERVE_H
#define EMIT_TESTBED_SERVE_H

#include "programs/emit-testbed/ledger.h"
#include "programs/emit-testbed/tree.h"

#include <pthread.h>
#include <sys/types.h>

struct fuse_session;

struct emit_server {
    const struct emit_tree *tree; // borrowed, as is the ledger
    struct emit_ledger *ledger;
    _Atomic int64_t begin_ns; // CLOCK_MONOTONIC of the scenario's time 0; 0: not begun, time stands
    uid_t uid;                // whose the files are
    gid_t gid;
    struct fuse_session *session;
    pthread_t thread;
    bool serving;
    char mounted_at[PATH_MAX]; // by mount(2) of our own; "" when fusermount3 did it
    pid_t guard;               // unmounts then, when guard_pipe is closed; 0 none
    int guard_pipe;
};

// Mounts the tree at a directory and serves it from threads of its own, until
// emit_server_stop. As root with mount(2), else by fusermount3 and with a
// process that unmounts it again even when we are killed. tree, ledger, uid and gid are set before;
// signals that the caller wants for itself are blocked before.
EMIT_MUST_CHECK enum emit_status emit_server_start(struct emit_server *server,
                                                   const char *directory, bool own_mount,
                                                   struct emit_error *err);
// Unmounts, even from under open files, and waits for the threads a moment.
// What still lives then ends with the process.
void emit_server_stop(struct emit_server *server);

#endif
