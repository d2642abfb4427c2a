// One window of libemit, begin and end, against the bare reads that it consists of: two
// of every counter, by pread on kept descriptors and by nvmlDeviceGetTotalEnergyConsumption
// on kept handles. Interleaved block by block. And whether twenty thousand windows leave
// a descriptor or a thread behind.
//
// usage: emit-testbed run --static eight-gpus -- bench-phases
// SPDX-License-Identifier: Apache-2.0
#include "emit/session.h"
#include "reads.h"

#include <dirent.h>

enum { BLOCKS = 500, PAIRS = 20 }; // pairs of one block are timed together

static int64_t time_bare(const struct bench_reads *reads) {
    int64_t before_ns = bench_now_ns();
    for (int pair = 0; pair < PAIRS; pair++) {
        bench_read_once(reads);
        bench_read_once(reads);
    }
    return bench_now_ns() - before_ns;
}

static int64_t time_windows(struct emit_session *session, struct emit_window_energy *energy) {
    struct emit_error err = {0};
    int64_t before_ns = bench_now_ns();
    for (int pair = 0; pair < PAIRS; pair++)
        if (emit_window_begin(session, "step", 0, &err) != EMIT_OK ||
            emit_window_end(session, "step", 0, energy, &err) != EMIT_OK) {
            fprintf(stderr, "bench-phases: %s\n", err.text);
            exit(2);
        }
    return bench_now_ns() - before_ns;
}

// Entries of a folder of /proc.
static int count_entries(const char *path) {
    int count = 0;
    DIR *folder = opendir(path);
    if (!folder) bench_give_up(path);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static double median_us(int64_t *ns) {
    qsort(ns, BLOCKS, sizeof *ns, bench_compare);
    return (double)ns[BLOCKS / 2] / PAIRS / 1000;
}

static bool contest(struct emit_session *session, const struct bench_reads *reads) {
    static int64_t bare[BLOCKS], windows[BLOCKS], added[BLOCKS], told[BLOCKS];
    struct emit_window_energy energy = {0};
    (void)time_windows(session, NULL); // the first makes what the name needs
    int descriptors = count_entries("/proc/self/fd"), threads = count_entries("/proc/self/task");
    for (int i = 0; i < BLOCKS; i++) {
        bare[i] = time_bare(reads);
        windows[i] = time_windows(session, NULL);
        told[i] = time_windows(session, &energy);
        added[i] = windows[i] - bare[i];
    }
    descriptors = count_entries("/proc/self/fd") - descriptors;
    threads = count_entries("/proc/self/task") - threads;
    printf("one window of %zu zones and %zu GPUs, begin and end, us      p50\n", reads->zones,
           reads->gpus);
    printf("  %-52s %8.3f\n", "the bare reads, twice", median_us(bare));
    printf("  %-52s %8.3f\n", "emit_window_begin, emit_window_end", median_us(windows));
    printf("  %-52s %8.3f\n", "the same, and what it used is told", median_us(told));
    bool good = bench_judge("beyond the reads, median", median_us(added), 5, "us");
    good &= bench_judge("descriptors left by 20000 windows", descriptors, 0, "");
    good &= bench_judge("threads left by 20000 windows", threads, 0, "");
    return good;
}

int main(void) {
    struct emit_session *session = NULL;
    struct emit_error err = {0};
    struct bench_reads reads = {0};
    char folder[BENCH_PATH_MAX];
    bench_leave_dcgm();
    bench_make_folder(folder);
    (void)setenv("XDG_STATE_HOME", folder, 1);
    (void)setenv("XDG_CONFIG_HOME", folder, 1);
    (void)unsetenv("EMIT_RUN_ID");
    bench_open_zones(&reads, "/sys");
    if (getenv("EMIT_NVML_LIBRARY")) bench_open_gpus(&reads, getenv("EMIT_NVML_LIBRARY"));
    const struct emit_session_plan plan = {.run_id = "bench", .interval_ns = 3600000000000};
    if (emit_session_open(&session, &plan, &err) != EMIT_OK) {
        fprintf(stderr, "bench-phases: %s\n", err.text);
        return 2;
    }
    size_t readable = emit_session_readable(session);
    bool alike = readable && readable == reads.zones + reads.gpus;
    bool good = alike && contest(session, &reads);
    if (!readable)
        printf("windows: not here, for there is no test bed\n");
    else if (!alike)
        printf("windows: %zu points, not the %zu of the bare reads\n", readable,
               reads.zones + reads.gpus);
    (void)emit_session_close(session, NULL);
    bench_remove_folder(folder);
    return good || !readable ? 0 : 1;
}
