// emit diagnostics: the caveats that are part of the proof, from the store.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/entry_text.h"
#include "agent/place.h"
#include "base/text.h"
#include "host/host.h"
#include "programs/emit/look.h"
#include "runs/run.h"

#include <stdio.h>
#include <string.h>

struct diagnostics_values {
    const char *outbox;
    const char *run;
    bool json;
};

static const struct emit_option options[] = {
    EMIT_PLACE_OPTION(struct diagnostics_values, outbox),
    {.name = "run",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .help = "only diagnostics of this run",
     .offset = offsetof(struct diagnostics_values, run)},
    {.name = "json",
     .type = EMIT_OPTION_FLAG,
     .help = "print the stored JSON lines",
     .offset = offsetof(struct diagnostics_values, json)},
    {0},
};

extern const struct emit_command emit_command_diagnostics;

struct printing {
    size_t count;
    char run_id[EMIT_RUN_ID_MAX]; // of the one before
    int64_t time_ns;
};

static bool print_json(void *owner, const struct emit_entry *entry) {
    struct printing *printing = owner;
    printing->count++;
    fwrite(entry->body, 1, entry->length, stdout);
    fputc('\n', stdout);
    return !ferror(stdout);
}

static bool print_text(void *owner, const struct emit_entry *entry) {
    struct printing *printing = owner;
    bool begins = printing->count++ == 0 || printing->time_ns != entry->time_ns ||
                  strcmp(printing->run_id, entry->run_id) != 0;
    emit_entry_print_diagnostic(stdout, entry, begins, emit_clock_wall_ns());
    (void)emit_text_format(printing->run_id, sizeof printing->run_id, "%s", entry->run_id);
    printing->time_ns = entry->time_ns;
    return !ferror(stdout);
}

static int complain(const struct emit_error *err) {
    return emit_complain(&emit_command_diagnostics,
                         err->status == EMIT_CORRUPT ? EXIT_NEGATIVE : EXIT_USAGE, "%s", err->text);
}

static int print_all(struct emit_outbox *outbox, const struct diagnostics_values *values) {
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_DIAGNOSTIC, .run_id = values->run};
    struct printing printing = {0};
    size_t damaged = 0;
    struct emit_error err;
    if (emit_outbox_visit(outbox, &query, values->json ? print_json : print_text, &printing,
                          &damaged, &err) != EMIT_OK)
        return complain(&err);
    if (fflush(stdout) != 0 || ferror(stdout))
        return emit_complain(&emit_command_diagnostics, EXIT_USAGE,
                             "cannot write to standard output");
    if (damaged == 0 && printing.count == 0 && values->run)
        return emit_complain(&emit_command_diagnostics, EXIT_OK,
                             "the store has none of a run '%s': emit runs lists the runs",
                             values->run);
    if (damaged == 0 && printing.count == 0)
        return emit_complain(&emit_command_diagnostics, EXIT_OK, "none in the store");
    if (damaged == 0) return EXIT_OK;
    return emit_complain(&emit_command_diagnostics, EXIT_PARTIAL,
                         "%zu damaged entries are not shown: emit outbox verify --repair", damaged);
}

static int run(const void *values_of_options, int operand_count, char **operands) {
    const struct diagnostics_values *values = values_of_options;
    struct emit_store store;
    struct emit_error err;
    if (operand_count > 0)
        return emit_complain(&emit_command_diagnostics, EXIT_USAGE,
                             "'%s' is too much: a run is named with --run", operands[0]);
    if (emit_command_look(&store, &emit_command_diagnostics, values->outbox, &err) != EMIT_OK)
        return complain(&err);
    int status = print_all(store.outbox, values);
    emit_store_close(&store);
    return status;
}

const struct emit_command emit_command_diagnostics = {
    .name = "diagnostics",
    .summary = "what was not measured, why, and what helps",
    .operands = "",
    .text = "Prints the diagnostics of all runs in the store, or of one: each missing, blocked or "
            "doubtful point with its reason and, where there is one, the line that helps. They are "
            "never events: no number is made up for what could not be read.",
    .example = "emit diagnostics",
    .exits = "0 done; 1 the store is damaged; 2 wrong usage, or no store could be read; 3 some "
             "entries were damaged and left out.",
    .options = options,
    .values_size = sizeof(struct diagnostics_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
