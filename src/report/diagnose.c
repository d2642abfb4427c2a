// A diagnostic for everything that is not plainly measured: each costs a row of the store,
// so that what is true of all points of a meter is said once.
// SPDX-License-Identifier: Apache-2.0
#include "report/diagnose.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

static bool are_of_one_meter(const struct emit_report *report, size_t a, size_t b) {
    return strcmp(report->slots[a].point.meter, report->slots[b].point.meter) == 0;
}

// Two points of which one diagnostic may tell: of all that were to be metered by a meter,
// or of all that were not.
static bool are_peers(const struct emit_report *report, size_t a, size_t b) {
    return are_of_one_meter(report, a, b) &&
           (report->outcomes[a].kind == EMIT_OUTCOME_EXCLUDED) ==
               (report->outcomes[b].kind == EMIT_OUTCOME_EXCLUDED);
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

// How such a device would have come out, had nobody else seen it.
static void write_alone(struct emit_text *text, const struct emit_outcome *replicate) {
    enum emit_code alone = replicate->replicate_code;
    if (alone == EMIT_CODE_NONE || alone == EMIT_CODE_SIMULATED || alone == EMIT_CODE_SHARED)
        return;
    emit_text_add_format(text, "%s here %s: %s", replicate->replicate_joules > 0 ? ";" : ",",
                         emit_code_word(alone), emit_code_meaning(alone));
}

// Why a device is not counted a second time, and by how much two meters of it differed.
static void write_replicate(struct emit_text *text, const struct emit_report *report,
                            const struct emit_outcome *replicate) {
    const struct emit_outcome *used = outcome_used(report, replicate);
    bool is_used = used && emit_outcome_has_energy(used);
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
    write_alone(text, replicate);
}

// The same of all devices of a meter: the least and the most by which they differed.
static void write_replicates(struct emit_text *text, const struct emit_report *report, size_t first,
                             size_t count) {
    const struct emit_outcome *replicate = &report->outcomes[first];
    double least = (double)INFINITY, most = 0;
    size_t used_count = 0;
    for (size_t i = first; i < report->point_count; i++) {
        if (!are_peers(report, first, i)) continue;
        const struct emit_outcome *used = outcome_used(report, &report->outcomes[i]);
        double joules = report->outcomes[i].replicate_joules;
        if (!used || !emit_outcome_has_energy(used)) continue;
        used_count++;
        if (joules <= 0) continue;
        double apart = 100 * fabs(used->joules - joules) / used->joules;
        if (apart < least) least = apart;
        if (apart > most) most = apart;
    }
    emit_text_add_format(text, "%zu devices, %s %s%s", count,
                         replicate->code == EMIT_CODE_REPLICATE ? "the same counters as"
                                                                : "counted in another scope by",
                         replicate->because_meter, used_count == count ? ", which is used" : "");
    if (least <= most && most == 0)
        emit_text_add(text, ": identical");
    else if (least <= most && most < 0.005)
        emit_text_add(text, ": less than 0.01 % apart");
    else if (least <= most)
        emit_text_add_format(text, ": %.2g to %.2g %% apart", least, most);
    write_alone(text, replicate);
}

static void write_message(struct emit_text *text, const struct emit_report *report, size_t index) {
    const struct emit_outcome *outcome = &report->outcomes[index];
    if (outcome->because_meter[0])
        write_replicate(text, report, outcome);
    else
        write_reason(text, &report->slots[index].point, outcome);
}

// What became of one point became of the other, for the same reason.
static bool are_alike(const struct emit_report *report, size_t a, size_t b) {
    const struct emit_outcome *x = &report->outcomes[a], *y = &report->outcomes[b];
    if (x->kind != y->kind || x->code != y->code) return false;
    if (x->because_meter[0])
        return strcmp(x->because_meter, y->because_meter) == 0 &&
               x->replicate_code == y->replicate_code;
    char texts[2][240];
    for (int i = 0; i < 2; i++) {
        struct emit_text text;
        emit_text_init(&text, texts[i], sizeof texts[i]);
        write_message(&text, report, i == 0 ? a : b);
    }
    return strcmp(texts[0], texts[1]) == 0;
}

// How many points this one speaks for, itself included: all its peers or none but itself.
// 0: one before it speaks for it.
static size_t count_alike(const struct emit_report *report, size_t index) {
    size_t peers = 0, first = report->point_count;
    bool alike = true;
    for (size_t i = 0; alike && i < report->point_count; i++) {
        if (!are_peers(report, index, i)) continue;
        if (peers++ == 0) first = i;
        alike = are_alike(report, first, i);
    }
    if (!alike) return 1;
    return first == index ? peers : 0;
}

static enum emit_status diagnose_point(struct emit_report *report, size_t index,
                                       struct emit_error *err) {
    const struct emit_point *point = &report->slots[index].point;
    const struct emit_outcome *outcome = &report->outcomes[index];
    // A caveat of measured points is said of a whole meter: see diagnose_meter.
    if (outcome->kind == EMIT_OUTCOME_MEASURED || outcome->code == EMIT_CODE_NONE) return EMIT_OK;
    size_t count = count_alike(report, index);
    if (count == 0) return EMIT_OK;
    char message[240];
    struct emit_text text;
    emit_text_init(&text, message, sizeof message);
    if (count > 1 && outcome->because_meter[0])
        write_replicates(&text, report, index, count);
    else
        write_message(&text, report, index);
    return emit_report_diagnose(report, point->meter, count > 1 ? "" : point->device_id,
                                outcome->code, message,
                                emit_report_remedy(point->meter, outcome->code), err);
}

// The caveats that all points of a meter share, said at its first point.
static enum emit_status diagnose_meter(struct emit_report *report, size_t first,
                                       struct emit_error *err) {
    const char *meter = report->slots[first].point.meter;
    for (size_t i = 0; i < first; i++)
        if (are_of_one_meter(report, i, first)) return EMIT_OK;
    size_t simulated = 0, shared = 0;
    for (size_t i = first; i < report->point_count; i++) {
        if (!are_of_one_meter(report, i, first)) continue;
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

// A process that came to sample for others at the end may not have been answered, and has
// what they were.
static bool is_told(const struct emit_report *report, const char *meter) {
    for (size_t i = 0; i < report->point_count; i++)
        if (strcmp(report->slots[i].point.meter, meter) == 0) return true;
    return false;
}

enum emit_status emit_report_diagnose_run(struct emit_report *report,
                                          const struct emit_run_result *result,
                                          struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; i < report->point_count && status == EMIT_OK; i++) {
        status = diagnose_meter(report, i, err);
        if (status == EMIT_OK) status = diagnose_point(report, i, err);
    }
    size_t absent_max = sizeof result->absent / sizeof result->absent[0];
    for (size_t i = 0; i < absent_max && result->absent[i][0] && status == EMIT_OK; i++)
        status =
            emit_report_diagnose(report, "", "", EMIT_CODE_ABSENT, result->absent[i], NULL, err);
    size_t silent_max = sizeof result->silent / sizeof result->silent[0];
    for (size_t i = 0; i < silent_max && result->silent[i].meter[0] && status == EMIT_OK; i++)
        if (!is_told(report, result->silent[i].meter))
            status = diagnose_silence(report, &result->silent[i], err);
    return status;
}
