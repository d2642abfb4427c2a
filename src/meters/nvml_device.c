// One NVIDIA device: its identity, the best way to its energy, its point.
//
// The counter (millijoules since the driver was loaded) is taken wherever there is
// one; only a device that says it has none is read by its power. A failure is never
// answered with the next best way: a lost GPU has no power either.
// SPDX-License-Identifier: Apache-2.0
#include "meters/nvml_device.h"

#include "base/text.h"
#include "meters/nvidia.h"

#include <string.h>

enum {
    UPDATE_NS = 100000000,   // of the counter and of instantaneous power; 20 to 100 ms were seen
    AVERAGE_NS = 1000000000, // power averaged over a second, as Ampere and newer do
    MAX_GPU_MW = 4000000,    // far beyond any board, so that no real peak is implausible
    MAX_MODULE_MW = 8000000, // the same of a superchip, two of them and a processor
};

// What a device may answer with when it lacks something, as opposed to failing.
static bool is_lacking(int result) {
    return result == EMIT_NVML_NOT_SUPPORTED || result == EMIT_NVML_FUNCTION_NOT_FOUND;
}

// Answers that may be better at the next reading.
static bool is_passing(int result) {
    return result == EMIT_NVML_TIMEOUT || result == EMIT_NVML_NO_DATA;
}

static void refuse(struct emit_nvml_device *device, enum emit_code code, const char *what,
                   const char *words) {
    device->way = EMIT_NVML_WAY_NONE;
    device->found = code;
    (void)emit_text_format(device->why, sizeof device->why, "%s%s", what, words);
}

// A text that is terminated, printable and begins as a UUID of a whole GPU does.
static bool is_uuid(const char *uuid) {
    size_t length = strnlen(uuid, EMIT_NVML_TEXT_MAX);
    if (length <= 4 || length >= EMIT_DEVICE_ID_MAX || memcmp(uuid, "GPU-", 4) != 0) return false;
    for (size_t i = 0; i < length; i++)
        if (uuid[i] <= ' ' || uuid[i] > '~') return false;
    return true;
}

// A name may lack its terminator where it does not fit, and is for people to read.
static void copy_name(char to[EMIT_NVML_TEXT_MAX], const char from[EMIT_NVML_TEXT_MAX]) {
    size_t length = strnlen(from, EMIT_NVML_TEXT_MAX - 1);
    for (size_t i = 0; i < length; i++)
        to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
    to[length] = '\0';
}

void emit_nvml_identify(const struct emit_nvml_functions *call, unsigned index,
                        struct emit_nvml_device *device) {
    *device = (struct emit_nvml_device){.index = (int32_t)index, .minor = -1};
    int result = call->by_index(index, &device->handle);
    if (result != EMIT_NVML_OK || !device->handle) {
        device->handle = NULL;
        refuse(device, result ? emit_nvml_code(result) : EMIT_CODE_MALFORMED, "",
               result ? emit_nvml_words(result) : "the library gives no handle");
        return;
    }
    char text[EMIT_NVML_TEXT_MAX] = "";
    result = call->uuid(device->handle, text, sizeof text);
    if (result != EMIT_NVML_OK || !is_uuid(text)) {
        refuse(device, result ? emit_nvml_code(result) : EMIT_CODE_MALFORMED,
               "its UUID cannot be read: ", result ? emit_nvml_words(result) : "it is none");
        return;
    }
    memcpy(device->uuid, text, sizeof device->uuid);
    // From here on the UUID is who it is, whatever happens to the order of indices.
    emit_nvml_handle same = NULL;
    if (call->by_uuid && call->by_uuid(device->uuid, &same) == EMIT_NVML_OK && same)
        device->handle = same;
    if (call->name && call->name(device->handle, text, sizeof text) == EMIT_NVML_OK)
        copy_name(device->name, text);
    unsigned minor = 0, mode = 0, pending = 0;
    if (call->minor && call->minor(device->handle, &minor) == EMIT_NVML_OK && minor < INT32_MAX)
        device->minor = (int32_t)minor;
    device->is_mig =
        call->mig_mode && call->mig_mode(device->handle, &mode, &pending) == EMIT_NVML_OK && mode;
}

static bool take_value(const struct emit_nvml_field_value *field, uint64_t *count) {
    switch (field->type) {
    case EMIT_NVML_VALUE_U64:
    case EMIT_NVML_VALUE_ULONG: *count = field->value.u64; return true;
    case EMIT_NVML_VALUE_U32: *count = field->value.u32; return true;
    case EMIT_NVML_VALUE_U16: *count = field->value.u16; return true;
    case EMIT_NVML_VALUE_I64: *count = (uint64_t)field->value.i64; return field->value.i64 >= 0;
    case EMIT_NVML_VALUE_I32: *count = (uint64_t)field->value.i32; return field->value.i32 >= 0;
    default: return false; // a fraction is no count
    }
}

static int read_field(const struct emit_nvml_functions *call, emit_nvml_handle handle,
                      uint32_t field, uint32_t scope, uint64_t *count) {
    if (!call->fields) return EMIT_NVML_FUNCTION_NOT_FOUND;
    struct emit_nvml_field_value asked = {.field = field, .scope = scope};
    int result = call->fields(handle, 1, &asked);
    if (result == EMIT_NVML_OK) result = asked.result;
    if (result == EMIT_NVML_OK && !take_value(&asked, count)) result = EMIT_NVML_NO_COUNT;
    return result;
}

int emit_nvml_read(const struct emit_nvml_functions *call, const struct emit_nvml_device *device,
                   uint64_t *count) {
    unsigned long long millijoules = 0;
    unsigned milliwatts = 0;
    int result = EMIT_NVML_FUNCTION_NOT_FOUND;
    switch (device->way) {
    case EMIT_NVML_WAY_ENERGY:
        if (call->energy) result = call->energy(device->handle, &millijoules);
        *count = millijoules;
        return result;
    case EMIT_NVML_WAY_POWER:
        if (call->power) result = call->power(device->handle, &milliwatts);
        *count = milliwatts;
        return result;
    case EMIT_NVML_WAY_ENERGY_FIELD:
    case EMIT_NVML_WAY_POWER_FIELD:
        return read_field(call, device->handle, device->field, device->scope, count);
    case EMIT_NVML_WAY_NONE: break;
    }
    return result;
}

// True where the power of the module can be read. A driver that does not know scopes
// answers to any number, even to one that none has: that is no evidence.
static bool has_module_power(const struct emit_nvml_functions *call, emit_nvml_handle handle,
                             uint32_t field) {
    uint64_t milliwatts;
    return read_field(call, handle, field, EMIT_NVML_SCOPE_MODULE, &milliwatts) == EMIT_NVML_OK &&
           read_field(call, handle, field, EMIT_NVML_SCOPE_NONE, &milliwatts) != EMIT_NVML_OK;
}

// The ways, the best one first. Each of GPU scope; what the module's are is said below.
static const struct {
    enum emit_nvml_way way;
    uint32_t field, scope;
} ways[] = {
    {EMIT_NVML_WAY_ENERGY, 0, EMIT_NVML_SCOPE_GPU},
    {EMIT_NVML_WAY_ENERGY_FIELD, EMIT_NVML_FIELD_ENERGY, EMIT_NVML_SCOPE_GPU},
    {EMIT_NVML_WAY_ENERGY_FIELD, EMIT_NVML_FIELD_ENERGY_TOO, EMIT_NVML_SCOPE_GPU},
    {EMIT_NVML_WAY_POWER_FIELD, EMIT_NVML_FIELD_POWER_INSTANT, EMIT_NVML_SCOPE_GPU},
    {EMIT_NVML_WAY_POWER_FIELD, EMIT_NVML_FIELD_POWER_AVERAGE, EMIT_NVML_SCOPE_GPU},
    {EMIT_NVML_WAY_POWER_FIELD, EMIT_NVML_FIELD_POWER_INSTANT, EMIT_NVML_SCOPE_MODULE},
    {EMIT_NVML_WAY_POWER_FIELD, EMIT_NVML_FIELD_POWER_AVERAGE, EMIT_NVML_SCOPE_MODULE},
    {EMIT_NVML_WAY_POWER, 0, EMIT_NVML_SCOPE_GPU},
};

void emit_nvml_probe(const struct emit_nvml_functions *call, struct emit_nvml_device *device) {
    bool module = has_module_power(call, device->handle, EMIT_NVML_FIELD_POWER_INSTANT) ||
                  has_module_power(call, device->handle, EMIT_NVML_FIELD_POWER_AVERAGE);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        bool counter =
            ways[i].way == EMIT_NVML_WAY_ENERGY || ways[i].way == EMIT_NVML_WAY_ENERGY_FIELD;
        if (ways[i].scope == EMIT_NVML_SCOPE_MODULE && !module) continue;
        device->way = ways[i].way;
        device->field = ways[i].field;
        device->scope = ways[i].scope;
        // The counter of a superchip is the module's, and so is power without a scope there.
        device->is_module = module && (counter || ways[i].way == EMIT_NVML_WAY_POWER ||
                                       ways[i].scope == EMIT_NVML_SCOPE_MODULE);
        uint64_t count;
        int result = emit_nvml_read(call, device, &count);
        if (result == EMIT_NVML_OK || is_passing(result)) return;
        if (is_lacking(result)) continue;
        refuse(device, emit_nvml_code(result), "", emit_nvml_words(result));
        return;
    }
    refuse(device, EMIT_CODE_ABSENT, "", "it has neither an energy counter nor a power sensor");
}

// What one should know of a device that can be read.
static void write_note(const struct emit_nvml_device *device, char *note, size_t size) {
    struct emit_text text;
    emit_text_init(&text, note, size);
    emit_text_add_format(&text, "%.64s", device->name);
    const char *const remarks[] = {
        device->is_module ? "counts the whole module, processor and memory too" : NULL,
        device->is_mig ? "MIG: metered once, for all of its instances" : NULL,
        device->way == EMIT_NVML_WAY_POWER_FIELD || device->way == EMIT_NVML_WAY_POWER
            ? "no energy counter: its power is integrated"
            : NULL,
    };
    for (size_t i = 0; i < sizeof remarks / sizeof remarks[0]; i++)
        if (remarks[i]) emit_text_add_format(&text, "%s%s", text.length ? "; " : "", remarks[i]);
}

void emit_nvml_describe(const struct emit_nvml_device *device, struct emit_point *point) {
    bool power = device->way == EMIT_NVML_WAY_POWER_FIELD || device->way == EMIT_NVML_WAY_POWER;
    bool averaged = device->way == EMIT_NVML_WAY_POWER ||
                    (power && device->field == EMIT_NVML_FIELD_POWER_AVERAGE);
    *point = (struct emit_point){
        .meter = "nvml",
        .source = EMIT_SOURCE_NVML,
        .component = device->is_module ? EMIT_COMPONENT_GPU_MODULE : EMIT_COMPONENT_GPU,
        .accuracy = power ? EMIT_ACCURACY_POWER_INTEGRATED : EMIT_ACCURACY_DEVICE_COUNTER,
        .found = device->found,
        .device_index = device->index,
        .update_period_ns = UPDATE_NS,
        .averaged_ns = averaged ? AVERAGE_NS : 0,
        .max_milliwatts = device->is_module ? MAX_MODULE_MW : MAX_GPU_MW,
        .joules_numerator = 1,
        .joules_denominator = 1000, // millijoules in 64 bits: never wrap
        .step_counts = 1,
    };
    if (power) point->joules_denominator = 1000000000; // counted by whoever integrates
    if (device->uuid[0])
        (void)emit_text_format(point->device_id, sizeof point->device_id, "%s", device->uuid);
    else if (device->index < 0)
        (void)emit_text_format(point->device_id, sizeof point->device_id, "nvidia-driver");
    else
        (void)emit_text_format(point->device_id, sizeof point->device_id, "gpu-%d",
                               (int)device->index);
    if (!device->uuid[0] && device->index >= 0) point->traits |= EMIT_TRAIT_NAMELESS;
    if (device->is_mig) point->traits |= EMIT_TRAIT_SPLIT;
    if (device->is_module && emit_nvidia_is_paired(device->name))
        point->traits |= EMIT_TRAIT_PAIRED;
    if (device->found)
        (void)emit_text_format(point->note, sizeof point->note, "%s", device->why);
    else
        write_note(device, point->note, sizeof point->note);
}
