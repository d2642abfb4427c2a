// One metered run of a command in the foreground (emit run, emit attach) from its
// first moment to its last: what the parts of it share.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_RUN_H
#define PROGRAMS_EMIT_RUN_H

#include "agent/place.h"
#include "agent/sampler.h"
#include "agent/served_watch.h"
#include "agent/store.h"
#include "runs/phase.h"
#include "agent/task.h"
#include "programs/emit/child.h"
#include "programs/emit/command.h"
#include "programs/emit/live.h"
#include "programs/emit/run_environment.h"
#include "programs/emit/run_plan.h"
#include "programs/emit/run_trace.h"
#include "report/report.h"

#include <stdio.h>

enum { RUN_NOTES_MAX = 4 };

// Whoever wants to hear how a run ended (--repeat).
struct run_listener {
    // After the report is published, before it is cleared; NULL: nothing was metered.
    void (*told)(void *owner, const struct emit_report *report, int exit_status, int64_t spent_ns);
    void *owner;
};

struct run {
    const struct emit_command *command;  // of emit: in whose name it complains
    const struct run_listener *listener; // NULL: nobody
    const struct run_options *options;
    const char *name; // of the command that is metered
    struct emit_host host;
    struct run_plan plan;
    struct emit_place place;
    bool has_place;
    FILE *report_file, *output_file; // NULL: not asked for
    struct run_trace trace;          // .file NULL: not asked for
    struct emit_signals signals;
    struct run_environment environment; // what the command gets beside emit's own
    int64_t started_ns;                 // CLOCK_MONOTONIC, of the command
    bool sees_exit; // the command is ours: its exit status belongs into the report

    bool holds;                       // the run is open for others, until they ask (emit begin)
    struct run_nested *nested;        // NULL: this is no part of an outer run
    struct emit_sampler *sampler;     // NULL: nothing is metered
    struct emit_served_watch *served; // NULL: no server is asked for its tokens
    struct emit_error why;            // then, when something was to be metered
    struct live live;
    bool left_behind; // a read never came back: nothing may be freed under it

    // Opened by a task of its own while the command runs; touched after its end only.
    struct emit_task store_task;
    bool store_wanted;
    struct emit_store store;
    enum emit_status store_status;
    struct emit_error store_error;

    // Sentences for the report; what does not fit in number is dropped.
    size_t note_count;
    char notes[RUN_NOTES_MAX][240];
};

// run.c: one run from its first moment to its last. signals NULL: takes them, which a
// process can do once. *left_behind: a thread waits for a device for ever; end with _exit.
int run_once(const struct run_options *options, char *const *command,
             const struct emit_signals *signals, const struct run_listener *listener,
             bool *left_behind);

// run_repeat.c: --repeat and --warmup. Returns what emit exits with.
int run_repeat(const struct run_options *options, char *const *command, bool *left_behind);

// run_nested.c: an emit run inside another one, which it is a phase of.
//
// Begins the phase where there is an outer run: then run->nested is set, and what went
// wrong is a note. EMIT_INVALID: a --phase that cannot be meant.
EMIT_MUST_CHECK enum emit_status run_nested_begin(struct run *run, struct emit_error *err);
// Ends the phase and prints its report; returns what emit exits with.
int run_nested_conclude(struct run *run, int64_t ended_ns, int exit_status);
void run_nested_abandon(struct run *run);

// run_files.c: the files the user named; each is opened before the command starts,
// so that a wrong path costs no run.
EMIT_MUST_CHECK enum emit_status run_files_open(struct run *run, struct emit_error *err);
// Closes them; says on stderr what could not be written.
void run_files_close(struct run *run);

// run_meter.c: meters and store round the command.
//
// Starts the meters and waits for the first sample. Fails only where the user
// demanded a measurement that cannot be had; whatever else goes wrong is a note.
EMIT_MUST_CHECK enum emit_status run_meter_start(struct run *run, struct emit_error *err);
// How many points are metered, as far as is known after the start.
size_t run_meter_count(struct run *run);
// Opens the store in a task of its own, store_task, while the command runs.
// Not earlier: loading a library beside the start of the command was measured to
// delay that by more than a millisecond.
void run_store_start(struct run *run);
// The same, but not before it is waited for: of the ranks of a run only one needs it.
void run_store_put_off(struct run *run);
// Ends everything without a result: the command could not be started.
void run_meter_abandon(struct run *run);
void run_note(struct run *run, const char *format, ...) EMIT_PRINTF(2, 3);

// run_served.c: an inference server's counters at both ends of the run (--tokens-from).
//
// Asks beside the first sample. EMIT_INVALID: no URL; whatever else goes wrong is told by
// the report.
EMIT_MUST_CHECK enum emit_status run_served_begin(struct run *run, struct emit_error *err);
// Waits for the answer no longer than --start-timeout since then.
void run_served_wait(struct run *run, int64_t since_ns);
void run_served_end(struct run *run);
void run_served_tell(struct run *run, struct emit_report *report);
void run_served_drop(struct run *run);

// run_conclude.c: from the last sample to the last word. The command ended at
// ended_ns with exit_status; returns what emit exits with.
int run_conclude(struct run *run, int64_t ended_ns, int exit_status);
// The same for a run that is closed already: stores it and prints its report.
void run_tell(struct run *run, struct emit_run_result *result, int64_t ended_ns, int exit_status);
// The exit status when --require-measured has its say.
int run_settle_demand(const struct run *run, const struct emit_run_result *result, int exit_status);
// The command was not started, and why.
int run_conclude_unstarted(struct run *run, int exit_status, const char *why);

#endif
