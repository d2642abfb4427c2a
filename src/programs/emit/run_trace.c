// The power curve of a run as CSV.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run_trace.h"

void run_trace_begin(struct run_trace *trace, FILE *file) {
    *trace = (struct run_trace){.file = file};
    fputs("seconds,meter,device_id,component,joules,watts\n", file);
}

static double joules_of(const struct emit_point *point, uint64_t count) {
    return emit_joules(count, point->joules_numerator, point->joules_denominator);
}

static void write_row(struct run_trace *trace, const struct emit_slot *slot, size_t index) {
    const struct emit_point *point = &slot->point;
    const struct emit_tally *tally = &slot->tally;
    int64_t span_ns = tally->last_ns - trace->before[index].last_ns;
    fprintf(trace->file, "%.6f,%s,%s,%s,%.6f,", (double)(tally->last_ns - trace->from_ns) / 1e9,
            point->meter, point->device_id, emit_component_word(point->component),
            joules_of(point, tally->carried_count));
    // The first row of a point has no interval whose power it could say.
    if (tally->samples > 1 && trace->before[index].last_ns > 0) {
        uint64_t moved = tally->carried_count - trace->before[index].carried_count;
        fprintf(trace->file, "%.3f", joules_of(point, moved) / ((double)span_ns / 1e9));
    }
    fputc('\n', trace->file);
    trace->before[index].carried_count = tally->carried_count;
    trace->before[index].last_ns = tally->last_ns;
}

void run_trace_sampled(void *owner, const struct emit_slot *slots, size_t count, int64_t at_ns) {
    struct run_trace *trace = owner;
    if (trace->from_ns == 0) {
        trace->from_ns = at_ns;
        for (size_t i = 0; i < count; i++)
            if (slots[i].tally.first_ns > 0 && slots[i].tally.first_ns < trace->from_ns)
                trace->from_ns = slots[i].tally.first_ns;
    }
    for (size_t i = 0; i < count && i < EMIT_POINTS_MAX; i++)
        if (slots[i].tally.last_ns > trace->before[i].last_ns) write_row(trace, &slots[i], i);
}

bool run_trace_end(struct run_trace *trace) {
    bool good = !ferror(trace->file);
    good = fclose(trace->file) == 0 && good;
    trace->file = NULL;
    return good;
}
