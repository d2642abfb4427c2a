// Counter arithmetic: from joules to what energy_uj shows.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/counter.h"

#include <math.h>

// Products of two 64-bit numbers, before they are divided again.
__extension__ typedef unsigned __int128 wide_count;

static const uint64_t wrap_counts = UINT64_C(1) << 32;

static double seconds(int64_t ns) {
    return (double)ns / 1e9;
}

// Moment of the update with this number.
static int64_t update_at(const struct emit_counter *counter, int64_t number) {
    int64_t span = 2 * counter->jitter_ns + 1;
    uint64_t drawn = emit_testbed_mix(counter->seed, (uint64_t)number);
    return number * counter->period_ns - counter->phase_ns + (int64_t)(drawn % (uint64_t)span) -
           counter->jitter_ns;
}

int64_t emit_counter_update_ns(const struct emit_counter *counter, int64_t now_ns) {
    // Jitter is less than half a period: the one after next is surely later.
    int64_t number = (now_ns + counter->phase_ns) / counter->period_ns + 1;
    while (number > 0 && update_at(counter, number) > now_ns)
        number--;
    int64_t update_ns = number > 0 ? update_at(counter, number) : 0;
    return update_ns > 0 ? update_ns : 0;
}

// Whole units in an energy.
static uint64_t units_in(const struct emit_counter *counter, double joules) {
    double unit_joules = (double)counter->unit.nanojoules / 1e9 / (double)counter->unit.divisor;
    return joules > 0 ? (uint64_t)floor(joules / unit_joules) : 0;
}

uint64_t emit_counter_total(const struct emit_counter *counter, int64_t now_ns) {
    int64_t update_ns = emit_counter_update_ns(counter, now_ns);
    uint64_t start_count = counter->start_count;
    double origin_joules = 0, extra_joules = 0;
    for (size_t i = 0; i < counter->fault_count; i++) {
        const struct emit_counter_fault *fault = &counter->faults[i];
        if (update_ns < fault->at_ns) break;
        switch (fault->kind) {
        case EMIT_COUNTER_FROZEN:
            if (update_ns < fault->until_ns)
                update_ns = emit_counter_update_ns(counter, fault->at_ns);
            break;
        case EMIT_COUNTER_JUMP: extra_joules += fault->joules; break;
        case EMIT_COUNTER_RESET:
            start_count = 0;
            extra_joules = 0;
            origin_joules = emit_curve_joules(&counter->curve, seconds(fault->at_ns));
            break;
        }
    }
    double joules = emit_curve_joules(&counter->curve, seconds(update_ns)) - origin_joules;
    return start_count + units_in(counter, joules + extra_joules);
}

static uint64_t microjoules_of(const struct emit_counter *counter, uint64_t count) {
    wide_count nanojoules = (wide_count)count * counter->unit.nanojoules;
    return (uint64_t)(nanojoules / counter->unit.divisor / 1000);
}

uint64_t emit_counter_microjoules(const struct emit_counter *counter, int64_t now_ns) {
    return microjoules_of(counter, emit_counter_total(counter, now_ns) % wrap_counts);
}

uint64_t emit_counter_range_microjoules(const struct emit_counter *counter) {
    return microjoules_of(counter, wrap_counts - 1);
}

void emit_counter_wrap_at(struct emit_counter *counter, int64_t at_ns) {
    uint64_t counted = units_in(counter, emit_curve_joules(&counter->curve, seconds(at_ns)));
    counter->start_count = (wrap_counts - counted % wrap_counts) % wrap_counts;
}

void emit_counter_start_at(struct emit_counter *counter, uint64_t microjoules) {
    wide_count scaled = (wide_count)microjoules * 1000 * counter->unit.divisor;
    counter->start_count = (uint64_t)(scaled / counter->unit.nanojoules) % wrap_counts;
}
