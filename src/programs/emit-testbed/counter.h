// An energy counter as the hardware and the kernel make it from a power curve:
// 32 bits of whole units, moved on at discrete and slightly irregular moments,
// shown in microjoules. Every value is computed when it is asked for, from the
// time alone, so two readers at one moment see one value.
//
// The kernel's arithmetic (drivers/powercap/intel_rapl_common.c): energy_uj =
// floor(raw * unit / 1000) with the unit in whole nanojoules, and the range is
// the same of 0xffffffff. Older kernels used the exact binary unit; hence
// the unit is a fraction here.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_COUNTER_H
#define EMIT_TESTBED_COUNTER_H

#include "programs/emit-testbed/curve.h"

#include <stddef.h>

enum { EMIT_COUNTER_FAULTS_MAX = 8 };

// What one count is worth: nanojoules / divisor.
struct emit_counter_unit {
    uint64_t nanojoules;
    uint64_t divisor;
};

enum emit_counter_fault_kind {
    EMIT_COUNTER_FROZEN, // stands still between at and until
    EMIT_COUNTER_JUMP,   // gains joules that no curve drew
    EMIT_COUNTER_RESET,  // begins again at zero
};

struct emit_counter_fault {
    enum emit_counter_fault_kind kind;
    int64_t at_ns;
    int64_t until_ns; // of a freeze
    double joules;    // of a jump
};

// Times are nanoseconds since the scenario began.
struct emit_counter {
    struct emit_curve curve;
    struct emit_counter_unit unit; // both > 0
    uint64_t start_count;          // at time 0, below 2^32
    int64_t period_ns;             // mean time between two updates, > 0
    int64_t phase_ns;              // all updates are so much earlier; < period
    int64_t jitter_ns;             // each update is up to so much early or late; < period / 2
    uint64_t seed;                 // of the jitter
    size_t fault_count;            // in order of time
    struct emit_counter_fault faults[EMIT_COUNTER_FAULTS_MAX];
};

// The last update at or before now_ns; 0 before the first.
int64_t emit_counter_update_ns(const struct emit_counter *counter, int64_t now_ns);

// Units counted since the counter was last at zero, not yet cut to 32 bits.
uint64_t emit_counter_total(const struct emit_counter *counter, int64_t now_ns);

// The content of energy_uj at now_ns, and of max_energy_range_uj.
uint64_t emit_counter_microjoules(const struct emit_counter *counter, int64_t now_ns);
uint64_t emit_counter_range_microjoules(const struct emit_counter *counter);

// Sets the start so that the counter passes 2^32 at at_ns. Faults do not count.
void emit_counter_wrap_at(struct emit_counter *counter, int64_t at_ns);
// Sets the start to the unit that microjoules lies in.
void emit_counter_start_at(struct emit_counter *counter, uint64_t microjoules);

#endif
