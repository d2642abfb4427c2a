// Looking at runs that go on, from outside: nothing of their files is changed.
// SPDX-License-Identifier: Apache-2.0
#include "runs/mirror.h"
#include "runs/result.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct looking {
    struct emit_host *host;
    emit_run_viewer *view;
    void *owner;
    bool (*is_alive)(int descriptor);
    size_t seen;
};

// What nobody lives in any more, is being closed, or is damaged, is for recovery to find.
static void look(struct looking *looking, struct emit_run_file *file) {
    struct emit_run_result result;
    struct stat status;
    if (!looking->is_alive(file->descriptor) || fstat(file->descriptor, &status) != 0 ||
        !emit_run_file_map(file, false) || !emit_run_image_is_begun(file->image) ||
        emit_run_file_fault(file) || atomic_load(&file->image->closed) ||
        emit_run_result_settle(&result, file->image, EMIT_FATE_OPEN, looking->host, NULL) !=
            EMIT_OK)
        return;
    looking->view(looking->owner, &result, status.st_uid);
    looking->seen++;
    emit_run_result_clear(&result);
}

static size_t look_around(struct looking *looking, int directory) {
    struct dirent **names;
    int count = emit_run_directory_list(directory, &names);
    for (int i = 0; i < count; i++) {
        struct emit_run_file file = {.directory = -1};
        file.descriptor =
            openat(directory, names[i]->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (file.descriptor >= 0) look(looking, &file);
        emit_run_file_close(&file);
        free(names[i]);
    }
    if (count >= 0) free(names);
    (void)close(directory);
    return looking->seen;
}

size_t emit_runs_look(struct emit_host *host, const char *directory, emit_run_viewer *view,
                      void *owner) {
    struct looking looking = {host, view, owner, emit_run_file_is_lived_in, 0};
    int opened;
    if (emit_run_directory_open(&opened, directory, false, NULL)) return 0; // none was ever kept
    return look_around(&looking, opened);
}

size_t emit_runs_look_node(struct emit_host *host, const char *node_directory,
                           emit_run_viewer *view, void *owner) {
    struct looking looking = {host, view, owner, emit_run_mirror_is_true, 0};
    int opened;
    if (!emit_run_mirror_directory_open(&opened, node_directory)) return 0;
    return look_around(&looking, opened);
}
