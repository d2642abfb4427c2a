// From the files of a run's phases to what became of each point in each of them.
// SPDX-License-Identifier: Apache-2.0
#include "runs/phase_settle.h"

#include "base/text.h"
#include "runs/phase_file.h"
#include "runs/result.h"

#include <stdlib.h>
#include <string.h>

void emit_phase_end_part(struct emit_phase_snapshot *phase, const struct emit_run_image *image,
                         const struct emit_tally *ends, int64_t ended_ns, struct emit_slot *parts) {
    struct emit_phase_state *state = &phase->state;
    if (ended_ns < state->begun_ns) ended_ns = state->begun_ns;
    const struct emit_span span = {state->begun_ns, ended_ns, state->from_ns + state->lasted_ns};
    for (size_t i = 0; i < state->count; i++) {
        struct emit_tally part;
        emit_tally_between(&part, &image->slots[i].point, &phase->begun[i], &ends[i]);
        emit_tally_append(&phase->sum[i], &image->slots[i].point, &part, &span);
        if (parts) parts[i].tally = part;
    }
    state->ended_ns = ended_ns;
    state->lasted_ns += ended_ns - state->begun_ns;
    state->parts++;
}

// What the run leaves out the phase leaves out, for the same reason; and whether two
// dies are one counter is better known from the whole run.
static void settle_slots(struct emit_run_phase *phase, const struct emit_run_result *run,
                         const struct emit_window *window) {
    for (size_t i = 0; i < phase->count; i++)
        phase->slots[i].point.traits &= ~(uint32_t)EMIT_TRAIT_DIE;
    emit_settle(phase->slots, phase->count, window, phase->outcomes);
    for (size_t i = 0; i < phase->count; i++) {
        phase->slots[i].point = run->slots[i].point;
        if (run->outcomes[i].kind == EMIT_OUTCOME_EXCLUDED) phase->outcomes[i] = run->outcomes[i];
    }
}

static enum emit_status settle(struct emit_run_phase *phase, struct emit_phase_snapshot *stands,
                               const char *name, const struct emit_run_result *run,
                               const struct emit_run_image *image, struct emit_error *err) {
    struct emit_run_phase made = {.count = run->count, .is_open = stands->state.depth > 0};
    size_t room = made.count ? made.count : 1;
    struct emit_tally *ends = calloc(room, sizeof *ends);
    made.slots = calloc(room, sizeof *made.slots);
    made.outcomes = calloc(room, sizeof *made.outcomes);
    if (!ends || !made.slots || !made.outcomes) {
        free(ends);
        emit_run_phase_clear(&made);
        return emit_fail(err, EMIT_NO_MEMORY, "no memory to settle phase '%s'", name);
    }
    for (size_t i = 0; i < run->count; i++)
        ends[i] = run->slots[i].tally;
    if (made.is_open) emit_phase_end_part(stands, image, ends, run->end_ns, NULL);
    free(ends);
    (void)emit_text_format(made.name, sizeof made.name, "%s", name);
    const struct emit_phase_state *state = &stands->state;
    made.parts = state->parts;
    made.from_ns = state->from_ns;
    made.ended_ns = state->ended_ns;
    made.lasted_ns = state->lasted_ns;
    const struct emit_window window = {
        .from_ns = state->from_ns,
        .to_ns = state->from_ns + state->lasted_ns,
        .pace_ns = run->header.pace_ns,
        .floor_ns = emit_run_floor_ns(&run->header),
        .all_domains = run->header.all_domains,
        .killed = run->killed && made.is_open,
    };
    for (size_t i = 0; i < made.count; i++) {
        made.slots[i] = run->slots[i];
        made.slots[i].tally = (struct emit_tally){0};
        if (i < state->count) made.slots[i].tally = stands->sum[i];
    }
    settle_slots(&made, run, &window);
    *phase = made;
    return EMIT_OK;
}

// True: the phase was taken, or there is nothing in its file to take.
static enum emit_status take(struct emit_run_result *run, const struct emit_phase_file *file,
                             const struct emit_run_image *image, struct emit_phase_snapshot *stands,
                             struct emit_error *err) {
    if (file->bytes < emit_phase_image_bytes(0) || !emit_phase_image_is_begun(file->image))
        return EMIT_OK;
    char name[EMIT_PHASE_NAME_MAX];
    (void)emit_text_format(name, sizeof name, "%.*s", (int)sizeof file->image->name,
                           file->image->name);
    struct emit_error why;
    if (file->image->opened_ns != image->opened_ns || emit_phase_check_name(name, &why) ||
        !emit_phase_image_read_all(file->image, file->bytes, stands) ||
        stands->state.count > run->count) {
        run->phases_damaged++;
        return EMIT_OK;
    }
    if (!stands->state.depth && !stands->state.parts) return EMIT_OK; // prepared, never begun
    enum emit_status status = settle(&run->phases[run->phase_count], stands, name, run, image, err);
    if (!status) run->phase_count++;
    return status;
}

enum emit_status emit_phases_settle(struct emit_run_result *run, const struct emit_run_file *file,
                                    struct emit_error *err) {
    struct emit_phase_file phase;
    struct emit_error none;
    if (file->directory < 0 || emit_phase_file_open_at(&phase, file, 0, &none)) return EMIT_OK;
    struct emit_phase_snapshot *stands = calloc(1, sizeof *stands);
    run->phases = calloc(EMIT_PHASES_MAX, sizeof *run->phases);
    enum emit_status status = EMIT_OK;
    if (!stands || !run->phases) {
        emit_phase_file_close(&phase);
        status = emit_fail(err, EMIT_NO_MEMORY, "no memory to settle the phases of run %s",
                           run->header.run_id);
    }
    for (unsigned index = 1; !status; index++) {
        // Not locked: a guest that is at it still sees that the run is over, and is late.
        status = take(run, &phase, file->image, stands, err);
        emit_phase_file_close(&phase);
        if (status || emit_phase_file_open_at(&phase, file, index, &none)) break;
    }
    free(stands);
    return status;
}

void emit_run_phase_clear(struct emit_run_phase *phase) {
    free(phase->slots);
    free(phase->outcomes);
    *phase = (struct emit_run_phase){0};
}
