// What `emit run` costs: the same small command alone, under env(1), under emit
// and under perf stat, interleaved round by round, so that whatever else the
// machine does meets all of them.
//
// usage: [emit-testbed run --static eight-gpus --] bench-run EMIT [ROUNDS]. Under the test
// bed its fake NVML and DCGM have eight GPUs, which some of the rows meter too. Works in a folder
// of its own below the working directory, so that syncs go to a real disk. A process of its own
// moves the counters of the eight zones (plain files) once a millisecond. Exits 1 when a figure
// misses its bound. `bench-run --clock` is the command that says when it started.
// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <spawn.h>
#include <sys/resource.h>

enum { ROUNDS_MAX = 5000, WORDS_MAX = 12 };

// The contestants. "EMIT", "SYSFS", "NVML", "DCGM" and "SELF" stand for what is known at run time.
enum {
    ALONE,
    ENV,
    EMIT_NONE,
    EMIT_TRUE,
    PERF,
    ENV_SLEEP,
    EMIT_SLEEP,
    ENV_CLOCK,
    EMIT_CLOCK,
    GPU_TRUE,
    BOTH_TRUE,
    LONG_RAPL,
    LONG_GPU,
    COUNT
};
static const struct {
    const char *name;
    int every; // round; 0: all of them
    const char *words[WORDS_MAX];
} commands[COUNT] = {
    [ALONE] = {"true", 0, {"true"}},
    [ENV] = {"env true", 0, {"env", "true"}},
    [EMIT_NONE] = {"emit run --meters none --no-outbox -- true",
                   0,
                   {"EMIT", "run", "--meters", "none", "--no-outbox", "--", "true"}},
    [EMIT_TRUE] = {"emit run -- true, 8 zones, durable",
                   0,
                   {"EMIT", "run", "--sysfs-root", "SYSFS", "--", "true"}},
    [PERF] = {"perf stat true", 0, {"perf", "stat", "true"}},
    [ENV_SLEEP] = {"env sleep 0.02", 0, {"env", "sleep", "0.02"}},
    [EMIT_SLEEP] = {"emit run -- sleep 0.02, 8 zones, durable",
                    0,
                    {"EMIT", "run", "--sysfs-root", "SYSFS", "--", "sleep", "0.02"}},
    [ENV_CLOCK] = {"env clock: until it runs", 0, {"env", "SELF", "--clock"}},
    [EMIT_CLOCK] = {"emit run -- clock: until it runs",
                    0,
                    {"EMIT", "run", "--sysfs-root", "SYSFS", "--", "SELF", "--clock"}},
    [GPU_TRUE] = {"emit run -- true, and 8 GPUs",
                  0,
                  {"EMIT", "run", "--sysfs-root", "SYSFS", "--nvml-library", "NVML", "--", "true"}},
    [BOTH_TRUE] = {"emit run -- true, and 8 GPUs by NVML and DCGM",
                   0,
                   {"EMIT", "run", "--sysfs-root", "SYSFS", "--nvml-library", "NVML",
                    "--dcgm-library", "DCGM", "--", "true"}},
    [LONG_RAPL] = {"emit run -- sleep 0.25, 8 zones",
                   5,
                   {"EMIT", "run", "--sysfs-root", "SYSFS", "--", "sleep", "0.25"}},
    [LONG_GPU] = {"emit run -- sleep 0.25, and 8 GPUs",
                  5,
                  {"EMIT", "run", "--sysfs-root", "SYSFS", "--nvml-library", "NVML", "--", "sleep",
                   "0.25"}},
};

struct series {
    bool skipped;
    int count;
    int64_t ns[ROUNDS_MAX];
};

static struct series taken[COUNT];
static long peak_rss_kib;
static const char *emit_path, *self_path, *nvml_path, *dcgm_path; // NULL: no test bed
static char folder[BENCH_PATH_MAX], sysfs[BENCH_PATH_MAX + 8];

static const char *real_word(const char *word) {
    if (strcmp(word, "EMIT") == 0) return emit_path;
    if (strcmp(word, "SYSFS") == 0) return sysfs;
    if (strcmp(word, "NVML") == 0) return nvml_path;
    if (strcmp(word, "DCGM") == 0) return dcgm_path;
    if (strcmp(word, "SELF") == 0) return self_path;
    return word;
}

extern char **environ;

// One run: how long it took, or, for --clock, until the command was running.
static int64_t time_one(int which) {
    char *argv[WORDS_MAX + 1] = {0};
    for (int i = 0; i < WORDS_MAX && commands[which].words[i]; i++)
        argv[i] = (char *)(uintptr_t)real_word(commands[which].words[i]);
    bool is_clock = which == ENV_CLOCK || which == EMIT_CLOCK;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) bench_give_up("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);

    pid_t pid;
    int status;
    struct rusage used;
    int64_t begun_ns = bench_now_ns();
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    if (failed) {
        taken[which].skipped = true;
    } else if (wait4(pid, &status, 0, &used) != pid || status != 0) {
        if (which != PERF) bench_give_up(commands[which].name);
        taken[which].skipped = true;
    }
    int64_t took_ns = bench_now_ns() - begun_ns;
    if (which == EMIT_TRUE && used.ru_maxrss > peak_rss_kib) peak_rss_kib = used.ru_maxrss;
    close(ends[1]);
    int64_t started_ns;
    if (is_clock && !failed) {
        if (read(ends[0], &started_ns, sizeof started_ns) != sizeof started_ns)
            bench_give_up("clock");
        took_ns = started_ns - begun_ns;
    }
    close(ends[0]);
    posix_spawn_file_actions_destroy(&actions);
    return took_ns;
}

struct summary {
    double p25_ms, p50_ms, p99_ms;
};

static struct summary summarize(const int64_t *ns, int count) {
    static int64_t sorted[ROUNDS_MAX];
    if (!count) return (struct summary){0};
    memcpy(sorted, ns, (size_t)count * sizeof *ns);
    qsort(sorted, (size_t)count, sizeof *sorted, bench_compare);
    return (struct summary){
        .p25_ms = (double)sorted[count / 4] / 1e6,
        .p50_ms = (double)sorted[count / 2] / 1e6,
        .p99_ms = (double)sorted[(int)(0.99 * (count - 1))] / 1e6,
    };
}

static struct summary summarize_one(int which) {
    return summarize(taken[which].ns, taken[which].count);
}

// What `which` took longer than `base`, round by round; both ran in the same rounds.
static struct summary summarize_added(int which, int base) {
    static int64_t added[ROUNDS_MAX];
    for (int i = 0; i < taken[which].count; i++)
        added[i] = taken[which].ns[i] - taken[base].ns[i];
    return summarize(added, taken[which].count);
}

static void print_table(int rounds) {
    printf("emit run, %d rounds, ms%*s p25      p50      p99\n", rounds, 31, "");
    for (int which = 0; which < COUNT; which++) {
        struct summary sum = summarize_one(which);
        if (taken[which].skipped)
            printf("  %-46s not here\n", commands[which].name);
        else
            printf("  %-46s %8.3f %8.3f %8.3f\n", commands[which].name, sum.p25_ms, sum.p50_ms,
                   sum.p99_ms);
    }
}

static int print(int rounds) {
    print_table(rounds);
    double env_ms = summarize_one(ENV).p50_ms, emit_ms = summarize_one(EMIT_TRUE).p50_ms;
    struct summary full = summarize_added(EMIT_TRUE, ENV);
    struct summary stored = summarize_added(EMIT_SLEEP, ENV_SLEEP);
    struct summary start = summarize_added(EMIT_CLOCK, ENV_CLOCK);
    bool good = bench_judge("none: ratio to env, medians", summarize_one(EMIT_NONE).p50_ms / env_ms,
                            1.25, "x");
    good &= bench_judge("true, durable: added to env, median", full.p50_ms, 3.0, "ms");
    good &= bench_judge("true, durable: added to env, p99", full.p99_ms, 8.0, "ms");
    good &= bench_judge("sleep 0.02, 4 events stored: added, median", stored.p50_ms, 3.0, "ms");
    good &= bench_judge("sleep 0.02, 4 events stored: added, p99", stored.p99_ms, 8.0, "ms");
    good &= bench_judge("the command runs later than under env, median", start.p50_ms, 0.5, "ms");
    good &= bench_judge("peak resident memory, MiB", (double)peak_rss_kib / 1024, 8.0, "");
    if (!taken[PERF].skipped)
        good &= bench_judge("emit run -- true: ratio to perf stat, medians",
                            emit_ms / summarize_one(PERF).p50_ms, 1.0, "x");
    if (nvml_path) {
        good &= bench_judge("8 GPUs: added to 8 zones alone, median",
                            summarize_added(GPU_TRUE, EMIT_TRUE).p50_ms, 1.0, "ms");
        good &= bench_judge("8 GPUs by NVML and DCGM: the same, median",
                            summarize_added(BOTH_TRUE, EMIT_TRUE).p50_ms, 1.0, "ms");
        good &= bench_judge("8 GPUs, 8 more events stored: added, median",
                            summarize_added(LONG_GPU, LONG_RAPL).p50_ms, 1.0, "ms");
    }
    return good ? 0 : 1;
}

static void run_round(int which, int round) {
    struct series *series = &taken[which];
    if (series->skipped || (commands[which].every && round % commands[which].every)) return;
    int64_t took_ns = time_one(which);
    if (round >= 0) series->ns[series->count++] = took_ns;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--clock") == 0) {
        int64_t now = bench_now_ns();
        return write(1, &now, sizeof now) == sizeof now ? 0 : 1;
    }
    if (argc < 2) return 2;
    int rounds = argc > 2 ? atoi(argv[2]) : 500;
    if (rounds < 1 || rounds > ROUNDS_MAX) return 2;
    emit_path = argv[1];
    self_path = argv[0];
    bench_make_folder(folder);
    (void)emit_text_format(sysfs, sizeof sysfs, "%s/sys", folder);
    (void)setenv("XDG_STATE_HOME", folder, 1);
    (void)setenv("XDG_CONFIG_HOME", folder, 1);
    char *nvml = bench_take_variable("EMIT_NVML_LIBRARY");
    char *dcgm = bench_take_variable("EMIT_DCGM_LIBRARY");
    bench_leave_dcgm();
    nvml_path = nvml;
    dcgm_path = dcgm;
    for (int which = GPU_TRUE; which < COUNT; which++)
        taken[which].skipped = !nvml || !dcgm;
    bench_make_machine(sysfs);
    pid_t mover = bench_start_mover(sysfs);

    for (int round = -5; round < rounds; round++) // the first five warm up
        for (int which = 0; which < COUNT; which++)
            run_round(which, round);
    bench_stop_mover(mover);
    bench_remove_folder(folder);
    int status = print(rounds);
    free(nvml);
    free(dcgm);
    return status;
}
