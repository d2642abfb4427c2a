// Runs at once on one node: which other runs meter the same devices.
//
// Whoever adds points writes into both files, so that a run which began and ended
// inside another one is remembered by it. Of two that come at once, at least one
// sees the other, and saying it twice is saying it once.
// SPDX-License-Identifier: Apache-2.0
#include "runs/elsewhere.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A device has one name whatever interface it is read through.
static bool is_same_device(const struct emit_point *a, const struct emit_point *b) {
    return !a->found && !b->found && strcmp(a->device_id, b->device_id) == 0;
}

void emit_run_file_note_shared(struct emit_run_image *a, const struct emit_run_image *b) {
    uint64_t bit = 0;
    size_t count = emit_run_image_count(a), others = emit_run_image_count(b);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < others; j++) {
            if (!is_same_device(&a->slots[i].point, &b->slots[j].point)) continue;
            if (emit_run_image_point(a, i).found || emit_run_image_point(b, j).found) continue;
            if (!bit) bit = emit_run_image_add_neighbour(a, b->header.run_id);
            atomic_fetch_or(&a->slots[i].shared, bit);
        }
}

// False: nobody lives in that file.
static bool meet(const struct emit_run_file *file, int directory, const char *name) {
    struct emit_run_file other = {.directory = -1};
    other.descriptor = openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (other.descriptor < 0) return false;
    bool lives = emit_run_file_is_lived_in(other.descriptor);
    if (lives && emit_run_file_map(&other, true) && !emit_run_file_fault(&other) &&
        !atomic_load(&other.image->closed) &&
        strcmp(other.image->header.boot_id, file->image->header.boot_id) == 0 &&
        strcmp(other.image->header.run_id, file->image->header.run_id) != 0) {
        emit_run_file_note_shared(other.image, file->image);
        emit_run_file_note_shared(file->image, other.image);
    }
    emit_run_file_close(&other);
    return lives;
}

static void meet_entry(const struct emit_run_file *file, int directory, const char *name) {
    char linked[NAME_MAX + 1];
    int elsewhere;
    bool lives = false;
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".run") == 0) (void)meet(file, directory, name);
    if (!emit_run_elsewhere_is_link(name)) return;
    if (emit_run_elsewhere_follow(directory, name, &elsewhere, linked)) {
        lives = meet(file, elsewhere, linked);
        close(elsewhere);
    }
    if (!lives) emit_run_elsewhere_tidy(directory, name);
}

static void meet_all(const struct emit_run_file *file, int directory) {
    int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listed = again < 0 ? NULL : fdopendir(again);
    if (!listed) {
        if (again >= 0) close(again);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(listed)) != NULL)
        meet_entry(file, directory, entry->d_name);
    (void)closedir(listed);
}

static bool is_same(int a, int b) {
    struct stat first, second;
    return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_ino == second.st_ino &&
           first.st_dev == second.st_dev;
}

void emit_run_file_meet(const struct emit_run_file *file, const char *meeting) {
    struct emit_error why;
    int directory;
    if (file->descriptor < 0) return;
    meet_all(file, file->directory);
    if (!meeting || emit_run_directory_open(&directory, meeting, false, &why) != EMIT_OK) return;
    if (!is_same(directory, file->directory)) meet_all(file, directory);
    close(directory);
}
