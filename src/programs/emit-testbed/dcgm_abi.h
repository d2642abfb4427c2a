// What a client of libdcgm.so.4 (and .so.3: they agree in all of this) expects of
// it, in our own words: names, numbers and layouts of the published interface,
// x86-64. Written for the fake library alone and sharing nothing with emit's
// meter, so that each is a check of the other.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_DCGM_ABI_H
#define EMIT_TESTBED_DCGM_ABI_H

#include <stddef.h>
#include <stdint.h>

enum dcgm_code {
    DCGM_OK = 0,
    DCGM_BAD_PARAMETER = -1,
    DCGM_NOT_SUPPORTED = -6,
    DCGM_INIT_ERROR = -7,
    DCGM_UNINITIALIZED = -10,
    DCGM_VERSION_MISMATCH = -12,
    DCGM_UNKNOWN_FIELD = -13,
    DCGM_NO_DATA = -14,
    DCGM_NOT_WATCHED = -16,
    DCGM_GPU_LOST = -18,
    DCGM_RESET_REQUIRED = -19,
    DCGM_CONNECTION_LOST = -21,
    DCGM_NVML_NOT_LOADED = -56,
    DCGM_MAX_LIMIT = -24,
};

enum dcgm_entity_group { DCGM_GPU = 1, DCGM_GPU_INSTANCE = 4, DCGM_COMPUTE_INSTANCE = 5 };

enum dcgm_field {
    DCGM_FIELD_NAME = 50,
    DCGM_FIELD_NVML_INDEX = 52, // as it was when the engine started
    DCGM_FIELD_UUID = 54,
    DCGM_FIELD_MINOR = 55, // of /dev/nvidiaN
    DCGM_FIELD_MIG_MODE = 67,
    DCGM_FIELD_POWER = 155,
    DCGM_FIELD_ENERGY = 156,
    DCGM_FIELD_POWER_INSTANT = 157,
};

enum {
    DCGM_DEVICES_MAX = 32,
    DCGM_FIELDS_MAX = 128,
    DCGM_INSTANCES_PER_GPU = 8, // an instance's id is its GPU's times this, plus its number
    DCGM_FLAG_LIVE = 1,
};

// In place of a value: the plain blank, +1 not found, +2 not supported, +3 not permitted.
#define DCGM_BLANK_INT64  INT64_C(0x7ffffffffffffff0)
#define DCGM_BLANK_DOUBLE 140737488355328.0
enum dcgm_blank { DCGM_BLANK = 0, DCGM_BLANK_NOT_SUPPORTED = 2, DCGM_BLANK_NOT_PERMITTED = 3 };

typedef uintptr_t dcgm_handle; // of a connection, a group, a field group

struct dcgm_entity {
    uint32_t group;
    uint32_t id;
};
_Static_assert(sizeof(struct dcgm_entity) == 8, "entity");
_Static_assert(offsetof(struct dcgm_entity, id) == 4, "entity");

union dcgm_any {
    int64_t i64;
    double real;
    char text[256];
    char blob[4096];
};

struct dcgm_value_v1 {
    uint32_t version;
    uint16_t field, type;
    int32_t status;
    int64_t timestamp_us; // since 1970
    union dcgm_any value;
};
_Static_assert(sizeof(struct dcgm_value_v1) == 4120, "value v1");
_Static_assert(offsetof(struct dcgm_value_v1, field) == 4, "value v1");
_Static_assert(offsetof(struct dcgm_value_v1, type) == 6, "value v1");
_Static_assert(offsetof(struct dcgm_value_v1, status) == 8, "value v1");
_Static_assert(offsetof(struct dcgm_value_v1, timestamp_us) == 16, "value v1");
_Static_assert(offsetof(struct dcgm_value_v1, value) == 24, "value v1");

struct dcgm_value_v2 {
    uint32_t version;
    uint32_t group, id;
    uint16_t field, type;
    int32_t status;
    uint32_t unused;
    int64_t timestamp_us;
    union dcgm_any value;
};
_Static_assert(sizeof(struct dcgm_value_v2) == 4128, "value v2");
_Static_assert(offsetof(struct dcgm_value_v2, group) == 4, "value v2");
_Static_assert(offsetof(struct dcgm_value_v2, id) == 8, "value v2");
_Static_assert(offsetof(struct dcgm_value_v2, field) == 12, "value v2");
_Static_assert(offsetof(struct dcgm_value_v2, type) == 14, "value v2");
_Static_assert(offsetof(struct dcgm_value_v2, status) == 16, "value v2");
_Static_assert(offsetof(struct dcgm_value_v2, unused) == 20, "value v2");
_Static_assert(offsetof(struct dcgm_value_v2, timestamp_us) == 24, "value v2");
_Static_assert(offsetof(struct dcgm_value_v2, value) == 32, "value v2");

struct dcgm_connect {
    uint32_t version;
    uint32_t persists;
    uint32_t timeout_ms; // 0: 5 s
    uint32_t is_unix_socket;
};
_Static_assert(sizeof(struct dcgm_connect) == 16, "connect");
_Static_assert(offsetof(struct dcgm_connect, persists) == 4, "connect");
_Static_assert(offsetof(struct dcgm_connect, timeout_ms) == 8, "connect");
_Static_assert(offsetof(struct dcgm_connect, is_unix_socket) == 12, "connect");

struct dcgm_embedded {
    uint32_t version;
    uint32_t mode; // 1 automatic, 2 manual
    dcgm_handle handle;
    const char *log_file;
    uint32_t severity;
    uint32_t denied_count;
    uint32_t denied[10];
};
_Static_assert(sizeof(struct dcgm_embedded) == 72, "embedded");
_Static_assert(offsetof(struct dcgm_embedded, mode) == 4, "embedded");
_Static_assert(offsetof(struct dcgm_embedded, handle) == 8, "embedded");
_Static_assert(offsetof(struct dcgm_embedded, log_file) == 16, "embedded");
_Static_assert(offsetof(struct dcgm_embedded, severity) == 24, "embedded");
_Static_assert(offsetof(struct dcgm_embedded, denied_count) == 28, "embedded");
_Static_assert(offsetof(struct dcgm_embedded, denied) == 32, "embedded");

// A version word: the size of the struct, and the number of its layout on top.
#define DCGM_VERSION(type, number) ((uint32_t)sizeof(type) | (uint32_t)(number) << 24)
_Static_assert(DCGM_VERSION(struct dcgm_value_v1, 1) == 0x01001018, "value v1");
_Static_assert(DCGM_VERSION(struct dcgm_value_v2, 2) == 0x02001020, "value v2");
_Static_assert(DCGM_VERSION(struct dcgm_connect, 2) == 0x02000010, "connect");
_Static_assert(DCGM_VERSION(struct dcgm_embedded, 1) == 0x01000048, "embedded");

#define DCGM_EXPORT __attribute__((visibility("default")))

DCGM_EXPORT int dcgmInit(void);
DCGM_EXPORT int dcgmShutdown(void);
DCGM_EXPORT const char *errorString(int code);
DCGM_EXPORT int dcgmConnect_v2(const char *address, struct dcgm_connect *how, dcgm_handle *handle);
DCGM_EXPORT int dcgmDisconnect(dcgm_handle handle);
DCGM_EXPORT int dcgmStartEmbedded_v2(struct dcgm_embedded *how);
DCGM_EXPORT int dcgmStopEmbedded(dcgm_handle handle);
DCGM_EXPORT int dcgmGetAllSupportedDevices(dcgm_handle handle, unsigned int ids[DCGM_DEVICES_MAX],
                                           int *count);
DCGM_EXPORT int dcgmFieldGroupCreate(dcgm_handle handle, int count, const unsigned short *fields,
                                     const char *name, dcgm_handle *group);
DCGM_EXPORT int dcgmFieldGroupDestroy(dcgm_handle handle, dcgm_handle group);
DCGM_EXPORT int dcgmWatchFields(dcgm_handle handle, dcgm_handle gpus, dcgm_handle fields,
                                long long period_us, double keep_s, int keep_samples);
DCGM_EXPORT int dcgmUnwatchFields(dcgm_handle handle, dcgm_handle gpus, dcgm_handle fields);
DCGM_EXPORT int dcgmUpdateAllFields(dcgm_handle handle, int wait);
DCGM_EXPORT int dcgmGetLatestValuesForFields(dcgm_handle handle, int gpu, unsigned short fields[],
                                             unsigned int count, struct dcgm_value_v1 values[]);
DCGM_EXPORT int dcgmEntitiesGetLatestValues(dcgm_handle handle, struct dcgm_entity entities[],
                                            unsigned int entity_count, unsigned short fields[],
                                            unsigned int field_count, unsigned int flags,
                                            struct dcgm_value_v2 values[]);
DCGM_EXPORT int dcgmGetDeviceAttributes(dcgm_handle handle, unsigned int gpu, void *attributes);

#endif
