// Where the files of a run's phases lie: beside the run's own, RUN@NODE.OPENED.NN.phase,
// numbered in the order in which they were first begun. Finding and making one is shut
// off by a lock on the file (OFD); what goes on in it by a robust lock inside, which costs
// no system call, and which the kernel takes from a thread that dies. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_PHASE_FILE_H
#define RUNS_PHASE_FILE_H

#include "runs/file.h"
#include "runs/phase_image.h"

struct emit_phase_file {
    int descriptor;
    struct emit_phase_image *image; // mapped for as many slots as a run can have
    size_t bytes;                   // that stand in the file; beyond them nothing may be touched
    char name[EMIT_PHASE_NAME_MAX]; // of the phase
};

// Opens the file of the phase; `make`: creates it for `count` slots when it is the first
// time, else EMIT_ABSENT. EMIT_FULL: the run has as many phases as it may. EMIT_TIMEOUT: somebody
// holds a file and does not let go. The directory is the run's.
EMIT_MUST_CHECK enum emit_status emit_phase_file_open(struct emit_phase_file *file,
                                                      const struct emit_run_file *run,
                                                      const char *name, bool make, size_t count,
                                                      struct emit_error *err);
// Opens phase number `index` as it is. EMIT_ABSENT: there is none, nor any after it.
EMIT_MUST_CHECK enum emit_status emit_phase_file_open_at(struct emit_phase_file *file,
                                                         const struct emit_run_file *run,
                                                         unsigned index, struct emit_error *err);
void emit_phase_file_close(struct emit_phase_file *file);

// Waits for the lock no longer than 250 ms.
bool emit_phase_file_lock(const struct emit_phase_file *file);
void emit_phase_file_unlock(const struct emit_phase_file *file);
// Under the lock: how the phase stands. False: its file is damaged.
bool emit_phase_file_read(struct emit_phase_file *file, struct emit_phase_state *state);
// Makes room for so many slots: 0, or the errno.
int emit_phase_file_grow(struct emit_phase_file *file, size_t count);

// Removes the files of all phases of the run, the last one first.
void emit_phase_files_unlink(const struct emit_run_file *run);
// Removes those of this node that lost their run: it was damaged and set aside.
void emit_phase_files_sweep(int directory, const char *node);

#endif
