// Preloaded into a program: the FAIL_AT-th change of a file below FAIL_DIR (write,
// sync, truncate, rename, create) fails with the errno FAIL_ERRNO, with FAIL_ON=1
// also all after it; with FAIL_SHORT=1 a write is cut in half instead. The number of
// changes stands in the file FAIL_COUNT, eight bytes; of several processes, the largest.
// FAIL_PROGRAM, where it is set, is the only program that is touched. FAIL_FSTYPE (hexadecimal) is
// what statfs answers below FAIL_DIR: an NFS without a server. SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(name) *)(uintptr_t)real(#name))

static long changes;
static long here, *most = &here; // in the file
static bool is_meant = true;

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

static long number(const char *variable, int base) {
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, base) : 0;
}

static bool is_below(const char *path) {
    const char *directory = getenv("FAIL_DIR");
    return directory && strncmp(path, directory, strlen(directory)) == 0;
}

static bool file_is_below(int file) {
    char link[64], path[PATH_MAX];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return false;
    path[length] = '\0';
    return is_below(path);
}

// Counts a change; true when it is one that fails.
static bool fails(bool below) {
    if (!below || !is_meant) return false;
    long at = number("FAIL_AT", 10), count = __atomic_add_fetch(&changes, 1, __ATOMIC_SEQ_CST);
    if (count > *most) *most = count; // near enough, beside other processes
    if (at == 0 || (count != at && !(getenv("FAIL_ON") && count > at))) return false;
    errno = (int)number("FAIL_ERRNO", 10);
    return true;
}

// Length of a write that does not fail, 0 for one that does.
static size_t length_left(int file, size_t length) {
    if (!fails(file_is_below(file))) return length;
    return getenv("FAIL_SHORT") ? length / 2 : 0;
}

ssize_t write(int file, const void *bytes, size_t length) {
    size_t left = length_left(file, length);
    return left == 0 && length > 0 ? -1 : REAL(write)(file, bytes, left);
}
ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
    size_t left = length_left(file, length);
    return left == 0 && length > 0 ? -1 : REAL(pwrite)(file, bytes, left, offset);
}
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
    size_t left = length_left(file, length);
    return left == 0 && length > 0 ? -1 : REAL(pwrite64)(file, bytes, left, offset);
}
int fsync(int file) {
    return fails(file_is_below(file)) ? -1 : REAL(fsync)(file);
}
int fdatasync(int file) {
    return fails(file_is_below(file)) ? -1 : REAL(fdatasync)(file);
}
int ftruncate(int file, off_t length) {
    return fails(file_is_below(file)) ? -1 : REAL(ftruncate)(file, length);
}
int ftruncate64(int file, off64_t length) {
    return fails(file_is_below(file)) ? -1 : REAL(ftruncate64)(file, length);
}
int fallocate(int file, int mode, off_t offset, off_t length) {
    return fails(file_is_below(file)) ? -1 : REAL(fallocate)(file, mode, offset, length);
}
int fallocate64(int file, int mode, off64_t offset, off64_t length) {
    return fails(file_is_below(file)) ? -1 : REAL(fallocate64)(file, mode, offset, length);
}
int renameat(int directory, const char *name, int new_directory, const char *new_name) {
    return fails(file_is_below(directory))
               ? -1
               : REAL(renameat)(directory, name, new_directory, new_name);
}

#define MODE_OF(flags)                                                                             \
    mode_t mode = 0;                                                                               \
    if ((flags)&O_CREAT) {                                                                         \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode = va_arg(arguments, mode_t);                                                          \
        va_end(arguments);                                                                         \
    }

int open(const char *name, int flags, ...) {
    MODE_OF(flags)
    if ((flags & O_CREAT) && fails(is_below(name))) return -1;
    return REAL(open)(name, flags, mode);
}
int open64(const char *name, int flags, ...) {
    MODE_OF(flags)
    if ((flags & O_CREAT) && fails(is_below(name))) return -1;
    return REAL(open64)(name, flags, mode);
}
int openat(int directory, const char *name, int flags, ...) {
    MODE_OF(flags)
    if ((flags & O_CREAT) && fails(file_is_below(directory))) return -1;
    return REAL(openat)(directory, name, flags, mode);
}
int openat64(int directory, const char *name, int flags, ...) {
    MODE_OF(flags)
    if ((flags & O_CREAT) && fails(file_is_below(directory))) return -1;
    return REAL(openat64)(directory, name, flags, mode);
}

int statfs(const char *name, struct statfs *found) {
    int status = REAL(statfs)(name, found);
    if (status == 0 && getenv("FAIL_FSTYPE") && is_below(name))
        found->f_type = number("FAIL_FSTYPE", 16);
    return status;
}
int statfs64(const char *name, struct statfs64 *found) {
    int status = REAL(statfs64)(name, found);
    if (status == 0 && getenv("FAIL_FSTYPE") && is_below(name))
        found->f_type = number("FAIL_FSTYPE", 16);
    return status;
}

__attribute__((constructor)) static void read_orders(void) {
    const char *path = getenv("FAIL_COUNT"), *program = getenv("FAIL_PROGRAM");
    is_meant = !program || strcmp(program, program_invocation_short_name) == 0;
    int file = path && is_meant ? REAL(open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0) return;
    void *at = REAL(ftruncate)(file, sizeof *most) == 0
                   ? mmap(NULL, sizeof *most, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                   : MAP_FAILED;
    if (at != MAP_FAILED) most = at;
    (void)close(file);
}
