// Preloaded into a subject: records what it does to the files below RECORD_DIR,
// in order, into the file RECORD_TRACE, so that replay_cuts.py can build the
// disk that a power cut would leave. What is written to descriptor 9 (the
// acknowledgements) is recorded among it and goes nowhere else.
//
// One record: "OP OFFSET LENGTH PATH\n", LENGTH bytes, "\n". OP: c create, w write,
// t truncate, s sync, D sync of a directory, u unlink, r rename (the bytes are the
// new path), m mkdir, a acknowledgement. Paths are relative to RECORD_DIR.
//
// Not seen: stores through a shared mapping (SQLite's -shm, rebuilt at opening).
// The subject has one thread.
// SPDX-License-Identifier: Apache-2.0
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
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(name) *)(uintptr_t)real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

static int trace_file(void) {
    static int file = -1;
    const char *path = getenv("RECORD_TRACE");
    if (file < 0 && path) file = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) abort();
    return file;
}

// The part of an absolute path below RECORD_DIR, or NULL.
static const char *below(const char *path) {
    const char *directory = getenv("RECORD_DIR");
    size_t length = directory ? strlen(directory) : 0;
    if (length == 0 || strncmp(path, directory, length) != 0) return NULL;
    return path[length] == '/' ? path + length + 1 : path[length] == '\0' ? "." : NULL;
}

static const char *path_of_file(int file, char path[PATH_MAX]) {
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return NULL;
    path[length] = '\0';
    return below(path);
}

static const char *path_at(int directory, const char *name, char path[PATH_MAX]) {
    if (name[0] == '/') {
        (void)snprintf(path, PATH_MAX, "%s", name);
        return below(path);
    }
    char folder[PATH_MAX];
    if (directory == AT_FDCWD) {
        if (!getcwd(folder, sizeof folder)) return NULL;
    } else if (!path_of_file(directory, folder)) {
        return NULL;
    }
    if (snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX) return NULL;
    return below(path);
}

static void record(char op, long long offset, const void *bytes, size_t length, const char *path) {
    int kept = errno;
    char head[PATH_MAX + 64];
    int size = snprintf(head, sizeof head, "%c %lld %zu %s\n", op, offset, length, path);
    const struct iovec parts[] = {
        {head, (size_t)size}, {(void *)(size_t)bytes, length}, {(void *)(size_t) "\n", 1}};
    if (REAL(writev)(trace_file(), parts, 3) != (ssize_t)((size_t)size + length + 1)) abort();
    errno = kept;
}

static void record_file(char op, int file, long long offset, const void *bytes, size_t length) {
    char path[PATH_MAX];
    const char *name = path_of_file(file, path);
    if (name) record(op, offset, bytes, length, name);
}

static int open_and_record(int directory, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    struct stat found;
    bool existed = fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0;
    int file = REAL(openat)(directory, name, flags, mode);
    const char *relative = file >= 0 ? path_at(directory, name, path) : NULL;
    if (!relative) return file;
    if ((flags & O_CREAT) && !existed) record('c', 0, "", 0, relative);
    if ((flags & O_TRUNC) && existed) record('t', 0, "", 0, relative);
    return file;
}

#define MODE_OF(flags, last)                                                                       \
    mode_t mode = 0;                                                                               \
    if ((flags)&O_CREAT) {                                                                         \
        va_list arguments;                                                                         \
        va_start(arguments, last);                                                                 \
        mode = va_arg(arguments, mode_t);                                                          \
        va_end(arguments);                                                                         \
    }

int open(const char *name, int flags, ...) {
    MODE_OF(flags, flags)
    return open_and_record(AT_FDCWD, name, flags, mode);
}
int open64(const char *name, int flags, ...) {
    MODE_OF(flags, flags)
    return open_and_record(AT_FDCWD, name, flags, mode);
}
int openat(int directory, const char *name, int flags, ...) {
    MODE_OF(flags, flags)
    return open_and_record(directory, name, flags, mode);
}
int openat64(int directory, const char *name, int flags, ...) {
    MODE_OF(flags, flags)
    return open_and_record(directory, name, flags, mode);
}

ssize_t write(int file, const void *bytes, size_t length) {
    if (file == 9) {
        record('a', 0, bytes, length, "-");
        return (ssize_t)length;
    }
    off_t offset = lseek(file, 0, SEEK_CUR);
    ssize_t written = REAL(write)(file, bytes, length);
    if (written > 0 && offset >= 0) record_file('w', file, offset, bytes, (size_t)written);
    return written;
}
ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
    ssize_t written = REAL(pwrite)(file, bytes, length, offset);
    if (written > 0) record_file('w', file, offset, bytes, (size_t)written);
    return written;
}
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
    ssize_t written = REAL(pwrite64)(file, bytes, length, offset);
    if (written > 0) record_file('w', file, offset, bytes, (size_t)written);
    return written;
}
int ftruncate(int file, off_t length) {
    int status = REAL(ftruncate)(file, length);
    if (status == 0) record_file('t', file, length, "", 0);
    return status;
}
int ftruncate64(int file, off64_t length) {
    int status = REAL(ftruncate64)(file, length);
    if (status == 0) record_file('t', file, length, "", 0);
    return status;
}

static void record_sync(int file) {
    struct stat found;
    if (fstat(file, &found) == 0) record_file(S_ISDIR(found.st_mode) ? 'D' : 's', file, 0, "", 0);
}
int fsync(int file) {
    int status = REAL(fsync)(file);
    if (status == 0) record_sync(file);
    return status;
}
int fdatasync(int file) {
    int status = REAL(fdatasync)(file);
    if (status == 0) record_sync(file);
    return status;
}

int unlinkat(int directory, const char *name, int flags) {
    char path[PATH_MAX];
    const char *relative = path_at(directory, name, path);
    int status = REAL(unlinkat)(directory, name, flags);
    if (status == 0 && relative) record('u', 0, "", 0, relative);
    return status;
}
int unlink(const char *name) {
    return unlinkat(AT_FDCWD, name, 0);
}
int renameat(int directory, const char *name, int new_directory, const char *new_name) {
    char path[PATH_MAX], new_path[PATH_MAX];
    const char *from = path_at(directory, name, path);
    const char *to = path_at(new_directory, new_name, new_path);
    int status = REAL(renameat)(directory, name, new_directory, new_name);
    if (status == 0 && from && to) record('r', 0, to, strlen(to), from);
    return status;
}
int rename(const char *name, const char *new_name) {
    return renameat(AT_FDCWD, name, AT_FDCWD, new_name);
}
int mkdir(const char *name, mode_t mode) {
    char path[PATH_MAX];
    const char *relative = path_at(AT_FDCWD, name, path);
    int status = REAL(mkdir)(name, mode);
    if (status == 0 && relative) record('m', 0, "", 0, relative);
    return status;
}
