// Two scrapes of a server and when they were taken.
// SPDX-License-Identifier: Apache-2.0
#include "agent/served_watch.h"

#include "agent/task.h"
#include "base/text.h"
#include "host/fetch.h"
#include "host/host.h"
#include "meters/served_scrape.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMEOUT_MS = 2000 };

// One scrape. Its task alone touches it until that was waited for.
struct asking {
    struct emit_task task;
    struct emit_served_watch *watch;
    struct emit_served_moment moment;
    enum emit_status status;
    struct emit_error why;
    struct emit_served_scrape scrape;
};

struct emit_served_watch {
    char *url;
    struct emit_served_source *source; // NULL until the first question, which opens it
    char shown[EMIT_SERVED_URL_MAX];
    struct asking first, last;
    pthread_mutex_t lock; // of is_answered
    pthread_cond_t answered;
    bool is_answered; // the first scrape is over
    bool is_ended;    // the last one was begun
    int64_t ended_ns; // when, CLOCK_MONOTONIC
};

static void ask(struct asking *asking) {
    struct emit_served_watch *watch = asking->watch;
    asking->moment.asked_ns = emit_clock_monotonic_ns();
    // Opened here: loading libcurl takes its time, too.
    asking->status =
        watch->source ? EMIT_OK : emit_served_open(&watch->source, watch->url, &asking->why);
    if (asking->status == EMIT_OK)
        asking->status = emit_served_ask(watch->source, TIMEOUT_MS, &asking->scrape, &asking->why);
    asking->moment.answered_ns = emit_clock_monotonic_ns();
    asking->moment.wall_ns = emit_clock_wall_ns();
}

static void ask_first(void *owner) {
    struct emit_served_watch *watch = owner;
    ask(&watch->first);
    (void)pthread_mutex_lock(&watch->lock);
    watch->is_answered = true;
    (void)pthread_cond_signal(&watch->answered);
    (void)pthread_mutex_unlock(&watch->lock);
}

// Behind the first one, which may still be waited for: whoever ends a run waits for neither.
// A first answer that comes after the end begins another window than the run's.
static void ask_last(void *owner) {
    struct emit_served_watch *watch = owner;
    emit_task_wait(&watch->first.task);
    if (watch->first.status == EMIT_OK && watch->first.moment.answered_ns > watch->ended_ns)
        watch->first.status =
            emit_fail(&watch->first.why, EMIT_TIMEOUT,
                      "%.100s: it gave its first answer after the end", watch->shown);
    if (watch->first.status == EMIT_OK) ask(&watch->last);
}

static bool make_condition(struct emit_served_watch *watch) {
    pthread_condattr_t attributes;
    if (pthread_mutex_init(&watch->lock, NULL) != 0) return false;
    bool made = pthread_condattr_init(&attributes) == 0;
    if (made) {
        made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
               pthread_cond_init(&watch->answered, &attributes) == 0;
        (void)pthread_condattr_destroy(&attributes);
    }
    if (!made) (void)pthread_mutex_destroy(&watch->lock);
    return made;
}

enum emit_status emit_served_watch_begin(struct emit_served_watch **watch, const char *url,
                                         struct emit_error *err) {
    char shown[EMIT_SERVED_URL_MAX];
    emit_fetch_show(shown, url);
    if (!emit_fetch_is_url(url))
        return emit_fail(err, EMIT_INVALID, "'%s' is no URL: http://HOST:PORT/metrics, or https",
                         shown);
    struct emit_served_watch *begun = calloc(1, sizeof *begun);
    if (begun) begun->url = strdup(url);
    if (!begun || !begun->url || !make_condition(begun)) {
        if (begun) free(begun->url);
        free(begun);
        return emit_fail(err, EMIT_NO_MEMORY, "no memory to ask %s", shown);
    }
    memcpy(begun->shown, shown, sizeof shown);
    begun->first.watch = begun->last.watch = begun;
    emit_task_start(&begun->first.task, ask_first, begun);
    *watch = begun;
    return EMIT_OK;
}

void emit_served_watch_wait(struct emit_served_watch *watch, int64_t until_ns) {
    const struct timespec until = {.tv_sec = until_ns / 1000000000,
                                   .tv_nsec = until_ns % 1000000000};
    if (!watch->first.task.running) return; // no thread: it is asked when it is waited for
    (void)pthread_mutex_lock(&watch->lock);
    while (!watch->is_answered &&
           pthread_cond_timedwait(&watch->answered, &watch->lock, &until) == 0)
        ;
    (void)pthread_mutex_unlock(&watch->lock);
}

const char *emit_served_watch_failure(struct emit_served_watch *watch) {
    emit_task_wait(&watch->first.task);
    return watch->first.status == EMIT_OK ? "" : watch->first.why.text;
}

void emit_served_watch_end(struct emit_served_watch *watch) {
    if (!watch || watch->is_ended) return;
    watch->is_ended = true;
    watch->ended_ns = emit_clock_monotonic_ns();
    emit_task_start(&watch->last.task, ask_last, watch);
}

void emit_served_watch_tell(struct emit_served_watch *watch, struct emit_served_told *told) {
    *told = (struct emit_served_told){0};
    struct emit_error err = {0};
    (void)emit_text_format(told->server, sizeof told->server, "%s", watch->shown);
    emit_served_watch_end(watch);
    emit_task_wait(&watch->last.task); // which has waited for the first
    enum emit_status status = watch->first.status;
    if (status != EMIT_OK) {
        err = watch->first.why;
    } else if (watch->last.status != EMIT_OK) {
        status = watch->last.status;
        err = watch->last.why;
    } else {
        struct emit_error why;
        status =
            emit_served_difference(&watch->first.scrape, &watch->last.scrape, &told->use, &why);
        if (status != EMIT_OK) (void)emit_fail(&err, status, "%.90s: %s", watch->shown, why.text);
    }
    if (status == EMIT_OK) {
        told->first = watch->first.moment;
        told->last = watch->last.moment;
    } else {
        (void)emit_text_format(told->refused, sizeof told->refused, "%s", err.text);
    }
}

void emit_served_watch_free(struct emit_served_watch *watch) {
    if (!watch) return;
    emit_task_drop(&watch->last.task);
    emit_task_drop(&watch->first.task);
    (void)pthread_cond_destroy(&watch->answered);
    (void)pthread_mutex_destroy(&watch->lock);
    emit_served_close(watch->source);
    free(watch->url);
    free(watch);
}
