// flock and the mark of a clean end.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/lock.h"

#include "base/text.h"
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// The file: "emit outbox 1 ", one state, a space, the boot id, a space, the newest
// sequence in 16 hexadecimal digits, and a line end.
static const char magic[] = "emit outbox 1 ";
enum {
    MAGIC_LENGTH = sizeof magic - 1,
    BOOT_AT = MAGIC_LENGTH + 2,
    NEWEST_AT = BOOT_AT + 36 + 1,
    MARK_LENGTH = NEWEST_AT + 16 + 1,
};
static const char clean = 'C', in_doubt = 'D';

enum emit_status emit_lock_open(struct emit_lock *lock, int directory, const char *name,
                                const char *store, bool read_only, struct emit_error *err) {
    *lock = (struct emit_lock){.file = -1};
    emit_host_boot_id(lock->boot_id);
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (read_only ? 0 : O_CREAT);
    int file = openat(directory, name, flags, 0600);
    if (file < 0 && read_only) return EMIT_OK;
    if (file < 0)
        return emit_fail_errno(err, errno, "cannot open %s-lock (--outbox names another place)",
                               store);
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
    char mark[MARK_LENGTH], digits[17];
    memset(mark, ' ', sizeof mark);
    memcpy(mark, magic, MAGIC_LENGTH);
    mark[MAGIC_LENGTH] = lock->unclean ? in_doubt : clean;
    memcpy(mark + BOOT_AT, lock->boot_id, 36);
    (void)emit_text_format(digits, sizeof digits, "%016" PRIx64, lock->newest);
    memcpy(mark + NEWEST_AT, digits, 16);
    mark[MARK_LENGTH - 1] = '\n';
    // A mark that cannot be written costs a needless check later, nothing more.
    ssize_t written = pwrite(lock->file, mark, sizeof mark, 0);
    (void)written;
    lock->marked = lock->unclean;
    lock->noted = lock->newest;
}

enum emit_status emit_lock_take(struct emit_lock *lock, struct emit_error *err) {
    if (lock->file < 0) return EMIT_OK;
    while (flock(lock->file, LOCK_EX) != 0)
        if (errno != EINTR) return emit_fail_errno(err, errno, "cannot lock the store");
    return EMIT_OK;
}

// 16 digits; what is none counts as 0, so that rot in them raises no alarm above it.
static uint64_t read_hexadecimal(const char *digits) {
    uint64_t value = 0;
    for (int i = 0; i < 16; i++) {
        const char *all = "0123456789abcdef", *at = strchr(all, digits[i]);
        if (digits[i] == '\0' || !at) return 0;
        value = value << 4 | (uint64_t)(at - all);
    }
    return value;
}

void emit_lock_read_mark(struct emit_lock *lock) {
    if (lock->file < 0) return;
    char mark[MARK_LENGTH];
    ssize_t length = pread(lock->file, mark, sizeof mark, 0);
    lock->was_ours = length == MARK_LENGTH && memcmp(mark, magic, MAGIC_LENGTH) == 0;
    bool same_boot = lock->was_ours && memcmp(mark + BOOT_AT, lock->boot_id, 36) == 0;
    lock->noted = 0;
    if (lock->was_ours) lock->noted = read_hexadecimal(mark + NEWEST_AT);
    if (lock->noted > lock->newest) lock->newest = lock->noted;
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
    if (lock->unclean != lock->marked || lock->newest != lock->noted) write_mark(lock);
    (void)flock(lock->file, LOCK_UN);
}

void emit_lock_keep(struct emit_lock *lock) {
    if (lock->file < 0) return;
    write_mark(lock);
    (void)fsync(lock->file);
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
