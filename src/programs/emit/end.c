// emit end: ends a run that emit begin began, stores it and prints its report.
//
// It enters the run beside the process that meters, asks that one to take its last
// sample and to leave, and closes the run as the last one in it. A job does not fail
// by it: the exit status is 0 for all but wrong usage.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/report_parts.h"
#include "programs/emit/run.h"

#include "base/text.h"
#include "programs/emit/privilege.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

extern const struct emit_command emit_command_end;

// For the holder: its last sample, on the grid of a borrowed right, and its way out.
#define LEAVING_NS (EMIT_SAMPLER_LAST_NS + EMIT_BORROWED_FLOOR_NS + 500000000)

struct end_options {
    struct run_options run;  // first: rows of emit run have their offsets in it
    const char *exit_status; // of the job, as a text; NULL: not given
};

static const struct emit_option options[] = {
    {.name = "run-id",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .environment = "EMIT_RUN_ID",
     .help = "the run to end, as emit begin named it",
     .offset = offsetof(struct run_options, run_id)},
    {.name = "exit",
     .type = EMIT_OPTION_TEXT,
     .argument = "STATUS",
     .help = "the exit status of the job, for the report",
     .text = "0 to 255. emit did not see it: without this option the report has none.",
     .offset = offsetof(struct end_options, exit_status)},
    RUN_TELLING_ROWS,
    RUN_QUIET_ROW,
    {0},
};

static enum emit_status read_exit(struct run *run, int *status, const char *text,
                                  struct emit_error *err) {
    *status = 0;
    run->sees_exit = text && *text;
    if (!run->sees_exit) return EMIT_OK;
    char *end;
    long number = strtol(text, &end, 10);
    if (*end || number < 0 || number > 255)
        return emit_fail(err, EMIT_INVALID, "--exit %.40s is no exit status: 0 to 255", text);
    *status = (int)number;
    return EMIT_OK;
}

// Enters the run only where others live in it. EMIT_ABSENT: nobody does.
static enum emit_status enter(const struct run *run, struct emit_host *host,
                              struct emit_run **entered, struct emit_error *err) {
    const struct emit_run_plan plan = {
        .directory = run->place.runs,
        .meeting = run->place.meeting[0] ? run->place.meeting : NULL,
        .run_id = run->plan.run_id,
        .node_directory = emit_place_node_runs(),
    };
    enum emit_status status = emit_run_open(entered, host, &plan, err);
    if (status != EMIT_OK || !emit_run_samples(*entered)) return status;
    emit_run_abandon(*entered); // we made it ourselves
    return emit_fail(err, EMIT_ABSENT, "no run %s goes on here", run->plan.run_id);
}

// Prints the report that the store has of the run.
struct past {
    struct run *run;
    const char *why; // nobody lives in the run
    size_t count;
};

static bool print_past(void *owner, const struct emit_entry *entry) {
    struct past *past = owner;
    struct emit_report report;
    struct emit_error err;
    const struct run_options *told = past->run->options;
    if (past->count++ == 0)
        (void)emit_complain(past->run->command, EXIT_OK, "%s; it was closed before", past->why);
    if (past->run->report_file)
        fprintf(past->run->report_file, "%.*s\n", (int)entry->length, (const char *)entry->body);
    if (told->json) fprintf(stderr, "%.*s\n", (int)entry->length, (const char *)entry->body);
    if (told->quiet || told->json) return true;
    if (emit_report_read_json(&report, entry->body, entry->length, &err) == EMIT_OK) {
        emit_report_print(stderr, &report, EMIT_PAGE_COLUMNS_MIN);
        emit_report_clear(&report);
    } else {
        (void)emit_complain(past->run->command, EXIT_OK, "%s", err.text);
    }
    return true;
}

// Nobody lives in the run. Opening the store closed what a dead process had left, so
// that the end of the story is there, if there is a story.
static void tell_past(struct run *run, const char *why) {
    struct past past = {.run = run, .why = why};
    struct emit_error err;
    emit_task_wait(&run->store_task);
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_REPORT, .run_id = run->plan.run_id};
    if (!run->store_wanted || run->store_status != EMIT_OK) {
        (void)emit_complain(run->command, EXIT_OK, "%s", why);
    } else if (emit_outbox_visit(run->store.outbox, &query, print_past, &past, NULL, &err) !=
               EMIT_OK) {
        (void)emit_complain(run->command, EXIT_OK, "%s", err.text);
    } else if (!past.count) {
        (void)emit_complain(run->command, EXIT_OK, "%s: nothing to end", why);
    }
}

// Asks the holder to leave, leaves as the last one where nobody else goes on, and tells.
static enum emit_status leave(struct run *run, struct emit_run *entered, int exit_status,
                              struct emit_error *err) {
    struct emit_run_result result;
    bool left = emit_run_ask_holder(entered, LEAVING_NS);
    enum emit_status status = emit_run_close(entered, &result, err);
    if (status != EMIT_OK) return status;
    if (result.is_guest) {
        emit_run_result_clear(&result);
        return emit_fail(err, EMIT_DENIED, "run %s is root's, who began it: only root can end it",
                         run->plan.run_id);
    }
    if (!left && result.left_to_others) {
        emit_run_result_clear(&result);
        return emit_fail(err, EMIT_TIMEOUT,
                         "run %s goes on, and has no emit begin to end it, or none that answers",
                         run->plan.run_id);
    }
    memcpy(run->plan.command, result.header.command, sizeof run->plan.command);
    run->started_ns = result.header.start_ns;
    run_tell(run, &result, result.end_ns, exit_status);
    emit_run_result_clear(&result);
    return EMIT_OK;
}

static void end(struct run *run, int exit_status) {
    struct emit_error err;
    struct emit_run *entered = NULL;
    enum emit_status status = enter(run, &run->host, &entered, &err);
    run_store_start(run); // while the holder takes its last sample
    if (status == EMIT_OK) status = leave(run, entered, exit_status, &err);
    if (status == EMIT_ABSENT)
        tell_past(run, err.text);
    else if (status != EMIT_OK)
        (void)emit_complain(run->command, EXIT_OK, "%s", err.text);
}

static int run_end(const void *given, int operand_count, char **operands) {
    (void)signal(SIGPIPE, SIG_IGN); // no job fails because nobody reads what we say
    const struct end_options *values = given;
    struct run run = {.command = &emit_command_end, .options = &values->run};
    struct emit_error err;
    int exit_status;
    if (operand_count > 0)
        return emit_complain(run.command, EXIT_USAGE, "'%s' is too much: emit end --run-id ID",
                             operands[0]);
    if (!run.options->run_id || !*run.options->run_id)
        return emit_complain(run.command, EXIT_USAGE, "name the run: emit end --run-id ID");
    enum emit_status status = read_exit(&run, &exit_status, values->exit_status, &err);
    if (status == EMIT_OK) status = emit_naming_run(run.plan.run_id, run.options->run_id, &err);
    if (status == EMIT_OK) status = run_files_open(&run, &err);
    if (status != EMIT_OK) return emit_complain(run.command, EXIT_USAGE, "%s", err.text);
    run.has_place = emit_place_find(&run.place, run.options->outbox_path, &err) == EMIT_OK;
    if (run.has_place && emit_host_open(&run.host, NULL, &err) == EMIT_OK) {
        end(&run, exit_status);
        emit_task_drop(&run.store_task);
        emit_store_close(&run.store);
        emit_host_close(&run.host);
    } else {
        (void)emit_complain(run.command, EXIT_OK, "%s", err.text);
    }
    run_files_close(&run);
    return EXIT_OK;
}

const struct emit_command emit_command_end = {
    .name = "end",
    .summary = "end a run that emit begin began, and report",
    .operands = "",
    .text = "Asks the process that emit begin left behind for its last sample, closes the run, "
            "stores its events and prints the report of emit run. Where that process was killed, "
            "the run was closed at its last sample, and that report is shown. Where another "
            "process of the run goes on, such as an emit run with the same id, that one reports "
            "when it ends.",
    .example = "emit end --run-id job-42",
    .more_examples = "# with the exit status of the job, and the events into a file\n"
                     "emit end --run-id job-42 --exit $? --output events.ndjson",
    .exits = "0 ended, or there was nothing to end, which is said; 2 wrong usage.",
    .options = options,
    .values_size = sizeof(struct end_options),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run_end,
};
