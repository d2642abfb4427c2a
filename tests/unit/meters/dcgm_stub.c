// A libdcgm for the meter's test: the layouts are written here a second time, as plain
// offsets, so that a slip in the meter's own declarations does not go unseen.
// SPDX-License-Identifier: Apache-2.0
#include "dcgm_stub.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct stub stub;

int dcgmInit(void);
int dcgmShutdown(void);
int dcgmConnect_v2(const char *address, void *parameters, uintptr_t *handle);
int dcgmDisconnect(uintptr_t handle);
int dcgmGetAllSupportedDevices(uintptr_t handle, unsigned *ids, int *count);
int dcgmEntitiesGetLatestValues(uintptr_t handle, void *entities, unsigned entity_count,
                                unsigned short *fields, unsigned field_count, unsigned flags,
                                void *values);
int dcgmFieldGroupCreate(uintptr_t handle, int count, unsigned short *fields, const char *name,
                         uintptr_t *group);
int dcgmFieldGroupDestroy(uintptr_t handle, uintptr_t group);
int dcgmWatchFields(uintptr_t handle, uintptr_t gpus, uintptr_t group, long long period_us,
                    double keep_s, int keep_samples);
int dcgmUnwatchFields(uintptr_t handle, uintptr_t gpus, uintptr_t group);
int dcgmUpdateAllFields(uintptr_t handle, int wait);

enum { VALUE_BYTES = 4128, HANDLE = 1000, FIELD_GROUP = 77, ALL_GPUS = 0x7fffffff };

static bool is_running;

static int check(uintptr_t handle) {
    if (!is_running) return -10;
    return stub.is_down || handle != HANDLE + stub.generation ? -21 : 0;
}

int dcgmInit(void) {
    is_running = true;
    stub.inits++;
    return 0;
}

int dcgmShutdown(void) {
    if (!is_running) return -10;
    is_running = false;
    return 0;
}

int dcgmConnect_v2(const char *address, void *parameters, uintptr_t *handle) {
    uint32_t words[4];
    memcpy(words, parameters, sizeof words);
    snprintf(stub.address, sizeof stub.address, "%s", address);
    stub.attempts++;
    stub.timeout_ms = words[2];
    stub.is_unix = words[3];
    if (!is_running) return -10;
    if (words[0] != 0x02000010 || words[1] != 0) return -12;
    if (stub.connect_status) return stub.connect_status;
    if (stub.is_down) return -21;
    stub.connects++;
    *handle = HANDLE + stub.generation;
    return 0;
}

int dcgmDisconnect(uintptr_t handle) {
    (void)handle;
    stub.disconnects++;
    return 0;
}

int dcgmGetAllSupportedDevices(uintptr_t handle, unsigned *ids, int *count) {
    int status = check(handle);
    if (status) return status;
    for (int i = 0; i < stub.gpu_count && i < 32; i++)
        ids[i] = stub.gpus[i].id;
    *count = stub.gpu_count;
    return 0;
}

static void put_count(char *value, const struct stub_gpu *gpu, unsigned field) {
    int32_t status = field == 155 || field == 156 || field == 157 ? gpu->status : 0;
    uint16_t type = field == 54 ? 's' : field == 155 || field == 157 ? 'd' : 'i';
    int64_t number = gpu->energy_mj;
    if (field == 52) number = gpu - stub.gpus;
    if (field == 156 && gpu->type) type = (uint16_t)gpu->type;
    memcpy(value + 14, &type, sizeof type);
    memcpy(value + 16, &status, sizeof status);
    if (field == 54) snprintf(value + 32, 256, "%s", gpu->uuid);
    if (field == 52 || field == 156) memcpy(value + 32, &number, sizeof number);
    if (field == 155) memcpy(value + 32, &gpu->power_w, sizeof gpu->power_w);
    if (field == 157) memcpy(value + 32, &gpu->instant_w, sizeof gpu->instant_w);
}

static const struct stub_gpu *gpu_of(uint32_t id) {
    for (int i = 0; i < stub.gpu_count; i++)
        if (stub.gpus[i].id == id) return &stub.gpus[i];
    return NULL;
}

// Answers from the last to the first, as the real one may.
int dcgmEntitiesGetLatestValues(uintptr_t handle, void *entities, unsigned entity_count,
                                unsigned short *fields, unsigned field_count, unsigned flags,
                                void *values) {
    int status = check(handle);
    if (status) return status;
    if (stub.takes_and_drops) return -21;
    if (stub.is_silent) return -11;
    if (flags == 1 && stub.refuses_live) return -6;
    if (flags == 1)
        stub.live_reads++;
    else
        stub.cached_reads++;
    char *value = values;
    for (unsigned e = entity_count; e-- > 0;) {
        uint32_t pair[2], version = 0x02001020;
        memcpy(pair, (char *)entities + 8 * e, sizeof pair);
        stub.asked_group |= pair[0];
        const struct stub_gpu *gpu = gpu_of(pair[1]);
        if (!gpu) return -1;
        for (unsigned f = field_count; f-- > 0; value += VALUE_BYTES) {
            int64_t taken_us = stub.now_us - gpu->age_us;
            if (gpu->is_left_out) continue;
            memcpy(value, &version, sizeof version);
            memcpy(value + 4, pair, sizeof pair);
            memcpy(value + 12, &fields[f], sizeof fields[f]);
            memcpy(value + 24, &taken_us, sizeof taken_us);
            put_count(value, gpu, fields[f]);
        }
    }
    return 0;
}

int dcgmFieldGroupCreate(uintptr_t handle, int count, unsigned short *fields, const char *name,
                         uintptr_t *group) {
    if (count < 1 || count > 128 || !fields || !*name) return -1;
    stub.groups++;
    *group = FIELD_GROUP;
    return check(handle);
}

int dcgmFieldGroupDestroy(uintptr_t handle, uintptr_t group) {
    stub.ungroups++;
    return group == FIELD_GROUP ? check(handle) : -1;
}

int dcgmWatchFields(uintptr_t handle, uintptr_t gpus, uintptr_t group, long long period_us,
                    double keep_s, int keep_samples) {
    if (gpus != ALL_GPUS || group != FIELD_GROUP || keep_s <= 0 || keep_samples < 0) return -1;
    stub.watches++;
    stub.watch_us = period_us;
    return check(handle);
}

int dcgmUnwatchFields(uintptr_t handle, uintptr_t gpus, uintptr_t group) {
    if (gpus != ALL_GPUS || group != FIELD_GROUP) return -1;
    stub.unwatches++;
    return check(handle);
}

int dcgmUpdateAllFields(uintptr_t handle, int wait) {
    stub.updates += wait == 1;
    return check(handle);
}
