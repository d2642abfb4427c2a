// What the kernel knows of NVIDIA's GPUs, for meters that only hear of them through
// somebody else's program.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_NVIDIA_H
#define METERS_NVIDIA_H

#include "meters/meter.h"

#define EMIT_NVIDIA_NODE   "/dev/nvidiactl" // there where the driver is
#define EMIT_NVIDIA_CLOSED "this process may not use its device file"

// Whether this process may use the GPU whose device file has that number, as its mode,
// its container and its control group have it: another job's GPU cannot be opened. True
// where that cannot be told: without a driver here, or for a number below 0.
bool emit_nvidia_is_usable(int32_t minor);

// Whether a product of that name is a superchip, whose counter and whose power without a
// scope are of the whole module. NVML's scopes tell better; others have the name alone.
bool emit_nvidia_is_superchip(const char *name);
// Whether such a superchip has two GPUs: each may count the module, and be told of it.
bool emit_nvidia_is_paired(const char *name);

// Whether a GPU that cannot be asked is so because this process may not use its device
// file, nor then what it starts: true where it may use no file but those of these minors.
bool emit_nvidia_has_no_other(const int32_t *minors, size_t count);

// Excludes points[i], which seen[i] describes, where the run may not use them: by the
// assignment, or because this process may not (seen[i].is_readable is filled in). What
// only NVML can tell, of a MIG instance or, where it is asked, of an index, which may be
// another's outside of this container, that meter's exclusion tells: a device is
// unassigned in all meters that see it.
void emit_nvidia_match(const struct emit_meter_settings *settings, struct emit_assignable *seen,
                       size_t count, struct emit_point *points);

// Evidence that the driver of this machine's kernel has a GPU of this UUID.
bool emit_nvidia_has_gpu(struct emit_host *host, const char *uuid);

#endif
