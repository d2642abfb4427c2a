// Sixty-four ranks that start at once, as srun starts them: each is `emit run` with one
// run id round a command that says when it runs. Compared is env(1) round the same command,
// for so many processes take their time on few cores by themselves; rounds of both are
// interleaved. Of each round three times are told: from the first command that runs to the
// last, which is how much later than the first rank the last one is ready; from the start
// of the first process to the last command; and, of the 64, the median time from the
// start of a process to its command: how long its set-up takes.
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

enum { SPREAD, WHOLE, RANK, FIGURES };
static const char *const figures[FIGURES] = {
    [SPREAD] = "from the first command to the last",
    [WHOLE] = "from the first start to the last command",
    [RANK] = "from a rank's start to its command, median rank",
};

struct round {
    int64_t ns[FIGURES];
};

// Every rank has a pipe of its own, so that its start is known beside its answer.
static struct round time_ranks(char *const *argv) {
    int ends[RANKS][2];
    pid_t pids[RANKS];
    int64_t begun_ns[RANKS], took_ns[RANKS], first_ns = INT64_MAX, last_ns = 0;
    for (int i = 0; i < RANKS; i++)
        if (pipe2(ends[i], O_CLOEXEC) != 0) bench_give_up("pipe");
    for (int i = 0; i < RANKS; i++) {
        begun_ns[i] = bench_now_ns();
        pids[i] = start(argv, ends[i][1]);
    }
    for (int i = 0; i < RANKS; i++) {
        int64_t at_ns;
        close(ends[i][1]);
        if (read(ends[i][0], &at_ns, sizeof at_ns) != sizeof at_ns) bench_give_up("a rank");
        close(ends[i][0]);
        if (at_ns < first_ns) first_ns = at_ns;
        if (at_ns > last_ns) last_ns = at_ns;
        took_ns[i] = at_ns - begun_ns[i];
    }
    for (int i = 0, status; i < RANKS; i++)
        if (waitpid(pids[i], &status, 0) != pids[i] || status != 0) bench_give_up("a rank failed");
    qsort(took_ns, RANKS, sizeof *took_ns, bench_compare);
    return (struct round){
        .ns = {[SPREAD] = last_ns - first_ns,
               [WHOLE] = last_ns - begun_ns[0],
               [RANK] = took_ns[RANKS / 2]},
    };
}

static struct round time_round(bool metered, int round) {
    char run_id[32];
    (void)emit_text_format(run_id, sizeof run_id, "ranks-%d", round);
    const char *emit[] = {emit_path, "run", "--run-id", run_id,    "--quiet", "--sysfs-root",
                          sysfs,     "--",  self_path,  "--clock", NULL};
    const char *env[] = {"/usr/bin/env", self_path, "--clock", NULL};
    char *argv[sizeof emit / sizeof *emit];
    memcpy(argv, metered ? emit : env, metered ? sizeof emit : sizeof env);
    return time_ranks(argv);
}

static double at_ms(const struct round *rounds, int count, int figure, int percent) {
    static int64_t sorted[ROUNDS_MAX];
    for (int i = 0; i < count; i++)
        sorted[i] = rounds[i].ns[figure];
    qsort(sorted, (size_t)count, sizeof *sorted, bench_compare);
    return (double)sorted[(count - 1) * percent / 100] / 1e6;
}

static bool print(struct round rounds[2][ROUNDS_MAX], int count) {
    static const char *const names[] = {"env", "emit run --run-id ID"};
    printf("%d ranks, %d rounds, ms%*s least      p25      p50      p95\n", RANKS, count, 32, "");
    for (int figure = 0; figure < FIGURES; figure++) {
        printf("  %s\n", figures[figure]);
        for (int which = 0; which < 2; which++) {
            printf("    %-48s", names[which]);
            for (int i = 0; i < 4; i++)
                printf(" %8.3f", at_ms(rounds[which], count, figure, (int[]){0, 25, 50, 95}[i]));
            printf("\n");
        }
    }
    bool good = true;
    for (int figure = 0; figure < FIGURES; figure++) {
        char name[80];
        (void)emit_text_format(name, sizeof name, "%s, beyond env", figures[figure]);
        double beyond_ms =
            at_ms(rounds[1], count, figure, 50) - at_ms(rounds[0], count, figure, 50);
        good &= bench_judge(name, beyond_ms, 50, "ms");
    }
    return good;
}

int main(int argc, char **argv) {
    static struct round taken[2][ROUNDS_MAX];
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
            taken[which][round < 0 ? 0 : round] = time_round(which, round);
    bench_stop_mover(mover);
    bench_remove_folder(folder);
    return print(taken, rounds) ? 0 : 1;
}
