// One NVIDIA device as NVML shows it: who it is, how its energy can be read, and
// what a return code of the library means for it.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_NVML_DEVICE_H
#define METERS_NVML_DEVICE_H

#include "measurement/measurement.h"
#include "meters/nvml_abi.h"

enum { EMIT_NVML_DEVICES_MAX = 32 };

// How a device is read, the best way that it offers.
enum emit_nvml_way {
    EMIT_NVML_WAY_NONE,         // not at all: `found` says why
    EMIT_NVML_WAY_ENERGY,       // the counter, by its own function
    EMIT_NVML_WAY_ENERGY_FIELD, // the counter, as a field
    EMIT_NVML_WAY_POWER_FIELD,  // milliwatts of a stated scope
    EMIT_NVML_WAY_POWER,        // milliwatts, as the library likes to average them
};

struct emit_nvml_device {
    emit_nvml_handle handle; // NULL: the library gave none
    char uuid[EMIT_NVML_TEXT_MAX];
    char name[EMIT_NVML_TEXT_MAX];
    int32_t index;  // NVML's; -1: the driver itself, which cannot be asked
    int32_t minor;  // of /dev/nvidiaN; -1: unknown
    bool is_mig;    // split into instances, which have no counter of their own
    bool is_module; // what is read is of the whole superchip
    enum emit_nvml_way way;
    uint32_t field; // of the ways by field
    uint32_t scope;
    bool is_unlisted;     // not in this rank's list, perhaps in another one's
    enum emit_code found; // NONE: may be read
    char why[EMIT_POINT_NOTE_MAX];
};

// What a result means for a device, and its few words; `result` need not be known.
enum emit_code emit_nvml_code(int result);
const char *emit_nvml_words(int result);

// Fills who the device of an index is. What cannot be found out stands in `found` and `why`.
void emit_nvml_identify(const struct emit_nvml_functions *call, unsigned index,
                        struct emit_nvml_device *device);
// Finds the way to read a device that was identified.
void emit_nvml_probe(const struct emit_nvml_functions *call, struct emit_nvml_device *device);
// Millijoules or milliwatts, by the way found. Allocates nothing. Returns NVML's result.
int emit_nvml_read(const struct emit_nvml_functions *call, const struct emit_nvml_device *device,
                   uint64_t *count);
// The point a device is; what it shares with all of them (simulated) is the caller's.
void emit_nvml_describe(const struct emit_nvml_device *device, struct emit_point *point);

#endif
