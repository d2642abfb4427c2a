// NVIDIA's management library as its binary interface is: our own declarations of
// the few functions and of the one struct that are used. Sizes and offsets were
// compared with the headers of 2024 and 2026 and are asserted here; what they mean
// is in nvml.md. Names in the library carry the suffix of their version.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_NVML_ABI_H
#define METERS_NVML_ABI_H

#include <stddef.h>
#include <stdint.h>

enum {
    EMIT_NVML_TEXT_MAX = 96, // bytes of a name or UUID, terminator included
    EMIT_NVML_VERSION_MAX = 80,
};

// What a function returns, as far as it is told apart here; nvml_code.c has them all.
enum emit_nvml_result {
    EMIT_NVML_OK = 0,
    EMIT_NVML_NOT_SUPPORTED = 3,
    EMIT_NVML_NO_PERMISSION = 4,
    EMIT_NVML_NOT_FOUND = 6,
    EMIT_NVML_DRIVER_NOT_LOADED = 9,
    EMIT_NVML_TIMEOUT = 10,
    EMIT_NVML_FUNCTION_NOT_FOUND = 13, // also what a missing optional function counts as
    EMIT_NVML_OPERATING_SYSTEM = 17,
    EMIT_NVML_VERSION_MISMATCH = 18,
    EMIT_NVML_NO_DATA = 21,
    EMIT_NVML_NO_COUNT = -1, // ours: an answer, but no count
};

enum emit_nvml_field {
    EMIT_NVML_FIELD_ENERGY = 83,         // millijoules since the driver was loaded
    EMIT_NVML_FIELD_ENERGY_TOO = 191,    // its newer name
    EMIT_NVML_FIELD_POWER_AVERAGE = 185, // milliwatts, mean of one second
    EMIT_NVML_FIELD_POWER_INSTANT = 186, // milliwatts
};

// Of a power field: whose power.
enum emit_nvml_scope {
    EMIT_NVML_SCOPE_GPU = 0,
    EMIT_NVML_SCOPE_MODULE = 1, // processor and memory too; only beside an NVIDIA processor
    EMIT_NVML_SCOPE_NONE = 255, // none has this number
};

enum emit_nvml_value_type {
    EMIT_NVML_VALUE_DOUBLE,
    EMIT_NVML_VALUE_U32,
    EMIT_NVML_VALUE_ULONG,
    EMIT_NVML_VALUE_U64,
    EMIT_NVML_VALUE_I64,
    EMIT_NVML_VALUE_I32,
    EMIT_NVML_VALUE_U16,
};

union emit_nvml_value {
    double f64;
    uint64_t u64; // also of unsigned long
    uint32_t u32;
    int64_t i64;
    int32_t i32;
    uint16_t u16;
};

struct emit_nvml_field_value {
    uint32_t field; // of emit_nvml_field; the caller's
    uint32_t scope; // of emit_nvml_scope; the caller's
    int64_t taken_us;
    int64_t latency_us;
    uint32_t type; // of emit_nvml_value_type
    int result;    // of this entry alone: the call may succeed with every entry failed
    union emit_nvml_value value;
};

_Static_assert(sizeof(void *) == 8 && sizeof(unsigned long) == 8, "the layouts are LP64's");
_Static_assert(sizeof(int) == 4 && sizeof(unsigned) == 4, "results and enumerations are 4 bytes");
_Static_assert(sizeof(union emit_nvml_value) == 8, "a value is 8 bytes");
_Static_assert(sizeof(struct emit_nvml_field_value) == 40, "a field value is 40 bytes");
_Static_assert(_Alignof(struct emit_nvml_field_value) == 8, "aligned to 8");
_Static_assert(offsetof(struct emit_nvml_field_value, field) == 0, "fieldId");
_Static_assert(offsetof(struct emit_nvml_field_value, scope) == 4, "scopeId");
_Static_assert(offsetof(struct emit_nvml_field_value, taken_us) == 8, "timestamp");
_Static_assert(offsetof(struct emit_nvml_field_value, latency_us) == 16, "latencyUsec");
_Static_assert(offsetof(struct emit_nvml_field_value, type) == 24, "valueType");
_Static_assert(offsetof(struct emit_nvml_field_value, result) == 28, "nvmlReturn");
_Static_assert(offsetof(struct emit_nvml_field_value, value) == 32, "value");

// An opaque pointer of the library's.
typedef void *emit_nvml_handle;

// slot, symbol, parameters. Without these there is nothing to read.
#define EMIT_NVML_REQUIRED_ROWS(ROW)                                                               \
    ROW(init, "nvmlInit_v2", (void))                                                               \
    ROW(shutdown, "nvmlShutdown", (void))                                                          \
    ROW(count, "nvmlDeviceGetCount_v2", (unsigned *))                                              \
    ROW(by_index, "nvmlDeviceGetHandleByIndex_v2", (unsigned, emit_nvml_handle *))                 \
    ROW(uuid, "nvmlDeviceGetUUID", (emit_nvml_handle, char *, unsigned))

// Older libraries lack some of these: the slot is then NULL.
#define EMIT_NVML_OPTIONAL_ROWS(ROW)                                                               \
    ROW(driver_version, "nvmlSystemGetDriverVersion", (char *, unsigned))                          \
    ROW(by_uuid, "nvmlDeviceGetHandleByUUID", (const char *, emit_nvml_handle *))                  \
    ROW(name, "nvmlDeviceGetName", (emit_nvml_handle, char *, unsigned))                           \
    ROW(minor, "nvmlDeviceGetMinorNumber", (emit_nvml_handle, unsigned *))                         \
    ROW(energy, "nvmlDeviceGetTotalEnergyConsumption", (emit_nvml_handle, unsigned long long *))   \
    ROW(power, "nvmlDeviceGetPowerUsage", (emit_nvml_handle, unsigned *))                          \
    ROW(fields, "nvmlDeviceGetFieldValues",                                                        \
        (emit_nvml_handle, int, struct emit_nvml_field_value *))                                   \
    ROW(mig_mode, "nvmlDeviceGetMigMode", (emit_nvml_handle, unsigned *, unsigned *))              \
    ROW(parent_of_mig, "nvmlDeviceGetDeviceHandleFromMigDeviceHandle",                             \
        (emit_nvml_handle, emit_nvml_handle *))

#define EMIT_NVML_SLOT(slot, symbol, parameters) int(*slot) parameters;
struct emit_nvml_functions {
    EMIT_NVML_REQUIRED_ROWS(EMIT_NVML_SLOT)
    EMIT_NVML_OPTIONAL_ROWS(EMIT_NVML_SLOT)
};

#endif
