// The power curve of a run as CSV: one row for each sample and point.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_RUN_TRACE_H
#define PROGRAMS_EMIT_RUN_TRACE_H

#include "measurement/measurement.h"

#include <stdio.h>

struct run_trace {
    FILE *file; // owned
    int64_t from_ns;
    struct {
        uint64_t carried_count;
        int64_t last_ns;
    } before[EMIT_POINTS_MAX]; // as the row before said
};

// Writes the head of the table. The file is the trace's from now on.
void run_trace_begin(struct run_trace *trace, FILE *file);
// Of the type that emit_sampler_plan.sampled wants; owner is the trace.
void run_trace_sampled(void *owner, const struct emit_slot *slots, size_t count, int64_t at_ns);
// False: something could not be written; errno says why.
bool run_trace_end(struct run_trace *trace);

#endif
