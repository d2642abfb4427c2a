// From a closed run to its report: points, and totals that say what they sum.
// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include "base/text.h"
#include "report/diagnose.h"
#include "report/phases.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void emit_report_clear(struct emit_report *report) {
    if (!report) return;
    free(report->slots);
    free(report->outcomes);
    free(report->diagnostics);
    for (size_t i = 0; i < report->phase_count; i++)
        emit_report_phase_clear(&report->phases[i]);
    free(report->phases);
    *report = (struct emit_report){0};
}

size_t emit_report_count(const struct emit_report *report, enum emit_outcome_kind kind) {
    size_t count = 0;
    for (size_t i = 0; i < report->point_count; i++)
        count += report->outcomes[i].kind == kind;
    return count;
}

void emit_report_note(struct emit_report *report, const char *format, ...) {
    if (report->note_count == EMIT_REPORT_NOTES_MAX) return;
    va_list arguments;
    va_start(arguments, format);
    char *note = report->notes[report->note_count++];
    if (vsnprintf(note, sizeof report->notes[0], format, arguments) < 0) note[0] = '\0';
    va_end(arguments);
}

enum emit_status emit_report_diagnose(struct emit_report *report, const char *meter,
                                      const char *point, enum emit_code code, const char *message,
                                      const char *remedy, struct emit_error *err) {
    // The array grows by doubling: its size is the power of two at or above the count.
    size_t count = report->diagnostic_count;
    if ((count & (count - 1)) == 0) {
        size_t size = count ? 2 * count : 1;
        struct emit_report_diagnostic *grown =
            reallocarray(report->diagnostics, size, sizeof *grown);
        if (!grown) return emit_fail(err, EMIT_NO_MEMORY, "no memory for a diagnostic");
        report->diagnostics = grown;
    }
    struct emit_report_diagnostic *added = &report->diagnostics[count];
    *added = (struct emit_report_diagnostic){.code = code};
    (void)emit_text_format(added->meter, sizeof added->meter, "%s", meter);
    (void)emit_text_format(added->point, sizeof added->point, "%s", point);
    (void)emit_text_format(added->message, sizeof added->message, "%s", message);
    if (remedy) (void)emit_text_format(added->remedy, sizeof added->remedy, "%s", remedy);
    report->diagnostic_count++;
    return EMIT_OK;
}

const char *emit_report_remedy(const char *meter, enum emit_code code) {
    for (const struct emit_meter_type *const *type = emit_meter_types; *type; type++)
        if (strcmp((*type)->name, meter) == 0)
            return (*type)->remedy ? (*type)->remedy(code) : NULL;
    return NULL;
}

size_t emit_report_sum(struct emit_report_total *total, const struct emit_slot *slots,
                       const struct emit_outcome *outcomes, size_t count) {
    struct emit_report_total summed = {0};
    struct emit_text what;
    emit_text_init(&what, summed.what, sizeof summed.what);
    for (int component = 0; component < EMIT_COMPONENT_COUNT; component++) {
        bool named = false;
        for (size_t i = 0; i < count; i++) {
            const struct emit_outcome *outcome = &outcomes[i];
            if (!outcome->counts_in_total || (int)slots[i].point.component != component) continue;
            if (!named)
                emit_text_add_format(&what, "%s%s", what.length ? " + " : "",
                                     emit_component_word((enum emit_component)component));
            named = true;
            summed.joules += outcome->joules;
            summed.uncertainty_joules += outcome->uncertainty_joules;
            // Each over its own window: with whole seconds only (design 4.11) that is
            // longer than the run, and the run's own length would make watts too many.
            summed.mean_watts += outcome->mean_watts;
        }
    }
    if (what.length == 0) return 0;
    summed.uncertainty_joules = emit_uncertainty(summed.uncertainty_joules);
    *total = summed;
    return 1;
}

static enum emit_status copy_points(struct emit_report *report,
                                    const struct emit_run_result *result, struct emit_error *err) {
    if (result->count == 0) return EMIT_OK;
    report->slots = calloc(result->count, sizeof *report->slots);
    report->outcomes = calloc(result->count, sizeof *report->outcomes);
    if (!report->slots || !report->outcomes)
        return emit_fail(err, EMIT_NO_MEMORY, "no memory for the report of %zu points",
                         result->count);
    memcpy(report->slots, result->slots, result->count * sizeof *report->slots);
    memcpy(report->outcomes, result->outcomes, result->count * sizeof *report->outcomes);
    report->point_count = result->count;
    return EMIT_OK;
}

bool emit_report_is_unmatched(const struct emit_slot *slots, size_t count, size_t index) {
    const struct emit_point *point = &slots[index].point;
    bool unmatched = point->traits & EMIT_TRAIT_UNMATCHED;
    for (size_t i = 0; i < count; i++)
        if (strcmp(slots[i].point.device_id, point->device_id) == 0)
            unmatched = unmatched && slots[i].point.traits & EMIT_TRAIT_UNMATCHED;
    return unmatched;
}

// What was metered although nobody could tell whether the run may use it, said once.
static void note_unmatched(struct emit_report *report) {
    for (size_t i = 0; i < report->point_count; i++) {
        const struct emit_point *point = &report->slots[i].point;
        if (!emit_report_is_unmatched(report->slots, report->point_count, i)) continue;
        emit_report_note(report, "%s: %s", point->meter, point->note);
        return;
    }
}

// A run that was given an instance of a GPU has the energy of all of its instances.
static void note_split(struct emit_report *report) {
    size_t count = 0, last = 0;
    for (size_t i = 0; i < report->point_count; i++) {
        if (!(report->slots[i].point.traits & EMIT_TRAIT_SPLIT) ||
            !emit_outcome_has_energy(&report->outcomes[i]))
            continue;
        last = i;
        count++;
    }
    if (count == 1 && report->slots[last].point.device_index >= 0)
        emit_report_note(
            report, "gpu %d is in MIG mode: metered once, as a whole, for all of its instances.",
            (int)report->slots[last].point.device_index);
    else if (count)
        emit_report_note(report,
                         "%zu GPU%s in MIG mode: metered once, as a whole, for all instances.",
                         count, count == 1 ? " is" : "s are");
}

// Two GPUs of one superchip: nobody told us whether both count their module.
static void note_paired(struct emit_report *report) {
    size_t count = 0;
    for (size_t i = 0; i < report->point_count; i++)
        count += (report->slots[i].point.traits & EMIT_TRAIT_PAIRED) &&
                 report->outcomes[i].counts_in_total;
    if (count > 1)
        emit_report_note(report, "Two GPUs share a module here: if each counts all of it, which is "
                                 "not known, the sum holds it twice.");
}

enum emit_status emit_report_build(struct emit_report *report, const struct emit_run_result *result,
                                   struct emit_error *err) {
    struct emit_report built = {
        .header = result->header,
        .end_wall_ns = result->end_wall_ns,
        .window_ns = result->end_ns - result->header.start_ns,
        .state = result->killed ? EMIT_REPORT_KILLED : EMIT_REPORT_ENDED,
        .left_to_others = result->left_to_others,
        .concurrent_runs = result->concurrent_runs,
        .jobs = result->jobs,
    };
    enum emit_status status = copy_points(&built, result, err);
    if (status == EMIT_OK) status = emit_report_diagnose_run(&built, result, err);
    if (status == EMIT_OK) status = emit_report_add_phases(&built, result, err);
    if (status != EMIT_OK) {
        emit_report_clear(&built);
        return status;
    }
    // A point that could not even be read may be known not to be real.
    for (size_t i = 0; i < built.point_count; i++)
        built.simulated |= built.outcomes[i].simulated ||
                           (built.slots[i].point.traits & EMIT_TRAIT_SIMULATED) != 0;
    built.total_count =
        emit_report_sum(built.totals, built.slots, built.outcomes, built.point_count);
    note_split(&built);
    note_paired(&built);
    note_unmatched(&built);
    *report = built;
    return EMIT_OK;
}
