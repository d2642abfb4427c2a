// Which device a powercap zone is, told by its entry in the class directory and
// by the name it gives itself. Pure: no input or output.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_RAPL_ZONE_H
#define METERS_RAPL_ZONE_H

#include "measurement/measurement.h"

enum { EMIT_RAPL_ENTRY_MAX = 256, EMIT_RAPL_NAME_MAX = 64 }; // bytes, terminator included

struct emit_rapl_zone {
    char entry[EMIT_RAPL_ENTRY_MAX]; // as listed: "intel-rapl:0:1"
    char name[EMIT_RAPL_NAME_MAX];   // as it says: "dram"; "" when that could not be read
    int descriptor;                  // of energy_uj; -1: not open
    bool is_borrowed;                // the descriptor is the program's, not ours to close
    struct emit_point point;
};

// The order in which zones have to be identified: RAPL by registers before RAPL
// by memory (its twin), a zone before its parts, ids by value (they are hexadecimal).
int emit_rapl_compare_entries(const void *left, const void *right);
// The order for readers: sockets by number, each with its parts; then the
// platform, the twins, the zones without a name, and what cannot be named.
int emit_rapl_compare_devices(const void *left, const void *right);

// Fills what is the device's in every point: device_id, inside, same_as,
// component, device_index and traits. The zones stand in the order of entries.
// core_is_one: on this processor a core zone counts one core only (AMD, Hygon).
void emit_rapl_identify(struct emit_rapl_zone *zones, size_t count, bool core_is_one);

#endif
