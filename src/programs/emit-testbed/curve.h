// A power curve: watts as a function of time, with its integral in closed form,
// so that the energy between any two moments is known and not summed up.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_CURVE_H
#define EMIT_TESTBED_CURVE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EMIT_CURVE_WALK_STEPS = 4096 }; // after which a random walk repeats

enum emit_curve_shape {
    EMIT_CURVE_CONSTANT, // low watts
    EMIT_CURVE_SQUARE,   // high for the first half of each period, low for the second
    EMIT_CURVE_RAMP,     // from low to high in one period, then high
    EMIT_CURVE_SINE,     // about the middle of low and high, rising from it
    EMIT_CURVE_WALK,     // a step every period, never leaving low..high
};

struct emit_curve_walk; // steps and their running sum

// All zero is a good curve: constant 0 W.
struct emit_curve {
    enum emit_curve_shape shape;
    double low_watts, high_watts; // 0 <= low <= high
    double period_s;              // > 0 but for the constant
    struct emit_curve_walk *walk; // owned; of EMIT_CURVE_WALK only
};

// Draws the steps of a random walk from the seed: the same steps on every machine.
EMIT_MUST_CHECK enum emit_status emit_curve_walk_init(struct emit_curve *curve, uint64_t seed,
                                                      struct emit_error *err);
void emit_curve_clear(struct emit_curve *curve);

// For curves that lie in a file with their walks behind them. The bytes that
// curve->walk points to; 0 where there is none.
size_t emit_curve_walk_bytes(const struct emit_curve *curve);
// Makes an address of walk, which is an offset from base. False: it leaves the bytes.
bool emit_curve_place(struct emit_curve *curve, void *base, size_t bytes);

// Power at a moment, and energy since time 0; at_s >= 0.
double emit_curve_watts(const struct emit_curve *curve, double at_s);
double emit_curve_joules(const struct emit_curve *curve, double at_s);

// A well mixed number of two: the test bed's only source of chance.
uint64_t emit_testbed_mix(uint64_t seed, uint64_t index);

#endif
