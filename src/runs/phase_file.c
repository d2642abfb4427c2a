// Finding, making and locking the files of phases.
// SPDX-License-Identifier: Apache-2.0
#include "runs/phase_file.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void name_file(char name[NAME_MAX + 1], const struct emit_run_file *run, unsigned index) {
    char node[EMIT_NODE_MAX];
    const struct emit_run_header *header = &run->image->header;
    emit_run_file_node(node, header->node_id);
    (void)emit_text_format(name, NAME_MAX + 1, "%s@%s.%" PRIx64 ".%02u.phase", header->run_id, node,
                           (uint64_t)run->image->opened_ns, index);
}

static bool set_lock(const struct emit_phase_file *file, int type) {
    struct flock range = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    return fcntl(file->descriptor, F_OFD_SETLK, &range) == 0;
}

// Waits no longer than 250 ms.
static bool lock_file(const struct emit_phase_file *file) {
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < EMIT_RUN_WAIT_MS; i++) {
        if (set_lock(file, F_WRLCK)) return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

bool emit_phase_file_lock(const struct emit_phase_file *file) {
    pthread_mutex_t *lock = &file->image->lock;
    int got = pthread_mutex_trylock(lock);
    if (got == EBUSY) {
        int64_t until_ns = emit_clock_monotonic_ns() + INT64_C(1000000) * EMIT_RUN_WAIT_MS;
        const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
        got = pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &until);
    }
    // Who held it died: what stands in the file is whole all the same.
    if (got == EOWNERDEAD) got = pthread_mutex_consistent(lock);
    return got == 0;
}

void emit_phase_file_unlock(const struct emit_phase_file *file) {
    (void)pthread_mutex_unlock(&file->image->lock);
}

void emit_phase_file_close(struct emit_phase_file *file) {
    if (file->image) (void)munmap(file->image, emit_phase_image_bytes(EMIT_POINTS_MAX));
    if (file->descriptor >= 0) (void)close(file->descriptor);
    file->image = NULL;
    file->descriptor = -1;
}

// Written and not only sized: a full disk must show here, and not as a signal later.
int emit_phase_file_grow(struct emit_phase_file *file, size_t count) {
    static const char zeros[4096];
    size_t wanted = emit_phase_image_bytes(count);
    while (file->bytes < wanted) {
        size_t part = wanted - file->bytes < sizeof zeros ? wanted - file->bytes : sizeof zeros;
        ssize_t written = pwrite(file->descriptor, zeros, part, (off_t)file->bytes);
        if (written < 0 && errno != EINTR) return errno;
        if (written == 0) return ENOSPC;
        if (written > 0) file->bytes += (size_t)written;
    }
    return 0;
}

// Opens file number `index`, mapped as far as a run can grow.
static enum emit_status open_at(struct emit_phase_file *file, const struct emit_run_file *run,
                                unsigned index, int flags, struct emit_error *err) {
    char name[NAME_MAX + 1];
    name_file(name, run, index);
    struct emit_phase_file opened = {
        .descriptor = openat(run->directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600)};
    if (opened.descriptor < 0)
        return emit_fail_errno(err, errno, "cannot open the phase's file %s", name);
    void *at = mmap(NULL, emit_phase_image_bytes(EMIT_POINTS_MAX), PROT_READ | PROT_WRITE,
                    MAP_SHARED, opened.descriptor, 0);
    if (at == MAP_FAILED) {
        enum emit_status status =
            emit_fail_errno(err, errno, "cannot map the phase's file %s", name);
        (void)close(opened.descriptor);
        return status;
    }
    opened.image = at;
    *file = opened;
    return EMIT_OK;
}

// Under the lock: how much of the file stands.
static bool measure(struct emit_phase_file *file) {
    struct stat status;
    if (fstat(file->descriptor, &status) != 0) return false;
    file->bytes = (size_t)status.st_size;
    return true;
}

bool emit_phase_file_read(struct emit_phase_file *file, struct emit_phase_state *state) {
    if (emit_phase_image_read(file->image, file->bytes, state)) return true;
    // Another guest may have made it longer since.
    return measure(file) && file->bytes >= emit_phase_image_bytes(0) &&
           emit_phase_image_read(file->image, file->bytes, state);
}

// Begins the file where nobody did; false: it stands for another phase.
static bool is_ours(struct emit_phase_file *file, const struct emit_run_file *run, const char *name,
                    size_t count, enum emit_status *status, struct emit_error *err) {
    *status = EMIT_OK;
    size_t head = emit_phase_image_bytes(0);
    if (!measure(file) || file->bytes < head || !emit_phase_image_is_begun(file->image)) {
        int failed = emit_phase_file_grow(file, count);
        if (failed)
            *status = emit_fail_errno(err, failed, "cannot make the file of phase '%s'", name);
        else if (!emit_phase_image_begin(file->image, name, run->image->opened_ns))
            *status = emit_fail(err, EMIT_SYSTEM, "no lock for the file of phase '%s'", name);
        return true;
    }
    if (strncmp(file->image->name, name, sizeof file->image->name) != 0) return false;
    if (!emit_phase_image_has_our_lock(file->image))
        *status = emit_fail(err, EMIT_INVALID,
                            "phase '%s' was begun by a program with another C library", name);
    return true;
}

enum emit_status emit_phase_file_open(struct emit_phase_file *file, const struct emit_run_file *run,
                                      const char *name, bool make, size_t count,
                                      struct emit_error *err) {
    for (unsigned index = 0; index < EMIT_PHASES_MAX; index++) {
        struct emit_phase_file opened;
        enum emit_status status = open_at(&opened, run, index, make ? O_CREAT : 0, err);
        if (status) return status;
        if (!lock_file(&opened)) {
            emit_phase_file_close(&opened);
            return emit_fail(err, EMIT_TIMEOUT, "another process holds a phase of this run");
        }
        bool ours = is_ours(&opened, run, name, count, &status, err);
        (void)set_lock(&opened, F_UNLCK);
        if (ours && !status) {
            (void)emit_text_format(opened.name, sizeof opened.name, "%s", name);
            *file = opened;
            return EMIT_OK;
        }
        emit_phase_file_close(&opened);
        if (status) return status;
    }
    return emit_fail(err, EMIT_FULL,
                     "phase '%s' is one too many: a run has at most %d; use a name again", name,
                     EMIT_PHASES_MAX);
}

enum emit_status emit_phase_file_open_at(struct emit_phase_file *file,
                                         const struct emit_run_file *run, unsigned index,
                                         struct emit_error *err) {
    struct emit_phase_file opened;
    if (index >= EMIT_PHASES_MAX) return emit_fail(err, EMIT_ABSENT, "no more phases");
    enum emit_status status = open_at(&opened, run, index, 0, err);
    if (status) return status;
    if (!measure(&opened)) {
        emit_phase_file_close(&opened);
        return emit_fail_errno(err, errno, "cannot look at a phase's file");
    }
    *file = opened;
    return EMIT_OK;
}

void emit_phase_files_unlink(const struct emit_run_file *run) {
    char name[NAME_MAX + 1];
    unsigned count = 0;
    if (run->directory < 0 || !run->image) return;
    for (; count < EMIT_PHASES_MAX; count++) {
        name_file(name, run, count);
        if (faccessat(run->directory, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0) break;
    }
    while (count--) {
        name_file(name, run, count);
        (void)unlinkat(run->directory, name, 0);
    }
}

static int is_phase_file(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 6 && strcmp(entry->d_name + length - 6, ".phase") == 0;
}

// RUN@NODE.OPENED.NN.phase lost its run when neither RUN@NODE.run nor
// RUN@NODE.OPENED.run is there.
static bool is_lost(int directory, const char *name, const char *node) {
    char run[NAME_MAX + 1];
    const char *at = strrchr(name, '@');
    size_t length = strlen(node);
    if (!at || strncmp(at + 1, node, length) != 0 || at[1 + length] != '.') return false;
    int living = (int)(at + 1 + length - name);
    int ended = (int)strlen(name) - (int)strlen(".NN.phase");
    if (ended <= living) return true;
    (void)emit_text_format(run, sizeof run, "%.*s.run", living, name);
    if (faccessat(directory, run, F_OK, AT_SYMLINK_NOFOLLOW) == 0) return false;
    (void)emit_text_format(run, sizeof run, "%.*s.run", ended, name);
    return faccessat(directory, run, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
}

void emit_phase_files_sweep(int directory, const char *node) {
    struct dirent **names;
    int count = scandirat(directory, ".", &names, is_phase_file, NULL);
    for (int i = 0; i < count; i++) {
        if (is_lost(directory, names[i]->d_name, node))
            (void)unlinkat(directory, names[i]->d_name, 0);
        free(names[i]);
    }
    if (count >= 0) free(names);
}
