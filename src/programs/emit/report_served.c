// The part of a report that tells of an inference server: its tokens, and the joules each
// took, where that can be said.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/report_parts.h"

#include "base/text.h"
#include "programs/emit/figures.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_COLUMNS = 32,
    MODELS_SHOWN = 8,
    DECIMALS_MAX = 6,
    CELL_BYTES = 48,
    SENTENCE_BYTES = 512,
};

static const struct {
    const char *title;
    int columns;
} columns[EMIT_SERVED_BUCKETS] = {
    [EMIT_SERVED_INPUT] = {"input", 12},
    [EMIT_SERVED_CACHED] = {"from cache", 12},
    [EMIT_SERVED_OUTPUT] = {"output", 12},
    [EMIT_SERVED_REQUESTS] = {"requests", 10},
};

static void write_amount(char cell[CELL_BYTES], const struct emit_served_amount *amount) {
    if (!amount->known)
        (void)emit_text_format(cell, CELL_BYTES, "-");
    else
        (void)emit_text_format(cell, CELL_BYTES, "%s%" PRIu64, amount->slack ? "~" : "",
                               amount->count);
}

static void print_models(const struct emit_page *page, const struct emit_served_use *use) {
    char name[4 * NAME_COLUMNS + 1], cell[CELL_BYTES];
    size_t shown = use->model_count < MODELS_SHOWN ? use->model_count : MODELS_SHOWN;
    fprintf(page->out, "    %-*s", NAME_COLUMNS - 6, "tokens");
    for (int i = 0; i < EMIT_SERVED_BUCKETS; i++)
        fprintf(page->out, "%*s", columns[i].columns, columns[i].title);
    fputc('\n', page->out);
    for (size_t i = 0; i < shown; i++) {
        const struct emit_served_model *model = &use->models[i];
        int width = emit_page_copy_end(
            name, sizeof name, model->name[0] ? model->name : "its model", NAME_COLUMNS - 6);
        fprintf(page->out, "    %s%*s", name, NAME_COLUMNS - 6 - width, "");
        for (int bucket = 0; bucket < EMIT_SERVED_BUCKETS; bucket++) {
            write_amount(cell, &model->amounts[bucket]);
            fprintf(page->out, "%*s", columns[bucket].columns, cell);
        }
        fputc('\n', page->out);
    }
    if (shown < use->model_count)
        fprintf(page->out, "    and %zu more models\n", use->model_count - shown);
}

// What the counts are not, where that is known.
static void print_limits(const struct emit_page *page, const struct emit_served_use *use) {
    struct emit_served_amount output = emit_served_sum(use, EMIT_SERVED_OUTPUT);
    char sentence[SENTENCE_BYTES];
    bool lacks_cached = false;
    for (size_t i = 0; i < use->model_count; i++)
        lacks_cached |= use->models[i].input_lacks_cached;
    if (lacks_cached)
        emit_page_words(page, "    ", 4, "Input is without what came from its cache.");
    if (output.slack) {
        (void)emit_text_format(sentence, sizeof sentence,
                               "~ This server rounds what it prints: output is known to ± %" PRIu64
                               " tokens.",
                               output.slack);
        emit_page_words(page, "    ", 4, sentence);
    }
    if (use->kind->at_the_end)
        emit_page_words(page, "    ", 4,
                        "Counted when a request ends, not as its tokens are made.");
    if (use->may_hide_restart)
        emit_page_words(page, "    ", 4,
                        "It does not say when it began: had it been started again, its counters "
                        "alone would show it.");
}

// Scrapes that are far from the samples counted tokens of another window than the run's.
static void print_gap(const struct emit_page *page, const struct emit_report_served *served) {
    char sentence[SENTENCE_BYTES];
    int64_t gap_ns =
        served->from_gap_ns > served->to_gap_ns ? served->from_gap_ns : served->to_gap_ns;
    (void)emit_text_format(sentence, sizeof sentence,
                           "Counters were read within %.2g s of the run's first and last sample.",
                           (double)gap_ns / 1e9);
    emit_page_words(page, "    ", 4, sentence);
}

// GPUs that are not the run's may be the server's.
static void print_others(const struct emit_page *page, const struct emit_report *report) {
    char sentence[SENTENCE_BYTES];
    size_t others = 0;
    for (size_t i = 0; i < report->point_count; i++) {
        const struct emit_outcome *outcome = &report->outcomes[i];
        bool is_other = outcome->kind == EMIT_OUTCOME_EXCLUDED &&
                        outcome->code == EMIT_CODE_UNASSIGNED &&
                        emit_component_is_gpu(report->slots[i].point.component);
        for (size_t before = 0; is_other && before < i; before++) // of another meter
            is_other = strcmp(report->slots[before].point.device_id,
                              report->slots[i].point.device_id) != 0;
        others += is_other;
    }
    if (others == 0) return;
    (void)emit_text_format(sentence, sizeof sentence,
                           "%zu GPU%s of this node %s not the run's and not in it: right where "
                           "the server uses none of them.",
                           others, others == 1 ? "" : "s", others == 1 ? "is" : "are");
    emit_page_words(page, "    ", 4, sentence);
}

// "gpu 0, 1" of the points whose joules these are; how many, where they are many.
static void name_gpus(const struct emit_report *report, char *names, size_t size) {
    enum { NAMED = 4 };
    struct emit_text text;
    emit_text_init(&text, names, size);
    if (report->served.gpu_count > NAMED) {
        emit_text_add_format(&text, "%" PRIu32 " GPUs", report->served.gpu_count);
        return;
    }
    for (size_t i = 0; i < report->point_count; i++) {
        if (!emit_report_is_of_served(report, i)) continue;
        int index = emit_report_index(report->slots, report->point_count, i);
        char name[EMIT_DEVICE_ID_MAX];
        if (index < 0)
            emit_report_device(name, sizeof name, report->slots, report->point_count, i);
        else if (text.length == 0)
            emit_report_label(name, sizeof name, report->slots[i].point.component, index);
        else
            (void)emit_text_format(name, sizeof name, "%d", index);
        emit_text_add_format(&text, "%s%s", text.length ? ", " : "", name);
    }
}

// "0.40 J": with as many digits as it has.
static void write_joules(char figure[EMIT_FIGURE_MAX], double joules, int digits) {
    char rounded[EMIT_FIGURE_MAX];
    (void)emit_text_format(rounded, sizeof rounded, "%.*e", digits - 1, joules);
    const char *exponent = strchr(rounded, 'e');
    int decimals = digits - 1 - (exponent ? (int)strtol(exponent + 1, NULL, 10) : 0);
    double value = strtod(rounded, NULL);
    if (decimals > DECIMALS_MAX || value >= 1e9)
        (void)emit_text_format(figure, EMIT_FIGURE_MAX, "%s J", rounded);
    else
        (void)emit_text_format(figure, EMIT_FIGURE_MAX, "%.*f J", decimals > 0 ? decimals : 0,
                               value);
}

// Two digits, or one where the joules are uncertain by more than a twentieth.
static void print_ratio(const struct emit_page *page, const struct emit_report_served *served,
                        double joules, uint64_t tokens, const char *of) {
    char figure[EMIT_FIGURE_MAX];
    write_joules(figure, joules, served->gpu_uncertainty_joules > served->gpu_joules / 20 ? 1 : 2);
    fprintf(page->out, "    %-9s for each of %" PRIu64 " tokens, %s\n", figure, tokens, of);
}

static void print_ratios(const struct emit_page *page, const struct emit_report *report) {
    const struct emit_report_served *served = &report->served;
    char names[160], energy[EMIT_FIGURE_MAX], timing[EMIT_FIGURE_MAX], sentence[SENTENCE_BYTES];
    name_gpus(report, names, sizeof names);
    emit_figure_energy(energy, served->gpu_joules);
    emit_figure_uncertainty(timing, served->gpu_uncertainty_joules);
    (void)emit_text_format(sentence, sizeof sentence,
                           "joules per token, measured: %s of %s (± %s) over the server's tokens, "
                           "all its clients",
                           energy, names, timing);
    emit_page_words(page, "  ", 4, sentence);
    uint64_t output = emit_served_sum(&served->use, EMIT_SERVED_OUTPUT).count;
    uint64_t input = emit_served_sum(&served->use, EMIT_SERVED_INPUT).count;
    print_ratio(page, served, served->joules_per_output_token, output, "output alone");
    if (served->joules_per_token > 0)
        print_ratio(page, served, served->joules_per_token, output + input, "input and output");
    print_others(page, report);
    print_gap(page, served);
}

void emit_report_print_served(const struct emit_page *page, const struct emit_report *report) {
    const struct emit_report_served *served = &report->served;
    char sentence[SENTENCE_BYTES];
    if (!served->server[0]) return;
    if (served->refused[0]) {
        (void)emit_text_format(sentence, sizeof sentence, "Tokens not counted: %s",
                               served->refused);
        emit_page_words(page, "  ", 4, sentence);
        return;
    }
    (void)emit_text_format(sentence, sizeof sentence,
                           "Served meanwhile by %s at %s:", served->use.kind->name, served->server);
    emit_page_words(page, "  ", 4, sentence);
    print_models(page, &served->use);
    print_limits(page, &served->use);
    if (served->unstated[0]) {
        (void)emit_text_format(sentence, sizeof sentence, "No joules per token: %s.",
                               served->unstated);
        emit_page_words(page, "    ", 4, sentence);
        if (report->header.run_id[0] && emit_report_lacks_window(report)) print_gap(page, served);
    } else if (served->gpu_count) {
        print_ratios(page, report);
    }
}
