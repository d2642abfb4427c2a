// Runs whose processes died: each is closed from the file it left.
// SPDX-License-Identifier: Apache-2.0
#include "runs/result.h"

#include "base/text.h"
#include "runs/phase_file.h"
#include "runs/phase_settle.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A damaged file still says in its name which run it was of.
static bool take_damaged(const struct emit_run_file *file, emit_run_taker *take, void *owner) {
    struct emit_run_result result = {.killed = true, .damaged = true};
    const char *at = strrchr(file->name, '@');
    (void)emit_text_format(result.header.run_id, sizeof result.header.run_id, "%.*s",
                           (int)(at ? at - file->name : 0), file->name);
    return take(owner, &result);
}

static bool recover(struct emit_host *host, struct emit_run_file *file, bool damaged,
                    emit_run_taker *take, void *owner) {
    struct emit_run_result result = {0};
    struct emit_error why;
    if (damaged) return take_damaged(file, take, owner);
    enum emit_status status =
        emit_run_result_settle(&result, file->image, EMIT_FATE_KILLED, host, &why);
    if (status == EMIT_CORRUPT) {
        emit_run_file_set_aside(file);
        return take_damaged(file, take, owner);
    }
    if (!status) status = emit_phases_settle(&result, file, &why);
    bool taken = !status && take(owner, &result);
    if (taken) {
        emit_phase_files_unlink(file);
        emit_run_file_unlink(file);
    }
    emit_run_result_clear(&result);
    return taken;
}

size_t emit_runs_recover(struct emit_host *host, const char *directory, emit_run_taker *take,
                         void *owner) {
    int opened;
    size_t taken = 0;
    struct dirent **names;
    char node[EMIT_NODE_MAX];
    struct emit_error why;
    if (emit_run_directory_open(&opened, directory, false, &why)) return 0; // none was ever kept
    // Listed before the first is touched: recovery renames what it finds.
    int count = emit_run_directory_list(opened, &names);
    for (int i = 0; i < count; i++) {
        struct emit_run_file file;
        enum emit_status status = emit_run_file_inherit(&file, opened, names[i]->d_name, &why);
        if (status == EMIT_OK || status == EMIT_CORRUPT) {
            taken += recover(host, &file, status == EMIT_CORRUPT, take, owner);
            emit_run_file_close(&file);
        }
        free(names[i]);
    }
    if (count >= 0) free(names);
    emit_run_file_this_node(node);
    emit_phase_files_sweep(opened, node);
    close(opened);
    return taken;
}
