// What comes later than a run's first sample: meters that answered late, ranks that
// have to go on where another one left, users that only look.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"
#include "runs/file.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static struct emit_run *must_open(struct emit_host *host, const struct emit_run_plan *plan) {
    struct emit_run *run;
    struct emit_error err;
    if (emit_run_open(&run, host, plan, &err)) {
        printf("Bail out! run %s does not open: %s\n", plan->run_id, err.text);
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

static struct emit_meter *opened_meter(const struct emit_host *host) {
    static const struct emit_meter_settings settings;
    struct emit_meter *meter = emit_meter_new(&fake_meter, host, &settings);
    if (!meter) exit(1);
    emit_meter_open(meter);
    return meter;
}

static void check_late_meter(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct fake_world gpus = fake_world_of("gpu-0", "gpu-1");
    struct emit_host host = fake_host_of(&world), gpu_host = fake_host_of(&gpus);
    const struct emit_run_plan plan = fake_plan(directory, "late");
    struct emit_run *run = must_open(&host, &plan);
    struct emit_slot slots[4];
    must_sample(run);
    emit_run_job_started(run, world.now_ns);
    fake_pass(&world, 250, 100);
    CHECK(emit_run_add_meter(run, opened_meter(&gpu_host), NULL) == EMIT_OK, "a meter comes late");
    CHECK(emit_run_peek(run, slots, 4) == 3 && slots[0].tally.samples == 1 &&
              !slots[2].tally.samples && strcmp(slots[2].point.device_id, "gpu-1") == 0,
          "its points stand behind the others, unread");
    CHECK(emit_run_next_ns(run) <= world.now_ns, "and are to be read at once");
    must_sample(run);
    fake_pass(&world, 750, 100);
    fake_pass(&gpus, 750, 400);
    emit_run_job_ended(run, world.now_ns);
    struct emit_run_result result = must_close(run);
    CHECK(result.count == 3 && result.outcomes[0].kind == EMIT_OUTCOME_MEASURED,
          "the other is measured");
    CHECK(result.outcomes[1].kind == EMIT_OUTCOME_PARTIAL &&
              result.outcomes[1].code == EMIT_CODE_LATE && result.outcomes[1].count == 300000000 &&
              result.outcomes[1].coverage_ratio == 0.75,
          "they are late: %.0f J in three quarters of the window", result.outcomes[1].joules);
    CHECK(gpus.opened == 1 && gpus.closed == 1, "opened and closed once");
    emit_run_result_clear(&result);

    struct fake_world nothing = fake_world_of(NULL, NULL);
    struct emit_host nowhere = fake_host_of(&nothing);
    run = must_open(&host, &plan);
    CHECK(emit_run_add_meter(run, opened_meter(&nowhere), NULL) == EMIT_OK,
          "one that is not here is noted");
    if (directory) {
        struct emit_run *joined = must_open(&host, &plan);
        gpus.closed = 0;
        CHECK(emit_run_add_meter(joined, opened_meter(&gpu_host), NULL) != EMIT_OK &&
                  gpus.closed == 1,
              "who does not sample has no use for a meter");
        emit_run_abandon(joined);
    }
    result = must_close(run);
    CHECK(result.count == 1 && strcmp(result.absent[0], "no fake here") == 0, "at the end");
    emit_run_result_clear(&result);
}

// Every process has a world of its own, with the same truth.
static void follow(struct fake_world *other, const struct fake_world *world) {
    other->now_ns = world->now_ns;
    memcpy(other->counts, world->counts, sizeof other->counts);
}

static void check_joiners_open_nothing(const char *directory) {
    struct fake_world world = fake_world_of("package-0", "package-1"), others[3];
    struct emit_host host = fake_host_of(&world), hosts[3];
    struct emit_run_plan plan = fake_plan(directory, "job");
    plan.pace_ns = 10000000000;
    struct emit_run *first = must_open(&host, &plan), *ranks[3];
    must_sample(first);
    emit_run_job_started(first, world.now_ns);
    for (int i = 0; i < 3; i++) {
        others[i] = fake_world_of("package-1", "package-0"); // found in another order
        hosts[i] = fake_host_of(&others[i]);
        follow(&others[i], &world);
        ranks[i] = must_open(&hosts[i], &plan);
        must_sample(ranks[i]);
        emit_run_job_started(ranks[i], world.now_ns);
        CHECK(others[i].opened == 0 && emit_run_next_ns(ranks[i]) - world.now_ns == 10000000000,
              "rank %d opens nothing, and looks again when a sample is due", i + 1);
    }
    fake_pass(&world, 1000, 100);
    emit_run_job_ended(first, world.now_ns);
    struct emit_run_result result = must_close(first);
    emit_run_result_clear(&result);
    for (int i = 0; i < 3; i++) {
        fake_pass(&world, 1000, 100);
        follow(&others[i], &world);
        // Counts go with the names.
        uint64_t count = others[i].counts[0];
        others[i].counts[0] = others[i].counts[1];
        others[i].counts[1] = count;
        emit_run_job_ended(ranks[i], world.now_ns);
        bool last = i == 2;
        CHECK(emit_run_is_needed(ranks[i]) == last, "rank %d is needed for the last sample: %s",
              i + 1, last ? "yes" : "no");
        result = must_close(ranks[i]);
        CHECK(result.left_to_others == !last && others[i].opened == last, "rank %d %s", i + 1,
              last ? "opens its meters and closes" : "leaves it to others");
        if (last)
            CHECK(result.outcomes[0].kind == EMIT_OUTCOME_MEASURED &&
                      result.outcomes[0].count == 400000000 &&
                      result.outcomes[1].count == 400000000,
                  "over all windows, 4 s at 100 W: %.0f J", result.outcomes[0].joules);
        emit_run_result_clear(&result);
    }
    CHECK(fake_files(directory, "") == 0, "nothing stays behind");
}

// Two leave at the same moment: whoever was counted on to sample has left already.
static void check_last_job_ends_after_the_last_sample(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL), other = world;
    struct emit_host host = fake_host_of(&world), other_host = fake_host_of(&other);
    const struct emit_run_plan plan = fake_plan(directory, "ends");
    struct emit_run *sampler = must_open(&host, &plan), *rank = must_open(&other_host, &plan);
    must_sample(sampler);
    emit_run_job_started(sampler, world.now_ns);
    emit_run_job_started(rank, world.now_ns);
    fake_pass(&world, 1000, 100);
    emit_run_job_ended(sampler, world.now_ns);
    must_sample(sampler);
    fake_pass(&world, 50, 100);
    emit_run_job_ended(rank, world.now_ns);
    struct emit_run_result result = must_close(rank);
    CHECK(result.left_to_others && other.opened == 0, "the other one leaves first");
    emit_run_result_clear(&result);
    result = must_close(sampler);
    CHECK(result.outcomes[0].kind == EMIT_OUTCOME_MEASURED && result.outcomes[0].count == 105000000,
          "and the sampler samples once more: %.0f J", result.outcomes[0].joules);
    emit_run_result_clear(&result);
}

static struct emit_run_result taken;
static struct emit_outcome outcomes[4];
static int taken_count;
static bool take(void *owner, const struct emit_run_result *result) {
    (void)owner;
    taken = *result;
    taken_count++;
    for (size_t i = 0; i < result->count && i < 4; i++)
        outcomes[i] = result->outcomes[i];
    return true;
}

// The killed run's clock says when it ended, though the machine slept in between.
static void check_killed_after_a_sleep(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    const struct emit_run_plan plan = fake_plan(directory, "slept");
    const int64_t hour_ns = 3600000000000, begun_ns = world.now_ns;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct emit_run *run = must_open(&host, &plan);
        must_sample(run);
        fake_pass(&world, 1000, 100);
        world.slept_ns = hour_ns;
        must_sample(run);
        fake_pass(&world, 1000, 100);
        must_sample(run);
        (void)raise(SIGKILL);
    }
    CHECK(waitpid(child, NULL, 0) == child, "killed an hour after it slept");
    world.now_ns += 100 * hour_ns;
    taken_count = 0;
    CHECK(emit_runs_recover(&host, directory, take, NULL) == 1 && taken.killed, "recovered");
    CHECK(taken.end_ns - begun_ns == 3000000000, "its window is time awake, to the next sample");
    CHECK(taken.end_wall_ns - taken.header.start_wall_ns == hour_ns + 3000000000,
          "its end is told by the wall clock of its last sample");
}

static bool refuse(void *owner, const struct emit_run_result *result) {
    *(int64_t *)owner = result->end_ns;
    return false;
}

// A recovery that did not come to its end is followed by another one: of the same run.
static void check_recovered_twice(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    const struct emit_run_plan plan = fake_plan(directory, "twice");
    int64_t end_ns = 0;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        must_sample(must_open(&host, &plan));
        (void)raise(SIGKILL);
    }
    CHECK(waitpid(child, NULL, 0) == child, "killed");
    fake_pass(&world, 10, 100); // less than a pace
    CHECK(emit_runs_recover(&host, directory, refuse, &end_ns) == 0 && end_ns, "not yet stored");
    fake_pass(&world, 10000, 100);
    CHECK(emit_runs_recover(&host, directory, take, NULL) == 1 && taken.killed &&
              taken.end_ns == end_ns,
          "the second one finds the same end, and that it was killed");
}

// Killed at any moment while points are added: what stands in the file is whole.
static void check_killed_while_growing(const char *directory) {
    int damaged = 0, most = 0;
    unsigned seed = 7;
    for (int round = 0; round < 60; round++) {
        int began[2];
        char byte;
        if (pipe(began) != 0) exit(1);
        (void)fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            struct fake_world world = fake_world_of("package-0", NULL);
            struct emit_host host = fake_host_of(&world);
            const struct emit_run_plan plan = fake_plan(directory, "grows");
            struct emit_run *run = must_open(&host, &plan);
            must_sample(run);
            if (write(began[1], "x", 1) != 1) _exit(1);
            char name[16];
            for (int i = 0; i < 7; i++) {
                struct fake_world more = fake_world_of(name, NULL);
                struct emit_host more_host = fake_host_of(&more);
                (void)snprintf(name, sizeof name, "gpu-%d", i);
                if (emit_run_add_meter(run, opened_meter(&more_host), NULL)) _exit(1);
                fake_pass(&world, 10, 100);
                must_sample(run);
            }
            (void)pause();
        }
        if (read(began[0], &byte, 1) != 1) exit(1);
        close(began[0]);
        close(began[1]);
        struct timespec pause = {.tv_nsec = rand_r(&seed) % 400000};
        (void)nanosleep(&pause, NULL);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        struct fake_world world = {.now_ns = INT64_MAX / 2};
        struct emit_host host = fake_host_of(&world);
        taken_count = 0;
        (void)emit_runs_recover(&host, directory, take, NULL);
        damaged += taken_count != 1 || taken.damaged || taken.count < 1;
        if ((int)taken.count > most) most = (int)taken.count;
    }
    CHECK(damaged == 0, "60 runs killed while they grew, to %d points at most: all are whole",
          most);
    CHECK(most > 1, "they did grow");
}

// A user's run of a name that another user shows; here both are the same user.
static void check_guest(const char *directory) {
    struct fake_world world = fake_world_of("package-0", "package-1"), other = world;
    struct emit_host host = fake_host_of(&world), other_host = fake_host_of(&other);
    char node[128], mine[128];
    (void)snprintf(node, sizeof node, "%s/node", directory);
    (void)snprintf(mine, sizeof mine, "%s/mine", directory);
    struct emit_run_plan shown = fake_plan(directory, "shown"), plan = fake_plan(mine, "shown");
    shown.node_directory = plan.node_directory = node;
    shown.show = true;
    shown.pace_ns = 100000000;
    struct emit_run *run = must_open(&host, &shown);
    must_sample(run);
    CHECK(fake_files(node, ".run") == 1, "a run is shown");
    struct emit_run *guest = must_open(&other_host, &plan);
    CHECK(other.opened == 0 && !emit_run_samples(guest) && emit_run_has_begun(guest) &&
              emit_run_next_ns(guest) == INT64_MAX,
          "who comes with its name meters nothing, and wakes up for nothing");
    CHECK(fake_files(mine, "") == 0, "nor does it leave a file");
    emit_run_job_started(guest, world.now_ns);
    struct emit_slot slots[2];
    for (int i = 0; i < 9; i++) {
        fake_pass(&world, 100, 100);
        must_sample(run);
    }
    CHECK(emit_run_peek(guest, slots, 2) == 2 && slots[0].tally.samples == 1,
          "within a second it sees nothing new");
    fake_pass(&world, 100, 100);
    must_sample(run);
    CHECK(emit_run_peek(guest, slots, 2) == 2 && slots[0].tally.carried_count == 100000000,
          "after it what was counted");
    CHECK(!slots[0].tally.first_count && !slots[0].tally.last_count &&
              !slots[0].tally.peak_milliwatts && !slots[0].tally.last_milliwatts,
          "and never what the device said");
    emit_run_job_ended(guest, world.now_ns);
    emit_run_job_exited(guest, 3);
    CHECK(!emit_run_is_needed(guest) && !emit_run_ask_holder(guest, 0), "it is not its own to end");
    struct emit_run_result result = must_close(guest);
    CHECK(result.is_guest && result.left_to_others && result.count == 2 &&
              result.outcomes[0].code == EMIT_CODE_ALREADY_METERED,
          "and says who meters");
    emit_run_result_clear(&result);

    plan.run_id = "another";
    struct emit_run *neighbour = must_open(&other_host, &plan);
    must_sample(neighbour);
    fake_pass(&other, 100, 100);
    result = must_close(neighbour);
    CHECK(result.concurrent_runs == 1 && result.outcomes[1].concurrent_runs == 1,
          "one of another name was not alone");
    emit_run_result_clear(&result);
    result = must_close(run);
    CHECK(result.concurrent_runs == 0, "which the one that is shown cannot know");
    CHECK(fake_files(node, "") == 0, "and it is shown no longer");
    emit_run_result_clear(&result);
    fake_remove(node);
    fake_remove(mine);
}

int main(void) {
    char path[64];
    const char *directory = fake_directory(path);
    check_late_meter(directory);
    check_late_meter(NULL);
    check_joiners_open_nothing(directory);
    check_last_job_ends_after_the_last_sample(directory);
    check_killed_after_a_sleep(directory);
    check_recovered_twice(directory);
    check_killed_while_growing(directory);
    check_guest(directory);
    fake_remove(directory);
    return check_end();
}
