// Random loads whose energy is known: watts over time in seconds, for tests of what
// emit says of its own error. All times scale with the period in which a sensor updates,
// so that loads are about as fast, faster and slower than it can follow.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_CURVE_H
#define TESTS_CURVE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static uint64_t curve_state = 0x9e3779b97f4a7c15u;
static inline double random_unit(void) {
    curve_state ^= curve_state << 13;
    curve_state ^= curve_state >> 7;
    curve_state ^= curve_state << 17;
    return (double)(curve_state >> 11) / 9007199254740992.0;
}
static inline double random_between(double low, double high) {
    return low + (high - low) * random_unit();
}
// As often between 1 and 10 as between 10 and 100.
static inline double random_scale(double low, double high) {
    return exp(random_between(log(low), log(high)));
}
static inline double random_wait(double mean) {
    return -mean * log(1 - random_unit());
}

enum curve_load {
    CURVE_SMOOTH,   // a base, a wave, and loads that come and go
    CURVE_NOISY,    // the same under a noise
    CURVE_BURSTS,   // on and off, as steps of a training are
    CURVE_CONSTANT, // nothing but a base
    CURVE_JOB,      // idle until it begins, restless from then on
    CURVE_LOADS,
    CURVE_ANY = CURVE_LOADS // one of them
};

enum { CURVE_STEPS = 24, CURVE_PIECES = 1 << 17 };

struct curve {
    double base, swing, omega, phase;
    double at[CURVE_STEPS], watts[CURVE_STEPS];
    int pieces; // of constant watts, from `begins` on, with the energy up to there
    double begins[CURVE_PIECES], level[CURVE_PIECES], joules[CURVE_PIECES];
};

static inline void curve_add(struct curve *curve, double from, double watts) {
    int at = curve->pieces;
    if (at == CURVE_PIECES) return; // the last one goes on
    curve->begins[at] = from;
    curve->level[at] = watts;
    curve->joules[at] =
        at ? curve->joules[at - 1] + curve->level[at - 1] * (from - curve->begins[at - 1]) : 0;
    curve->pieces++;
}

static inline void curve_wave(struct curve *curve, double update_s, double end) {
    curve->base = random_between(20, 250);
    curve->omega = 6.2832 / (update_s * random_between(30, 3000));
    curve->phase = random_between(0, 6.2832);
    curve->swing = curve->base * random_between(0, 0.5);
    for (int i = 0; i < CURVE_STEPS; i += 2) {
        curve->at[i] = random_between(0, end);
        curve->at[i + 1] = random_between(curve->at[i], end);
        curve->watts[i] = random_between(0, 60);
        curve->watts[i + 1] = -curve->watts[i];
    }
}

// The load of a job from begin to end, and what goes on before it.
static inline void curve_make(struct curve *curve, enum curve_load load, double update_s,
                              double begin, double end) {
    curve->base = random_between(20, 250);
    curve->swing = curve->pieces = 0;
    for (int i = 0; i < CURVE_STEPS; i++)
        curve->at[i] = curve->watts[i] = 0;
    if (load == CURVE_SMOOTH || load == CURVE_NOISY) curve_wave(curve, update_s, end);
    double most = random_between(50, load == CURVE_BURSTS ? 500 : 250), lasts;
    double typical = update_s * random_between(0.1, load == CURVE_BURSTS ? 20 : 5);
    bool on = false;
    curve_add(curve, 0, 0);
    double t = load == CURVE_JOB ? begin : 0;
    for (; load != CURVE_SMOOTH && load != CURVE_CONSTANT && t < end; t += lasts) {
        if (load == CURVE_BURSTS) {
            on = !on;
            lasts = typical * random_between(0.3, 1.7) * (on ? 1 : 0.6);
            curve_add(curve, t, on ? most : 0);
        } else {
            lasts = random_wait(typical) + update_s / 1000;
            double part = load == CURVE_JOB ? random_between(0.7, 1.3) : random_between(0, 0.4);
            curve_add(curve, t, most * part);
        }
    }
}

// From 0 to t.
static inline double curve_energy(const struct curve *curve, double t) {
    double joules = curve->base * t;
    if (curve->swing > 0)
        joules -= curve->swing / curve->omega *
                  (cos(curve->omega * t + curve->phase) - cos(curve->phase));
    for (int i = 0; i < CURVE_STEPS; i++)
        if (t > curve->at[i]) joules += curve->watts[i] * (t - curve->at[i]);
    int low = 0, high = curve->pieces - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (curve->begins[middle] <= t)
            low = middle;
        else
            high = middle - 1;
    }
    return joules + curve->joules[low] + curve->level[low] * (t - curve->begins[low]);
}

// A job from `begin` to `end`, read first at `start` and last at `end` + `reaped`. Of the
// way from the first reading to the job, and from the job to the last reading, the
// meter knows a part: up to exec, and from when it was told.
struct curve_job {
    double start, begin, end, reaped;
    int64_t from_ns, to_ns; // as far as the meter knows
};

static inline struct curve_job curve_job_of(double start, double lasts) {
    double spawn = random_between(0.0001, 0.0004), told = random_between(0.00002, 0.0002);
    struct curve_job job = {.start = start, .begin = start + spawn + random_between(0, spawn)};
    job.end = job.begin + lasts;
    job.reaped = told + random_between(0, told);
    job.from_ns = (int64_t)((start + spawn) * 1e9);
    job.to_ns = (int64_t)((job.end + job.reaped - told) * 1e9);
    return job;
}

static inline int curve_compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#endif
