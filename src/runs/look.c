// Looking at runs that go on, from outside: nothing of their files is changed.
// SPDX-License-Identifier: Apache-2.0
#include "runs/result.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// False: nobody lives in it any more, or it is being closed or damaged, which is for
// recovery to find.
static bool look(struct emit_host *host, struct emit_run_file *file, emit_run_viewer *view,
                 void *owner) {
    struct emit_run_result result;
    struct stat status;
    if (!emit_run_file_is_lived_in(file->descriptor) || fstat(file->descriptor, &status) != 0 ||
        !emit_run_file_map(file, false) || !emit_run_image_is_begun(file->image) ||
        emit_run_file_fault(file) || atomic_load(&file->image->closed) ||
        emit_run_result_settle(&result, file->image, EMIT_FATE_OPEN, host, NULL) != EMIT_OK)
        return false;
    view(owner, &result, status.st_uid);
    emit_run_result_clear(&result);
    return true;
}

size_t emit_runs_look(struct emit_host *host, const char *directory, emit_run_viewer *view,
                      void *owner) {
    int opened;
    size_t seen = 0;
    struct dirent **names;
    if (emit_run_directory_open(&opened, directory, false, NULL)) return 0; // none was ever kept
    int count = emit_run_directory_list(opened, &names);
    for (int i = 0; i < count; i++) {
        struct emit_run_file file = {.directory = -1};
        file.descriptor =
            openat(opened, names[i]->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (file.descriptor >= 0) seen += look(host, &file, view, owner);
        emit_run_file_close(&file);
        free(names[i]);
    }
    if (count >= 0) free(names);
    (void)close(opened);
    return seen;
}
