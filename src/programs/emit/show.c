// emit show: the report of a run again, from the store.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/report_parts.h"
#include "agent/place.h"
#include "report/report.h"
#include "programs/emit/look.h"
#include "programs/emit/modeled.h"
#include "programs/emit/open_runs.h"

#include "base/json_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AMBIGUOUS_SHOWN = 3 }; // of the runs that a prefix could mean

struct show_values {
    const char *outbox;
    bool json;
};

static const struct emit_option options[] = {
    EMIT_PLACE_OPTION(struct show_values, outbox),
    {.name = "json",
     .type = EMIT_OPTION_FLAG,
     .help = "print the stored JSON document",
     .text =
         "What was modeled of the run stands in the first document, as its member modeled. Of a "
         "run that was only modeled the document has run_id and modeled, and nothing else.",
     .offset = offsetof(struct show_values, json)},
    {0},
};

extern const struct emit_command emit_command_show;

// The runs whose id begins with what the user wrote.
struct search {
    const char *prefix;
    char found[AMBIGUOUS_SHOWN][EMIT_RUN_ID_MAX];
    size_t count; // of different ids; one more than fit when there are more
};

static bool take_match(void *owner, const struct emit_entry *entry) {
    struct search *search = owner;
    if (!emit_text_has_prefix(entry->run_id, search->prefix)) return true;
    for (size_t i = 0; i < search->count && i < AMBIGUOUS_SHOWN; i++)
        if (strcmp(search->found[i], entry->run_id) == 0) return true;
    if (search->count < AMBIGUOUS_SHOWN)
        (void)emit_text_format(search->found[search->count], EMIT_RUN_ID_MAX, "%s", entry->run_id);
    return ++search->count <= AMBIGUOUS_SHOWN;
}

struct printing {
    const struct show_values *values;
    size_t reports;
    struct modeled modeled;
    int exit_status;
};

// A report's document; in the first of the run stands what was modeled of it, once.
static void print_document(const struct printing *printing, const char *body, size_t length) {
    char bytes[MODELED_JSON_MAX];
    struct emit_text text;
    if (!printing->modeled.events || printing->reports > 1) {
        printf("%.*s\n", (int)length, body);
        return;
    }
    emit_text_init(&text, bytes, sizeof bytes);
    modeled_write_json(&text, &printing->modeled);
    printf("%.*s,\"modeled\":%s}\n", (int)length - 1, body, bytes); // its brace is the last byte
}

static bool print_report(void *owner, const struct emit_entry *entry) {
    struct printing *printing = owner;
    printing->reports++;
    if (printing->values->json) {
        print_document(printing, entry->body, entry->length);
        return !ferror(stdout);
    }
    struct emit_report report;
    struct emit_error err;
    if (emit_report_read_json(&report, entry->body, entry->length, &err) != EMIT_OK) {
        printing->exit_status =
            emit_complain(&emit_command_show, EXIT_PARTIAL, "%s: %s", entry->run_id, err.text);
        return true;
    }
    if (printing->reports > 1) (void)fputc('\n', stdout);
    emit_report_print(stdout, &report, EMIT_PAGE_COLUMNS_MIN);
    emit_report_clear(&report);
    return !ferror(stdout);
}

// The document as it would be stored.
static int print_open_document(const struct printing *printing, const struct emit_report *report) {
    struct emit_text text;
    struct emit_error err;
    char *bytes = malloc(EMIT_REPORT_JSON_MAX);
    enum emit_status status = EMIT_NO_MEMORY;
    if (bytes) {
        emit_text_init(&text, bytes, EMIT_REPORT_JSON_MAX);
        status = emit_report_write_json(&text, report, &err);
    } else {
        (void)emit_fail(&err, EMIT_NO_MEMORY, "out of memory");
    }
    if (status == EMIT_OK) print_document(printing, bytes, text.length);
    free(bytes);
    return status == EMIT_OK ? EXIT_OK
                             : emit_complain(&emit_command_show, EXIT_PARTIAL, "%s", err.text);
}

static int complain_of(const struct emit_error *err) {
    return emit_complain(&emit_command_show, EXIT_USAGE, "%s", err->text);
}

static int complain_of_search(struct emit_outbox *outbox, const struct search *search) {
    char ids[AMBIGUOUS_SHOWN * (EMIT_RUN_ID_MAX + 2)];
    if (search->count == 0)
        return emit_complain(&emit_command_show, EXIT_NEGATIVE,
                             "no run begins with '%s': emit runs lists them%s", search->prefix,
                             emit_command_tell_windows(outbox));
    struct emit_text text;
    emit_text_init(&text, ids, sizeof ids);
    for (size_t i = 0; i < search->count && i < AMBIGUOUS_SHOWN; i++)
        emit_text_add_format(&text, "%s%s", i ? ", " : "", search->found[i]);
    return emit_complain(&emit_command_show, EXIT_USAGE,
                         "several runs begin with '%s': %s%s; write more of it", search->prefix,
                         ids, search->count > AMBIGUOUS_SHOWN ? ", ..." : "");
}

static void take_open_match(void *owner, const struct emit_report *report, uid_t user) {
    (void)user;
    const struct emit_entry entry = {.run_id = report->header.run_id};
    (void)take_match(owner, &entry);
}

struct open_printing {
    struct printing *printing;
    const char *run_id;
};

static void print_open(void *owner, const struct emit_report *report, uid_t user) {
    struct open_printing *open = owner;
    (void)user;
    if (strcmp(open->run_id, report->header.run_id) != 0) return;
    open->printing->reports++;
    if (open->printing->values->json)
        open->printing->exit_status = print_open_document(open->printing, report);
    else
        emit_report_print(stdout, report, EMIT_PAGE_COLUMNS_MIN);
}

static bool take_modeled(void *owner, const struct emit_entry *entry) {
    struct printing *printing = owner;
    struct modeled_event event;
    if (modeled_event_read(&event, entry)) modeled_add(&printing->modeled, &event);
    return true;
}

// The document of a run that nobody metered: it has no more than this.
static void print_modeled_document(const struct printing *printing, const char *run_id) {
    char bytes[MODELED_JSON_MAX], id[6 * EMIT_RUN_ID_MAX];
    struct emit_text text;
    struct emit_json_writer writer;
    emit_text_init(&text, id, sizeof id);
    emit_json_writer_init(&writer, &text);
    emit_json_string(&writer, run_id);
    emit_text_init(&text, bytes, sizeof bytes);
    modeled_write_json(&text, &printing->modeled);
    printf("{\"run_id\":%s,\"modeled\":%s}\n", id, bytes);
}

// What was modeled of the run, below its reports: another kind of figure, never in their sum.
static void print_modeled(const struct printing *printing, const char *run_id) {
    char id[4 * EMIT_RUN_ID_MAX];
    if (!printing->modeled.events) return;
    if (printing->values->json) {
        if (!printing->reports) print_modeled_document(printing, run_id);
        return;
    }
    emit_page_copy(id, sizeof id, run_id, EMIT_PAGE_COLUMNS_MIN);
    if (!printing->reports)
        printf("emit: %s  no device was metered for it here\n", id);
    else
        puts("  Apart from what was measured, and in no sum of it:");
    modeled_print(stdout, &printing->modeled, id);
}

// All reports of the run, oldest first: a run has one for each node and each part
// of it that was closed by itself; and then what goes on.
static enum emit_status show_whole(struct emit_outbox *outbox, struct printing *printing,
                                   const char *run_id, size_t *damaged, struct emit_error *err) {
    struct open_printing open = {printing, run_id};
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_REPORT, .run_id = run_id};
    const struct emit_outbox_query events = {.kind = EMIT_ENTRY_EVENT, .run_id = run_id};
    size_t damaged_events = 0;
    enum emit_status status = EMIT_OK;
    if (outbox)
        status = emit_outbox_visit(outbox, &events, take_modeled, printing, &damaged_events, err);
    if (status == EMIT_OK && outbox)
        status = emit_outbox_visit(outbox, &query, print_report, printing, damaged, err);
    if (status == EMIT_OK) (void)open_runs_visit(printing->values->outbox, print_open, &open);
    if (status == EMIT_OK) *damaged += damaged_events;
    if (status == EMIT_OK) print_modeled(printing, run_id);
    return status;
}

// Runs that go on, that have a report, or that have modeled events and nothing else.
static enum emit_status find_matches(struct emit_outbox *outbox, const struct show_values *values,
                                     struct search *search, struct emit_error *err) {
    static const enum emit_entry_kind kinds[] = {EMIT_ENTRY_REPORT, EMIT_ENTRY_EVENT};
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; outbox && status == EMIT_OK && i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct emit_outbox_query all = {.kind = kinds[i], .newest_first = true};
        status = emit_outbox_visit(outbox, &all, take_match, search, NULL, err);
    }
    (void)open_runs_visit(values->outbox, take_open_match, search);
    return status;
}

// outbox NULL: nothing was ever stored.
static int show(struct emit_outbox *outbox, const struct show_values *values, const char *asked) {
    struct emit_error err;
    struct printing printing = {.values = values, .exit_status = EXIT_OK};
    struct search search = {.prefix = asked};
    size_t damaged = 0;
    if (show_whole(outbox, &printing, asked, &damaged, &err) != EMIT_OK) return complain_of(&err);
    if (!printing.reports && !printing.modeled.events) {
        if (find_matches(outbox, values, &search, &err) != EMIT_OK) return complain_of(&err);
        if (search.count != 1) return complain_of_search(outbox, &search);
        if (show_whole(outbox, &printing, search.found[0], &damaged, &err) != EMIT_OK)
            return complain_of(&err);
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        return emit_complain(&emit_command_show, EXIT_USAGE, "cannot write to standard output");
    if (damaged)
        return emit_complain(&emit_command_show, EXIT_PARTIAL,
                             "%zu damaged entries are not shown: emit outbox verify --repair",
                             damaged);
    return printing.exit_status;
}

static void ignore(void *owner, const struct emit_report *report, uid_t user) {
    (void)owner, (void)report, (void)user;
}

static int run(const void *values_of_options, int operand_count, char **operands) {
    const struct show_values *values = values_of_options;
    if (operand_count != 1 || !operands[0][0])
        return emit_complain(&emit_command_show, EXIT_USAGE,
                             "name one run: emit show RUN (emit runs lists them)");
    struct emit_store store;
    struct emit_error err;
    enum emit_status looked = emit_command_look(&store, &emit_command_show, values->outbox, &err);
    bool is_open = looked == EMIT_ABSENT && open_runs_visit(values->outbox, ignore, NULL);
    if (looked != EMIT_OK && !is_open) return complain_of(&err);
    int status = show(store.outbox, values, operands[0]);
    emit_store_close(&store);
    return status;
}

const struct emit_command emit_command_show = {
    .name = "show",
    .summary = "print the report of a run again",
    .operands = "RUN",
    .text =
        "Prints what emit run printed when the run ended, from the store; of a run that goes on, "
        "how it was at its last sample. Below it stands what emit tokens modeled for the run, with "
        "its range: it is never added to what was measured. RUN is the id of the run or as much of "
        "its beginning as no other run shares.",
    .example = "emit show run_01JD9Z6Q3K7V",
    .exits = "0 shown; 1 there is no such run; 2 wrong usage, an "
             "ambiguous id, or no store could be read; 3 a damaged entry was left out.",
    .options = options,
    .values_size = sizeof(struct show_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
