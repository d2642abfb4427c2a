// A run is a file of counts; everything else is a fold over it.
//
//   open -> sample* -> close -> outcomes, stored by the caller -> stored
//
// The file holds a header (ids, boot id, start clocks) and one slot per point,
// rewritten in place at each sample through a shared mapping, never synced. The
// tallies stand there twice with one switch, so that a process killed between
// two stores leaves the older ones whole. Who is alive is told by locks on the
// open file, which the kernel drops with the process: a stopped process keeps them.
//
// Several processes may share one run (ranks): the first opens the meters and
// samples. The others open none, until the one that samples has left or died: the
// first to notice opens them and goes on by the points' identity. The last to leave
// closes the run, after a sample that is later than every job's end. The others'
// close says that they left it. A user's runs are seen by each other, for those of other
// directories are linked in the user's own (plan.meeting); what root's
// runs show in the node's directory is seen by everybody, and only by them: users
// do not see each other's, nor does root see theirs.
//
// Threads: one thread may call open, sample, add_meter, is_needed and next_ns;
// another one job_started, job_ended, peek and samples at any time, and close even
// while the first is inside a sample that does not come back. Nothing else may run
// beside close.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_RUN_H
#define RUNS_RUN_H

#include "meters/meter.h"

#include <sys/types.h>

enum {
    EMIT_RUN_ID_MAX = 128,
    EMIT_WORKSPACE_MAX = 128,
    EMIT_NODE_MAX = 64,
    EMIT_COMMAND_MAX = 256,
    EMIT_RUN_ABSENT_MAX = 8,
    EMIT_PHASE_NAME_MAX = 65, // bytes of a phase's name, terminator included
};

struct emit_run; // one open run

// What the caller says about a run when it opens it. Texts are copied; meters and
// settings are borrowed until the run is closed.
struct emit_run_plan {
    const char *directory; // of run files, created 0700; NULL: the run is kept in memory only
    // The user's own directory of run files, which may be the same: a run of our id that goes
    // on there, or in a directory that is linked there, is joined. Borrowed; NULL: not looked at.
    const char *meeting;
    const char *run_id; // printable ASCII without '/', 1 to 127 bytes
    const char *workspace_id;
    const char *command;                         // for people: what was run
    const struct emit_meter_type *const *meters; // ended by NULL; may be empty
    struct emit_meter_settings settings;
    int64_t pace_ns; // between samples; 0: as long as the counters allow
    // > 0: this process may read what its caller may not (design 4.11). Samples are
    // then taken only on the multiples of floor_ns of CLOCK_MONOTONIC, the same for
    // every run, so that overlapping runs give nothing finer than floor_ns.
    int64_t floor_ns;
    bool all_domains;
    // The run shall be stored, whichever process closes it.
    bool store_wanted;
    // This process has no job of its own: it holds the run open for others until one of
    // them asks it to leave. One at a time: EMIT_REFUSED when another does so already.
    bool hold;
    // Where root shows its runs to everybody (emit_run_mirrors); NULL: not looked at. A
    // run of our id that lives there meters for us: no device is read, and every point
    // is already-metered. Other runs there count as concurrent ones.
    const char *node_directory;
    bool show; // this run in node_directory, to all users
    // Meters that say is_slow are left to the caller, who opens them without delaying
    // the run and gives them to emit_run_add_meter. Otherwise they are opened in turn.
    bool slow_apart;
};

// What the run file says of itself: the ids and clocks of the whole run.
struct emit_run_header {
    char run_id[EMIT_RUN_ID_MAX];
    char workspace_id[EMIT_WORKSPACE_MAX];
    char node_id[EMIT_NODE_MAX];
    char command[EMIT_COMMAND_MAX];
    char boot_id[37];
    int64_t start_ns;      // CLOCK_MONOTONIC: the run was first sampled, or its job began
    int64_t start_wall_ns; // UTC at that moment
    int64_t sampled_ns;    // of the last sample; 0 none
    int64_t pace_ns;       // in effect; INT64_MAX: nothing wants to be sampled
    int64_t floor_ns;
    bool all_domains;
};

struct emit_run_file; // the file behind a result, still locked

// An interface that never answered while the run lasted.
struct emit_run_silence {
    char meter[EMIT_METER_NAME_MAX];
    int64_t waited_ns;
};

// A phase of a closed run (phase.h). Its slots are the run's, with what was counted in the
// phase. Outcomes tell a time that leaves out what lay between the parts of the phase:
// it begins at from_ns and lasts lasted_ns.
struct emit_run_phase {
    char name[EMIT_PHASE_NAME_MAX];
    bool is_open; // nobody ended it: it ended with the run
    uint64_t parts;
    int64_t from_ns;   // CLOCK_MONOTONIC: the first part began
    int64_t ended_ns;  // the last part ended
    int64_t lasted_ns; // all parts together
    size_t count;
    struct emit_slot *slots; // count of each, owned by the result
    struct emit_outcome *outcomes;
};

enum { EMIT_EXIT_STATUSES = 256 };

// What became of the jobs of all processes of a run, on this node.
struct emit_run_jobs {
    uint32_t begun;
    uint32_t exits[EMIT_EXIT_STATUSES]; // how many ended with each status, as a shell would see it
    uint32_t other_exits;               // with statuses that are not told apart any more
};

// A closed run: everything an event, a report or a diagnostic is made of.
struct emit_run_result {
    struct emit_run_header header;
    int64_t end_ns; // CLOCK_MONOTONIC and UTC of one moment, the end of the window
    int64_t end_wall_ns;
    bool killed;   // closed from the file that a dead process left
    bool damaged;  // that file makes no sense; of the header only run_id is known
    bool is_guest; // another user's run of this id, shown to all, metered (and left_to_others)
    bool left_to_others; // other processes of the run live: they will close it; every
                         // point that can be read is excluded as already-metered
    bool store_wanted;   // by some process of the run
    uint32_t concurrent_runs;
    struct emit_run_jobs jobs;
    size_t count;
    struct emit_slot *slots; // count of each, owned by the result
    struct emit_outcome *outcomes;
    size_t phase_count; // in the order in which they were first begun
    struct emit_run_phase *phases;
    uint32_t phases_damaged; // whose files made no sense: they are lost
    char absent[EMIT_RUN_ABSENT_MAX]
               [240]; // one sentence for each interface that is not here; "" at the end
    // Said by whoever opened the meters apart from the run; meter "" at the end.
    struct emit_run_silence silent[EMIT_RUN_ABSENT_MAX];
    struct emit_run_file *file; // NULL when there is none
};

// Creates the run file and opens the meters, or joins the run and opens none. Nothing
// has been sampled yet. A run without points is a good run. EMIT_INVALID: an unusable
// id; EMIT_REFUSED: plan.hold, and another process holds the run; EMIT_TIMEOUT, EMIT_CORRUPT:
// others live in the run and it cannot be joined; EMIT_SYSTEM and kin: the directory cannot be used
// (the caller may try again with directory NULL). Does not wait for other processes longer than 250
// ms.
EMIT_MUST_CHECK enum emit_status emit_run_open(struct emit_run **run, struct emit_host *host,
                                               const struct emit_run_plan *plan,
                                               struct emit_error *err);

// True while this process is the one that samples: its slow meters are wanted.
bool emit_run_samples(const struct emit_run *run);
// True when the run, by whatever process, was sampled a first time.
bool emit_run_has_begun(const struct emit_run *run);

// A meter on its way into a run. `new` copies the host, so that `open`, which may
// take for ever, can run in any thread. The settings are borrowed.
struct emit_meter;
struct emit_meter *emit_meter_new(const struct emit_meter_type *type, const struct emit_host *host,
                                  const struct emit_meter_settings *settings); // NULL: no memory
void emit_meter_open(struct emit_meter *meter);
void emit_meter_free(struct emit_meter *meter); // accepts NULL
// Gives an opened meter to the run that this process samples: its points are added,
// and first read at the next sample, which is due at once. One that turned out to be
// absent is noted. The meter is the run's, or freed, whatever the answer.
EMIT_MUST_CHECK enum emit_status emit_run_add_meter(struct emit_run *run, struct emit_meter *meter,
                                                    struct emit_error *err);

// Reads every point once and folds. The first sample begins the window.
// Allocates and opens nothing, except when this process takes over from another one
// that left or died: then it opens the meters. Takes no sample, and says nothing of it, while
// another process of the run samples, and off the grid of plan.floor_ns (more
// than 5 ms after a tick). False: the run was closed meanwhile; it is gone.
EMIT_MUST_CHECK bool emit_run_sample(struct emit_run *run);

// CLOCK_MONOTONIC of the next sample: a pace after the last, shortened where a
// wrap could hide; the next tick of the grid where there is one. Now or earlier
// before the first sample; INT64_MAX when nothing wants to be sampled.
int64_t emit_run_next_ns(const struct emit_run *run);

// The job began, ended at this CLOCK_MONOTONIC time. A point first read after the
// beginning is `late`; one not read since the end missed its closing sample.
// Of several processes' jobs the earliest beginning and the latest end count.
void emit_run_job_started(struct emit_run *run, int64_t at_ns);
void emit_run_job_ended(struct emit_run *run, int64_t at_ns);
// How our job ended: 0 to 255, as a shell would see it.
void emit_run_job_exited(struct emit_run *run, int exit_status);

// The job has ended: true when this process must see to the last sample, because it
// is the one that samples; if it only now came to be that, as the last of all, its
// meters are open, and those that are slow are wanted. False: others live in the run,
// and this process has left it, which close will say.
bool emit_run_is_needed(struct emit_run *run);

// A run that is held (plan.hold) is left by its holder when another process of the run
// asks for it. The holder waits until it is asked; false: until_ns (CLOCK_MONOTONIC,
// INT64_MAX never) came first. In any thread.
bool emit_run_wait_asked(const struct emit_run *run, int64_t until_ns);
// Asks the holder to leave, which it does after its last sample, and waits until it
// has. False: nobody holds the run, died over it, or did not leave within timeout_ns.
bool emit_run_ask_holder(struct emit_run *run, int64_t timeout_ns);

// The current counts, for a live line: slots in the run's own order, copied.
// Returns how many were written (at most size).
size_t emit_run_peek(const struct emit_run *run, struct emit_slot *slots, size_t size);

// Settles and frees the run (also on failure). Takes the last sample, unless one
// was taken since emit_run_job_ended. When another thread is inside a sample that
// does not come back within 250 ms, settles from the counts before it (code
// timeout), and that sample will answer false whenever it ends.
// The file stays, marked as closed, until emit_run_result_stored: a process that
// dies before that leaves a run which recovers to the same outcomes.
EMIT_MUST_CHECK enum emit_status
emit_run_close(struct emit_run *run, struct emit_run_result *result, struct emit_error *err);
// Frees without settling: the run file is removed, unless others live in it. Accepts NULL.
// Never while another thread is inside sample.
void emit_run_abandon(struct emit_run *run);
// The result is kept elsewhere, safely: removes the run file.
void emit_run_result_stored(struct emit_run_result *result);
void emit_run_result_clear(struct emit_run_result *result);

// Closes, one after another, the runs in the directory whose processes are dead:
// `take` is given each result (borrowed) and answers true when it has it safe;
// only then is the file removed. A damaged file is renamed to *.damaged and told by
// a result with damaged and killed true and count 0. Returns the number taken.
typedef bool emit_run_taker(void *owner, const struct emit_run_result *result);
size_t emit_runs_recover(struct emit_host *host, const char *directory, emit_run_taker *take,
                         void *owner);

// Shows the runs of the directory that go on: each as it would be if it had ended with
// its last sample; borrowed; `user` owns its file. Changes nothing. Returns how many.
typedef void emit_run_viewer(void *owner, const struct emit_run_result *result, uid_t user);
size_t emit_runs_look(struct emit_host *host, const char *directory, emit_run_viewer *view,
                      void *owner);
// The same for what root shows to everybody, a second behind.
size_t emit_runs_look_node(struct emit_host *host, const char *node_directory,
                           emit_run_viewer *view, void *owner);

// True when another user, who shows it in the node's directory, meters a run of this id.
bool emit_run_is_shown(const char *node_directory, const char *run_id);

// A new sortable id: "run_" and 26 characters, time first (Crockford base 32).
void emit_run_id_new(struct emit_host *host, char id[EMIT_RUN_ID_MAX]);

#endif
