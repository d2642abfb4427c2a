// emit begin in its two processes: the caller's, which returns at once, and the one
// that it leaves behind to meter.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_BEGIN_H
#define PROGRAMS_EMIT_BEGIN_H

#include "programs/emit/run.h"

struct begin_options {
    struct run_options run; // first: rows of emit run have their offsets in it
    int64_t max_ns;
};

// What the detached process tells the caller, once: the first sample was taken, or why not.
struct begin_answer {
    enum emit_status status; // EMIT_TIMEOUT: not yet, it goes on trying
    size_t point_count;      // that are metered
    char text[240];          // a sentence, for what there is to say
};

// In the detached process: meters until the run is asked to end or values->max_ns is
// over, and ends the process. The first sample is told on `channel`. values are the
// run's options; run->host is not open any more.
_Noreturn void begin_meter(struct run *run, struct begin_options *values, int channel);

// Nothing is metered, and why: kept in the store where there is one, for whoever asks
// later where the run is.
void begin_keep_failure(const struct run *run, const char *why);

#endif
