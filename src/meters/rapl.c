// RAPL: the energy counters of processors, as the kernel's powercap class shows them.
//
// The class directory lists every zone flat, as a symbolic link, and the same
// zones a second time nested below it: only the flat list is walked. Of a zone
// three files are opened: name, energy_uj and max_energy_range_uj; those that
// limit power are never touched. Descriptors are kept: a sample is one pread a zone,
// at offset 0 and of more bytes than a count has (any other offset returns the tail of
// a new value). Hardware, rights and quirks: rapl.md.
// SPDX-License-Identifier: Apache-2.0
#include "meters/meter.h"

#include "base/number.h"
#include "base/text.h"
#include "meters/rapl_zone.h"
#include "meters/sockets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLASS_PATH   "class/powercap"
#define DEVICES_PATH "/devices/virtual/powercap/"

enum {
    UPDATE_PERIOD_NS = 1000000, // mean 1.00 ms on every part recorded, single updates to 2 ms
    RANGE_DIGITS = 20,          // of 2^64 - 1: more is a text that was cut
    COUNT_TEXT_MAX = 32, // bytes read of a count: 20 digits, a line end, and room to see more
};

struct rapl {
    size_t count;                          // of the points, in their order
    int descriptors[EMIT_POINTS_MAX];      // of energy_uj; -1: not readable
    bool is_borrowed[EMIT_POINTS_MAX];     // the program's, not ours to close
    enum emit_code found[EMIT_POINTS_MAX]; // the answer where there is no descriptor
};

// What is known while the class directory is walked.
struct scan {
    struct emit_host *host;
    DIR *directory;
    int64_t max_package_milliwatts;
    bool everything;  // also what the process may not run on
    uint64_t sockets; // the packages among the zones, a bit each
    uint64_t closed;  // of them, those that the process may not run on
    size_t count;
    struct emit_rapl_zone *zones; // EMIT_POINTS_MAX of them
};

static bool zone_path(char *path, size_t size, const struct emit_rapl_zone *zone,
                      const char *file) {
    return emit_text_format(path, size, "%s/%s", zone->entry, file);
}

// AMD and Hygon give a core zone the counter of one core. The kernel's own word for
// the vendor stands in sysfs (arch/x86 numbers: 0002 AMD, 0009 Hygon).
static bool core_is_one(struct emit_host *host) {
    char text[64] = "";
    if (emit_host_read_line(host->sysfs, "devices/system/cpu/modalias", text, sizeof text) != 0)
        return false;
    return strstr(text, ",ven0002") || strstr(text, ",ven0009");
}

static void read_name(struct scan *scan, struct emit_rapl_zone *zone) {
    struct emit_point *point = &zone->point;
    char path[EMIT_RAPL_ENTRY_MAX + 32];
    (void)zone_path(path, sizeof path, zone, "name");
    int failed = emit_host_read_line(dirfd(scan->directory), path, zone->name, sizeof zone->name);
    struct stat seen;
    if (failed == 0 && zone->name[0] != '\0') return;
    zone->name[0] = '\0';
    if (failed == EACCES || failed == EPERM) {
        point->found = EMIT_CODE_DENIED;
        (void)emit_text_format(point->note, sizeof point->note, "even its name may not be read");
    } else if (failed == ENOENT && fstatat(dirfd(scan->directory), zone->entry, &seen, 0) != 0) {
        point->found = EMIT_CODE_MASKED;
        (void)emit_text_format(point->note, sizeof point->note,
                               "listed, but hidden: a container masks what it leads to");
    } else {
        point->found = EMIT_CODE_MALFORMED;
        (void)emit_text_format(point->note, sizeof point->note, "its name cannot be read: %s",
                               failed ? strerrordesc_np(failed) : "the file is empty");
    }
}

static void explain_unopened(struct scan *scan, struct emit_rapl_zone *zone, const char *path,
                             int failed) {
    struct emit_point *point = &zone->point;
    struct stat seen = {0};
    if (failed == EACCES || failed == EPERM) {
        point->found = EMIT_CODE_DENIED;
        char owner[32];
        bool known = fstatat(dirfd(scan->directory), path, &seen, 0) == 0;
        (void)emit_text_format(owner, sizeof owner, seen.st_uid == 0 ? "root" : "uid %u",
                               (unsigned)seen.st_uid);
        if (known)
            (void)emit_text_format(point->note, sizeof point->note, "energy_uj is %04o %s",
                                   (unsigned)(seen.st_mode & 07777), owner);
        else
            (void)emit_text_format(point->note, sizeof point->note, "energy_uj may not be read");
    } else if (failed == ENOENT) {
        point->found = EMIT_CODE_ABSENT;
        (void)emit_text_format(point->note, sizeof point->note,
                               "no energy_uj: the kernel limits this zone but does not count it");
    } else {
        point->found = EMIT_CODE_MALFORMED;
        (void)emit_text_format(point->note, sizeof point->note, "energy_uj cannot be opened: %s",
                               strerrordesc_np(failed));
    }
}

// Opens the counter, or takes the one that was opened before the right to it was given up.
static void open_counter(struct scan *scan, struct emit_rapl_zone *zone) {
    char path[EMIT_RAPL_ENTRY_MAX + 32], below_sysfs[EMIT_HOST_PATH_MAX];
    (void)zone_path(path, sizeof path, zone, "energy_uj");
    if (!scan->host->sysfs_is_own &&
        emit_text_format(below_sysfs, sizeof below_sysfs, CLASS_PATH "/%s", path)) {
        zone->descriptor = emit_host_borrowed_descriptor(scan->host, below_sysfs);
        zone->is_borrowed = zone->descriptor >= 0;
    }
    if (zone->descriptor < 0) // O_NONBLOCK: nothing that is put there may hold us up
        zone->descriptor =
            openat(dirfd(scan->directory), path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (zone->descriptor < 0) explain_unopened(scan, zone, path, errno);
}

// The counter is 32 bits of hardware units. The kernel states the largest value as
// floor((2^32 - 1) * unit); what it counts modulo is one unit more.
static void read_range(struct scan *scan, struct emit_rapl_zone *zone) {
    struct emit_point *point = &zone->point;
    char path[EMIT_RAPL_ENTRY_MAX + 32], text[COUNT_TEXT_MAX] = "";
    (void)zone_path(path, sizeof path, zone, "max_energy_range_uj");
    int failed = emit_host_read_line(dirfd(scan->directory), path, text, sizeof text);
    uint64_t range = 0, modulus = 0;
    bool is_number =
        strlen(text) <= RANGE_DIGITS && emit_number_read_u64(text, strlen(text), &range);
    if (failed == 0 && is_number && range > 0) {
        uint64_t unit = range / UINT32_MAX;
        if (range == UINT64_MAX) return; // all 64 bits: modulus 0, of an unknown unit
        if (!__builtin_add_overflow(range, unit, &modulus)) {
            point->modulus = modulus;
            point->step_counts = unit > 0 ? unit : 1;
            return;
        }
    }
    point->found = EMIT_CODE_MALFORMED;
    (void)emit_text_format(point->note, sizeof point->note,
                           "max_energy_range_uj: %s; a wrap could not be told",
                           failed ? strerrordesc_np(failed) : "not a range");
}

// More than this a device of its kind cannot draw; a smaller bound would call a
// real peak implausible, a larger one only asks for more samples.
static int64_t max_milliwatts(const struct scan *scan, enum emit_component component,
                              size_t package_count) {
    int64_t package = scan->max_package_milliwatts;
    if (component == EMIT_COMPONENT_DRAM) return (package + 1) / 2; // 16 modules of 20 W: 320 W
    if (component != EMIT_COMPONENT_PLATFORM) return package;       // parts draw no more than all
    return package * 2 * (int64_t)(package_count ? package_count : 1); // board and fans besides
}

// Evidence that the zone is the kernel's, from the counter itself or, where that may not
// be opened, from the zone's directory; of a masked zone there is only its entry.
static bool is_real(struct scan *scan, const struct emit_rapl_zone *zone) {
    if (scan->host->sysfs_is_own) return false;
    if (zone->descriptor >= 0)
        return emit_host_is_kernel_file(scan->host, zone->descriptor, DEVICES_PATH);
    int directory = openat(dirfd(scan->directory), zone->entry, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return emit_host_is_kernel_file(scan->host, dirfd(scan->directory), "/" CLASS_PATH);
    bool real = emit_host_is_kernel_file(scan->host, directory, DEVICES_PATH);
    close(directory);
    return real;
}

// A socket, or its memory, as a bit; 0 for the platform and what has no number.
static uint64_t socket_of(const struct emit_point *point) {
    bool has = point->component != EMIT_COMPONENT_PLATFORM && point->device_index >= 0 &&
               point->device_index < EMIT_SOCKETS_MAX;
    return has ? (uint64_t)1 << point->device_index : 0;
}

static void describe(struct scan *scan, struct emit_rapl_zone *zone, size_t package_count) {
    struct emit_point *point = &zone->point;
    (void)emit_text_format(point->meter, sizeof point->meter, "rapl");
    point->source = EMIT_SOURCE_RAPL;
    point->accuracy = EMIT_ACCURACY_DEVICE_COUNTER;
    point->update_period_ns = UPDATE_PERIOD_NS;
    point->max_milliwatts = max_milliwatts(scan, point->component, package_count);
    point->joules_numerator = 1; // the kernel counts in microjoules
    point->joules_denominator = 1000000;
    point->step_counts = 1;
    if (point->traits & EMIT_TRAIT_UNNAMEABLE) {
        point->found = EMIT_CODE_UNNAMEABLE;
        (void)emit_text_format(point->note, sizeof point->note,
                               "the contract has no name for this kind of zone");
    } else if (point->found == EMIT_CODE_NONE && (socket_of(point) & scan->closed)) {
        point->found = EMIT_CODE_UNASSIGNED;
        (void)emit_text_format(point->note, sizeof point->note,
                               "this process may run on no processor of socket %d",
                               (int)point->device_index);
    } else if (point->found == EMIT_CODE_NONE) {
        open_counter(scan, zone);
    }
    if (zone->descriptor >= 0) read_range(scan, zone);
    if (!is_real(scan, zone)) point->traits |= EMIT_TRAIT_SIMULATED;
}

// Lists the zones: entries with a colon. Those without are the control types above them.
static enum emit_status list_zones(struct scan *scan, size_t room, struct emit_error *err) {
    const struct dirent *entry;
    while (errno = 0, (entry = readdir(scan->directory)) != NULL) {
        if (!strchr(entry->d_name, ':')) continue;
        if (scan->count == room)
            return emit_fail(err, EMIT_FULL, "more than %d metering points on this machine",
                             EMIT_POINTS_MAX);
        struct emit_rapl_zone *zone = &scan->zones[scan->count++];
        *zone = (struct emit_rapl_zone){.descriptor = -1};
        (void)emit_text_format(zone->entry, sizeof zone->entry, "%s", entry->d_name);
    }
    if (errno) return emit_fail_errno(err, errno, "cannot list /sys/" CLASS_PATH);
    qsort(scan->zones, scan->count, sizeof *scan->zones, emit_rapl_compare_entries);
    return EMIT_OK;
}

static void take_zones(struct rapl *rapl, const struct scan *scan, struct emit_points *points) {
    for (size_t i = 0; i < scan->count; i++) {
        struct emit_rapl_zone *zone = &scan->zones[i];
        if (zone->point.found != EMIT_CODE_NONE && zone->descriptor >= 0 && !zone->is_borrowed)
            close(zone->descriptor); // opened, but not to be read
        bool readable = zone->point.found == EMIT_CODE_NONE && zone->descriptor >= 0;
        rapl->descriptors[i] = readable ? zone->descriptor : -1;
        rapl->is_borrowed[i] = zone->is_borrowed;
        rapl->found[i] = readable ? EMIT_CODE_NONE : zone->point.found;
        points->at[points->count++] = zone->point;
    }
    rapl->count = scan->count;
}

static enum emit_status find_points(struct rapl *rapl, struct scan *scan,
                                    struct emit_points *points, struct emit_error *err) {
    size_t room = points->size - points->count;
    enum emit_status status =
        list_zones(scan, room < EMIT_POINTS_MAX ? room : EMIT_POINTS_MAX, err);
    if (status != EMIT_OK) return status;
    if (scan->count == 0)
        return emit_fail(err, EMIT_ABSENT,
                         "/sys/" CLASS_PATH " lists no zone: a virtual machine, or the driver is "
                         "not loaded (sudo modprobe intel_rapl_msr)");
    size_t package_count = 0;
    for (size_t i = 0; i < scan->count; i++)
        read_name(scan, &scan->zones[i]);
    emit_rapl_identify(scan->zones, scan->count, core_is_one(scan->host));
    for (size_t i = 0; i < scan->count; i++) {
        package_count += scan->zones[i].point.component == EMIT_COMPONENT_CPU_PACKAGE;
        scan->sockets |= socket_of(&scan->zones[i].point);
    }
    if (!scan->everything) scan->closed = emit_sockets_closed_here(scan->host, scan->sockets);
    for (size_t i = 0; i < scan->count; i++)
        describe(scan, &scan->zones[i], package_count);
    qsort(scan->zones, scan->count, sizeof *scan->zones, emit_rapl_compare_devices);
    take_zones(rapl, scan, points);
    return EMIT_OK;
}

static enum emit_status open_rapl(void *state, struct emit_host *host,
                                  const struct emit_meter_settings *settings,
                                  struct emit_points *points, struct emit_error *err) {
    int class = openat(host->sysfs, CLASS_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (class < 0 && (errno == ENOENT || errno == EBADF))
        return emit_fail(err, EMIT_ABSENT,
                         "there is no /sys/" CLASS_PATH
                         ": this kernel has no powercap class (CONFIG_POWERCAP)");
    if (class < 0) return emit_fail_errno(err, errno, "cannot open /sys/" CLASS_PATH);
    struct scan scan = {.host = host,
                        .directory = fdopendir(class),
                        .max_package_milliwatts = settings->max_package_milliwatts,
                        .everything =
                            settings->assignment.everything || settings->assignment.is_shared,
                        .zones = calloc(EMIT_POINTS_MAX, sizeof *scan.zones)};
    enum emit_status status = scan.directory && scan.zones
                                  ? find_points(state, &scan, points, err)
                                  : emit_fail(err, EMIT_NO_MEMORY, "no memory to list the zones");
    if (scan.directory)
        closedir(scan.directory);
    else
        close(class);
    free(scan.zones);
    return status;
}

// The count in text[0..length): digits and one line end. Returns false for anything else.
static inline bool parse_count(const char *text, size_t length, uint64_t *count) {
    if (length > 0 && text[length - 1] == '\n') length--;
    return length < COUNT_TEXT_MAX - 1 && emit_number_read_u64(text, length, count);
}

static enum emit_code code_of_errno(int failed) {
    switch (failed) {
    case ENODEV: return EMIT_CODE_GONE; // the last processor of the package went offline
    case EACCES:
    case EPERM: return EMIT_CODE_DENIED;
    default: return EMIT_CODE_MALFORMED; // the kernel says EINVAL when the register cannot be read
    }
}

static void read_rapl(void *state, struct emit_reading *readings) {
    const struct rapl *rapl = state;
    for (size_t i = 0; i < rapl->count; i++) {
        char text[COUNT_TEXT_MAX];
        readings[i].code = rapl->found[i];
        if (rapl->descriptors[i] < 0) continue;
        ssize_t length = pread(rapl->descriptors[i], text, sizeof text, 0);
        if (length < 0)
            readings[i].code = code_of_errno(errno);
        else if (!parse_count(text, (size_t)length, &readings[i].count))
            readings[i].code = EMIT_CODE_MALFORMED;
    }
}

static void close_rapl(void *state) {
    struct rapl *rapl = state;
    for (size_t i = 0; i < rapl->count; i++)
        if (rapl->descriptors[i] >= 0 && !rapl->is_borrowed[i]) close(rapl->descriptors[i]);
    rapl->count = 0;
}

// Root owns the counters: he is denied only where he is root of a user namespace and
// no more, or where a security module says so.
static const char *remedy_of_denied(void) {
    char map[64] = "";
    unsigned inside, outside, count;
    if (geteuid() != 0) return "sudo setcap cap_dac_read_search=ep \"$(command -v emit)\"";
    if (emit_host_read_line(AT_FDCWD, "/proc/self/uid_map", map, sizeof map) == 0 &&
        sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && count != UINT32_MAX)
        return "sudo emit run -- COMMAND   # on the host, outside this namespace";
    return "dmesg | grep -i denied   # a security module refuses even root";
}

static const char *remedy(enum emit_code code) {
    switch ((int)code) {
    case EMIT_CODE_DENIED: return remedy_of_denied();
    case EMIT_CODE_MASKED: return "docker run --security-opt systempaths=unconfined IMAGE";
    case EMIT_CODE_UNASSIGNED: return "emit run --device all -- COMMAND";
    case EMIT_CODE_NESTED: return "emit run --domains all -- COMMAND";
    case EMIT_CODE_LATE: return "emit run --start-timeout 5s -- COMMAND";
    case EMIT_CODE_IMPLAUSIBLE:
        return "emit run --max-power 2kW -- COMMAND   # if a socket draws more";
    // The pace is short enough already; samples were missing, or the bound is too wide.
    case EMIT_CODE_WRAPPED_UNPROVEN:
        return "emit run --max-power 400W -- COMMAND   # if no socket draws more";
    default: return NULL;
    }
}

const struct emit_meter_type emit_meter_rapl = {
    .name = "rapl",
    .summary = "processor and memory energy from the kernel's powercap class",
    .state_size = sizeof(struct rapl),
    .open = open_rapl,
    .read = read_rapl,
    .close = close_rapl,
    .remedy = remedy,
};
