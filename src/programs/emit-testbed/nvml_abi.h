// What a client of libnvidia-ml.so.1 expects of it, in our own words: names,
// numbers and layouts of NVIDIA's documented interface, x86-64. Written for the
// fake library alone and sharing nothing with emit's meter, so that each is a
// check of the other.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_NVML_ABI_H
#define EMIT_TESTBED_NVML_ABI_H

#include <stddef.h>

enum nvml_code {
    NVML_OK = 0,
    NVML_UNINITIALIZED = 1,
    NVML_INVALID_ARGUMENT = 2,
    NVML_NOT_SUPPORTED = 3,
    NVML_NO_PERMISSION = 4,
    NVML_NOT_FOUND = 6,
    NVML_INSUFFICIENT_SIZE = 7,
    NVML_DRIVER_NOT_LOADED = 9,
    NVML_GPU_LOST = 15,
    NVML_RESET_REQUIRED = 16,
    NVML_UNKNOWN = 999,
};

enum nvml_field {
    NVML_FIELD_ENERGY = 83,
    NVML_FIELD_POWER_AVERAGE = 185,
    NVML_FIELD_POWER_INSTANT = 186,
    NVML_FIELD_ENERGY_OF_GPU = 191,
};

enum nvml_scope { NVML_SCOPE_GPU = 0, NVML_SCOPE_MODULE = 1 };
enum nvml_value_type { NVML_TYPE_UINT = 1, NVML_TYPE_U64 = 3 };

struct nvml_device; // opaque
typedef struct nvml_device *nvml_handle;

union nvml_value {
    double real;
    unsigned int uint;
    unsigned long long u64;
};

struct nvml_field_value {
    unsigned int field;
    unsigned int scope;
    long long timestamp_us; // since 1970
    long long latency_us;
    unsigned int type;
    int code;
    union nvml_value value;
};
_Static_assert(sizeof(struct nvml_field_value) == 40, "field value");
_Static_assert(offsetof(struct nvml_field_value, field) == 0, "field value");
_Static_assert(offsetof(struct nvml_field_value, scope) == 4, "field value");
_Static_assert(offsetof(struct nvml_field_value, timestamp_us) == 8, "field value");
_Static_assert(offsetof(struct nvml_field_value, latency_us) == 16, "field value");
_Static_assert(offsetof(struct nvml_field_value, type) == 24, "field value");
_Static_assert(offsetof(struct nvml_field_value, code) == 28, "field value");
_Static_assert(offsetof(struct nvml_field_value, value) == 32, "field value");

struct nvml_pci {
    char bus_id_legacy[16];
    unsigned int domain, bus, device;
    unsigned int device_id, subsystem_id;
    char bus_id[32];
};
_Static_assert(sizeof(struct nvml_pci) == 68, "PCI info");
_Static_assert(offsetof(struct nvml_pci, domain) == 16, "PCI info");
_Static_assert(offsetof(struct nvml_pci, bus) == 20, "PCI info");
_Static_assert(offsetof(struct nvml_pci, device) == 24, "PCI info");
_Static_assert(offsetof(struct nvml_pci, device_id) == 28, "PCI info");
_Static_assert(offsetof(struct nvml_pci, subsystem_id) == 32, "PCI info");
_Static_assert(offsetof(struct nvml_pci, bus_id) == 36, "PCI info");

struct nvml_process {
    unsigned int pid;
    unsigned long long used_memory;
    unsigned int gpu_instance, compute_instance;
};
_Static_assert(sizeof(struct nvml_process) == 24, "process info");
_Static_assert(offsetof(struct nvml_process, used_memory) == 8, "process info");
_Static_assert(offsetof(struct nvml_process, gpu_instance) == 16, "process info");
_Static_assert(offsetof(struct nvml_process, compute_instance) == 20, "process info");

_Static_assert(sizeof(nvml_handle) == 8, "a handle is a pointer");

#define NVML_EXPORT __attribute__((visibility("default")))

NVML_EXPORT int nvmlInit_v2(void);
NVML_EXPORT int nvmlShutdown(void);
NVML_EXPORT const char *nvmlErrorString(int code);
NVML_EXPORT int nvmlSystemGetDriverVersion(char *text, unsigned int size);
NVML_EXPORT int nvmlDeviceGetCount_v2(unsigned int *count);
NVML_EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvml_handle *device);
NVML_EXPORT int nvmlDeviceGetHandleByUUID(const char *uuid, nvml_handle *device);
NVML_EXPORT int nvmlDeviceGetUUID(nvml_handle device, char *text, unsigned int size);
NVML_EXPORT int nvmlDeviceGetName(nvml_handle device, char *text, unsigned int size);
NVML_EXPORT int nvmlDeviceGetPciInfo_v3(nvml_handle device, struct nvml_pci *pci);
NVML_EXPORT int nvmlDeviceGetMinorNumber(nvml_handle device, unsigned int *minor);
NVML_EXPORT int nvmlDeviceGetTotalEnergyConsumption(nvml_handle device, unsigned long long *mj);
NVML_EXPORT int nvmlDeviceGetPowerUsage(nvml_handle device, unsigned int *milliwatts);
NVML_EXPORT int nvmlDeviceGetFieldValues(nvml_handle device, int count,
                                         struct nvml_field_value *values);
NVML_EXPORT int nvmlDeviceGetMigMode(nvml_handle device, unsigned int *current,
                                     unsigned int *pending);
NVML_EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(nvml_handle device, unsigned int *count,
                                                        struct nvml_process *processes);
NVML_EXPORT int nvmlDeviceIsMigDeviceHandle(nvml_handle device, unsigned int *is_instance);
NVML_EXPORT int nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvml_handle instance,
                                                             nvml_handle *device);
NVML_EXPORT int nvmlDeviceGetMaxMigDeviceCount(nvml_handle device, unsigned int *count);
NVML_EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(nvml_handle device, unsigned int index,
                                                    nvml_handle *instance);

#endif
