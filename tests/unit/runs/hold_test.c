// A process that holds a run for others: one at a time, asked to leave by any other
// process of the run, and not waited for when it died.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static const int64_t ms = 1000000;

static struct emit_run *held_by(struct emit_host *host, const char *directory, bool hold,
                                enum emit_status *status) {
    struct emit_run_plan plan = fake_plan(directory, "held");
    struct emit_run *run = NULL;
    plan.hold = hold;
    *status = emit_run_open(&run, host, &plan, NULL);
    return *status ? NULL : run;
}

// What emit begin's process does: waits to be asked, takes the last sample, leaves.
// Answers the run itself when others live in it, else NULL.
static void *hold_until_asked(void *run) {
    struct emit_run_result result;
    if (!emit_run_wait_asked(run, INT64_MAX)) return NULL;
    if (emit_run_close(run, &result, NULL) != EMIT_OK) return NULL;
    bool left = result.left_to_others;
    emit_run_result_clear(&result);
    return left ? run : NULL;
}

static void check_asked(struct emit_host *host, struct fake_world *world, const char *directory) {
    enum emit_status status;
    struct emit_run_result result = {0};
    struct emit_run *holder = held_by(host, directory, true, &status);
    if (!CHECK(holder && emit_run_sample(holder), "a run is held and sampled")) return;
    emit_run_job_started(holder, world->now_ns);
    CHECK(!emit_run_wait_asked(holder, emit_clock_monotonic_ns() + 5 * ms),
          "nobody asks: the wait ends at its moment");
    CHECK(!held_by(host, directory, true, &status) && status == EMIT_REFUSED,
          "a second holder is refused");
    CHECK(fake_files(directory, ".run") == 1, "and the run stays");

    struct emit_run *other = held_by(host, directory, false, &status);
    if (!CHECK(other && !emit_run_samples(other), "another process joins")) return;
    fake_pass(world, 1000, 100);
    pthread_t thread;
    void *left = NULL;
    if (pthread_create(&thread, NULL, hold_until_asked, holder)) return;
    CHECK(emit_run_ask_holder(other, 2000 * ms), "asked, the holder leaves");
    (void)pthread_join(thread, &left);
    CHECK(left, "and knows that it left the run to others");
    CHECK(!emit_run_ask_holder(other, 2000 * ms), "then nobody holds it any more");
    CHECK(emit_run_close(other, &result, NULL) == EMIT_OK && !result.left_to_others,
          "who asked closes the run");
    CHECK(result.count == 2 && result.outcomes[0].joules == 100,
          "with the last sample of the holder: %g J", result.count ? result.outcomes[0].joules : 0);
    emit_run_result_stored(&result);
    emit_run_result_clear(&result);
    CHECK(fake_files(directory, ".run") == 0, "and no file stays");
}

// The holder dies while somebody is about to ask it: the run was killed, and not closed.
// One that left by itself meanwhile has closed its part.
static void check_holder_gone(struct emit_host *host, struct fake_world *world,
                              const char *directory, bool dies) {
    enum emit_status status;
    int ready[2], go[2];
    char byte = 0;
    if (!CHECK(pipe(ready) == 0 && pipe(go) == 0, "pipes")) return;
    pid_t child = fork();
    if (child == 0) {
        struct emit_run_result result;
        struct emit_run *holder = held_by(host, directory, true, &status);
        if (!holder || !emit_run_sample(holder)) _exit(1);
        emit_run_job_started(holder, world->now_ns);
        fake_pass(world, 1000, 100);
        if (!emit_run_sample(holder) || write(ready[1], &byte, 1) != 1) _exit(1);
        if (read(go[0], &byte, 1) != 1) _exit(1);
        emit_run_job_ended(holder, world->now_ns);
        _exit(emit_run_close(holder, &result, NULL) == EMIT_OK ? 0 : 1);
    }
    CHECK(child > 0 && read(ready[0], &byte, 1) == 1, "a process holds the run");
    fake_pass(world, 5000, 100);
    struct emit_run *other = held_by(host, directory, false, &status);
    CHECK(other && !emit_run_samples(other), "another one joins");
    int ended = 0;
    if (dies)
        (void)kill(child, SIGKILL);
    else
        (void)!write(go[1], &byte, 1);
    CHECK(waitpid(child, &ended, 0) == child && WIFSIGNALED(ended) == dies, "the holder ends");
    CHECK(!emit_run_ask_holder(other, 2000 * ms), "nobody is left to ask");
    struct emit_run_result result = {0};
    CHECK(emit_run_close(other, &result, NULL) == EMIT_OK && result.killed == dies,
          dies ? "the run was killed" : "the run was not killed");
    CHECK(result.count == 2 && result.outcomes[0].joules == 100 &&
              result.outcomes[0].code == (dies ? EMIT_CODE_GAP : EMIT_CODE_NONE),
          "and tells what was counted: %s", emit_code_word(result.outcomes[0].code));
    emit_run_result_stored(&result);
    emit_run_result_clear(&result);
    CHECK(fake_files(directory, ".run") == 0, "no file stays");
    for (int i = 0; i < 2; i++)
        (void)close(ready[i]), (void)close(go[i]);
}

static void check_others(struct emit_host *host, const char *directory) {
    enum emit_status status;
    struct emit_run *rank = held_by(host, directory, false, &status);
    if (!CHECK(rank, "a run that nobody holds")) return;
    CHECK(!emit_run_ask_holder(rank, 2000 * ms), "has nobody to ask");
    struct emit_run *holder = held_by(host, directory, true, &status);
    CHECK(holder, "and can be held by who comes later");
    CHECK(!emit_run_ask_holder(rank, 5 * ms), "a holder that does not leave is not waited for");
    emit_run_abandon(holder);
    holder = held_by(host, directory, true, &status);
    CHECK(holder && !emit_run_wait_asked(holder, emit_clock_monotonic_ns() + ms),
          "what one was asked is no order to the next");
    emit_run_abandon(holder);
    emit_run_abandon(rank);

    struct emit_run *memory = held_by(host, NULL, true, &status);
    CHECK(memory && !emit_run_ask_holder(memory, 2000 * ms),
          "nobody can ask for what is kept in memory only");
    emit_run_abandon(memory);
}

int main(void) {
    char directory[64];
    struct fake_world world = fake_world_of("package-0", "package-1");
    struct emit_host host = fake_host_of(&world);
    fake_directory(directory);
    check_asked(&host, &world, directory);
    check_others(&host, directory);
    check_holder_gone(&host, &world, directory, true);
    check_holder_gone(&host, &world, directory, false);
    fake_remove(directory);
    return check_end();
}
