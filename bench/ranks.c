// Sixty-four ranks that start at once, as srun starts them: each is `emit run` with one
// run id round a command that says when it runs. How much later does the last command
// run than the first? The same commands under env(1) show what starting so many
// processes takes by itself; rounds of both are interleaved.
//
// usage: [emit-testbed run --static eight-gpus --] bench-ranks EMIT [ROUNDS]
// `bench-ranks --clock` is the command.
// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <spawn.h>

enum { RANKS = 64, ROUNDS_MAX = 200 };

static const char *emit_path, *self_path;
static char folder[BENCH_PATH_MAX], sysfs[BENCH_PATH_MAX + 8];

extern char **environ;

// Says when it was started, and stays until all ranks are there.
static int be_clock(void) {
    const struct timespec work = {.tv_nsec = 300000000};
    int64_t now = bench_now_ns();
    bool good = write(1, &now, sizeof now) == sizeof now;
    nanosleep(&work, NULL);
    return good ? 0 : 1;
}

static pid_t start(char *const *argv, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    if (errno) bench_give_up(argv[0]);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

// From the first command that runs to the last.
static int64_t time_ranks(char *const *argv) {
    int ends[2];
    pid_t pids[RANKS];
    int64_t first_ns = INT64_MAX, last_ns = 0, at_ns;
    if (pipe2(ends, O_CLOEXEC) != 0) bench_give_up("pipe");
    for (int i = 0; i < RANKS; i++)
        pids[i] = start(argv, ends[1]);
    close(ends[1]);
    for (int i = 0; i < RANKS; i++) {
        if (read(ends[0], &at_ns, sizeof at_ns) != sizeof at_ns) bench_give_up("a rank");
        if (at_ns < first_ns) first_ns = at_ns;
        if (at_ns > last_ns) last_ns = at_ns;
    }
    close(ends[0]);
    for (int i = 0, status; i < RANKS; i++)
        if (waitpid(pids[i], &status, 0) != pids[i] || status != 0) bench_give_up("a rank failed");
    return last_ns - first_ns;
}

static int64_t time_round(bool metered, int round) {
    char run_id[32];
    (void)emit_text_format(run_id, sizeof run_id, "ranks-%d", round);
    const char *emit[] = {emit_path, "run", "--run-id", run_id,    "--quiet", "--sysfs-root",
                          sysfs,     "--",  self_path,  "--clock", NULL};
    const char *env[] = {"env", self_path, "--clock", NULL};
    char *argv[sizeof emit / sizeof *emit];
    memcpy(argv, metered ? emit : env, metered ? sizeof emit : sizeof env);
    return time_ranks(argv);
}

static bool print(int64_t ns[2][ROUNDS_MAX], int rounds) {
    static const char *const names[] = {"env", "emit run --run-id ID"};
    double p50[2];
    printf("64 ranks, %d rounds, from the first command to the last, ms   p50      p95\n", rounds);
    for (int which = 0; which < 2; which++) {
        qsort(ns[which], (size_t)rounds, sizeof(int64_t), bench_compare);
        p50[which] = (double)ns[which][rounds / 2] / 1e6;
        printf("  %-52s %8.3f %8.3f\n", names[which], p50[which],
               (double)ns[which][rounds * 95 / 100] / 1e6);
    }
    printf("  ratio of the medians %40.3f\n", p50[1] / p50[0]);
    return bench_judge("the last rank after the first, median", p50[1], 50, "ms");
}

int main(int argc, char **argv) {
    static int64_t taken_ns[2][ROUNDS_MAX];
    if (argc == 2 && strcmp(argv[1], "--clock") == 0) return be_clock();
    int rounds = argc > 2 ? atoi(argv[2]) : 20;
    if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) return 2;
    emit_path = argv[1];
    self_path = argv[0];
    bench_make_folder(folder);
    (void)emit_text_format(sysfs, sizeof sysfs, "%s/sys", folder);
    (void)setenv("XDG_STATE_HOME", folder, 1);
    (void)setenv("XDG_CONFIG_HOME", folder, 1);
    bench_leave_dcgm();
    bench_make_machine(sysfs);
    pid_t mover = bench_start_mover(sysfs);
    for (int round = -1; round < rounds; round++) // the first one warms up
        for (int which = 0; which < 2; which++)
            taken_ns[which][round < 0 ? 0 : round] = time_round(which, round);
    bench_stop_mover(mover);
    bench_remove_folder(folder);
    return print(taken_ns, rounds) ? 0 : 1;
}
