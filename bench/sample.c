// One sample of eight zones against eight bare preads on kept descriptors; and, under
// the test bed, of eight zones and eight GPUs against eight preads and eight calls of
// nvmlDeviceGetTotalEnergyConsumption on kept handles.
//
// The two are interleaved, block by block, so that whatever else the machine does
// meets both; a second series of bare reads shows how much the machine itself differs.
// Exits 1 when a ratio of the medians is above its bound.
//
// usage: [emit-testbed run --static eight-gpus --] bench-sample
// SPDX-License-Identifier: Apache-2.0
#include "meters/meter.h"
#include "reads.h"

// Samples of one block are timed together.
enum { GPUS = 8, BLOCKS = 3000, SAMPLES = 50 };
static const double zones_bound = 1.15, gpus_bound = 1.2;

static int64_t time_bare(const struct bench_reads *reads) {
    int64_t before_ns = bench_now_ns();
    for (int sample = 0; sample < SAMPLES; sample++)
        bench_read_once(reads);
    return bench_now_ns() - before_ns;
}

// A meter that is open.
struct open_meter {
    const struct emit_meter_type *type;
    void *state;
    struct emit_reading readings[EMIT_POINTS_MAX];
};

static void open_one(struct open_meter *meter, const struct emit_meter_type *type,
                     struct emit_host *host, const char *nvml, size_t wanted) {
    static struct emit_point found[EMIT_POINTS_MAX];
    struct emit_error err = {0};
    struct emit_points points = {.at = found, .size = EMIT_POINTS_MAX};
    const struct emit_meter_settings settings = {.max_package_milliwatts = 1000000,
                                                 .nvml_library = nvml};
    meter->type = type;
    meter->state = calloc(1, type->state_size);
    if (!meter->state || type->open(meter->state, host, &settings, &points, &err) != EMIT_OK ||
        points.count != wanted) {
        fprintf(stderr, "bench-sample: %s: %zu points, %s\n", type->name, points.count, err.text);
        exit(2);
    }
}

static int64_t time_meters(struct open_meter *meters, size_t count) {
    int64_t before_ns = bench_now_ns();
    for (int sample = 0; sample < SAMPLES; sample++)
        for (size_t i = 0; i < count; i++)
            meters[i].type->read(meters[i].state, meters[i].readings);
    return bench_now_ns() - before_ns;
}

// Of a sorted series, in microseconds a sample.
static double quantile_us(const int64_t *series, double quantile) {
    return (double)series[(int)(quantile * (BLOCKS - 1))] / SAMPLES / 1000;
}

static bool contest(const struct bench_reads *reads, struct open_meter *meters, double bound) {
    static int64_t bare_ns[BLOCKS], meter_ns[BLOCKS], again_ns[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        bare_ns[i] = time_bare(reads);
        meter_ns[i] = time_meters(meters, reads->gpus ? 2 : 1);
        again_ns[i] = time_bare(reads);
    }
    const struct {
        const char *name;
        int64_t *ns;
    } rows[] = {{"bare", bare_ns}, {"bare again", again_ns}, {"emit's meters", meter_ns}};
    printf("one sample of 8 zones%s, us%*s p25     p50\n", reads->gpus ? " and 8 GPUs" : "",
           reads->gpus ? 1 : 12, "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        qsort(rows[i].ns, BLOCKS, sizeof(int64_t), bench_compare);
        printf("  %-30s %7.3f %7.3f\n", rows[i].name, quantile_us(rows[i].ns, 0.25),
               quantile_us(rows[i].ns, 0.5));
    }
    double ratio = quantile_us(meter_ns, 0.5) / quantile_us(bare_ns, 0.5);
    printf("  ratio of the medians           %7.3f  at most %.2f%s\n", ratio, bound,
           ratio <= bound ? "" : "  MISSED");
    return ratio <= bound;
}

int main(void) {
    static struct open_meter meters[2];
    struct bench_reads reads = {0};
    struct emit_host host;
    char folder[BENCH_PATH_MAX], sysfs[BENCH_PATH_MAX + 8],
        *nvml = bench_take_variable("EMIT_NVML_LIBRARY");
    bench_leave_dcgm();
    bench_make_folder(folder);
    (void)emit_text_format(sysfs, sizeof sysfs, "%s/sys", folder);
    bench_make_machine(sysfs);
    bench_open_zones(&reads, sysfs);
    if (emit_host_open(&host, sysfs, NULL) != EMIT_OK) return 2;
    open_one(&meters[0], &emit_meter_rapl, &host, NULL, BENCH_ZONES);
    bool good = contest(&reads, meters, zones_bound);
    if (nvml) {
        bench_open_gpus(&reads, nvml);
        open_one(&meters[1], &emit_meter_nvml, &host, nvml, GPUS);
        good &= contest(&reads, meters, gpus_bound);
    } else {
        printf("8 zones and 8 GPUs: not here, for there is no test bed\n");
    }
    for (size_t m = 0; m < (nvml ? 2 : 1); m++) {
        for (size_t i = 0; i < BENCH_ZONES; i++)
            if (meters[m].readings[i].code != EMIT_CODE_NONE) return 2;
        meters[m].type->close(meters[m].state);
        free(meters[m].state);
    }
    emit_host_close(&host);
    bench_remove_folder(folder);
    free(nvml);
    return good ? 0 : 1;
}
