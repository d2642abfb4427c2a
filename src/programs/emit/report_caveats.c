// What a report says besides numbers: what was not read and what helps, what was
// not counted and why, where the events are.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/report_parts.h"

#include "base/text.h"
#include "programs/emit/run_plan.h"

#include <string.h>

enum {
    NAME_COLUMNS = 24,
    LINE_MAX_BYTES = 512,
    COMMAND_MAX_BYTES = 4 * EMIT_RUN_ID_MAX + 32, // every byte of an id may be a quote
};

// Of this point alone, else of all points of its meter that came to the same.
const struct emit_report_diagnostic *emit_report_diagnostic_of(const struct emit_report *report,
                                                               size_t index) {
    const struct emit_point *point = &report->slots[index].point;
    const struct emit_report_diagnostic *of_all = NULL;
    for (size_t i = 0; i < report->diagnostic_count; i++) {
        const struct emit_report_diagnostic *diagnostic = &report->diagnostics[i];
        if (diagnostic->code != report->outcomes[index].code ||
            strcmp(diagnostic->meter, point->meter) != 0)
            continue;
        if (strcmp(diagnostic->point, point->device_id) == 0) return diagnostic;
        if (diagnostic->point[0] == '\0') of_all = diagnostic;
    }
    return of_all;
}

// Two points told in one line: the same happened to both, for the same reason.
static bool are_told_together(const struct emit_report *report, size_t a, size_t b) {
    const struct emit_report_diagnostic *x = emit_report_diagnostic_of(report, a),
                                        *y = emit_report_diagnostic_of(report, b);
    return report->outcomes[a].kind == report->outcomes[b].kind &&
           report->outcomes[a].code == report->outcomes[b].code && x && y &&
           strcmp(x->meter, y->meter) == 0 && strcmp(x->message, y->message) == 0;
}

// The next point to tell of, among those left out on purpose or among the others
// that are not measured in full; point_count when there is none.
static size_t next_told(const struct emit_report *report, bool excluded, size_t from) {
    for (size_t i = from; i < report->point_count; i++) {
        enum emit_outcome_kind kind = report->outcomes[i].kind;
        bool is_first = excluded ? kind == EMIT_OUTCOME_EXCLUDED
                                 : kind == EMIT_OUTCOME_REFUSED || kind == EMIT_OUTCOME_PARTIAL;
        is_first &= !emit_report_is_told_apart(report, i);
        for (size_t before = 0; is_first && before < i; before++)
            is_first = !are_told_together(report, before, i);
        if (is_first) return i;
    }
    return report->point_count;
}

// One more name of a list: a GPU by its number ("gpu 3, 5"), which the table has too;
// others by their ids.
static void add_name(struct emit_text *names, const struct emit_report *report, size_t index) {
    const struct emit_point *point = &report->slots[index].point;
    int number = emit_report_index(report->slots, report->point_count, index);
    bool is_first = names->length == 0;
    char name[EMIT_DEVICE_ID_MAX];
    if (!emit_component_is_gpu(point->component) || number < 0)
        emit_report_device(name, sizeof name, report->slots, report->point_count, index);
    else if (is_first)
        emit_report_label(name, sizeof name, point->component, number);
    else
        (void)emit_text_format(name, sizeof name, "%d", number);
    emit_text_add_format(names, "%s%s", is_first ? "" : ", ", name);
}

// The points told of in one line: by name where there is room, else how many of what.
static void name_together(const struct emit_report *report, size_t index, char *name, size_t size) {
    char names[LINE_MAX_BYTES], kinds[LINE_MAX_BYTES];
    struct emit_text name_text, kind_text;
    bool is_named[EMIT_COMPONENT_COUNT] = {false};
    size_t count = 0;
    emit_text_init(&name_text, names, sizeof names);
    emit_text_init(&kind_text, kinds, sizeof kinds);
    for (size_t i = index; i < report->point_count; i++) {
        const struct emit_point *point = &report->slots[i].point;
        if (i != index && !are_told_together(report, index, i)) continue;
        count++;
        add_name(&name_text, report, i);
        if (!is_named[point->component])
            emit_text_add_format(&kind_text, "%s%s", kind_text.length ? "+" : "",
                                 emit_report_component(point->component));
        is_named[point->component] = true;
    }
    const struct emit_point *only = &report->slots[index].point;
    bool has_number = emit_report_index(report->slots, report->point_count, index) >= 0;
    if (count == 1 && has_number && emit_text_has_prefix(only->device_id, "GPU-")) {
        char device[EMIT_DEVICE_ID_MAX];
        emit_report_device(device, sizeof device, report->slots, report->point_count, index);
        emit_text_add_format(&name_text, " %s", device);
    }
    emit_text_add_format(&kind_text, " x%zu", count);
    bool fits = count == 1 || (!name_text.cut && emit_page_width(names) <= NAME_COLUMNS);
    emit_page_copy(name, size, fits ? names : kinds, NAME_COLUMNS);
}

static void print_point(const struct emit_page *page, const struct emit_report *report,
                        size_t index) {
    const struct emit_report_diagnostic *diagnostic = emit_report_diagnostic_of(report, index);
    char name[4 * NAME_COLUMNS], lead[LINE_MAX_BYTES];
    name_together(report, index, name, sizeof name);
    (void)emit_text_format(lead, sizeof lead, "    %s  %s  %s  ", name,
                           report->slots[index].point.meter,
                           emit_code_word(report->outcomes[index].code));
    emit_page_words(page, lead, 8, diagnostic ? diagnostic->message : "");
}

// Points whose energy is missing, whole or in part, in the order in which they were found.
static void print_unread(const struct emit_page *page, const struct emit_report *report) {
    size_t refused = emit_report_count(report, EMIT_OUTCOME_REFUSED);
    size_t partial = emit_report_count(report, EMIT_OUTCOME_PARTIAL);
    if (refused + partial == 0) return;
    char line[LINE_MAX_BYTES];
    struct emit_text text;
    emit_text_init(&text, line, sizeof line);
    if (refused)
        emit_text_add_format(&text, "%zu point%s not read", refused, refused > 1 ? "s" : "");
    if (partial)
        emit_text_add_format(&text, "%s%zu%s read in part", refused ? ", " : "", partial,
                             refused       ? ""
                             : partial > 1 ? " points"
                                           : " point");
    emit_text_add(&text, ":");
    emit_page_words(page, "  ", 2, line);
    for (size_t i = next_told(report, false, 0); i < report->point_count;) {
        print_point(page, report, i);
        size_t next = next_told(report, false, i + 1);
        const struct emit_report_diagnostic *told = emit_report_diagnostic_of(report, i),
                                            *after = next < report->point_count
                                                         ? emit_report_diagnostic_of(report, next)
                                                         : NULL;
        // One remedy for several points stands below the last of them.
        bool is_last = !told || !after || strcmp(told->remedy, after->remedy) != 0;
        if (told && told->remedy[0] && is_last)
            emit_page_shell(page, "      fix  ", 11, told->remedy);
        i = next;
    }
}

static void print_excluded_one_by_one(const struct emit_page *page,
                                      const struct emit_report *report) {
    emit_page_words(page, "  ", 2, "Not counted:");
    for (size_t i = next_told(report, true, 0); i < report->point_count;
         i = next_told(report, true, i + 1))
        print_point(page, report, i);
}

static bool is_counted_by_reason(const struct emit_report *report, size_t index) {
    return report->outcomes[index].kind == EMIT_OUTCOME_EXCLUDED &&
           !emit_report_is_told_apart(report, index);
}

// Points left out on purpose: counted by reason in one line, or told one by one
// to those who asked for all domains.
static void print_excluded(const struct emit_page *page, const struct emit_report *report) {
    size_t excluded = 0;
    for (size_t i = 0; i < report->point_count; i++)
        excluded += is_counted_by_reason(report, i);
    if (excluded == 0) return;
    if (report->header.all_domains) {
        print_excluded_one_by_one(page, report);
        return;
    }
    char line[LINE_MAX_BYTES];
    struct emit_text text;
    emit_text_init(&text, line, sizeof line);
    emit_text_add_format(&text, "%zu point%s not counted:", excluded, excluded > 1 ? "s" : "");
    const char *separator = " ";
    for (int code = 0; code < EMIT_CODE_COUNT; code++) {
        size_t count = 0;
        for (size_t i = 0; i < report->point_count; i++)
            count += is_counted_by_reason(report, i) && (int)report->outcomes[i].code == code;
        if (count == 0) continue;
        emit_text_add_format(&text, "%s%zu %s", separator, count,
                             emit_code_word((enum emit_code)code));
        separator = ", ";
    }
    emit_text_add(&text, " (--domains all tells them one by one).");
    emit_page_words(page, "  ", 2, line);
}

// Something about this machine, and not about this run, kept energy from being read.
static bool is_sensors_matter(const struct emit_report *report) {
    for (size_t i = 0; i < report->diagnostic_count; i++) {
        enum emit_code code = report->diagnostics[i].code;
        if (code == EMIT_CODE_ABSENT || code == EMIT_CODE_DENIED || code == EMIT_CODE_MASKED)
            return true;
    }
    return false;
}

// Where nothing at all was found, what was looked for is the news.
static void print_nothing_measured(const struct emit_page *page, const struct emit_report *report) {
    size_t with_energy = emit_report_count(report, EMIT_OUTCOME_MEASURED) +
                         emit_report_count(report, EMIT_OUTCOME_PARTIAL);
    if (with_energy) return;
    bool early = false; // what can be read needs but time
    for (size_t i = 0; i < report->point_count; i++)
        early |= report->outcomes[i].code == EMIT_CODE_BELOW_RESOLUTION;
    if (report->state == EMIT_REPORT_OPEN && early) {
        emit_page_words(page, "  ", 2, "No energy yet: it takes a second sample to tell any.");
        return;
    }
    emit_page_words(page, "  ", 2,
                    is_sensors_matter(report)
                        ? "No energy was measured. What could be read here, and how:  emit sensors"
                        : "No energy was measured.");
    for (size_t i = 0; i < report->diagnostic_count; i++)
        if (report->diagnostics[i].code == EMIT_CODE_ABSENT)
            emit_page_words(page, "    ", 8, report->diagnostics[i].message);
}

// Interfaces that never answered: nothing is known of their points, not even how many.
static void print_silent(const struct emit_page *page, const struct emit_report *report) {
    for (size_t i = 0; i < report->diagnostic_count; i++) {
        const struct emit_report_diagnostic *diagnostic = &report->diagnostics[i];
        if (diagnostic->code != EMIT_CODE_TIMEOUT || diagnostic->point[0]) continue;
        emit_page_words(page, "  ", 2, diagnostic->message);
        if (diagnostic->remedy[0]) emit_page_shell(page, "      fix  ", 11, diagnostic->remedy);
    }
}

// Energy that the store holds twice: whoever adds up its events has to know.
static void print_modeled_too(const struct emit_page *page, const struct emit_report *report) {
    char lead[LINE_MAX_BYTES];
    for (size_t i = 0; i < report->diagnostic_count; i++) {
        const struct emit_report_diagnostic *diagnostic = &report->diagnostics[i];
        if (diagnostic->code != EMIT_CODE_ALREADY_MODELED) continue;
        (void)emit_text_format(lead, sizeof lead, "  %s  ", emit_code_word(diagnostic->code));
        emit_page_words(page, lead, 6, diagnostic->message);
        emit_page_shell(page, "      fix  ", 11, diagnostic->remedy);
    }
}

void emit_report_print_caveats(const struct emit_page *page, const struct emit_report *report) {
    if (report->state == EMIT_REPORT_KILLED)
        emit_page_words(page, "  ", 2,
                        "emit died during this run: closed from the last counts it had written.");
    if (report->left_to_others) return;
    print_nothing_measured(page, report);
    print_silent(page, report);
    print_unread(page, report);
    emit_report_print_apart(page, report);
    print_excluded(page, report);
    print_modeled_too(page, report);
}

void emit_report_print_storage(const struct emit_page *page, const struct emit_report *report) {
    if (report->events_refused)
        emit_page_words(page, "  ", 2,
                        "Events that broke the contract were not stored: this is a bug in emit, "
                        "please report it with the output of emit diagnostics.");
    for (size_t i = 0; i < report->note_count; i++)
        emit_page_words(page, "  ", 2, report->notes[i]);
    if (!report->stored) return;
    if (report->events_made && strcmp(report->header.workspace_id, EMIT_WORKSPACE_LOCAL) == 0)
        emit_page_words(page, "  ", 2,
                        "No workspace was named (--workspace): these events stay on this machine.");
    char line[LINE_MAX_BYTES], command[COMMAND_MAX_BYTES];
    struct emit_text text;
    emit_text_init(&text, line, sizeof line);
    if (report->events_made)
        emit_text_add_format(&text, "%u event%s stored, 0 sent (no sink).", report->events_stored,
                             report->events_stored == 1 ? "" : "s");
    else
        emit_text_add(&text, "No events; the report is stored.");
    if (report->events_duplicate)
        emit_text_add_format(&text, " %u %s in the store before.", report->events_duplicate,
                             report->events_duplicate == 1 ? "was" : "were");
    emit_text_init(&text, command, sizeof command);
    emit_text_add(&text, "emit show ");
    emit_text_add_shell_word(&text, report->header.run_id);
    emit_page_command(page, line, command);
}
