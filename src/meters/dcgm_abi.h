// DCGM's library as its binary interface is: our own declarations of the few
// functions and structs that are used. They were compared with the headers of 3.2.6,
// 3.3.9, 4.0 and 4.6.0, which agree; sizes and offsets are asserted here. What they
// mean is in dcgm.md.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_DCGM_ABI_H
#define METERS_DCGM_ABI_H

#include <stddef.h>
#include <stdint.h>

enum {
    EMIT_DCGM_GPUS_MAX = 32,         // of one host engine
    EMIT_DCGM_STRING_MAX = 256,      // bytes of a text value
    EMIT_DCGM_ENTITY_GPU = 1,        // an instance of a GPU (4) would tell the energy of its parent
    EMIT_DCGM_FLAG_LIVE = 1,         // ask the driver now, and not what was watched
    EMIT_DCGM_ALL_GPUS = 0x7fffffff, // a group that always exists
};

// What a function or a value returns, as far as it is told apart; dcgm_value.c has them all.
enum emit_dcgm_status {
    EMIT_DCGM_OK = 0,
    EMIT_DCGM_BAD_PARAMETER = -1,
    EMIT_DCGM_NOT_SUPPORTED = -6,
    EMIT_DCGM_UNINITIALISED = -10,
    EMIT_DCGM_VERSION_MISMATCH = -12,
    EMIT_DCGM_UNKNOWN_FIELD = -13,
    EMIT_DCGM_CONNECTION_LOST = -21,
    EMIT_DCGM_FIELD_NOT_SUPPORTED = -32,
};

// Fields of a GPU. Their names changed in 4.6, their numbers never did.
enum emit_dcgm_field {
    EMIT_DCGM_FIELD_NAME = 50,
    EMIT_DCGM_FIELD_NVML_INDEX = 52,
    EMIT_DCGM_FIELD_UUID = 54,
    EMIT_DCGM_FIELD_MINOR = 55, // of /dev/nvidiaN
    EMIT_DCGM_FIELD_MIG_MODE = 67,
    EMIT_DCGM_FIELD_POWER = 155,         // watts, averaged as the driver does
    EMIT_DCGM_FIELD_ENERGY = 156,        // millijoules since the driver was loaded
    EMIT_DCGM_FIELD_POWER_INSTANT = 157, // watts
};

// The type of a value, a letter.
enum emit_dcgm_type {
    EMIT_DCGM_TYPE_DOUBLE = 'd',
    EMIT_DCGM_TYPE_INT64 = 'i',
    EMIT_DCGM_TYPE_STRING = 's',
};

typedef uintptr_t emit_dcgm_handle; // as are groups of fields and of GPUs

struct emit_dcgm_entity {
    uint32_t group; // EMIT_DCGM_ENTITY_GPU
    uint32_t id;    // the engine's, which numbers anew when it starts
};

struct emit_dcgm_connect {
    uint32_t version;
    uint32_t persist; // 0: our watches end with the connection
    uint32_t timeout_ms;
    uint32_t is_unix_socket;
};

struct emit_dcgm_value {
    uint32_t version;
    uint32_t entity_group;
    uint32_t entity_id;
    uint16_t field;
    uint16_t type; // of emit_dcgm_type
    int32_t status;
    uint32_t unused;
    int64_t taken_us; // since 1970, by the engine's clock
    union {
        int64_t i64;
        double f64;
        char text[EMIT_DCGM_STRING_MAX];
        char bytes[4096];
    } value;
};

#define EMIT_DCGM_CONNECT_VERSION UINT32_C(0x02000010)

_Static_assert(sizeof(void *) == 8 && sizeof(int) == 4, "the layouts are LP64's");
_Static_assert(sizeof(struct emit_dcgm_entity) == 8, "an entity is 8 bytes");
_Static_assert(offsetof(struct emit_dcgm_entity, id) == 4, "entityId");
_Static_assert(sizeof(struct emit_dcgm_connect) == 16, "connect parameters are 16 bytes");
_Static_assert((EMIT_DCGM_CONNECT_VERSION & 0xffffff) == sizeof(struct emit_dcgm_connect), "size");
_Static_assert(offsetof(struct emit_dcgm_connect, timeout_ms) == 8, "timeoutMs");
_Static_assert(offsetof(struct emit_dcgm_connect, is_unix_socket) == 12, "addressIsUnixSocket");
_Static_assert(sizeof(struct emit_dcgm_value) == 4128, "a value is 4128 bytes");
_Static_assert(offsetof(struct emit_dcgm_value, entity_id) == 8, "entityId");
_Static_assert(offsetof(struct emit_dcgm_value, field) == 12, "fieldId");
_Static_assert(offsetof(struct emit_dcgm_value, type) == 14, "fieldType");
_Static_assert(offsetof(struct emit_dcgm_value, status) == 16, "status");
_Static_assert(offsetof(struct emit_dcgm_value, taken_us) == 24, "ts");
_Static_assert(offsetof(struct emit_dcgm_value, value) == 32, "value");

// slot, symbol, parameters: every function returns a status.
#define EMIT_DCGM_ROWS(ROW)                                                                        \
    ROW(init, "dcgmInit", (void))                                                                  \
    ROW(shutdown, "dcgmShutdown", (void))                                                          \
    ROW(connect, "dcgmConnect_v2",                                                                 \
        (const char *address, struct emit_dcgm_connect *parameters, emit_dcgm_handle *handle))     \
    ROW(disconnect, "dcgmDisconnect", (emit_dcgm_handle handle))                                   \
    ROW(list, "dcgmGetAllSupportedDevices",                                                        \
        (emit_dcgm_handle handle, unsigned *ids, int *count)) /* EMIT_DCGM_GPUS_MAX ids */         \
    ROW(read, "dcgmEntitiesGetLatestValues",                                                       \
        (emit_dcgm_handle handle, struct emit_dcgm_entity * entities, unsigned entity_count,       \
         unsigned short *fields, unsigned field_count, unsigned flags,                             \
         struct emit_dcgm_value *values)) /* in any order */                                       \
    ROW(group_fields, "dcgmFieldGroupCreate",                                                      \
        (emit_dcgm_handle handle, int count, const unsigned short *fields, const char *name,       \
         emit_dcgm_handle *field_group))                                                           \
    ROW(ungroup_fields, "dcgmFieldGroupDestroy",                                                   \
        (emit_dcgm_handle handle, emit_dcgm_handle field_group))                                   \
    ROW(watch, "dcgmWatchFields",                                                                  \
        (emit_dcgm_handle handle, emit_dcgm_handle gpus, emit_dcgm_handle field_group,             \
         long long period_us, double keep_s, int keep_samples))                                    \
    ROW(unwatch, "dcgmUnwatchFields",                                                              \
        (emit_dcgm_handle handle, emit_dcgm_handle gpus, emit_dcgm_handle field_group))            \
    ROW(update, "dcgmUpdateAllFields", (emit_dcgm_handle handle, int wait))

struct emit_dcgm_functions {
#define EMIT_DCGM_SLOT(slot, symbol, parameters) int(*slot) parameters;
    EMIT_DCGM_ROWS(EMIT_DCGM_SLOT)
#undef EMIT_DCGM_SLOT
};

#endif
