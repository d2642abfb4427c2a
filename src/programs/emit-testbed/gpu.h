// The GPUs of a scenario: what stands in the machine, how its counters run, and
// what goes wrong when. Every answer follows from this and the time alone. Plain
// bytes but for the walks of curves: the fake vendor libraries map it as a file.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_GPU_H
#define EMIT_TESTBED_GPU_H

#include "programs/emit-testbed/counter.h"

#include <stdbool.h>

enum {
    EMIT_GPUS_MAX = 32, // DCGM's own limit
    EMIT_GPU_EVENTS_MAX = 64,
    EMIT_GPU_TEXT_MAX = 64, // of a name, a symbol, the driver's version
    EMIT_GPU_UUID_MAX = 48,
    EMIT_GPU_INSTANCES_MAX = 7, // MIG instances of one GPU
    EMIT_GPU_MISSING_MAX = 8,
};

enum emit_gpu_energy {
    EMIT_GPU_COUNTER, // an energy counter, and power
    EMIT_GPU_POWER,   // power only
    EMIT_GPU_NOTHING, // no sensor
};

// One count of its counter is a millijoule.
struct emit_gpu {
    char name[EMIT_GPU_TEXT_MAX]; // begins with EMIT-TESTBED
    char uuid[EMIT_GPU_UUID_MAX]; // "GPU-..."
    struct emit_counter counter;
    enum emit_gpu_energy energy;
    bool module;       // power is that of the module, processor included, and of nothing smaller
    int64_t window_ns; // over which PowerUsage and field 185 average; 0: between two updates
    unsigned int instances; // MIG: so many, 0 when the mode is off
};

enum emit_gpu_event_kind {
    EMIT_GPU_DENIED,         // its handle is not given, nor anything of it
    EMIT_GPU_LOST,           // fell off the bus
    EMIT_GPU_RESET_REQUIRED, // the driver wants it to be reset
    EMIT_GPU_BLANK,          // DCGM: a sentinel in place of values, and status 0
    EMIT_GPU_STALE,          // DCGM: the last value and its time, again and again
    EMIT_GPU_SLOW,           // every call about it takes delay_ns
    EMIT_GPU_ENGINE_DOWN,    // DCGM: the host engine is not there; back, it numbers GPUs anew
    EMIT_GPU_REORDER,        // indices run the other way round
    EMIT_GPU_EVENT_KINDS,
};

enum { EMIT_GPU_ALL = -1 }; // the event is of the machine

struct emit_gpu_event {
    enum emit_gpu_event_kind kind;
    int gpu; // EMIT_GPU_ALL where the kind is of the machine
    int64_t at_ns;
    int64_t until_ns;
    int64_t delay_ns;
};

struct emit_gpu_library {
    int version;            // of libdcgm.so.N; 1 of libnvidia-ml; 0: it is not installed
    int start_code;         // of NVML's init: what it answers
    int64_t start_takes_ns; // NVML's init, DCGM's connect
    unsigned int missing_count;
    char missing[EMIT_GPU_MISSING_MAX][EMIT_GPU_TEXT_MAX]; // symbols it has not
};

struct emit_gpu_machine {
    char driver[EMIT_GPU_TEXT_MAX]; // "550.54.15"
    struct emit_gpu_library nvml, dcgm;
    unsigned int gpu_count;
    struct emit_gpu gpus[EMIT_GPUS_MAX];
    unsigned int event_count;
    struct emit_gpu_event events[EMIT_GPU_EVENTS_MAX];
};

// The event of this kind that holds at a moment; NULL when none does.
const struct emit_gpu_event *emit_gpu_event_at(const struct emit_gpu_machine *machine,
                                               enum emit_gpu_event_kind kind, int gpu,
                                               int64_t now_ns);

// The GPU with this index at a moment; the index is below gpu_count.
int emit_gpu_at_index(const struct emit_gpu_machine *machine, unsigned int index, int64_t now_ns);
unsigned int emit_gpu_index(const struct emit_gpu_machine *machine, int gpu, int64_t now_ns);

// How often the host engine has come back by a moment: 0 until it does.
unsigned int emit_gpu_engine_starts(const struct emit_gpu_machine *machine, int64_t now_ns);

// Power as the sensor last saw it at now_ns, averaged over a window; 0: over the time
// since the update before, as even a momentary power has been sensed for a while.
double emit_gpu_watts(const struct emit_gpu *gpu, int64_t now_ns, int64_t window_ns);
// The integral of its curve between two moments of the scenario.
double emit_gpu_joules(const struct emit_gpu *gpu, int64_t from_ns, int64_t to_ns);

// A UUID drawn from a seed, behind a prefix such as "GPU-".
void emit_gpu_uuid(char uuid[EMIT_GPU_UUID_MAX], const char *prefix, uint64_t seed);

#endif
