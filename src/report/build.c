// From a closed run to its report: totals that say what they sum, and a
// diagnostic for everything that is not plainly measured.
// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include "base/text.h"
#include "report/phases.h"

#include <math.h>
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

// Why a point is not plainly measured, as one sentence.
static void write_reason(struct emit_text *text, const struct emit_point *point,
                         const struct emit_outcome *outcome) {
    bool meter_said_it = point->note[0] && outcome->code == point->found;
    if (outcome->kind == EMIT_OUTCOME_PARTIAL)
        emit_text_add_format(text,
                             "%.3g %% of the window is covered: ", 100 * outcome->coverage_ratio);
    emit_text_add(text, meter_said_it ? point->note : emit_code_meaning(outcome->code));
    if (outcome->because[0]) emit_text_add_format(text, " (%s)", outcome->because);
}

// What the meter that stands for a replicate's device says of it; NULL: there is none.
static const struct emit_outcome *outcome_used(const struct emit_report *report,
                                               const struct emit_outcome *replicate) {
    for (size_t i = 0; i < report->point_count; i++)
        if (strcmp(report->slots[i].point.device_id, replicate->because) == 0 &&
            strcmp(report->slots[i].point.meter, replicate->because_meter) == 0)
            return &report->outcomes[i];
    return NULL;
}

// Why a device is not counted a second time, and by how much two meters of it differed.
static void write_replicate(struct emit_text *text, const struct emit_report *report,
                            const struct emit_outcome *replicate) {
    const struct emit_outcome *used = outcome_used(report, replicate);
    bool is_used = used && emit_outcome_has_energy(used);
    enum emit_code alone = replicate->replicate_code;
    if (replicate->code == EMIT_CODE_REPLICATE)
        emit_text_add_format(text, "same counter as %s%s", replicate->because_meter,
                             is_used ? ", which is used" : "");
    else
        emit_text_add_format(text, "the same device as %s counts in another scope%s",
                             replicate->because_meter, is_used ? ", which is used" : "");
    if (replicate->replicate_joules > 0 && is_used) {
        double more = used->joules - replicate->replicate_joules, apart = fabs(more);
        emit_text_add_format(text, ": %.1f J here, ", replicate->replicate_joules);
        if (apart < 0.05) // none with the digits that are told
            emit_text_add(text, "the same there");
        else
            emit_text_add_format(text, "%.1f J (%.2g %%) %s there", apart,
                                 100 * apart / used->joules, more < 0 ? "less" : "more");
    }
    if (alone == EMIT_CODE_NONE || alone == EMIT_CODE_SIMULATED || alone == EMIT_CODE_SHARED)
        return;
    emit_text_add_format(text, "%s here %s: %s", replicate->replicate_joules > 0 ? ";" : ",",
                         emit_code_word(alone), emit_code_meaning(alone));
}

static enum emit_status diagnose_point(struct emit_report *report, const struct emit_point *point,
                                       const struct emit_outcome *outcome, struct emit_error *err) {
    // What is true of a whole meter is said once: see diagnose_meter.
    if (outcome->kind == EMIT_OUTCOME_MEASURED || outcome->code == EMIT_CODE_NONE) return EMIT_OK;
    char message[240];
    struct emit_text text;
    emit_text_init(&text, message, sizeof message);
    if (outcome->because_meter[0])
        write_replicate(&text, report, outcome);
    else
        write_reason(&text, point, outcome);
    return emit_report_diagnose(report, point->meter, point->device_id, outcome->code, message,
                                emit_report_remedy(point->meter, outcome->code), err);
}

// The caveats that all points of a meter share, said at its first point.
static enum emit_status diagnose_meter(struct emit_report *report, size_t first,
                                       struct emit_error *err) {
    const char *meter = report->slots[first].point.meter;
    for (size_t i = 0; i < first; i++)
        if (strcmp(report->slots[i].point.meter, meter) == 0) return EMIT_OK;
    size_t simulated = 0, shared = 0;
    for (size_t i = first; i < report->point_count; i++) {
        if (strcmp(report->slots[i].point.meter, meter) != 0) continue;
        simulated += report->outcomes[i].simulated;
        shared += report->outcomes[i].concurrent_runs > 0;
    }
    char message[240];
    enum emit_status status = EMIT_OK;
    if (simulated) {
        (void)emit_text_format(message, sizeof message,
                               "%zu point%s not read from the real kernel or driver", simulated,
                               simulated > 1 ? "s were" : " was");
        status = emit_report_diagnose(report, meter, "", EMIT_CODE_SIMULATED, message,
                                      emit_report_remedy(meter, EMIT_CODE_SIMULATED), err);
    }
    if (shared && status == EMIT_OK) {
        (void)emit_text_format(message, sizeof message,
                               "%zu point%s counted for other runs in the same window too", shared,
                               shared > 1 ? "s were" : " was");
        status = emit_report_diagnose(report, meter, "", EMIT_CODE_SHARED, message,
                                      emit_report_remedy(meter, EMIT_CODE_SHARED), err);
    }
    return status;
}

// An interface that is there, perhaps, and did not answer: nothing is known of its points.
static enum emit_status diagnose_silence(struct emit_report *report,
                                         const struct emit_run_silence *silence,
                                         struct emit_error *err) {
    char message[240];
    const char *remedy = emit_report_remedy(silence->meter, EMIT_CODE_TIMEOUT);
    (void)emit_text_format(message, sizeof message,
                           "%s did not answer within %.3g s: its devices were not metered",
                           silence->meter, (double)silence->waited_ns / 1e9);
    return emit_report_diagnose(report, silence->meter, "", EMIT_CODE_TIMEOUT, message,
                                remedy ? remedy : "emit run --start-timeout 5s -- COMMAND", err);
}

static enum emit_status diagnose(struct emit_report *report, const struct emit_run_result *result,
                                 struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; i < report->point_count && status == EMIT_OK; i++) {
        status = diagnose_meter(report, i, err);
        if (status == EMIT_OK)
            status = diagnose_point(report, &report->slots[i].point, &report->outcomes[i], err);
    }
    size_t absent_max = sizeof result->absent / sizeof result->absent[0];
    for (size_t i = 0; i < absent_max && result->absent[i][0] && status == EMIT_OK; i++)
        status =
            emit_report_diagnose(report, "", "", EMIT_CODE_ABSENT, result->absent[i], NULL, err);
    size_t silent_max = sizeof result->silent / sizeof result->silent[0];
    for (size_t i = 0; i < silent_max && result->silent[i].meter[0] && status == EMIT_OK; i++)
        status = diagnose_silence(report, &result->silent[i], err);
    return status;
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

enum emit_status emit_report_build(struct emit_report *report, const struct emit_run_result *result,
                                   struct emit_error *err) {
    struct emit_report built = {
        .header = result->header,
        .end_wall_ns = result->end_wall_ns,
        .window_ns = result->end_ns - result->header.start_ns,
        .killed = result->killed,
        .left_to_others = result->left_to_others,
        .concurrent_runs = result->concurrent_runs,
        .jobs = result->jobs,
    };
    enum emit_status status = copy_points(&built, result, err);
    if (status == EMIT_OK) status = diagnose(&built, result, err);
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
    note_unmatched(&built);
    *report = built;
    return EMIT_OK;
}
