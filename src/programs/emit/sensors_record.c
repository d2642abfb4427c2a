// emit sensors --record: the zones of /sys/class/powercap and what the GPU meters were
// told, as two files. No serial number, UUID, address or name of this machine is in them.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/sensors_record.h"

#include "programs/emit/sensors_blank.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ZONES_MAX = EMIT_POINTS_MAX, ENTRY_MAX = 64, VALUE_MAX = 64, LINE_MAX_BYTES = 1024 };

static const char class_path[] = "class/powercap";

struct zone {
    char entry[ENTRY_MAX];
    bool is_masked, is_unreadable, has_limits;
    char name[VALUE_MAX], range[VALUE_MAX]; // "": there is none
    char first[VALUE_MAX], last[VALUE_MAX]; // of energy_uj; "": not read
    int energy_errno;                       // why not; ENOENT: there is no such file
    bool has_mode;
    mode_t mode; // of energy_uj
    uid_t owner;
};

struct emit_recording {
    int sysfs; // borrowed from the sensors' host
    int64_t begun_ns;
    bool has_class;
    size_t count;
    struct zone zones[ZONES_MAX];
    struct emit_blanks blanks;
};

// A value that stands in one word of the file: no blank, no '#', nothing unprintable.
static void make_word(char *word) {
    for (; *word; word++)
        if (*word <= ' ' || *word > '~' || *word == '#') *word = '_';
}

static int read_value(int class, const char *entry, const char *file, char *value) {
    char path[2 * ENTRY_MAX];
    (void)emit_text_format(path, sizeof path, "%s/%s", entry, file);
    int failed = emit_host_read_line(class, path, value, VALUE_MAX);
    if (failed) value[0] = '\0';
    make_word(value);
    return failed;
}

static void look_for_limits(int class, struct zone *zone) {
    int folder = openat(class, zone->entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = folder >= 0 ? fdopendir(folder) : NULL;
    if (!directory) {
        zone->is_masked = folder < 0 && errno == ENOENT;
        if (folder >= 0) close(folder);
        return;
    }
    const struct dirent *file;
    while ((file = readdir(directory)))
        zone->has_limits |= emit_text_has_prefix(file->d_name, "constraint_");
    closedir(directory);
}

static void look_at_zone(int class, struct zone *zone) {
    char path[2 * ENTRY_MAX];
    struct stat seen;
    look_for_limits(class, zone);
    if (zone->is_masked) return;
    zone->is_unreadable = read_value(class, zone->entry, "name", zone->name) == EACCES;
    (void)read_value(class, zone->entry, "max_energy_range_uj", zone->range);
    (void)emit_text_format(path, sizeof path, "%s/energy_uj", zone->entry);
    if (fstatat(class, path, &seen, 0) == 0) {
        zone->has_mode = true;
        zone->mode = seen.st_mode & 07777;
        zone->owner = seen.st_uid;
    }
    zone->energy_errno = read_value(class, zone->entry, "energy_uj", zone->first);
}

static void find_zones(struct emit_recording *recording) {
    int class = openat(recording->sysfs, class_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (class < 0) return;
    recording->has_class = true;
    struct dirent **entries = NULL;
    int count = scandirat(class, ".", &entries, NULL, versionsort);
    for (int i = 0; i < count; i++) {
        const char *entry = entries[i]->d_name;
        if (strchr(entry, ':') && strlen(entry) < ENTRY_MAX && recording->count < ZONES_MAX) {
            struct zone *zone = &recording->zones[recording->count++];
            (void)emit_text_format(zone->entry, sizeof zone->entry, "%s", entry);
            look_at_zone(class, zone);
            make_word(zone->entry);
        }
        free(entries[i]);
    }
    free(entries);
    close(class);
}

enum emit_status emit_recording_begin(struct emit_recording **recording,
                                      const struct emit_sensors *sensors, struct emit_error *err) {
    struct emit_recording *made = calloc(1, sizeof *made);
    if (!made) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    made->sysfs = sensors->host.sysfs;
    made->begun_ns = emit_clock_monotonic_ns();
    if (made->sysfs >= 0) find_zones(made);
    *recording = made;
    return EMIT_OK;
}

void emit_recording_free(struct emit_recording *recording) {
    free(recording);
}

static void read_again(struct emit_recording *recording) {
    int class = openat(recording->sysfs, class_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; class >= 0 && i < recording->count; i++)
        if (recording->zones[i].first[0])
            (void)read_value(class, recording->zones[i].entry, "energy_uj",
                             recording->zones[i].last);
    if (class >= 0) close(class);
}

// Whose processor it is: an AMD core zone counts one core only.
static const char *processor_of(int sysfs) {
    static const struct {
        const char *vendor, *word;
    } vendors[] = {{",ven0000", "intel"}, {",ven0002", "amd"}, {",ven0009", "hygon"}};
    char alias[256];
    if (emit_host_read_line(sysfs, "devices/system/cpu/modalias", alias, sizeof alias) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
        if (strstr(alias, vendors[i].vendor)) return vendors[i].word;
    return NULL;
}

// What may not be read is told with who may.
static void write_energy(FILE *out, const struct zone *zone) {
    if (zone->first[0])
        fprintf(out, " energy=%s%s%s", zone->first, zone->last[0] ? ".." : "", zone->last);
    else if (zone->energy_errno == EACCES || zone->energy_errno == EPERM)
        fputs(" denied", out);
    if (!zone->has_mode) return;
    fprintf(out, " mode=%04o owner=", (unsigned)zone->mode);
    if (zone->owner == 0)
        fputs("root", out);
    else
        fputs("other", out); // which one is this machine's business
}

static void write_zone(FILE *out, const struct zone *zone) {
    fputs(zone->entry, out);
    if (zone->is_masked) {
        fputs(" masked\n", out);
        return;
    }
    if (zone->name[0]) fprintf(out, " name=%s", zone->name);
    if (zone->is_unreadable) fputs(" unreadable", out);
    if (zone->range[0]) fprintf(out, " range=%s", zone->range);
    write_energy(out, zone);
    if (zone->has_limits) fputs(" limits", out);
    if (!zone->first[0] && zone->has_mode && zone->energy_errno != EACCES &&
        zone->energy_errno != EPERM)
        fprintf(out, "  # energy_uj: %s", strerror(zone->energy_errno));
    fputc('\n', out);
}

static void write_machine(struct emit_recording *recording, FILE *out) {
    int64_t seconds = (emit_clock_monotonic_ns() - recording->begun_ns + 500000000) / 1000000000;
    const char *processor = recording->sysfs >= 0 ? processor_of(recording->sysfs) : NULL;
    fputs("# Recorded by emit sensors --record; what names this machine is taken out.\n", out);
    if (processor) fprintf(out, "cpu %s\n", processor);
    if (recording->count == 0)
        fprintf(out, "class %s\n", recording->has_class ? "empty" : "absent");
    fprintf(out, "seconds %" PRId64 "\n", seconds > 0 ? seconds : 1);
    for (size_t i = 0; i < recording->count; i++)
        write_zone(out, &recording->zones[i]);
}

// One point of a GPU meter: what it said of itself, and its first and last count.
static void write_gpu(struct emit_recording *recording, FILE *out, const struct emit_slot *slot) {
    const struct emit_point *point = &slot->point;
    char id[2 * EMIT_DEVICE_ID_MAX], note[2 * EMIT_POINT_NOTE_MAX];
    emit_blank(&recording->blanks, id, sizeof id, point->device_id);
    emit_blank(&recording->blanks, note, sizeof note, point->note);
    fprintf(out, "%s index=%d id=%s component=%s accuracy=%s", point->meter,
            (int)point->device_index, id, emit_component_word(point->component),
            emit_accuracy_word(point->accuracy));
    fprintf(out, " found=%s", point->found ? emit_code_word(point->found) : "readable");
    if (point->traits & EMIT_TRAIT_SIMULATED) fputs(" simulated", out);
    if (slot->tally.samples)
        fprintf(out, " counts=%" PRIu64 "..%" PRIu64 " carried=%" PRIu64 " span_ms=%" PRId64,
                slot->tally.first_count, slot->tally.last_count, slot->tally.carried_count,
                (slot->tally.last_ns - slot->tally.first_ns) / 1000000);
    fprintf(out, " joules=%" PRIu64 "/%" PRIu64 " update_ms=%g note=%s\n", point->joules_numerator,
            point->joules_denominator, (double)point->update_period_ns / 1e6, note);
}

static void write_gpus(struct emit_recording *recording, FILE *out,
                       const struct emit_sensors *sensors) {
    char blanked[LINE_MAX_BYTES];
    fputs("# What NVML and DCGM answered: one line a point, note= to its end.\n", out);
    for (size_t i = 0; i < sensors->count; i++) {
        enum emit_source source = sensors->slots[i].point.source;
        if (source == EMIT_SOURCE_NVML || source == EMIT_SOURCE_DCGM)
            write_gpu(recording, out, &sensors->slots[i]);
    }
    for (const struct emit_meter_type *const *type = emit_meter_types; *type; type++) {
        const char *why = emit_sensors_absence(sensors, (*type)->name);
        if (!why || strcmp((*type)->name, "rapl") == 0) continue;
        emit_blank(&recording->blanks, blanked, sizeof blanked, why);
        fprintf(out, "%s absent note=%s\n", (*type)->name, blanked);
    }
}

static enum emit_status open_in(int folder, const char *name, FILE **file, struct emit_error *err) {
    int descriptor = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (*file) return EMIT_OK;
    int failed = errno;
    if (descriptor >= 0) close(descriptor);
    return emit_fail_errno(err, failed, "cannot write %s into the folder", name);
}

static enum emit_status close_file(FILE *file, const char *name, struct emit_error *err) {
    bool good = !ferror(file);
    if (fclose(file) == 0 && good) return EMIT_OK;
    return emit_fail_errno(err, errno, "cannot write all of %s", name);
}

enum emit_status emit_recording_write(struct emit_recording *recording,
                                      const struct emit_sensors *sensors, const char *folder,
                                      struct emit_error *err) {
    char node[65], node_short[65];
    emit_host_node_name(node, sizeof node);
    (void)emit_text_format(node_short, sizeof node_short, "%.*s", (int)strcspn(node, "."), node);
    const char *const words[] = {
        node,
        node_short,
        sensors->settings.dcgm_host ? sensors->settings.dcgm_host : "",
        sensors->settings.dcgm_exporter ? sensors->settings.dcgm_exporter : "",
        sensors->settings.nvml_library ? sensors->settings.nvml_library : "",
        sensors->settings.dcgm_library ? sensors->settings.dcgm_library : "",
        NULL};
    recording->blanks.words = words;
    if (mkdir(folder, 0755) != 0)
        return emit_fail_errno(err, errno, "cannot make the folder %s", folder);
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return emit_fail_errno(err, errno, "cannot open the folder %s", folder);
    FILE *machine = NULL, *gpus = NULL;
    if (recording->sysfs >= 0) read_again(recording);
    enum emit_status status = open_in(directory, "machine", &machine, err);
    if (status == EMIT_OK) {
        write_machine(recording, machine);
        status = close_file(machine, "machine", err);
    }
    if (status == EMIT_OK) status = open_in(directory, "gpus", &gpus, err);
    if (status == EMIT_OK) {
        write_gpus(recording, gpus, sensors);
        status = close_file(gpus, "gpus", err);
    }
    close(directory);
    recording->blanks.words = NULL;
    return status;
}
