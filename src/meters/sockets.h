// Which processor packages a process may run on, by the kernel's topology.
// SPDX-License-Identifier: Apache-2.0
#ifndef METERS_SOCKETS_H
#define METERS_SOCKETS_H

#include "host/host.h"

enum {
    EMIT_SOCKETS_MAX = 64,      // packages that are told apart; others count as unknown
    EMIT_PROCESSORS_MAX = 8192, // of one machine
};

struct emit_processors {
    unsigned long bits[EMIT_PROCESSORS_MAX / (8 * sizeof(unsigned long))];
};

// Of the packages in `wanted` (bit N: package N), those that are known to have processors,
// none of which is in `allowed`. What the topology does not tell is none of them.
uint64_t emit_sockets_closed(int sysfs, const struct emit_processors *allowed, uint64_t wanted);

// The same for this process; none where it may use every processor that is online, or
// where `host` is not this machine.
uint64_t emit_sockets_closed_here(const struct emit_host *host, uint64_t wanted);

#endif
