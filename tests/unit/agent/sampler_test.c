// The sampler with meters that are quick, slow, broken, or never come back.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "agent/sampler.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

// How the one meter of a case behaves. Shared with the sampler's thread.
struct behaviour {
    int64_t open_ns;         // it takes this long to open
    bool open_never;         // ... or for ever
    atomic_int reads;        // so far
    int stuck_read;          // the number of the read that does not come back; 0: none
    atomic_int sampled_rows; // seen by the callback
};
// Whose turn it is: the fake meter's open has no argument of ours to carry it.
static struct behaviour *_Atomic current;

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void sleep_ns(int64_t ns) {
    struct timespec time = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    nanosleep(&time, NULL);
}

static void sleep_for_ever(void) {
    for (;;)
        sleep_ns(1000000000);
}

static enum emit_status fake_open(void *state, struct emit_host *host,
                                  const struct emit_meter_settings *settings,
                                  struct emit_points *points, struct emit_error *err) {
    (void)host, (void)settings, (void)err;
    struct behaviour *behaviour = atomic_load(&current);
    memcpy(state, &behaviour, sizeof behaviour);
    if (behaviour->open_never) sleep_for_ever();
    sleep_ns(behaviour->open_ns);
    points->at[points->count++] = (struct emit_point){
        .meter = "fake",
        .device_id = "package-0",
        .source = EMIT_SOURCE_RAPL,
        .component = EMIT_COMPONENT_CPU_PACKAGE,
        .accuracy = EMIT_ACCURACY_DEVICE_COUNTER,
        .update_period_ns = 1000000,
        .max_milliwatts = 1000000,
        .joules_numerator = 1,
        .joules_denominator = 1000000,
        .step_counts = 1,
    };
    return EMIT_OK;
}

// 10 W, exactly: ten microjoules a microsecond.
static void fake_read(void *state, struct emit_reading *readings) {
    struct behaviour *behaviour;
    memcpy(&behaviour, state, sizeof behaviour);
    if (atomic_fetch_add(&behaviour->reads, 1) + 1 == behaviour->stuck_read) sleep_for_ever();
    readings[0] = (struct emit_reading){.count = (uint64_t)now_ns() / 100};
}

static void fake_close(void *state) {
    (void)state;
}

static const char *fake_remedy(enum emit_code code) {
    (void)code;
    return NULL;
}

static const struct emit_meter_type fake = {
    .name = "fake",
    .summary = "a meter of this test",
    .state_size = sizeof(struct behaviour *),
    .open = fake_open,
    .read = fake_read,
    .close = fake_close,
    .remedy = fake_remedy,
};
static const struct emit_meter_type *const fakes[] = {&fake, NULL};

static void count_rows(void *owner, const struct emit_slot *slots, size_t count, int64_t at_ns) {
    (void)slots, (void)at_ns;
    struct behaviour *seen = owner;
    atomic_fetch_add(&seen->sampled_rows, (int)count);
}

static struct emit_host host;
static const struct emit_sampler_plan model = {
    .run = {.run_id = "run_test",
            .workspace_id = "ws_local",
            .command = "true",
            .meters = fakes,
            .settings = {.max_package_milliwatts = 1000000},
            .pace_ns = 20000000},
    .host = &host,
    .sampled = count_rows,
};

static const int64_t ms = 1000000;
enum { SAMPLES_MIN = 8 }; // of a job that is measured, at a pace of 20 ms

struct scenario {
    const char *what;
    struct behaviour meter;
    enum emit_status first;    // what waiting for the first sample answers
    enum emit_status finished; // what finish answers after a job of 200 ms
    bool left_behind;
    enum emit_outcome_kind kind;
    enum emit_code code;
    int64_t finish_at_most_ns;
};

static struct scenario scenarios[] = {
    {"a quick meter",
     {0},
     EMIT_OK,
     EMIT_OK,
     false,
     EMIT_OUTCOME_MEASURED,
     EMIT_CODE_NONE,
     200 * ms},
    {"a meter that opens in the middle of the job",
     {.open_ns = 180 * ms},
     EMIT_TIMEOUT,
     EMIT_OK,
     false,
     EMIT_OUTCOME_PARTIAL,
     EMIT_CODE_LATE,
     200 * ms},
    {"a meter that opens when the job has ended",
     {.open_ns = 400 * ms},
     EMIT_TIMEOUT,
     EMIT_OK,
     false,
     EMIT_OUTCOME_REFUSED,
     EMIT_CODE_TIMEOUT,
     400 * ms},
    {"a read that never comes back",
     {.stuck_read = 4},
     EMIT_OK,
     EMIT_OK,
     true,
     EMIT_OUTCOME_PARTIAL,
     EMIT_CODE_TIMEOUT,
     1600 * ms},
    {"a first read that never comes back",
     {.stuck_read = 1},
     EMIT_TIMEOUT,
     EMIT_OK,
     true,
     EMIT_OUTCOME_REFUSED,
     EMIT_CODE_TIMEOUT,
     1600 * ms},
    {"a meter that never opens",
     {.open_never = true},
     EMIT_TIMEOUT,
     EMIT_TIMEOUT,
     true,
     EMIT_OUTCOME_REFUSED,
     EMIT_CODE_TIMEOUT,
     1300 * ms},
};

// took_ns: from before the sampler was waited for until it had finished.
static void check_result(const struct scenario *scenario, const struct emit_run_result *result,
                         int64_t took_ns) {
    if (!CHECK(result->count == 1, "%s: one point", scenario->what)) return;
    const struct emit_outcome *outcome = &result->outcomes[0];
    CHECK(outcome->kind == scenario->kind && outcome->code == scenario->code, "%s: %s (%s)",
          scenario->what, emit_outcome_word(outcome->kind), emit_code_word(outcome->code));
    if (outcome->kind != EMIT_OUTCOME_MEASURED) return;
    double seconds = (double)(outcome->to_ns - outcome->from_ns) / 1e9;
    CHECK(seconds >= 0.2 && seconds <= (double)took_ns / 1e9,
          "%s: the window holds the job: %.3f s", scenario->what, seconds);
    CHECK(outcome->joules > 9.8 * seconds && outcome->joules < 10.2 * seconds, "%s: %.4f J at 10 W",
          scenario->what, outcome->joules);
    CHECK(outcome->samples >= SAMPLES_MIN && outcome->samples <= 2 + seconds / 0.02,
          "%s: sampled at its pace: %d", scenario->what, (int)outcome->samples);
}

// Both outlive the scenario: a sampler that is left behind goes on looking at them.
static void play(struct scenario *scenario, struct emit_sampler_plan *plan) {
    struct emit_error err;
    struct emit_sampler *sampler;
    *plan = model;
    plan->owner = &scenario->meter;
    atomic_store(&current, &scenario->meter);
    if (!CHECK(emit_sampler_start(&sampler, plan, &err) == EMIT_OK, "%s starts", scenario->what))
        return;
    int64_t asked_ns = now_ns();
    CHECK(emit_sampler_wait_first(sampler, 100 * ms, &err) == scenario->first,
          "%s: the first sample", scenario->what);
    CHECK(now_ns() - asked_ns < 300 * ms, "%s: the job is not delayed", scenario->what);
    emit_sampler_job_started(sampler, now_ns());
    sleep_ns(200 * ms);
    // A busy machine may sample later than asked: then the job takes longer.
    while (scenario->kind == EMIT_OUTCOME_MEASURED &&
           atomic_load(&scenario->meter.reads) < SAMPLES_MIN && now_ns() - asked_ns < 10000 * ms)
        sleep_ns(10 * ms);

    struct emit_run_result result;
    bool left_behind;
    int64_t ended_ns = now_ns();
    enum emit_status status = emit_sampler_finish(sampler, ended_ns, &result, &left_behind, &err);
    CHECK(now_ns() - ended_ns < scenario->finish_at_most_ns, "%s: nor is its end: %d ms",
          scenario->what, (int)((now_ns() - ended_ns) / ms));
    CHECK(status == scenario->finished, "%s: finished", scenario->what);
    CHECK(left_behind == scenario->left_behind, "%s: left behind or not", scenario->what);
    if (status != EMIT_OK) return;
    check_result(scenario, &result, now_ns() - asked_ns);
    if (!left_behind)
        CHECK(atomic_load(&scenario->meter.sampled_rows) == atomic_load(&scenario->meter.reads),
              "%s: every sample was shown", scenario->what);
    emit_run_result_clear(&result);
}

// A second meter, which says of itself that it is slow.
struct slow_case {
    const char *what;
    int64_t open_ns;
    bool never;
    enum emit_status first; // what waiting for the first sample answers
    size_t points;          // of both meters
    enum emit_outcome_kind kind;
    enum emit_code code;
    bool left_behind;
};

static struct slow_case slow_cases[] = {
    {"answers at once", 0, false, EMIT_OK, 2, EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, false},
    {"answers in time", 50 * ms, false, EMIT_OK, 2, EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE, false},
    {"answers late", 150 * ms, false, EMIT_OK, 2, EMIT_OUTCOME_PARTIAL, EMIT_CODE_LATE, false},
    {"answers after the job", 600 * ms, false, EMIT_OK, 1, 0, 0, true},
    {"never answers", 0, true, EMIT_OK, 1, 0, 0, true},
};
static struct slow_case *_Atomic slow_now;

static bool is_slow(const struct emit_host *of, const struct emit_meter_settings *settings) {
    (void)of, (void)settings;
    return true;
}

static enum emit_status slow_open(void *state, struct emit_host *of,
                                  const struct emit_meter_settings *settings,
                                  struct emit_points *points, struct emit_error *err) {
    struct slow_case *slow = atomic_load(&slow_now);
    if (slow->never) sleep_for_ever();
    sleep_ns(slow->open_ns);
    static struct behaviour plain;
    (void)fake_open(state, of, settings, points, err);
    struct behaviour *behaviour = &plain;
    memcpy(state, &behaviour, sizeof behaviour);
    points->at[0].meter[0] = 's';
    points->at[0].device_id[8] = '1';
    return EMIT_OK;
}

static const struct emit_meter_type slow_type = {
    .name = "slow",
    .summary = "a slow meter of this test",
    .state_size = sizeof(struct behaviour *),
    .is_slow = is_slow,
    .open = slow_open,
    .read = fake_read,
    .close = fake_close,
};
static const struct emit_meter_type *const quick_and_slow[] = {&slow_type, &fake, NULL};

static void check_slow_result(const struct slow_case *slow, const struct emit_run_result *result) {
    CHECK(result->outcomes[0].kind == EMIT_OUTCOME_MEASURED &&
              strcmp(result->slots[0].point.meter, "fake") == 0,
          "%s: the quick one is measured", slow->what);
    if (!CHECK(result->count == slow->points, "%s: %zu points", slow->what, result->count)) return;
    if (slow->points == 1) {
        CHECK(strcmp(result->silent[0].meter, "slow") == 0 && !result->silent[1].meter[0] &&
                  result->silent[0].waited_ns > 190 * ms,
              "%s: it is named, with how long it was waited for", slow->what);
        return;
    }
    CHECK(result->outcomes[1].kind == slow->kind && result->outcomes[1].code == slow->code,
          "%s: %s (%s)", slow->what, emit_outcome_word(result->outcomes[1].kind),
          emit_code_word(result->outcomes[1].code));
    CHECK(!result->silent[0].meter[0], "%s: nobody is missed", slow->what);
}

static void play_slow(struct slow_case *slow, struct emit_sampler_plan *plan) {
    static struct behaviour quick;
    struct emit_error err;
    struct emit_sampler *sampler;
    *plan = model;
    plan->run.meters = quick_and_slow;
    plan->answer_ns = 90 * ms;
    plan->sampled = NULL;
    atomic_store(&current, &quick);
    atomic_store(&slow_now, slow);
    if (!CHECK(emit_sampler_start(&sampler, plan, &err) == EMIT_OK, "%s: starts", slow->what))
        return;
    int64_t asked_ns = now_ns();
    CHECK(emit_sampler_wait_first(sampler, 250 * ms, &err) == slow->first, "%s: the first sample",
          slow->what);
    CHECK(now_ns() - asked_ns < 300 * ms, "%s: the job is not delayed", slow->what);
    emit_sampler_job_started(sampler, now_ns());
    sleep_ns(200 * ms);
    struct emit_run_result result;
    bool left_behind;
    int64_t ended_ns = now_ns();
    CHECK(emit_sampler_finish(sampler, ended_ns, &result, &left_behind, &err) == EMIT_OK,
          "%s: finishes", slow->what);
    CHECK(now_ns() - ended_ns < 150 * ms, "%s: without delay", slow->what);
    CHECK(left_behind == slow->left_behind, "%s: left behind or not", slow->what);
    check_slow_result(slow, &result);
    emit_run_result_clear(&result);
}

// As emit end does: another process of the run, which asks and then closes it.
static void *end_run(void *directory) {
    static const struct emit_meter_type *const none[] = {NULL};
    const struct emit_run_plan plan = {
        .directory = directory, .run_id = "run_test", .meters = none, .pace_ns = 20000000};
    struct emit_run *run;
    struct emit_run_result result;
    if (emit_run_open(&run, &host, &plan, NULL) != EMIT_OK) return NULL;
    bool left = emit_run_ask_holder(run, 3000 * ms);
    if (emit_run_close(run, &result, NULL) != EMIT_OK) return NULL;
    bool whole = left && !result.left_to_others && result.count == 1 &&
                 result.outcomes[0].kind == EMIT_OUTCOME_MEASURED;
    emit_run_result_stored(&result);
    emit_run_result_clear(&result);
    return whole ? directory : NULL;
}

static void hold(void) {
    char directory[] = "/tmp/emit-sampler-XXXXXX";
    struct emit_error err;
    struct emit_sampler *sampler = NULL, *second = NULL;
    struct emit_run_result result;
    struct behaviour quick = {0};
    bool left_behind = false;
    pthread_t thread;
    void *ended = NULL;
    if (!CHECK(mkdtemp(directory), "a directory")) return;
    atomic_store(&current, &quick);
    struct emit_sampler_plan plan = model;
    plan.owner = &quick;
    plan.run.directory = directory;
    plan.run.hold = true;
    CHECK(emit_sampler_start(&sampler, &plan, &err) == EMIT_OK, "a run that is held starts");
    CHECK(emit_sampler_wait_first(sampler, 1000 * ms, &err) == EMIT_OK, "and is sampled");
    emit_sampler_job_started(sampler, now_ns());
    CHECK(!emit_sampler_wait_asked(sampler, now_ns() + 60 * ms), "nobody asks for its end");
    CHECK(emit_sampler_start(&second, &plan, &err) == EMIT_OK &&
              emit_sampler_wait_first(second, 1000 * ms, &err) == EMIT_REFUSED,
          "nor can another one hold it, not even in memory");
    emit_sampler_abandon(second, &left_behind);
    if (!CHECK(pthread_create(&thread, NULL, end_run, directory) == 0, "a thread")) return;
    CHECK(emit_sampler_wait_asked(sampler, now_ns() + 5000 * ms), "until somebody does");
    CHECK(emit_sampler_finish(sampler, now_ns(), &result, &left_behind, &err) == EMIT_OK &&
              result.left_to_others && !left_behind,
          "to whom it is left");
    emit_run_result_clear(&result);
    (void)pthread_join(thread, &ended);
    CHECK(ended, "and who closes it, whole");
    CHECK(rmdir(directory) == 0, "no file stays");
}

static void abandon(void) {
    struct emit_error err;
    struct emit_sampler *sampler = NULL;
    bool left_behind = false;
    struct behaviour quick = {0};
    atomic_store(&current, &quick);
    struct emit_sampler_plan plan = model;
    plan.owner = &quick;
    CHECK(emit_sampler_start(&sampler, &plan, &err) == EMIT_OK, "a run that is given up starts");
    emit_sampler_abandon(sampler, &left_behind);
    CHECK(!left_behind, "and ends without a result");
    emit_sampler_abandon(NULL, &left_behind);
}

int main(void) {
    struct emit_error err;
    if (emit_host_open(&host, NULL, &err) != EMIT_OK) return 1;
    abandon();
    hold();
    static struct emit_sampler_plan plans[sizeof scenarios / sizeof scenarios[0]];
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        play(&scenarios[i], &plans[i]);
    static struct emit_sampler_plan slow_plans[sizeof slow_cases / sizeof slow_cases[0]];
    for (size_t i = 0; i < sizeof slow_cases / sizeof slow_cases[0]; i++)
        play_slow(&slow_cases[i], &slow_plans[i]);
    // Threads were left behind on purpose: end without cleaning up under them.
    int status = check_end();
    fflush(stdout);
    _Exit(status);
}
