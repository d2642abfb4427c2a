// flock and the mark of a clean end.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/lock.h"

#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// The file: "emit outbox 1 ", then one state, a space, the boot id and a line end.
static const char magic[] = "emit outbox 1 ";
enum {
    MAGIC_LENGTH = sizeof magic - 1,
    MARK_LENGTH = MAGIC_LENGTH + 2 + 36 + 1,
};
static const char clean = 'C', in_doubt = 'D';

enum emit_status emit_lock_open(struct emit_lock *lock, int directory, const char *name,
                                const char *store, bool read_only, struct emit_error *err) {
    *lock = (struct emit_lock){.file = -1};
    emit_host_boot_id(lock->boot_id);
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (read_only ? 0 : O_CREAT);
    int file = openat(directory, name, flags, 0600);
    if (file < 0 && read_only) return EMIT_OK;
    if (file < 0) return emit_fail_errno(err, errno, "cannot open the lock %s-lock", store);
    struct stat found;
    uid_t uid = geteuid(); // root may look after another user's store
    if (fstat(file, &found) != 0 || !S_ISREG(found.st_mode) || (uid != 0 && found.st_uid != uid)) {
        (void)close(file);
        return emit_fail(err, EMIT_DENIED, "the lock %s-lock is not a plain file of this user",
                         store);
    }
    // The umask may have taken the owner's own rights away.
    if (!read_only && (found.st_mode & 0777) != 0600) (void)fchmod(file, 0600);
    lock->file = file;
    return EMIT_OK;
}

static void write_mark(struct emit_lock *lock) {
    char mark[MARK_LENGTH];
    memcpy(mark, magic, MAGIC_LENGTH);
    mark[MAGIC_LENGTH] = lock->unclean ? in_doubt : clean;
    mark[MAGIC_LENGTH + 1] = ' ';
    memcpy(mark + MAGIC_LENGTH + 2, lock->boot_id, 36);
    mark[MARK_LENGTH - 1] = '\n';
    // A mark that cannot be written costs a needless check later, nothing more.
    ssize_t written = pwrite(lock->file, mark, sizeof mark, 0);
    (void)written;
    lock->marked = lock->unclean;
}

enum emit_status emit_lock_take(struct emit_lock *lock, struct emit_error *err) {
    if (lock->file < 0) return EMIT_OK;
    while (flock(lock->file, LOCK_EX) != 0)
        if (errno != EINTR) return emit_fail_errno(err, errno, "cannot lock the store");
    return EMIT_OK;
}

void emit_lock_read_mark(struct emit_lock *lock) {
    if (lock->file < 0) return;
    char mark[MARK_LENGTH];
    ssize_t length = pread(lock->file, mark, sizeof mark, 0);
    lock->was_ours = length == MARK_LENGTH && memcmp(mark, magic, MAGIC_LENGTH) == 0;
    bool same_boot = lock->was_ours && memcmp(mark + MAGIC_LENGTH + 2, lock->boot_id, 36) == 0;
    lock->marked = same_boot && mark[MAGIC_LENGTH] != clean;
    if (!same_boot || lock->marked) lock->unclean = true;
    // Written before anything is tried, so that an end in the middle is seen.
    if (lock->unclean && !lock->marked) write_mark(lock);
}

void emit_lock_doubt(struct emit_lock *lock) {
    lock->unclean = true;
    if (lock->file >= 0 && !lock->marked) write_mark(lock);
}

void emit_lock_give(struct emit_lock *lock) {
    if (lock->file < 0) return;
    if (lock->unclean != lock->marked) write_mark(lock);
    (void)flock(lock->file, LOCK_UN);
}

void emit_lock_disown(struct emit_lock *lock) {
    if (lock->file < 0) return;
    int cut = ftruncate(lock->file, 0);
    (void)cut;
    (void)flock(lock->file, LOCK_UN);
}

void emit_lock_close(struct emit_lock *lock) {
    if (lock->file >= 0) (void)close(lock->file);
    lock->file = -1;
}
