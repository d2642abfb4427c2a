// Meters and store round the command that is metered.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run.h"

#include "base/text.h"
#include "programs/emit/privilege.h"
#include "programs/emit/run_demand.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void run_note(struct run *run, const char *format, ...) {
    if (run->note_count == RUN_NOTES_MAX) return;
    va_list arguments;
    va_start(arguments, format);
    char *note = run->notes[run->note_count++];
    if (vsnprintf(note, sizeof run->notes[0], format, arguments) < 0) note[0] = '\0';
    va_end(arguments);
}

// What --require-measured can know before the command starts.
static enum emit_status check_demand(struct run *run, struct emit_error *err) {
    struct emit_slot *slots = calloc(EMIT_POINTS_MAX, sizeof *slots);
    struct emit_outcome *outcomes = calloc(EMIT_POINTS_MAX, sizeof *outcomes);
    enum emit_status status;
    if (slots && outcomes) {
        size_t count = emit_sampler_peek(run->sampler, slots, EMIT_POINTS_MAX);
        emit_settle_found(slots, count, run->plan.all_domains, outcomes);
        status = run_demand_check(slots, outcomes, count, err);
    } else {
        status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    }
    free(outcomes);
    free(slots);
    return status;
}

size_t run_meter_count(struct run *run) {
    struct emit_slot *slots = calloc(EMIT_POINTS_MAX, sizeof *slots);
    struct emit_outcome *outcomes = calloc(EMIT_POINTS_MAX, sizeof *outcomes);
    size_t count = 0, readable = 0;
    if (slots && outcomes && run->sampler) {
        count = emit_sampler_peek(run->sampler, slots, EMIT_POINTS_MAX);
        emit_settle_found(slots, count, run->plan.all_domains, outcomes);
    }
    for (size_t i = 0; i < count; i++)
        readable += outcomes[i].kind == EMIT_OUTCOME_MEASURED;
    free(outcomes);
    free(slots);
    return readable;
}

// A new id goes on nowhere, and at home its file lies where others look.
static const char *meeting_of(const struct run *run) {
    const char *id = run->options->run_id;
    if (!run->has_place || !run->place.meeting[0]) return NULL;
    bool is_home = strcmp(run->place.runs, run->place.meeting) == 0;
    return is_home && !(id && *id) ? NULL : run->place.meeting;
}

static struct emit_sampler_plan plan_sampler(struct run *run) {
    return (struct emit_sampler_plan){
        .run =
            {
                .directory = run->has_place ? run->place.runs : NULL,
                .meeting = meeting_of(run),
                .run_id = run->plan.run_id,
                .workspace_id = run->plan.workspace_id,
                .command = run->plan.command,
                .meters = run->plan.meters,
                .settings = run->plan.settings,
                .pace_ns = run->plan.pace_ns,
                .floor_ns = run->host.borrowed_right ? EMIT_BORROWED_FLOOR_NS : 0,
                .all_domains = run->plan.all_domains,
                // Who holds the run leaves that to who ends it.
                .store_wanted = !run->options->no_outbox && !run->holds,
                .hold = run->holds,
                .node_directory = emit_place_node_runs(),
                // Other users' ranks of the job shall know that it is metered.
                .show = run->holds && geteuid() == 0,
            },
        .host = &run->host,
        // The rest is for the first sample of what has answered by then.
        .answer_ns = run->options->start_timeout_ns / 10 * 9,
        .sampled = run->trace.file ? run_trace_sampled : NULL,
        .owner = &run->trace,
    };
}

enum emit_status run_meter_start(struct run *run, struct emit_error *err) {
    if (!run->plan.meters[0] && run->options->require_measured)
        return emit_fail(err, EMIT_REFUSED,
                         "--require-measured: there is no meter to measure with");
    if (!run->plan.meters[0]) return EMIT_OK;
    struct emit_error *why = &run->why;
    run->has_place = emit_place_find(&run->place, run->options->outbox_path, why) == EMIT_OK;
    if (!run->has_place) run_note(run, "%s", why->text);
    const struct emit_sampler_plan plan = plan_sampler(run);
    // Who demands a measurement waits for the tick that may begin one, too.
    int64_t wait_ns = run->options->start_timeout_ns;
    if (run->options->require_measured &&
        __builtin_add_overflow(wait_ns, plan.run.floor_ns, &wait_ns))
        wait_ns = INT64_MAX;
    enum emit_status status = emit_sampler_start(&run->sampler, &plan, why);
    if (status == EMIT_OK) status = emit_sampler_wait_first(run->sampler, wait_ns, why);
    if (run->options->require_measured) {
        if (status != EMIT_OK) return emit_fail(err, status, "--require-measured: %s", why->text);
        const char *silent = emit_sampler_silent(run->sampler);
        if (silent)
            return emit_fail(err, EMIT_TIMEOUT,
                             "--require-measured: %s has not answered; --start-timeout 5s waits "
                             "longer",
                             silent);
        return check_demand(run, err);
    }
    if (status != EMIT_OK && status != EMIT_TIMEOUT) {
        run_note(run, "nothing is metered: %s", why->text);
        emit_sampler_abandon(run->sampler, &run->left_behind);
        run->sampler = NULL;
    }
    return EMIT_OK;
}

static void open_store(void *owner) {
    struct run *run = owner;
    const struct emit_store_options options = {
        .outbox_path = run->place.outbox,
        .runs_directory = run->place.runs,
    };
    // A host of its own: the run's belongs to the sampler's thread.
    struct emit_host host;
    run->store_status = emit_host_open(&host, NULL, &run->store_error);
    if (run->store_status != EMIT_OK) return;
    run->store_status = emit_store_open(&run->store, &host, &options, &run->store_error);
    emit_host_close(&host);
}

void run_store_start(struct run *run) {
    run->store_wanted = run->has_place && !run->options->no_outbox;
    if (run->store_wanted) emit_task_start(&run->store_task, open_store, run);
}

void run_store_put_off(struct run *run) {
    run->store_wanted = run->has_place && !run->options->no_outbox;
    if (run->store_wanted) emit_task_put_off(&run->store_task, open_store, run);
}

void run_meter_abandon(struct run *run) {
    emit_sampler_abandon(run->sampler, &run->left_behind);
    run->sampler = NULL;
}
