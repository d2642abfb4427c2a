// emit/session.h as a program uses it, on the machine that the test runs on, whatever can be
// read there: sessions that join, that are alone, and 10 000 windows that leave nothing behind.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "emit/session.h"

#include <dirent.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { WINDOWS = 10000, THREADS = 4 };

static char folder[64];

static int count(const char *path) {
    DIR *directory = opendir(path);
    int entries = 0;
    while (directory && readdir(directory))
        entries++;
    if (directory) closedir(directory);
    return entries;
}

static struct emit_session *open_session(const struct emit_session_plan *plan) {
    struct emit_session *session = NULL;
    struct emit_error err = {0};
    CHECK(emit_session_open(&session, plan, &err) == EMIT_OK, "opens %s", err.text);
    if (!session) exit(check_end());
    return session;
}

static void close_session(struct emit_session *session) {
    struct emit_error err = {0};
    enum emit_status status = emit_session_close(session, &err);
    // Without SQLite there is no store, and that is said.
    CHECK(status == EMIT_OK || status == EMIT_ABSENT, "closes %s", err.text);
}

// What nobody can read has no energy: it is no window of 0 J.
static void check_energy(const struct emit_window_energy *energy,
                         const struct emit_window_device *devices, size_t readable) {
    size_t with = 0, wrong = 0;
    for (size_t i = 0; i < energy->count && i < energy->size; i++) {
        bool has =
            !strcmp(devices[i].outcome, "measured") || !strcmp(devices[i].outcome, "partial");
        with += has;
        wrong += !has && (devices[i].joules != 0 || !devices[i].code[0]);
    }
    CHECK(wrong == 0 && with <= readable && energy->summed <= with,
          "%zu devices, %zu with energy of %zu readable ones", energy->count, with, readable);
}

static void test_alone(void) {
    struct emit_session *session = open_session(NULL);
    struct emit_window_device devices[16];
    struct emit_window_energy energy = {.devices = devices, .size = 16};
    struct emit_error err = {0};
    CHECK(!emit_session_joined(session) && strncmp(emit_session_run_id(session), "run_", 4) == 0,
          "is run %s", emit_session_run_id(session));
    CHECK(emit_window_end(session, "x", 0, &energy, &err) == EMIT_INVALID, "%s", err.text);
    CHECK(emit_window_begin(session, "Not a name", 0, &err) == EMIT_INVALID, "%s", err.text);
    CHECK(emit_window_prepare(session, "x", NULL) == EMIT_OK, "is prepared");
    CHECK(emit_window_begin(session, "x", EMIT_WINDOW_ALIGN, NULL) == EMIT_OK, "begins");
    const struct timespec pause = {.tv_nsec = 20000000};
    (void)nanosleep(&pause, NULL);
    CHECK(emit_window_end(session, "x", EMIT_WINDOW_ALIGN, &energy, NULL) == EMIT_OK, "ends");
    CHECK(energy.lasted_ns >= 20000000, "after %.1f ms", (double)energy.lasted_ns / 1e6);
    check_energy(&energy, devices, emit_session_readable(session));
    close_session(session);
}

static atomic_int failed;

static void *work(void *argument) {
    for (int i = 0; i < WINDOWS / THREADS; i++) {
        struct emit_window_energy energy = {0};
        if (emit_window_begin(argument, i % 2 ? "odd" : "even", 0, NULL) ||
            emit_window_end(argument, i % 2 ? "odd" : "even", 0, &energy, NULL))
            atomic_fetch_add(&failed, 1);
    }
    return NULL;
}

static void test_many_windows(void) {
    int files = count("/proc/self/fd"), tasks = count("/proc/self/task");
    struct emit_session *session = open_session(NULL);
    CHECK(!emit_window_prepare(session, "odd", NULL) && !emit_window_prepare(session, "even", NULL),
          "two windows are prepared");
    int files_open = count("/proc/self/fd");
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, session)) exit(1);
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    CHECK(atomic_load(&failed) == 0, "%d windows in %d threads, %d failed", WINDOWS, THREADS,
          atomic_load(&failed));
    CHECK(count("/proc/self/fd") == files_open, "no descriptor more than before them");
    close_session(session);
    // A thread that has ended may be listed for a moment.
    for (int i = 0; i < 100 && count("/proc/self/task") != tasks; i++) {
        const struct timespec pause = {.tv_nsec = 10000000};
        (void)nanosleep(&pause, NULL);
    }
    CHECK(count("/proc/self/fd") == files && count("/proc/self/task") == tasks,
          "after close: %d descriptors of %d, %d threads of %d", count("/proc/self/fd"), files,
          count("/proc/self/task"), tasks);
}

// A session in a program that another session's run started, say: it joins, and the run
// is the other one's to store.
static void test_joined(void) {
    struct emit_session *outer = open_session(&(struct emit_session_plan){.run_id = "outer"});
    char runs[96];
    snprintf(runs, sizeof runs, "%s/runs", folder);
    if (setenv("EMIT_RUN_ID", "outer", 1) || setenv("EMIT_RUN_FOLDER", runs, 1)) exit(1);
    struct emit_session *inner = open_session(NULL);
    CHECK(emit_session_joined(inner) && !strcmp(emit_session_run_id(inner), "outer"), "joins");
    struct emit_window_energy energy = {0};
    CHECK(!emit_window_begin(inner, "both", 0, NULL) && !emit_window_begin(outer, "both", 0, NULL),
          "begins in both");
    CHECK(!emit_window_end(inner, "both", 0, &energy, NULL) && energy.lasted_ns == 0,
          "the first end knows nothing yet");
    CHECK(!emit_window_end(outer, "both", 0, &energy, NULL) && energy.lasted_ns > 0,
          "the last one does");
    struct emit_error err = {0};
    close_session(outer);
    CHECK(emit_window_begin(inner, "both", 0, &err) == EMIT_ABSENT, "%s", err.text);
    close_session(inner);
    (void)unsetenv("EMIT_RUN_ID");
    (void)unsetenv("EMIT_RUN_FOLDER");
}

// Sessions of one id that nobody started, as of ranks: one run, which lasts until the last
// of them is closed.
static void test_shared(void) {
    const struct emit_session_plan plan = {.run_id = "ranks"};
    struct emit_session *first = open_session(&plan), *second = open_session(&plan);
    CHECK(!emit_session_joined(second), "shares the run");
    CHECK(!emit_window_begin(first, "x", 0, NULL) && !emit_window_end(first, "x", 0, NULL, NULL),
          "the first has a window");
    close_session(first);
    CHECK(!emit_window_begin(second, "x", 0, NULL) && !emit_window_end(second, "x", 0, NULL, NULL),
          "and the second one after the first has gone");
    close_session(second);
}

static void test_refusals(void) {
    struct emit_session *session = NULL;
    struct emit_error err = {0};
    CHECK(emit_session_open(&session, &(struct emit_session_plan){.run_id = "a/b"}, &err) ==
                  EMIT_INVALID &&
              !session,
          "%s", err.text);
    CHECK(emit_session_open(&session, &(struct emit_session_plan){.outbox = "/proc/no/outbox.db"},
                            &err) != EMIT_OK &&
              !session,
          "%s", err.text);
    CHECK(emit_session_close(NULL, NULL) == EMIT_OK, "closing nothing is nothing");
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at) {
    (void)status, (void)kind, (void)at;
    return remove(path);
}

int main(void) {
    char outbox[96];
    snprintf(folder, sizeof folder, "/tmp/emit-session-XXXXXX");
    if (!mkdtemp(folder)) return 1;
    snprintf(outbox, sizeof outbox, "%s/outbox.db", folder);
    if (setenv("EMIT_OUTBOX", outbox, 1) != 0 || unsetenv("EMIT_RUN_ID") != 0) return 1;
    (void)unsetenv("EMIT_RUN_FOLDER");
    test_alone();
    test_many_windows();
    test_joined();
    test_shared();
    test_refusals();
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return check_end();
}
