// Packages that a process may not run on: those of whose processors its mask (a cpuset,
// a scheduler's binding, taskset) has none. As few files of the topology are read as
// decide it.
// SPDX-License-Identifier: Apache-2.0
#include "meters/sockets.h"

#include "base/number.h"
#include "base/text.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

enum { WORD_BITS = 8 * sizeof(unsigned long) };

static bool is_allowed(const struct emit_processors *allowed, unsigned processor) {
    return allowed->bits[processor / WORD_BITS] >> (processor % WORD_BITS) & 1;
}

// The package of a processor as a bit; 0 when it is offline, is not there, or is unknown.
static uint64_t package_of(int sysfs, unsigned processor) {
    char path[96], text[24] = "";
    uint64_t package;
    (void)emit_text_format(path, sizeof path,
                           "devices/system/cpu/cpu%u/topology/physical_package_id", processor);
    if (emit_host_read_line(sysfs, path, text, sizeof text) != 0 ||
        !emit_number_read_u64(text, strlen(text), &package) || package >= EMIT_SOCKETS_MAX)
        return 0;
    return (uint64_t)1 << package;
}

// The packages of the processors that are allowed, or of those that are not, until all
// that are wanted were met. `last`: the number behind the last processor.
static uint64_t packages_of(int sysfs, const struct emit_processors *allowed, bool which,
                            unsigned last, uint64_t wanted) {
    uint64_t met = 0;
    for (unsigned i = 0; i < last && (met & wanted) != wanted; i++)
        if (is_allowed(allowed, i) == which) met |= package_of(sysfs, i);
    return met;
}

// The number behind the last processor that can be there ("0-127" in `possible`).
static unsigned processor_count(int sysfs) {
    char text[256] = "";
    uint64_t last;
    if (emit_host_read_line(sysfs, "devices/system/cpu/possible", text, sizeof text) != 0) return 0;
    const char *dash = strrchr(text, '-'), *comma = strrchr(text, ',');
    const char *number = dash > comma ? dash : comma;
    number = number ? number + 1 : text;
    if (!emit_number_read_u64(number, strlen(number), &last) || last >= EMIT_PROCESSORS_MAX)
        return 0;
    return (unsigned)last + 1;
}

uint64_t emit_sockets_closed(int sysfs, const struct emit_processors *allowed, uint64_t wanted) {
    unsigned last = processor_count(sysfs);
    wanted &= ~packages_of(sysfs, allowed, true, last, wanted);
    return wanted & packages_of(sysfs, allowed, false, last, wanted);
}

uint64_t emit_sockets_closed_here(const struct emit_host *host, uint64_t wanted) {
    struct emit_processors allowed = {0};
    bool several = wanted & (wanted - 1);
    if (!several || host->sysfs_is_own ||
        sched_getaffinity(0, sizeof allowed, (cpu_set_t *)(void *)allowed.bits) != 0)
        return 0;
    long count = 0;
    for (size_t i = 0; i < sizeof allowed.bits / sizeof allowed.bits[0]; i++)
        count += __builtin_popcountl(allowed.bits[i]);
    if (count >= sysconf(_SC_NPROCESSORS_ONLN)) return 0;
    return emit_sockets_closed(host->sysfs, &allowed, wanted);
}
