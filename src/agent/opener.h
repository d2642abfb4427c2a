// Meters that may be slow to open, each in a thread of its own, so that none delays
// the others. One that never answers keeps its thread and its memory.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_OPENER_H
#define AGENT_OPENER_H

#include "runs/run.h"

#include <pthread.h>

enum { EMIT_OPENERS_MAX = 8 };

struct emit_openers;

struct emit_opener {
    struct emit_openers *all;
    const struct emit_meter_type *type;
    struct emit_meter *meter; // until it is taken
    pthread_t thread;
    bool threaded; // there is a thread to join
    bool answered;
};

// Part of its owner, whose lock guards it. Zeroed but for lock and changed.
struct emit_openers {
    pthread_mutex_t *lock;
    pthread_cond_t *changed; // broadcast whenever one has answered
    int64_t called_ns;       // CLOCK_MONOTONIC; 0: nothing was opened yet
    size_t count;
    struct emit_opener each[EMIT_OPENERS_MAX];
};

// Starts to open those of the types that say they are slow; the settings are borrowed.
// Without the lock, once.
void emit_openers_call(struct emit_openers *openers, const struct emit_meter_type *const *types,
                       const struct emit_host *host, const struct emit_meter_settings *settings);
// With the lock: the type of one that has not answered, from `index` on (which then
// stands behind it); NULL: no further one.
const struct emit_meter_type *emit_openers_silent(const struct emit_openers *openers,
                                                  size_t *index);
// With the lock: there is one to be taken.
bool emit_openers_answered(const struct emit_openers *openers);
// With the lock: an opened meter, the caller's from now on; NULL: none is ready.
struct emit_meter *emit_openers_take(struct emit_openers *openers);
// Without the lock, when none is silent: joins the threads, frees what nobody took.
void emit_openers_clear(struct emit_openers *openers);

#endif
