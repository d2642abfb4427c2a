// What a GPU of a scenario shows at a moment.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/gpu.h"

#include <stdio.h>

const struct emit_gpu_event *emit_gpu_event_at(const struct emit_gpu_machine *machine,
                                               enum emit_gpu_event_kind kind, int gpu,
                                               int64_t now_ns) {
    for (unsigned int i = 0; i < machine->event_count; i++) {
        const struct emit_gpu_event *event = &machine->events[i];
        if (event->kind == kind && event->gpu == gpu && now_ns >= event->at_ns &&
            now_ns < event->until_ns)
            return event;
    }
    return NULL;
}

int emit_gpu_at_index(const struct emit_gpu_machine *machine, unsigned int index, int64_t now_ns) {
    bool reversed = emit_gpu_event_at(machine, EMIT_GPU_REORDER, EMIT_GPU_ALL, now_ns);
    return (int)(reversed ? machine->gpu_count - 1 - index : index);
}

unsigned int emit_gpu_index(const struct emit_gpu_machine *machine, int gpu, int64_t now_ns) {
    // Turning round is its own inverse.
    return (unsigned int)emit_gpu_at_index(machine, (unsigned int)gpu, now_ns);
}

unsigned int emit_gpu_engine_starts(const struct emit_gpu_machine *machine, int64_t now_ns) {
    unsigned int starts = 0;
    for (unsigned int i = 0; i < machine->event_count; i++)
        starts += machine->events[i].kind == EMIT_GPU_ENGINE_DOWN &&
                  machine->events[i].until_ns <= now_ns;
    return starts;
}

double emit_gpu_joules(const struct emit_gpu *gpu, int64_t from_ns, int64_t to_ns) {
    return emit_curve_joules(&gpu->counter.curve, (double)to_ns / 1e9) -
           emit_curve_joules(&gpu->counter.curve, (double)from_ns / 1e9);
}

double emit_gpu_watts(const struct emit_gpu *gpu, int64_t now_ns, int64_t window_ns) {
    int64_t to_ns = emit_counter_update_ns(&gpu->counter, now_ns);
    int64_t from_ns = to_ns > window_ns ? to_ns - window_ns : 0;
    if (window_ns == 0 && to_ns > 0) from_ns = emit_counter_update_ns(&gpu->counter, to_ns - 1);
    if (from_ns == to_ns) return emit_curve_watts(&gpu->counter.curve, (double)to_ns / 1e9);
    return emit_gpu_joules(gpu, from_ns, to_ns) / ((double)(to_ns - from_ns) / 1e9);
}

void emit_gpu_uuid(char uuid[EMIT_GPU_UUID_MAX], const char *prefix, uint64_t seed) {
    uint64_t high = emit_testbed_mix(seed, 0), low = emit_testbed_mix(seed, 1);
    (void)snprintf(uuid, EMIT_GPU_UUID_MAX, "%s%08x-%04x-%04x-%04x-%012llx", prefix,
                   (unsigned int)(high >> 32), (unsigned int)(high >> 16) & 0xffffU,
                   (unsigned int)high & 0xffffU, (unsigned int)(low >> 48),
                   (unsigned long long)(low & UINT64_C(0xffffffffffff)));
}
