// The files named on the command line of a run.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>

static enum emit_status open_file(FILE **file, const char *path, const char *mode,
                                  const char *option, struct emit_error *err) {
    if (!path) return EMIT_OK;
    *file = fopen(path, mode);
    if (!*file) return emit_fail_errno(err, errno, "cannot write %s %s", option, path);
    return EMIT_OK;
}

enum emit_status run_files_open(struct run *run, struct emit_error *err) {
    const struct run_options *options = run->options;
    FILE *trace = NULL;
    enum emit_status status = open_file(&trace, options->trace_path, "we", "--trace", err);
    if (trace) run_trace_begin(&run->trace, trace);
    if (status == EMIT_OK)
        status = open_file(&run->report_file, options->report_path, "we", "--report", err);
    if (status == EMIT_OK)
        status = open_file(&run->output_file, options->output_path, "ae", "--output", err);
    if (status != EMIT_OK) run_files_close(run);
    return status;
}

static void close_file(const struct run *run, FILE **file, const char *path) {
    if (!*file) return;
    bool good = !ferror(*file);
    if (fclose(*file) != 0 || !good)
        (void)emit_complain(run->command, EXIT_OK, "cannot write all of %s", path);
    *file = NULL;
}

void run_files_close(struct run *run) {
    close_file(run, &run->report_file, run->options->report_path);
    close_file(run, &run->output_file, run->options->output_path);
    if (!run->trace.file) return;
    if (!run->left_behind) {
        if (!run_trace_end(&run->trace))
            (void)emit_complain(run->command, EXIT_OK, "cannot write all of %s",
                                run->options->trace_path);
    } else if (ftrylockfile(run->trace.file) == 0) {
        // The sampler that was left behind is not writing a row: what it wrote is kept.
        (void)fflush(run->trace.file);
        funlockfile(run->trace.file);
    }
}
