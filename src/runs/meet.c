// Runs at once on one node: which other runs meter the same devices.
//
// Whoever adds points writes into both files, so that a run which began and ended
// inside another one is remembered by it. Of two that come at once, at least one
// sees the other, and saying it twice is saying it once.
// SPDX-License-Identifier: Apache-2.0
#include "runs/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
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
            if (!bit) bit = emit_run_image_add_neighbour(a, b->header.run_id);
            atomic_fetch_or(&a->slots[i].shared, bit);
        }
}

static void meet(const struct emit_run_file *file, const char *name) {
    struct emit_run_file other = {.directory = -1};
    other.descriptor = openat(file->directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (other.descriptor < 0) return;
    if (emit_run_file_is_lived_in(other.descriptor) && emit_run_file_map(&other, true) &&
        !emit_run_file_fault(&other) && !atomic_load(&other.image->closed) &&
        strcmp(other.image->header.boot_id, file->image->header.boot_id) == 0 &&
        strcmp(other.image->header.run_id, file->image->header.run_id) != 0) {
        emit_run_file_note_shared(other.image, file->image);
        emit_run_file_note_shared(file->image, other.image);
    }
    emit_run_file_close(&other);
}

void emit_run_file_meet(const struct emit_run_file *file) {
    if (file->descriptor < 0) return;
    int again = openat(file->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = again < 0 ? NULL : fdopendir(again);
    if (!directory) {
        if (again >= 0) close(again);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".run") == 0 &&
            strcmp(entry->d_name, file->name) != 0)
            meet(file, entry->d_name);
    }
    (void)closedir(directory);
}
