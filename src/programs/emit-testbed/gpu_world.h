// What emit-testbed and the fake vendor libraries share: a folder with two files.
//
//   machine   the GPUs of the scenario and when it began, mapped by the libraries
//   served    one record for each value served, when a ledger is kept; mapped by
//             every process that asks, so that a record costs no system call
//
// The folder's path stands in EMIT_TESTBED_GPUS. No process needs to live for
// another: what was served stands in the file even after a kill -9 of the reader.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_GPU_WORLD_H
#define EMIT_TESTBED_GPU_WORLD_H

#include "programs/emit-testbed/gpu.h"

#include <stddef.h>

#define EMIT_GPU_WORLD_VARIABLE "EMIT_TESTBED_GPUS"

enum {
    EMIT_GPU_WORLD_VERSION = 1,
    EMIT_GPU_SERVED_MAX = 1 << 20, // records; more are counted as lost
};

// The file `machine`: this, then the walks that curves point to. In the file a
// walk's address is its offset from the start; 0 is none.
struct emit_gpu_world_file {
    uint32_t version;
    uint32_t bytes;        // of this struct: another build's libraries are refused
    int64_t begin_ns;      // CLOCK_MONOTONIC of the scenario's time 0
    int64_t begin_wall_ns; // CLOCK_REALTIME of the same moment
    bool has_ledger;       // what is served is to be recorded
    struct emit_gpu_machine machine;
};

enum emit_gpu_served_by { EMIT_GPU_BY_NVML, EMIT_GPU_BY_DCGM };
enum emit_gpu_served_what { EMIT_GPU_MILLIJOULES, EMIT_GPU_MILLIWATTS, EMIT_GPU_ERROR };

struct emit_gpu_served {
    int64_t at_ns;  // CLOCK_MONOTONIC
    uint64_t value; // millijoules or milliwatts
    int32_t error;  // the library's own code
    int32_t pid;
    uint8_t gpu, by, what;
    _Atomic uint8_t whole; // set last
};

// The file `served`, sparse.
struct emit_gpu_served_file {
    _Atomic uint64_t count; // may pass EMIT_GPU_SERVED_MAX: then records are lost
    struct emit_gpu_served records[EMIT_GPU_SERVED_MAX];
};

// A library's view of it.
struct emit_gpu_world {
    struct emit_gpu_world_file *file; // private: walks point into the mapping
    size_t file_bytes;
    struct emit_gpu_served_file *served; // NULL: no ledger is kept
};

// Maps the folder that the environment names. False: there is none, or it is another
// build's. Walks are put right in place.
bool emit_gpu_world_open(struct emit_gpu_world *world);
void emit_gpu_world_close(struct emit_gpu_world *world); // accepts a closed one

// Nanoseconds since the scenario began.
int64_t emit_gpu_world_now_ns(const struct emit_gpu_world *world);

// A moment of the scenario by the wall clock, in microseconds: always the same for the same.
int64_t emit_gpu_world_wall_us(const struct emit_gpu_world *world, int64_t at_ns);

void emit_gpu_world_serve(struct emit_gpu_world *world, struct emit_gpu_served record);

#endif
