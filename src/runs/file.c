// Entering, leaving and inheriting run files. The order of locks is always door,
// then live; a process waits only for the door, and not for ever: whoever is
// stopped in it must not stop others.
// SPDX-License-Identifier: Apache-2.0
#include "runs/file.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool set_lock(int descriptor, enum emit_run_lock lock, int type) {
    struct flock range = {
        .l_type = (short)type, .l_whence = SEEK_SET, .l_start = (off_t)lock, .l_len = 1};
    return fcntl(descriptor, F_OFD_SETLK, &range) == 0;
}

bool emit_run_file_lock(const struct emit_run_file *file, enum emit_run_lock lock, bool exclusive) {
    return file->descriptor < 0 || set_lock(file->descriptor, lock, exclusive ? F_WRLCK : F_RDLCK);
}

bool emit_run_file_is_lived_in(int descriptor) {
    struct flock range = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = EMIT_LOCK_LIVE, .l_len = 1};
    return fcntl(descriptor, F_OFD_GETLK, &range) == 0 && range.l_type == F_RDLCK;
}

// Whoever is in the door is out again in microseconds, unless he is stopped.
static bool lock_door(const struct emit_run_file *file) {
    struct timespec pause = {.tv_nsec = 20000};
    for (int64_t waited_ns = 0; waited_ns < EMIT_RUN_WAIT_MS * INT64_C(1000000);) {
        if (emit_run_file_lock(file, EMIT_LOCK_DOOR, true)) return true;
        (void)nanosleep(&pause, NULL);
        waited_ns += pause.tv_nsec;
        if (pause.tv_nsec < 1000000) pause.tv_nsec *= 2;
    }
    return false;
}

void emit_run_file_unlock(const struct emit_run_file *file, enum emit_run_lock lock) {
    if (file->descriptor >= 0) (void)set_lock(file->descriptor, lock, F_UNLCK);
}

// A directory is only there for good when its parent has been synced: the store lies
// in one of these, and what it has answered for must outlive a power cut.
static void sync_parent(char *path) {
    char *slash = strrchr(path, '/');
    if (!slash) return;  // in the working directory: nothing of the store lies there
    char cut = slash[1]; // keeps "/" a path
    slash[1] = '\0';
    int parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    slash[1] = cut;
    if (parent < 0) return;
    (void)fsync(parent);
    (void)close(parent);
}

// Answers the errno of the last failure but EEXIST, else 0.
static int make_directories(const char *path) {
    char part[PATH_MAX];
    int failed = 0;
    if (!emit_text_format(part, sizeof part, "%s", path)) return ENAMETOOLONG;
    for (char *at = part + 1;; at++) {
        char cut = *at;
        if (cut != '/' && cut != '\0') continue;
        *at = '\0';
        if (mkdir(part, 0700) == 0)
            sync_parent(part);
        else if (errno != EEXIST)
            failed = errno;
        *at = cut;
        if (cut == '\0') return failed;
    }
}

enum emit_status emit_run_directory_open(int *directory, const char *path, bool make,
                                         struct emit_error *err) {
    struct stat status;
    int unmade = make ? make_directories(path) : 0;
    int opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (opened < 0) {
        int why = errno == ENOENT && unmade ? unmade : errno;
        return emit_fail_errno(err, why, "cannot open %s, the directory of runs", path);
    }
    if (fstat(opened, &status) != 0 || status.st_uid != geteuid() || status.st_mode & 022) {
        close(opened);
        return emit_fail(err, EMIT_DENIED,
                         "%s, the directory of runs, is not yours alone: chown and chmod 700 it",
                         path);
    }
    *directory = opened;
    return EMIT_OK;
}

// The name stands for the file we have open, and not for one that replaced it.
static bool is_named(const struct emit_run_file *file) {
    struct stat ours, named;
    return fstat(file->descriptor, &ours) == 0 &&
           fstatat(file->directory, file->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_ino == named.st_ino && ours.st_dev == named.st_dev && S_ISREG(ours.st_mode);
}

static size_t map_bytes(void) {
    return emit_run_image_bytes(EMIT_POINTS_MAX);
}

static bool learn_size(struct emit_run_file *file) {
    struct stat status;
    if (fstat(file->descriptor, &status) != 0) return false;
    file->bytes = (size_t)status.st_size;
    return file->bytes >= sizeof *file->image;
}

bool emit_run_file_map(struct emit_run_file *file, bool writable) {
    file->image = NULL;
    if (!learn_size(file)) return false;
    int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    void *at = mmap(NULL, map_bytes(), protection, MAP_SHARED, file->descriptor, 0);
    if (at == MAP_FAILED) return false;
    file->image = at;
    return true;
}

const char *emit_run_file_fault(struct emit_run_file *file) {
    // A living file may have grown since its size was asked for.
    if (file->descriptor >= 0 && emit_run_image_is_begun(file->image) &&
        emit_run_image_bytes(emit_run_image_count(file->image)) > file->bytes)
        (void)learn_size(file);
    return emit_run_image_fault(file->image, file->bytes);
}

static void unmap(struct emit_run_file *file) {
    if (file->image) (void)munmap(file->image, map_bytes());
    file->image = NULL;
}

void emit_run_file_close(struct emit_run_file *file) {
    unmap(file);
    if (file->descriptor >= 0) close(file->descriptor);
    if (file->directory >= 0) close(file->directory);
    file->descriptor = file->directory = -1;
}

void emit_run_file_unlink(const struct emit_run_file *file) {
    if (file->descriptor >= 0) (void)unlinkat(file->directory, file->name, 0);
}

void emit_run_file_set_aside(const struct emit_run_file *file) {
    char name[NAME_MAX + 1];
    (void)emit_text_format(name, sizeof name, "%.*s.damaged", NAME_MAX - 8, file->name);
    (void)renameat(file->directory, file->name, file->directory, name);
}

void emit_run_file_node(char node[EMIT_NODE_MAX], const char *node_id) {
    (void)emit_text_format(node, EMIT_NODE_MAX, "%s", node_id);
    for (char *at = node; *at; at++)
        if (strchr("/@.", *at)) *at = '_';
}

// Another node's file, in a directory that several share, is that node's affair: its
// locks may not reach us.
static bool is_of_node(const char *name, const char *node) {
    const char *at = strrchr(name, '@');
    size_t length = strlen(node);
    return at && strncmp(at + 1, node, length) == 0 && at[1 + length] == '.';
}

static int is_run_file(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".run") == 0;
}

void emit_run_file_this_node(char node[EMIT_NODE_MAX]) {
    char node_id[EMIT_NODE_MAX];
    emit_host_node_name(node_id, sizeof node_id);
    emit_run_file_node(node, node_id);
}

int emit_run_directory_list(int directory, struct dirent ***names) {
    char node[EMIT_NODE_MAX];
    emit_run_file_this_node(node);
    int count = scandirat(directory, ".", names, is_run_file, alphasort), kept = 0;
    for (int i = 0; i < count; i++) {
        if (is_of_node((*names)[i]->d_name, node))
            (*names)[kept++] = (*names)[i];
        else
            free((*names)[i]);
    }
    return count < 0 ? count : kept;
}

void emit_run_file_name(char name[NAME_MAX + 1], const struct emit_run_header *header) {
    char node[EMIT_NODE_MAX];
    emit_run_file_node(node, header->node_id);
    (void)emit_text_format(name, NAME_MAX + 1, "%s@%s.run", header->run_id, node);
}

// The name of a run that nobody enters any more: its own and when it was opened.
static void rename_ended(struct emit_run_file *file) {
    char name[NAME_MAX + 1], node[EMIT_NODE_MAX];
    const struct emit_run_header *header = &file->image->header;
    emit_run_file_node(node, header->node_id);
    (void)emit_text_format(name, sizeof name, "%s@%s.%" PRIx64 ".run", header->run_id, node,
                           (uint64_t)file->image->opened_ns);
    // Never over another one's file; where that cannot be, the old name has to do.
    if (renameat2(file->directory, file->name, file->directory, name, RENAME_NOREPLACE) == 0)
        memcpy(file->name, name, sizeof name);
}

// Nobody lives in the file: its run was killed, or never begun. Makes its name free, while
// the door is held: who comes next must not meet a file that is being closed.
// EMIT_ABSENT: it was never begun, and is gone. EMIT_CORRUPT: it is damaged, and set aside.
// EMIT_NO_MEMORY: it stays as it is.
static enum emit_status clear_name(struct emit_run_file *file, struct emit_error *err) {
    if (!emit_run_file_map(file, true) && file->bytes >= sizeof *file->image)
        return emit_fail_errno(err, errno, "cannot look into the run file %s", file->name);
    if (!file->image || !emit_run_image_is_begun(file->image)) {
        emit_run_file_unlink(file);
        return emit_fail(err, EMIT_ABSENT, "the run of %s was never begun", file->name);
    }
    const char *fault = emit_run_file_fault(file);
    if (fault) {
        emit_run_file_set_aside(file);
        return emit_fail(err, EMIT_CORRUPT, "the run file %s is damaged: %s", file->name, fault);
    }
    rename_ended(file);
    return EMIT_OK;
}

struct entry { // what emit_run_file_enter was asked for
    const struct emit_run_header *header;
    int64_t opened_ns, opened_wall_ns;
};

// Writes zeros up to this length: a full disk must show now, and not as a signal
// when a page is first touched. Written and not fallocated, for blocks that were
// only reserved cost nothing when the file goes again soon: 0.01 ms, not 0.2 to 2.
static int reserve(int descriptor, size_t at, size_t bytes) {
    static const char zeros[4096];
    while (at < bytes) {
        size_t part = bytes - at < sizeof zeros ? bytes - at : sizeof zeros;
        ssize_t written = pwrite(descriptor, zeros, part, (off_t)at);
        if (written < 0 && errno != EINTR) return errno;
        if (written == 0) return ENOSPC;
        if (written > 0) at += (size_t)written;
    }
    return 0;
}

static void begin(struct emit_run_file *file, const struct entry *entry) {
    emit_run_image_fill(file->image, entry->header, entry->opened_ns, entry->opened_wall_ns);
    (void)emit_run_file_lock(file, EMIT_LOCK_LIVE, false);
    (void)emit_run_file_lock(file, EMIT_LOCK_SAMPLER, true);
    emit_run_image_begin(file->image);
    file->created = true;
}

static enum emit_status create(struct emit_run_file *file, const struct entry *entry,
                               struct emit_error *err) {
    int failed = reserve(file->descriptor, 0, emit_run_image_bytes(0));
    if (failed || !emit_run_file_map(file, true)) {
        failed = failed ? failed : errno;
        emit_run_file_unlink(file);
        return emit_fail_errno(err, failed, "cannot make the run file %s", file->name);
    }
    begin(file, entry);
    return EMIT_OK;
}

static enum emit_status join(struct emit_run_file *file, struct emit_error *err) {
    if (!emit_run_file_lock(file, EMIT_LOCK_LIVE, false))
        return emit_fail(err, EMIT_TIMEOUT, "the run file %s is being closed", file->name);
    const char *fault = emit_run_file_map(file, true) ? emit_run_file_fault(file) : "no memory";
    if (fault)
        return emit_fail(err, EMIT_CORRUPT, "cannot join the run of %s: %s", file->name, fault);
    return EMIT_OK;
}

enum emit_status emit_run_file_grow(const struct emit_run_file *file, size_t count,
                                    struct emit_error *err) {
    struct stat status;
    if (file->descriptor < 0) return EMIT_OK; // all of it is mapped
    int failed = fstat(file->descriptor, &status) != 0 ? errno : 0;
    if (!failed)
        failed = reserve(file->descriptor, (size_t)status.st_size, emit_run_image_bytes(count));
    if (failed) return emit_fail_errno(err, failed, "cannot make the run file %s", file->name);
    return EMIT_OK;
}

// Sets *again when the name turned out to stand for something that is over.
static enum emit_status enter(struct emit_run_file *file, const struct entry *entry, bool *again,
                              struct emit_error *err) {
    struct stat status;
    *again = false;
    file->descriptor =
        openat(file->directory, file->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->descriptor < 0)
        return emit_fail_errno(err, errno, "cannot open the run file %s", file->name);
    if (!lock_door(file))
        return emit_fail(err, EMIT_TIMEOUT, "another process holds the run file %s", file->name);
    *again = !is_named(file);
    if (*again) return EMIT_OK;
    if (!emit_run_file_lock(file, EMIT_LOCK_LIVE, true)) return join(file, err);
    if (fstat(file->descriptor, &status) == 0 && status.st_size == 0)
        return create(file, entry, err);
    struct emit_run_file old = *file;
    (void)clear_name(&old, NULL);
    unmap(&old);
    *again = true;
    return EMIT_OK;
}

static enum emit_status enter_memory(struct emit_run_file *file, const struct entry *entry,
                                     struct emit_error *err) {
    void *at = mmap(NULL, map_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return emit_fail_errno(err, errno, "no memory for the run");
    file->bytes = map_bytes();
    file->image = at;
    begin(file, entry);
    return EMIT_OK;
}

enum emit_status emit_run_file_enter(struct emit_run_file *file, const char *directory,
                                     const struct emit_run_header *header, int64_t opened_ns,
                                     int64_t opened_wall_ns, struct emit_error *err) {
    const struct entry entry = {header, opened_ns, opened_wall_ns};
    struct emit_run_file entered = {.directory = -1, .descriptor = -1};
    enum { TRIES = 16 }; // against processes that come and go under the same name
    bool again = directory != NULL;
    enum emit_status status = EMIT_OK;

    if (!directory)
        status = enter_memory(&entered, &entry, err);
    else
        status = emit_run_directory_open(&entered.directory, directory, true, err);
    emit_run_file_name(entered.name, header);
    for (int i = 0; !status && again && i < TRIES; i++) {
        status = enter(&entered, &entry, &again, err);
        if (again) {
            close(entered.descriptor);
            entered.descriptor = -1;
        }
    }
    if (!status && again)
        status = emit_fail(err, EMIT_TIMEOUT, "the run file %s is never at rest", entered.name);
    if (status) {
        emit_run_file_close(&entered);
        return status;
    }
    emit_run_file_unlock(&entered, EMIT_LOCK_DOOR);
    *file = entered;
    return EMIT_OK;
}

// Locks are dropped in the door and not by closing, or of two that leave at once
// each would think that the other one stays.
enum emit_run_leave emit_run_file_leave(struct emit_run_file *file, bool could_sample) {
    enum emit_run_leave leave = EMIT_LEAVE_LEFT;
    if (file->descriptor < 0) return EMIT_LEAVE_LAST;
    if (!lock_door(file)) return leave; // whoever comes last, or recovery, closes it
    bool alone = emit_run_file_lock(file, EMIT_LOCK_LIVE, true);
    if (alone && could_sample && emit_run_image_is_unsampled(file->image) &&
        emit_run_file_lock(file, EMIT_LOCK_SAMPLER, true)) {
        (void)emit_run_file_lock(file, EMIT_LOCK_LIVE, false); // others may join again
        leave = EMIT_LEAVE_STAY;
    } else if (alone) {
        rename_ended(file);
        leave = EMIT_LEAVE_LAST;
    } else {
        emit_run_file_unlock(file, EMIT_LOCK_SAMPLER);
        emit_run_file_unlock(file, EMIT_LOCK_LIVE);
        emit_run_file_unlock(file, EMIT_LOCK_HOLDER);
    }
    emit_run_file_unlock(file, EMIT_LOCK_DOOR);
    return leave;
}

enum emit_status emit_run_file_inherit(struct emit_run_file *file, int directory, const char *name,
                                       struct emit_error *err) {
    struct emit_run_file found = {.directory = fcntl(directory, F_DUPFD_CLOEXEC, 0)};
    enum emit_status status = EMIT_OK;
    (void)emit_text_format(found.name, sizeof found.name, "%s", name);
    found.descriptor = openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (found.directory < 0 || found.descriptor < 0)
        status = emit_fail_errno(err, errno, "cannot open the run file %s", name);
    else if (!emit_run_file_lock(&found, EMIT_LOCK_DOOR, true) ||
             !emit_run_file_lock(&found, EMIT_LOCK_LIVE, true) || !is_named(&found))
        status = emit_fail(err, EMIT_TIMEOUT, "the run file %s is in use", name);
    if (status) {
        emit_run_file_close(&found);
        return status;
    }
    status = clear_name(&found, err);
    emit_run_file_unlock(&found, EMIT_LOCK_DOOR);
    if (status == EMIT_OK || status == EMIT_CORRUPT)
        *file = found;
    else
        emit_run_file_close(&found);
    return status;
}

static enum emit_status nowhere(const char *run_id, const char *directory, struct emit_error *err) {
    return emit_fail(err, EMIT_ABSENT, "no run %s goes on in %s: emit runs lists those that do",
                     run_id, directory);
}

enum emit_status emit_run_file_visit(struct emit_run_file *file, const char *directory,
                                     const char *run_id, struct emit_error *err) {
    struct emit_run_file found = {.directory = -1, .descriptor = -1};
    char node_id[EMIT_NODE_MAX], node[EMIT_NODE_MAX];
    emit_host_node_name(node_id, sizeof node_id);
    emit_run_file_node(node, node_id);
    enum emit_status status = EMIT_OK;
    if (!emit_text_format(found.name, sizeof found.name, "%s@%s.run", run_id, node))
        return emit_fail(err, EMIT_INVALID, "a run id has at most %d bytes", EMIT_RUN_ID_MAX - 1);
    status = emit_run_directory_open(&found.directory, directory, false, err);
    if (status == EMIT_ABSENT) return nowhere(run_id, directory, err);
    if (status) return status;
    found.descriptor =
        openat(found.directory, found.name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (found.descriptor < 0)
        status = errno == ENOENT
                     ? EMIT_ABSENT
                     : emit_fail_errno(err, errno, "cannot open the file of run %s", run_id);
    else if (!emit_run_file_is_lived_in(found.descriptor))
        status = EMIT_ABSENT;
    else if (!emit_run_file_map(&found, true) || emit_run_file_fault(&found))
        status = emit_fail(err, EMIT_CORRUPT, "the file of run %s makes no sense", run_id);
    else if (atomic_load(&found.image->closed))
        status = EMIT_ABSENT;
    if (status == EMIT_ABSENT) (void)nowhere(run_id, directory, err);
    if (status) {
        emit_run_file_close(&found);
        return status;
    }
    *file = found;
    return EMIT_OK;
}
