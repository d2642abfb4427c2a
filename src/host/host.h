// The outside world as meters and runs see it: a directory that stands for
// /sys, and the clocks. Tests and the overrides of the manual replace it; code
// to the right of it cannot tell the difference, and need not.
// SPDX-License-Identifier: Apache-2.0
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct emit_host;

struct emit_host_clocks {
    int64_t (*monotonic_ns)(struct emit_host *host);
    int64_t (*boottime_ns)(struct emit_host *host); // goes on while the machine is suspended
    int64_t (*wall_ns)(struct emit_host *host);     // UTC since 1970
};

struct emit_host {
    int sysfs;         // O_PATH descriptor of the directory that stands for /sys; -1 when absent
    bool sysfs_is_own; // --sysfs-root named it: nothing below it is the real kernel's
    const struct emit_host_clocks *clocks;
    void *clock_owner; // for replaced clocks
};

// sysfs_root NULL: the real /sys. Clocks are the kernel's.
// EMIT_ABSENT or EMIT_DENIED: no such directory; the sentence names it.
EMIT_MUST_CHECK enum emit_status emit_host_open(struct emit_host *host, const char *sysfs_root,
                                                struct emit_error *err);
void emit_host_close(struct emit_host *host);

int64_t emit_host_monotonic_ns(struct emit_host *host);
int64_t emit_host_boottime_ns(struct emit_host *host);
int64_t emit_host_wall_ns(struct emit_host *host);

// True only with evidence on the open descriptor itself: it lies on sysfs, and
// its path inside that file system begins with `below` ("/devices/virtual/powercap/").
bool emit_host_is_kernel_file(int descriptor, const char *below);

// This machine's boot id (36 characters and a terminator) and its node name.
void emit_host_boot_id(char id[37]);
void emit_host_node_name(char *name, size_t size);

#endif
