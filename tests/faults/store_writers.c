// Several processes on one store: killed at random, or all at once.
// What was acknowledged is recorded in memory shared with the parent, which no
// kill of a writer can take back. Whoever is killed may be draining the store: what
// was compared once may be removed from then on, and nothing else.
// SPDX-License-Identifier: Apache-2.0
#include "store_subject.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    WRITERS = 3,
    ENTRIES_MAX = 1 << 21, // told apart in one test; a byte each
    PROCESSES_MAX = 256,
    COMPARE_EVERY = 20, // rounds of kills
};

// One byte an entry: 1 when the store has answered for it.
struct oracle {
    unsigned next;     // entry to take next, by any writer
    unsigned answered; // appends that were acknowledged
    // Entries below it were compared with the store, at that time (UTC): a drain may
    // take them. Written between the rounds only.
    unsigned compared;
    int64_t compared_ns;
    // Drains that were acknowledged, and the `compared` that the last of them took.
    unsigned drains, drained;
    unsigned char acked[ENTRIES_MAX];
};

static int64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t utc_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void sleep_us(unsigned us) {
    struct timespec wait = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
    (void)nanosleep(&wait, NULL);
}

static void *share(size_t size) {
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static unsigned pick(unsigned *seed, unsigned below) {
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 12) % below;
}

static void drain(struct oracle *oracle, struct emit_outbox *outbox) {
    struct emit_error err;
    if (emit_outbox_prune(outbox, oracle->compared_ns, NULL, &err) != EMIT_OK) {
        printf("# prune: %s\n", err.text);
        (void)fflush(stdout);
        _exit(5);
    }
    __atomic_store_n(&oracle->drained, oracle->compared, __ATOMIC_SEQ_CST);
    (void)__atomic_add_fetch(&oracle->drains, 1, __ATOMIC_SEQ_CST);
}

// Appends until it is killed; an answer that is not OK ends it with a status.
static _Noreturn void write_until_killed(struct oracle *oracle, const char *path, unsigned seed) {
    struct emit_outbox *outbox = NULL;
    struct emit_error err;
    if (subject_open(&outbox, path, &err) != EMIT_OK) {
        printf("# open: %s\n", err.text);
        (void)fflush(stdout);
        _exit(3);
    }
    for (;;) {
        unsigned count = 1 + pick(&seed, 5);
        unsigned first = __atomic_fetch_add(&oracle->next, count, __ATOMIC_SEQ_CST);
        if (first + count >= ENTRIES_MAX) _exit(0);
        if (subject_append(outbox, first, count, &err) != EMIT_OK) {
            printf("# append: %s\n", err.text);
            (void)fflush(stdout);
            _exit(4);
        }
        memset(oracle->acked + first, 1, count);
        (void)__atomic_add_fetch(&oracle->answered, 1, __ATOMIC_SEQ_CST);
        if (pick(&seed, 8) == 0) drain(oracle, outbox);
    }
}

// Answers how many writers ended otherwise than by our signal.
static unsigned one_round(struct oracle *oracle, const char *path, unsigned *seed) {
    pid_t writers[WRITERS];
    unsigned failed = 0, answered = oracle->answered;
    for (int i = 0; i < WRITERS; i++) {
        unsigned own = pick(seed, 1u << 16);
        (void)fflush(stdout);
        writers[i] = fork();
        if (writers[i] == 0) write_until_killed(oracle, path, own);
    }
    // Every other round lives until something was acknowledged, however slow the disk
    // is; the rest may die while they open the store.
    for (int i = 0; *seed % 2 == 0 && i < 500; i++) {
        if (__atomic_load_n(&oracle->answered, __ATOMIC_SEQ_CST) != answered) break;
        sleep_us(200);
    }
    sleep_us(pick(seed, 10000));
    for (int i = 0; i < WRITERS; i++) {
        int how = 0;
        if (writers[i] < 0) continue;
        (void)kill(writers[i], SIGKILL);
        (void)waitpid(writers[i], &how, 0);
        if (WIFEXITED(how) && WEXITSTATUS(how) != 0) failed++;
    }
    return failed;
}

// Everything acknowledged is there and right, unless it may have been drained;
// everything drained is gone; SQLite finds nothing, nothing was set aside. Answers how many
// promises are broken.
static unsigned compare(const struct oracle *oracle, const char *path, struct subject_seen *seen) {
    struct emit_outbox *outbox = NULL;
    struct emit_error err;
    uint64_t good = 0, bad = 0;
    if (subject_open(&outbox, path, &err) != EMIT_OK) {
        printf("# the store does not open: %s\n", err.text);
        return 1;
    }
    unsigned lost = 0, left = 0;
    const char *notice = emit_outbox_notice(outbox);
    enum emit_status read = subject_read(outbox, seen, &err);
    enum emit_status check = emit_outbox_verify(outbox, &good, &bad, &err);
    for (unsigned n = oracle->compared; n < ENTRIES_MAX; n++)
        lost += oracle->acked[n] && !seen->at[n];
    for (unsigned n = 0; n < oracle->drained; n++)
        left += seen->at[n];
    if (notice) printf("# %s\n", notice);
    unsigned broken = lost + left + seen->wrong + seen->twice + (unsigned)seen->damaged +
                      (read != EMIT_OK) + (check != EMIT_OK) + (notice != NULL);
    if (broken > 0)
        printf("# %zu entries: lost %u, drained and there %u, wrong %u, twice %u, damaged %zu, "
               "read %s, check %s\n",
               seen->count, lost, left, seen->wrong, seen->twice, seen->damaged,
               emit_status_word(read), emit_status_word(check));
    emit_outbox_close(outbox);
    return broken;
}

int subject_kill(const char *path, unsigned rounds, unsigned seed) {
    struct oracle *oracle = share(sizeof *oracle);
    struct subject_seen seen = {.at = malloc(ENTRIES_MAX), .size = ENTRIES_MAX};
    if (!oracle || !seen.at) return 3;
    unsigned failed = 0, broken = 0, acked = 0;
    for (unsigned i = 0; i < rounds; i++) {
        failed += one_round(oracle, path, &seed);
        if (i % COMPARE_EVERY != COMPARE_EVERY - 1 || i + 1 == rounds) continue;
        broken += compare(oracle, path, &seen);
        // The drain acknowledged from here on is of what was compared now.
        oracle->compared = oracle->next;
        oracle->drained = 0;
        oracle->compared_ns = utc_ns();
    }
    broken += compare(oracle, path, &seen);
    for (unsigned n = 0; n < ENTRIES_MAX; n++)
        acked += oracle->acked[n];
    printf(
        "%u rounds, %d writers killed in each: %u entries and %u drains acknowledged, %u refused "
        "to writers, %u promises broken\n",
        rounds, WRITERS, acked, oracle->drains, failed, broken);
    free(seen.at);
    return broken == 0 && failed == 0 && acked > rounds / 4 ? 0 : 1;
}

static int compare_times(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static _Noreturn void write_paced(struct oracle *oracle, int64_t *times_ns, const char *path,
                                  unsigned commits, unsigned pause_us, unsigned seed) {
    struct emit_outbox *outbox = NULL;
    struct emit_error err;
    if (subject_open(&outbox, path, &err) != EMIT_OK) _exit(3);
    for (unsigned i = 0; i < commits; i++) {
        unsigned n = __atomic_fetch_add(&oracle->next, 1, __ATOMIC_SEQ_CST);
        if (pause_us > 0) sleep_us(pick(&seed, 2 * pause_us));
        int64_t began_ns = now_ns();
        if (subject_append(outbox, n, 1, &err) != EMIT_OK) _exit(4);
        times_ns[i] = now_ns() - began_ns;
        oracle->acked[n] = 1;
    }
    emit_outbox_close(outbox);
    _exit(0);
}

int subject_crowd(const char *path, unsigned processes, unsigned commits, unsigned pause_us) {
    struct oracle *oracle = share(sizeof *oracle);
    size_t total = (size_t)processes * commits;
    int64_t *times_ns = total > 0 ? share(total * sizeof *times_ns) : NULL;
    struct subject_seen seen = {.at = malloc(ENTRIES_MAX), .size = ENTRIES_MAX};
    unsigned failed = 0;
    if (!oracle || !times_ns || !seen.at || processes > PROCESSES_MAX) return 3;
    int64_t began_ns = now_ns();
    for (unsigned i = 0; i < processes; i++)
        if (fork() == 0)
            write_paced(oracle, times_ns + (size_t)i * commits, path, commits, pause_us, i);
    for (unsigned i = 0; i < processes; i++) {
        int how = 0;
        if (wait(&how) < 0 || how != 0) failed++;
    }
    double seconds = (double)(now_ns() - began_ns) / 1e9;
    unsigned broken = compare(oracle, path, &seen) + (seen.count != total);
    qsort(times_ns, total, sizeof *times_ns, compare_times);
    printf("%u processes, %zu commits in %.2f s: median %.2f ms, p99 %.2f ms, worst %.2f ms, "
           "%u failed, %u promises broken\n",
           processes, total, seconds, (double)times_ns[total / 2] / 1e6,
           (double)times_ns[total * 99 / 100] / 1e6, (double)times_ns[total - 1] / 1e6, failed,
           broken);
    printf("worst_us %lld\n", (long long)(times_ns[total - 1] / 1000));
    free(seen.at);
    return failed == 0 && broken == 0 ? 0 : 1;
}
