// An emit run inside another one is a phase of it, named after its command: the outer
// run meters, reports and stores; the inner one tells what its command drew.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run.h"

#include "agent/guest.h"

#include <stdlib.h>
#include <string.h>

// What the inner run remembers until it is told.
struct run_nested {
    struct emit_phases *phases; // of the outer run
    char name[EMIT_PHASE_NAME_MAX];
    bool is_ended, is_told;
    struct emit_run_result result; // of the phase
    struct emit_slot slots[EMIT_POINTS_MAX];
    struct emit_outcome outcomes[EMIT_POINTS_MAX];
};

// "/usr/bin/Make" -> "make": what of it a phase's name can hold.
static void name_after(char name[EMIT_PHASE_NAME_MAX], const char *command) {
    const char *slash = strrchr(command, '/');
    size_t length = 0;
    for (const char *at = slash ? slash + 1 : command; *at && length + 1 < EMIT_PHASE_NAME_MAX;
         at++) {
        char letter = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
        bool plain = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
        if (plain || (length > 0 && strchr("_.-", letter)))
            name[length++] = letter;
        else if (length > 0)
            name[length++] = '-';
    }
    name[length] = '\0';
    if (length == 0 || strcmp(name, "total") == 0) memcpy(name, "command", sizeof "command");
}

// The run we were started in, by its own emit; NULL: by somebody else, or for a run of
// another name.
static const char *outer_folder(const struct run *run) {
    const char *folder = getenv(EMIT_RUN_FOLDER_VARIABLE), *run_id = getenv("EMIT_RUN_ID");
    bool same = folder && run_id && strcmp(run_id, run->plan.run_id) == 0;
    return same && run->plan.meters[0] ? folder : NULL;
}

static void note_failure(struct run *run, const char *name, const struct emit_error *err) {
    run_note(run, "no phase '%s' in the outer run: %.150s", name, err->text);
}

enum emit_status run_nested_begin(struct run *run, struct emit_error *err) {
    struct emit_error why;
    const char *folder = outer_folder(run), *name = run->options->phase;
    if (name && !folder)
        return emit_fail(err, EMIT_INVALID,
                         "--phase names a part of an outer emit run: there is none");
    if (name && emit_phase_check_name(name, err)) return EMIT_INVALID;
    if (!folder) return EMIT_OK;
    struct run_nested *nested = calloc(1, sizeof *nested);
    if (!nested) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    if (name)
        memcpy(nested->name, name, strlen(name) + 1);
    else
        name_after(nested->name, run->name);
    // An outer run that is a rank may have joined one of another folder.
    bool has_place = emit_place_find(&run->place, run->options->outbox_path, &why) == EMIT_OK;
    const struct emit_phases_plan plan = {
        .directory = folder,
        .meeting = has_place && run->place.meeting[0] ? run->place.meeting : NULL,
        .run_id = run->plan.run_id,
        .meters = run->plan.meters,
        .settings = run->plan.settings,
    };
    enum emit_status status =
        emit_guest_open(&nested->phases, &run->host, &plan, run->options->start_timeout_ns / 10 * 9,
                        &run->left_behind, &why);
    if (status == EMIT_ABSENT) { // it is over: ours is a run of its own
        free(nested);
        return EMIT_OK;
    }
    run->nested = nested;
    if (!status) status = emit_phase_begin(nested->phases, nested->name, 0, &why);
    if (status) {
        note_failure(run, nested->name, &why);
        emit_phases_close(nested->phases);
        nested->phases = NULL;
    }
    return EMIT_OK;
}

static void take(void *owner, const struct emit_slot *slots, const struct emit_outcome *outcomes,
                 size_t count, int64_t lasted_ns) {
    struct run_nested *nested = owner;
    (void)lasted_ns;
    nested->is_told = true;
    nested->result.count = count;
    memcpy(nested->slots, slots, count * sizeof *slots);
    memcpy(nested->outcomes, outcomes, count * sizeof *outcomes);
}

// The part of the outer run as if it were a run: for the report alone.
static void fill_result(struct run *run, int64_t ended_ns) {
    struct emit_run_result *result = &run->nested->result;
    int64_t offset_ns = emit_host_wall_ns(&run->host) - emit_host_monotonic_ns(&run->host);
    memcpy(result->header.run_id, run->plan.run_id, sizeof result->header.run_id);
    memcpy(result->header.workspace_id, run->plan.workspace_id, sizeof result->header.workspace_id);
    emit_host_node_name(result->header.node_id, sizeof result->header.node_id);
    result->header.all_domains = run->plan.all_domains;
    result->header.start_ns = run->started_ns;
    result->header.start_wall_ns = run->started_ns + offset_ns;
    result->end_ns = ended_ns;
    result->end_wall_ns = ended_ns + offset_ns;
    result->slots = run->nested->slots;
    result->outcomes = run->nested->outcomes;
    for (size_t i = 0; i < result->count; i++)
        if (result->slots[i].concurrent_runs > result->concurrent_runs)
            result->concurrent_runs = result->slots[i].concurrent_runs;
}

int run_nested_conclude(struct run *run, int64_t ended_ns, int exit_status) {
    struct run_nested *nested = run->nested;
    struct emit_error err;
    nested->is_ended = true;
    if (nested->phases &&
        emit_phase_end(nested->phases, nested->name, 0, take, nested, &err) != EMIT_OK)
        note_failure(run, nested->name, &err);
    else if (nested->phases && !nested->is_told)
        run_note(run, "Phase %s goes on elsewhere: its energy stands in the outer run's report.",
                 nested->name);
    else if (nested->phases)
        run_note(run, "This is phase %s of the run, whose own emit stores it.", nested->name);
    if (run->output_file || run->trace.file)
        run_note(run,
                 "--output and --trace wrote nothing: events and samples are the outer run's.");
    fill_result(run, ended_ns);
    run_tell(run, &nested->result, ended_ns, exit_status);
    if (run->options->require_measured && nested->is_told)
        exit_status = run_settle_demand(run, &nested->result, exit_status);
    run_nested_abandon(run);
    return exit_status;
}

void run_nested_abandon(struct run *run) {
    struct emit_error none; // there is nobody left to tell
    if (!run->nested) return;
    if (run->nested->phases && !run->nested->is_ended)
        (void)!emit_phase_end(run->nested->phases, run->nested->name, 0, NULL, NULL, &none);
    emit_phases_close(run->nested->phases);
    free(run->nested);
    run->nested = NULL;
}
