// What a test says to the stub of libdcgm, and what the stub saw. The test finds it as
// the symbol `stub` in the library that the meter loaded.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_DCGM_STUB_H
#define TESTS_DCGM_STUB_H

#include <stdbool.h>
#include <stdint.h>

enum { STUB_GPUS = 33 }; // one more than an engine can have

struct stub_gpu {
    unsigned id;
    const char *uuid;
    int status; // of each of its counts
    int64_t energy_mj;
    double power_w, instant_w;
    int64_t age_us;   // of its values
    int type;         // of its energy; 0: as it should be
    bool is_left_out; // of an answer
};

struct stub {
    int gpu_count;
    struct stub_gpu gpus[STUB_GPUS];
    int64_t now_us;          // the engine's clock
    bool is_down, is_silent; // no connection is to be had; or it never answers in time
    bool refuses_live;
    bool takes_and_drops; // a connection comes about and is lost at the first read
    int connect_status;
    unsigned generation; // of the engine: another one does not know old connections

    int inits, connects, disconnects, attempts, live_reads, cached_reads, updates;
    int watches, unwatches, groups, ungroups;
    long long watch_us;
    unsigned timeout_ms, is_unix, asked_group;
    char address[256];
};

#endif
