// The report for people: about a dozen lines, most important first. What is not
// known is left blank.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/report_parts.h"

#include "base/text.h"
#include "programs/emit/figures.h"

#include <string.h>

enum { COMMAND_COLUMNS = 40 };

static void print_heading(const struct emit_page *page, const struct emit_report *report) {
    if (report->simulated) fputs("emit: SIMULATED NODE, no number below is real\n", page->out);
    char duration[EMIT_FIGURE_MAX], ended[32], id[2 * EMIT_RUN_ID_MAX],
        command[4 * COMMAND_COLUMNS];
    emit_figure_duration(duration, report->window_ns);
    if (report->has_exit)
        (void)emit_text_format(ended, sizeof ended, "exit %d", report->exit_status);
    else
        (void)emit_text_format(ended, sizeof ended, "%s",
                               report->state == EMIT_REPORT_OPEN     ? "goes on"
                               : report->state == EMIT_REPORT_KILLED ? "end not seen"
                                                                     : "ended");
    emit_page_copy(id, sizeof id, report->header.run_id, page->columns - 2);
    // The id stands whole, it is copied from here: the command gives way, or the id moves on.
    int fixed =
        (int)(strlen("emit: ") + strlen("  ") + strlen(ended) + strlen("  ") + strlen(duration));
    int beside_id = page->columns - fixed - 2 - emit_page_width(id);
    bool one_line = beside_id >= 12;
    int room = one_line ? beside_id : page->columns - fixed;
    emit_page_copy(command, sizeof command, report->header.command,
                   room < COMMAND_COLUMNS ? room : COMMAND_COLUMNS);
    fprintf(page->out, "emit: %s  %s  %s%s%s\n", command, ended, duration, one_line ? "  " : "\n  ",
            id);
}

// Of a run that several processes shared: "8 tasks: 7 exit 0, 1 exit 137."
static void print_tasks(const struct emit_page *page, const struct emit_run_jobs *jobs) {
    enum { STATUSES_SHOWN = 10 };
    char sentence[400];
    struct emit_text text;
    uint32_t ended = 0, shown = 0;
    if (jobs->begun < 2) return;
    emit_text_init(&text, sentence, sizeof sentence);
    emit_text_add_format(&text, "%u tasks shared the run on this node:", jobs->begun);
    for (int status = 0; status < EMIT_EXIT_STATUSES; status++) {
        if (!jobs->exits[status]) continue;
        ended += jobs->exits[status];
        if (++shown <= STATUSES_SHOWN)
            emit_text_add_format(&text, "%s %u exit %d", shown > 1 ? "," : "", jobs->exits[status],
                                 status);
    }
    ended += jobs->other_exits;
    if (shown > STATUSES_SHOWN || jobs->other_exits) emit_text_add(&text, ", and others");
    if (ended < jobs->begun)
        emit_text_add_format(&text, "%s %u not seen to end", shown ? "," : "", jobs->begun - ended);
    emit_text_add(&text, ".");
    emit_page_words(page, "  ", 2, sentence);
}

static bool counts_component(const struct emit_report *report, enum emit_component component) {
    for (size_t i = 0; i < report->point_count; i++)
        if (report->slots[i].point.component == component && report->outcomes[i].counts_in_total)
            return true;
    return false;
}

void emit_report_print_scope(const struct emit_page *page, const struct emit_report *report) {
    bool has_energy = false;
    for (size_t i = 0; i < report->point_count; i++)
        has_energy |= emit_outcome_has_energy(&report->outcomes[i]);
    if (!has_energy) return;
    char sentence[160];
    if (report->concurrent_runs)
        (void)emit_text_format(sentence, sizeof sentence,
                               "Whole devices: includes anything else that used them (%u other "
                               "run%s seen).",
                               report->concurrent_runs, report->concurrent_runs == 1 ? "" : "s");
    else
        (void)emit_text_format(sentence, sizeof sentence,
                               "Whole devices: includes anything else that used them (no other "
                               "run seen).");
    emit_page_words(page, "  ", 2, sentence);
    if (counts_component(report, EMIT_COMPONENT_GPU_MODULE))
        emit_page_words(page, "  ", 2,
                        "module (gpu-module): a GPU with the processor and the memory beside it.");
    if (report->total_count == 0 || counts_component(report, EMIT_COMPONENT_NODE) ||
        counts_component(report, EMIT_COMPONENT_CHASSIS) ||
        counts_component(report, EMIT_COMPONENT_PLATFORM))
        return;
    bool module = counts_component(report, EMIT_COMPONENT_GPU_MODULE);
    bool gpu = module || counts_component(report, EMIT_COMPONENT_GPU);
    bool processor = module || counts_component(report, EMIT_COMPONENT_CPU_PACKAGE);
    bool memory = module || counts_component(report, EMIT_COMPONENT_DRAM);
    (void)emit_text_format(
        sentence, sizeof sentence, "Not in the sum: %s%s%sfans, power supplies, disks, network.",
        gpu ? "" : "GPUs, ", processor ? "" : "processors, ", memory ? "" : "memory, ");
    emit_page_words(page, "  ", 2, sentence);
}

void emit_report_print(FILE *out, const struct emit_report *report, int columns) {
    struct emit_page page = {
        .out = out, .columns = columns < EMIT_PAGE_COLUMNS_MIN ? EMIT_PAGE_COLUMNS_MIN : columns};
    print_heading(&page, report);
    if (report->left_to_others) {
        emit_page_words(&page, "  ", 2,
                        "Another process of this run goes on: it will report the energy.");
    } else {
        print_tasks(&page, &report->jobs);
        emit_report_print_table(&page, report);
        emit_report_print_phases(&page, report);
        emit_report_print_served(&page, report);
        emit_report_print_scope(&page, report);
    }
    emit_report_print_caveats(&page, report);
    emit_report_print_storage(&page, report);
}
