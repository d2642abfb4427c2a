// The process that emit begin leaves behind, from its first sample to its last.
//
// emit end enters the run, asks us to leave it, and is the one to close and store it:
// it knows what the caller wants told, and runs with the caller's environment. We
// do that only when nobody came until --max was over.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/begin.h"

#include "agent/publish.h"
#include "base/text.h"
#include "programs/emit/detach.h"
#include "programs/emit/figures.h"
#include "programs/emit/privilege.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Texts of options point into the command line and the environment, which our name
// overwrites. What is made here lives as long as the process.
static enum emit_status own_texts(struct begin_options *values, const struct emit_option *rows,
                                  struct emit_error *err) {
    for (const struct emit_option *row = rows; row->name; row++) {
        if (row->type != EMIT_OPTION_TEXT && row->type != EMIT_OPTION_CHOICE) continue;
        char **text = (char **)(void *)((char *)values + row->offset);
        if (!*text) continue;
        *text = strdup(*text);
        if (!*text) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    }
    return EMIT_OK;
}

// The store's path as it is from everywhere, for we leave the caller's directory.
static enum emit_status own_place(struct begin_options *values, struct emit_error *err) {
    const char *asked = values->run.outbox_path;
    if (!asked || !*asked || *asked == '/') return EMIT_OK;
    char folder[EMIT_PLACE_MAX], *path = NULL;
    if (!getcwd(folder, sizeof folder))
        return emit_fail_errno(err, errno, "cannot tell where --outbox %s is", asked);
    if (asprintf(&path, "%s/%s", folder, asked) < 0)
        return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    values->run.outbox_path = path;
    return EMIT_OK;
}

void begin_keep_failure(const struct run *run, const char *why) {
    struct emit_error err;
    struct emit_store store;
    struct emit_host host;
    struct emit_report report = {.end_wall_ns = 0};
    char message[240];
    if (emit_host_open(&host, NULL, &err) != EMIT_OK) return;
    (void)emit_text_format(report.header.run_id, sizeof report.header.run_id, "%s",
                           run->plan.run_id);
    (void)emit_text_format(report.header.workspace_id, sizeof report.header.workspace_id, "%s",
                           run->plan.workspace_id);
    (void)emit_text_format(message, sizeof message, "emit begin could not meter: %s", why);
    report.end_wall_ns = emit_host_wall_ns(&host);
    const struct emit_store_options where = {.outbox_path = run->options->outbox_path};
    if (emit_report_diagnose(&report, "", "", EMIT_CODE_GAP, message, NULL, &err) == EMIT_OK &&
        emit_store_open(&store, &host, &where, &err) == EMIT_OK) {
        if (emit_publish_diagnostics(&report, store.outbox, &err) != EMIT_OK)
            (void)emit_complain(run->command, EXIT_OK, "%s", err.text);
        emit_store_close(&store);
    }
    emit_report_clear(&report);
    emit_host_close(&host);
}

// Opens the run and takes the first sample, or waits for it no longer than is allowed.
static struct begin_answer start(struct run *run, struct begin_options *values) {
    struct begin_answer answer = {.status = EMIT_OK};
    struct emit_error err;
    char title[EMIT_RUN_ID_MAX + 16];
    (void)emit_text_format(title, sizeof title, "emit begin %s", run->plan.run_id);
    enum emit_status status = own_texts(values, run->command->options, &err);
    if (status == EMIT_OK) status = own_place(values, &err);
    if (status == EMIT_OK) detach_name(title);
    // Anew, for it may point into the environment, which has just been moved. Ranks of the
    // job may come: each has its own idea of its devices.
    values->run.meter.is_shared = true;
    if (status == EMIT_OK)
        status = meter_options_settle(&run->plan.settings, &values->run.meter, &err);
    if (status == EMIT_OK)
        status = emit_privilege_host_open(&run->host, values->run.meter.sysfs_root, &err);
    if (status == EMIT_OK) status = run_meter_start(run, &err);
    if (status == EMIT_OK && !run->sampler) {
        err = run->why;
        status = err.status;
    }
    answer.status = status;
    if (status == EMIT_OK)
        answer.point_count = run_meter_count(run);
    else
        emit_text_format(answer.text, sizeof answer.text, "%s", err.text);
    return answer;
}

// Nobody ended the run: closed and stored as emit run does, with a note that says so.
static void close_overdue(struct run *run, int64_t max_ns) {
    char length[EMIT_FIGURE_MAX];
    emit_figure_duration(length, max_ns);
    run_note(run, "Ended by itself after %s (--max): no emit end came.", length);
    run_store_start(run);
    (void)run_conclude(run, emit_clock_monotonic_ns(), EXIT_OK);
}

void begin_meter(struct run *run, struct begin_options *values, int channel) {
    int64_t until_ns;
    struct begin_answer answer = start(run, values);
    run->started_ns = emit_clock_monotonic_ns();
    if (__builtin_add_overflow(run->started_ns, values->max_ns, &until_ns)) until_ns = INT64_MAX;
    if (answer.status == EMIT_OK) emit_sampler_job_started(run->sampler, run->started_ns);
    // The caller may be gone: it waited for --start-timeout.
    bool heard = send(channel, &answer, sizeof answer, MSG_NOSIGNAL) == (ssize_t)sizeof answer;
    (void)close(channel);
    if (answer.status != EMIT_OK) {
        if (!heard && answer.status != EMIT_REFUSED) begin_keep_failure(run, answer.text);
        run_meter_abandon(run);
        _exit(EXIT_OK);
    }
    // No folder is kept busy. Not earlier: a library may have been named by a path that
    // begins where the caller stood.
    if (chdir("/") != 0) _exit(EXIT_OK);
    if (emit_sampler_wait_asked(run->sampler, until_ns)) {
        struct emit_error err;
        struct emit_run_result result;
        if (emit_sampler_finish(run->sampler, emit_clock_monotonic_ns(), &result, &run->left_behind,
                                &err) == EMIT_OK)
            emit_run_result_clear(&result); // whoever asked has it in the file
    } else {
        close_overdue(run, values->max_ns);
    }
    _exit(EXIT_OK);
}
