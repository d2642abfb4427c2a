// From two scrapes and a report to joules per token, or to why there are none.
//
// Stated only where it can be: the server is on this node, every GPU of the run was measured
// whole and is nobody else's in part, the two windows agree within a twentieth, and so do
// the counts with what was made in between.
// SPDX-License-Identifier: Apache-2.0
#include "report/served.h"

#include "base/text.h"
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WITHIN = 20 }; // what may be apart or uncertain, as a part of the whole: a twentieth

bool emit_report_is_of_served(const struct emit_report *report, size_t index) {
    return emit_component_is_gpu(report->slots[index].point.component) &&
           report->outcomes[index].counts_in_total &&
           report->outcomes[index].kind == EMIT_OUTCOME_MEASURED;
}

static void sum_gpus(struct emit_report_served *served, const struct emit_report *report) {
    for (size_t i = 0; i < report->point_count; i++) {
        if (!emit_report_is_of_served(report, i)) continue;
        served->gpu_count++;
        served->gpu_joules += report->outcomes[i].joules;
        served->gpu_uncertainty_joules += report->outcomes[i].uncertainty_joules;
    }
}

static bool lacks_a_gpu(const struct emit_report *report) {
    for (size_t i = 0; i < report->point_count; i++) {
        enum emit_outcome_kind kind = report->outcomes[i].kind;
        if (emit_component_is_gpu(report->slots[i].point.component) &&
            (kind == EMIT_OUTCOME_PARTIAL || kind == EMIT_OUTCOME_REFUSED))
            return true;
    }
    return false;
}

// GPUs whose joules these are, of a trait.
static size_t count_gpus(const struct emit_report *report, unsigned trait) {
    size_t count = 0;
    for (size_t i = 0; i < report->point_count; i++)
        count += emit_report_is_of_served(report, i) && report->slots[i].point.traits & trait;
    return count;
}

// How far a scrape can be from a sample.
static int64_t gap_between(const struct emit_served_moment *moment, int64_t sample_ns) {
    int64_t before = llabs(moment->asked_ns - sample_ns);
    int64_t after = llabs(moment->answered_ns - sample_ns);
    return before > after ? before : after;
}

static bool lacks_window(const struct emit_report_served *served, int64_t window_ns) {
    return served->from_gap_ns + served->to_gap_ns > window_ns / WITHIN;
}

// Requests that were at work at the edges are counted where they end, on which side ever.
static bool edges_matter(const struct emit_served_use *use, uint64_t *at_work) {
    *at_work = use->running_first + use->running_last;
    if (!use->kind->at_the_end || !use->knows_running || *at_work == 0) return false;
    struct emit_served_amount ended = emit_served_sum(use, EMIT_SERVED_REQUESTS);
    return !ended.known || *at_work > ended.count / WITHIN;
}

static bool is_vague(const struct emit_served_amount *amount) {
    return amount->slack > amount->count / WITHIN;
}

// Why the joules are not those of the server's GPUs; false: nothing says so.
static bool find_reason_of_gpus(struct emit_report_served *served,
                                const struct emit_report *report) {
    char *why = served->unstated;
    size_t size = sizeof served->unstated;
    if (report->left_to_others)
        (void)emit_text_format(why, size, "another process of this run reports the energy");
    else if (served->gpu_count == 0)
        (void)emit_text_format(why, size, "no GPU was measured");
    else if (served->use.elsewhere[0])
        (void)emit_text_format(why, size,
                               "the server is at %s, which is no address of this node, and the "
                               "GPUs are this node's",
                               served->use.elsewhere);
    else if (lacks_a_gpu(report))
        (void)emit_text_format(why, size, "not every GPU was measured whole");
    else if (count_gpus(report, EMIT_TRAIT_SPLIT))
        (void)emit_text_format(why, size,
                               "a GPU in MIG mode counts for all of its instances together");
    else if (count_gpus(report, EMIT_TRAIT_PAIRED) > 1)
        (void)emit_text_format(why, size, "two GPUs share a module, and each may count all of it");
    else
        return false;
    return true;
}

// Why the tokens are not those of these joules; false: nothing says so.
static bool find_reason_of_tokens(struct emit_report_served *served,
                                  const struct emit_report *report) {
    const struct emit_served_amount output = emit_served_sum(&served->use, EMIT_SERVED_OUTPUT);
    uint64_t at_work;
    char *why = served->unstated;
    size_t size = sizeof served->unstated;
    if (lacks_window(served, report->window_ns))
        (void)emit_text_format(why, size,
                               "scrapes and samples are more than a 20th of the window apart");
    else if (!output.known || output.count == 0)
        (void)emit_text_format(why, size, "the server counted no output token meanwhile");
    else if (is_vague(&output))
        (void)emit_text_format(why, size,
                               "the server rounds its counters: these tokens are known to "
                               "± %" PRIu64 " only",
                               output.slack);
    else if (edges_matter(&served->use, &at_work))
        (void)emit_text_format(why, size,
                               "the server counts a request when it ends, and %" PRIu64
                               " were at work at the edges",
                               at_work);
    else if (served->gpu_joules <= 2 * served->gpu_uncertainty_joules)
        (void)emit_text_format(why, size, "the window is too short for its GPUs' counters");
    else
        return false;
    return true;
}

bool emit_report_lacks_window(const struct emit_report *report) {
    return lacks_window(&report->served, report->window_ns);
}

void emit_report_add_served(struct emit_report *report, const struct emit_served_told *told) {
    struct emit_report_served served = {0};
    memcpy(served.server, told->server, sizeof served.server);
    memcpy(served.refused, told->refused, sizeof served.refused);
    if (!served.refused[0]) {
        served.use = told->use;
        served.from_wall_ns = told->first.wall_ns;
        served.to_wall_ns = told->last.wall_ns;
        served.from_gap_ns = gap_between(&told->first, report->header.start_ns);
        served.to_gap_ns = gap_between(&told->last, report->header.start_ns + report->window_ns);
        sum_gpus(&served, report);
    }
    if (!served.refused[0] && !find_reason_of_gpus(&served, report) &&
        !find_reason_of_tokens(&served, report)) {
        struct emit_served_amount output = emit_served_sum(&served.use, EMIT_SERVED_OUTPUT);
        struct emit_served_amount input = emit_served_sum(&served.use, EMIT_SERVED_INPUT);
        served.joules_per_output_token = served.gpu_joules / (double)output.count;
        if (input.known && !is_vague(&input))
            served.joules_per_token =
                served.gpu_joules / ((double)output.count + (double)input.count);
    }
    report->served = served;
}
