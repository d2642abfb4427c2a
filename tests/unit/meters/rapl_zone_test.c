// Which device a zone is: names, parents, twins, and the order of both lists.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "meters/rapl_zone.h"

#include <stdlib.h>

struct row {
    const char *entry, *name;                 // what the kernel shows
    const char *device_id, *inside, *same_as; // what it has to become
    enum emit_component component;
    int32_t device_index;
    uint32_t traits;
};

#define PACKAGE  EMIT_COMPONENT_CPU_PACKAGE
#define CORE     EMIT_COMPONENT_CPU_CORE
#define UNCORE   EMIT_COMPONENT_CPU_UNCORE
#define DRAM     EMIT_COMPONENT_DRAM
#define PLATFORM EMIT_COMPONENT_PLATFORM
#define NODE     EMIT_COMPONENT_NODE

static void check_rows(const struct row *rows, size_t count, bool core_is_one) {
    struct emit_rapl_zone *zones = calloc(count, sizeof *zones);
    if (!zones) exit(1);
    for (size_t i = 0; i < count; i++) {
        strcpy(zones[i].entry, rows[i].entry);
        strcpy(zones[i].name, rows[i].name);
    }
    emit_rapl_identify(zones, count, core_is_one);
    for (size_t i = 0; i < count; i++) {
        const struct emit_point *point = &zones[i].point;
        CHECK_STRING(point->device_id, rows[i].device_id, rows[i].entry);
        CHECK_STRING(point->inside, rows[i].inside, "inside");
        CHECK_STRING(point->same_as, rows[i].same_as, "same as");
        CHECK(point->component == rows[i].component &&
                  point->device_index == rows[i].device_index && point->traits == rows[i].traits,
              "%s: component %s, index %d, traits %x", rows[i].device_id,
              emit_component_word(point->component), point->device_index, point->traits);
    }
    free(zones);
}

static void test_identities(void) {
    static const struct row rows[] = {
        {"intel-rapl:0", "package-3", "package-3", "", "", PACKAGE, 3, 0},
        {"intel-rapl:0:0", "core", "package-3/core", "package-3", "", CORE, 3, 0},
        {"intel-rapl:0:1", "uncore", "package-3/uncore", "package-3", "", UNCORE, 3, 0},
        {"intel-rapl:0:2", "dram", "dram-3", "", "", DRAM, 3, 0},
        {"intel-rapl:1", "psys", "psys", "", "", PLATFORM, -1, 0},
        {"intel-rapl:2", "psys-1", "psys-1", "", "", PLATFORM, -1, 0},
        {"intel-rapl:a", "package-10", "package-10", "", "", PACKAGE, 10, 0},
        {"intel-rapl:b", "package-1-die-0", "package-1-die-0", "", "", PACKAGE, 1, EMIT_TRAIT_DIE},
        {"intel-rapl:b:0", "dram", "dram-1-die-0", "", "", DRAM, 1, 0},
        {"intel-rapl:b:1", "core", "package-1-die-0/core", "package-1-die-0", "", CORE, 1, 0},
        {"intel-rapl:c", "", "intel-rapl:c", "", "", PACKAGE, -1, 0},
        {"intel-rapl:c:0", "core", "intel-rapl:c/core", "intel-rapl:c", "", CORE, -1, 0},
        {"intel-rapl:c:1", "dram", "intel-rapl:c/dram", "", "", DRAM, -1, 0},
        {"intel-rapl:d", "package-3", "again/package-3", "", "package-3", PACKAGE, 3, 0},
        {"intel-rapl:e", "package-3", "again-2/package-3", "", "package-3", PACKAGE, 3, 0},
        {"intel-rapl-mmio:0", "package-3", "mmio/package-3", "", "package-3", PACKAGE, 3, 0},
        {"intel-rapl-mmio:0:0", "dram", "mmio/dram-3", "", "dram-3", DRAM, 3, 0},
        {"intel-rapl-mmio:0:1", "core", "mmio/package-3/core", "package-3", "package-3/core", CORE,
         3, 0},
        {"intel-rapl-mmio:1", "package-4", "package-4", "", "", PACKAGE, 4, 0},
        {"dtpm:0", "devices", "dtpm/devices", "", "", NODE, -1, EMIT_TRAIT_UNNAMEABLE},
        {"dtpm:1", "devices", "again/dtpm/devices", "", "", NODE, -1, EMIT_TRAIT_UNNAMEABLE},
    };
    check_rows(rows, sizeof rows / sizeof rows[0], false);
}

static void test_strange_names(void) {
    static const char *const names[] = {
        "package",         "package-", "package-x", "package-1x", "Package-1", "package-1-die-",
        "package-1-die-x", "psys-",    "psys2",     "npu",        "core-0",    " core"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct emit_rapl_zone zone = {.entry = "intel-rapl:0"};
        strcpy(zone.name, names[i]);
        emit_rapl_identify(&zone, 1, false);
        CHECK(zone.point.traits == EMIT_TRAIT_UNNAMEABLE, "'%s' cannot be named", names[i]);
    }
    struct emit_rapl_zone alone = {.entry = "intel-rapl:0:0", .name = "core"};
    emit_rapl_identify(&alone, 1, false);
    CHECK(alone.point.traits == EMIT_TRAIT_UNNAMEABLE, "a part without its whole cannot be named");

    struct emit_rapl_zone hostile = {.entry = "x\"y:0"};
    memset(hostile.name, '\n', sizeof hostile.name - 1);
    emit_rapl_identify(&hostile, 1, false);
    CHECK(strlen(hostile.point.device_id) == EMIT_DEVICE_ID_MAX - 1 &&
              !strpbrk(hostile.point.device_id, "\"\n"),
          "a hostile name becomes plain: %s", hostile.point.device_id);
}

static void test_one_core(void) {
    static const struct row rows[] = {
        {"intel-rapl:0", "package-0", "package-0", "", "", PACKAGE, 0, 0},
        {"intel-rapl:0:0", "core", "package-0/core", "package-0", "", CORE, 0, EMIT_TRAIT_ONE_CORE},
    };
    check_rows(rows, 2, true);
}

static void check_order(const char *const *wanted, size_t count,
                        int (*compare)(const void *, const void *), const char *what) {
    struct emit_rapl_zone *zones = calloc(count, sizeof *zones);
    if (!zones) exit(1);
    for (size_t i = 0; i < count; i++) // backwards, in pairs of words: entry=name
        sscanf(wanted[count - 1 - i], "%255[^=]=%63s", zones[i].entry, zones[i].name);
    qsort(zones, count, sizeof *zones, emit_rapl_compare_entries);
    if (compare != emit_rapl_compare_entries) {
        emit_rapl_identify(zones, count, false);
        qsort(zones, count, sizeof *zones, compare);
    }
    for (size_t i = 0; i < count; i++)
        CHECK(strncmp(zones[i].entry, wanted[i], strlen(zones[i].entry)) == 0 &&
                  wanted[i][strlen(zones[i].entry)] == '=',
              "%s %zu: %s", what, i, zones[i].entry);
    free(zones);
}

static void test_orders(void) {
    static const char *const entries[] = {
        "intel-rapl:0=", "intel-rapl:0:0=", "intel-rapl:0:a=", "intel-rapl:0:10=",
        "intel-rapl:9=", "intel-rapl:a=",   "intel-rapl:10=",  "intel-rapl-mmio:0=",
        "arm-scmi:0=",   "dtpm:0=",         "dtpm:0:1=",       "intel-rapl-new:0=",
    };
    check_order(entries, sizeof entries / sizeof entries[0], emit_rapl_compare_entries, "entry");
    static const char *const devices[] = {
        "intel-rapl:3=package-0",      "intel-rapl:3:0=core", "intel-rapl:3:1=dram",
        "intel-rapl:0=package-1",      "intel-rapl:0:0=dram", "intel-rapl:1=psys",
        "intel-rapl-mmio:0=package-1", "intel-rapl:4=",       "dtpm:0=devices",
    };
    check_order(devices, sizeof devices / sizeof devices[0], emit_rapl_compare_devices, "device");
}

int main(void) {
    test_identities();
    test_strange_names();
    test_one_core();
    test_orders();
    return check_end();
}
