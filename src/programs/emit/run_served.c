// The inference server beside a run: --tokens-from.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run.h"

enum emit_status run_served_begin(struct run *run, struct emit_error *err) {
    const char *url = run->options->tokens_from;
    if (!url || !*url) return EMIT_OK;
    if (!run->plan.meters[0]) {
        run_note(run, "Nothing is metered, and so no server is asked for its tokens.");
        return EMIT_OK;
    }
    struct emit_error why;
    enum emit_status status = emit_served_watch_begin(&run->served, url, &why);
    if (status == EMIT_INVALID) return emit_fail(err, status, "--tokens-from: %s", why.text);
    if (status != EMIT_OK) run_note(run, "No tokens are counted: %s", why.text);
    return EMIT_OK;
}

void run_served_wait(struct run *run, int64_t since_ns) {
    int64_t until_ns;
    if (!run->served) return;
    if (!__builtin_add_overflow(since_ns, run->options->start_timeout_ns, &until_ns))
        emit_served_watch_wait(run->served, until_ns);
}

void run_served_end(struct run *run) {
    emit_served_watch_end(run->served);
}

void run_served_tell(struct run *run, struct emit_report *report) {
    if (!run->served) return;
    struct emit_served_told told;
    emit_served_watch_tell(run->served, &told);
    emit_report_add_served(report, &told);
}

void run_served_drop(struct run *run) {
    emit_served_watch_free(run->served);
    run->served = NULL;
}
