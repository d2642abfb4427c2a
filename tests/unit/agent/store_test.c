// Opening the store closes the runs of dead processes into it, honestly, and
// leaves the living alone.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"

#include "programs/emit/command.h"
#include "report/report.h"
#include "agent/store.h"

#include <ftw.h>
#include <signal.h>
#include <sys/wait.h>

// Not linked with the program's main.
int emit_complain(const struct emit_command *command, int status, const char *format, ...) {
    (void)command, (void)format;
    return status;
}

static char folder[64], outbox_path[128], runs_path[128];

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at) {
    (void)status, (void)kind, (void)at;
    return remove(path);
}

static void begin(void) {
    fake_directory(folder);
    snprintf(outbox_path, sizeof outbox_path, "%s/outbox.db", folder);
    snprintf(runs_path, sizeof runs_path, "%s/runs", folder);
}

static void end(void) {
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

// A process that meters 3 s of 100 W, says so through the pipe, and then waits for its death.
static pid_t start_run(const char *run_id) {
    int ready[2];
    char byte;
    if (pipe(ready) != 0) abort();
    pid_t child = fork();
    if (child < 0) abort();
    if (child == 0) {
        struct fake_world world = fake_world_of("package-0", "package-1");
        struct emit_host host = fake_host_of(&world);
        const struct emit_run_plan plan = fake_plan(runs_path, run_id);
        struct emit_run *run;
        struct emit_error err;
        if (emit_run_open(&run, &host, &plan, &err) != EMIT_OK) _exit(1);
        for (int i = 0; i < 4; i++) {
            if (!emit_run_sample(run)) _exit(1);
            if (i == 0) emit_run_job_started(run, world.now_ns);
            fake_pass(&world, 1000, 100);
        }
        if (write(ready[1], "r", 1) != 1) _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1) abort();
    close(ready[0]);
    return child;
}

static void kill_run(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

// Opens the store as a command would, an hour of the fake world later.
static enum emit_status open_store(struct emit_store *store, bool read_only) {
    static struct fake_world world;
    world = fake_world_of("package-0", NULL);
    world.now_ns += 3600 * INT64_C(1000000000);
    struct emit_host host = fake_host_of(&world);
    struct emit_error err;
    const struct emit_store_options options = {.outbox_path = outbox_path, .read_only = read_only};
    return emit_store_open(store, &host, &options, &err);
}

struct seen {
    size_t count;
    size_t with_coverage;
    char last[8192];
};

static bool see(void *owner, const struct emit_entry *entry) {
    struct seen *seen = owner;
    snprintf(seen->last, sizeof seen->last, "%.*s", (int)entry->length, entry->body);
    seen->with_coverage += strstr(seen->last, "\"coverage_ratio\":0.") != NULL;
    seen->count++;
    return true;
}

static struct seen look(struct emit_store *store, enum emit_entry_kind kind) {
    struct seen seen = {0};
    struct emit_error err;
    const struct emit_outbox_query query = {.kind = kind};
    if (emit_outbox_visit(store->outbox, &query, see, &seen, NULL, &err) != EMIT_OK) abort();
    return seen;
}

static void test_nothing_there(void) {
    struct emit_store store;
    begin();
    CHECK(open_store(&store, true) == EMIT_ABSENT && access(outbox_path, F_OK) != 0,
          "who only looks creates no store");
    CHECK(open_store(&store, false) == EMIT_OK && store.recovered_count == 0 && !store.notice[0],
          "who writes does, and there is nothing to tell");
    emit_store_close(&store);
    end();
}

static void check_recovered(struct emit_store *store) {
    CHECK(store->recovered_count == 1 && strstr(store->notice, "emit show run_dead"),
          "one run is closed: %s", store->notice);
    struct seen events = look(store, EMIT_ENTRY_EVENT);
    CHECK(events.count == 2, "its events are stored: %zu", events.count);
    CHECK(strstr(events.last, "\"quantity\":300,"), "with the last counts it wrote: %s",
          events.last);
    struct seen reports = look(store, EMIT_ENTRY_REPORT);
    struct emit_report report;
    struct emit_error err;
    if (!CHECK(reports.count == 1 && emit_report_read_json(&report, reports.last,
                                                           strlen(reports.last), &err) == EMIT_OK,
               "its report is stored"))
        return;
    CHECK(report.state == EMIT_REPORT_KILLED && !report.has_exit && report.events_stored == 2,
          "which says that nobody saw the end");
    for (size_t i = 0; i < report.point_count; i++)
        CHECK(report.outcomes[i].kind == EMIT_OUTCOME_PARTIAL &&
                  report.outcomes[i].code == EMIT_CODE_GAP && report.outcomes[i].coverage_ratio < 1,
              "and that the end is not covered: %s %s %g",
              emit_outcome_word(report.outcomes[i].kind), emit_code_word(report.outcomes[i].code),
              report.outcomes[i].coverage_ratio);
    CHECK(events.with_coverage == 2, "as every event says");
    CHECK(look(store, EMIT_ENTRY_DIAGNOSTIC).count == 1, "and one diagnostic, for both");
    emit_report_clear(&report);
}

static void test_dead_run(bool read_only) {
    struct emit_store store;
    begin();
    pid_t child = start_run("run_dead");
    CHECK(open_store(&store, false) == EMIT_OK && store.recovered_count == 0,
          "a living run is left alone");
    emit_store_close(&store);
    kill(child, SIGSTOP);
    CHECK(open_store(&store, false) == EMIT_OK && store.recovered_count == 0,
          "a stopped run is not a dead one");
    emit_store_close(&store);
    kill_run(child);
    if (CHECK(open_store(&store, read_only) == EMIT_OK, "the store opens, read_only %d", read_only))
        check_recovered(&store);
    emit_store_close(&store);
    CHECK(open_store(&store, read_only) == EMIT_OK && store.recovered_count == 0 &&
              look(&store, EMIT_ENTRY_EVENT).count == 2,
          "and once is enough");
    emit_store_close(&store);
    end();
}

static void test_store_out_of_reach(void) {
    struct emit_store store;
    char good[sizeof outbox_path];
    begin();
    memcpy(good, outbox_path, sizeof good);
    kill_run(start_run("run_dead"));
    // A folder where the file should be: nobody can open that, root neither.
    if (mkdir(outbox_path, 0700) != 0) abort();
    CHECK(open_store(&store, false) != EMIT_OK, "no store, an error");
    CHECK(fake_files(runs_path, ".run") == 1, "the dead run waits in its file");
    if (rmdir(outbox_path) != 0) abort();
    CHECK(open_store(&store, false) == EMIT_OK && store.recovered_count == 1,
          "until the store can be opened");
    emit_store_close(&store);
    end();
}

static void damage_run_file(void) {
    DIR *directory = opendir(runs_path);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)) != NULL) {
        char path[512], junk[64];
        if (!strstr(entry->d_name, ".run")) continue;
        snprintf(path, sizeof path, "%s/%s", runs_path, entry->d_name);
        memset(junk, 0xa5, sizeof junk);
        FILE *file = fopen(path, "r+");
        if (!file || fseek(file, 64, SEEK_SET) != 0 || fwrite(junk, sizeof junk, 1, file) != 1)
            abort();
        fclose(file);
    }
    if (directory) closedir(directory);
}

static void test_damaged_file(void) {
    struct emit_store store;
    begin();
    kill_run(start_run("run_damaged"));
    damage_run_file();
    CHECK(open_store(&store, true) == EMIT_OK && store.damaged_count == 1 &&
              store.recovered_count == 0 && strstr(store.notice, "damaged"),
          "a damaged run file is told: %s", store.notice);
    CHECK(fake_files(runs_path, ".damaged") == 1, "and kept");
    struct seen diagnostics = look(&store, EMIT_ENTRY_DIAGNOSTIC);
    CHECK(diagnostics.count == 1 && strstr(diagnostics.last, "\"run\":\"run_damaged\""),
          "with a diagnostic: %s", diagnostics.last);
    CHECK(look(&store, EMIT_ENTRY_EVENT).count == 0, "and no event");
    emit_store_close(&store);
    end();
}

int main(void) {
    unsetenv("EMIT_OUTBOX");
    test_nothing_there();
    test_dead_run(false);
    test_dead_run(true);
    test_store_out_of_reach();
    test_damaged_file();
    return check_end();
}
