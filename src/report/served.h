// What an inference server counted during a run, and the joules each of its tokens took.
//
// A line of the report, never an event: the joules are the GPUs', the tokens are those of
// all of the server's clients, and nobody but the reader knows that they belong together.
// SPDX-License-Identifier: Apache-2.0
#ifndef REPORT_SERVED_H
#define REPORT_SERVED_H

#include "meters/served.h"

// When a scrape was taken: at some time between question and answer.
struct emit_served_moment {
    int64_t asked_ns, answered_ns; // CLOCK_MONOTONIC
    int64_t wall_ns;               // of the answer
};

struct emit_served_told {
    char server[EMIT_SERVED_URL_MAX];
    char refused[240]; // why there are no counts; "": there are
    struct emit_served_use use;
    struct emit_served_moment first, last;
};

struct emit_report;

struct emit_report_served {
    char server[EMIT_SERVED_URL_MAX]; // ""; nobody was asked
    char refused[240];
    struct emit_served_use use; // of nobody where it was refused
    int64_t from_wall_ns, to_wall_ns;
    int64_t from_gap_ns, to_gap_ns; // from the run's first and last sample, at most
    uint32_t gpu_count;             // of the points whose joules these are
    double gpu_joules, gpu_uncertainty_joules;
    char unstated[160]; // why there are no joules per token; "": there are
    double joules_per_output_token;
    double joules_per_token; // of input and output; 0: not known
};

// Puts what was told beside the report's measured GPUs.
void emit_report_add_served(struct emit_report *report, const struct emit_served_told *told);
// True where the scrapes are further from the run's first and last sample than a twentieth
// of its window: the tokens are of another one.
bool emit_report_lacks_window(const struct emit_report *report);
// True for a point whose joules are in gpu_joules.
bool emit_report_is_of_served(const struct emit_report *report, size_t index);

#endif
