// What other users may see of a run: a copy of its file that anybody can read, in a
// directory of the node. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_MIRROR_H
#define RUNS_MIRROR_H

#include "runs/file.h"

// A mirror that is written. All zero: there is none.
struct emit_run_mirror {
    struct emit_run_file file; // of it image NULL: there is none
    int64_t shown_ns;          // CLOCK_MONOTONIC of the last sample in it
    bool has_begun;            // it shows that the run was sampled a first time
};

// Makes the mirror of the run, in the place of one that another process left.
EMIT_MUST_CHECK enum emit_status emit_run_mirror_make(struct emit_run_mirror *mirror,
                                                      const char *directory,
                                                      const struct emit_run_image *image,
                                                      struct emit_error *err);
// Shows the snapshot, when it is a second newer, or says of points or of the run's
// beginning what was not shown.
void emit_run_mirror_show(struct emit_run_mirror *mirror, const struct emit_run_image *image,
                          const struct emit_run_snapshot *snapshot);
// Removes it. Accepts one that is not there.
void emit_run_mirror_close(struct emit_run_mirror *mirror);

// Opens the directory where root shows its runs. False: there is none, or somebody else may
// write there: whatever it shows is not looked at.
bool emit_run_mirror_directory_open(int *directory, const char *path);
// True when a living run of root's, or of this user, writes this mirror. Nobody else's is
// believed: it could cut off the file under our eyes, or keep us from metering.
bool emit_run_mirror_is_true(int descriptor);
// Opens the mirror of a living run of this name, for reading only. False: there is none.
bool emit_run_mirror_visit(struct emit_run_file *file, const char *directory,
                           const struct emit_run_header *header);
// Notes in our file which devices other runs of this directory meter as well.
void emit_run_mirror_meet(const struct emit_run_file *file, const char *directory);

#endif
