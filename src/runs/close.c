// The end of a process's part in a run: who takes the last sample, who closes.
// SPDX-License-Identifier: Apache-2.0
#include "runs/phase_file.h"
#include "runs/phase_settle.h"
#include "runs/result.h"
#include "runs/living.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void emit_run_free(struct emit_run *run) {
    for (size_t i = 0; i < run->meter_count; i++)
        emit_meter_free(run->meters[i]);
    free(run);
}

// True when the job ended (ours, or a later one of another process) and nothing was
// read since.
static bool wants_last_sample(const struct emit_run *run) {
    int64_t ended_ns = atomic_load(&run->file.image->job_ended_ns);
    return run->samples && (!ended_ns || run->now.sweep.asked_ns < ended_ns);
}

// Only within close or under BUSY: nobody else closes meanwhile.
static void take_last_sample(struct emit_run *run) {
    if (wants_last_sample(run)) (void)emit_run_sweep(run);
}

// True when this process does not sample, and has meters to do it with.
static bool could_sample(const struct emit_run *run) {
    return !run->samples && run->plan.meters && run->plan.meters[0];
}

bool emit_run_is_needed(struct emit_run *run) {
    if (!emit_run_change_state(run, EMIT_STATE_IDLE, EMIT_STATE_BUSY)) return false;
    bool alive = true;
    if (!run->samples && run->leave == EMIT_LEAVE_STAY) {
        emit_run_claim(run);
        run->leave = emit_run_file_leave(&run->file, could_sample(run));
        if (run->leave == EMIT_LEAVE_STAY) alive = emit_run_take_over(run);
    }
    bool needed = alive && run->leave == EMIT_LEAVE_STAY;
    if (alive)
        atomic_store(&run->state, EMIT_STATE_IDLE);
    else
        emit_run_free(run); // orphaned
    return needed;
}

// Whoever samples leaves after its last sample; when it is then found to be the last
// of all, and another one's job ended after that sample, it takes one more.
static enum emit_run_leave leave(struct emit_run *run) {
    if (!run->samples) emit_run_claim(run);
    take_last_sample(run);
    // Runs that others show cannot write into our file: they are looked for again.
    if (run->samples && run->metered && run->plan.node_directory)
        emit_run_mirror_meet(&run->file, run->plan.node_directory);
    // Before somebody else may show the run in its place.
    emit_run_mirror_close(&run->mirror);
    enum emit_run_leave left = emit_run_file_leave(&run->file, could_sample(run));
    if (left == EMIT_LEAVE_STAY) {
        (void)emit_run_take_over(run);
        take_last_sample(run);
        emit_run_mirror_close(&run->mirror);
        left = emit_run_file_leave(&run->file, false);
    }
    if (left == EMIT_LEAVE_LAST) take_last_sample(run);
    return left;
}

// CLOSED, or ORPHANED when a thread does not come out of a read. After the latter
// the run may be freed at any moment: touch it no more.
static enum emit_run_state claim(struct emit_run *run, char absent[EMIT_RUN_ABSENT_MAX][240]) {
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int waited = 0;; waited++) {
        if (emit_run_change_state(run, EMIT_STATE_IDLE, EMIT_STATE_CLOSED))
            return EMIT_STATE_CLOSED;
        if (waited >= EMIT_RUN_WAIT_MS && atomic_load(&run->state) == EMIT_STATE_READING) {
            memcpy(absent, run->absent, sizeof run->absent);
            if (emit_run_change_state(run, EMIT_STATE_READING, EMIT_STATE_ORPHANED))
                return EMIT_STATE_ORPHANED;
        }
        (void)nanosleep(&pause, NULL);
    }
}

// Who only came to ask the holder, finds nobody else, and a job that never ended, closes
// what was killed.
static bool was_killed(const struct emit_run *run) {
    return run->asked_in_vain && atomic_load(&run->file.image->jobs) > 0;
}

enum emit_status emit_run_close(struct emit_run *run, struct emit_run_result *result,
                                struct emit_error *err) {
    struct emit_host *host = run->host;
    struct emit_run_file file = run->file;
    struct emit_run_result closed = {0};
    char absent[EMIT_RUN_ABSENT_MAX][240];
    enum emit_run_leave left;
    bool is_guest = false, is_linked = run->is_linked, killed = was_killed(run);
    const char *meeting = run->plan.meeting;
    char run_id[EMIT_RUN_ID_MAX];
    memcpy(run_id, file.image->header.run_id, sizeof run_id);

    if (claim(run, absent) == EMIT_STATE_CLOSED) {
        left = run->leave == EMIT_LEAVE_STAY ? leave(run) : run->leave;
        memcpy(absent, run->absent, sizeof absent);
        file = run->file; // leaving renamed it
        is_guest = run->is_guest;
        emit_run_free(run);
    } else {
        left = emit_run_file_leave(&file, false);
    }
    bool last = left == EMIT_LEAVE_LAST;
    if (last && is_linked) emit_run_elsewhere_forget(meeting, run_id);
    enum emit_status status = emit_run_result_settle(&closed, file.image,
                                                     !last    ? EMIT_FATE_LEFT
                                                     : killed ? EMIT_FATE_KILLED
                                                              : EMIT_FATE_CLOSED,
                                                     host, err);
    if (!status && last) status = emit_phases_settle(&closed, &file, err);
    // What was kept in memory only has no file to hold.
    if (!status && last && file.descriptor >= 0) status = emit_run_result_hold(&closed, &file, err);
    emit_run_file_close(&file);
    if (status) {
        emit_run_result_clear(&closed);
        return status;
    }
    closed.is_guest = is_guest;
    memcpy(closed.absent, absent, sizeof absent);
    *result = closed;
    return EMIT_OK;
}

void emit_run_abandon(struct emit_run *run) {
    if (!run) return;
    emit_run_mirror_close(&run->mirror);
    if (run->leave == EMIT_LEAVE_STAY &&
        emit_run_file_leave(&run->file, false) == EMIT_LEAVE_LAST) {
        emit_phase_files_unlink(&run->file);
        emit_run_file_unlink(&run->file);
        if (run->is_linked)
            emit_run_elsewhere_forget(run->plan.meeting, run->file.image->header.run_id);
    }
    emit_run_file_close(&run->file);
    emit_run_free(run);
}
