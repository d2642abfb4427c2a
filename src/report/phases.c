// The phases of a run in its report: each with its own sum, and what it lacks that the
// run has.
// SPDX-License-Identifier: Apache-2.0
#include "report/phases.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void emit_report_phase_clear(struct emit_report_phase *phase) {
    free(phase->slots);
    free(phase->outcomes);
    *phase = (struct emit_report_phase){0};
}

static enum emit_status copy_phase(struct emit_report_phase *to, const struct emit_run_phase *from,
                                   const struct emit_run_result *result, struct emit_error *err) {
    int64_t offset_ns = result->end_wall_ns - result->end_ns;
    size_t room = from->count ? from->count : 1;
    *to = (struct emit_report_phase){
        .parts = from->parts,
        .is_open = from->is_open,
        .from_ns = from->from_ns,
        .from_wall_ns = from->from_ns + offset_ns,
        .to_wall_ns = from->ended_ns + offset_ns,
        .lasted_ns = from->lasted_ns,
        .point_count = from->count,
        .slots = calloc(room, sizeof *to->slots),
        .outcomes = calloc(room, sizeof *to->outcomes),
    };
    memcpy(to->name, from->name, sizeof to->name);
    if (!to->slots || !to->outcomes)
        return emit_fail(err, EMIT_NO_MEMORY, "no memory for the report of phase '%s'", to->name);
    memcpy(to->slots, from->slots, from->count * sizeof *to->slots);
    memcpy(to->outcomes, from->outcomes, from->count * sizeof *to->outcomes);
    to->total_count = emit_report_sum(to->totals, to->slots, to->outcomes, to->point_count);
    return EMIT_OK;
}

// What the phase lacks although the run has it, in one sentence for all points of a code.
static enum emit_status diagnose_code(struct emit_report *report,
                                      const struct emit_report_phase *phase, enum emit_code code,
                                      struct emit_error *err) {
    size_t count = 0, first = 0;
    for (size_t i = phase->point_count; i-- > 0;) {
        const struct emit_outcome *ours = &phase->outcomes[i], *runs = &report->outcomes[i];
        if (ours->code != code || ours->kind <= runs->kind) continue;
        count++;
        first = i;
    }
    if (count == 0) return EMIT_OK;
    char message[240];
    const struct emit_point *point = &phase->slots[first].point;
    (void)emit_text_format(message, sizeof message, "phase %s: %s%s: %s", phase->name,
                           point->device_id, count > 1 ? " and others" : "",
                           emit_code_meaning(code));
    return emit_report_diagnose(report, point->meter, count > 1 ? "" : point->device_id, code,
                                message, emit_report_remedy(point->meter, code), err);
}

static void note_open(struct emit_report *report) {
    char names[160];
    struct emit_text text;
    size_t count = 0;
    emit_text_init(&text, names, sizeof names);
    for (size_t i = 0; i < report->phase_count; i++)
        if (report->phases[i].is_open)
            emit_text_add_format(&text, "%s%s", count++ ? ", " : "", report->phases[i].name);
    if (count == 1)
        emit_report_note(report, "Phase %s was not ended: it ends with the run.", names);
    if (count > 1)
        emit_report_note(report, "%zu phases were not ended, they end with the run: %s%s", count,
                         names, text.cut ? "..." : ".");
}

enum emit_status emit_report_add_phases(struct emit_report *report,
                                        const struct emit_run_result *result,
                                        struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    if (result->phases_damaged)
        emit_report_note(report, "%u phase%s lost: %s file made no sense.", result->phases_damaged,
                         result->phases_damaged > 1 ? "s are" : " is",
                         result->phases_damaged > 1 ? "their" : "its");
    if (result->phase_count == 0) return EMIT_OK;
    report->phases = calloc(result->phase_count, sizeof *report->phases);
    if (!report->phases) return emit_fail(err, EMIT_NO_MEMORY, "no memory for a report's phases");
    for (size_t i = 0; i < result->phase_count && status == EMIT_OK; i++) {
        struct emit_report_phase *phase = &report->phases[report->phase_count++];
        status = copy_phase(phase, &result->phases[i], result, err);
        for (int code = 1; status == EMIT_OK && code < EMIT_CODE_COUNT; code++)
            status = diagnose_code(report, phase, (enum emit_code)code, err);
    }
    note_open(report);
    return status;
}
