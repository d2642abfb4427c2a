// emit run --repeat: the same command several times, each a run of its own.
//
// What is printed of a single run is one line; the table comes at the end.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/figures.h"
#include "programs/emit/group.h"
#include "programs/emit/report_parts.h"
#include "programs/emit/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

extern const struct emit_command emit_command_run;

enum {
    REPEAT_MAX = 10000,
    DOCUMENT_MAX = 8 * 1024 * 1024, // bytes of the document of so many runs
    FAILURE_MAX = 124,              // exit statuses above are not the command's own word
};

struct repetition {
    const struct run_options *options; // as the user gave them
    struct run_options each;           // for one run
    int64_t number;                    // of the run that goes on, from 1
    char base_id[EMIT_RUN_ID_MAX];
    char run_id[EMIT_RUN_ID_MAX];
    char command[EMIT_COMMAND_MAX];
    struct emit_group group;
    struct emit_error err; // the first thing that kept a run out of the group; "" none
    uint32_t events_stored;
    bool said_simulated;
    char *caveats; // of the last run, printed once; NULL: none yet
    char note[240];
};

static bool is_talkative(const struct repetition *repetition) {
    return !repetition->options->quiet && !repetition->options->json;
}

// "emit: run 3 of 10  exit 0  1.0 s  238.304 J  run_01...-3"
static void print_progress(const struct repetition *repetition, const struct emit_report *report,
                           int exit_status, int64_t spent_ns) {
    char duration[EMIT_FIGURE_MAX], energy[EMIT_FIGURE_MAX];
    (void)emit_text_format(energy, sizeof energy, "%s",
                           report ? "nothing measured" : "not metered");
    emit_figure_duration(duration, spent_ns);
    if (report && report->total_count) emit_figure_energy(energy, report->totals[0].joules);
    fprintf(stderr, "emit: run %" PRId64 " of %" PRId64 "  exit %d  %s  %s%s  %s\n",
            repetition->number, repetition->options->repeat, exit_status, duration, energy,
            report && emit_report_count(report, EMIT_OUTCOME_PARTIAL) ? " at least" : "",
            repetition->run_id);
}

// What holds for every run is kept from the last one and printed once.
static void keep_caveats(struct repetition *repetition, const struct emit_report *report) {
    size_t length = 0;
    free(repetition->caveats);
    repetition->caveats = NULL;
    FILE *out = open_memstream(&repetition->caveats, &length);
    if (!out) return;
    const struct emit_page page = {.out = out, .columns = EMIT_PAGE_COLUMNS_MIN};
    emit_report_print_scope(&page, report);
    emit_report_print_caveats(&page, report);
    if (fclose(out) == 0) return;
    free(repetition->caveats);
    repetition->caveats = NULL;
}

// A sentence about a run, unless the run before said the same.
static void print_notes(struct repetition *repetition, const struct emit_report *report) {
    const struct emit_page page = {.out = stderr, .columns = EMIT_PAGE_COLUMNS_MIN};
    for (size_t i = 0; i < report->note_count; i++) {
        if (strcmp(repetition->note, report->notes[i]) == 0) continue;
        emit_page_words(&page, "  ", 2, report->notes[i]);
        memcpy(repetition->note, report->notes[i], sizeof repetition->note);
    }
}

static void take_run(void *owner, const struct emit_report *report, int exit_status,
                     int64_t spent_ns) {
    struct repetition *repetition = owner;
    struct emit_error err;
    bool counts =
        exit_status == 0 || (repetition->options->ignore_failure && exit_status <= FAILURE_MAX);
    if (counts &&
        emit_group_add(&repetition->group, report, repetition->run_id, exit_status,
                       (double)spent_ns / 1e9, &err) != EMIT_OK &&
        !repetition->err.text[0])
        repetition->err = err;
    if (report) repetition->events_stored += report->events_stored;
    if (!is_talkative(repetition)) return;
    if (report && report->simulated && !repetition->said_simulated)
        fputs("emit: SIMULATED NODE, no number below is real\n", stderr);
    repetition->said_simulated |= report && report->simulated;
    print_progress(repetition, report, exit_status, spent_ns);
    if (!report) return;
    print_notes(repetition, report);
    keep_caveats(repetition, report);
}

// "run_01JD...-1..10": where the reports of the runs are.
static void print_storage(const struct repetition *repetition) {
    if (repetition->events_stored == 0) return;
    char line[64], command[4 * EMIT_RUN_ID_MAX + 32]; // every byte of an id may be a quote
    const struct emit_page page = {.out = stderr, .columns = EMIT_PAGE_COLUMNS_MIN};
    struct emit_text text;
    (void)emit_text_format(line, sizeof line, "%u event%s stored, 0 sent (no sink).",
                           repetition->events_stored, repetition->events_stored == 1 ? "" : "s");
    emit_text_init(&text, command, sizeof command);
    emit_text_add(&text, "emit show ");
    emit_text_add_shell_word(&text, repetition->group.runs[0].run_id);
    emit_page_command(&page, line, command);
}

// Of several runs beside a server each has its own tokens, which are no figure of the group.
static void print_served(const struct repetition *repetition) {
    const char *url = repetition->options->tokens_from;
    const struct emit_page page = {.out = stderr, .columns = EMIT_PAGE_COLUMNS_MIN};
    if (url && *url && repetition->events_stored)
        emit_page_words(&page, "  ", 4,
                        "Tokens of the server, and joules for each, are in each run's own report.");
}

static void print_group(struct repetition *repetition) {
    char command[4 * 48];
    struct emit_group *group = &repetition->group;
    if (group->count == 0) return;
    emit_page_copy(command, sizeof command, repetition->command, 40);
    fprintf(stderr, "emit: %zu run%s of %s%s\n", group->count, group->count == 1 ? "" : "s",
            command, group->simulated ? "  SIMULATED" : "");
    emit_group_sort(group);
    emit_group_print(stderr, group);
    if (repetition->caveats) fputs(repetition->caveats, stderr);
    print_served(repetition);
    print_storage(repetition);
}

static void write_document(struct repetition *repetition, FILE *file) {
    const struct run_options *options = repetition->options;
    if (!file && !options->json) return;
    struct emit_error err;
    struct emit_text text;
    char *bytes = malloc(DOCUMENT_MAX);
    if (!bytes) {
        (void)emit_complain(&emit_command_run, 0, "the report is not written: out of memory");
        return;
    }
    emit_text_init(&text, bytes, DOCUMENT_MAX);
    if (emit_group_write_json(&text, &repetition->group, repetition->base_id, repetition->command,
                              &err) != EMIT_OK) {
        (void)emit_complain(&emit_command_run, 0, "the report is not written: %s", err.text);
    } else {
        if (file) fprintf(file, "%s\n", bytes);
        if (options->json) fprintf(stderr, "%s\n", bytes);
    }
    free(bytes);
}

// One run more; true when the next one may come.
static bool go_on(const struct repetition *repetition, int exit_status, bool left_behind) {
    if (left_behind || exit_status > FAILURE_MAX) return false;
    return exit_status == 0 || repetition->options->ignore_failure;
}

static enum emit_status number_run(struct repetition *repetition, int64_t number,
                                   struct emit_error *err) {
    repetition->number = number;
    if (emit_text_format(repetition->run_id, sizeof repetition->run_id, "%s-%" PRId64,
                         repetition->base_id, number))
        return EMIT_OK;
    return emit_fail(err, EMIT_INVALID, "the run id is too long to be numbered");
}

static bool warm_up(struct repetition *repetition, char *const *command,
                    const struct emit_signals *signals, int *exit_status) {
    struct run_options *each = &repetition->each;
    each->meters = "none";
    each->no_outbox = each->quiet = true;
    each->require_measured = false;
    each->output_path = NULL;
    for (int64_t i = 0; i < repetition->options->warmup; i++) {
        bool left_behind = false;
        int status = run_once(each, command, signals, NULL, &left_behind);
        if (status && !*exit_status) *exit_status = status;
        if (go_on(repetition, status, left_behind)) continue;
        (void)emit_complain(&emit_command_run, status,
                            "warm-up run %" PRId64 " ended with %d: not repeated", i + 1, status);
        return false;
    }
    return true;
}

static void plan_each(struct repetition *repetition) {
    repetition->each = *repetition->options;
    repetition->each.json = false;
    repetition->each.report_path = NULL;
    repetition->each.run_id = repetition->run_id;
}

static int repeat(struct repetition *repetition, char *const *command,
                  const struct emit_signals *signals, bool *left_behind) {
    const struct run_listener listener = {.told = take_run, .owner = repetition};
    struct emit_error err;
    int exit_status = 0;
    // Warm-up runs have the number 0: an id of their own, so that none joins another run.
    if (number_run(repetition, 0, &err) != EMIT_OK)
        return emit_complain(&emit_command_run, EXIT_RUN_FAILED, "%s", err.text);
    plan_each(repetition);
    if (!warm_up(repetition, command, signals, &exit_status)) return exit_status;
    plan_each(repetition);
    for (int64_t number = 1; number <= repetition->options->repeat; number++) {
        if (number_run(repetition, number, &err) != EMIT_OK)
            return emit_complain(&emit_command_run, EXIT_RUN_FAILED, "%s", err.text);
        int status = run_once(&repetition->each, command, signals, &listener, left_behind);
        if (status && !exit_status) exit_status = status;
        if (go_on(repetition, status, *left_behind)) continue;
        // Where emit itself failed it has said so.
        bool is_said = status > FAILURE_MAX && status <= EXIT_NOT_FOUND;
        if (status && !is_said && repetition->number < repetition->options->repeat)
            (void)emit_complain(&emit_command_run, status,
                                "run %" PRId64 " ended with %d: not repeated further%s",
                                repetition->number, status,
                                status <= FAILURE_MAX ? " (--ignore-failure goes on)" : "");
        break;
    }
    return exit_status;
}

static enum emit_status prepare(struct repetition *repetition, FILE **file,
                                struct emit_error *err) {
    const struct run_options *options = repetition->options;
    struct emit_host host;
    if (options->repeat < 1 || options->repeat > REPEAT_MAX || options->warmup > REPEAT_MAX)
        return emit_fail(err, EMIT_INVALID, "--repeat is 1 to %d, --warmup 0 to %d", REPEAT_MAX,
                         REPEAT_MAX);
    if (options->trace_path || options->phase)
        return emit_fail(err, EMIT_INVALID,
                         "--%s is of one run: leave it out, or --repeat and --warmup",
                         options->trace_path ? "trace" : "phase");
    enum emit_status status = emit_host_open(&host, NULL, err);
    if (status != EMIT_OK) return status;
    if (options->run_id && *options->run_id)
        (void)emit_text_format(repetition->base_id, sizeof repetition->base_id, "%s",
                               options->run_id);
    else
        emit_run_id_new(&host, repetition->base_id);
    emit_host_close(&host);
    if (options->report_path && !(*file = fopen(options->report_path, "we")))
        return emit_fail_errno(err, errno, "cannot write --report %s", options->report_path);
    return emit_group_init(&repetition->group, (size_t)options->repeat, err);
}

// argv for people, perhaps cut.
static void describe_command(struct repetition *repetition, char *const *command) {
    struct emit_text text;
    emit_text_init(&text, repetition->command, sizeof repetition->command);
    for (size_t i = 0; command[i] && !text.cut; i++)
        emit_text_add_format(&text, "%s%s", i ? " " : "", command[i]);
}

int run_repeat(const struct run_options *options, char *const *command, bool *left_behind) {
    struct repetition repetition = {.options = options};
    struct emit_signals signals;
    struct emit_error err;
    FILE *file = NULL;
    int exit_status = EXIT_RUN_FAILED;
    describe_command(&repetition, command);
    if (prepare(&repetition, &file, &err) != EMIT_OK) {
        (void)emit_complain(&emit_command_run, EXIT_RUN_FAILED, "%s", err.text);
    } else {
        emit_signals_take(&signals);
        exit_status = repeat(&repetition, command, &signals, left_behind);
        if (repetition.err.text[0])
            (void)emit_complain(&emit_command_run, exit_status, "%s", repetition.err.text);
        write_document(&repetition, file);
        if (is_talkative(&repetition)) print_group(&repetition);
    }
    bool good = !file || !ferror(file);
    if (file && (fclose(file) != 0 || !good))
        (void)emit_complain(&emit_command_run, exit_status, "cannot write all of %s",
                            options->report_path);
    emit_group_clear(&repetition.group);
    free(repetition.caveats);
    return exit_status;
}
