// Where run files lie and who lives in them. Locks are on the open file (OFD), one
// byte each: the kernel drops them with the last descriptor, a stopped process
// keeps them. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_FILE_H
#define RUNS_FILE_H

#include "runs/image.h"

#include <dirent.h>
#include <limits.h>

enum { EMIT_RUN_WAIT_MS = 250 }; // for another process in the door, or a stuck reader

enum emit_run_lock {
    EMIT_LOCK_LIVE,    // shared by all who live in the run; exclusive: nobody else does
    EMIT_LOCK_DOOR,    // held while entering and leaving
    EMIT_LOCK_SAMPLER, // held by the one process that samples
    EMIT_LOCK_HOLDER,  // held by the process that stays in the run until it is asked to leave
};

// An entered run file, or memory that looks like one: directory and descriptor -1.
// Room for all slots is mapped from the start, so that the image stays where it is
// when the file grows; nothing behind the counted slots may be touched.
struct emit_run_file {
    int directory;
    int descriptor;
    char name[NAME_MAX + 1]; // in the directory
    struct emit_run_image *image;
    size_t bytes; // of the file when it was last asked
    bool created; // by us: we are the first in it, and the one that samples
};

// A node's name as it stands in file names, RUN@NODE.run and, once the run is
// over, RUN@NODE.OPENED.run: several nodes may share a directory.
void emit_run_file_node(char node[EMIT_NODE_MAX], const char *node_id);
void emit_run_file_this_node(char node[EMIT_NODE_MAX]);
void emit_run_file_name(char name[NAME_MAX + 1], const struct emit_run_header *header);

// Opens (makes, 0700) the directory of run files, of which only this user may be
// the owner. Returns the descriptor in *directory.
EMIT_MUST_CHECK enum emit_status emit_run_directory_open(int *directory, const char *path,
                                                         bool make, struct emit_error *err);

// The run files of this node in the directory, by name, to be freed one by one and as a
// whole; < 0: none could be listed.
int emit_run_directory_list(int directory, struct dirent ***names);

// Creates the run's file, without slots, or joins the one others live in. What a
// dead process left under the name is put aside for recovery. The creator holds the
// sampler's lock. EMIT_TIMEOUT, EMIT_CORRUPT: others live in it
// and it cannot be joined.
EMIT_MUST_CHECK enum emit_status emit_run_file_enter(struct emit_run_file *file,
                                                     const char *directory,
                                                     const struct emit_run_header *header,
                                                     int64_t opened_ns, int64_t opened_wall_ns,
                                                     struct emit_error *err);

// Makes the file long enough for so many slots.
EMIT_MUST_CHECK enum emit_status emit_run_file_grow(const struct emit_run_file *file, size_t count,
                                                    struct emit_error *err);

// Opens a file that nobody lives in, locked against everybody; its run's own name
// becomes free. EMIT_TIMEOUT: somebody does. EMIT_ABSENT: its run was never begun; it is gone.
// EMIT_CORRUPT: it is damaged and was set aside; then it is open and locked all the same.
EMIT_MUST_CHECK enum emit_status emit_run_file_inherit(struct emit_run_file *file, int directory,
                                                       const char *name, struct emit_error *err);

// Opens the file of a run that others live in, and lives not in it: its locks are left
// alone, nobody waits for a guest. EMIT_ABSENT: no such run lives here.
EMIT_MUST_CHECK enum emit_status emit_run_file_visit(struct emit_run_file *file,
                                                     const char *directory, const char *run_id,
                                                     struct emit_error *err);

enum emit_run_leave {
    EMIT_LEAVE_LAST, // the file is ours alone, under another name; the run's own is free again
    EMIT_LEAVE_LEFT, // others live in it, and one of them samples or will; we hold no lock
    EMIT_LEAVE_STAY, // we are the last, and sample from now on; we did not leave
};

// Leaves the file, unless a job ended after the last sample and nobody is left to take
// another one but this process: `could_sample`, but so far did not.
enum emit_run_leave emit_run_file_leave(struct emit_run_file *file, bool could_sample);

bool emit_run_file_lock(const struct emit_run_file *file, enum emit_run_lock lock, bool exclusive);
void emit_run_file_unlock(const struct emit_run_file *file, enum emit_run_lock lock);
void emit_run_file_unlink(const struct emit_run_file *file);
// Renames it to *.damaged, so that a person can look at it and no run trips over it.
void emit_run_file_set_aside(const struct emit_run_file *file);
void emit_run_file_close(struct emit_run_file *file); // lets go of all locks

// Maps the file behind the descriptor; false: it is shorter than a head, or no memory.
bool emit_run_file_map(struct emit_run_file *file, bool writable);
// NULL, or what is wrong with the mapped file: nothing of it may be looked at then.
const char *emit_run_file_fault(struct emit_run_file *file);
// True when a process lives in the file: it holds the lock as one of possibly many.
// A descriptor for reading is enough.
bool emit_run_file_is_lived_in(int descriptor);

// meet.c: notes in this file and in every other living run of the directory, and of the
// user's other ones (meeting, may be NULL), which devices both meter. To be called
// whenever points were added.
void emit_run_file_meet(const struct emit_run_file *file, const char *meeting);
// Notes in `a` alone which of its devices the run of `b` meters as well.
void emit_run_file_note_shared(struct emit_run_image *a, const struct emit_run_image *b);

#endif
