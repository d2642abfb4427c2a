// The bare reads: what a program would call that wants nothing but the counts.
// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_READS_H
#define BENCH_READS_H

#include "bench.h"

#include <dlfcn.h>
#include <glob.h>

enum { BENCH_READS_MAX = 32 };

struct bench_reads {
    size_t zones, gpus;
    int descriptors[BENCH_READS_MAX];
    void *handles[BENCH_READS_MAX];
    int (*energy)(void *gpu, unsigned long long *millijoules);
};

static inline void bench_find(void *library, const char *symbol, void *slot) {
    void *found = dlsym(library, symbol);
    if (!found) {
        fprintf(stderr, "%s: %s\n", program_invocation_short_name, dlerror());
        exit(2);
    }
    memcpy(slot, &found, sizeof found);
}

// Every energy counter of the sysfs at `root`.
static inline void bench_open_zones(struct bench_reads *reads, const char *root) {
    char pattern[BENCH_PATH_MAX];
    glob_t found = {0};
    (void)emit_text_format(pattern, sizeof pattern, "%s/class/powercap/*/energy_uj", root);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (; reads->zones < found.gl_pathc && reads->zones < BENCH_READS_MAX; reads->zones++) {
            int file = open(found.gl_pathv[reads->zones], O_RDONLY | O_CLOEXEC);
            if (file < 0) bench_give_up(found.gl_pathv[reads->zones]);
            reads->descriptors[reads->zones] = file;
        }
    globfree(&found);
}

// Every GPU of this NVML.
static inline void bench_open_gpus(struct bench_reads *reads, const char *path) {
    int (*init)(void), (*count)(unsigned *gpus), (*handle)(unsigned index, void **gpu);
    unsigned gpus = 0;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s: %s\n", program_invocation_short_name, dlerror());
        exit(2);
    }
    bench_find(library, "nvmlInit_v2", &init);
    bench_find(library, "nvmlDeviceGetCount_v2", &count);
    bench_find(library, "nvmlDeviceGetHandleByIndex_v2", &handle);
    bench_find(library, "nvmlDeviceGetTotalEnergyConsumption", &reads->energy);
    if (init() != 0 || count(&gpus) != 0) exit(2);
    for (; reads->gpus < gpus && reads->gpus < BENCH_READS_MAX; reads->gpus++)
        if (handle((unsigned)reads->gpus, &reads->handles[reads->gpus]) != 0) exit(2);
}

static inline void bench_read_once(const struct bench_reads *reads) {
    for (size_t i = 0; i < reads->zones; i++) {
        char text[32];
        if (pread(reads->descriptors[i], text, sizeof text, 0) <= 0) exit(2);
    }
    for (size_t i = 0; i < reads->gpus; i++) {
        unsigned long long millijoules;
        if (reads->energy(reads->handles[i], &millijoules) != 0) exit(2);
    }
}

#endif
