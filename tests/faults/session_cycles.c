// Sessions of libemit, one after another in one process: with windows in several threads, with
// windows that are open when the session is closed, with a host that forks meanwhile, and with
// every n-th allocation failing once. Afterwards there is no descriptor, no thread and no
// allocation more than before. usage: session-cycles SESSIONS STEP
// Links no sanitizer: malloc is its own.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "emit/session.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// glibc's own names of the real ones.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *at, size_t size);
extern void __libc_free(void *at);

static atomic_long live, asked, fails_at; // fails_at 0: none fails

static bool fails(void) {
    long at = atomic_load(&fails_at), now = atomic_fetch_add(&asked, 1) + 1;
    if (!at || now != at) return false;
    errno = ENOMEM;
    return true;
}

static void *counted(void *at) {
    if (at) atomic_fetch_add(&live, 1);
    return at;
}

void *malloc(size_t size) {
    return fails() ? NULL : counted(__libc_malloc(size));
}
void *calloc(size_t count, size_t size) {
    return fails() ? NULL : counted(__libc_calloc(count, size));
}
void *realloc(void *at, size_t size) {
    if (fails()) return NULL;
    void *moved = __libc_realloc(at, size);
    return at ? moved : counted(moved);
}
void free(void *at) {
    if (at) atomic_fetch_sub(&live, 1);
    __libc_free(at);
}

static int entries(const char *path) {
    DIR *directory = opendir(path);
    int count = 0;
    while (directory && readdir(directory))
        count++;
    if (directory) closedir(directory);
    return count;
}

// A thread that was waited for is listed for a moment longer.
static bool has_threads(int wanted) {
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < 1000 && entries("/proc/self/task") != wanted; i++)
        (void)nanosleep(&pause, NULL);
    return entries("/proc/self/task") == wanted;
}

static void *work(void *session) {
    struct emit_window_energy energy = {0};
    for (int i = 0; i < 20; i++) {
        (void)!emit_window_begin(session, "work", 0, NULL);
        (void)!emit_window_end(session, "work", 0, &energy, NULL);
    }
    return NULL;
}

// The child goes on without the session, as it must, and is a program like any other.
static void fork_once(void) {
    pid_t child = fork();
    if (child == 0) {
        void *memory = malloc(100000);
        free(memory);
        _exit(memory ? 0 : 1);
    }
    if (child > 0) (void)waitpid(child, NULL, 0);
}

enum { THREADS = 2 };

// False: there was no session, and an error said so.
static bool cycle(bool forks, struct emit_error *err) {
    struct emit_session *session = NULL;
    pthread_t threads[THREADS];
    bool started[THREADS] = {false};
    if (emit_session_open(&session, NULL, err) != EMIT_OK) return false;
    for (int i = 0; i < THREADS; i++)
        started[i] = pthread_create(&threads[i], NULL, work, session) == 0;
    if (forks) fork_once();
    for (int i = 0; i < THREADS; i++)
        if (started[i]) (void)pthread_join(threads[i], NULL);
    (void)!emit_window_begin(session, "open", 0, NULL); // and nobody ends it
    return emit_session_close(session, err) == EMIT_OK;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at) {
    (void)status, (void)kind, (void)at;
    return remove(path);
}

static void test_many(int sessions, int files, int threads) {
    struct emit_error err = {0};
    int failed = 0;
    long before = atomic_load(&live);
    for (int i = 0; i < sessions; i++)
        failed += !cycle(i % 4 == 0, &err);
    CHECK(failed == 0, "%d sessions, %d failed %s", sessions, failed, err.text);
    CHECK(entries("/proc/self/fd") == files && has_threads(threads),
          "then %d descriptors of %d, %d threads of %d", entries("/proc/self/fd"), files,
          entries("/proc/self/task"), threads);
    CHECK(atomic_load(&live) == before, "and %ld allocations of %ld", atomic_load(&live), before);
}

static void test_no_memory(int step, int files, int threads) {
    struct emit_error err = {0};
    long before = atomic_load(&live), begun = atomic_load(&asked);
    (void)cycle(false, &err);
    long total = atomic_load(&asked) - begun;
    int leaks = 0, silent = 0, refused = 0, tried = 0;
    for (long at = 1; at <= total; at += step, tried++) {
        err = (struct emit_error){0};
        atomic_store(&asked, 0);
        atomic_store(&fails_at, at);
        bool good = cycle(false, &err);
        atomic_store(&fails_at, 0);
        refused += !good;
        silent += !good && !err.text[0];
        bool leaked = !has_threads(threads) || entries("/proc/self/fd") != files ||
                      atomic_load(&live) > before;
        if (leaked)
            printf("# %ld: %ld allocations of %ld, %d descriptors of %d: %s\n", at,
                   atomic_load(&live), before, entries("/proc/self/fd"), files, err.text);
        leaks += leaked;
        before = atomic_load(&live); // each leak is told once
        files = entries("/proc/self/fd");
    }
    CHECK(total > 100 && leaks == 0 && silent == 0,
          "%d of %ld allocations failed once: %d leaks, %d of %d refusals without a word", tried,
          total, leaks, silent, refused);
}

int main(int argc, char **argv) {
    char folder[] = "/dev/shm/emit-cycles-XXXXXX", outbox[64];
    if (argc != 3 || !mkdtemp(folder)) return 2;
    (void)snprintf(outbox, sizeof outbox, "%s/outbox.db", folder);
    if (setenv("EMIT_OUTBOX", outbox, 1) != 0 || unsetenv("EMIT_RUN_ID") != 0) return 2;
    (void)unsetenv("EMIT_RUN_FOLDER");
    bool is_long = getenv("EMIT_FAULTS") != NULL;
    struct emit_error err = {0};
    for (int i = 0; i < 8; i++) // whatever the loader and the C library keep, they keep now
        CHECK(cycle(true, &err), "a session %s", err.text);
    int files = entries("/proc/self/fd"), threads = entries("/proc/self/task");
    test_many(is_long ? 1000 : atoi(argv[1]), files, threads);
    test_no_memory(is_long ? 1 : atoi(argv[2]), files, threads);
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return check_end();
}
