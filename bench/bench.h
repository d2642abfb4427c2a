// What the benches have in common: a machine of eight zones in plain files, the clock,
// and how a figure is judged.
// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BENCH_ZONES = 8, BENCH_PATH_MAX = 4500 };

static const struct {
    const char *entry, *name;
} bench_zones[BENCH_ZONES] = {
    {"intel-rapl:0", "package-0"}, {"intel-rapl:0:0", "core"},    {"intel-rapl:0:1", "uncore"},
    {"intel-rapl:0:2", "dram"},    {"intel-rapl:1", "package-1"}, {"intel-rapl:1:0", "core"},
    {"intel-rapl:1:1", "uncore"},  {"intel-rapl:1:2", "dram"},
};

static inline _Noreturn void bench_give_up(const char *what) {
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(2);
}

static inline int64_t bench_now_ns(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// A folder of the bench's own below the working directory, so that syncs go to a real disk.
static inline void bench_make_folder(char folder[BENCH_PATH_MAX]) {
    char here[BENCH_PATH_MAX - 32];
    if (!getcwd(here, sizeof here)) bench_give_up("getcwd");
    (void)emit_text_format(folder, BENCH_PATH_MAX, "%s/bench-XXXXXX", here);
    if (!mkdtemp(folder)) bench_give_up(folder);
}

static inline int bench_remove_one(const char *path, const struct stat *seen, int type,
                                   struct FTW *walk) {
    (void)seen, (void)type, (void)walk;
    return remove(path);
}

static inline void bench_remove_folder(const char *folder) {
    nftw(folder, bench_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void bench_make_directory(const char *root, const char *below) {
    char path[BENCH_PATH_MAX];
    (void)emit_text_format(path, sizeof path, "%s%s", root, below);
    if (mkdir(path, 0755) != 0) bench_give_up(path);
}

static inline void bench_zone_path(char path[BENCH_PATH_MAX], const char *root, int zone,
                                   const char *name) {
    (void)emit_text_format(path, BENCH_PATH_MAX, "%s/class/powercap/%s/%s", root,
                           bench_zones[zone].entry, name);
}

static inline void bench_put(const char *root, int zone, const char *name, const char *line) {
    char path[BENCH_PATH_MAX];
    bench_zone_path(path, root, zone, name);
    FILE *file = fopen(path, "w");
    if (!file) bench_give_up(path);
    fprintf(file, "%s\n", line);
    fclose(file);
}

// The zones below `root`, which is made; their counters stand still.
static inline void bench_make_machine(const char *root) {
    bench_make_directory(root, "");
    bench_make_directory(root, "/class");
    bench_make_directory(root, "/class/powercap");
    for (int i = 0; i < BENCH_ZONES; i++) {
        char below[64];
        (void)emit_text_format(below, sizeof below, "/class/powercap/%s", bench_zones[i].entry);
        bench_make_directory(root, below);
        bench_put(root, i, "name", bench_zones[i].name);
        bench_put(root, i, "max_energy_range_uj", "262143328850");
        bench_put(root, i, "energy_uj", "100000000000");
    }
}

// A process that moves the counters once a millisecond until bench_stop_mover: about
// 50 W each, numbers of one width.
static inline pid_t bench_start_mover(const char *root) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    int files[BENCH_ZONES];
    for (int i = 0; i < BENCH_ZONES; i++) {
        char path[BENCH_PATH_MAX];
        bench_zone_path(path, root, i, "energy_uj");
        files[i] = open(path, O_WRONLY | O_CLOEXEC);
    }
    for (uint64_t count = 100000000000;; count += 50000) {
        char text[32];
        int length = snprintf(text, sizeof text, "%llu\n", (unsigned long long)count);
        for (int i = 0; i < BENCH_ZONES; i++)
            if (pwrite(files[i], text, (size_t)length, 0) < 0) _exit(1);
        const struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
}

static inline void bench_stop_mover(pid_t mover) {
    kill(mover, SIGKILL);
    (void)waitpid(mover, NULL, 0);
}

// Of the test bed's GPUs only NVML is metered.
static inline void bench_leave_dcgm(void) {
    static const char *const variables[] = {"EMIT_DCGM_LIBRARY", "EMIT_DCGM_HOST",
                                            "EMIT_DCGM_EXPORTER"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        (void)unsetenv(variables[i]);
}

// What a variable names, which nobody is told any more by it; the caller frees it; NULL
// without a test bed.
static inline char *bench_take_variable(const char *variable) {
    const char *path = getenv(variable);
    char *taken = path ? strdup(path) : NULL;
    (void)unsetenv(variable);
    return taken;
}

static inline int bench_compare(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static inline bool bench_judge(const char *figure, double got, double bound, const char *unit) {
    printf("  %-52s %8.3f %-3s at most %.2f%s\n", figure, got, unit, bound,
           got <= bound ? "" : "  MISSED");
    return got <= bound;
}

#endif
