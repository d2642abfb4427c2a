// Power curves and their integrals.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/curve.h"

#include <math.h>
#include <stdlib.h>

// Watts of each step, and the sum of all steps before it (in watts: times the
// period it is energy).
struct emit_curve_walk {
    double watts[EMIT_CURVE_WALK_STEPS];
    double before[EMIT_CURVE_WALK_STEPS + 1];
};

// The finalizer of MurmurHash3 over a Weyl sequence, as in SplitMix64.
uint64_t emit_testbed_mix(uint64_t seed, uint64_t index) {
    uint64_t mixed = seed + (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

// Between -1 and 1.
static double draw(uint64_t seed, uint64_t index) {
    return (double)(emit_testbed_mix(seed, index) >> 11) * 0x1p-52 - 1.0;
}

enum emit_status emit_curve_walk_init(struct emit_curve *curve, uint64_t seed,
                                      struct emit_error *err) {
    struct emit_curve_walk *walk = calloc(1, sizeof *walk);
    if (!walk) return emit_fail(err, EMIT_NO_MEMORY, "out of memory for a random walk");
    double low = curve->low_watts, high = curve->high_watts;
    double watts = (low + high) / 2;
    for (uint64_t i = 0; i < EMIT_CURVE_WALK_STEPS; i++) {
        watts += draw(seed, i) * (high - low) / 4;
        if (watts < low) watts = low;
        if (watts > high) watts = high;
        walk->watts[i] = watts;
        walk->before[i + 1] = walk->before[i] + watts;
    }
    free(curve->walk);
    curve->walk = walk;
    return EMIT_OK;
}

void emit_curve_clear(struct emit_curve *curve) {
    free(curve->walk);
    curve->walk = NULL;
}

size_t emit_curve_walk_bytes(const struct emit_curve *curve) {
    return curve->walk ? sizeof *curve->walk : 0;
}

bool emit_curve_place(struct emit_curve *curve, void *base, size_t bytes) {
    uintptr_t offset = (uintptr_t)curve->walk;
    if (curve->shape != EMIT_CURVE_WALK) return offset == 0;
    if (bytes < sizeof *curve->walk || offset > bytes - sizeof *curve->walk ||
        offset % _Alignof(struct emit_curve_walk) != 0)
        return false;
    curve->walk = (struct emit_curve_walk *)(void *)((char *)base + offset);
    return true;
}

// Splits a moment into whole periods and the seconds since the last of them began.
static double split_periods(const struct emit_curve *curve, double at_s, double *rest_s) {
    double whole = floor(at_s / curve->period_s);
    *rest_s = at_s - whole * curve->period_s;
    return whole;
}

double emit_curve_watts(const struct emit_curve *curve, double at_s) {
    double low = curve->low_watts, high = curve->high_watts, rest_s;
    switch (curve->shape) {
    case EMIT_CURVE_CONSTANT: return low;
    case EMIT_CURVE_SQUARE:
        split_periods(curve, at_s, &rest_s);
        return rest_s < curve->period_s / 2 ? high : low;
    case EMIT_CURVE_RAMP:
        return at_s < curve->period_s ? low + (high - low) * at_s / curve->period_s : high;
    case EMIT_CURVE_SINE:
        return (low + high) / 2 + (high - low) / 2 * sin(2 * M_PI * at_s / curve->period_s);
    case EMIT_CURVE_WALK:
        return curve->walk
            ->watts[(uint64_t)split_periods(curve, at_s, &rest_s) % EMIT_CURVE_WALK_STEPS];
    }
    return 0;
}

static double walk_joules(const struct emit_curve *curve, double at_s) {
    const struct emit_curve_walk *walk = curve->walk;
    double rest_s;
    uint64_t steps = (uint64_t)split_periods(curve, at_s, &rest_s);
    uint64_t step = steps % EMIT_CURVE_WALK_STEPS, rounds = steps / EMIT_CURVE_WALK_STEPS;
    double sum = (double)rounds * walk->before[EMIT_CURVE_WALK_STEPS] + walk->before[step];
    return sum * curve->period_s + walk->watts[step] * rest_s;
}

double emit_curve_joules(const struct emit_curve *curve, double at_s) {
    double low = curve->low_watts, high = curve->high_watts, period_s = curve->period_s, rest_s;
    switch (curve->shape) {
    case EMIT_CURVE_CONSTANT: return low * at_s;
    case EMIT_CURVE_SQUARE: {
        double whole = split_periods(curve, at_s, &rest_s);
        double energy = whole * period_s * (low + high) / 2;
        if (rest_s < period_s / 2) return energy + high * rest_s;
        return energy + high * period_s / 2 + low * (rest_s - period_s / 2);
    }
    case EMIT_CURVE_RAMP:
        if (at_s < period_s) return low * at_s + (high - low) * at_s * at_s / (2 * period_s);
        return (low + high) / 2 * period_s + high * (at_s - period_s);
    case EMIT_CURVE_SINE:
        return (low + high) / 2 * at_s +
               (high - low) / 2 * period_s / (2 * M_PI) * (1 - cos(2 * M_PI * at_s / period_s));
    case EMIT_CURVE_WALK: return walk_joules(curve, at_s);
    }
    return 0;
}
