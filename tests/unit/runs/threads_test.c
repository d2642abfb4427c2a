// Threads as emit run uses them: one opens and samples, another one looks, marks
// the job and closes, even when the first hangs in a device for ever.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static atomic_int stop, inside, let_go, gone;

static int64_t real_ns(struct emit_host *host) {
    struct timespec now;
    (void)host;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
static const struct emit_host_clocks real_clocks = {real_ns, real_ns, real_ns};

static void pause_ms(long ms) {
    struct timespec pause = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&pause, NULL);
}

static void *sample_until_told(void *run) {
    while (!atomic_load(&stop))
        if (!emit_run_sample(run)) return NULL;
    return NULL;
}

static void count_time(struct fake_world *world) {
    int64_t now_ns = real_ns(NULL);
    for (int i = 0; i < 2; i++)
        world->counts[i] = (uint64_t)now_ns / 10 % world->modulus; // 100 W
}

static void check_busy(void) {
    struct fake_world world = fake_world_of("package-0", "package-1");
    struct emit_host host = {.sysfs = -1, .clocks = &real_clocks, .clock_owner = &world};
    struct emit_run_plan plan = fake_plan(NULL, "run_busy");
    struct emit_run *run;
    struct emit_run_result result;
    struct emit_slot slots[2];
    pthread_t thread;
    int torn = 0;
    world.on_read = count_time;
    if (emit_run_open(&run, &host, &plan, NULL)) return;
    CHECK(emit_run_sample(run), "samples");
    emit_run_job_started(run, real_ns(NULL));
    if (pthread_create(&thread, NULL, sample_until_told, run)) return;
    for (int i = 0; i < 20000; i++) {
        if (emit_run_peek(run, slots, 2) != 2) torn++;
        torn += slots[0].tally.samples != slots[1].tally.samples ||
                slots[0].tally.carried_count != slots[1].tally.carried_count;
        (void)emit_run_next_ns(run);
    }
    pause_ms(20);
    emit_run_job_ended(run, real_ns(NULL));
    CHECK(emit_run_sample(run), "sampling twice at once is harmless");
    pause_ms(5);
    atomic_store(&stop, 1);
    (void)pthread_join(thread, NULL);
    CHECK(torn == 0, "20000 looks see whole samples (%d torn)", torn);
    CHECK(emit_run_close(run, &result, NULL) == EMIT_OK, "closes");
    CHECK(result.outcomes[0].kind == EMIT_OUTCOME_MEASURED && result.outcomes[0].samples > 10,
          "%llu samples", (unsigned long long)result.outcomes[0].samples);
    emit_run_result_clear(&result);
}

static void hang_the_third_time(struct fake_world *world) {
    world->now_ns += 100000000;
    world->counts[0] += 5000000;
    if (world->reads < 3) return;
    atomic_store(&inside, 1);
    while (!atomic_load(&let_go))
        pause_ms(1);
}

static void *sample_until_closed(void *run) {
    while (emit_run_sample(run))
        continue;
    atomic_store(&gone, 1);
    return NULL;
}

// The world's clock is only touched by the thread that hangs; close reads it after
// it was seen hanging.
static void check_hanging(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    struct emit_run_plan plan = fake_plan(directory, "run_hangs");
    struct emit_run *run;
    struct emit_run_result result;
    pthread_t thread;
    world.on_read = hang_the_third_time;
    if (emit_run_open(&run, &host, &plan, NULL)) return;
    if (pthread_create(&thread, NULL, sample_until_closed, run)) return;
    while (!atomic_load(&inside))
        pause_ms(1);
    emit_run_job_ended(run, world.now_ns);
    int64_t before_ns = real_ns(NULL);
    CHECK(emit_run_close(run, &result, NULL) == EMIT_OK, "closes while a read hangs");
    int64_t waited_ns = real_ns(NULL) - before_ns;
    CHECK(waited_ns < 2000000000, "after %.0f ms", (double)waited_ns / 1e6);
    CHECK(result.outcomes[0].kind == EMIT_OUTCOME_PARTIAL &&
              result.outcomes[0].code == EMIT_CODE_TIMEOUT && result.outcomes[0].count == 5000000,
          "partial, timeout, with the counts before it");
    CHECK(world.closed == 0, "the meter in use is left alone");
    emit_run_result_stored(&result);
    emit_run_result_clear(&result);
    CHECK(fake_files(directory, "") == 0, "the file is gone");
    atomic_store(&let_go, 1);
    (void)pthread_join(thread, NULL);
    CHECK(atomic_load(&gone) == 1 && world.closed == 1,
          "the thread comes back, learns it and frees");
}

int main(void) {
    char path[64];
    const char *directory = fake_directory(path);
    check_busy();
    check_hanging(directory);
    fake_remove(directory);
    return check_end();
}
