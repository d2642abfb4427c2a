// The kernel's own world: the directory that stands for /sys, the clocks, and the
// evidence that a descriptor really leads into the kernel.
//
// A path proves nothing: anything can be mounted anywhere. So the evidence is
// taken from the open descriptor: the file system below it must be sysfs, and the
// path *inside that file system* (the mount's root and what follows the mount
// point) must be the expected one. A bind mount changes the visible path only.
// SPDX-License-Identifier: Apache-2.0
#include "host/host.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    // Fails only for a clock the kernel does not have; these three it always has.
    if (clock_gettime(clock, &now) != 0) return 0;
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t emit_clock_monotonic_ns(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t emit_clock_wall_ns(void) {
    return clock_ns(CLOCK_REALTIME);
}

static int64_t kernel_monotonic_ns(struct emit_host *host) {
    (void)host;
    return emit_clock_monotonic_ns();
}

static int64_t kernel_boottime_ns(struct emit_host *host) {
    (void)host;
    return clock_ns(CLOCK_BOOTTIME);
}

static int64_t kernel_wall_ns(struct emit_host *host) {
    (void)host;
    return emit_clock_wall_ns();
}

static const struct emit_host_clocks kernel_clocks = {
    .monotonic_ns = kernel_monotonic_ns,
    .boottime_ns = kernel_boottime_ns,
    .wall_ns = kernel_wall_ns,
};

enum emit_status emit_host_open(struct emit_host *host, const char *sysfs_root,
                                struct emit_error *err) {
    const char *path = sysfs_root ? sysfs_root : "/sys";
    int sysfs = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    // A machine without /sys is a machine without meters, and still runs commands.
    if (sysfs < 0 && sysfs_root)
        return emit_fail_errno(err, errno, "cannot open '%s', the directory that stands for /sys",
                               path);
    *host = (struct emit_host){
        .sysfs = sysfs,
        .sysfs_is_own = sysfs_root != NULL,
        .clocks = &kernel_clocks,
    };
    return EMIT_OK;
}

void emit_host_close(struct emit_host *host) {
    if (!host || !host->clocks) return; // never opened
    if (host->sysfs >= 0) close(host->sysfs);
    *host = (struct emit_host){.sysfs = -1};
}

int64_t emit_host_monotonic_ns(struct emit_host *host) {
    return host->clocks->monotonic_ns(host);
}
int64_t emit_host_boottime_ns(struct emit_host *host) {
    return host->clocks->boottime_ns(host);
}
int64_t emit_host_wall_ns(struct emit_host *host) {
    return host->clocks->wall_ns(host);
}

int emit_host_borrowed_descriptor(const struct emit_host *host, const char *path) {
    for (size_t i = 0; i < host->borrowed_count; i++)
        if (strcmp(host->borrowed[i].path, path) == 0) return host->borrowed[i].descriptor;
    return -1;
}

int emit_host_read_line(int directory, const char *path, char *text, size_t size) {
    // O_NONBLOCK: nothing that lies in the place of a file may hold us up.
    int file = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return errno;
    ssize_t length = pread(file, text, size - 1, 0);
    int failed = length < 0 ? errno : 0;
    close(file);
    if (failed) return failed;
    while (length > 0 && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
    return 0;
}

// On kernels before 5.8, whose statx does not know mounts.
static long mount_by_proc(int descriptor) {
    char path[64], text[256];
    (void)emit_text_format(path, sizeof path, "/proc/self/fdinfo/%d", descriptor);
    int info = open(path, O_RDONLY | O_CLOEXEC);
    if (info < 0) return -1;
    ssize_t length = read(info, text, sizeof text - 1);
    close(info);
    if (length <= 0) return -1;
    text[length] = '\0';
    const char *line = strstr(text, "mnt_id:");
    return line ? strtol(line + strlen("mnt_id:"), NULL, 10) : -1;
}

// The id of the mount the descriptor came through; -1 when the kernel does not say.
static long mount_of(int descriptor) {
    struct statx seen;
    if (statx(descriptor, "", AT_EMPTY_PATH, STATX_MNT_ID, &seen) == 0 &&
        (seen.stx_mask & STATX_MNT_ID))
        return (long)seen.stx_mnt_id;
    return mount_by_proc(descriptor);
}

// The mount's line of mountinfo ("36 35 98:0 /root /point ... - type ...", proc(5)),
// to be freed; NULL when there is none.
static char *find_line(long id) {
    FILE *table = fopen("/proc/self/mountinfo", "re");
    if (!table) return NULL;
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    while (!found && getline(&line, &room, table) > 0)
        found = strtol(line, NULL, 10) == id;
    fclose(table);
    if (found) return line;
    free(line);
    return NULL;
}

// Points with blanks are written in mountinfo as octal, never match, and so are no evidence.
static bool find_mount(long id, struct emit_host_mount *mount) {
    struct emit_host_mount seen = {.id = id};
    char *line = find_line(id);
    // Widths are EMIT_HOST_PATH_MAX - 1; a longer path is cut and matches nothing.
    bool found = line && sscanf(line, "%*d %*d %*s %255s %255s", seen.root, seen.point) == 2;
    if (found) *mount = seen;
    free(line);
    return found;
}

bool emit_host_file_system(int descriptor, char *name, size_t size) {
    char *line = find_line(mount_of(descriptor));
    const char *type = line ? strstr(line, " - ") : NULL;
    bool said = type && size > 0;
    if (said) {
        type += strlen(" - ");
        said = emit_text_format(name, size, "%.*s", (int)strcspn(type, " \n"), type);
    }
    free(line);
    return said;
}

// Writes the path of the descriptor inside its own file system.
static bool path_inside(struct emit_host *host, int descriptor, char *path, size_t size) {
    long id = mount_of(descriptor);
    if (id < 0) return false;
    if (host->mount.id != id && !find_mount(id, &host->mount)) return false;
    char link[64], seen[EMIT_HOST_PATH_MAX];
    (void)emit_text_format(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, seen, sizeof seen);
    if (length <= 0 || (size_t)length >= sizeof seen) return false;
    seen[length] = '\0';
    const char *root = strcmp(host->mount.root, "/") == 0 ? "" : host->mount.root;
    const char *point = strcmp(host->mount.point, "/") == 0 ? "" : host->mount.point;
    size_t skip = strlen(point);
    if (strncmp(seen, point, skip) != 0 || (seen[skip] != '/' && seen[skip] != '\0')) return false;
    return emit_text_format(path, size, "%s%s", root, seen + skip);
}

static bool lies_on(struct emit_host *host, int descriptor, long magic, const char *below) {
    struct statfs fs;
    if (fstatfs(descriptor, &fs) != 0 || fs.f_type != magic) return false;
    char path[2 * EMIT_HOST_PATH_MAX];
    return path_inside(host, descriptor, path, sizeof path) && emit_text_has_prefix(path, below);
}

bool emit_host_is_kernel_file(struct emit_host *host, int descriptor, const char *below) {
    return lies_on(host, descriptor, SYSFS_MAGIC, below);
}

bool emit_host_has_device(const char *path) {
    return access(path, F_OK) == 0;
}

bool emit_host_may_use_device(const char *path) {
    return access(path, R_OK | W_OK) == 0;
}

bool emit_host_is_device(const char *path, unsigned major) {
    struct stat seen;
    return stat(path, &seen) == 0 && S_ISCHR(seen.st_mode) && major(seen.st_rdev) == major;
}

bool emit_host_proc_has_word(struct emit_host *host, const char *path, const char *word) {
    char whole[EMIT_HOST_PATH_MAX], text[1024];
    if (!*word || !emit_text_format(whole, sizeof whole, "/proc%s", path)) return false;
    int file = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return false;
    ssize_t length =
        lies_on(host, file, PROC_SUPER_MAGIC, path) ? read(file, text, sizeof text - 1) : -1;
    close(file);
    if (length <= 0) return false;
    text[length] = '\0';
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        const char *end = at + strlen(word);
        if ((at == text || strchr(" \t", at[-1])) && strchr(" \t\n", *end)) return true;
    }
    return false;
}

void emit_host_boot_id(char id[37]) {
    if (emit_host_read_line(AT_FDCWD, "/proc/sys/kernel/random/boot_id", id, 37) != 0) id[0] = '\0';
}

void emit_host_node_name(char *name, size_t size) {
    struct utsname names;
    (void)emit_text_format(name, size, "%s", uname(&names) == 0 ? names.nodename : "");
}
