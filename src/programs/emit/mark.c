// emit mark: begins and ends a phase of the run it is called in.
// SPDX-License-Identifier: Apache-2.0
#include "agent/guest.h"
#include "agent/place.h"
#include "programs/emit/child.h"
#include "programs/emit/command.h"
#include "programs/emit/meter_options.h"
#include "programs/emit/privilege.h"
#include "runs/phase.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

struct mark_values {
    bool end;
    bool align;
    const char *run_id;
    const char *outbox_path;
    struct meter_options meter;
};

#define AT(member) offsetof(struct mark_values, member)

static const struct emit_option options[] = {
    {.name = "end",
     .type = EMIT_OPTION_FLAG,
     .help = "end the phase; without it: begin it",
     .offset = AT(end)},
    {.name = "align",
     .type = EMIT_OPTION_FLAG,
     .help = "wait until the counters have moved, at most two update periods",
     .text = "An edge lies anywhere between two updates of a counter, and what it has not shown "
             "yet is uncertain: 1 ms for a CPU, up to 100 ms for a GPU. With this option the edge "
             "is put where the counters are fresh. The time stands in the phase.",
     .offset = AT(align)},
    {.name = "run-id",
     .type = EMIT_OPTION_TEXT,
     .argument = "ID",
     .environment = "EMIT_RUN_ID",
     .help = "the run; needed after emit begin",
     .text = "emit run sets the variable for its command. After emit begin it is the id given "
             "there, here or in the variable.",
     .offset = AT(run_id)},
    EMIT_PLACE_OPTION(struct mark_values, outbox_path),
    METER_OPTION_ROWS(struct mark_values, meter),
    METER_OVERRIDE_ROWS(struct mark_values, meter),
    {0},
};

extern const struct emit_command emit_command_mark;

// Where the run's own emit keeps its file, if it told us; else beside the store.
static enum emit_status open_phases(struct emit_phases **phases, struct emit_host *host,
                                    const struct mark_values *values, bool *left_behind,
                                    struct emit_error *err) {
    static struct emit_place place; // paths of 4 KiB each
    const char *folder = getenv(EMIT_RUN_FOLDER_VARIABLE);
    struct emit_phases_plan plan = {
        .directory = folder,
        .run_id = values->run_id,
        .meters = emit_meter_types,
        .of_run_only = true,
    };
    enum emit_status status = meter_options_settle(&plan.settings, &values->meter, err);
    if (status != EMIT_OK) return status;
    status = folder ? emit_guest_open(phases, host, &plan, EMIT_GUEST_WAIT_NS, left_behind, err)
                    : EMIT_ABSENT;
    if (status != EMIT_ABSENT) return status;
    status = emit_place_find(&place, values->outbox_path, err);
    plan.directory = place.runs;
    plan.meeting = place.meeting[0] ? place.meeting : NULL;
    if (status == EMIT_OK)
        status = emit_guest_open(phases, host, &plan, EMIT_GUEST_WAIT_NS, left_behind, err);
    if (status == EMIT_ABSENT && emit_run_is_shown(emit_place_node_runs(), values->run_id))
        return emit_fail(err, EMIT_DENIED, "run %s is metered by root, who alone can mark it",
                         values->run_id);
    return status;
}

static enum emit_status mark(const struct mark_values *values, const char *phase,
                             struct emit_host *host, bool *left_behind, struct emit_error *err) {
    struct emit_phases *phases = NULL;
    enum emit_status status = open_phases(&phases, host, values, left_behind, err);
    unsigned flags = values->align ? EMIT_PHASE_ALIGN : 0;
    if (status == EMIT_OK)
        status = values->end ? emit_phase_end(phases, phase, flags, NULL, NULL, err)
                             : emit_phase_begin(phases, phase, flags, err);
    emit_phases_close(phases);
    return status;
}

static int run(const void *values_of_options, int operand_count, char **operands) {
    const struct mark_values *values = values_of_options;
    struct emit_error err;
    struct emit_host host;
    if (operand_count != 1)
        return emit_complain(&emit_command_mark, EXIT_USAGE,
                             "name one phase: emit mark [--end] PHASE");
    if (emit_phase_check_name(operands[0], &err) != EMIT_OK)
        return emit_complain(&emit_command_mark, EXIT_USAGE, "%s", err.text);
    if (!values->run_id || !values->run_id[0])
        return emit_complain(&emit_command_mark, EXIT_USAGE,
                             "no run is named: emit run sets EMIT_RUN_ID for its command; after "
                             "emit begin write --run-id ID, as given there");
    enum emit_status status = emit_privilege_host_open(&host, values->meter.sysfs_root, &err);
    bool left_behind = false;
    if (status == EMIT_OK) {
        status = mark(values, operands[0], &host, &left_behind, &err);
        if (!left_behind) emit_host_close(&host);
    }
    int exit_status =
        status != EMIT_OK ? emit_complain(&emit_command_mark, EXIT_USAGE, "%s", err.text) : EXIT_OK;
    if (left_behind) _exit(exit_status); // a thread still uses what an orderly end would free
    return exit_status;
}

const struct emit_command emit_command_mark = {
    .name = "mark",
    .summary = "begin or end a phase of the run it is called in",
    .operands = "PHASE",
    .text =
        "Names a part of a run from inside it: what the command of emit run calls between "
        "emit mark PHASE and emit mark --end PHASE gets events of its own, with the phase's "
        "name, beside those of the whole run.\n\n"
        "A phase that is begun again adds up: its time and energy are those of all its parts. "
        "Begun by several processes at once it lasts from the first begin to the last end. "
        "Phases may nest and overlap, so their sum is no total. A phase that nobody ended "
        "ends with the run, and the report says so. A run has at most 64 of them.\n\n"
        "Each edge is a reading of its own, with the caller's rights: a device that this user "
        "may not read has no energy in the phase, and says denied; nor has one whose meter does "
        "not answer within 2 seconds, which says timeout. emit mark prints nothing, "
        "and opens no store. A program that has phases every few milliseconds uses libemit "
        "(emit/session.h) instead.",
    .example = "emit run -- sh -c 'emit mark load; sleep 1; emit mark --end load'",
    .more_examples = "# in a run that emit begin began\n"
                     "emit begin --run-id job-42\n"
                     "emit mark --run-id job-42 copy\ncp -r data /scratch\n"
                     "emit mark --run-id job-42 --end copy",
    .exits = "0 done; 2 wrong usage, no such run, or the edge could not be written.",
    .options = options,
    .values_size = sizeof(struct mark_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
