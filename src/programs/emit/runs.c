// emit runs: the runs that go on and those in the store, newest first, one line each.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/figures.h"
#include "programs/emit/page.h"
#include "agent/place.h"
#include "report/report.h"
#include "programs/emit/look.h"
#include "programs/emit/open_runs.h"
#include "programs/emit/runs_modeled.h"

#include "base/json_write.h"
#include "base/time.h"
#include "host/host.h"

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
    int64_t now_ns;
    size_t open;  // of them shown, that go on
    size_t shown; // that ended
    size_t only_modeled;
    size_t unreadable;
    bool no_memory; // the list is not whole
    struct runs_modeled modeled;
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
static void print_line(const struct emit_report *report, const char *last, int64_t now_ns) {
    char id[4 * EMIT_RUN_ID_MAX], when[EMIT_FIGURE_MAX], length[EMIT_FIGURE_MAX];
    char energy[EMIT_FIGURE_MAX] = "-", marked[2 * EMIT_FIGURE_MAX], command[4 * COMMAND_COLUMNS];
    emit_figure_moment(when, report->header.start_wall_ns, now_ns);
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
    printf("  %-*s  %7s  %12s  %s\n", EMIT_FIGURE_MOMENT_COLUMNS, when, length, marked, command);
}

// "modeled": what emit tokens made of the run, apart from its measured joules; null for nothing.
static void write_modeled(struct emit_json_writer *writer, const struct runs_modeled_run *run) {
    emit_json_key(writer, "modeled");
    if (!run) {
        emit_json_null(writer);
        return;
    }
    emit_json_open_object(writer);
    emit_json_key(writer, "boundary");
    if (run->boundary[0])
        emit_json_string(writer, run->boundary);
    else
        emit_json_null(writer);
    emit_json_member_u64(writer, "events", run->events);
    const double joules[] = {run->joules.central, run->joules.high, run->joules.low};
    static const char *const keys[] = {"joules", "joules_high", "joules_low"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        emit_json_key(writer, keys[i]);
        if (run->boundary[0])
            emit_json_double(writer, joules[i]);
        else
            emit_json_null(writer); // of several boundaries there is no sum
    }
    emit_json_close_object(writer);
}

// A run of which nothing was metered here.
static void print_modeled_json(const struct runs_modeled_run *run) {
    char line[LINE_BYTES_MAX], to[EMIT_TIME_TEXT];
    struct emit_text text;
    struct emit_json_writer writer;
    emit_time_write(to, run->last_ns);
    emit_text_init(&text, line, sizeof line);
    emit_json_writer_init(&writer, &text);
    emit_json_open_object(&writer);
    emit_json_member_string(&writer, "run_id", run->run_id);
    emit_json_member_string(&writer, "to", to);
    emit_json_key(&writer, "joules");
    emit_json_null(&writer);
    write_modeled(&writer, run);
    emit_json_close_object(&writer);
    puts(line);
}

static void print_modeled_figure(const struct runs_modeled_run *run) {
    char figure[MODELED_FIGURE_MAX];
    if (run->boundary[0])
        modeled_figure(figure, &run->joules);
    else
        (void)emit_text_format(figure, sizeof figure, "at several boundaries");
    printf("modeled  %s\n", figure);
}

static void print_json(const struct emit_report *report, const struct runs_modeled_run *modeled) {
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
    write_modeled(&writer, modeled);
    emit_json_close_object(&writer);
    puts(line);
}

static void print_head(const char *run, const char *length, const char *last) {
    printf("%-*s  %-11s  %7s  %12s  %s\n", RUN_COLUMNS, run, "began (UTC)", length, "energy", last);
}

// The run with what was modeled of it below: two kinds of energy, which nobody adds.
static void print_run(struct listing *listing, const struct emit_report *report, const char *last) {
    struct runs_modeled_run *modeled = runs_modeled_find(&listing->modeled, report->header.run_id);
    if (modeled && modeled->listed) modeled = NULL; // of several reports of a run the first has it
    if (modeled) modeled->listed = true;
    if (listing->values->json) {
        print_json(report, modeled);
        return;
    }
    print_line(report, last, listing->now_ns);
    if (!modeled) return;
    printf("%*s", RUN_COLUMNS + 2, "");
    print_modeled_figure(modeled);
}

static void print_open(void *owner, const struct emit_report *report, uid_t user) {
    struct listing *listing = owner;
    char who[32];
    open_runs_name_user(who, sizeof who, user);
    if (!listing->values->json && listing->open == 0) print_head("goes on", "so far", "metered by");
    print_run(listing, report, who);
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
    if (!listing->values->json && listing->shown == 0) {
        if (listing->open) putchar('\n');
        print_head(listing->open ? "ended" : "run", "took", "command");
    }
    print_run(listing, &report, report.header.command);
    listing->shown++;
    emit_report_clear(&report);
    return !ferror(stdout);
}

static bool has_one(void *owner, const struct emit_entry *entry) {
    (void)entry;
    *(bool *)owner = true;
    return false;
}

static void print_modeled(struct listing *listing, const struct runs_modeled_run *run) {
    char id[4 * EMIT_RUN_ID_MAX], when[EMIT_FIGURE_MAX];
    if (listing->values->json) {
        print_modeled_json(run);
        return;
    }
    if (listing->only_modeled == 0)
        printf("%s%-*s  %-11s  energy (low..high)\n", listing->shown + listing->open ? "\n" : "",
               RUN_COLUMNS, "modeled, not metered here", "until (UTC)");
    emit_figure_moment(when, run->last_ns, listing->now_ns);
    emit_page_copy(id, sizeof id, run->run_id, EMIT_PAGE_COLUMNS_MIN);
    printf("%-*s%s%*s  %-*s  ", RUN_COLUMNS, id, emit_page_width(id) > RUN_COLUMNS ? "\n" : "",
           emit_page_width(id) > RUN_COLUMNS ? RUN_COLUMNS : 0, "", EMIT_FIGURE_MOMENT_COLUMNS,
           when);
    print_modeled_figure(run);
}

// Runs that have modeled events and no report, behind the others.
static enum emit_status list_modeled(struct emit_outbox *outbox, struct listing *listing,
                                     struct emit_error *err) {
    size_t limit = (size_t)listing->values->limit;
    for (size_t i = 0; i < listing->modeled.count; i++) {
        const struct runs_modeled_run *run = &listing->modeled.runs[i];
        bool has_report = run->listed;
        const struct emit_outbox_query query = {
            .kind = EMIT_ENTRY_REPORT, .run_id = run->run_id, .limit = 1};
        if (limit && listing->only_modeled == limit) break;
        if (!has_report) { // it may be behind the limit of the list
            enum emit_status status =
                emit_outbox_visit(outbox, &query, has_one, &has_report, NULL, err);
            if (status != EMIT_OK) return status;
        }
        if (has_report) continue;
        print_modeled(listing, run);
        listing->only_modeled++;
    }
    return EMIT_OK;
}

static int conclude(struct emit_outbox *outbox, const struct listing *listing, size_t damaged) {
    if (fflush(stdout) != 0 || ferror(stdout))
        return emit_complain(&emit_command_runs, EXIT_USAGE, "cannot write to standard output");
    if (listing->no_memory)
        return emit_complain(&emit_command_runs, EXIT_PARTIAL, "out of memory: not all are shown");
    if (damaged)
        return emit_complain(&emit_command_runs, EXIT_PARTIAL,
                             "%zu damaged entries are not shown: emit outbox verify --repair",
                             damaged);
    if (listing->shown + listing->open + listing->only_modeled == 0)
        return emit_complain(&emit_command_runs, EXIT_OK, "no runs yet: emit run -- COMMAND%s",
                             emit_command_tell_windows(outbox));
    return EXIT_OK;
}

// What goes on, what ended, what was only modeled.
static int list(struct emit_outbox *outbox, struct listing *listing) {
    struct emit_error err;
    const struct runs_values *values = listing->values;
    size_t damaged = 0, damaged_events = 0;
    const struct emit_outbox_query query = {
        .kind = EMIT_ENTRY_REPORT, .newest_first = true, .limit = (size_t)values->limit};
    enum emit_status status = runs_modeled_read(&listing->modeled, outbox, &damaged_events, &err);
    (void)open_runs_visit(values->outbox, print_open, listing);
    if (status == EMIT_OK)
        status = emit_outbox_visit(outbox, &query, print_entry, listing, &damaged, &err);
    if (status == EMIT_OK) status = list_modeled(outbox, listing, &err);
    if (status != EMIT_OK) return emit_complain(&emit_command_runs, EXIT_USAGE, "%s", err.text);
    return conclude(outbox, listing, damaged + damaged_events + listing->unreadable);
}

static int run(const void *values_of_options, int operand_count, char **operands) {
    const struct runs_values *values = values_of_options;
    if (operand_count > 0)
        return emit_complain(&emit_command_runs, EXIT_USAGE,
                             "'%s' is too much: emit show RUN shows one run", operands[0]);
    struct emit_store store;
    struct emit_error err;
    struct listing listing = {.values = values, .now_ns = emit_clock_wall_ns()};
    enum emit_status status = emit_command_look(&store, &emit_command_runs, values->outbox, &err);
    if (status != EMIT_OK) {
        (void)open_runs_visit(values->outbox, print_open, &listing);
        if (status == EMIT_ABSENT && listing.open) return EXIT_OK; // nothing has ended yet
        return emit_complain(&emit_command_runs, EXIT_USAGE, "%s", err.text);
    }
    int exit_status = list(store.outbox, &listing);
    runs_modeled_clear(&listing.modeled);
    emit_store_close(&store);
    return exit_status;
}

const struct emit_command emit_command_runs = {
    .name = "runs",
    .summary = "list the runs, newest first",
    .operands = "",
    .text =
        "Lists the runs that were metered on this node, newest first: when they began, how "
        "long they took, and the energy that was measured. Of what is older than eleven months the "
        "day stands with its year. \"sim\" marks runs on a simulated "
        "node, whose numbers mean nothing; \"-\" runs without any measurement. Runs that go on "
        "stand first, with what was metered until their last sample and whose emit meters them. "
        "What emit tokens modeled of a run stands below it with its range, and is not in its "
        "energy; runs that were only modeled stand last.",
    .example = "emit runs",
    .exits = "0 done; 2 wrong usage, or the store could not be read; 3 damaged entries were left "
             "out, or memory ran out.",
    .options = options,
    .values_size = sizeof(struct runs_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
