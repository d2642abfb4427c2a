// One sample of eight zones against eight bare preads on kept descriptors.
//
// The two are interleaved, block by block, so that whatever else the machine does
// meets both; a second series of bare preads shows how much the machine itself differs.
// Exits 1 when the ratio of the medians is above its bound.
// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "meters/meter.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ZONES = 8, BLOCKS = 3000, SAMPLES = 50 }; // samples of one block are timed together
static const double ratio_bound = 1.15;

static const struct {
    const char *entry, *name, *count;
} zones[ZONES] = {
    {"intel-rapl:0", "package-0", "123456789012"}, {"intel-rapl:0:0", "core", "98765432109"},
    {"intel-rapl:0:1", "uncore", "1234567890"},    {"intel-rapl:0:2", "dram", "34567890123"},
    {"intel-rapl:1", "package-1", "223456789012"}, {"intel-rapl:1:0", "core", "88765432109"},
    {"intel-rapl:1:1", "uncore", "2234567890"},    {"intel-rapl:1:2", "dram", "44567890123"},
};

static int64_t now_ns(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void put(const char *root, const char *entry, const char *name, const char *line) {
    char path[256];
    (void)emit_text_format(path, sizeof path, "%s/class/powercap/%s/%s", root, entry, name);
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        exit(2);
    }
    fprintf(file, "%s\n", line);
    fclose(file);
}

static void make_directory(const char *root, const char *below) {
    char path[256];
    (void)emit_text_format(path, sizeof path, "%s%s", root, below);
    if (mkdir(path, 0755) != 0) {
        perror(path);
        exit(2);
    }
}

static void make_machine(const char *root, int *descriptors) {
    char path[256];
    make_directory(root, "/class");
    make_directory(root, "/class/powercap");
    for (size_t i = 0; i < ZONES; i++) {
        (void)emit_text_format(path, sizeof path, "/class/powercap/%s", zones[i].entry);
        make_directory(root, path);
        put(root, zones[i].entry, "name", zones[i].name);
        put(root, zones[i].entry, "max_energy_range_uj", "262143328850");
        put(root, zones[i].entry, "energy_uj", zones[i].count);
        (void)emit_text_format(path, sizeof path, "%s/class/powercap/%s/energy_uj", root,
                               zones[i].entry);
        descriptors[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (descriptors[i] < 0) exit(2);
    }
}

static int64_t time_bare(const int *descriptors) {
    int64_t before_ns = now_ns();
    for (int sample = 0; sample < SAMPLES; sample++)
        for (int i = 0; i < ZONES; i++) {
            char text[32];
            if (pread(descriptors[i], text, sizeof text, 0) <= 0) exit(2);
        }
    return now_ns() - before_ns;
}

static int64_t time_meter(void *state, struct emit_reading *readings) {
    int64_t before_ns = now_ns();
    for (int sample = 0; sample < SAMPLES; sample++)
        emit_meter_rapl.read(state, readings);
    return now_ns() - before_ns;
}

static int compare(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

// Of a sorted series, in microseconds a sample.
static double quantile_us(const int64_t *series, double quantile) {
    return (double)series[(int)(quantile * (BLOCKS - 1))] / SAMPLES / 1000;
}

static int remove_one(const char *path, const struct stat *seen, int type, struct FTW *walk) {
    (void)seen, (void)type, (void)walk;
    return remove(path);
}

int main(void) {
    static int64_t bare[BLOCKS], meter[BLOCKS], again[BLOCKS];
    static struct emit_point found[EMIT_POINTS_MAX];
    static struct emit_reading readings[EMIT_POINTS_MAX];
    char root[] = "/tmp/emit-bench-XXXXXX";
    int descriptors[ZONES];
    if (!mkdtemp(root)) return 2;
    make_machine(root, descriptors);

    struct emit_host host;
    struct emit_error err;
    struct emit_points points = {.at = found, .size = EMIT_POINTS_MAX};
    const struct emit_meter_settings settings = {.max_package_milliwatts = 1000000};
    void *state = calloc(1, emit_meter_rapl.state_size);
    if (!state || emit_host_open(&host, root, &err) != EMIT_OK ||
        emit_meter_rapl.open(state, &host, &settings, &points, &err) != EMIT_OK ||
        points.count != ZONES)
        return 2;
    for (int i = 0; i < BLOCKS; i++) {
        bare[i] = time_bare(descriptors);
        meter[i] = time_meter(state, readings);
        again[i] = time_bare(descriptors);
    }
    for (size_t i = 0; i < ZONES; i++)
        if (readings[i].code != EMIT_CODE_NONE) return 2;
    emit_meter_rapl.close(state);
    emit_host_close(&host);
    free(state);
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);

    qsort(bare, BLOCKS, sizeof *bare, compare);
    qsort(meter, BLOCKS, sizeof *meter, compare);
    qsort(again, BLOCKS, sizeof *again, compare);
    double ratio = quantile_us(meter, 0.5) / quantile_us(bare, 0.5);
    printf("one sample of 8 zones, us      p25     p50\n");
    printf("  8 bare preads             %6.3f  %6.3f\n", quantile_us(bare, 0.25),
           quantile_us(bare, 0.5));
    printf("  8 bare preads again       %6.3f  %6.3f\n", quantile_us(again, 0.25),
           quantile_us(again, 0.5));
    printf("  rapl meter                %6.3f  %6.3f\n", quantile_us(meter, 0.25),
           quantile_us(meter, 0.5));
    printf("  ratio of the medians      %6.3f  (at most %.2f)\n", ratio, ratio_bound);
    return ratio <= ratio_bound ? 0 : 1;
}
