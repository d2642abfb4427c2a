// The floor and the ballast.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/space.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

// Bytes an unprivileged process may still write; INT64_MAX when nobody knows.
static int64_t free_bytes(const struct emit_folder *folder) {
    struct statvfs found;
    if (fstatvfs(folder->directory, &found) != 0 || found.f_blocks == 0) return INT64_MAX;
    int64_t bytes;
    if (__builtin_mul_overflow(found.f_bavail, found.f_frsize, &bytes)) return INT64_MAX;
    return bytes;
}

enum emit_status emit_space_check(const struct emit_folder *folder, struct emit_error *err) {
    int64_t bytes = free_bytes(folder);
    if (bytes >= EMIT_SPACE_FLOOR_BYTES) return EMIT_OK;
    return emit_fail(err, EMIT_FULL,
                     "the disk of %s has %lld KiB left and the store leaves %d: free some space, "
                     "or: emit outbox prune --older-than 30d",
                     folder->path, (long long)(bytes / 1024), EMIT_SPACE_FLOOR_BYTES / 1024);
}

void emit_space_lay_ballast(const struct emit_folder *folder) {
    char name[NAME_MAX + 1];
    if (!emit_folder_name(folder, "-ballast", name, sizeof name)) return;
    if (free_bytes(folder) < EMIT_SPACE_FLOOR_BYTES + EMIT_SPACE_BALLAST_BYTES) return;
    int file =
        openat(folder->directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return; // there is one
    bool laid = fchmod(file, 0600) == 0 && fallocate(file, 0, 0, EMIT_SPACE_BALLAST_BYTES) == 0;
    (void)close(file);
    if (!laid) (void)unlinkat(folder->directory, name, 0);
}

void emit_space_drop_ballast(const struct emit_folder *folder) {
    emit_folder_remove(folder, "-ballast");
}
