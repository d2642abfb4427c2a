// Phases begun and ended by many threads beside the run's sampler: nobody waits for ever,
// nothing is counted twice, and nothing stays open.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"
#include "runs/phase.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { THREADS = 4, ROUNDS = 300 };

static int64_t real_monotonic_ns(struct emit_host *host) {
    (void)host;
    return emit_clock_monotonic_ns();
}
static const struct emit_host_clocks clocks = {real_monotonic_ns, real_monotonic_ns,
                                               real_monotonic_ns};

static enum emit_status open_meter(void *state, struct emit_host *host,
                                   const struct emit_meter_settings *settings,
                                   struct emit_points *points, struct emit_error *err) {
    (void)state, (void)host, (void)settings, (void)err;
    points->at[points->count++] = (struct emit_point){.meter = "clock",
                                                      .device_id = "package-0",
                                                      .source = EMIT_SOURCE_RAPL,
                                                      .component = EMIT_COMPONENT_CPU_PACKAGE,
                                                      .update_period_ns = 1000,
                                                      .max_milliwatts = 1000000,
                                                      .joules_numerator = 1,
                                                      .joules_denominator = 1000000,
                                                      .step_counts = 1};
    return EMIT_OK;
}
// 10 W: ten microjoules a microsecond.
static void read_meter(void *state, struct emit_reading *readings) {
    (void)state;
    readings[0] = (struct emit_reading){.count = (uint64_t)emit_clock_monotonic_ns() / 100};
}
static void close_meter(void *state) {
    (void)state;
}
static const struct emit_meter_type meter = {
    .name = "clock", .open = open_meter, .read = read_meter, .close = close_meter};
static const struct emit_meter_type *const meters[] = {&meter, NULL};

static struct emit_phases *guest;
static struct emit_run *run;
static atomic_bool over;
static atomic_int failed;

static void *work(void *name) {
    for (int i = 0; i < ROUNDS; i++) {
        if (emit_phase_begin(guest, name, 0, NULL) || emit_phase_begin(guest, "all", 0, NULL))
            atomic_fetch_add(&failed, 1);
        if (emit_phase_end(guest, "all", 0, NULL, NULL, NULL) ||
            emit_phase_end(guest, name, 0, NULL, NULL, NULL))
            atomic_fetch_add(&failed, 1);
    }
    return NULL;
}

static void *sample(void *none) {
    (void)none;
    while (!atomic_load(&over))
        if (!emit_run_sample(run)) atomic_fetch_add(&failed, 1);
    return NULL;
}

int main(void) {
    char path[64];
    const char *directory = fake_directory(path);
    struct emit_host host = {.sysfs = -1, .clocks = &clocks}, other = host;
    struct emit_run_plan plan = fake_plan(directory, "run_t");
    plan.meters = meters;
    const struct emit_phases_plan visit = {
        .directory = directory, .run_id = "run_t", .meters = meters};
    struct emit_error err;
    if (emit_run_open(&run, &host, &plan, &err) || !emit_run_sample(run)) return 1;
    int64_t began_ns = emit_clock_monotonic_ns();
    emit_run_job_started(run, began_ns);
    if (emit_phases_open(&guest, &other, &visit, &err)) return 1;
    pthread_t threads[THREADS], sampler;
    static char names[THREADS][4] = {"p0", "p1", "p2", "p2"}; // two of them share a phase
    if (pthread_create(&sampler, NULL, sample, NULL)) return 1;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, names[i])) return 1;
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    atomic_store(&over, true);
    (void)pthread_join(sampler, NULL);
    emit_phases_close(guest);
    emit_run_job_ended(run, emit_clock_monotonic_ns());
    struct emit_run_result result;
    if (emit_run_close(run, &result, &err)) return 1;
    CHECK(atomic_load(&failed) == 0, "%d of %d begins and ends failed", atomic_load(&failed),
          4 * THREADS * ROUNDS);
    CHECK(result.phase_count == 4, "%zu phases", result.phase_count);
    for (size_t i = 0; i < result.phase_count; i++) {
        const struct emit_run_phase *phase = &result.phases[i];
        double joules = (double)phase->slots[0].tally.carried_count / 1e6;
        double lasted = (double)phase->lasted_ns / 1e9;
        CHECK(!phase->is_open && phase->parts >= 1 && phase->parts <= THREADS * ROUNDS,
              "%s: %llu parts, and it has ended", phase->name, (unsigned long long)phase->parts);
        // Each part counts what lies between its readings, which is a little more than it.
        CHECK(joules >= 10 * lasted * 0.99 && phase->lasted_ns <= result.end_ns - began_ns &&
                  phase->slots[0].tally.carried_count <= result.slots[0].tally.carried_count,
              "%s: %.6f J in %.6f s", phase->name, joules, lasted);
    }
    emit_run_result_stored(&result);
    emit_run_result_clear(&result);
    CHECK(fake_files(directory, "") == 0, "nothing stays behind");
    fake_remove(directory);
    return check_end();
}
