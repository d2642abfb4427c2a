// A guest of a run waits for a slow meter as long as it was told to, and no longer; what
// it did not wait for is not in its phases, and says so.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"

#include "agent/guest.h"

#include <stdatomic.h>
#include <time.h>

static atomic_bool may_answer; // until then the meter goes on opening, however late it is
static atomic_int open_now, closed;

static void sleep_ns(int64_t ns) {
    const struct timespec time = {ns / 1000000000, ns % 1000000000};
    (void)nanosleep(&time, NULL);
}

static bool is_slow(const struct emit_host *host, const struct emit_meter_settings *settings) {
    (void)host, (void)settings;
    return true;
}

static enum emit_status slow_open(void *state, struct emit_host *host,
                                  const struct emit_meter_settings *settings,
                                  struct emit_points *points, struct emit_error *err) {
    while (!atomic_load(&may_answer))
        sleep_ns(1000000);
    atomic_fetch_add(&open_now, 1);
    return fake_open(state, host, settings, points, err);
}

static void slow_close(void *state) {
    (void)state;
    atomic_fetch_add(&closed, 1);
}

static const struct emit_meter_type slow_meter = {.name = "fake", // as its points say
                                                  .summary = "takes its time",
                                                  .state_size = sizeof(struct fake_world *),
                                                  .is_slow = is_slow,
                                                  .open = slow_open,
                                                  .read = fake_read,
                                                  .close = slow_close};
static const struct emit_meter_type *const slow_meters[] = {&slow_meter, NULL};

static void take(void *owner, const struct emit_slot *slots, const struct emit_outcome *outcomes,
                 size_t count, int64_t lasted_ns) {
    (void)slots, (void)lasted_ns;
    if (count == 1) *(struct emit_outcome *)owner = outcomes[0];
}

static const struct {
    const char *what;
    int64_t timeout_ns;
    bool left_behind;
    enum emit_outcome_kind kind;
    enum emit_code code;
} cases[] = {
    {"it answers in time", 60000000000, false, EMIT_OUTCOME_MEASURED, EMIT_CODE_NONE},
    {"it does not", 1000000, true, EMIT_OUTCOME_REFUSED, EMIT_CODE_TIMEOUT},
    {"nobody waits", 0, true, EMIT_OUTCOME_REFUSED, EMIT_CODE_TIMEOUT},
};

enum { CASES = sizeof cases / sizeof cases[0] };

// A minute at most: a machine that is slower than that is not waited for.
static void wait_until(const atomic_int *count, int wanted) {
    for (int i = 0; i < 60000 && atomic_load(count) < wanted; i++)
        sleep_ns(1000000);
}

static void check_case(const char *directory, size_t at) {
    // Static: a thread that was left behind looks at them for as long as it likes.
    static struct fake_world worlds[CASES];
    static struct emit_host hosts[CASES];
    struct emit_run_plan plan = fake_plan(directory, "job");
    struct emit_phases_plan guest_plan = {
        .directory = directory, .run_id = "job", .meters = slow_meters, .of_run_only = true};
    struct emit_run *run;
    struct emit_phases *guest = NULL;
    struct emit_outcome outcome = {0};
    struct emit_error err;
    bool left_behind = false;
    worlds[at] = fake_world_of("package-0", NULL);
    hosts[at] = fake_host_of(&worlds[at]);
    atomic_store(&may_answer, !cases[at].left_behind);
    // The fake clock stands still: the wait is on the real one.
    worlds[at].now_ns = emit_clock_monotonic_ns();
    if (!CHECK(emit_run_open(&run, &hosts[at], &plan, &err) == EMIT_OK && emit_run_sample(run),
               "a run"))
        return;
    enum emit_status status =
        emit_guest_open(&guest, &hosts[at], &guest_plan, cases[at].timeout_ns, &left_behind, &err);
    CHECK(status == EMIT_OK && left_behind == cases[at].left_behind, "%s: the guest is there",
          cases[at].what);
    CHECK(!status && !emit_phase_begin(guest, "part", 0, &err), "%s: begins", cases[at].what);
    fake_pass(&worlds[at], 1000, 100);
    CHECK(!status && !emit_phase_end(guest, "part", 0, take, &outcome, &err), "%s: ends",
          cases[at].what);
    CHECK(outcome.kind == cases[at].kind && outcome.code == cases[at].code, "%s: %d, %d",
          cases[at].what, (int)outcome.kind, (int)outcome.code);
    // Whoever was left behind opens while the run is there: how slow it is decides nothing.
    atomic_store(&may_answer, true);
    wait_until(&open_now, (int)at + 1);
    emit_phases_close(guest);
    emit_run_abandon(run);
}

static void test_left_threads(void) {
    wait_until(&closed, CASES);
    CHECK(atomic_load(&closed) == CASES && atomic_load(&open_now) == CASES,
          "whatever was opened is closed, by whoever is the last: %d of %d", atomic_load(&closed),
          atomic_load(&open_now));
}

static void test_absent(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    const struct emit_phases_plan plan = {
        .directory = directory, .run_id = "none", .meters = slow_meters};
    struct emit_phases *guest = NULL;
    struct emit_error err;
    bool left_behind = false;
    world.now_ns = emit_clock_monotonic_ns();
    CHECK(emit_guest_open(&guest, &host, &plan, 10000000000, &left_behind, &err) == EMIT_ABSENT &&
              !left_behind && err.text[0],
          "no run: %s", err.text);
}

int main(void) {
    char path[64];
    const char *directory = fake_directory(path);
    test_absent(directory);
    for (size_t i = 0; i < CASES; i++)
        check_case(directory, i);
    test_left_threads();
    fake_remove(directory);
    return check_end();
}
