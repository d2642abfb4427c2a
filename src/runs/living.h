// An open run from the inside: its meters, its share in the run file, and who may
// touch what at any time. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_LIVING_H
#define RUNS_LIVING_H

#include "runs/elsewhere.h"
#include "runs/mirror.h"

enum { EMIT_RUN_METERS_MAX = 8, EMIT_SLOT_NOWHERE = EMIT_POINTS_MAX };

// A sample may hang in a device; so this word says who may touch the run, and close
// never waits for a device.
enum emit_run_state {
    EMIT_STATE_IDLE,     // nobody is inside
    EMIT_STATE_BUSY,     // a thread folds and publishes, which takes no time
    EMIT_STATE_READING,  // it opens or reads a device, which may take for ever
    EMIT_STATE_CLOSED,   // by close, while nobody was inside
    EMIT_STATE_ORPHANED, // by close, while a thread was READING: that one frees the run
};

struct emit_meter {
    const struct emit_meter_type *type;
    void *state;
    struct emit_host host; // of its own: it is opened beside the run's other meters
    const struct emit_meter_settings *settings;
    enum emit_status status; // of open
    struct emit_error why;
    size_t count, room; // of its points
    struct emit_point *points;
    struct emit_point *own_points; // NULL: the run keeps them
    struct emit_reading *readings;
    uint32_t *slot_of; // where the file keeps each point; EMIT_SLOT_NOWHERE: not counted
};

struct emit_run {
    struct emit_host *host; // borrowed
    struct emit_run_plan plan;
    struct emit_run_file file;
    struct emit_run_mirror mirror;
    bool is_linked;    // in plan.meeting, for its file is elsewhere
    bool is_guest;     // of another user's run, whose copy `file` is: nothing is written
    _Atomic int state; // of enum emit_run_state
    _Atomic int64_t next_ns;
    int64_t floor_ns;
    int64_t wished_pace_ns;    // of our meters' points, before floor_ns
    _Atomic bool has_job;      // that began and did not end
    _Atomic bool samples;      // we are the process that samples
    size_t claimed;            // slots that were there when we last said which devices we list
    bool metered;              // some point of the file is read by us
    bool asked_in_vain;        // whoever held the run died over it, or before
    enum emit_run_leave leave; // EMIT_LEAVE_STAY until we have left the file
    size_t meter_count, absent_count;
    struct emit_meter *meters[EMIT_RUN_METERS_MAX]; // cheapest first
    char absent[EMIT_RUN_ABSENT_MAX][240];
    // Of the meters that the run opened itself, one behind the other: such a large struct is
    // a mapping of its own, of which only what is used is ever touched.
    size_t point_count;
    struct emit_point points[EMIT_POINTS_MAX];
    struct emit_run_snapshot now; // what was last published, while `samples`
};

// Publishes `now`, in the file and in the mirror.
void emit_run_publish(struct emit_run *run);

bool emit_run_change_state(struct emit_run *run, int from, int to);

// opening.c: opens the meters of the plan that are not left to the caller, and names
// their points in the file. *closed: that happened meanwhile; the caller frees the run.
EMIT_MUST_CHECK enum emit_status emit_run_open_meters(struct emit_run *run, bool *closed,
                                                      struct emit_error *err);

// claim.c: says which of the run's devices this process lists, when it does not sample.
void emit_run_claim(struct emit_run *run);

// hold.c: EMIT_REFUSED, another process holds the run.
EMIT_MUST_CHECK enum emit_status emit_run_take_hold(const struct emit_run *run,
                                                    struct emit_error *err);

// Notes which other runs meter our devices, and in them that we do.
void emit_run_meet(const struct emit_run *run);

// sample.c: goes on from the counts that stand in the file: the sampler's lock is ours.
// False: closed meanwhile.
bool emit_run_take_over(struct emit_run *run);
// How long the machine has slept since it was started, as far as CLOCK_MONOTONIC goes; and now.
int64_t emit_run_suspended_ns(struct emit_host *host, int64_t *now_ns);
// One sample. False: closed meanwhile.
bool emit_run_sweep(struct emit_run *run);

// Shows the run to other users, where the plan wants it. Nothing depends on it.
void emit_run_mirror(struct emit_run *run);
void emit_run_free(struct emit_run *run); // not the file

#endif
