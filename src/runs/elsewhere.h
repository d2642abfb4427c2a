// A run has one file, wherever its processes keep theirs: whoever keeps runs in another
// directory than the user's own (--outbox) leaves a link in that one, where everybody
// looks. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_ELSEWHERE_H
#define RUNS_ELSEWHERE_H

#include "runs/file.h"

struct emit_run_places {
    const char *directory; // of the process; NULL: the run is kept in memory
    const char *meeting;   // the user's own; NULL: there is none. May be the same
};

// emit_run_file_enter, in the directory where the run goes on; where it goes on nowhere, in
// the process's own. *linked: this is not the meeting place.
EMIT_MUST_CHECK enum emit_status emit_run_elsewhere_enter(struct emit_run_file *file,
                                                          const struct emit_run_places *places,
                                                          const struct emit_run_header *header,
                                                          int64_t opened_ns, int64_t opened_wall_ns,
                                                          bool *linked, struct emit_error *err);
// emit_run_file_visit, likewise.
EMIT_MUST_CHECK enum emit_status emit_run_elsewhere_visit(struct emit_run_file *file,
                                                          const struct emit_run_places *places,
                                                          const char *run_id,
                                                          struct emit_error *err);
// Takes the link away when the run goes on no more.
void emit_run_elsewhere_forget(const char *meeting, const char *run_id);

bool emit_run_elsewhere_is_link(const char *name);
// The directory and the run file that a link of the meeting place stands for; false: it is a
// dead one. The caller closes the directory.
bool emit_run_elsewhere_follow(int meeting, const char *link, int *directory,
                               char name[NAME_MAX + 1]);
// Takes away a link whose run was killed, unless somebody is at it.
void emit_run_elsewhere_tidy(int meeting, const char *link);

#endif
