// Phases: parts of a run that the workload names. A phase is what the run counted
// between two edges; an edge is a reading of all points, folded into a copy of what the
// run has published. So nothing but the run's sampler writes the run's tallies, and
// the wraps it proves are proven for the phases too.
//
// A phase begun again adds up. Begun by several threads or processes at once it lasts
// from the first begin to the last end. Phases may overlap: their sum means nothing.
// A phase that is open when the run ends, ends with it. What a process that died had
// begun stays begun.
//
// Who marks phases is a guest of the run: it holds nothing that the run waits for.
// Threads: begin and end may be called by any, side by side; nothing beside close.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_PHASE_H
#define RUNS_PHASE_H

#include "runs/run.h"

enum { EMIT_PHASES_MAX = 64 }; // names in one run

struct emit_phases; // a guest of one living run

struct emit_phases_plan {
    const char *directory; // of run files
    const char *meeting;   // the user's own one, as of emit_run_plan; NULL: not looked at
    const char *run_id;
    const struct emit_meter_type *const *meters; // ended by NULL
    // Opens only the meters that the run has points of by now; else all but the slow ones
    // among those that it has not: they might never answer.
    bool of_run_only;
    bool quick_only; // opens no slow meter at all: its points are not read here (`timeout`)
    struct emit_meter_settings settings;
};

// EMIT_ABSENT: no such run lives here. The host stays the caller's, as long as it is open.
EMIT_MUST_CHECK enum emit_status emit_phases_open(struct emit_phases **phases,
                                                  struct emit_host *host,
                                                  const struct emit_phases_plan *plan,
                                                  struct emit_error *err);
void emit_phases_close(struct emit_phases *phases); // accepts NULL

// A name that an event can carry, and not "total".
// EMIT_INVALID: the sentence says what a name is.
EMIT_MUST_CHECK enum emit_status emit_phase_check_name(const char *name, struct emit_error *err);

enum emit_phase_flags {
    // Waits until the counters move, at most two update periods, so that the edge lies
    // where they are fresh. Otherwise what they had not shown yet is uncertain.
    EMIT_PHASE_ALIGN = 1,
};

// What was counted in the part that has just ended: the run's slots, each with the
// tally of the part, and what became of it. Borrowed for the call.
typedef void emit_phase_teller(void *owner, const struct emit_slot *slots,
                               const struct emit_outcome *outcomes, size_t count,
                               int64_t lasted_ns);

// Makes the phase's file, so that its first begin opens nothing.
EMIT_MUST_CHECK enum emit_status emit_phase_prepare(struct emit_phases *phases, const char *name,
                                                    struct emit_error *err);
// After the first time for a name: no allocation, no file, no wait but for another
// process at the same phase (at most 250 ms: EMIT_TIMEOUT).
// EMIT_ABSENT: the run is over. EMIT_FULL: one name too many.
EMIT_MUST_CHECK enum emit_status emit_phase_begin(struct emit_phases *phases, const char *name,
                                                  unsigned flags, struct emit_error *err);
// EMIT_INVALID: it was not begun. `tell` may be NULL; it is called when this end is the
// last one, and not while the phase goes on for others.
EMIT_MUST_CHECK enum emit_status emit_phase_end(struct emit_phases *phases, const char *name,
                                                unsigned flags, emit_phase_teller *tell,
                                                void *owner, struct emit_error *err);

// How many points of the run this guest can read now.
size_t emit_phases_readable(struct emit_phases *phases);

#endif
