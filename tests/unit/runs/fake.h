// A world for tests of runs: a meter of scripted counts, clocks that stand still
// until told, and a directory of its own that is removed at the end.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include "runs/run.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAKE_POINTS = 3 };

struct fake_world {
    int64_t now_ns, slept_ns;
    uint64_t counts[FAKE_POINTS]; // microjoules
    enum emit_code codes[FAKE_POINTS];
    enum emit_code found[FAKE_POINTS];
    const char *names[FAKE_POINTS]; // NULL: no such point
    uint64_t modulus;
    enum emit_accuracy accuracy;               // POWER_INTEGRATED: counts are milliwatts
    void (*on_read)(struct fake_world *world); // before each reading; may be NULL
    int opened, closed, reads;
};

static inline int64_t fake_monotonic_ns(struct emit_host *host) {
    return ((struct fake_world *)host->clock_owner)->now_ns;
}
static inline int64_t fake_boottime_ns(struct emit_host *host) {
    const struct fake_world *world = host->clock_owner;
    return world->now_ns + world->slept_ns;
}
static inline int64_t fake_wall_ns(struct emit_host *host) {
    return 1700000000000000000 + fake_boottime_ns(host);
}
static const struct emit_host_clocks fake_clocks = {fake_monotonic_ns, fake_boottime_ns,
                                                    fake_wall_ns};

static inline enum emit_status fake_open(void *state, struct emit_host *host,
                                         const struct emit_meter_settings *settings,
                                         struct emit_points *points, struct emit_error *err) {
    struct fake_world *world = host->clock_owner;
    (void)settings;
    *(struct fake_world **)state = world;
    world->opened++;
    if (!world->names[0]) {
        err->status = EMIT_ABSENT;
        (void)snprintf(err->text, sizeof err->text, "no fake here");
        return EMIT_ABSENT;
    }
    for (size_t i = 0; i < FAKE_POINTS && world->names[i]; i++) {
        struct emit_point point = {.meter = "fake",
                                   .source = EMIT_SOURCE_RAPL,
                                   .component = EMIT_COMPONENT_CPU_PACKAGE,
                                   .accuracy = world->accuracy,
                                   .found = world->found[i],
                                   .device_index = (int32_t)i,
                                   .update_period_ns = 1000000,
                                   .max_milliwatts = 1000000,
                                   .modulus = world->modulus,
                                   .joules_numerator = 1,
                                   .joules_denominator = 1000000,
                                   .step_counts = 1};
        (void)snprintf(point.device_id, sizeof point.device_id, "%s", world->names[i]);
        points->at[points->count++] = point;
    }
    return EMIT_OK;
}

static inline void fake_read(void *state, struct emit_reading *readings) {
    struct fake_world *world = *(struct fake_world **)state;
    world->reads++;
    if (world->on_read) world->on_read(world);
    for (size_t i = 0; i < FAKE_POINTS && world->names[i]; i++) {
        readings[i].code = world->codes[i];
        readings[i].count = world->counts[i];
    }
}

static inline void fake_close(void *state) {
    struct fake_world *world = *(struct fake_world **)state;
    if (world) world->closed++;
}

static const struct emit_meter_type fake_meter = {.name = "fake",
                                                  .summary = "scripted counts",
                                                  .state_size = sizeof(struct fake_world *),
                                                  .open = fake_open,
                                                  .read = fake_read,
                                                  .close = fake_close};
static const struct emit_meter_type *const fake_meters[] = {&fake_meter, NULL};

static inline struct fake_world fake_world_of(const char *first, const char *second) {
    return (struct fake_world){.now_ns = 5000000000,
                               .names = {first, second},
                               .modulus = 262143328911,
                               .accuracy = EMIT_ACCURACY_DEVICE_COUNTER};
}

static inline struct emit_host fake_host_of(struct fake_world *world) {
    return (struct emit_host){.sysfs = -1, .clocks = &fake_clocks, .clock_owner = world};
}

static inline struct emit_run_plan fake_plan(const char *directory, const char *run_id) {
    return (struct emit_run_plan){.directory = directory,
                                  .run_id = run_id,
                                  .workspace_id = "ws_1",
                                  .command = "test",
                                  .meters = fake_meters,
                                  .pace_ns = 1000000000};
}

// Time and counts go on together: milliseconds at so many watts on every point.
static inline void fake_pass(struct fake_world *world, int64_t ms, uint64_t watts) {
    world->now_ns += ms * 1000000;
    for (size_t i = 0; i < FAKE_POINTS; i++) {
        world->counts[i] += (uint64_t)ms * watts * 1000;
        if (world->modulus) world->counts[i] %= world->modulus;
    }
}

static inline const char *fake_directory(char path[64]) {
    (void)snprintf(path, 64, "/tmp/emit-runs-XXXXXX");
    if (!mkdtemp(path)) {
        printf("Bail out! no directory for the test: %s\n", strerror(errno));
        exit(1);
    }
    return path;
}

// How many names in the directory end so.
static inline int fake_files(const char *path, const char *suffix) {
    DIR *directory = opendir(path);
    const struct dirent *entry;
    int count = 0;
    while (directory && (entry = readdir(directory)) != NULL) {
        size_t length = strlen(entry->d_name), end = strlen(suffix);
        count += entry->d_name[0] != '.' && length >= end &&
                 strcmp(entry->d_name + length - end, suffix) == 0;
    }
    if (directory) closedir(directory);
    return count;
}

static inline void fake_remove(const char *path) {
    DIR *directory = opendir(path);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.') (void)unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory) closedir(directory);
    (void)rmdir(path);
}

#endif
