// Which packages are closed to a mask of processors: trees of a few files.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "base/text.h"
#include "meters/meter.h"
#include "meters/sockets.h"

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/emit-sockets-XXXXXX";

static void put(const char *path, const char *text) {
    char whole[512];
    (void)emit_text_format(whole, sizeof whole, "%s/%s", root, path);
    for (char *slash = strchr(whole + sizeof root, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    if (!file) exit(1);
    fputs(text, file);
    fclose(file);
}

static void put_package(unsigned processor, const char *package) {
    char path[128];
    (void)emit_text_format(path, sizeof path,
                           "devices/system/cpu/cpu%u/topology/physical_package_id", processor);
    put(path, package);
}

static int remove_one(const char *path, const struct stat *seen, int type, struct FTW *walk) {
    (void)seen, (void)type, (void)walk;
    return remove(path);
}

// Processors 0 to 3 and 8 in package 0, 4 to 7 in package 1, 9 in one without a number.
static void test_masks(int sysfs) {
    static const struct {
        const char *possible;
        unsigned long allowed;
        uint64_t wanted, closed;
    } rows[] = {
        {"0-9\n", 0x00f, 0x3, 0x2},      {"0-9\n", 0x0f0, 0x3, 0x1},
        {"0-9\n", 0x011, 0x3, 0x0},      {"0-9\n", 0x100, 0x3, 0x2},
        {"0-9\n", 0x200, 0x3, 0x3},      {"0-9\n", 0x001, 0x1, 0x0},
        {"0-9\n", 0x001, 0x7, 0x2}, // package 2 is not in the topology: unknown
        {"0-3,4-9\n", 0x001, 0x3, 0x2},  {"0,9\n", 0x001, 0x3, 0x2},
        {"nonsense\n", 0x001, 0x3, 0x0}, {"0-99999999\n", 0x001, 0x3, 0x0},
        {"0\n", 0x001, 0x3, 0x0},
    };
    for (unsigned i = 0; i < 10; i++)
        put_package(i, i == 9 ? "-1\n" : i >= 4 && i <= 7 ? "1\n" : "0\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct emit_processors allowed = {.bits = {rows[i].allowed}};
        put("devices/system/cpu/possible", rows[i].possible);
        uint64_t closed = emit_sockets_closed(sysfs, &allowed, rows[i].wanted);
        CHECK(closed == rows[i].closed, "%zu: of %llx closed %llx, wanted %llx", i,
              (unsigned long long)rows[i].wanted, (unsigned long long)closed,
              (unsigned long long)rows[i].closed);
    }
    const struct emit_processors none = {0};
    CHECK(emit_sockets_closed(-1, &none, 3) == 0, "without /sys nothing is known");
}

static void put_zone(const char *entry, const char *name) {
    char path[256];
    const char *const files[][2] = {
        {"name", name}, {"max_energy_range_uj", "262143328850\n"}, {"energy_uj", "5\n"}};
    for (size_t i = 0; i < 3; i++) {
        (void)emit_text_format(path, sizeof path, "class/powercap/%s/%s", entry, files[i][0]);
        put(path, files[i][1]);
    }
}

static size_t unassigned(bool own_machine, const struct emit_assignment *assignment) {
    static struct emit_point found[EMIT_POINTS_MAX];
    struct emit_points points = {.at = found, .size = EMIT_POINTS_MAX};
    const struct emit_meter_settings settings = {.max_package_milliwatts = 1000000,
                                                 .assignment = *assignment};
    struct emit_host host;
    size_t count = 0;
    void *state = calloc(1, emit_meter_rapl.state_size);
    if (!state || emit_host_open(&host, root, NULL) != EMIT_OK) exit(1);
    host.sysfs_is_own = own_machine;
    if (emit_meter_rapl.open(state, &host, &settings, &points, NULL) != EMIT_OK) exit(1);
    for (size_t i = 0; i < points.count; i++)
        count += found[i].found == EMIT_CODE_UNASSIGNED && found[i].device_index == 1 &&
                 strstr(found[i].note, "socket 1");
    emit_meter_rapl.close(state);
    emit_host_close(&host);
    free(state);
    return count;
}

// The meter, in a process that is bound to one processor of a machine with several.
static void test_meter(void) {
    cpu_set_t allowed, one;
    size_t first = 0;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || sysconf(_SC_NPROCESSORS_ONLN) < 2) {
        check_skip("this machine has one processor");
        return;
    }
    while (!CPU_ISSET(first, &allowed))
        first++;
    CPU_SET(first, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) exit(1);
    put_zone("intel-rapl:0", "package-0\n");
    put_zone("intel-rapl:0:0", "dram\n");
    put_zone("intel-rapl:1", "package-1\n");
    put_zone("intel-rapl:1:0", "dram\n");
    put_zone("intel-rapl:2", "psys\n");
    put("devices/system/cpu/possible", "0-4095\n");
    put_package((unsigned)first, "0\n");
    put_package((unsigned)first + 1, "1\n");
    const struct emit_assignment plain = {0}, everything = {.everything = true};
    const struct emit_assignment shared = {.is_shared = true};
    CHECK(unassigned(false, &plain) == 2, "the other socket and its memory are not the run's");
    CHECK(unassigned(false, &everything) == 0, "unless everything was asked for");
    CHECK(unassigned(false, &shared) == 0, "or other ranks may be bound to it");
    CHECK(unassigned(true, &plain) == 0, "another machine's sockets are not this process's");
    if (sched_setaffinity(0, sizeof allowed, &allowed) != 0) exit(1);
    if (CPU_COUNT(&allowed) == sysconf(_SC_NPROCESSORS_ONLN))
        CHECK(unassigned(false, &plain) == 0, "nor is any closed to who may use every processor");
}

int main(void) {
    if (!mkdtemp(root)) return 2;
    int sysfs = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    test_masks(sysfs);
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    mkdir(root, 0755);
    test_meter();
    close(sysfs);
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return check_end();
}
