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

enum { EMIT_HOST_PATH_MAX = 256 }; // bytes of a path, terminator included

// A file below the real /sys that was opened with a right the caller of emit has
// not, before that right was given up (design 4.11).
struct emit_host_borrowed {
    char path[EMIT_HOST_PATH_MAX]; // below sysfs: "class/powercap/intel-rapl:0/energy_uj"
    int descriptor;                // the program's; nobody else closes it
};

// The last mount that was looked up: files of one device share it.
struct emit_host_mount {
    long id;                        // 0: none yet
    char root[EMIT_HOST_PATH_MAX];  // inside its file system
    char point[EMIT_HOST_PATH_MAX]; // where it is seen
};

struct emit_host {
    int sysfs;         // O_PATH descriptor of the directory that stands for /sys; -1 when absent
    bool sysfs_is_own; // --sysfs-root named it: nothing below it is the real kernel's
    const struct emit_host_clocks *clocks;
    void *clock_owner;   // for replaced clocks
    bool borrowed_right; // readings must not be finer than 1 s: they are not the caller's to have
    const struct emit_host_borrowed *borrowed; // the program's, outlives the host
    size_t borrowed_count;
    struct emit_host_mount mount;
};

// sysfs_root NULL: the real /sys, and sysfs is -1 where there is none. Clocks are
// the kernel's. EMIT_ABSENT, EMIT_DENIED: sysfs_root cannot be opened; the sentence names it.
EMIT_MUST_CHECK enum emit_status emit_host_open(struct emit_host *host, const char *sysfs_root,
                                                struct emit_error *err);
void emit_host_close(struct emit_host *host); // accepts NULL and a zeroed host

// The descriptor of a borrowed file by its path below sysfs; -1 when it is none.
int emit_host_borrowed_descriptor(const struct emit_host *host, const char *path);

// CLOCK_MONOTONIC itself, which no test replaces: for waiting, and for when a process began and
// ended.
int64_t emit_clock_monotonic_ns(void);
// CLOCK_REALTIME likewise: UTC since 1970.
int64_t emit_clock_wall_ns(void);

int64_t emit_host_monotonic_ns(struct emit_host *host);
int64_t emit_host_boottime_ns(struct emit_host *host);
int64_t emit_host_wall_ns(struct emit_host *host);

// Reads the small file at path below a directory's descriptor, without its line
// ends. 0, or an errno; text is written on success only. What does not fit is cut.
int emit_host_read_line(int directory, const char *path, char *text, size_t size);

// True only with evidence on the open descriptor itself: it lies on sysfs, and
// its path inside that file system begins with `below` ("/devices/virtual/powercap/").
// Without /proc there is no evidence, and the answer is no.
bool emit_host_is_kernel_file(struct emit_host *host, int descriptor, const char *below);

// The name of the file system behind a descriptor, as mountinfo has it ("ext4",
// "fuse.sshfs"). False when the kernel does not say.
bool emit_host_file_system(int descriptor, char *name, size_t size);

// True when a device node (or anything else) of that path is there; and when it is a
// character device of that major number.
bool emit_host_has_device(const char *path);
// True when this process may read and write it; the kernel asks its control group, too.
bool emit_host_may_use_device(const char *path);
bool emit_host_is_device(const char *path, unsigned major);
// True when the file of that path below /proc ("/driver/nvidia/version") is the kernel's
// own and has that word, blanks round it, in its first kilobyte.
bool emit_host_proc_has_word(struct emit_host *host, const char *path, const char *word);

// This machine's boot id (36 characters and a terminator) and its node name;
// the empty text when the kernel does not say.
void emit_host_boot_id(char id[37]);
void emit_host_node_name(char *name, size_t size);

#endif
