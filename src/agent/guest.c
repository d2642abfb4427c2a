// Meters that may be slow are opened in a thread, which closes what nobody waited for.
// SPDX-License-Identifier: Apache-2.0
#include "agent/guest.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

// Shared by the thread and the caller; freed by whoever is the last to leave it.
struct opening {
    pthread_mutex_t lock; // all below
    pthread_cond_t changed;
    struct emit_host *host;
    struct emit_phases_plan plan;
    struct emit_phases *phases;
    enum emit_status status;
    struct emit_error why;
    bool done, given_up;
};

static void opening_free(struct opening *opening) {
    pthread_cond_destroy(&opening->changed);
    pthread_mutex_destroy(&opening->lock);
    free(opening);
}

static void *open_all(void *argument) {
    struct opening *opening = argument;
    struct emit_phases *phases = NULL;
    struct emit_error why = {0};
    enum emit_status status = emit_phases_open(&phases, opening->host, &opening->plan, &why);
    pthread_mutex_lock(&opening->lock);
    bool given_up = opening->given_up;
    opening->phases = phases;
    opening->status = status;
    opening->why = why;
    opening->done = true;
    pthread_cond_broadcast(&opening->changed);
    pthread_mutex_unlock(&opening->lock);
    if (given_up) {
        emit_phases_close(phases);
        opening_free(opening);
    }
    return NULL;
}

static struct opening *opening_new(struct emit_host *host, const struct emit_phases_plan *plan) {
    struct opening *opening = calloc(1, sizeof *opening);
    pthread_condattr_t clock;
    if (!opening) return NULL;
    opening->host = host;
    opening->plan = *plan;
    pthread_mutex_init(&opening->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&opening->changed, &clock);
    pthread_condattr_destroy(&clock);
    return opening;
}

// The program's signals are not the thread's.
static bool start(struct opening *opening) {
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    if (pthread_sigmask(SIG_BLOCK, &all, &before) != 0) return false;
    bool started = pthread_create(&thread, NULL, open_all, opening) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started) (void)pthread_detach(thread);
    return started;
}

// True: the thread is through, and what it made is the caller's.
static bool wait_done(struct opening *opening, int64_t until_ns) {
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    pthread_mutex_lock(&opening->lock);
    while (!opening->done &&
           pthread_cond_timedwait(&opening->changed, &opening->lock, &until) != ETIMEDOUT)
        continue;
    bool done = opening->done;
    opening->given_up = !done;
    pthread_mutex_unlock(&opening->lock);
    return done;
}

static bool has_slow(const struct emit_host *host, const struct emit_phases_plan *plan) {
    for (size_t i = 0; plan->meters[i]; i++)
        if (plan->meters[i]->is_slow && plan->meters[i]->is_slow(host, &plan->settings))
            return true;
    return false;
}

enum emit_status emit_guest_open(struct emit_phases **phases, struct emit_host *host,
                                 const struct emit_phases_plan *plan, int64_t timeout_ns,
                                 bool *left_behind, struct emit_error *err) {
    int64_t until_ns = emit_host_monotonic_ns(host);
    struct emit_phases_plan quick = *plan;
    struct opening *opening = NULL;
    quick.quick_only = true;
    if (__builtin_add_overflow(until_ns, timeout_ns, &until_ns)) until_ns = INT64_MAX;
    if (!has_slow(host, plan)) return emit_phases_open(phases, host, plan, err);
    opening = opening_new(host, plan);
    if (!opening) return emit_fail(err, EMIT_NO_MEMORY, "no memory for the phases of a run");
    if (!start(opening)) {
        opening_free(opening);
        return emit_phases_open(phases, host, &quick, err);
    }
    if (!wait_done(opening, until_ns)) {
        *left_behind = true;
        return emit_phases_open(phases, host, &quick, err);
    }
    enum emit_status status = opening->status;
    if (status == EMIT_OK)
        *phases = opening->phases;
    else if (err)
        *err = opening->why;
    opening_free(opening);
    return status;
}
