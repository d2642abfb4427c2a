// A stub of NVIDIA's library with the real names, for unit tests: it answers what the
// exported struct says. Built three times: whole, with no optional function, and without one that
// is needed (STUB_BARE, STUB_BROKEN).
// SPDX-License-Identifier: Apache-2.0
#include "nvml_stub.h"
#include "meters/nvml_abi.h"

#include <string.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT struct stub nvml_stub;

#define DECLARE(slot, symbol, parameters) EXPORT int stub_##slot parameters __asm__(symbol);
#ifdef STUB_BROKEN
DECLARE(init, "nvmlInit_v2", (void))
#else
EMIT_NVML_REQUIRED_ROWS(DECLARE)
#endif

int stub_init(void) {
    nvml_stub.initialised += nvml_stub.init_result == 0;
    return nvml_stub.init_result;
}

#ifndef STUB_BROKEN
static struct stub_device *device_of(emit_nvml_handle handle) {
    nvml_stub.calls++;
    return handle;
}

static int copy(char *to, unsigned size, const char *from, int result) {
    if (result == 0) strncpy(to, from ? from : "", size);
    return result;
}

int stub_shutdown(void) {
    nvml_stub.initialised--;
    return 0;
}

int stub_count(unsigned *count) {
    nvml_stub.calls++;
    *count = nvml_stub.count;
    return nvml_stub.count_result;
}

int stub_by_index(unsigned index, emit_nvml_handle *handle) {
    struct stub_device *device = device_of(&nvml_stub.devices[index % STUB_DEVICES]);
    if (device->handle_result == 0) *handle = device;
    return device->handle_result;
}

int stub_uuid(emit_nvml_handle handle, char *uuid, unsigned size) {
    const struct stub_device *device = device_of(handle);
    return copy(uuid, size, device->uuid, device->uuid_result);
}
#endif

#if !defined(STUB_BROKEN) && !defined(STUB_BARE)
EMIT_NVML_OPTIONAL_ROWS(DECLARE)

int stub_driver_version(char *version, unsigned size) {
    return copy(version, size, "0.0.0-EMIT", 0);
}

int stub_by_uuid(const char *uuid, emit_nvml_handle *handle) {
    for (unsigned i = 0; i < STUB_DEVICES; i++) {
        struct stub_device *device = device_of(&nvml_stub.devices[i]);
        if (device->uuid && strcmp(device->uuid, uuid) == 0) {
            *handle = device;
            return 0;
        }
        if (device->instance && strcmp(device->instance, uuid) == 0) {
            *handle = &nvml_stub.instances[i];
            return 0;
        }
    }
    return 6;
}

int stub_parent_of_mig(emit_nvml_handle instance, emit_nvml_handle *parent) {
    *parent = &nvml_stub.devices[(char *)instance - nvml_stub.instances];
    return 0;
}

int stub_name(emit_nvml_handle handle, char *name, unsigned size) {
    const struct stub_device *device = device_of(handle);
    return copy(name, size, device->name, device->name_result);
}

int stub_minor(emit_nvml_handle handle, unsigned *minor) {
    *minor = device_of(handle)->minor;
    return 0;
}

int stub_mig_mode(emit_nvml_handle handle, unsigned *mode, unsigned *pending) {
    *mode = *pending = device_of(handle)->mig_mode;
    return 0;
}

int stub_energy(emit_nvml_handle handle, unsigned long long *millijoules) {
    const struct stub_device *device = device_of(handle);
    *millijoules = device->energy;
    return device->energy_result;
}

int stub_power(emit_nvml_handle handle, unsigned *milliwatts) {
    const struct stub_device *device = device_of(handle);
    *milliwatts = device->power;
    return device->power_result;
}

int stub_fields(emit_nvml_handle handle, int count, struct emit_nvml_field_value *values) {
    const struct stub_device *device = device_of(handle);
    for (int i = 0; i < count; i++) {
        values[i].result = 3;
        for (unsigned j = 0; j < STUB_FIELDS; j++) {
            const struct stub_field *known = &device->fields[j];
            if (known->field != values[i].field ||
                (known->scope != values[i].scope && !device->ignores_scopes))
                continue;
            values[i].result = known->result;
            values[i].type = known->type;
            values[i].value.u64 = known->value;
        }
    }
    return device->fields_result;
}
#endif
