// The command that `emit run` runs: started as if emit were not there, watched
// until it and what it left behind are gone.
//
// "As if emit were not there": argv, standard streams, working directory,
// environment (but for the entries of run_environment.h), signal mask and dispositions are what
// emit itself was started with. emit stays in the command's process group, so a shell
// sees one job; it stops when the command stops and goes on when it goes on.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_CHILD_H
#define PROGRAMS_EMIT_CHILD_H

#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// Exit statuses of `emit run` that are not the command's own, as env(1) and
// timeout(1) use them.
enum {
    EXIT_RUN_FAILED = 125,     // emit itself failed; its usage errors too
    EXIT_NOT_EXECUTABLE = 126, // the command is there, but cannot be executed
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128, // + the number of the signal that ended the command
};

enum { EMIT_INHERITED_MAX = 64 }; // descriptors beyond the standard streams

// What emit was started with and changes for itself; the command gets it back.
struct emit_signals {
    // Descriptors that emit was given, in order. Vendors' libraries open others that
    // would go on to the command; -1: more than can be told apart from those.
    int inherited_count;
    int inherited[EMIT_INHERITED_MAX];
    sigset_t inherited_mask;
    sigset_t waited; // blocked, and taken one by one by emit_child_watch
    struct sigaction inherited_pipe;
    struct sigaction inherited_child;
    struct sigaction inherited_limit; // of SIGXFSZ
};

// Blocks what emit_child_watch wants to see. Call it before any thread starts and before
// any library is opened: threads inherit the mask. Signals that emit was told to ignore (nohup)
// stay ignored.
void emit_signals_take(struct emit_signals *signals);

// Tells what the command starts in which folder the file of its run is: that it was
// started inside of a run, and did not only get the run's id from somebody.
#define EMIT_RUN_FOLDER_VARIABLE "EMIT_RUN_FOLDER"

struct emit_child {
    pid_t pid;
    int64_t started_ns; // CLOCK_MONOTONIC when the command had just been executed
};

// Starts argv[0] (searched in PATH as execvp does) with the environment and `our_count` entries
// "NAME=value" of ours in it, and makes emit the parent of whatever the command leaves behind. On
// failure *exit_status is what emit shall exit with (125, 126, 127; 128+N when signal N came before
// there was anything to pass it on to).
EMIT_MUST_CHECK enum emit_status
emit_child_start(struct emit_child *child, const struct emit_signals *signals, char *const *argv,
                 char *const *ours, size_t our_count, int *exit_status, struct emit_error *err);

// What became of the processes the command left behind.
enum emit_orphans {
    EMIT_ORPHANS_NONE,
    EMIT_ORPHANS_WAITED,      // there were some, and all of them ended
    EMIT_ORPHANS_NOT_WAITED,  // some live on: --no-wait-orphans
    EMIT_ORPHANS_TIMEOUT,     // some live on: --orphan-timeout ran out
    EMIT_ORPHANS_INTERRUPTED, // some live on: a second Ctrl-C, or a signal to emit
};

struct emit_child_watch {
    bool wait_orphans;
    int64_t orphan_timeout_ns;     // 0: no limit
    int64_t tick_ns;               // between two calls of tick; 0: never
    void (*tick)(void *owner);     // for a live line
    void (*stopping)(void *owner); // emit is about to stop with the command
    // Called once, when the command has ended and others live on.
    void (*orphans_found)(void *owner, int exit_status);
    void *owner;
};

struct emit_child_end {
    int exit_status; // as a shell shows it: 128+N after signal N
    // CLOCK_MONOTONIC when the last of it that was waited for can have ended: we are
    // told later, and a busy machine lets us run later still.
    int64_t ended_ns;
    enum emit_orphans orphans;
};

// Passes signals on and waits: until the command is reaped, and, when asked,
// everything it left behind too.
void emit_child_watch(const struct emit_child *child, const struct emit_signals *signals,
                      const struct emit_child_watch *watch, struct emit_child_end *end);

// Names the living children of emit, "3 processes (pid 12, 13, ...)", for messages.
void emit_child_describe_orphans(char *text, size_t size);

#endif
