// A server's counters beside a run that somebody else meters.
//
// The run's file is looked at until it is gone, and its report is then read from the store,
// where whoever closes the run puts it. A report in the store has no CLOCK_MONOTONIC: the
// moment of the first sample is remembered from the file.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_live.h"

#include "agent/served_watch.h"
#include "agent/store.h"
#include "base/text.h"
#include "host/host.h"
#include "programs/emit/figures.h"
#include "programs/emit/open_runs.h"
#include "programs/emit/report_parts.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t second_ns = 1000000000;
static const int64_t look_again_ns = 200000000; // how late the end of a run is noticed
static const int64_t store_wait_ns = 10000000000;

struct live_wait {
    const struct emit_command *command;
    const struct tokens_live_asked *asked;
    sigset_t ending; // signals that end the wait, held back meanwhile
    bool is_told;    // one came
    bool is_open;    // the run was seen in the last look
    int64_t start_ns;
};

static void see(void *owner, const struct emit_report *report, uid_t user) {
    struct live_wait *wait = owner;
    (void)user;
    if (strcmp(report->header.run_id, wait->asked->run_id) != 0) return;
    wait->is_open = true;
    wait->start_ns = report->header.start_ns;
}

static bool is_open(struct live_wait *wait) {
    wait->is_open = false;
    (void)open_runs_visit(wait->asked->outbox_path, see, wait);
    return wait->is_open;
}

// Sleeps so long, or until a signal says that it is enough.
static void doze(struct live_wait *wait, int64_t length_ns) {
    int64_t until_ns = emit_clock_monotonic_ns() + length_ns;
    for (int64_t left_ns = length_ns; left_ns > 0 && !wait->is_told;
         left_ns = until_ns - emit_clock_monotonic_ns()) {
        const struct timespec left = {.tv_sec = left_ns / second_ns,
                                      .tv_nsec = left_ns % second_ns};
        wait->is_told = sigtimedwait(&wait->ending, NULL, &left) > 0;
    }
}

static void wait_for_end(struct live_wait *wait) {
    if (wait->asked->options->for_ns)
        doze(wait, wait->asked->options->for_ns);
    else
        while (!wait->is_told && is_open(wait))
            doze(wait, look_again_ns);
}

struct finding {
    struct emit_report report;
    bool is_found;
    int64_t begun_wall_ns; // reports of earlier runs of this name ended before
};

static bool take_report(void *owner, const struct emit_entry *entry) {
    struct finding *finding = owner;
    struct emit_report report;
    if (emit_report_read_json(&report, entry->body, entry->length, NULL) != EMIT_OK) return true;
    if (report.end_wall_ns < finding->begun_wall_ns) {
        emit_report_clear(&report);
        return true;
    }
    if (finding->is_found) emit_report_clear(&finding->report);
    finding->report = report;
    finding->is_found = true;
    return true;
}

static void look_for_report(const struct live_wait *wait, struct finding *finding) {
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_REPORT,
                                            .run_id = wait->asked->run_id};
    const struct emit_store_options options = {.outbox_path = wait->asked->outbox_path,
                                               .read_only = true};
    struct emit_host host;
    struct emit_store store;
    if (emit_host_open(&host, NULL, NULL) != EMIT_OK) return;
    if (emit_store_open(&store, &host, &options, NULL) == EMIT_OK) {
        enum emit_status status =
            emit_outbox_visit(store.outbox, &query, take_report, finding, NULL, NULL);
        if (status != EMIT_OK && finding->is_found) {
            emit_report_clear(&finding->report); // there may be a later one
            finding->is_found = false;
        }
        emit_store_close(&store);
    }
    emit_host_close(&host);
}

// The report of the run that has just ended. It may take its meter a moment to store it.
static bool find_report(struct live_wait *wait, struct finding *finding) {
    int64_t until_ns = emit_clock_monotonic_ns() + store_wait_ns;
    look_for_report(wait, finding);
    while (!finding->is_found && !wait->is_told && emit_clock_monotonic_ns() < until_ns) {
        doze(wait, look_again_ns);
        look_for_report(wait, finding);
    }
    return finding->is_found;
}

static int print_json(const struct emit_command *command, const struct emit_report *report) {
    struct emit_error err;
    struct emit_text text;
    char *bytes = malloc(EMIT_REPORT_JSON_MAX);
    if (!bytes) return emit_complain(command, EXIT_PARTIAL, "out of memory");
    emit_text_init(&text, bytes, EMIT_REPORT_JSON_MAX);
    enum emit_status status = emit_report_write_served(&text, report, &err);
    if (status == EMIT_OK) puts(bytes);
    free(bytes);
    return status == EMIT_OK ? EXIT_OK : emit_complain(command, EXIT_PARTIAL, "%s", err.text);
}

// Of no run, so that the page is theirs alone.
static void print_counts(const struct emit_page *page, const struct emit_report *report) {
    char duration[EMIT_FIGURE_MAX];
    if (report->served.refused[0]) {
        emit_page_words(page, "emit: tokens not counted: ", 2, report->served.refused);
        return;
    }
    emit_figure_duration(duration, report->window_ns);
    fprintf(page->out, "emit: tokens of %s\n", duration);
    emit_report_print_served(page, report);
}

static int print(const struct live_wait *wait, const struct emit_report *report, bool has_run) {
    int status = EXIT_OK;
    if (wait->asked->json) {
        status = print_json(wait->command, report);
    } else if (has_run) {
        emit_report_print(stdout, report, EMIT_PAGE_COLUMNS_MIN);
    } else {
        const struct emit_page page = {.out = stdout, .columns = EMIT_PAGE_COLUMNS_MIN};
        print_counts(&page, report);
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        return emit_complain(wait->command, EXIT_USAGE, "cannot write to standard output");
    return status != EXIT_OK || report->served.refused[0] ? EXIT_PARTIAL : EXIT_OK;
}

// Without a run, or one that is not in the store: the counts alone.
static int tell_counts(const struct live_wait *wait, const struct emit_served_told *told) {
    struct emit_report report = {.header.start_ns = told->first.answered_ns,
                                 .window_ns = told->last.answered_ns - told->first.answered_ns};
    emit_report_add_served(&report, told);
    if (report.served.unstated[0])
        (void)emit_text_format(report.served.unstated, sizeof report.served.unstated,
                               "no run was named (--run-id)");
    int status = print(wait, &report, false);
    emit_report_clear(&report);
    return status;
}

static int tell(struct live_wait *wait, const struct emit_served_told *told,
                int64_t begun_wall_ns) {
    struct finding finding = {.begun_wall_ns = begun_wall_ns};
    if (wait->asked->options->for_ns) return tell_counts(wait, told);
    if (wait->is_told) {
        (void)tell_counts(wait, told);
        return emit_complain(wait->command, EXIT_PARTIAL, "told to end before the run %s did",
                             wait->asked->run_id);
    }
    if (!find_report(wait, &finding)) {
        (void)tell_counts(wait, told);
        char word[4 * EMIT_RUN_ID_MAX + 2];
        struct emit_text text;
        emit_text_init(&text, word, sizeof word);
        emit_text_add_shell_word(&text, wait->asked->run_id);
        return emit_complain(wait->command, EXIT_PARTIAL,
                             "the run %s has ended and is not in the store; emit show %s may find "
                             "it later",
                             wait->asked->run_id, word);
    }
    finding.report.header.start_ns = wait->start_ns;
    emit_report_add_served(&finding.report, told);
    int status = print(wait, &finding.report, true);
    emit_report_clear(&finding.report);
    return status;
}

bool tokens_live_is_inherited(const struct tokens_live_options *options) {
    const char *variable = getenv("EMIT_TOKENS_FROM");
    return variable && strcmp(variable, options->from) == 0;
}

static void hold_signals(struct live_wait *wait) {
    sigemptyset(&wait->ending);
    sigaddset(&wait->ending, SIGINT);
    sigaddset(&wait->ending, SIGTERM);
    sigaddset(&wait->ending, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &wait->ending, NULL); // before a thread starts: they inherit it
}

int tokens_live(const struct emit_command *command, const struct tokens_live_asked *asked) {
    struct live_wait wait = {.command = command, .asked = asked};
    struct emit_served_watch *watch;
    struct emit_served_told told;
    struct emit_error err;
    bool has_run = asked->run_id && *asked->run_id && !asked->options->for_ns;
    if (!has_run && !asked->options->for_ns)
        return emit_complain(command, EXIT_USAGE,
                             "--from wants an end: --run-id RUN of a run that goes on, or --for "
                             "60s");
    hold_signals(&wait);
    int64_t begun_wall_ns = emit_clock_wall_ns() / second_ns * second_ns; // reports are less fine
    if (emit_served_watch_begin(&watch, asked->options->from, &err) != EMIT_OK)
        return emit_complain(command, EXIT_USAGE, "--from: %s", err.text);
    const char *failure = emit_served_watch_failure(watch);
    int status = EXIT_OK;
    if (failure[0])
        status = emit_complain(command, EXIT_PARTIAL, "%s", failure);
    else if (has_run && !is_open(&wait))
        status = emit_complain(command, EXIT_NEGATIVE,
                               "no run %s goes on here: emit runs lists them", asked->run_id);
    if (status == EXIT_OK) {
        if (has_run && !asked->quiet)
            fprintf(stderr, "emit: counting until %s ends; Ctrl-C ends it here\n", asked->run_id);
        wait_for_end(&wait);
        emit_served_watch_tell(watch, &told);
        status = tell(&wait, &told, begun_wall_ns);
    }
    emit_served_watch_free(watch);
    return status;
}
