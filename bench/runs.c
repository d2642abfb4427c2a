// emit runs on a store of 200 000 modeled events of 1000 runs, as a whole process, in turns with
// a bare SQLite program that reads all bodies and does nothing with them: what anybody pays who
// has to look at every event. Medians; exits 1 when emit runs takes longer than its bound, or
// the bare program is not slower by the ratio's.
// SPDX-License-Identifier: Apache-2.0
#include "agent/intake.h"
#include "made_line.h"

#include <fcntl.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = 1000, EVENTS = 200, TURNS = 15 };
static const double bound_s = 0.1, ratio_bound = 5;

extern char **environ;

static _Noreturn void give_up(const char *why) {
    fprintf(stderr, "runs: %s\n", why);
    exit(2);
}

static double now(void) {
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fill(const char *path) {
    static struct made_line made;
    struct emit_outbox *outbox = NULL;
    struct emit_intake *intake = NULL;
    struct emit_error err;
    const struct emit_outbox_options options = {.path = path};
    if (emit_outbox_open(&outbox, &options, &err) != EMIT_OK) give_up(err.text);
    const struct emit_destination to = {.outbox = outbox};
    if (emit_intake_open(&intake, &to, &(struct emit_intake_listener){0}, &err) != EMIT_OK)
        give_up(err.text);
    for (unsigned run = 0; run < RUNS; run++) {
        char run_id[32];
        (void)snprintf(run_id, sizeof run_id, "run_%u", run);
        for (unsigned i = 0; i < EVENTS; i++) {
            made_line_make(&made, run_id, i, 100 + i, false);
            if (emit_intake_add(intake, &made.entry, NULL, &err) != EMIT_OK) give_up(err.text);
        }
        // As if each run were a call of its own.
        if (emit_intake_finish(intake, &err) != EMIT_OK) give_up(err.text);
    }
    emit_intake_close(intake);
    emit_outbox_close(outbox);
}

static double list_runs(char *emit, char *path) {
    char *const words[] = {emit, (char[]){"runs"}, (char[]){"--outbox"}, path, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = 0;
    double began = now();
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) != 0 ||
        posix_spawn(&child, emit, &actions, NULL, words, environ) != 0 ||
        waitpid(child, &status, 0) != child || status != 0)
        give_up("emit runs failed");
    double seconds = now() - began;
    (void)posix_spawn_file_actions_destroy(&actions);
    return seconds;
}

static double read_all(const char *path) {
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    size_t count = 0, bytes = 0;
    double began = now();
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT body FROM entry WHERE kind = 0", -1, &statement, NULL) !=
            SQLITE_OK)
        give_up(sqlite3_errmsg(db));
    for (; sqlite3_step(statement) == SQLITE_ROW; count++)
        if (sqlite3_column_blob(statement, 0)) bytes += (size_t)sqlite3_column_bytes(statement, 0);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    if (count != RUNS * EVENTS || bytes < count) give_up("not all events are there");
    return now() - began;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median_of(double values[TURNS]) {
    qsort(values, TURNS, sizeof values[0], compare);
    return values[TURNS / 2];
}

int main(int count, char **words) {
    char folder[] = "/var/tmp/emit-bench-XXXXXX", path[64], command[64];
    double ours[TURNS], bare[TURNS], ratio[TURNS];
    if (count != 2) give_up("wants the path of emit");
    if (!mkdtemp(folder)) give_up("no folder below /var/tmp");
    (void)snprintf(path, sizeof path, "%s/outbox.db", folder);
    fill(path);
    for (int i = 0; i < TURNS; i++) {
        ours[i] = list_runs(words[1], path);
        bare[i] = read_all(path);
        ratio[i] = bare[i] / ours[i];
    }
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0) printf("# %s stays\n", folder);
    double seconds = median_of(ours), ratio_found = median_of(ratio);
    printf("%d modeled events of %d runs in the store\n", RUNS * EVENTS, RUNS);
    printf("emit runs:                     %7.1f ms (at most %.0f)\n", seconds * 1e3,
           bound_s * 1e3);
    printf("bare SQLite reads all bodies:  %7.1f ms\n", median_of(bare) * 1e3);
    printf("ratio of the speeds:           %7.1f (at least %.0f)\n", ratio_found, ratio_bound);
    return seconds > bound_s || ratio_found < ratio_bound;
}
