// Runs across users of one node.
//
// Whoever may read a file may hold a lock on it, and could keep a run from ever being
// closed: so other users do not see the run file, but a copy. Its writer has locked it
// before anybody could open it, and never takes another lock; by that lock readers tell
// a living run. The copy is a second behind, and has no counts as the device said
// them: what its readers could not read themselves is not theirs to have finer
// (design 4.11).
// SPDX-License-Identifier: Apache-2.0
#include "runs/mirror.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHOWN_EVERY_NS = 1000000000 };

static bool is_written(int descriptor) {
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    return fcntl(descriptor, F_OFD_GETLK, &range) == 0 && range.l_type == F_WRLCK;
}

static bool is_of_root_or_us(const struct stat *status) {
    return (status->st_uid == 0 || status->st_uid == geteuid()) && !(status->st_mode & 022);
}

bool emit_run_mirror_directory_open(int *directory, const char *path) {
    struct stat status;
    int opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) return false;
    if (fstat(opened, &status) != 0 || !is_of_root_or_us(&status)) {
        close(opened);
        return false;
    }
    *directory = opened;
    return true;
}

bool emit_run_mirror_is_true(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
           is_of_root_or_us(&status) && is_written(descriptor);
}

// Makes one directory after the other, for everybody to look into whatever the umask
// says; one that is there is taken as it is.
static void make_directories(const char *path) {
    char part[PATH_MAX];
    if (!emit_text_format(part, sizeof part, "%s", path)) return;
    for (char *at = part + 1;; at++) {
        char cut = *at;
        if (cut != '/' && cut != '\0') continue;
        *at = '\0';
        if (mkdir(part, 0755) == 0) (void)chmod(part, 0755);
        *at = cut;
        if (cut == '\0') return;
    }
}

// What runs of dead processes showed is shown no longer.
static void sweep(int directory) {
    int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *opened = again < 0 ? NULL : fdopendir(again);
    const struct dirent *entry;
    while (opened && (entry = readdir(opened)) != NULL) {
        if (entry->d_name[0] == '.') continue; // ours, or another one's in the making
        int file = openat(directory, entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (file < 0) continue;
        if (!is_written(file)) (void)unlinkat(directory, entry->d_name, 0);
        close(file);
    }
    if (opened)
        (void)closedir(opened);
    else if (again >= 0)
        close(again);
}

// Under a name that nobody looks for, until it is locked and can be shown.
static enum emit_status make_file(struct emit_run_file *file, const struct emit_run_image *image,
                                  struct emit_error *err) {
    char hidden[NAME_MAX + 1];
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    (void)emit_text_format(hidden, sizeof hidden, ".%" PRIx64 ".%ld", (uint64_t)image->opened_ns,
                           (long)getpid());
    file->descriptor =
        openat(file->directory, hidden, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->descriptor < 0)
        return emit_fail_errno(err, errno, "cannot make the node's copy of run %s",
                               image->header.run_id);
    enum emit_status status = emit_run_file_grow(file, 0, err);
    if (!status && (fcntl(file->descriptor, F_OFD_SETLK, &all) != 0 ||
                    !emit_run_file_map(file, true) || fchmod(file->descriptor, 0644) != 0 ||
                    renameat(file->directory, hidden, file->directory, file->name) != 0))
        status = emit_fail_errno(err, errno, "cannot make the node's copy of run %s",
                                 image->header.run_id);
    if (status) (void)unlinkat(file->directory, hidden, 0);
    return status;
}

enum emit_status emit_run_mirror_make(struct emit_run_mirror *mirror, const char *directory,
                                      const struct emit_run_image *image, struct emit_error *err) {
    struct emit_run_file file = {.directory = -1, .descriptor = -1};
    make_directories(directory);
    enum emit_status status = emit_run_directory_open(&file.directory, directory, false, err);
    emit_run_file_name(file.name, &image->header);
    if (!status) sweep(file.directory);
    if (!status) status = make_file(&file, image, err);
    if (status) {
        emit_run_file_close(&file);
        return status;
    }
    emit_run_image_fill(file.image, &image->header, image->opened_ns, image->opened_wall_ns);
    emit_run_image_begin(file.image);
    *mirror = (struct emit_run_mirror){.file = file};
    return EMIT_OK;
}

// What was counted since the run began, and nothing of what single readings and the
// intervals between two of them said.
static struct emit_tally blurred(const struct emit_tally *tally) {
    return (struct emit_tally){
        .samples = tally->samples,
        .carried_count = tally->carried_count,
        .wraps = tally->wraps,
        .resets = tally->resets,
        .first_ns = tally->first_ns,
        .last_ns = tally->last_ns,
        .first_within_ns = tally->first_within_ns,
        .last_within_ns = tally->last_within_ns,
        .moved_ns = tally->moved_ns,
        .uncovered_ns = tally->uncovered_ns,
        .longest_gap_ns = tally->longest_gap_ns,
        .failed_ns = tally->failed_ns,
        .failed = tally->failed,
        .trouble = tally->trouble,
        .missed = tally->missed,
        .ended = tally->ended,
    };
}

void emit_run_mirror_show(struct emit_run_mirror *mirror, const struct emit_run_image *image,
                          const struct emit_run_snapshot *snapshot) {
    struct emit_run_image *shown = mirror->file.image;
    const struct emit_run_sweep *sweep = &snapshot->sweep;
    if (!shown) return;
    size_t known = emit_run_image_count(shown);
    bool grows = known < sweep->count;
    bool begins = sweep->begun_ns && !mirror->has_begun;
    if (!grows && !begins && sweep->sampled_ns - mirror->shown_ns < SHOWN_EVERY_NS) return;
    struct emit_run_snapshot copy = *snapshot;
    if (grows && emit_run_file_grow(&mirror->file, sweep->count, NULL) != EMIT_OK)
        copy.sweep.count = known; // the disk is full: others see less
    for (size_t i = known; i < copy.sweep.count; i++)
        emit_run_image_put_point(shown, i, &image->slots[i].point);
    for (size_t i = 0; i < copy.sweep.count; i++)
        atomic_store(&shown->slots[i].listed, atomic_load(&image->slots[i].listed));
    for (size_t i = 0; i < copy.sweep.count; i++)
        copy.tallies[i] = blurred(&snapshot->tallies[i]);
    emit_run_image_publish(shown, &copy);
    mirror->shown_ns = sweep->sampled_ns;
    mirror->has_begun = sweep->begun_ns != 0;
}

void emit_run_mirror_close(struct emit_run_mirror *mirror) {
    if (!mirror->file.image) return;
    emit_run_file_unlink(&mirror->file);
    emit_run_file_close(&mirror->file);
}

// Opens a living run's copy in the directory; false: it is none.
static bool visit(struct emit_run_file *file, int directory, const char *name,
                  const char *boot_id) {
    *file = (struct emit_run_file){.directory = -1};
    file->descriptor = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file->descriptor < 0) return false;
    if (emit_run_mirror_is_true(file->descriptor) && emit_run_file_map(file, false) &&
        !emit_run_file_fault(file) && strcmp(file->image->header.boot_id, boot_id) == 0)
        return true;
    emit_run_file_close(file);
    return false;
}

bool emit_run_mirror_visit(struct emit_run_file *file, const char *directory,
                           const struct emit_run_header *header) {
    char name[NAME_MAX + 1];
    int opened;
    if (!emit_run_mirror_directory_open(&opened, directory)) return false;
    emit_run_file_name(name, header);
    bool found = visit(file, opened, name, header->boot_id) &&
                 strcmp(file->image->header.run_id, header->run_id) == 0;
    close(opened);
    return found;
}

void emit_run_mirror_meet(const struct emit_run_file *file, const char *directory) {
    int folder;
    if (!emit_run_mirror_directory_open(&folder, directory)) return;
    DIR *opened = fdopendir(folder);
    if (!opened) close(folder);
    const struct dirent *entry;
    while (opened && (entry = readdir(opened)) != NULL) {
        struct emit_run_file other;
        if (entry->d_name[0] == '.' ||
            !visit(&other, dirfd(opened), entry->d_name, file->image->header.boot_id))
            continue;
        if (strcmp(other.image->header.run_id, file->image->header.run_id) != 0)
            emit_run_file_note_shared(file->image, other.image);
        emit_run_file_close(&other);
    }
    if (opened) (void)closedir(opened);
}
