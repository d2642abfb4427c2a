// emit compare: two runs of the store side by side.
// SPDX-License-Identifier: Apache-2.0
#include "agent/place.h"
#include "programs/emit/command.h"
#include "programs/emit/comparison.h"
#include "programs/emit/look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUNS_MAX = 10000,           // of one group
    DOCUMENT_MAX = 1024 * 1024, // bytes of the JSON object
};

struct compare_values {
    const char *outbox;
    bool json;
    bool all;
};

static const struct emit_option options[] = {
    {.name = "all",
     .type = EMIT_OPTION_FLAG,
     .help = "a row for every device",
     .text = "Without it, where there are more than six, devices of a kind share a row: what they "
             "used together, and under it how far each of them changed.",
     .offset = offsetof(struct compare_values, all)},
    EMIT_PLACE_OPTION(struct compare_values, outbox),
    {.name = "json",
     .type = EMIT_OPTION_FLAG,
     .help = "print one JSON object (contract/compare.schema.json)",
     .offset = offsetof(struct compare_values, json)},
    {0},
};

extern const struct emit_command emit_command_compare;

// The ids of runs that an operand names, by its beginning.
struct search {
    const char *asked;
    size_t count; // of reports
    bool exact;   // the id itself is there: then only that one
    bool is_base; // it is all that the ids of a repetition have in common: then that one
    bool mixed;   // and do not belong to one repetition
    size_t base;  // length of what their ids have in common before "-1"
    char first[EMIT_RUN_ID_MAX];
};

// Length of BASE in "BASE-12", or 0.
static size_t base_length(const char *run_id) {
    const char *dash = strrchr(run_id, '-');
    if (!dash || !dash[1] || strspn(dash + 1, "0123456789") != strlen(dash + 1)) return 0;
    return (size_t)(dash - run_id);
}

static bool take_match(void *owner, const struct emit_entry *entry) {
    struct search *search = owner;
    if (!emit_text_has_prefix(entry->run_id, search->asked)) return true;
    if (strcmp(entry->run_id, search->asked) == 0) search->exact = true;
    size_t base = base_length(entry->run_id);
    search->is_base |= base > 0 && base == strlen(search->asked);
    if (search->count++ == 0) {
        (void)emit_text_format(search->first, sizeof search->first, "%s", entry->run_id);
        search->base = base;
    } else if (strcmp(search->first, entry->run_id) != 0) {
        search->mixed |=
            base == 0 || base != search->base || strncmp(search->first, entry->run_id, base) != 0;
    }
    return true;
}

// Takes the reports of the runs that were found into one side.
struct taking {
    struct emit_side *side;
    const char *prefix; // of a group, the dash included; or the whole id
    bool whole;
    struct emit_error *err;
    enum emit_status status;
};

static enum emit_status take_report(struct emit_side *side, const struct emit_report *report,
                                    struct emit_error *err) {
    for (size_t i = 0; i < side->group.count; i++)
        if (strcmp(side->group.runs[i].run_id, report->header.run_id) == 0)
            return emit_fail(err, EMIT_INVALID,
                             "run %s has several reports, of nodes or of parts: compare them as "
                             "files (emit show --json)",
                             report->header.run_id);
    if (report->left_to_others)
        return emit_fail(err, EMIT_INVALID, "run %s was left to another process to report",
                         report->header.run_id);
    if (side->group.count == 0) {
        memcpy(side->node_id, report->header.node_id, sizeof side->node_id);
        memcpy(side->command, report->header.command, sizeof side->command);
    }
    if (report->concurrent_runs > side->concurrent_runs)
        side->concurrent_runs = report->concurrent_runs;
    side->is_partial |= emit_report_count(report, EMIT_OUTCOME_PARTIAL) > 0 ||
                        emit_report_count(report, EMIT_OUTCOME_REFUSED) > 0;
    return emit_group_add(&side->group, report, report->header.run_id, report->exit_status,
                          (double)report->window_ns / 1e9, err);
}

static enum emit_status take_document(struct emit_side *side, const char *json, size_t length,
                                      struct emit_error *err) {
    struct emit_report report;
    enum emit_status status = emit_report_read_json(&report, json, length, err);
    if (status != EMIT_OK) return status;
    status = take_report(side, &report, err);
    emit_report_clear(&report);
    return status;
}

static bool take_entry(void *owner, const struct emit_entry *entry) {
    struct taking *taking = owner;
    bool wanted = taking->whole ? strcmp(entry->run_id, taking->prefix) == 0
                                : emit_text_has_prefix(entry->run_id, taking->prefix) &&
                                      base_length(entry->run_id) + 1 == strlen(taking->prefix);
    if (wanted)
        taking->status = take_document(taking->side, entry->body, entry->length, taking->err);
    return taking->status == EMIT_OK;
}

// No report of that name: a run that was only modeled is in the list of runs all the same.
static enum emit_status none_to_compare(struct emit_outbox *outbox, const char *asked,
                                        struct emit_error *err) {
    struct search modeled = {.asked = asked};
    const struct emit_outbox_query events = {.kind = EMIT_ENTRY_EVENT};
    enum emit_status status = emit_outbox_visit(outbox, &events, take_match, &modeled, NULL, err);
    if (status != EMIT_OK) return status;
    if (modeled.count)
        return emit_fail(err, EMIT_ABSENT,
                         "no device was metered for %.127s: what was modeled is not compared "
                         "(emit show has it)",
                         modeled.first);
    return emit_fail(err, EMIT_ABSENT, "no run begins with '%.100s': emit runs lists them", asked);
}

static enum emit_status find_runs(struct emit_outbox *outbox, const char *asked,
                                  struct emit_side *side, struct emit_error *err) {
    struct search search = {.asked = asked};
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_REPORT};
    enum emit_status status = emit_outbox_visit(outbox, &query, take_match, &search, NULL, err);
    if (status != EMIT_OK) return status;
    if (search.count == 0) return none_to_compare(outbox, asked, err);
    if (!search.exact && !search.is_base && search.mixed)
        return emit_fail(err, EMIT_INVALID,
                         "several runs begin with '%.100s', such as %.127s; write more of it",
                         asked, search.first);
    if (search.count > RUNS_MAX) search.count = RUNS_MAX;
    status = emit_group_init(&side->group, search.count, err);
    if (status != EMIT_OK) return status;
    // One run by its id, or all of one repetition.
    bool group =
        !search.exact && (search.is_base || (search.base > 0 && strlen(asked) <= search.base));
    if (group && search.is_base)
        (void)emit_text_format(side->name, sizeof side->name, "%s-", asked);
    else
        (void)emit_text_format(side->name, sizeof side->name, "%.*s",
                               (int)(group ? search.base + 1 : sizeof side->name),
                               search.exact ? asked : search.first);
    struct taking taking = {.side = side, .prefix = side->name, .whole = !group, .err = err};
    status = emit_outbox_visit(outbox, &query, take_entry, &taking, NULL, err);
    if (group) side->name[strlen(side->name) - 1] = '\0'; // the dash was for the search
    return status != EMIT_OK ? status : taking.status;
}

static enum emit_status read_file(const char *path, struct emit_side *side,
                                  struct emit_error *err) {
    FILE *file = fopen(path, "re");
    if (!file) return emit_fail_errno(err, errno, "cannot read %s", path);
    enum emit_status status = EMIT_OK;
    char *bytes = malloc(EMIT_REPORT_JSON_MAX + 1);
    if (!bytes) {
        status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
        goto done;
    }
    size_t length = fread(bytes, 1, EMIT_REPORT_JSON_MAX + 1, file);
    if (ferror(file)) {
        status = emit_fail_errno(err, errno, "cannot read %s", path);
    } else {
        struct emit_error why = {0};
        status = emit_group_init(&side->group, 1, err);
        if (status == EMIT_OK && take_document(side, bytes, length, &why) != EMIT_OK)
            status = emit_fail(err, EMIT_MALFORMED, "%s: %s", path, why.text);
    }
    if (status == EMIT_OK) memcpy(side->name, side->group.runs[0].run_id, sizeof side->name);
done:
    free(bytes);
    (void)fclose(file);
    return status;
}

// The store is opened when an operand is no file, and once.
static enum emit_status load(struct emit_side *side, const char *operand, struct emit_store *store,
                             const struct compare_values *values, struct emit_error *err) {
    size_t length = strlen(operand);
    bool is_file =
        strchr(operand, '/') || (length > 5 && strcmp(operand + length - 5, ".json") == 0);
    if (is_file) return read_file(operand, side, err);
    if (!store->outbox) {
        enum emit_status status =
            emit_command_look(store, &emit_command_compare, values->outbox, err);
        if (status != EMIT_OK) return status;
    }
    return find_runs(store->outbox, operand, side, err);
}

static enum emit_status print_json(const struct emit_comparison *comparison,
                                   struct emit_error *err) {
    struct emit_text text;
    char *bytes = malloc(DOCUMENT_MAX);
    if (!bytes) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    emit_text_init(&text, bytes, DOCUMENT_MAX);
    enum emit_status status = emit_comparison_write_json(&text, comparison, err);
    if (status == EMIT_OK) puts(bytes);
    free(bytes);
    return status;
}

static int exit_status_of(const struct emit_comparison *comparison) {
    switch (comparison->sum.verdict) {
    case EMIT_VERDICT_MORE: return EXIT_NEGATIVE;
    case EMIT_VERDICT_UNCOMPARED:
    case EMIT_VERDICT_NONE: return EXIT_PARTIAL;
    case EMIT_VERDICT_WITHIN:
    case EMIT_VERDICT_LESS: break;
    }
    return EXIT_OK;
}

static int compare(struct emit_side *sides, const struct compare_values *values) {
    struct emit_error err;
    struct emit_comparison comparison = {
        .rows = calloc(EMIT_COMPARISON_ROWS_MAX, sizeof *comparison.rows)};
    if (!comparison.rows) return emit_complain(&emit_command_compare, EXIT_USAGE, "out of memory");
    emit_group_sort(&sides[0].group);
    emit_group_sort(&sides[1].group);
    emit_compare(&comparison, &sides[0], &sides[1]);
    int exit_status = exit_status_of(&comparison);
    if (!values->json)
        emit_comparison_print(stdout, &comparison, values->all);
    else if (print_json(&comparison, &err) != EMIT_OK)
        exit_status = emit_complain(&emit_command_compare, EXIT_USAGE, "%s", err.text);
    if (fflush(stdout) != 0 || ferror(stdout))
        exit_status =
            emit_complain(&emit_command_compare, EXIT_USAGE, "cannot write to standard output");
    free(comparison.rows);
    return exit_status;
}

static int run(const void *values_of_options, int operand_count, char **operands) {
    const struct compare_values *values = values_of_options;
    if (operand_count != 2 || !operands[0][0] || !operands[1][0])
        return emit_complain(&emit_command_compare, EXIT_USAGE,
                             "name two runs: emit compare A B (emit runs lists them)");
    struct emit_error err;
    struct emit_store store = {0};
    struct emit_side *sides = calloc(2, sizeof *sides);
    if (!sides) return emit_complain(&emit_command_compare, EXIT_USAGE, "out of memory");
    enum emit_status status = load(&sides[0], operands[0], &store, values, &err);
    if (status == EMIT_OK) status = load(&sides[1], operands[1], &store, values, &err);
    int exit_status = status == EMIT_OK
                          ? compare(sides, values)
                          : emit_complain(&emit_command_compare, EXIT_USAGE, "%s", err.text);
    emit_group_clear(&sides[0].group);
    emit_group_clear(&sides[1].group);
    free(sides);
    emit_store_close(&store);
    return exit_status;
}

const struct emit_command emit_command_compare = {
    .name = "compare",
    .summary = "show two runs side by side, and judge the difference",
    .operands = "A B",
    .text =
        "A and B are runs of the store, by id or as much of its beginning as no other run shares; "
        "what the runs of one emit run --repeat have in common names all of them, and then means "
        "are compared. A word with '/' in it, or that ends in .json, is a file as emit run "
        "--report "
        "writes it.\n\n"
        "Printed are time, the joules of each device, their sum and its mean watts, B minus A, and "
        "± what both leave open: of one run what the edges of its window leave open, of a group "
        "the larger of that and two standard errors (2 sigma / sqrt(n)); both sides are added. A "
        "difference within it is no finding. Devices are the same by their id, on different nodes "
        "by kind and index. What was measured in part is not compared, nor are sums of different "
        "devices, nor a simulated run with a real one.",
    .example = "emit compare run_01JD9Z6Q3K7V run_01JD9ZB8M2N4",
    .more_examples = "# did the change make it better, beyond noise?\n"
                     "emit run --repeat 10 --run-id old -- ./bench.old\n"
                     "emit run --repeat 10 --run-id new -- ./bench.new\n"
                     "emit compare old new",
    .exits = "0 B used no more than A, as far as can be claimed; 1 B used more, beyond what is "
             "uncertain; 2 wrong usage, no such run, or it could not be read; 3 the sums cannot be "
             "compared.",
    .options = options,
    .values_size = sizeof(struct compare_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
