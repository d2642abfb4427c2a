// Windows of energy inside a program: which part of its work drew how many joules.
//
//   open -> (begin -> end)* -> close
//
// A session joins the run that the program was started in by emit run, and its windows become
// phases of that run, whose own emit reports and stores them. Else the session is a run, samples
// in a thread of its own, and is stored when it is closed, as emit run stores a run. Where other
// processes (ranks, emit begin) go by the same EMIT_RUN_ID it shares their run: each device is
// metered once, all windows are phases of it, and the last to leave stores it.
//
// A window measures whole devices between its begin and its end, whatever used them. The same
// name again adds up; several threads or processes in one window of a name at the same time are
// one window, from the first begin to the last end; windows of different names may overlap, and
// their sum means nothing. At most 64 names in a run.
//
// Nothing here ends, prints, or touches signals. Every call says how it went, and a program may
// go on whatever that was: what could not be read has no energy, and says why; it is never zero.
// Threads: begin, end, prepare and run_id may be called by any at any time; nothing beside
// close. After fork the child must not use the session.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_SESSION_H
#define EMIT_SESSION_H

#include "emit/error.h"
#include "emit/version.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct emit_session;

// What one may say when a session is opened. All zero, or NULL for the whole: the defaults.
// Texts are copied.
struct emit_session_plan {
    const char *run_id;       // NULL: EMIT_RUN_ID; where that is not set either, a new one
    const char *workspace_id; // NULL: EMIT_WORKSPACE_ID, else ws_local
    const char *command;      // for people, of a run of its own; NULL: the program's name
    const char *outbox;       // the store, of a run of its own; NULL: EMIT_OUTBOX, or the default
    int64_t interval_ns;      // between samples of a run of its own; 0: one second
    uint64_t reserved[4];     // 0
};

enum emit_window_flags {
    // Puts the edge where the counters have just moved: waits for that, at most two of their
    // update periods (2 ms for a CPU, up to 200 ms for a GPU). Otherwise what a counter has not
    // shown yet stands in uncertainty_joules.
    EMIT_WINDOW_ALIGN = 1,
};

// A device in a window. Words are never freed.
struct emit_window_device {
    char meter[16];            // "rapl"
    char device_id[64];        // "package-0"
    const char *component;     // "cpu-package"
    const char *outcome;       // "measured", "partial" (joules are what was counted), or without
                               // energy "refused", "excluded"
    const char *code;          // why: "denied", "below-resolution"; "" for a plain measurement
    double joules;             // 0 without energy: look at the outcome
    double uncertainty_joules; // what the two edges leave open
    double mean_watts;
};

// What one window came to.
struct emit_window_energy {
    struct emit_window_device *devices; // the caller's room for `size` devices, or NULL
    size_t size;
    size_t count;      // of the devices that there are; written are no more than `size`
    int64_t lasted_ns; // 0: the window goes on for others, and nothing below is known
    size_t summed;     // devices in the sum below
    size_t missing;    // devices without energy that would be in it; 0: the sum is whole
    double joules;     // the sum of devices that do not overlap
    double uncertainty_joules;
};

// Waits at most 2 s for a meter that is slow; one that takes longer is in no window. EMIT_INVALID:
// an id that is none. EMIT_NO_MEMORY. EMIT_DENIED, EMIT_ABSENT and others: there is no folder for
// the run's file; set EMIT_OUTBOX. A machine without anything to read is no failure: see
// emit_session_readable.
EMIT_API EMIT_MUST_CHECK enum emit_status emit_session_open(struct emit_session **session,
                                                            const struct emit_session_plan *plan,
                                                            struct emit_error *err);

// The id of the run. Valid until close.
EMIT_API const char *emit_session_run_id(const struct emit_session *session);
// 1: the session joined the run of an emit run; 0: it is a run, perhaps shared.
EMIT_API int emit_session_joined(const struct emit_session *session);
// How many points this process can read now; 0: every window will be without energy.
EMIT_API size_t emit_session_readable(struct emit_session *session);

// Makes what the first window of a name needs, so that its begin opens and creates nothing.
EMIT_API EMIT_MUST_CHECK enum emit_status
emit_window_prepare(struct emit_session *session, const char *name, struct emit_error *err);

// name: 1 to 64 lower-case letters, digits, '_', '.', '-', a letter or digit first; not "total".
// After the first time for a name: no allocation, no file, no wait (without ALIGN) but for
// another process that is at an edge of the same name.
// EMIT_INVALID: no such name; of an end: no begin. EMIT_FULL: one name too many. EMIT_ABSENT:
// the run is over. EMIT_TIMEOUT: another process holds the window's file. err may be NULL.
EMIT_API EMIT_MUST_CHECK enum emit_status emit_window_begin(struct emit_session *session,
                                                            const char *name, unsigned flags,
                                                            struct emit_error *err);
// window may be NULL. It is of this one begin and end, not of those before.
EMIT_API EMIT_MUST_CHECK enum emit_status emit_window_end(struct emit_session *session,
                                                          const char *name, unsigned flags,
                                                          struct emit_window_energy *window,
                                                          struct emit_error *err);

// Ends and frees the session, also on failure; accepts NULL. A window that goes on ends with the
// run. A run of its own is stored: where that fails the next emit command stores it.
EMIT_API enum emit_status emit_session_close(struct emit_session *session, struct emit_error *err);

#ifdef __cplusplus
}
#endif
#endif
