// kill -9 at random moments: what the file of a dead run says is true. The child's
// counters are a function of the number of readings, so any mixture of two
// samples, and any sample that was not taken, shows.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { ROUNDS = 200 };

// Every reading: 10 ms and 1, 2, 3 J more.
static void go_on(struct fake_world *world) {
    world->now_ns += 10000000;
    for (uint64_t i = 0; i < FAKE_POINTS; i++)
        world->counts[i] = (world->counts[i] + (i + 1) * 1000000) % world->modulus;
}

static struct fake_world new_world(void) {
    struct fake_world world = fake_world_of("package-0", "package-1");
    world.names[2] = "package-2";
    world.on_read = go_on;
    world.counts[1] = world.modulus - 50000000; // wraps soon
    return world;
}

static void sample_for_ever(const char *directory, int began) {
    struct fake_world world = new_world();
    struct emit_host host = fake_host_of(&world);
    struct emit_run_plan plan = fake_plan(directory, "run_killed");
    struct emit_run *run;
    plan.pace_ns = 10000000;
    if (emit_run_open(&run, &host, &plan, NULL) || write(began, "x", 1) != 1) _exit(1);
    while (emit_run_sample(run))
        continue;
    _exit(1);
}

static int killed_early, wrong_counts, wrong_outcome, mixed, uncovered;
static uint64_t most_samples;

static void check_result(const struct emit_run_result *result) {
    uint64_t samples = result->slots[0].tally.samples;
    if (samples > most_samples) most_samples = samples;
    for (size_t i = 0; i < result->count; i++) {
        const struct emit_outcome *outcome = &result->outcomes[i];
        const struct emit_tally *tally = &result->slots[i].tally;
        mixed += tally->samples != samples;
        if (samples < 2) {
            wrong_outcome += outcome->kind != EMIT_OUTCOME_REFUSED ||
                             outcome->code != EMIT_CODE_BELOW_RESOLUTION;
            continue;
        }
        wrong_outcome += outcome->kind != EMIT_OUTCOME_PARTIAL || outcome->code != EMIT_CODE_GAP;
        wrong_counts += outcome->count != (samples - 1) * (i + 1) * 1000000;
        // A sample lies in the middle of its 10 ms; the next one was due 10 ms after the
        // end of the last, and nobody knows of more.
        double covered = (double)(samples - 1) / ((double)samples + 0.5);
        uncovered +=
            outcome->coverage_ratio - covered > 1e-3 || covered - outcome->coverage_ratio > 1e-3;
    }
}

static bool take(void *owner, const struct emit_run_result *result) {
    if (result->killed && !result->count) { // its meters were not open yet
        killed_early++;
        return true;
    }
    (*(int *)owner)++;
    if (result->killed && result->count == FAKE_POINTS)
        check_result(result);
    else
        wrong_outcome++;
    return true;
}

int main(void) {
    char path[64];
    const char *directory = fake_directory(path);
    int recovered = 0, died = 0;
    unsigned seed = 1;
    for (int round = 0; round < ROUNDS; round++) {
        int status, began[2];
        char byte;
        if (pipe(began) != 0) return 1;
        (void)fflush(stdout);
        pid_t child = fork();
        if (child == 0) sample_for_ever(directory, began[1]);
        // Every other run is killed while it samples, the others also while they open.
        if (round % 2 && read(began[0], &byte, 1) != 1) return 1;
        close(began[0]);
        close(began[1]);
        struct timespec pause = {.tv_nsec = rand_r(&seed) % 3000000};
        (void)nanosleep(&pause, NULL);
        (void)kill(child, SIGKILL);
        died += waitpid(child, &status, 0) == child && WIFSIGNALED(status);
        struct fake_world world = {.now_ns = INT64_MAX / 2};
        struct emit_host host = fake_host_of(&world);
        if (emit_runs_recover(&host, directory, take, &recovered) == 0) killed_early++;
    }
    CHECK(died == ROUNDS, "%d runs were killed", died);
    CHECK(recovered + killed_early == ROUNDS && recovered >= ROUNDS / 2,
          "%d left a run, %d died before it began", recovered, killed_early);
    CHECK(mixed == 0, "the points of a run are all of one sample");
    CHECK(wrong_counts == 0, "the counts are a prefix of the truth (up to %llu samples)",
          (unsigned long long)most_samples);
    CHECK(most_samples > 100, "the children did sample");
    CHECK(wrong_outcome == 0, "partial and gap, or below-resolution");
    CHECK(uncovered == 0, "coverage_ratio counts the sample that was due");
    CHECK(fake_files(directory, "") == 0, "nothing stays behind");
    fake_remove(directory);
    return check_end();
}
