// A libnvidia-ml.so.1 for machines without a GPU: answers from the scenario that
// emit-testbed plays. Callable from any thread. Outside emit-testbed nvmlInit
// says that no driver is loaded.
//
// What surprises: MIG instances have no energy here, as no hardware has; a count
// of devices includes those that may not be touched; indices may change while
// handles and UUIDs stay.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/gpu_world.h"
#include "programs/emit-testbed/nvml_abi.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

// The state a vendor's library has; its interface leaves no other place for it.
static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;
static struct emit_gpu_world world;
static _Atomic unsigned int users; // nvmlInit without nvmlShutdown yet

static void wait_ns(int64_t ns) {
    struct timespec rest = {ns / 1000000000, ns % 1000000000};
    if (ns > 0) nanosleep(&rest, NULL);
}

static const struct emit_gpu_machine *machine(void) {
    return &world.file->machine;
}

int nvmlInit_v2(void) {
    int code = NVML_OK;
    pthread_mutex_lock(&starting);
    if (users == 0) {
        if (!emit_gpu_world_open(&world)) {
            code = NVML_DRIVER_NOT_LOADED;
        } else {
            wait_ns(machine()->nvml.start_takes_ns);
            code = machine()->nvml.start_code;
            if (code != NVML_OK) emit_gpu_world_close(&world);
        }
    }
    if (code == NVML_OK) users++;
    pthread_mutex_unlock(&starting);
    return code;
}

int nvmlShutdown(void) {
    int code = NVML_OK;
    pthread_mutex_lock(&starting);
    if (users == 0)
        code = NVML_UNINITIALIZED;
    else if (--users == 0)
        emit_gpu_world_close(&world);
    pthread_mutex_unlock(&starting);
    return code;
}

const char *nvmlErrorString(int code) {
    switch (code) {
    case NVML_OK: return "Success";
    case NVML_UNINITIALIZED: return "Uninitialized";
    case NVML_INVALID_ARGUMENT: return "Invalid Argument";
    case NVML_NOT_SUPPORTED: return "Not Supported";
    case NVML_NO_PERMISSION: return "Insufficient Permissions";
    case NVML_NOT_FOUND: return "Not Found";
    case NVML_INSUFFICIENT_SIZE: return "Insufficient Size";
    case NVML_DRIVER_NOT_LOADED: return "Driver Not Loaded";
    case NVML_GPU_LOST: return "GPU is lost";
    case NVML_RESET_REQUIRED: return "GPU requires reset";
    case 18: return "Driver/library version mismatch";
    default: return "Unknown Error";
    }
}

static int put_text(char *text, unsigned int size, const char *value) {
    if (!text) return NVML_INVALID_ARGUMENT;
    if (strlen(value) >= size) return NVML_INSUFFICIENT_SIZE;
    memcpy(text, value, strlen(value) + 1);
    return NVML_OK;
}

// Devices. A handle is a number that no client can take for an address: the GPU,
// and 1 + its MIG instance (0: the GPU itself).

enum { HANDLE_TAG = 0x45490000 };

static nvml_handle make_handle(int gpu, unsigned int instance) {
    return (nvml_handle)(uintptr_t)(HANDLE_TAG + (unsigned int)gpu * 16 + instance);
}

// One call about a device: whose, when, and what it answers if nothing speaks against it.
struct call {
    int gpu;
    unsigned int instance; // as in the handle
    int64_t now_ns;
    const struct emit_gpu *about;
};

static int code_of_gpu(int gpu, int64_t now_ns) {
    if (emit_gpu_event_at(machine(), EMIT_GPU_DENIED, gpu, now_ns)) return NVML_NO_PERMISSION;
    if (emit_gpu_event_at(machine(), EMIT_GPU_LOST, gpu, now_ns)) return NVML_GPU_LOST;
    if (emit_gpu_event_at(machine(), EMIT_GPU_RESET_REQUIRED, gpu, now_ns))
        return NVML_RESET_REQUIRED;
    return NVML_OK;
}

static int begin(struct call *call, nvml_handle device) {
    uintptr_t number = (uintptr_t)device - HANDLE_TAG;
    if (users == 0) return NVML_UNINITIALIZED;
    if (number / 16 >= machine()->gpu_count || number % 16 > machine()->gpus[number / 16].instances)
        return NVML_INVALID_ARGUMENT;
    *call = (struct call){(int)(number / 16), (unsigned int)(number % 16), 0,
                          &machine()->gpus[number / 16]};
    const struct emit_gpu_event *slow =
        emit_gpu_event_at(machine(), EMIT_GPU_SLOW, call->gpu, emit_gpu_world_now_ns(&world));
    if (slow) wait_ns(slow->delay_ns);
    call->now_ns = emit_gpu_world_now_ns(&world);
    return code_of_gpu(call->gpu, call->now_ns);
}

int nvmlSystemGetDriverVersion(char *text, unsigned int size) {
    if (users == 0) return NVML_UNINITIALIZED;
    return put_text(text, size, machine()->driver);
}

int nvmlDeviceGetCount_v2(unsigned int *count) {
    if (users == 0) return NVML_UNINITIALIZED;
    if (!count) return NVML_INVALID_ARGUMENT;
    *count = machine()->gpu_count;
    return NVML_OK;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvml_handle *device) {
    if (users == 0) return NVML_UNINITIALIZED;
    if (!device || index >= machine()->gpu_count) return NVML_INVALID_ARGUMENT;
    int64_t now_ns = emit_gpu_world_now_ns(&world);
    int gpu = emit_gpu_at_index(machine(), index, now_ns);
    int code = code_of_gpu(gpu, now_ns);
    if (code == NVML_OK) *device = make_handle(gpu, 0);
    return code;
}

static void uuid_of(char uuid[EMIT_GPU_UUID_MAX], int gpu, unsigned int instance) {
    const struct emit_gpu *about = &machine()->gpus[gpu];
    if (instance == 0)
        memcpy(uuid, about->uuid, EMIT_GPU_UUID_MAX);
    else
        emit_gpu_uuid(uuid, "MIG-", emit_testbed_mix(about->counter.seed, instance));
}

int nvmlDeviceGetHandleByUUID(const char *uuid, nvml_handle *device) {
    char at[EMIT_GPU_UUID_MAX];
    if (users == 0) return NVML_UNINITIALIZED;
    if (!uuid || !device) return NVML_INVALID_ARGUMENT;
    for (unsigned int gpu = 0; gpu < machine()->gpu_count; gpu++)
        for (unsigned int instance = 0; instance <= machine()->gpus[gpu].instances; instance++) {
            uuid_of(at, (int)gpu, instance);
            if (strcmp(at, uuid) != 0) continue;
            int code = code_of_gpu((int)gpu, emit_gpu_world_now_ns(&world));
            if (code == NVML_OK) *device = make_handle((int)gpu, instance);
            return code;
        }
    return NVML_NOT_FOUND;
}

int nvmlDeviceGetUUID(nvml_handle device, char *text, unsigned int size) {
    struct call call;
    char uuid[EMIT_GPU_UUID_MAX];
    int code = begin(&call, device);
    if (code != NVML_OK) return code;
    uuid_of(uuid, call.gpu, call.instance);
    return put_text(text, size, uuid);
}

int nvmlDeviceGetName(nvml_handle device, char *text, unsigned int size) {
    struct call call;
    int code = begin(&call, device);
    return code == NVML_OK ? put_text(text, size, call.about->name) : code;
}

int nvmlDeviceGetPciInfo_v3(nvml_handle device, struct nvml_pci *pci) {
    struct call call;
    int code = begin(&call, device);
    if (code != NVML_OK) return code;
    if (!pci) return NVML_INVALID_ARGUMENT;
    *pci = (struct nvml_pci){.bus = 0x10 + (unsigned int)call.gpu, .device_id = 0x10de};
    (void)snprintf(pci->bus_id_legacy, sizeof pci->bus_id_legacy, "0000:%02X:00.0", pci->bus);
    (void)snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", pci->bus);
    return NVML_OK;
}

int nvmlDeviceGetMinorNumber(nvml_handle device, unsigned int *minor) {
    struct call call;
    if (!minor) return NVML_INVALID_ARGUMENT;
    int code = begin(&call, device);
    if (code == NVML_OK) *minor = (unsigned int)call.gpu;
    return code;
}

// Energy and power. Everything served is recorded, refusals too.

static void serve(const struct call *call, int code, enum emit_gpu_served_what what,
                  uint64_t value) {
    emit_gpu_world_serve(&world, (struct emit_gpu_served){
                                     .at_ns = call->now_ns,
                                     .value = value,
                                     .error = code,
                                     .gpu = (uint8_t)call->gpu,
                                     .by = EMIT_GPU_BY_NVML,
                                     .what = (uint8_t)(code == NVML_OK ? what : EMIT_GPU_ERROR)});
}

static int millijoules(const struct call *call, unsigned long long *value) {
    bool counts = call->about->energy == EMIT_GPU_COUNTER && call->instance == 0;
    int code = counts ? NVML_OK : NVML_NOT_SUPPORTED;
    if (counts) *value = emit_counter_total(&call->about->counter, call->now_ns);
    serve(call, code, EMIT_GPU_MILLIJOULES, counts ? *value : 0);
    return code;
}

static int milliwatts(const struct call *call, int64_t window_ns, unsigned int *value) {
    bool knows = call->about->energy != EMIT_GPU_NOTHING && call->instance == 0;
    int code = knows ? NVML_OK : NVML_NOT_SUPPORTED;
    if (knows)
        *value = (unsigned int)(emit_gpu_watts(call->about, call->now_ns, window_ns) * 1e3 + 0.5);
    serve(call, code, EMIT_GPU_MILLIWATTS, knows ? *value : 0);
    return code;
}

// begin() for a call that reads a sensor.
static int begin_reading(struct call *call, nvml_handle device) {
    int code = begin(call, device);
    if (code != NVML_OK && code != NVML_UNINITIALIZED && code != NVML_INVALID_ARGUMENT)
        serve(call, code, EMIT_GPU_ERROR, 0);
    return code;
}

int nvmlDeviceGetTotalEnergyConsumption(nvml_handle device, unsigned long long *mj) {
    struct call call;
    if (!mj) return NVML_INVALID_ARGUMENT;
    int code = begin_reading(&call, device);
    return code == NVML_OK ? millijoules(&call, mj) : code;
}

// A module's power is not given as a GPU's.
int nvmlDeviceGetPowerUsage(nvml_handle device, unsigned int *value) {
    struct call call;
    if (!value) return NVML_INVALID_ARGUMENT;
    int code = begin_reading(&call, device);
    if (code == NVML_OK && call.about->module) return NVML_NOT_SUPPORTED;
    return code == NVML_OK ? milliwatts(&call, call.about->window_ns, value) : code;
}

static int power_field(const struct call *call, struct nvml_field_value *value, int64_t window_ns) {
    unsigned int scope = call->about->module ? NVML_SCOPE_MODULE : NVML_SCOPE_GPU;
    value->type = NVML_TYPE_UINT;
    if (value->scope != scope) return NVML_NOT_SUPPORTED;
    return milliwatts(call, window_ns, &value->value.uint);
}

static int field(const struct call *call, struct nvml_field_value *value) {
    switch (value->field) {
    case NVML_FIELD_ENERGY:
    case NVML_FIELD_ENERGY_OF_GPU:
        value->type = NVML_TYPE_U64;
        return millijoules(call, &value->value.u64);
    case NVML_FIELD_POWER_AVERAGE:
        if (call->about->window_ns == 0) return NVML_NOT_SUPPORTED; // older than this field
        return power_field(call, value, call->about->window_ns);
    case NVML_FIELD_POWER_INSTANT: return power_field(call, value, 0);
    default: return NVML_NOT_SUPPORTED;
    }
}

// The call succeeds even when every entry fails.
int nvmlDeviceGetFieldValues(nvml_handle device, int count, struct nvml_field_value *values) {
    struct call call;
    if (count <= 0 || !values) return NVML_INVALID_ARGUMENT;
    int code = begin_reading(&call, device);
    if (code == NVML_UNINITIALIZED || code == NVML_INVALID_ARGUMENT) return code;
    for (int i = 0; i < count; i++) {
        values[i].timestamp_us = emit_gpu_world_wall_us(&world, call.now_ns);
        values[i].latency_us = 1;
        values[i].code = code == NVML_OK ? field(&call, &values[i]) : code;
    }
    return NVML_OK;
}

int nvmlDeviceGetComputeRunningProcesses_v3(nvml_handle device, unsigned int *count,
                                            struct nvml_process *processes) {
    struct call call;
    (void)processes;
    if (!count) return NVML_INVALID_ARGUMENT;
    int code = begin(&call, device);
    if (code == NVML_OK) *count = 0;
    return code;
}

// MIG.

int nvmlDeviceGetMigMode(nvml_handle device, unsigned int *current, unsigned int *pending) {
    struct call call;
    if (!current || !pending) return NVML_INVALID_ARGUMENT;
    int code = begin(&call, device);
    if (code != NVML_OK) return code;
    if (call.instance > 0) return NVML_INVALID_ARGUMENT;
    *current = *pending = call.about->instances > 0;
    return NVML_OK;
}

int nvmlDeviceIsMigDeviceHandle(nvml_handle device, unsigned int *is_instance) {
    struct call call;
    if (!is_instance) return NVML_INVALID_ARGUMENT;
    int code = begin(&call, device);
    if (code == NVML_OK) *is_instance = call.instance > 0;
    return code;
}

int nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvml_handle instance, nvml_handle *device) {
    struct call call;
    if (!device) return NVML_INVALID_ARGUMENT;
    int code = begin(&call, instance);
    if (code != NVML_OK) return code;
    if (call.instance == 0) return NVML_INVALID_ARGUMENT;
    *device = make_handle(call.gpu, 0);
    return NVML_OK;
}

int nvmlDeviceGetMaxMigDeviceCount(nvml_handle device, unsigned int *count) {
    struct call call;
    if (!count) return NVML_INVALID_ARGUMENT;
    int code = begin(&call, device);
    if (code == NVML_OK) *count = EMIT_GPU_INSTANCES_MAX;
    return code;
}

int nvmlDeviceGetMigDeviceHandleByIndex(nvml_handle device, unsigned int index,
                                        nvml_handle *instance) {
    struct call call;
    if (!instance) return NVML_INVALID_ARGUMENT;
    int code = begin(&call, device);
    if (code != NVML_OK) return code;
    if (call.instance > 0 || index >= EMIT_GPU_INSTANCES_MAX) return NVML_INVALID_ARGUMENT;
    if (index >= call.about->instances) return NVML_NOT_FOUND;
    *instance = make_handle(call.gpu, index + 1);
    return NVML_OK;
}
