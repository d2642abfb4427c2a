// emit outbox: what the store holds, in order and checked; and its care.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/entry_text.h"
#include "agent/place.h"
#include "programs/emit/look.h"

#include "base/json_write.h"
#include "base/time.h"
#include "base/text.h"
#include "host/host.h"
#include "outbox/outbox.h"
#include "runs/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const int64_t day_ns = INT64_C(86400) * 1000000000;

struct outbox_values {
    const char *outbox;
    const char *run;
    int64_t limit;
    int64_t older_than_ns;
    bool json;
    bool repair;
};

static const struct emit_option options[] = {
    EMIT_PLACE_OPTION(struct outbox_values, outbox),
    {.name = "run",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .help = "only events of this run (list, export)",
     .offset = offsetof(struct outbox_values, run)},
    {.name = "limit",
     .type = EMIT_OPTION_COUNT,
     .argument = "COUNT",
     .fallback = "20",
     .help = "how many events list shows; 0 shows all",
     .offset = offsetof(struct outbox_values, limit)},
    {.name = "older-than",
     .type = EMIT_OPTION_DURATION,
     .argument = "DURATION",
     .help = "what prune removes: stored longer ago than this",
     .text = "Such as 30d. There is no default: nothing is removed without being asked for.",
     .offset = offsetof(struct outbox_values, older_than_ns)},
    {.name = "repair",
     .type = EMIT_OPTION_FLAG,
     .help = "let verify set aside what is damaged",
     .text = "A damaged entry moves to quarantine; a damaged "
             "file is renamed, and what can still be read is carried over into a fresh store.",
     .offset = offsetof(struct outbox_values, repair)},
    {.name = "json",
     .type = EMIT_OPTION_FLAG,
     .help = "stats and verify as one JSON object, list as JSON lines",
     .offset = offsetof(struct outbox_values, json)},
    {0},
};

extern const struct emit_command emit_command_outbox;

static int complain(const struct emit_error *err) {
    return emit_complain(&emit_command_outbox,
                         err->status == EMIT_CORRUPT ? EXIT_NEGATIVE : EXIT_USAGE, "%s", err->text);
}

// What was asked for must have reached its reader.
static int end_output(int status) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    return emit_complain(&emit_command_outbox, EXIT_USAGE, "cannot write to standard output");
}

// A time of the table; "-" stands for none.
static const char *time_text(char text[EMIT_TIME_TEXT], int64_t time_ns) {
    if (time_ns == 0) return "-";
    emit_time_write(text, time_ns);
    return text;
}

static void print_stats(struct emit_outbox *outbox, const struct emit_outbox_stats *stats) {
    char oldest[EMIT_TIME_TEXT], newest[EMIT_TIME_TEXT];
    printf("store        %s\n", emit_outbox_path(outbox));
    printf("events       %" PRIu64 "\n", stats->entries[EMIT_ENTRY_EVENT]);
    printf("diagnostics  %" PRIu64 "\n", stats->entries[EMIT_ENTRY_DIAGNOSTIC]);
    printf("reports      %" PRIu64 "\n", stats->entries[EMIT_ENTRY_REPORT]);
    printf("quarantined  %" PRIu64 "\n", stats->quarantined);
    printf("oldest       %s\n", time_text(oldest, stats->oldest_ns));
    printf("newest       %s\n", time_text(newest, stats->newest_ns));
    printf("size         %.1f of %.1f MiB\n", (double)stats->file_bytes / (1 << 20),
           (double)stats->max_bytes / (1 << 20));
    printf("kept         %" PRId64 " days after storing\n", stats->retention_ns / day_ns);
    printf("schema       %d\n", stats->schema_version);
}

static void print_stats_json(struct emit_outbox *outbox, const struct emit_outbox_stats *stats) {
    char line[8192];
    struct emit_text text;
    struct emit_json_writer writer;
    emit_text_init(&text, line, sizeof line);
    emit_json_writer_init(&writer, &text);
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {
        {"diagnostics", stats->entries[EMIT_ENTRY_DIAGNOSTIC]},
        {"events", stats->entries[EMIT_ENTRY_EVENT]},
        {"file_bytes", stats->file_bytes},
        {"max_bytes", stats->max_bytes},
        {"quarantined", stats->quarantined},
        {"reports", stats->entries[EMIT_ENTRY_REPORT]},
        {"retention_days", (uint64_t)(stats->retention_ns / day_ns)},
        {"schema_version", (uint64_t)stats->schema_version},
    };
    char time[EMIT_TIME_TEXT];
    emit_json_open_object(&writer);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        emit_json_member_u64(&writer, figures[i].key, figures[i].value);
    }
    const int64_t times[] = {stats->oldest_ns, stats->newest_ns};
    for (size_t i = 0; i < 2; i++) {
        emit_json_key(&writer, i == 0 ? "oldest" : "newest");
        if (times[i] == 0)
            emit_json_null(&writer);
        else
            emit_json_string(&writer, time_text(time, times[i]));
    }
    emit_json_member_string(&writer, "store", emit_outbox_path(outbox));
    emit_json_close_object(&writer);
    puts(line);
}

static int run_stats(struct emit_outbox *outbox, const struct outbox_values *values) {
    struct emit_outbox_stats stats;
    struct emit_error err;
    if (emit_outbox_stats_read(outbox, &stats, &err) != EMIT_OK) return complain(&err);
    if (values->json)
        print_stats_json(outbox, &stats);
    else
        print_stats(outbox, &stats);
    return end_output(EXIT_OK);
}

struct showing {
    bool began;
    int64_t now_ns;
    char run_id[EMIT_RUN_ID_MAX]; // of the row before
};

static bool print_line(void *owner, const struct emit_entry *entry) {
    (void)owner;
    fwrite(entry->body, 1, entry->length, stdout);
    fputc('\n', stdout);
    return !ferror(stdout);
}

static bool print_row(void *owner, const struct emit_entry *entry) {
    struct showing *showing = owner;
    if (!showing->began) emit_entry_print_heading(stdout);
    emit_entry_print_event(stdout, entry,
                           showing->began && strcmp(showing->run_id, entry->run_id) == 0,
                           showing->now_ns);
    showing->began = true;
    (void)emit_text_format(showing->run_id, sizeof showing->run_id, "%s", entry->run_id);
    return !ferror(stdout);
}

// list and export: what is damaged is not shown, and said.
static int show(struct emit_outbox *outbox, const struct emit_outbox_query *query,
                emit_outbox_visitor *visitor) {
    size_t damaged = 0;
    struct showing showing = {.now_ns = emit_clock_wall_ns()};
    struct emit_error err;
    if (emit_outbox_visit(outbox, query, visitor, &showing, &damaged, &err) != EMIT_OK) {
        (void)end_output(EXIT_OK);
        return complain(&err);
    }
    int status = end_output(EXIT_OK);
    if (status != EXIT_OK || damaged == 0) return status;
    return emit_complain(&emit_command_outbox, EXIT_PARTIAL,
                         "%zu damaged entries are not shown: emit outbox verify --repair", damaged);
}

static int run_list(struct emit_outbox *outbox, const struct outbox_values *values) {
    const struct emit_outbox_query query = {
        .run_id = values->run, .newest_first = true, .limit = (size_t)values->limit};
    return show(outbox, &query, values->json ? print_line : print_row);
}

static int run_export(struct emit_outbox *outbox, const struct outbox_values *values) {
    const struct emit_outbox_query query = {.run_id = values->run};
    return show(outbox, &query, print_line);
}

static int run_verify(struct emit_outbox *outbox, const struct outbox_values *values) {
    uint64_t good = 0, bad = 0;
    struct emit_error err;
    enum emit_status status = emit_outbox_verify(outbox, &good, &bad, &err);
    if (status != EMIT_OK && status != EMIT_CORRUPT) return complain(&err);
    if (values->json)
        printf("{\"bad\":%" PRIu64 ",\"good\":%" PRIu64 "}\n", bad, good);
    else
        printf("%" PRIu64 " entries are whole, %" PRIu64 " damaged\n", good, bad);
    int exit_status = end_output(status == EMIT_OK ? EXIT_OK : EXIT_NEGATIVE);
    if (status == EMIT_OK) return exit_status;
    return emit_complain(&emit_command_outbox, exit_status, "%s%s", err.text,
                         values->repair ? "" : "; to set it aside: emit outbox verify --repair");
}

static int run_prune(struct emit_outbox *outbox, const struct outbox_values *values) {
    struct emit_error err;
    uint64_t removed = 0;
    if (values->older_than_ns == 0)
        return emit_complain(&emit_command_outbox, EXIT_USAGE,
                             "prune needs to know what goes: --older-than 30d");
    int64_t before_ns = emit_clock_wall_ns() - values->older_than_ns;
    if (emit_outbox_prune(outbox, before_ns, &removed, &err) != EMIT_OK) return complain(&err);
    printf("%" PRIu64 " entries removed\n", removed);
    return end_output(EXIT_OK);
}

struct action {
    const char *name;
    bool writes;
    int (*run)(struct emit_outbox *outbox, const struct outbox_values *values);
};
static const struct action actions[] = {
    {"stats", false, run_stats},   {"list", false, run_list},  {"export", false, run_export},
    {"verify", false, run_verify}, {"prune", true, run_prune}, {0},
};

static const struct action *find_action(const char *name) {
    for (const struct action *at = actions; at->name; at++)
        if (strcmp(at->name, name) == 0) return at;
    return NULL;
}

static int run(const void *values_of_options, int operand_count, char **operands) {
    const struct outbox_values *values = values_of_options;
    const struct action *action = operand_count == 1 ? find_action(operands[0]) : NULL;
    struct emit_store store;
    struct emit_place place;
    struct emit_error err;
    if (!action)
        return emit_complain(&emit_command_outbox, EXIT_USAGE,
                             "say what to do: stats, list, export, verify or prune");
    if (emit_place_find(&place, values->outbox, &err) != EMIT_OK) return complain(&err);
    bool repairs = values->repair && action->run == run_verify;
    // Only the owner of a store may change it, and looking never creates one.
    enum emit_status status = emit_command_look(&store, &emit_command_outbox, values->outbox, &err);
    bool is_damaged = status == EMIT_CORRUPT;
    if ((status == EMIT_OK && action->writes) || (repairs && (status == EMIT_OK || is_damaged))) {
        const struct emit_outbox_options how = {.path = place.outbox};
        emit_store_close(&store);
        status = emit_outbox_open(&store.outbox, &how, &err);
        const char *notice = status == EMIT_OK ? emit_outbox_notice(store.outbox) : NULL;
        if (notice) (void)emit_complain(&emit_command_outbox, EXIT_OK, "%s", notice);
    }
    if (status != EMIT_OK) return complain(&err);
    int exit_status = action->run(store.outbox, values);
    emit_store_close(&store);
    return is_damaged && exit_status == EXIT_OK ? EXIT_NEGATIVE : exit_status;
}

const struct emit_command emit_command_outbox = {
    .name = "outbox",
    .summary = "look into the local store, check it, prune it",
    .operands = "stats|list|export|verify|prune",
    .text =
        "The store keeps every event, diagnostic and report of this user on this node, each with "
        "a checksum. It holds at most 1 GiB; when that or the disk is full, new entries are "
        "refused "
        "and said to be. Entries are kept for 90 days after storing; what is older goes as new "
        "ones come.\n\n"
        "stats says where it is, what it holds and how much it may. list shows the newest events "
        "as a table. export writes all "
        "events to standard output, one JSON line each, in the order they were stored. verify "
        "reads everything and compares it with its checksums. prune removes what was stored "
        "longer ago than --older-than says and gives the space back.\n\n"
        "All but prune and verify --repair only look, and may be used while runs write.",
    .example = "emit outbox stats",
    .exits = "0 done; 1 the store is damaged; 2 wrong usage, or no store could be read; 3 some "
             "entries were damaged and left out.",
    .options = options,
    .values_size = sizeof(struct outbox_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
