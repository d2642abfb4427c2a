// No side channel (design 4.11): where emit reads what its caller may not, samples
// lie on the multiples of one second, the same for every run, so that many runs
// with edges of all kinds tell no more than one.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"

static const int64_t second = 1000000000, slack = 5000000;

// The counter's truth is a nonlinear function of time, so that every difference of
// counts tells between which two moments it was taken.
static uint64_t truth_at(int64_t ns) {
    int64_t ms = ns / 1000000;
    return (uint64_t)(ms * 100000 + ms * ms % 7919 * 10);
}
static void read_truth(struct fake_world *world) {
    world->counts[0] = truth_at(world->now_ns);
}

static uint64_t state = 0x1234567887654321u;
static int64_t below(int64_t limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (int64_t)(state % (uint64_t)limit);
}

static struct emit_run *open_limited(struct emit_host *host) {
    struct emit_run_plan plan = fake_plan(NULL, "run_limited");
    struct emit_run *run = NULL;
    plan.pace_ns = 1000000; // --interval 1ms
    plan.floor_ns = second;
    if (emit_run_open(&run, host, &plan, NULL)) exit(1);
    return run;
}

static int off_grid, twice, too_short, wrong, energies;

// One impatient caller: asks at random moments and closes at any.
static void one_run(int64_t begin_ns) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    world.now_ns = begin_ns;
    world.on_read = read_truth;
    struct emit_run *run = open_limited(&host);
    int64_t length_ns = below(5 * second), last_tick = -1;
    while (world.now_ns < begin_ns + length_ns) {
        int reads = world.reads;
        if (!emit_run_sample(run)) exit(1);
        int64_t tick = world.now_ns / second;
        if (world.reads > reads) {
            off_grid += world.now_ns % second > slack;
            twice += tick == last_tick;
            last_tick = tick;
        }
        // Now and then the caller waits for a tick, or nearly so.
        if (below(3))
            world.now_ns += below(3000000);
        else
            world.now_ns = (world.now_ns / second + 1) * second - 1000000 + below(9000000);
    }
    struct emit_run_result result;
    if (emit_run_close(run, &result, NULL)) exit(1);
    const struct emit_outcome *outcome = &result.outcomes[0];
    if (outcome->kind == EMIT_OUTCOME_MEASURED || outcome->kind == EMIT_OUTCOME_PARTIAL) {
        const struct emit_tally *tally = &result.slots[0].tally;
        energies++;
        too_short += tally->last_ns / second - tally->first_ns / second < 1;
        wrong += outcome->count != truth_at(tally->last_ns) - truth_at(tally->first_ns);
    } else {
        too_short += outcome->code != EMIT_CODE_BELOW_RESOLUTION;
    }
    emit_run_result_clear(&result);
}

static void check_patient_caller(void) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    world.now_ns = 10 * second + 300000000;
    struct emit_run *run = open_limited(&host);
    struct emit_run_result result;
    CHECK(emit_run_sample(run) && world.reads == 0, "between two ticks nothing is read");
    emit_run_job_started(run, world.now_ns);
    CHECK(emit_run_next_ns(run) == 11 * second, "the next tick is named");
    fake_pass(&world, 700, 100);
    CHECK(emit_run_sample(run) && world.reads == 1, "on the tick it is read");
    CHECK(emit_run_next_ns(run) == 12 * second, "1 ms is no pace here: the next tick");
    fake_pass(&world, 3, 100);
    CHECK(emit_run_sample(run) && world.reads == 1, "once a tick");
    fake_pass(&world, 1001, 100);
    CHECK(emit_run_sample(run) && world.reads == 2, "4 ms after the tick is near enough");
    fake_pass(&world, 1002, 100);
    CHECK(emit_run_sample(run) && world.reads == 2, "6 ms is not");
    CHECK(emit_run_next_ns(run) == 14 * second, "then the next one");
    emit_run_job_ended(run, world.now_ns);
    CHECK(emit_run_close(run, &result, NULL) == EMIT_OK && world.reads == 2,
          "closing reads nothing");
    CHECK(result.outcomes[0].kind == EMIT_OUTCOME_PARTIAL &&
              result.outcomes[0].code == EMIT_CODE_LATE && result.outcomes[0].count == 100400000,
          "first tick to last: partial, late, %.1f J", result.outcomes[0].joules);
    CHECK(result.outcomes[0].to_ns - result.outcomes[0].from_ns == 2706000000 &&
              result.outcomes[0].coverage_ratio < 0.38,
          "of a window that is the job's");
    emit_run_result_clear(&result);
}

static void check_loop_of_short_runs(void) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    int told = 0;
    for (int i = 0; i < 500; i++) {
        struct emit_run *run = open_limited(&host);
        struct emit_run_result result;
        if (!emit_run_sample(run)) exit(1);
        fake_pass(&world, 7, 100);
        if (emit_run_close(run, &result, NULL)) exit(1);
        told += result.outcomes[0].kind != EMIT_OUTCOME_REFUSED || result.outcomes[0].count ||
                result.outcomes[0].code != EMIT_CODE_BELOW_RESOLUTION;
        emit_run_result_clear(&result);
    }
    CHECK(told == 0, "500 runs of 7 ms tell nothing: below-resolution");
}

// Whoever starts emit may stop it at any point and let it go on when he likes, also
// between the look at the clock and the look at the counter.
static int64_t held_up_ns;
static void hold_up(struct fake_world *world) {
    world->now_ns += held_up_ns;
    read_truth(world);
}

static void check_held_up(int64_t ns, uint64_t samples) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    struct emit_slot slot;
    world.now_ns = 10 * second;
    world.on_read = hold_up;
    held_up_ns = ns;
    struct emit_run *run = open_limited(&host);
    CHECK(emit_run_sample(run) && world.reads == 1 && emit_run_peek(run, &slot, 1) == 1 &&
              slot.tally.samples == samples && (slot.tally.last_count != 0) == samples,
          "held up for %lld ms within a reading: %s", (long long)(ns / 1000000),
          samples ? "near enough" : "thrown away");
    emit_run_abandon(run);
}

int main(void) {
    check_patient_caller();
    check_held_up(4000000, 1);
    check_held_up(6000000, 0);
    check_held_up(500000000, 0);
    check_held_up(second, 0);
    check_loop_of_short_runs();
    for (int i = 0; i < 3000; i++)
        one_run(100 * second + below(second));
    CHECK(off_grid == 0, "3000 impatient runs: none is read off the grid");
    CHECK(twice == 0, "none twice on one tick");
    CHECK(too_short == 0, "what spans no two ticks is refused as below-resolution");
    CHECK(wrong == 0 && energies > 500, "the other %d state the energy between two ticks",
          energies);
    return check_end();
}
