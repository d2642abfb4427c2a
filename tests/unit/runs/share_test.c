// Several runs at once: processes that share one run, runs that share a device,
// and what the dead and the stopped leave behind. Locks belong to open files, so
// two runs opened by one process are as two processes to each other.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"
#include "runs/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct emit_run *must_open(struct emit_host *host, const char *directory, const char *id) {
    struct emit_run_plan plan = fake_plan(directory, id);
    struct emit_run *run;
    struct emit_error err;
    if (emit_run_open(&run, host, &plan, &err)) {
        printf("Bail out! run %s does not open: %s\n", id, err.text);
        exit(1);
    }
    return run;
}

static void must_sample(struct emit_run *run) {
    if (!emit_run_sample(run)) exit(1);
}

static struct emit_run_result must_close(struct emit_run *run) {
    struct emit_run_result result;
    struct emit_error err;
    if (emit_run_close(run, &result, &err)) {
        printf("Bail out! a run does not close: %s\n", err.text);
        exit(1);
    }
    emit_run_result_stored(&result);
    return result;
}

static void check_ranks(const char *directory) {
    struct fake_world world = fake_world_of("package-0", "package-1"), other = world;
    struct emit_host host = fake_host_of(&world), other_host = fake_host_of(&other);
    struct emit_run *first = must_open(&host, directory, "job"), *second;
    must_sample(first);
    emit_run_job_started(first, world.now_ns);
    fake_pass(&world, 1000, 100);
    other = world;
    second = must_open(&other_host, directory, "job");
    CHECK(fake_files(directory, "") == 1, "two ranks, one file");
    other.reads = 0;
    must_sample(second);
    emit_run_job_started(second, other.now_ns);
    CHECK(other.reads == 0, "one of them samples at a time");
    fake_pass(&world, 1000, 100);
    emit_run_job_ended(first, world.now_ns);
    struct emit_run_result left = must_close(first);
    CHECK(left.left_to_others && left.count == 2, "the first to leave leaves it to the other");
    CHECK(left.outcomes[0].kind == EMIT_OUTCOME_EXCLUDED &&
              left.outcomes[0].code == EMIT_CODE_ALREADY_METERED && left.outcomes[1].count == 0,
          "and has nothing to tell of its points");
    CHECK(fake_files(directory, "") == 1, "the file stays");
    emit_run_result_clear(&left);
    fake_pass(&world, 1000, 100);
    other.now_ns = world.now_ns;
    memcpy(other.counts, world.counts, sizeof other.counts);
    must_sample(second);
    CHECK(other.reads == 1, "now the second one samples");
    fake_pass(&other, 500, 100);
    emit_run_job_ended(second, other.now_ns);
    struct emit_run_result whole = must_close(second);
    CHECK(!whole.left_to_others && whole.outcomes[0].kind == EMIT_OUTCOME_MEASURED,
          "the last closes");
    CHECK(whole.outcomes[0].count == 350000000, "over the union of their windows: %.0f J",
          whole.outcomes[0].joules);
    CHECK(whole.header.start_ns == 5000000000 && whole.end_ns == 8500000000, "from first to last");
    CHECK(whole.concurrent_runs == 0, "a run does not disturb itself");
    emit_run_result_clear(&whole);
    CHECK(fake_files(directory, "") == 0, "nothing stays behind");
}

static void check_concurrent(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL), gpu = fake_world_of("gpu-0", NULL);
    struct emit_host host = fake_host_of(&world), gpu_host = fake_host_of(&gpu);
    struct emit_run *before = must_open(&host, directory, "before");
    must_sample(before);
    fake_pass(&world, 100, 100);
    struct emit_run_result result = must_close(before);
    CHECK(result.concurrent_runs == 0 && result.outcomes[0].code == EMIT_CODE_NONE, "alone");
    emit_run_result_clear(&result);

    struct emit_run *outer = must_open(&host, directory, "outer");
    must_sample(outer);
    fake_pass(&world, 100, 100);
    struct emit_run *elsewhere = must_open(&gpu_host, directory, "elsewhere");
    for (int i = 0; i < 2; i++) {
        struct emit_run *inner = must_open(&host, directory, i ? "inner-1" : "inner-0");
        must_sample(inner);
        fake_pass(&world, 100, 100);
        result = must_close(inner);
        CHECK(result.concurrent_runs == 1 && result.outcomes[0].kind == EMIT_OUTCOME_MEASURED &&
                  result.outcomes[0].code == EMIT_CODE_SHARED,
              "a run inside another one says shared");
        emit_run_result_clear(&result);
    }
    result = must_close(outer);
    CHECK(result.concurrent_runs == 2 && result.outcomes[0].concurrent_runs == 2 &&
              result.outcomes[0].code == EMIT_CODE_SHARED,
          "and the one around it remembers both");
    emit_run_result_clear(&result);
    must_sample(elsewhere);
    fake_pass(&gpu, 100, 100);
    result = must_close(elsewhere);
    CHECK(result.concurrent_runs == 0, "a run on other devices is no neighbour");
    emit_run_result_clear(&result);

    struct emit_run *runs[3];
    char id[8] = "many-x";
    for (int i = 0; i < 3; i++) {
        id[5] = (char)('0' + i);
        runs[i] = must_open(&host, directory, id);
        must_sample(runs[i]);
    }
    fake_pass(&world, 100, 100);
    for (int i = 0; i < 3; i++) {
        result = must_close(runs[i]);
        CHECK(result.concurrent_runs == 2, "of three at once each sees two");
        emit_run_result_clear(&result);
    }
}

static struct emit_run_result taken[4];
static size_t taken_count;
static struct emit_outcome taken_outcomes[4];
static bool take(void *owner, const struct emit_run_result *result) {
    (void)owner;
    if (taken_count == 4) return false;
    taken[taken_count] = *result;
    if (result->count) taken_outcomes[taken_count] = result->outcomes[0];
    taken_count++;
    return true;
}

// A child that opens a run, samples twice, and then dies or stops.
static pid_t start_child(struct fake_world *world, const char *directory, const char *id, int end) {
    (void)fflush(stdout);
    pid_t child = fork();
    if (child) return child;
    struct emit_host host = fake_host_of(world);
    struct emit_run *run = must_open(&host, directory, id);
    must_sample(run);
    emit_run_job_started(run, world->now_ns);
    fake_pass(world, 1000, 100);
    must_sample(run);
    (void)raise(end);
    _exit(0);
}

static void check_dead_and_stopped(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    int status;
    pid_t child = start_child(&world, directory, "stopped", SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status), "a run is stopped");
    CHECK(emit_runs_recover(&host, directory, take, NULL) == 0, "it is not recovered");
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child, "it dies");
    world.now_ns += 10000000000;
    CHECK(emit_runs_recover(&host, directory, take, NULL) == 1, "now it is");
    CHECK(taken[0].killed && taken_outcomes[0].kind == EMIT_OUTCOME_PARTIAL &&
              taken_outcomes[0].code == EMIT_CODE_GAP && taken_outcomes[0].count == 100000000,
          "partial, gap, with what it had counted");

    taken_count = 0;
    memset(taken_outcomes, 0, sizeof taken_outcomes);
    child = start_child(&world, directory, "again", SIGKILL);
    CHECK(waitpid(child, &status, 0) == child, "a run is killed");
    struct emit_run *run = must_open(&host, directory, "again");
    must_sample(run);
    fake_pass(&world, 300, 100);
    struct emit_run_result result = must_close(run);
    CHECK(result.outcomes[0].count == 30000000 && !result.killed,
          "a new run under its name begins anew");
    emit_run_result_clear(&result);
    world.now_ns += 100000000000;
    CHECK(emit_runs_recover(&host, directory, take, NULL) == 1 &&
              taken_outcomes[0].count == 100000000 && taken[0].killed,
          "and the killed one is not lost");
    CHECK(taken_outcomes[0].coverage_ratio * 2 == 1, "half of the 2 s it may have lived is known");
    CHECK(fake_files(directory, "") == 0, "nothing stays behind");
}

// One rank is killed; the other goes on from the counts it left.
static void check_killed_rank(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    int status;
    pid_t child = start_child(&world, directory, "ranks", SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED) == child, "a rank is stopped after 1 s");
    fake_pass(&world, 1500, 100);
    struct emit_run *run = must_open(&host, directory, "ranks");
    must_sample(run);
    CHECK(world.reads == 0, "it still is the one that samples");
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child, "it dies");
    must_sample(run);
    CHECK(world.reads == 1, "the other takes over");
    CHECK(emit_runs_recover(&host, directory, take, NULL) == 0, "the run lives");
    fake_pass(&world, 500, 100);
    struct emit_run_result result = must_close(run);
    CHECK(result.outcomes[0].kind == EMIT_OUTCOME_MEASURED && result.outcomes[0].count == 200000000,
          "and the counter lost nothing: %.0f J", result.outcomes[0].joules);
    emit_run_result_clear(&result);
}

// Killed when all was read and nothing was closed: nothing is missing. But where
// another rank of the run goes on, the end of one job is not the end of all.
static void check_killed_after_the_end(const char *directory) {
    for (int other_goes_on = 0; other_goes_on < 2; other_goes_on++) {
        struct fake_world world = fake_world_of("package-0", NULL);
        struct emit_host host = fake_host_of(&world);
        taken_count = 0;
        (void)fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            struct emit_run *run = must_open(&host, directory, "ended");
            struct emit_run *other = must_open(&host, directory, "ended");
            must_sample(run);
            emit_run_job_started(run, world.now_ns);
            if (other_goes_on) emit_run_job_started(other, world.now_ns);
            fake_pass(&world, 2000, 100);
            emit_run_job_ended(run, world.now_ns);
            must_sample(run);
            (void)raise(SIGKILL);
        }
        CHECK(waitpid(child, NULL, 0) == child, "killed after the job's end");
        world.now_ns += 3600000000000;
        CHECK(emit_runs_recover(&host, directory, take, NULL) == 1, "recovered");
        CHECK(taken_outcomes[0].count == 200000000 &&
                  taken_outcomes[0].kind ==
                      (other_goes_on ? EMIT_OUTCOME_PARTIAL : EMIT_OUTCOME_MEASURED) &&
                  taken_outcomes[0].code == (other_goes_on ? EMIT_CODE_GAP : EMIT_CODE_NONE),
              other_goes_on ? "another job went on: gap" : "it is measured");
    }
}

// The clocks of another boot mean nothing now: the run is settled from its file.
static void check_other_boot(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    struct emit_run_header header = {.run_id = "before", .boot_id = "another"};
    struct emit_run_snapshot counts = {.sweep = {.count = 1,
                                                 .pace_ns = 1000000000,
                                                 .begun_ns = 90000000000,
                                                 .begun_wall_ns = 1600000000000000000,
                                                 .asked_ns = 94000000000,
                                                 .sampled_ns = 94000000000,
                                                 .sampled_wall_ns = 1600000004000000000}};
    struct emit_point points[1];
    struct emit_points found = {points, 0, 1};
    struct fake_world *state;
    struct emit_error err;
    struct emit_run_file file;
    if (fake_open(&state, &host, NULL, &found, &err)) return;
    emit_host_node_name(header.node_id, sizeof header.node_id);
    for (int i = 0; i < 5; i++) {
        struct emit_reading reading = {.count = (uint64_t)i * 50000000,
                                       .taken_ns = 90000000000 + i * 1000000000LL};
        emit_tally_fold(&counts.tallies[0], &points[0], &reading);
    }
    CHECK(emit_run_file_enter(&file, directory, &header, 89000000000, 1599999999000000000, &err) ==
                  EMIT_OK &&
              emit_run_file_grow(&file, 1, &err) == EMIT_OK,
          "a run file of the boot before");
    emit_run_image_put_point(file.image, 0, &points[0]);
    emit_run_image_publish(file.image, &counts);
    emit_run_file_close(&file);
    taken_count = 0;
    CHECK(emit_runs_recover(&host, directory, take, NULL) == 1, "is recovered");
    CHECK(taken_outcomes[0].code == EMIT_CODE_GAP && taken_outcomes[0].count == 200000000 &&
              taken_outcomes[0].coverage_ratio * 5 == 4,
          "by its own clocks: 4 s of the 5 s it may have lived");
    CHECK(taken[0].header.start_wall_ns == 1600000000000000000 &&
              taken[0].end_wall_ns == 1600000005000000000,
          "when it was");
}

static void check_planted_files(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    struct emit_run *run = must_open(&host, directory, "real");
    char node[EMIT_NODE_MAX], path[256], target[128];
    struct stat status;
    emit_host_node_name(node, sizeof node);
    for (char *at = node; *at; at++)
        if (strchr("/@.", *at)) *at = '_';
    (void)snprintf(path, sizeof path, "%s/real@%s.run", directory, node);
    CHECK(lstat(path, &status) == 0 && (status.st_mode & 0777) == 0600, "the file is 0600");
    emit_run_abandon(run);

    (void)snprintf(path, sizeof path, "%s/linked@%s.run", directory, node);
    (void)snprintf(target, sizeof target, "%s/target", directory);
    struct emit_run_plan plan = fake_plan(directory, "linked");
    CHECK(symlink(target, path) == 0 && emit_run_open(&run, &host, &plan, NULL) != EMIT_OK,
          "a link is not followed");
    CHECK(access(target, F_OK) != 0 && emit_runs_recover(&host, directory, take, NULL) == 0,
          "and nothing is written where it points");
    CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0, "a pipe in its place");
    CHECK(emit_runs_recover(&host, directory, take, NULL) == 0, "holds nobody up");
    (void)unlink(path);
    int empty = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    CHECK(empty >= 0 && close(empty) == 0, "a file that was never begun");
    CHECK(emit_runs_recover(&host, directory, take, NULL) == 0 && access(path, F_OK) != 0,
          "is removed");
    (void)snprintf(path, sizeof path, "%s/x@another-node.run", directory);
    empty = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    CHECK(empty >= 0 && close(empty) == 0 && emit_runs_recover(&host, directory, take, NULL) == 0 &&
              access(path, F_OK) == 0,
          "another node's file is left alone");
    (void)unlink(path);
}

// Statuses are told apart as far as the file has room, and none is lost.
static void check_exits(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    struct emit_run *run = must_open(&host, directory, "exits");
    must_sample(run);
    emit_run_job_started(run, world.now_ns);
    for (int status = 255; status >= 236; status--)
        emit_run_job_exited(run, status);
    for (int i = 0; i < 3; i++)
        emit_run_job_exited(run, 255);
    fake_pass(&world, 1000, 100);
    struct emit_run_result result = must_close(run);
    uint32_t told = 0;
    for (size_t i = 0; i < EMIT_EXIT_STATUSES; i++)
        told += result.jobs.exits[i];
    CHECK(result.jobs.begun == 1 && result.jobs.exits[255] == 4 && result.jobs.exits[241] == 1,
          "exit statuses are counted");
    CHECK(told == 18 && result.jobs.other_exits == 5, "15 of them one by one, the others together");
    emit_run_result_stored(&result);
    emit_run_result_clear(&result);
}

int main(void) {
    char path[64];
    const char *directory = fake_directory(path);
    check_ranks(directory);
    check_exits(directory);
    check_concurrent(directory);
    check_dead_and_stopped(directory);
    check_killed_rank(directory);
    check_killed_after_the_end(directory);
    check_other_boot(directory);
    check_planted_files(directory);
    fake_remove(directory);
    return check_end();
}
