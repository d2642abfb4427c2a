// NVML: the energy of NVIDIA's GPUs, as the driver's own library tells it.
//
// The library is opened only where a driver is (its control device exists) or where
// the user names one. Devices are found by index once and known by their UUID from then
// on. A sample is one call a device. Hardware, rights and quirks: nvml.md.
// SPDX-License-Identifier: Apache-2.0
#include "meters/meter.h"

#include "base/text.h"
#include "host/library.h"
#include "meters/nvidia.h"
#include "meters/nvml_device.h"

#include <string.h>

#define LIBRARY "libnvidia-ml.so.1"

enum { CONTROL_MAJOR = 195 }; // of the driver's device nodes, in the kernel's list

struct nvml {
    void *library;
    bool is_initialised;
    bool is_own; // the user named the library
    struct emit_nvml_functions call;
    size_t count; // of the points, in their order
    struct emit_nvml_device devices[EMIT_NVML_DEVICES_MAX];
};

static const struct emit_symbol symbols[] = {
#define REQUIRED(slot, symbol, parameters)                                                         \
    {symbol, offsetof(struct emit_nvml_functions, slot), false},
#define OPTIONAL(slot, symbol, parameters)                                                         \
    {symbol, offsetof(struct emit_nvml_functions, slot), true},
    EMIT_NVML_REQUIRED_ROWS(REQUIRED) EMIT_NVML_OPTIONAL_ROWS(OPTIONAL){0},
};

// The library that the user named; NULL for the system's.
static const char *own_library(const struct emit_meter_settings *settings) {
    const char *path = settings->nvml_library;
    return path && *path ? path : NULL;
}

static bool is_slow(const struct emit_host *host, const struct emit_meter_settings *settings) {
    if (own_library(settings)) return true;
    return !host->sysfs_is_own && emit_host_has_device(EMIT_NVIDIA_NODE);
}

// EMIT_ABSENT, and quietly: there is nothing to ask.
static enum emit_status look_for(const struct emit_host *host,
                                 const struct emit_meter_settings *settings,
                                 struct emit_error *err) {
    if (is_slow(host, settings)) return EMIT_OK;
    if (host->sysfs_is_own)
        return emit_fail(err, EMIT_ABSENT,
                         "the GPUs of this machine are not those of --sysfs-root; --nvml-library "
                         "names a library that is");
    return emit_fail(err, EMIT_ABSENT,
                     "there is no " EMIT_NVIDIA_NODE
                     ": no NVIDIA driver, or none in this container");
}

static enum emit_status load(struct nvml *nvml, const struct emit_meter_settings *settings,
                             struct emit_error *err) {
    const char *own = own_library(settings);
    const char *remedy = own ? "name a library that is NVML, as " LIBRARY " is"
                             : "install the driver's own (Debian: libnvidia-ml1), or start the "
                               "container with its utility capability";
    nvml->is_own = own != NULL;
    enum emit_status status =
        emit_library_open(&nvml->library, own ? own : LIBRARY, remedy, symbols, &nvml->call, err);
    if (status != EMIT_ABSENT) return status;
    // Shorter than the loader says it. The driver is here, or was named: this is not quiet.
    return emit_fail(err, EMIT_MALFORMED, "%.50s cannot be loaded: %s", own ? own : LIBRARY,
                     remedy);
}

static enum emit_status initialise(struct nvml *nvml, struct emit_error *err) {
    int result = nvml->call.init();
    nvml->is_initialised = result == EMIT_NVML_OK;
    switch (result) {
    case EMIT_NVML_OK: return EMIT_OK;
    case EMIT_NVML_DRIVER_NOT_LOADED:
        return emit_fail(err, EMIT_ABSENT,
                         "the NVIDIA driver is not loaded (sudo modprobe nvidia)");
    case EMIT_NVML_VERSION_MISMATCH:
        return emit_fail(err, EMIT_MALFORMED,
                         LIBRARY
                         " is of another version than the NVIDIA driver that runs, as after "
                         "an upgrade: restart the machine, or unload and load the driver");
    case EMIT_NVML_NO_PERMISSION:
    case EMIT_NVML_OPERATING_SYSTEM:
        return emit_fail(err, EMIT_DENIED,
                         "this process may not use the NVIDIA driver: see who may (ls -l "
                         "/dev/nvidia*), and which devices its control group lets in");
    default:
        return emit_fail(err, EMIT_MALFORMED, "NVML cannot be started: %s (its code %d)",
                         emit_nvml_words(result), result);
    }
}

static enum emit_status find_devices(struct nvml *nvml, size_t room, struct emit_error *err) {
    unsigned count = 0;
    int result = nvml->call.count(&count);
    if (result != EMIT_NVML_OK)
        return emit_fail(err, EMIT_MALFORMED, "NVML does not say how many GPUs there are: %s",
                         emit_nvml_words(result));
    if (count == 0)
        return emit_fail(err, EMIT_ABSENT,
                         "the NVIDIA driver runs, but lists no GPU to this process");
    if (count > EMIT_NVML_DEVICES_MAX || count > room)
        return emit_fail(err, EMIT_FULL, "NVML lists %u GPUs: more than the %d that are metered",
                         count, EMIT_NVML_DEVICES_MAX);
    for (unsigned i = 0; i < count; i++)
        emit_nvml_identify(&nvml->call, i, &nvml->devices[i]);
    nvml->count = count;
    return EMIT_OK;
}

static bool parent_of(void *owner, const char *instance, char uuid[EMIT_NVML_TEXT_MAX]) {
    const struct nvml *nvml = owner;
    emit_nvml_handle handle = NULL, parent = NULL;
    if (!nvml->call.by_uuid || !nvml->call.parent_of_mig) return false;
    int result = nvml->call.by_uuid(instance, &handle);
    uuid[0] = '\0';
    if (result == EMIT_NVML_NOT_FOUND) return true;
    return result == EMIT_NVML_OK && handle &&
           nvml->call.parent_of_mig(handle, &parent) == EMIT_NVML_OK && parent &&
           nvml->call.uuid(parent, uuid, EMIT_NVML_TEXT_MAX) == EMIT_NVML_OK;
}

// Excludes what the run may not use; what another rank of it may use is read, and stays
// unlisted. Returns words for the devices that are metered although nobody could tell
// whether they should be; "" otherwise. *traits: of all devices.
static void match(struct nvml *nvml, const struct emit_assignment *assignment, uint32_t *traits,
                  char words[EMIT_ASSIGNMENT_WORDS_MAX]) {
    struct emit_assignable seen[EMIT_NVML_DEVICES_MAX];
    bool assigned[EMIT_NVML_DEVICES_MAX];
    for (size_t i = 0; i < nvml->count; i++) {
        const struct emit_nvml_device *device = &nvml->devices[i];
        seen[i] = (struct emit_assignable){
            .uuid = device->uuid,
            .name = device->name,
            .index = device->index,
            .minor = device->minor,
            .is_readable = device->handle != NULL,
            .is_mig = device->is_mig,
        };
    }
    bool numbered = emit_assignment_has_one_order(assignment, seen, nvml->count);
    *traits = numbered ? EMIT_TRAIT_NUMBERED : 0;
    if (!emit_assignment_match(assignment, seen, nvml->count, parent_of, nvml, assigned, words))
        return;
    bool of_rank = emit_assignment_is_of_rank(assignment);
    for (size_t i = 0; i < nvml->count; i++) {
        if (assigned[i]) continue;
        nvml->devices[i].is_unlisted = of_rank && !nvml->devices[i].found;
        if (nvml->devices[i].is_unlisted) continue;
        nvml->devices[i].found = EMIT_CODE_UNASSIGNED;
        (void)emit_text_format(nvml->devices[i].why, sizeof nvml->devices[i].why, "%s", words);
    }
    words[0] = '\0';
}

// Excludes what may not be asked for the one reason that this process, and so the run, may
// not use it: a container or a control group shows a job the GPUs that it was not given.
// Of a run that ranks share, another may have been given those.
static void match_files(struct nvml *nvml, const struct emit_assignment *assignment) {
    int32_t minors[EMIT_NVML_DEVICES_MAX];
    size_t denied = 0, readable = 0;
    for (size_t i = 0; i < nvml->count; i++) {
        denied += nvml->devices[i].found == EMIT_CODE_DENIED;
        if (nvml->devices[i].handle) minors[readable++] = nvml->devices[i].minor;
    }
    bool by_user = assignment->everything || assignment->by == EMIT_ASSIGNED_BY_OPTION;
    if (!denied || by_user || assignment->is_shared) return;
    if (!emit_nvidia_has_no_other(minors, readable)) return;
    for (size_t i = 0; i < nvml->count; i++) {
        struct emit_nvml_device *device = &nvml->devices[i];
        if (device->found != EMIT_CODE_DENIED || device->handle) continue;
        device->found = EMIT_CODE_UNASSIGNED;
        (void)emit_text_format(device->why, sizeof device->why, "%s", EMIT_NVIDIA_CLOSED);
    }
}

// The same UUID a second time is the same device seen twice.
static void mark_repeated(const struct nvml *nvml, size_t at, struct emit_point *point) {
    for (size_t i = 0; i < at && point->device_id[0]; i++)
        if (nvml->devices[at].uuid[0] &&
            strcmp(nvml->devices[i].uuid, nvml->devices[at].uuid) == 0) {
            memcpy(point->same_as, point->device_id, sizeof point->same_as);
            (void)emit_text_format(point->device_id, sizeof point->device_id, "gpu-%d",
                                   (int)nvml->devices[at].index);
            return;
        }
}

// Evidence that NVIDIA's driver stands behind the library: the driver's device node,
// the kernel's word for its version, and that the library is of that version and is no
// file of this very user's.
static bool is_real(struct emit_host *host, const struct nvml *nvml) {
    char version[EMIT_NVML_VERSION_MAX] = "";
    return !nvml->is_own && !host->sysfs_is_own && nvml->call.driver_version &&
           nvml->call.driver_version(version, sizeof version - 1) == EMIT_NVML_OK && version[0] &&
           emit_host_is_device(EMIT_NVIDIA_NODE, CONTROL_MAJOR) &&
           emit_host_proc_has_word(host, "/driver/nvidia/version", version) &&
           emit_library_is_anothers(nvml->library);
}

static enum emit_status find_points(struct nvml *nvml, struct emit_host *host,
                                    const struct emit_meter_settings *settings,
                                    struct emit_points *points, struct emit_error *err) {
    char words[EMIT_ASSIGNMENT_WORDS_MAX];
    uint32_t traits;
    enum emit_status status = load(nvml, settings, err);
    if (status == EMIT_OK) status = initialise(nvml, err);
    if (status == EMIT_OK) status = find_devices(nvml, points->size - points->count, err);
    if (status != EMIT_OK) return status;
    match(nvml, &settings->assignment, &traits, words);
    match_files(nvml, &settings->assignment);
    bool real = is_real(host, nvml);
    for (size_t i = 0; i < nvml->count; i++) {
        struct emit_nvml_device *device = &nvml->devices[i];
        struct emit_point *point = &points->at[points->count++];
        if (!device->found) emit_nvml_probe(&nvml->call, device);
        // Whether it can be read is only of interest to those whose it is.
        if (device->is_unlisted && device->found) device->found = EMIT_CODE_UNASSIGNED;
        emit_nvml_describe(device, point);
        mark_repeated(nvml, i, point);
        point->traits |= traits | (device->is_unlisted ? EMIT_TRAIT_UNLISTED : 0);
        if (!real) point->traits |= EMIT_TRAIT_SIMULATED;
        if (!words[0] || device->found) continue;
        point->traits |= EMIT_TRAIT_UNMATCHED;
        (void)emit_text_format(point->note, sizeof point->note, "%s", words);
    }
    return EMIT_OK;
}

// A driver that is here and cannot be asked is a point that cannot be read: GPUs that
// are not metered are no GPUs that are absent.
static void find_driver(struct nvml *nvml, const struct emit_error *why,
                        struct emit_points *points) {
    struct emit_nvml_device *driver = &nvml->devices[0];
    struct emit_point *point = &points->at[points->count++];
    *driver = (struct emit_nvml_device){
        .index = -1,
        .minor = -1,
        .found = why->status == EMIT_DENIED ? EMIT_CODE_DENIED : EMIT_CODE_MALFORMED,
    };
    (void)emit_text_format(driver->why, sizeof driver->why, "%s", why->text);
    emit_nvml_describe(driver, point);
    if (nvml->is_own) point->traits |= EMIT_TRAIT_SIMULATED;
    nvml->count = 1;
}

static enum emit_status open_nvml(void *state, struct emit_host *host,
                                  const struct emit_meter_settings *settings,
                                  struct emit_points *points, struct emit_error *err) {
    struct emit_error why;
    if (points->count == points->size)
        return emit_fail(err, EMIT_FULL, "more than %d metering points on this machine",
                         EMIT_POINTS_MAX);
    enum emit_status status = look_for(host, settings, &why);
    if (status == EMIT_OK) status = find_points(state, host, settings, points, &why);
    if (status == EMIT_ABSENT) return emit_fail(err, status, "%s", why.text);
    if (status != EMIT_OK) find_driver(state, &why, points);
    return EMIT_OK;
}

// What a device does not support it supported a moment ago.
static enum emit_code code_of_reading(int result) {
    enum emit_code code = emit_nvml_code(result);
    return code == EMIT_CODE_ABSENT ? EMIT_CODE_MALFORMED : code;
}

static void read_nvml(void *state, struct emit_reading *readings) {
    const struct nvml *nvml = state;
    for (size_t i = 0; i < nvml->count; i++) {
        const struct emit_nvml_device *device = &nvml->devices[i];
        uint64_t count = 0;
        readings[i].code = device->found;
        if (device->found) continue;
        readings[i].code = code_of_reading(emit_nvml_read(&nvml->call, device, &count));
        if (!readings[i].code) readings[i].count = count;
    }
}

static void close_nvml(void *state) {
    struct nvml *nvml = state;
    if (nvml->is_initialised) (void)nvml->call.shutdown();
    emit_library_close(nvml->library);
    *nvml = (struct nvml){0};
}

static const char *remedy(enum emit_code code) {
    switch ((int)code) {
    case EMIT_CODE_DENIED: return "nvidia-smi -L   # those it may use: name them with --device";
    case EMIT_CODE_UNASSIGNED: return "emit run --device all -- COMMAND";
    case EMIT_CODE_GONE: return "sudo dmesg | grep -i -e xid -e nvrm   # says why it was lost";
    case EMIT_CODE_LATE:
    case EMIT_CODE_TIMEOUT: return "emit run --start-timeout 5s -- COMMAND";
    default: return NULL;
    }
}

const struct emit_meter_type emit_meter_nvml = {
    .name = "nvml",
    .summary = "GPU energy from NVIDIA's management library",
    .state_size = sizeof(struct nvml),
    .is_slow = is_slow,
    .open = open_nvml,
    .read = read_nvml,
    .close = close_nvml,
    .remedy = remedy,
};
