// The thread that reads the meters of one run.
//
// Threads meet here under one lock: the caller's, which says when the job started
// and ended; the sampler's, which is the only one to open and sample the run; and
// those of slow meters, which only say that one is open. The lock is never held across a call that
// can wait for a device. SPDX-License-Identifier: Apache-2.0
#include "agent/sampler.h"

#include "agent/opener.h"
#include "base/text.h"
#include "host/host.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    BEGUN_STEP_NS = 500000,
    LAST_ANSWER_NS = 250000000, // for slow meters that are only called for at the end
};

enum phase {
    PHASE_OPENING, // also: waiting for the first sample
    PHASE_SAMPLING,
    PHASE_FAILED, // the run could not be opened; `failure` says why
    PHASE_DONE,   // nothing more is sampled: the thread is about to end
};

struct emit_sampler {
    struct emit_sampler_plan plan;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; // by CLOCK_MONOTONIC; the phase or an order to the thread

    enum phase phase;
    struct emit_run *run; // set once, when it is open
    struct emit_error failure;
    char notice[240];
    int64_t started_ns, ended_ns; // of the job; 0: not yet
    int exit_status;              // of the job; -1: not known
    bool stop;                    // take the last sample and end
    bool abandon;                 // end without it
    bool left_behind;             // nobody waits for this thread any more

    int64_t begun_ns; // CLOCK_MONOTONIC: the sampler was started
    struct emit_openers openers;
    struct emit_slot *slots; // of plan.sampled; NULL: nobody wants them
};

// Waits for a change until the moment; INT64_MAX: without end. The lock is held.
// False: the moment has come.
static bool wait_until(struct emit_sampler *sampler, int64_t at_ns) {
    if (at_ns == INT64_MAX) return pthread_cond_wait(&sampler->changed, &sampler->lock) == 0;
    struct timespec at = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
    return pthread_cond_timedwait(&sampler->changed, &sampler->lock, &at) != ETIMEDOUT;
}

static void enter_phase(struct emit_sampler *sampler, enum phase phase) {
    sampler->phase = phase;
    pthread_cond_broadcast(&sampler->changed);
}

// In the sampler's thread: opens the run, in memory where its folder cannot be used.
static bool open_run(struct emit_sampler *sampler) {
    struct emit_run_plan plan = sampler->plan.run;
    struct emit_run *run = NULL;
    struct emit_error err;
    plan.slow_apart = true;
    char notice[sizeof sampler->notice] = "";
    enum emit_status status = emit_run_open(&run, sampler->plan.host, &plan, &err);
    // Others live in the run and meter it: in memory it would be metered twice. And
    // nobody could end one that is held there.
    bool taken = status == EMIT_TIMEOUT || status == EMIT_CORRUPT || status == EMIT_REFUSED;
    if (status != EMIT_OK && status != EMIT_INVALID && !taken && plan.directory && !plan.hold) {
        emit_text_format(notice, sizeof notice, "%.170s; if emit is killed, this run is lost",
                         err.text);
        plan.directory = NULL;
        status = emit_run_open(&run, sampler->plan.host, &plan, &err);
    }
    if (status == EMIT_OK && sampler->plan.sampled)
        sampler->slots = calloc(EMIT_POINTS_MAX, sizeof *sampler->slots);

    pthread_mutex_lock(&sampler->lock);
    if (status != EMIT_OK) {
        sampler->failure = err;
        enter_phase(sampler, PHASE_FAILED);
    } else {
        sampler->run = run;
        emit_text_format(sampler->notice, sizeof sampler->notice, "%s", notice);
        if (sampler->started_ns) emit_run_job_started(run, sampler->started_ns);
        if (sampler->exit_status >= 0) emit_run_job_exited(run, sampler->exit_status);
        if (sampler->ended_ns) emit_run_job_ended(run, sampler->ended_ns);
    }
    pthread_mutex_unlock(&sampler->lock);
    return status == EMIT_OK;
}

// Takes one sample without the lock. False: the run was closed over our head.
static bool sample(struct emit_sampler *sampler) {
    if (!emit_run_sample(sampler->run)) return false;
    if (!sampler->slots) return true;
    size_t count = emit_run_peek(sampler->run, sampler->slots, EMIT_POINTS_MAX);
    sampler->plan.sampled(sampler->plan.owner, sampler->slots, count, emit_clock_monotonic_ns());
    return true;
}

// Where readings may not be finer than floor_ns, samples are taken on its
// multiples only (design 4.11): the first and the last wait for one, too.
// False: *interrupt became true before it came.
static bool wait_tick(struct emit_sampler *sampler, const bool *interrupt) {
    int64_t floor_ns = sampler->plan.run.floor_ns;
    if (floor_ns <= 0) return true;
    int64_t tick_ns = (emit_clock_monotonic_ns() / floor_ns + 1) * floor_ns;
    pthread_mutex_lock(&sampler->lock);
    while (!*interrupt && wait_until(sampler, tick_ns))
        continue;
    bool came = !*interrupt;
    pthread_mutex_unlock(&sampler->lock);
    return came;
}

// A process that joined a run waits until somebody has sampled it: its job is a part
// of the run's, which must not begin before the first sample. False: closed.
static bool wait_begun(struct emit_sampler *sampler) {
    bool alive = true, stop = false;
    while (alive && !stop && !emit_run_has_begun(sampler->run)) {
        pthread_mutex_lock(&sampler->lock);
        (void)wait_until(sampler, emit_clock_monotonic_ns() + BEGUN_STEP_NS);
        stop = sampler->stop;
        pthread_mutex_unlock(&sampler->lock);
        alive = sample(sampler); // whoever was to sample may have died
    }
    return alive;
}

// Once this process is the one that samples, its slow meters are wanted.
static void call_openers(struct emit_sampler *sampler) {
    if (sampler->openers.called_ns || !emit_run_samples(sampler->run)) return;
    emit_openers_call(&sampler->openers, sampler->plan.run.meters, sampler->plan.host,
                      &sampler->plan.run.settings);
}

// Waits until all have answered, or until the moment.
static void wait_answers(struct emit_sampler *sampler, int64_t until_ns, const bool *interrupt) {
    bool waiting = true;
    pthread_mutex_lock(&sampler->lock);
    while (waiting && !*interrupt) {
        size_t index = 0;
        waiting = emit_openers_silent(&sampler->openers, &index) && wait_until(sampler, until_ns);
    }
    pthread_mutex_unlock(&sampler->lock);
}

// Gives the run what has answered. A meter whose points cannot be added is one whose
// devices are not metered: the run file is full, and everything else goes on.
static void adopt(struct emit_sampler *sampler) {
    struct emit_meter *meter;
    do {
        struct emit_error err;
        pthread_mutex_lock(&sampler->lock);
        meter = emit_openers_take(&sampler->openers);
        pthread_mutex_unlock(&sampler->lock);
        if (!meter || emit_run_add_meter(sampler->run, meter, &err) == EMIT_OK) continue;
        pthread_mutex_lock(&sampler->lock);
        emit_text_format(sampler->notice, sizeof sampler->notice, "%s", err.text);
        pthread_mutex_unlock(&sampler->lock);
    } while (meter);
}

// Samples at the run's pace until it is told to stop. False: closed over our head.
static bool sample_on(struct emit_sampler *sampler) {
    bool alive = true;
    pthread_mutex_lock(&sampler->lock);
    while (alive && !sampler->stop) {
        pthread_mutex_unlock(&sampler->lock);
        call_openers(sampler);
        adopt(sampler);
        int64_t next_ns = emit_run_next_ns(sampler->run);
        if (next_ns <= emit_clock_monotonic_ns()) alive = sample(sampler);
        pthread_mutex_lock(&sampler->lock);
        if (!alive) break;
        next_ns = emit_run_next_ns(sampler->run);
        if (!sampler->stop && !emit_openers_answered(&sampler->openers))
            (void)wait_until(sampler, next_ns);
    }
    alive = alive && !sampler->abandon;
    pthread_mutex_unlock(&sampler->lock);
    return alive;
}

static void sample_until_stopped(struct emit_sampler *sampler) {
    call_openers(sampler);
    wait_answers(sampler, sampler->begun_ns + sampler->plan.answer_ns, &sampler->stop);
    adopt(sampler);
    // A job that ends before its first tick left nothing to read.
    if (!wait_tick(sampler, &sampler->stop)) return;
    if (!sample(sampler) || !wait_begun(sampler)) return;
    pthread_mutex_lock(&sampler->lock);
    enter_phase(sampler, PHASE_SAMPLING);
    pthread_mutex_unlock(&sampler->lock);
    if (!sample_on(sampler) || !emit_run_is_needed(sampler->run)) return;

    bool late = !sampler->openers.called_ns; // it only now came to be the one that samples
    call_openers(sampler);
    if (late) wait_answers(sampler, emit_clock_monotonic_ns() + LAST_ANSWER_NS, &sampler->abandon);
    adopt(sampler);
    if (!wait_tick(sampler, &sampler->abandon)) return;
    (void)sample(sampler); // false: closed over our head, and nobody is left to tell
}

static void destroy(struct emit_sampler *sampler) {
    emit_openers_clear(&sampler->openers);
    pthread_cond_destroy(&sampler->changed);
    pthread_mutex_destroy(&sampler->lock);
    free(sampler->slots);
    free(sampler);
}

static void *run_thread(void *argument) {
    struct emit_sampler *sampler = argument;
    if (open_run(sampler)) sample_until_stopped(sampler);
    pthread_mutex_lock(&sampler->lock);
    if (sampler->phase != PHASE_FAILED) enter_phase(sampler, PHASE_DONE);
    pthread_mutex_unlock(&sampler->lock);
    return NULL;
}

enum emit_status emit_sampler_start(struct emit_sampler **out, const struct emit_sampler_plan *plan,
                                    struct emit_error *err) {
    struct emit_sampler *sampler = calloc(1, sizeof *sampler);
    if (!sampler) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    sampler->plan = *plan;
    sampler->exit_status = -1;
    sampler->begun_ns = emit_clock_monotonic_ns();
    sampler->openers = (struct emit_openers){.lock = &sampler->lock, .changed = &sampler->changed};
    pthread_condattr_t by_monotonic;
    pthread_condattr_init(&by_monotonic);
    pthread_condattr_setclock(&by_monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&sampler->lock, NULL);
    pthread_cond_init(&sampler->changed, &by_monotonic);
    pthread_condattr_destroy(&by_monotonic);
    int failed = pthread_create(&sampler->thread, NULL, run_thread, sampler);
    if (failed) {
        destroy(sampler);
        return emit_fail_errno(err, failed, "cannot start a thread for the meters");
    }
    *out = sampler;
    return EMIT_OK;
}

enum emit_status emit_sampler_wait_first(struct emit_sampler *sampler, int64_t timeout_ns,
                                         struct emit_error *err) {
    int64_t until_ns;
    if (__builtin_add_overflow(emit_clock_monotonic_ns(), timeout_ns, &until_ns))
        until_ns = INT64_MAX;
    enum emit_status status = EMIT_OK;
    pthread_mutex_lock(&sampler->lock);
    while (sampler->phase == PHASE_OPENING && wait_until(sampler, until_ns))
        continue;
    if (sampler->phase == PHASE_OPENING)
        status = emit_fail(err, EMIT_TIMEOUT, "the meters have not answered yet");
    // That the run's file could not be had in time is final, and no reason to wait.
    bool is_final = sampler->failure.status == EMIT_TIMEOUT;
    if (sampler->phase == PHASE_FAILED)
        status = emit_fail(err, is_final ? EMIT_SYSTEM : sampler->failure.status, "%s",
                           sampler->failure.text);
    pthread_mutex_unlock(&sampler->lock);
    return status;
}

void emit_sampler_job_started(struct emit_sampler *sampler, int64_t at_ns) {
    pthread_mutex_lock(&sampler->lock);
    sampler->started_ns = at_ns;
    if (sampler->run) emit_run_job_started(sampler->run, at_ns);
    pthread_mutex_unlock(&sampler->lock);
}

bool emit_sampler_wait_asked(struct emit_sampler *sampler, int64_t until_ns) {
    pthread_mutex_lock(&sampler->lock);
    while (!sampler->run && sampler->phase == PHASE_OPENING && wait_until(sampler, until_ns))
        continue;
    const struct emit_run *run = sampler->run; // finish, in this thread, is what frees it
    pthread_mutex_unlock(&sampler->lock);
    return run && emit_run_wait_asked(run, until_ns);
}

void emit_sampler_job_exited(struct emit_sampler *sampler, int exit_status) {
    pthread_mutex_lock(&sampler->lock);
    sampler->exit_status = exit_status;
    if (sampler->run) emit_run_job_exited(sampler->run, exit_status);
    pthread_mutex_unlock(&sampler->lock);
}

bool emit_sampler_joined(struct emit_sampler *sampler) {
    pthread_mutex_lock(&sampler->lock);
    bool joined = sampler->run && !emit_run_samples(sampler->run);
    pthread_mutex_unlock(&sampler->lock);
    return joined;
}

size_t emit_sampler_peek(struct emit_sampler *sampler, struct emit_slot *slots, size_t size) {
    pthread_mutex_lock(&sampler->lock);
    size_t count = sampler->run ? emit_run_peek(sampler->run, slots, size) : 0;
    pthread_mutex_unlock(&sampler->lock);
    return count;
}

void emit_sampler_notice(struct emit_sampler *sampler, char *text, size_t size) {
    pthread_mutex_lock(&sampler->lock);
    emit_text_format(text, size, "%s", sampler->notice);
    pthread_mutex_unlock(&sampler->lock);
}

const char *emit_sampler_silent(struct emit_sampler *sampler) {
    size_t index = 0;
    pthread_mutex_lock(&sampler->lock);
    const struct emit_meter_type *type = emit_openers_silent(&sampler->openers, &index);
    pthread_mutex_unlock(&sampler->lock);
    return type ? type->name : NULL;
}

// Tells the thread to end and waits for it. False: it does not come back.
static bool stop_thread(struct emit_sampler *sampler, bool abandon, int64_t ended_ns) {
    int64_t until_ns =
        emit_clock_monotonic_ns() + EMIT_SAMPLER_LAST_NS + sampler->plan.run.floor_ns;
    pthread_mutex_lock(&sampler->lock);
    sampler->stop = true;
    sampler->abandon = abandon;
    sampler->ended_ns = ended_ns;
    if (sampler->run && !abandon) emit_run_job_ended(sampler->run, ended_ns);
    pthread_cond_broadcast(&sampler->changed);
    bool running = true;
    do {
        running = sampler->phase == PHASE_OPENING || sampler->phase == PHASE_SAMPLING;
    } while (running && wait_until(sampler, until_ns));
    sampler->left_behind = running;
    pthread_mutex_unlock(&sampler->lock);
    if (running)
        (void)pthread_detach(sampler->thread);
    else
        (void)pthread_join(sampler->thread, NULL);
    return !running;
}

// Frees the sampler, unless some thread may still come back to it.
static void destroy_unless_left(struct emit_sampler *sampler, bool *left_behind) {
    if (emit_sampler_silent(sampler)) *left_behind = true;
    if (!*left_behind) destroy(sampler);
}

static void tell_silent(struct emit_sampler *sampler, struct emit_run_result *result) {
    const struct emit_meter_type *type;
    int64_t now_ns = emit_clock_monotonic_ns();
    size_t index = 0, count = 0;
    pthread_mutex_lock(&sampler->lock);
    while (count < EMIT_RUN_ABSENT_MAX &&
           (type = emit_openers_silent(&sampler->openers, &index)) != NULL) {
        struct emit_run_silence *silence = &result->silent[count++];
        emit_text_format(silence->meter, sizeof silence->meter, "%s", type->name);
        silence->waited_ns = now_ns - sampler->openers.called_ns;
    }
    pthread_mutex_unlock(&sampler->lock);
}

enum emit_status emit_sampler_finish(struct emit_sampler *sampler, int64_t ended_ns,
                                     struct emit_run_result *result, bool *left_behind,
                                     struct emit_error *err) {
    *left_behind = !stop_thread(sampler, false, ended_ns);
    pthread_mutex_lock(&sampler->lock);
    struct emit_run *run = sampler->run;
    pthread_mutex_unlock(&sampler->lock);
    enum emit_status status;
    if (run)
        status = emit_run_close(run, result, err);
    else if (*left_behind)
        status = emit_fail(err, EMIT_TIMEOUT, "the meters did not answer while the command ran");
    else
        status = emit_fail(err, sampler->failure.status, "%s", sampler->failure.text);
    if (status == EMIT_OK) tell_silent(sampler, result);
    destroy_unless_left(sampler, left_behind);
    return status;
}

void emit_sampler_abandon(struct emit_sampler *sampler, bool *left_behind) {
    if (!sampler) return;
    *left_behind = !stop_thread(sampler, true, 0);
    if (*left_behind) return;
    emit_run_abandon(sampler->run);
    destroy_unless_left(sampler, left_behind);
}
