// emit runs: the runs that go on and those in the store, newest first, one line each.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/figures.h"
#include "programs/emit/page.h"
#include "agent/place.h"
#include "report/report.h"
#include "programs/emit/look.h"
#include "programs/emit/open_runs.h"

#include "base/json_write.h"
#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    RUN_COLUMNS = 30, // of an id of ours
    COMMAND_COLUMNS = 12,
    LINE_BYTES_MAX = 4096,
};

struct runs_values {
    const char *outbox;
    int64_t limit;
    bool json;
};

static const struct emit_option options[] = {
    EMIT_PLACE_OPTION(struct runs_values, outbox),
    {.name = "limit",
     .type = EMIT_OPTION_COUNT,
     .argument = "COUNT",
     .fallback = "20",
     .help = "how many runs are shown; 0 shows all",
     .offset = offsetof(struct runs_values, limit)},
    {.name = "json",
     .type = EMIT_OPTION_FLAG,
     .help = "one JSON object a line",
     .offset = offsetof(struct runs_values, json)},
    {0},
};

extern const struct emit_command emit_command_runs;

struct listing {
    const struct runs_values *values;
    size_t open;  // of them shown, that go on
    size_t shown; // that ended
    size_t unreadable;
    bool no_memory; // the list is not whole
};

// "0:04:12", or seconds where that says more.
static void write_length(char text[EMIT_FIGURE_MAX], int64_t nanoseconds) {
    int64_t seconds = nanoseconds / 1000000000;
    if (seconds < 60)
        emit_figure_duration(text, nanoseconds);
    else
        (void)emit_text_format(text, EMIT_FIGURE_MAX, "%" PRId64 ":%02" PRId64 ":%02" PRId64,
                               seconds / 3600, seconds / 60 % 60, seconds % 60);
}

// `last` stands in the last column: what was run, or who meters what goes on.
static void print_line(const struct emit_report *report, const char *last) {
    char id[4 * EMIT_RUN_ID_MAX], when[EMIT_TIME_TEXT], length[EMIT_FIGURE_MAX];
    char energy[EMIT_FIGURE_MAX] = "-", marked[2 * EMIT_FIGURE_MAX], command[4 * COMMAND_COLUMNS];
    emit_time_write(when, report->header.start_wall_ns);
    when[10] = ' '; // "2026-06-13 16:00": the year and the seconds are not shown
    when[16] = '\0';
    write_length(length, report->window_ns);
    if (report->total_count) emit_figure_energy_short(energy, report->totals[0].joules);
    (void)emit_text_format(marked, sizeof marked, "%s%s", report->simulated ? "sim " : "", energy);
    emit_page_copy(id, sizeof id, report->header.run_id, EMIT_PAGE_COLUMNS_MIN);
    emit_page_copy(command, sizeof command, last, COMMAND_COLUMNS);
    // An id of somebody else's may be longer: it stands whole, to be copied.
    if (emit_page_width(id) > RUN_COLUMNS)
        printf("%s\n%*s", id, RUN_COLUMNS, "");
    else
        printf("%-*s", RUN_COLUMNS, id);
    printf("  %s  %7s  %12s  %s\n", when + 5, length, marked, command);
}

static void print_json(const struct emit_report *report) {
    char line[LINE_BYTES_MAX], from[EMIT_TIME_TEXT], to[EMIT_TIME_TEXT];
    struct emit_text text;
    struct emit_json_writer writer;
    emit_time_write(from, report->header.start_wall_ns);
    emit_time_write(to, report->end_wall_ns);
    const struct {
        const char *key, *value;
    } texts[] = {{"run_id", report->header.run_id},
                 {"workspace_id", report->header.workspace_id},
                 {"node_id", report->header.node_id},
                 {"command", report->header.command},
                 {"from", from},
                 {"to", to}};
    emit_text_init(&text, line, sizeof line);
    emit_json_writer_init(&writer, &text);
    emit_json_open_object(&writer);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        emit_json_member_string(&writer, texts[i].key, texts[i].value);
    }
    emit_json_key(&writer, "exit");
    if (report->has_exit)
        emit_json_i64(&writer, report->exit_status);
    else
        emit_json_null(&writer);
    emit_json_key(&writer, "joules");
    if (report->total_count)
        emit_json_double(&writer, report->totals[0].joules);
    else
        emit_json_null(&writer);
    emit_json_member_bool(&writer, "simulated", report->simulated);
    emit_json_member_string(&writer, "state", emit_report_state_word(report->state));
    emit_json_key(&writer, "points");
    emit_json_open_object(&writer);
    for (int kind = 0; kind < EMIT_OUTCOME_COUNT; kind++) {
        emit_json_member_u64(&writer, emit_outcome_word((enum emit_outcome_kind)kind),
                             emit_report_count(report, (enum emit_outcome_kind)kind));
    }
    emit_json_close_object(&writer);
    emit_json_close_object(&writer);
    puts(line);
}

static void print_head(const char *run, const char *length, const char *last) {
    printf("%-*s  %-11s  %7s  %12s  %s\n", RUN_COLUMNS, run, "began (UTC)", length, "energy", last);
}

static void print_open(void *owner, const struct emit_report *report, uid_t user) {
    struct listing *listing = owner;
    char who[32];
    open_runs_name_user(who, sizeof who, user);
    if (listing->values->json) {
        print_json(report);
    } else {
        if (listing->open == 0) print_head("goes on", "so far", "metered by");
        print_line(report, who);
    }
    listing->open++;
}

static bool print_entry(void *owner, const struct emit_entry *entry) {
    struct listing *listing = owner;
    struct emit_report report;
    enum emit_status status = emit_report_read_json(&report, entry->body, entry->length, NULL);
    if (status != EMIT_OK) {
        listing->no_memory = status == EMIT_NO_MEMORY;
        listing->unreadable++;
        return !listing->no_memory;
    }
    if (listing->values->json) {
        print_json(&report);
    } else {
        if (listing->shown == 0 && listing->open) putchar('\n');
        if (listing->shown == 0) print_head(listing->open ? "ended" : "run", "took", "command");
        print_line(&report, report.header.command);
    }
    listing->shown++;
    emit_report_clear(&report);
    return !ferror(stdout);
}

static int list(struct emit_outbox *outbox, struct listing listing) {
    struct emit_error err;
    const struct runs_values *values = listing.values;
    size_t damaged = 0;
    const struct emit_outbox_query query = {
        .kind = EMIT_ENTRY_REPORT, .newest_first = true, .limit = (size_t)values->limit};
    if (emit_outbox_visit(outbox, &query, print_entry, &listing, &damaged, &err) != EMIT_OK)
        return emit_complain(&emit_command_runs, EXIT_USAGE, "%s", err.text);
    if (fflush(stdout) != 0 || ferror(stdout))
        return emit_complain(&emit_command_runs, EXIT_USAGE, "cannot write to standard output");
    if (listing.no_memory)
        return emit_complain(&emit_command_runs, EXIT_PARTIAL, "out of memory: not all are shown");
    if (damaged + listing.unreadable)
        return emit_complain(&emit_command_runs, EXIT_PARTIAL,
                             "%zu damaged reports are not shown: emit outbox verify --repair",
                             damaged + listing.unreadable);
    if (listing.shown + listing.open == 0)
        return emit_complain(&emit_command_runs, EXIT_OK, "no runs yet: emit run -- COMMAND");
    return EXIT_OK;
}

static int run(const void *values_of_options, int operand_count, char **operands) {
    const struct runs_values *values = values_of_options;
    if (operand_count > 0)
        return emit_complain(&emit_command_runs, EXIT_USAGE,
                             "'%s' is too much: emit show RUN shows one run", operands[0]);
    struct emit_store store;
    struct emit_error err;
    struct listing listing = {.values = values};
    enum emit_status status = emit_command_look(&store, &emit_command_runs, values->outbox, &err);
    (void)open_runs_visit(values->outbox, print_open, &listing);
    if (status == EMIT_ABSENT && listing.open) return EXIT_OK; // nothing has ended yet
    if (status != EMIT_OK) return emit_complain(&emit_command_runs, EXIT_USAGE, "%s", err.text);
    int exit_status = list(store.outbox, listing);
    emit_store_close(&store);
    return exit_status;
}

const struct emit_command emit_command_runs = {
    .name = "runs",
    .summary = "list the runs, newest first",
    .operands = "",
    .text =
        "Lists the runs that were metered on this node, newest first: when they began, how "
        "long they took, and the energy that was measured. \"sim\" marks runs on a simulated "
        "node, whose numbers mean nothing; \"-\" runs without any measurement. Runs that go on "
        "stand first, with what was metered until their last sample and whose emit meters them.",
    .example = "emit runs",
    .exits = "0 done; 2 wrong usage, or the store could not be read; 3 damaged reports were left "
             "out, or memory ran out.",
    .options = options,
    .values_size = sizeof(struct runs_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
