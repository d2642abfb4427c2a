// What sampling ten times a second costs: processor time of emit run around a command
// that sleeps, beside emit run that samples at both ends only, and beside perf stat that
// prints a counter as often. All of them sleep at the same time, so that whatever else
// the machine does meets all; what is judged is the difference of the medians.
//
// usage: [emit-testbed run --static eight-gpus --] bench-sampling EMIT [SECONDS]
// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <spawn.h>
#include <sys/resource.h>

enum { TIMES = 3, WORDS_MAX = 16 };

// "EMIT", "SYSFS" and "SECONDS" stand for what is known at run time.
enum { OFTEN, ENDS, PERF_OFTEN, PERF_ENDS, COUNT };
#define RUN "EMIT", "run", "--no-outbox", "--quiet", "--sysfs-root", "SYSFS"
static const struct {
    const char *name;
    const char *words[WORDS_MAX];
} commands[COUNT] = {
    [OFTEN] = {"emit run --interval 100ms", {RUN, "--interval", "100ms", "--", "sleep", "SECONDS"}},
    [ENDS] = {"emit run --interval auto", {RUN, "--interval", "auto", "--", "sleep", "SECONDS"}},
    [PERF_OFTEN] = {"perf stat -I 100",
                    {"perf", "stat", "-I", "100", "-e", "task-clock", "sleep", "SECONDS"}},
    [PERF_ENDS] = {"perf stat", {"perf", "stat", "-e", "task-clock", "sleep", "SECONDS"}},
};

static const char *emit_path, *seconds;
static char folder[BENCH_PATH_MAX], sysfs[BENCH_PATH_MAX + 8];

static const char *real_word(const char *word) {
    if (strcmp(word, "EMIT") == 0) return emit_path;
    if (strcmp(word, "SYSFS") == 0) return sysfs;
    if (strcmp(word, "SECONDS") == 0) return seconds;
    return word;
}

extern char **environ;

// -1: it cannot be started.
static pid_t start(int which) {
    char *argv[WORDS_MAX + 1] = {0};
    for (int i = 0; i < WORDS_MAX && commands[which].words[i]; i++)
        argv[i] = (char *)(uintptr_t)real_word(commands[which].words[i]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed ? -1 : pid;
}

static int64_t time_of(struct timeval time) {
    return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000;
}

// Processor time of a command and of what it waited for; -1: it failed.
static int64_t finish(pid_t pid) {
    struct rusage used;
    int status;
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid || status != 0) return -1;
    return time_of(used.ru_utime) + time_of(used.ru_stime);
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    emit_path = argv[1];
    seconds = argc > 2 ? argv[2] : "30";
    double lasts = strtod(seconds, NULL);
    if (!(lasts > 0)) return 2;
    bench_make_folder(folder);
    (void)emit_text_format(sysfs, sizeof sysfs, "%s/sys", folder);
    (void)setenv("XDG_STATE_HOME", folder, 1);
    (void)setenv("XDG_CONFIG_HOME", folder, 1);
    bool has_gpus = getenv("EMIT_NVML_LIBRARY");
    bench_leave_dcgm();
    bench_make_machine(sysfs);
    pid_t mover = bench_start_mover(sysfs), pids[COUNT][TIMES];
    int64_t used_ns[COUNT][TIMES];
    for (int i = 0; i < TIMES; i++)
        for (int which = 0; which < COUNT; which++)
            pids[which][i] = start(which);
    for (int i = 0; i < TIMES; i++)
        for (int which = 0; which < COUNT; which++)
            used_ns[which][i] = finish(pids[which][i]);
    bench_stop_mover(mover);
    bench_remove_folder(folder);

    printf("processor time round sleep %s, 8 zones%s, ms%*s   p50\n", seconds,
           has_gpus ? " and 8 GPUs" : "", has_gpus ? 0 : 11, "");
    double cost[COUNT];
    for (int which = 0; which < COUNT; which++) {
        qsort(used_ns[which], TIMES, sizeof(int64_t), bench_compare);
        cost[which] = (double)used_ns[which][TIMES / 2] / 1e6;
        if (cost[which] < 0 && which != PERF_OFTEN && which != PERF_ENDS) return 2;
        if (used_ns[which][0] < 0)
            printf("  %-52s not here\n", commands[which].name);
        else
            printf("  %-52s %8.3f\n", commands[which].name, cost[which]);
    }
    bool good = bench_judge("sampling at 10 Hz, of one core",
                            (cost[OFTEN] - cost[ENDS]) / 10 / lasts, 0.1, "%");
    if (used_ns[PERF_OFTEN][0] >= 0 && used_ns[PERF_ENDS][0] >= 0)
        printf("  %-52s %8.3f x\n", "ratio to perf stat, both less their ends",
               (cost[OFTEN] - cost[ENDS]) / (cost[PERF_OFTEN] - cost[PERF_ENDS]));
    return good ? 0 : 1;
}
