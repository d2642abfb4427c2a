// Which devices a run may use, as its environment or its user says: the words are
// chosen once by the program, and matched by a meter to the devices it finds. Pure:
// the environment is read by the caller. The rules and their order: nvml.md.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_ASSIGNMENT_H
#define METERS_ASSIGNMENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EMIT_ASSIGNABLE_MAX = 64, // devices that are matched at a time
    EMIT_ASSIGNMENT_WORDS_MAX = 160,
};

enum emit_assignment_by {
    EMIT_ASSIGNED_BY_NOTHING,   // every device
    EMIT_ASSIGNED_BY_OPTION,    // --device
    EMIT_ASSIGNED_BY_CUDA,      // CUDA_VISIBLE_DEVICES
    EMIT_ASSIGNED_BY_STEP,      // SLURM_STEP_GPUS
    EMIT_ASSIGNED_BY_JOB,       // SLURM_JOB_GPUS
    EMIT_ASSIGNED_BY_CONTAINER, // NVIDIA_VISIBLE_DEVICES
};

// Zeroed: every device.
struct emit_assignment {
    enum emit_assignment_by by;
    const char *list;  // borrowed from the option or the environment
    bool in_bus_order; // CUDA_DEVICE_ORDER=PCI_BUS_ID
    bool everything;   // --device all: sockets outside of the process's cpuset too
    bool is_shared;    // ranks may share the run, each bound to processors of its own
};

// A device as a list can name it.
struct emit_assignable {
    const char *uuid; // "GPU-..."; "" unknown
    const char *name; // of the product; "" unknown
    int32_t index;    // NVML's
    int32_t minor;    // of /dev/nvidiaN; -1 unknown
    bool is_readable; // a handle could be got: CUDA numbers no others
    bool is_mig;      // split into instances
};

// The environment: NULL for a variable that is not set.
typedef const char *emit_assignment_variable(const char *name);

// Chooses the words that count. `shared`: several processes of one run id may come,
// each with its own CUDA_VISIBLE_DEVICES; what is assigned to all of them goes before.
// EMIT_INVALID: the option (may be NULL) is no list of devices.
EMIT_MUST_CHECK enum emit_status emit_assignment_choose(struct emit_assignment *assignment,
                                                        const char *option, bool shared,
                                                        emit_assignment_variable *variable,
                                                        struct emit_error *err);

// True when the list is this process's own, and other ranks of the run may have others: a
// device that it does not name is EMIT_TRAIT_UNLISTED.
bool emit_assignment_is_of_rank(const struct emit_assignment *assignment);

// True when CUDA's numbers and NVML's indices are known to be in one order.
bool emit_assignment_has_one_order(const struct emit_assignment *assignment,
                                   const struct emit_assignable *devices, size_t count);

// Writes the UUID of the GPU that a MIG instance ("MIG-...") is part of, "" when there
// is no such instance, in 96 bytes; false when that cannot be found out.
typedef bool emit_assignment_parent(void *owner, const char *instance, char uuid[96]);

// Says of each device whether the run may use it. `words` (which may be empty) is for people: why
// the others are not, or, where the list cannot be resolved, why all of them are: then
// false is returned. parent_of may be NULL.
bool emit_assignment_match(const struct emit_assignment *assignment,
                           const struct emit_assignable *devices, size_t count,
                           emit_assignment_parent *parent_of, void *owner, bool *assigned,
                           char words[EMIT_ASSIGNMENT_WORDS_MAX]);

#endif
