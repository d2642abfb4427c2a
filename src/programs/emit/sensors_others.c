// emit sensors: what counts energy here and is no point of a meter. Only names and
// kinds are read, never a value.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/sensors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char no_name[] = "the contract has no source name for it";
static const char unasked[] = "NVIDIA's library does not show it: see nvml below";

static void add_other(struct emit_sensors *sensors, const char *kind, const char *interface,
                      const char *why, const char *format, ...) EMIT_PRINTF(5, 6);
static void add_other(struct emit_sensors *sensors, const char *kind, const char *interface,
                      const char *why, const char *format, ...) {
    if (sensors->other_count == EMIT_SENSORS_OTHERS_MAX) return;
    struct emit_other *other = &sensors->others[sensors->other_count++];
    va_list arguments;
    va_start(arguments, format);
    (void)emit_text_format(other->kind, sizeof other->kind, "%s", kind);
    (void)vsnprintf(other->name, sizeof other->name, format, arguments);
    va_end(arguments);
    other->interface = interface;
    other->why = why;
}

// True when some meter has points of that kind of source.
static bool has_point_of(const struct emit_sensors *sensors, enum emit_source source) {
    for (size_t i = 0; i < sensors->count; i++)
        if (sensors->slots[i].point.source == source) return true;
    return false;
}

static bool has_nvidia_point(const struct emit_sensors *sensors) {
    return has_point_of(sensors, EMIT_SOURCE_NVML) || has_point_of(sensors, EMIT_SOURCE_DCGM);
}

// Calls `look` with each entry of a class directory, in the order of their names.
static void each_entry(struct emit_sensors *sensors, const char *path,
                       void (*look)(struct emit_sensors *sensors, int class, const char *entry)) {
    int class = openat(sensors->host.sysfs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (class < 0) return;
    struct dirent **entries = NULL;
    int count = scandirat(class, ".", &entries, NULL, versionsort);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') look(sensors, class, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    close(class);
}

static void look_at_card(struct emit_sensors *sensors, int class, const char *entry) {
    char path[300], vendor[16];
    if (!emit_text_has_prefix(entry, "card") || strchr(entry, '-')) return; // a connector of one
    (void)emit_text_format(path, sizeof path, "%s/device/vendor", entry);
    if (emit_host_read_line(class, path, vendor, sizeof vendor) != 0) return;
    if (strcmp(vendor, "0x10de") == 0) {
        if (!has_nvidia_point(sensors))
            add_other(sensors, "gpu", "nvml or dcgm", unasked, "%.24s NVIDIA", entry);
    } else if (strcmp(vendor, "0x1002") == 0) {
        add_other(sensors, "gpu", NULL, no_name, "%.24s AMD", entry);
    } else if (strcmp(vendor, "0x8086") == 0) {
        add_other(sensors, "gpu", NULL, "no source name; inside a processor its package counts it",
                  "%.24s Intel", entry);
    }
}

static void look_at_supply(struct emit_sensors *sensors, int class, const char *entry) {
    char path[300], type[32];
    (void)emit_text_format(path, sizeof path, "%s/type", entry);
    if (emit_host_read_line(class, path, type, sizeof type) == 0 && strcmp(type, "Battery") == 0)
        add_other(sensors, "battery", NULL, no_name, "%.40s", entry);
}

// Drivers whose energy the contract could name, by the name of their chip.
static const struct {
    const char *chip, *interface, *why;
} nameable_chips[] = {
    {"ibmaem", "ipmi", "a BMC's meter; this version has no ipmi meter"},
    {"amd_energy", "rapl", "the RAPL counters by another driver; emit reads powercap"},
};

static void look_at_monitor(struct emit_sensors *sensors, int class, const char *entry) {
    char path[300], chip[32] = "unknown";
    (void)emit_text_format(path, sizeof path, "%s/name", entry);
    (void)emit_host_read_line(class, path, chip, sizeof chip);
    int folder = openat(class, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = folder >= 0 ? fdopendir(folder) : NULL;
    size_t energies = 0, powers = 0;
    const struct dirent *file;
    while (directory && (file = readdir(directory)) != NULL) {
        size_t length = strlen(file->d_name);
        energies += emit_text_has_prefix(file->d_name, "energy") && length > 6 &&
                    strcmp(file->d_name + length - 6, "_input") == 0;
        powers += strcmp(file->d_name, "power1_average") == 0;
    }
    if (directory)
        closedir(directory);
    else if (folder >= 0)
        close(folder);
    if (!energies && !(powers && strcmp(chip, "power_meter") == 0)) return;
    const char *interface = NULL, *why = no_name;
    for (size_t i = 0; i < sizeof nameable_chips / sizeof nameable_chips[0]; i++)
        if (strcmp(chip, nameable_chips[i].chip) == 0) {
            interface = nameable_chips[i].interface;
            why = nameable_chips[i].why;
        }
    add_other(sensors, "hwmon", interface, why, "%.12s %.24s", entry, chip);
}

void emit_sensors_find_others(struct emit_sensors *sensors) {
    each_entry(sensors, "class/drm", look_at_card);
    each_entry(sensors, "class/power_supply", look_at_supply);
    each_entry(sensors, "class/hwmon", look_at_monitor);
    if (sensors->host.sysfs_is_own) return; // devices of another machine than that directory's
    if (access("/dev/ipmi0", F_OK) != 0) return;
    sensors->ipmi_found = true;
    add_other(sensors, "bmc", "ipmi", "this version has no ipmi meter", "/dev/ipmi0");
}
