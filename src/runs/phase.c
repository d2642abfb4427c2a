// A guest of a run: begins and ends phases in their files.
// SPDX-License-Identifier: Apache-2.0
#include "runs/phase.h"

#include "base/text.h"
#include "runs/phase_edge.h"
#include "runs/phase_file.h"
#include "runs/phase_settle.h"
#include "runs/result.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct emit_phases {
    pthread_mutex_t lock; // all below: one edge at a time
    struct emit_run_file run;
    struct emit_edge edge;
    size_t file_count;
    struct emit_phase_file files[EMIT_PHASES_MAX]; // those that this guest has opened
    struct emit_phase_snapshot now;                // of the phase at hand
    struct emit_slot slots[EMIT_POINTS_MAX];       // of its part, for the teller
    struct emit_outcome outcomes[EMIT_POINTS_MAX];
    struct emit_slot run_slots[EMIT_POINTS_MAX]; // of the run so far, where it has to be asked
    struct emit_outcome run_outcomes[EMIT_POINTS_MAX];
};

enum emit_status emit_phase_check_name(const char *name, struct emit_error *err) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t length = strlen(name), others = 3;
    bool good = length > 0 && length < EMIT_PHASE_NAME_MAX && strspn(name, letters) == length &&
                !memchr(letters + sizeof letters - 1 - others, name[0], others);
    if (!good)
        return emit_fail(err, EMIT_INVALID,
                         "'%.80s' is no phase: 1 to %d lower-case letters, digits, '_', '.' and "
                         "'-', a letter or digit first",
                         name, EMIT_PHASE_NAME_MAX - 1);
    if (strcmp(name, "total") == 0)
        return emit_fail(err, EMIT_INVALID, "'total' is the whole run: name the phase otherwise");
    return EMIT_OK;
}

enum emit_status emit_phases_open(struct emit_phases **phases, struct emit_host *host,
                                  const struct emit_phases_plan *plan, struct emit_error *err) {
    struct emit_phases *opened = calloc(1, sizeof *opened);
    if (!opened) return emit_fail(err, EMIT_NO_MEMORY, "no memory for the phases of a run");
    pthread_mutex_init(&opened->lock, NULL);
    const struct emit_run_places places = {plan->directory, plan->meeting};
    enum emit_status status = emit_run_elsewhere_visit(&opened->run, &places, plan->run_id, err);
    if (!status) status = emit_edge_open(&opened->edge, host, opened->run.image, plan, err);
    if (status) {
        emit_phases_close(opened);
        return status;
    }
    *phases = opened;
    return EMIT_OK;
}

void emit_phases_close(struct emit_phases *phases) {
    if (!phases) return;
    emit_edge_close(&phases->edge);
    for (size_t i = 0; i < phases->file_count; i++)
        emit_phase_file_close(&phases->files[i]);
    emit_run_file_close(&phases->run);
    pthread_mutex_destroy(&phases->lock);
    free(phases);
}

// The phase's file, opened once; `make`: created.
static enum emit_status find(struct emit_phases *phases, const char *name, bool make,
                             struct emit_phase_file **file, struct emit_error *err) {
    for (size_t i = 0; i < phases->file_count; i++) {
        *file = &phases->files[i];
        if (strcmp((*file)->name, name) == 0) return EMIT_OK;
    }
    enum emit_status status = emit_phase_check_name(name, err);
    if (status) return status;
    *file = &phases->files[phases->file_count];
    status = emit_phase_file_open(*file, &phases->run, name, make,
                                  emit_run_image_count(phases->run.image), err);
    if (status == EMIT_ABSENT && !make)
        return emit_fail(err, EMIT_INVALID, "phase '%s' was not begun", name);
    if (!status) phases->file_count++;
    return status;
}

// Locks the phase's file and reads how it stands.
static enum emit_status enter(struct emit_phases *phases, struct emit_phase_file *file,
                              struct emit_error *err) {
    if (!emit_phase_file_lock(file))
        return emit_fail(err, EMIT_TIMEOUT, "another process holds phase '%s'", file->name);
    enum emit_status status = EMIT_OK;
    if (atomic_load(&phases->run.image->closed))
        status = emit_fail(err, EMIT_ABSENT, "the run of phase '%s' is over", file->name);
    else if (!emit_phase_file_read(file, &phases->now.state) ||
             phases->now.state.count > emit_run_image_count(phases->run.image))
        status = emit_fail(err, EMIT_CORRUPT, "the file of phase '%s' is damaged", file->name);
    if (status) emit_phase_file_unlock(file);
    return status;
}

static enum emit_status begin_part(struct emit_phases *phases, struct emit_phase_file *file,
                                   bool align, struct emit_error *err) {
    struct emit_phase_state *state = &phases->now.state;
    int64_t from_ns, to_ns;
    if (!emit_edge_take(&phases->edge, phases->run.image, align, &from_ns, &to_ns))
        return emit_fail(err, EMIT_CORRUPT, "the counts of the run are damaged");
    size_t count = phases->edge.run.sweep.count;
    int failed = emit_phase_file_grow(file, count);
    if (failed)
        return emit_fail_errno(err, failed, "cannot extend the file of phase '%s'", file->name);
    memcpy(phases->now.begun, phases->edge.run.tallies, count * sizeof phases->now.begun[0]);
    state->count = count;
    emit_phase_image_put_begun(file->image, &phases->now);
    state->begun_ns = to_ns;
    if (!state->parts) state->from_ns = to_ns;
    return EMIT_OK;
}

enum emit_status emit_phase_prepare(struct emit_phases *phases, const char *name,
                                    struct emit_error *err) {
    struct emit_phase_file *file;
    pthread_mutex_lock(&phases->lock);
    enum emit_status status = find(phases, name, true, &file, err);
    pthread_mutex_unlock(&phases->lock);
    return status;
}

enum emit_status emit_phase_begin(struct emit_phases *phases, const char *name, unsigned flags,
                                  struct emit_error *err) {
    struct emit_phase_file *file;
    pthread_mutex_lock(&phases->lock);
    enum emit_status status = find(phases, name, true, &file, err);
    if (!status) status = enter(phases, file, err);
    if (!status) {
        if (phases->now.state.depth == 0)
            status = begin_part(phases, file, flags & EMIT_PHASE_ALIGN, err);
        phases->now.state.depth++;
        if (!status) emit_phase_image_write(file->image, &phases->now.state);
        emit_phase_file_unlock(file);
    }
    pthread_mutex_unlock(&phases->lock);
    return status;
}

// Whether two dies are one counter is known from the run so far, not from a part of it.
static void exclude_mirrors(struct emit_phases *phases, const struct emit_window *window) {
    bool has_dies = false;
    for (size_t i = 0; i < phases->now.state.count; i++)
        has_dies |= phases->slots[i].point.traits & EMIT_TRAIT_DIE;
    if (!has_dies) return;
    for (size_t i = 0; i < phases->now.state.count; i++) {
        phases->run_slots[i] =
            (struct emit_slot){phases->slots[i].point, phases->edge.run.tallies[i], 0};
        phases->slots[i].point.traits &= ~(uint32_t)EMIT_TRAIT_DIE;
    }
    emit_settle(phases->run_slots, phases->now.state.count, window, phases->run_outcomes);
}

static void tell_part(struct emit_phases *phases, const struct emit_span *span,
                      emit_phase_teller *tell, void *owner) {
    const struct emit_run_image *image = phases->run.image;
    size_t count = phases->now.state.count;
    const struct emit_window window = {
        .from_ns = span->from_ns,
        .to_ns = span->to_ns,
        .pace_ns = phases->edge.run.sweep.pace_ns,
        .floor_ns = emit_run_floor_ns(&image->header),
        .all_domains = image->header.all_domains,
    };
    for (size_t i = 0; i < count; i++) {
        phases->slots[i].point = emit_run_image_point(image, i);
        phases->slots[i].concurrent_runs = emit_run_image_shared(image, i);
        phases->run_outcomes[i].kind = EMIT_OUTCOME_MEASURED;
    }
    exclude_mirrors(phases, &window);
    emit_settle(phases->slots, count, &window, phases->outcomes);
    for (size_t i = 0; i < count; i++)
        if (phases->run_outcomes[i].kind == EMIT_OUTCOME_EXCLUDED)
            phases->outcomes[i] = phases->run_outcomes[i];
    tell(owner, phases->slots, phases->outcomes, count, span->to_ns - span->from_ns);
}

static enum emit_status end_part(struct emit_phases *phases, struct emit_phase_file *file,
                                 bool align, emit_phase_teller *tell, void *owner,
                                 struct emit_error *err) {
    struct emit_phase_state *state = &phases->now.state;
    int64_t from_ns, to_ns;
    if (!emit_edge_take(&phases->edge, phases->run.image, align, &from_ns, &to_ns))
        return emit_fail(err, EMIT_CORRUPT, "the counts of the run are damaged");
    if (!emit_phase_image_read_tallies(file->image, &phases->now))
        return emit_fail(err, EMIT_CORRUPT, "the file of phase '%s' is damaged", file->name);
    emit_phase_end_part(&phases->now, phases->run.image, phases->edge.run.tallies, from_ns,
                        tell ? phases->slots : NULL);
    emit_phase_image_put_sum(file->image, &phases->now);
    const struct emit_span span = {.from_ns = state->begun_ns, .to_ns = state->ended_ns};
    if (tell) tell_part(phases, &span, tell, owner);
    return EMIT_OK;
}

enum emit_status emit_phase_end(struct emit_phases *phases, const char *name, unsigned flags,
                                emit_phase_teller *tell, void *owner, struct emit_error *err) {
    struct emit_phase_file *file;
    pthread_mutex_lock(&phases->lock);
    enum emit_status status = find(phases, name, false, &file, err);
    if (!status) status = enter(phases, file, err);
    if (!status) {
        if (phases->now.state.depth == 0)
            status = emit_fail(err, EMIT_INVALID, "phase '%s' was not begun", name);
        else if (phases->now.state.depth == 1)
            status = end_part(phases, file, flags & EMIT_PHASE_ALIGN, tell, owner, err);
        if (!status) {
            phases->now.state.depth--;
            emit_phase_image_write(file->image, &phases->now.state);
        }
        emit_phase_file_unlock(file);
    }
    pthread_mutex_unlock(&phases->lock);
    return status;
}

size_t emit_phases_readable(struct emit_phases *phases) {
    int64_t from_ns, to_ns;
    size_t readable = 0;
    pthread_mutex_lock(&phases->lock);
    if (emit_edge_take(&phases->edge, phases->run.image, false, &from_ns, &to_ns))
        for (size_t i = 0; i < phases->edge.run.sweep.count; i++)
            readable += phases->edge.run.tallies[i].samples &&
                        !phases->edge.run.tallies[i].failed &&
                        !emit_run_image_point(phases->run.image, i).found;
    pthread_mutex_unlock(&phases->lock);
    return readable;
}
