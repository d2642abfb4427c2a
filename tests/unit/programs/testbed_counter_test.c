// The counter against the kernel's own numbers, and its faults.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "programs/emit-testbed/counter.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static const int64_t second_ns = 1000000000;

struct range_case {
    const char *name;
    struct emit_counter_unit unit;
    uint64_t range_microjoules;
};

// Recorded on real machines, one for each unit the kernel knows.
static const struct range_case ranges[] = {
    {"most packages", {61035, 1}, 262143328850},
    {"AMD, older servers", {15258, 1}, 65532610987},
    {"memory of servers", {15300, 1}, 65712999613},
    {"platform in joules", {1000000000, 1}, 4294967295000000},
    {"an older kernel", {1000000000, 16384}, 262143999938},
};

static struct emit_counter counter_of(double watts) {
    return (struct emit_counter){.curve = {.low_watts = watts},
                                 .unit = {61035, 1},
                                 .period_ns = 1000000,
                                 .jitter_ns = 100000,
                                 .seed = 7};
}

static void check_ranges(void) {
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct emit_counter counter = counter_of(1);
        counter.unit = ranges[i].unit;
        uint64_t range = emit_counter_range_microjoules(&counter);
        CHECK(range == ranges[i].range_microjoules, "%s: range %llu uJ", ranges[i].name,
              (unsigned long long)range);
    }
}

static void check_updates(void) {
    struct emit_counter counter = counter_of(100);
    int64_t before_ns = 0, least_ns = second_ns, most_ns = 0;
    bool ordered = true, current = true;
    for (int64_t now_ns = 0; now_ns < second_ns / 2; now_ns += 10007) {
        int64_t update_ns = emit_counter_update_ns(&counter, now_ns);
        ordered = ordered && update_ns >= before_ns;
        current = current && update_ns <= now_ns && now_ns - update_ns <= 1200000;
        if (update_ns > before_ns && before_ns > 0) {
            int64_t step_ns = update_ns - before_ns;
            if (step_ns < least_ns) least_ns = step_ns;
            if (step_ns > most_ns) most_ns = step_ns;
        }
        before_ns = update_ns;
    }
    CHECK(ordered, "updates never go back");
    CHECK(current, "no update is in the future, none older than a period and its jitter");
    CHECK(least_ns >= 800000 && most_ns <= 1200000 && most_ns - least_ns > 200000,
          "steps of 1 ms and irregular: %lld to %lld ns", (long long)least_ns, (long long)most_ns);
}

static void check_energy(void) {
    struct emit_counter counter = counter_of(250);
    emit_counter_start_at(&counter, 1000000000);
    uint64_t start = emit_counter_microjoules(&counter, 0);
    uint64_t end = emit_counter_microjoules(&counter, 10 * second_ns);
    CHECK(start <= 1000000000 && start + 62 > 1000000000, "starts in the unit of its start");
    double joules = (double)(end - start) / 1e6;
    CHECK(fabs(joules - 2500) < 250 * 0.0012, "250 W for 10 s are %.4f J", joules);
    CHECK(emit_counter_microjoules(&counter, second_ns) ==
              emit_counter_microjoules(&counter, second_ns),
          "a moment has one value");
}

static void check_wrap(void) {
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct emit_counter counter = counter_of(300);
        counter.unit = ranges[i].unit;
        emit_counter_wrap_at(&counter, second_ns);
        uint64_t unit = counter.unit.nanojoules / counter.unit.divisor / 1000;
        // A unit may take longer than an update to fill.
        int64_t around_ns = 2000000 + (int64_t)((double)unit * 1000 / 300);
        uint64_t before = emit_counter_microjoules(&counter, second_ns - around_ns);
        uint64_t after = emit_counter_microjoules(&counter, second_ns + around_ns);
        uint64_t modulus = ranges[i].range_microjoules + unit;
        double joules = (double)(after + modulus - before) / 1e6;
        CHECK(before > after, "%s: wraps when it was told to", ranges[i].name);
        double error = 2 * 300 * 0.0012 + (double)unit / 1e6 * 2;
        CHECK(fabs(joules - 300 * 2 * (double)around_ns / 1e9) < error,
              "%s: %.4f J across the wrap", ranges[i].name, joules);
    }
}

static void check_faults(void) {
    struct emit_counter counter = counter_of(100);
    emit_counter_start_at(&counter, 500000000);
    struct emit_counter plain = counter;
    counter.fault_count = 3;
    counter.faults[0] =
        (struct emit_counter_fault){EMIT_COUNTER_FROZEN, second_ns, 2 * second_ns, 0};
    counter.faults[1] = (struct emit_counter_fault){EMIT_COUNTER_JUMP, 3 * second_ns, 0, 5000};
    counter.faults[2] = (struct emit_counter_fault){EMIT_COUNTER_RESET, 4 * second_ns, 0, 0};
    uint64_t frozen = emit_counter_microjoules(&counter, second_ns + 3000000);
    CHECK(frozen == emit_counter_microjoules(&counter, 2 * second_ns - 3000000), "stands still");
    CHECK(emit_counter_microjoules(&counter, 2 * second_ns + 3000000) ==
              emit_counter_microjoules(&plain, 2 * second_ns + 3000000),
          "and then shows what was drawn meanwhile");
    uint64_t jumped = emit_counter_microjoules(&counter, 3 * second_ns + 3000000) -
                      emit_counter_microjoules(&plain, 3 * second_ns + 3000000);
    CHECK(llabs((long long)jumped - 5000000000) <= 62, "jumps by 5 kJ: %llu uJ",
          (unsigned long long)jumped);
    uint64_t again = emit_counter_microjoules(&counter, 5 * second_ns);
    CHECK(llabs((long long)again - 100000000) < 200000, "begins again at zero: %llu uJ",
          (unsigned long long)again);
}

int main(void) {
    check_ranges();
    check_updates();
    check_energy();
    check_wrap();
    check_faults();
    return check_end();
}
