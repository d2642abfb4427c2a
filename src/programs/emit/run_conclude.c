// The end of a run: last sample, events, report.
//
// The order is a promise: the last sample is taken before the store is waited
// for, and the run file is removed only when the store has what was in it.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run.h"

#include "base/text.h"
#include "agent/publish.h"
#include "programs/emit/report_parts.h"
#include "programs/emit/run_demand.h"
#include "programs/emit/run_guest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

static double self_cpu_seconds(void) {
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) != 0) return 0;
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static int columns_of(int stream) {
    struct winsize size;
    return ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

// In one piece: stderr is unbuffered, and would go out character by character,
// between whatever others write to the same terminal.
static void print_report(const struct emit_report *report) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    emit_report_print(out ? out : stderr, report, columns_of(STDERR_FILENO));
    if (out && fclose(out) == 0) (void)fwrite(text, 1, length, stderr);
    free(text);
}

// The document into the file and onto stderr, where it was asked for.
static void write_document(struct run *run, const struct emit_report *report) {
    if (!run->report_file && !run->options->json) return;
    struct emit_error err;
    struct emit_text text;
    char *bytes = malloc(EMIT_REPORT_JSON_MAX);
    if (!bytes) {
        (void)emit_complain(run->command, EXIT_OK, "the report is not written: out of memory");
        return;
    }
    emit_text_init(&text, bytes, EMIT_REPORT_JSON_MAX);
    if (emit_report_write_json(&text, report, &err) != EMIT_OK) {
        (void)emit_complain(run->command, EXIT_OK, "the report is not written: %s", err.text);
    } else {
        if (run->report_file) fprintf(run->report_file, "%s\n", bytes);
        if (run->options->json) fprintf(stderr, "%s\n", bytes);
    }
    free(bytes);
}

// Events and report into the store and the copy. True: what the run file holds is
// kept elsewhere, or nobody wants it.
static bool publish(struct run *run, struct emit_report *report,
                    const struct emit_run_result *result) {
    struct emit_destination to = {
        .output = run->output_file,
        .output_name = run->options->output_path,
    };
    // A rank that wants no store closes the run of others who do: the next emit command has it.
    bool kept = run->options->no_outbox && !result->store_wanted;
    if (run->options->no_outbox && result->store_wanted && !result->left_to_others)
        emit_report_note(report, "Other ranks want the run stored: the next emit command does it.");
    if (report->left_to_others)
        emit_task_drop(&run->store_task);
    else
        emit_task_wait(&run->store_task);
    to.outbox = run->store.outbox;
    if (to.outbox && run->store.notice[0]) emit_report_note(report, "%s", run->store.notice);
    if (run->store_wanted && run->store_status != EMIT_OK) {
        // Another place helps against what is wrong with this one.
        bool place = run->store_status != EMIT_FULL && run->store_status != EMIT_ABSENT;
        emit_report_note(report, "%s: %.150s%s",
                         result->file ? "Not stored; the next emit command tries again"
                                      : "Nothing is stored",
                         run->store_error.text, place ? "; --outbox PATH names another place" : "");
    }
    struct emit_error err;
    enum emit_status status = emit_publish(report, result, &to, &err);
    bool failed = status != EMIT_OK || (run->store_wanted && run->store_status != EMIT_OK);
    if (failed && run->options->quiet && !run->options->json)
        (void)emit_complain(run->command, EXIT_OK, "%s",
                            status != EMIT_OK ? err.text : run->store_error.text);
    return kept || report->stored || report->left_to_others;
}

int run_settle_demand(const struct run *run, const struct emit_run_result *result,
                      int exit_status) {
    struct emit_error err;
    if (!run->options->require_measured || result->left_to_others) return exit_status;
    if (run_demand_check(result->slots, result->outcomes, result->count, &err) == EMIT_OK)
        return exit_status;
    (void)emit_complain(run->command, EXIT_OK, "%s; the command's status was %d", err.text,
                        exit_status);
    return EXIT_RUN_FAILED;
}

// What this process knows of the run, added to what the counts say. Command and exit
// status belong together: of several processes in a run each names its own.
static enum emit_status build_report(struct run *run, const struct emit_run_result *result,
                                     int exit_status, struct emit_report *report,
                                     struct emit_error *err) {
    enum emit_status status = emit_report_build(report, result, err);
    if (status != EMIT_OK) return status;
    memcpy(report->header.command, run->plan.command, sizeof report->header.command);
    report->exit_status = exit_status;
    report->has_exit = run->sees_exit;
    if (result->is_guest) run_guest_note(report, result);
    for (size_t i = 0; i < run->note_count; i++)
        emit_report_note(report, "%s", run->notes[i]);
    run_served_tell(run, report);
    report->self_cpu_seconds = self_cpu_seconds();
    return EMIT_OK;
}

void run_tell(struct run *run, struct emit_run_result *result, int64_t ended_ns, int exit_status) {
    struct emit_error err;
    struct emit_report report;
    if (build_report(run, result, exit_status, &report, &err) != EMIT_OK) {
        (void)emit_complain(run->command, EXIT_OK, "no report: %s", err.text);
        return;
    }
    // The window of the run is for the one to tell who reports the energy.
    if (report.left_to_others) report.window_ns = ended_ns - run->started_ns;
    // A phase is stored by the run that it is of.
    if (!run->nested && publish(run, &report, result)) emit_run_result_stored(result);
    if (run->listener)
        run->listener->told(run->listener->owner, &report, exit_status, ended_ns - run->started_ns);
    else if (!run->options->quiet && !run->options->json)
        print_report(&report);
    write_document(run, &report);
    emit_report_clear(&report);
}

// A document that was asked for is there, for whoever waits for it, although nothing
// was metered: a run without points.
static void write_unmetered(struct run *run, int64_t ended_ns, int exit_status) {
    if (!run->report_file && !run->options->json) return;
    int64_t now_ns = emit_host_monotonic_ns(&run->host);
    int64_t now_wall_ns = emit_host_wall_ns(&run->host);
    struct emit_run_result nothing = {
        .header.start_ns = run->started_ns,
        .header.start_wall_ns = now_wall_ns - (now_ns - run->started_ns),
        .end_ns = ended_ns,
        .end_wall_ns = now_wall_ns - (now_ns - ended_ns),
    };
    memcpy(nothing.header.run_id, run->plan.run_id, sizeof nothing.header.run_id);
    memcpy(nothing.header.workspace_id, run->plan.workspace_id, sizeof nothing.header.workspace_id);
    emit_host_node_name(nothing.header.node_id, sizeof nothing.header.node_id);
    struct emit_error err;
    struct emit_report report;
    if (build_report(run, &nothing, exit_status, &report, &err) == EMIT_OK) {
        write_document(run, &report);
        emit_report_clear(&report);
    } else {
        (void)emit_complain(run->command, EXIT_OK, "no report: %s", err.text);
    }
}

// Without a report for people what there is to say is said in sentences.
static int tell_unmetered(struct run *run, int64_t ended_ns, int exit_status) {
    for (size_t i = 0; i < run->note_count && !run->options->json; i++)
        (void)emit_complain(run->command, exit_status, "%s", run->notes[i]);
    if (run->listener)
        run->listener->told(run->listener->owner, NULL, exit_status, ended_ns - run->started_ns);
    write_unmetered(run, ended_ns, exit_status);
    return run->options->require_measured ? EXIT_RUN_FAILED : exit_status;
}

int run_conclude_unstarted(struct run *run, int exit_status, const char *why) {
    run->started_ns = emit_clock_monotonic_ns();
    run_served_drop(run);
    run_note(run, "%s", why);
    if (!run->options->json) (void)emit_complain(run->command, exit_status, "%s", why);
    write_unmetered(run, run->started_ns, exit_status);
    return exit_status;
}

int run_conclude(struct run *run, int64_t ended_ns, int exit_status) {
    if (!run->sampler) {
        run_served_drop(run);
        return tell_unmetered(run, ended_ns, exit_status);
    }
    run_served_end(run); // beside the last sample
    struct emit_error err;
    struct emit_run_result result;
    char notice[240];
    emit_sampler_notice(run->sampler, notice, sizeof notice);
    if (notice[0]) run_note(run, "%s", notice);
    // How an attached process ended, nobody told us; nor that anything ended at --max.
    if (run->sees_exit) emit_sampler_job_exited(run->sampler, exit_status);
    enum emit_status status =
        emit_sampler_finish(run->sampler, ended_ns, &result, &run->left_behind, &err);
    run->sampler = NULL;
    if (status != EMIT_OK) {
        run_served_drop(run);
        run_note(run, "nothing was metered: %s", err.text);
        exit_status = tell_unmetered(run, ended_ns, exit_status);
    } else {
        run_tell(run, &result, ended_ns, exit_status);
        exit_status = run_settle_demand(run, &result, exit_status);
        emit_run_result_clear(&result);
    }
    emit_task_drop(
        &run->store_task); // whoever had no use for it, or no memory for a report, did not wait
    emit_store_close(&run->store);
    run_served_drop(run);
    return exit_status;
}
