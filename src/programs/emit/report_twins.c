// What a report says of devices that are in no sum, in one line each: those that a
// second meter saw too, and those the run may not use.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/report_parts.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

enum { LINE_MAX_BYTES = 512 };

static bool is_excluded_as(const struct emit_report *report, size_t index, enum emit_code code) {
    return report->outcomes[index].kind == EMIT_OUTCOME_EXCLUDED &&
           report->outcomes[index].code == code;
}

// The same device as another meter's, which stands for it.
static bool is_twin(const struct emit_report *report, size_t index) {
    return report->outcomes[index].kind == EMIT_OUTCOME_EXCLUDED &&
           report->outcomes[index].because_meter[0];
}

static double joules_counted(const struct emit_report *report, size_t twin) {
    const struct emit_outcome *outcome = &report->outcomes[twin];
    for (size_t i = 0; i < report->point_count; i++)
        if (strcmp(report->slots[i].point.device_id, outcome->because) == 0 &&
            strcmp(report->slots[i].point.meter, outcome->because_meter) == 0)
            return report->outcomes[i].joules;
    return 0;
}

bool emit_report_is_told_apart(const struct emit_report *report, size_t index) {
    return is_excluded_as(report, index, EMIT_CODE_UNASSIGNED) || is_twin(report, index);
}

// What a twin would have come to alone, when that is no plain measurement.
static bool is_troubled(const struct emit_outcome *twin) {
    enum emit_code code = twin->replicate_code;
    return code != EMIT_CODE_NONE && code != EMIT_CODE_SIMULATED && code != EMIT_CODE_SHARED;
}

// How far apart two meters of the same devices are, in percent of the one that counts.
struct spread {
    size_t known;
    double low, high;
};

static void widen(struct spread *spread, double counted, double beside) {
    if (!(counted > 0) || !(beside > 0)) return;
    double percent = fabs(beside - counted) / counted * 100;
    if (spread->known == 0 || percent < spread->low) spread->low = percent;
    if (spread->known == 0 || percent > spread->high) spread->high = percent;
    spread->known++;
}

static void add_percent(struct emit_text *text, double percent) {
    emit_text_add_format(text, percent < 99.5 ? "%.2g" : "%.0f", percent < 0.005 ? 0 : percent);
}

static void add_spread(struct emit_text *text, const struct spread *spread) {
    if (spread->known == 0) return;
    emit_text_add(text, ", ");
    if (spread->high == 0) {
        emit_text_add(text, "identical");
        return;
    }
    if (spread->high < 0.005) {
        emit_text_add(text, "less than 0.01 % apart");
        return;
    }
    if (spread->known > 1) {
        add_percent(text, spread->low);
        emit_text_add(text, "..");
    }
    add_percent(text, spread->high);
    emit_text_add(text, " % apart");
}

static bool are_of_one_line(const struct emit_report *report, size_t a, size_t b) {
    const struct emit_point *p = &report->slots[a].point, *q = &report->slots[b].point;
    return p->component == q->component && strcmp(p->meter, q->meter) == 0;
}

// " (1 gone, 2 denied there)"
static void add_troubles(struct emit_text *text, const struct emit_report *report, size_t first) {
    const char *separator = " (";
    for (int code = 0; code < EMIT_CODE_COUNT; code++) {
        size_t count = 0;
        for (size_t i = first; i < report->point_count; i++)
            count += is_twin(report, i) && are_of_one_line(report, first, i) &&
                     is_troubled(&report->outcomes[i]) &&
                     (int)report->outcomes[i].replicate_code == code;
        if (count == 0) continue;
        emit_text_add_format(text, "%s%zu %s", separator, count,
                             emit_code_word((enum emit_code)code));
        separator = ", ";
    }
    if (separator[0] == ',') emit_text_add(text, " there)");
}

// "nvml counted the same gpu x8, 0.02..0.31 % apart; summed once."
static void print_twins(const struct emit_page *page, const struct emit_report *report,
                        size_t first) {
    char line[LINE_MAX_BYTES], label[64];
    struct spread spread = {0};
    struct emit_text text;
    size_t count = 0;
    for (size_t i = first; i < report->point_count; i++) {
        if (!is_twin(report, i) || !are_of_one_line(report, first, i)) continue;
        widen(&spread, joules_counted(report, i), report->outcomes[i].replicate_joules);
        count++;
    }
    const struct emit_point *point = &report->slots[first].point;
    if (count == 1)
        emit_report_label(label, sizeof label, point->component,
                          emit_report_index(report->slots, report->point_count, first));
    else
        (void)emit_text_format(label, sizeof label, "%s x%zu",
                               emit_report_component(point->component), count);
    emit_text_init(&text, line, sizeof line);
    emit_text_add_format(&text, "%s %s the same %s", point->meter, spread.known ? "counted" : "saw",
                         label);
    add_spread(&text, &spread);
    add_troubles(&text, report, first);
    emit_text_add(&text, "; summed once.");
    emit_page_words(page, "  ", 4, line);
}

// The same device unassigned by two meters is one device.
static bool is_named_before(const struct emit_report *report, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (is_excluded_as(report, i, EMIT_CODE_UNASSIGNED) &&
            strcmp(report->slots[i].point.device_id, report->slots[index].point.device_id) == 0)
            return true;
    return false;
}

// Why a device is not of this run, in the words of the meter that found it out; "" when
// none said.
static const char *why_unassigned(const struct emit_report *report, size_t index) {
    for (size_t i = 0; i < report->point_count; i++) {
        if (!is_excluded_as(report, i, EMIT_CODE_UNASSIGNED) ||
            strcmp(report->slots[i].point.device_id, report->slots[index].point.device_id) != 0)
            continue;
        const struct emit_report_diagnostic *said = emit_report_diagnostic_of(report, i);
        if (said && strcmp(said->message, emit_code_meaning(EMIT_CODE_UNASSIGNED)) != 0)
            return said->message;
    }
    return "";
}

// The first of the devices that are not of this run for the same reason.
static bool is_first_unassigned(const struct emit_report *report, size_t index) {
    if (!is_excluded_as(report, index, EMIT_CODE_UNASSIGNED)) return false;
    for (size_t i = 0; i < index; i++)
        if (is_excluded_as(report, i, EMIT_CODE_UNASSIGNED) &&
            strcmp(why_unassigned(report, i), why_unassigned(report, index)) == 0)
            return false;
    return true;
}

// "2 devices not of this run: gpu 4, 5 (not in CUDA_VISIBLE_DEVICES=0,1)."
static void print_unassigned(const struct emit_page *page, const struct emit_report *report,
                             size_t first) {
    char line[LINE_MAX_BYTES];
    struct emit_text text;
    enum emit_component component = EMIT_COMPONENT_COUNT;
    const char *why = why_unassigned(report, first);
    size_t count = 0;
    emit_text_init(&text, line, sizeof line);
    for (size_t i = first; i < report->point_count; i++) {
        const struct emit_point *point = &report->slots[i].point;
        if (!is_excluded_as(report, i, EMIT_CODE_UNASSIGNED) || is_named_before(report, i) ||
            strcmp(why_unassigned(report, i), why) != 0)
            continue;
        char name[EMIT_DEVICE_ID_MAX];
        emit_report_device(name, sizeof name, report->slots, report->point_count, i);
        int number = emit_report_index(report->slots, report->point_count, i);
        if (number >= 0) (void)emit_text_format(name, sizeof name, "%d", number);
        emit_text_add(&text, count ? ", " : "");
        if (point->component != component)
            emit_text_add_format(&text, "%s ", emit_report_component(point->component));
        emit_text_add(&text, name);
        component = point->component;
        count++;
    }
    char lead[64];
    (void)emit_text_format(lead, sizeof lead, "  %zu device%s not of this run: ", count,
                           count == 1 ? "" : "s");
    emit_text_add_format(&text, *why ? " (%s)." : "%s.", why);
    emit_page_words(page, lead, 4, line);
}

void emit_report_print_apart(const struct emit_page *page, const struct emit_report *report) {
    for (size_t i = 0; i < report->point_count; i++) {
        bool is_first = is_twin(report, i);
        for (size_t before = 0; is_first && before < i; before++)
            is_first = !is_twin(report, before) || !are_of_one_line(report, before, i);
        if (is_first) print_twins(page, report, i);
    }
    for (size_t i = 0; i < report->point_count; i++)
        if (is_first_unassigned(report, i)) print_unassigned(page, report, i);
}
