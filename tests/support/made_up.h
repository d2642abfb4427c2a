// Made-up closed runs for the tests of what comes after them: the figures are
// invented, but consistent (joules = watts x time).
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_MADE_UP_H
#define TESTS_MADE_UP_H

#include "runs/run.h"

#include <stdio.h>
#include <string.h>

enum { MADE_UP_POINTS_MAX = EMIT_POINTS_MAX };

struct made_up_run {
    struct emit_run_result result;
    struct emit_slot slots[MADE_UP_POINTS_MAX];
    struct emit_outcome outcomes[MADE_UP_POINTS_MAX];
};

static const int64_t made_up_second = 1000000000;

// A run of 252.4 s without points yet.
static inline void made_up_init(struct made_up_run *run) {
    memset(run, 0, sizeof *run);
    struct emit_run_header *header = &run->result.header;
    (void)snprintf(header->run_id, sizeof header->run_id, "run_01JD9Z6Q3K7V8M2N4P6R8T0W2Y");
    (void)snprintf(header->workspace_id, sizeof header->workspace_id, "ws_123");
    (void)snprintf(header->node_id, sizeof header->node_id, "node-1");
    (void)snprintf(header->command, sizeof header->command, "python train.py");
    header->start_ns = 1000 * made_up_second;
    header->start_wall_ns = 1781366400 * made_up_second; // 2026-06-13T16:00:00Z
    header->sampled_ns = run->result.end_ns = header->start_ns + 2524 * made_up_second / 10;
    header->pace_ns = made_up_second;
    run->result.end_wall_ns = header->start_wall_ns + 2524 * made_up_second / 10;
    run->result.slots = run->slots;
    run->result.outcomes = run->outcomes;
}

// One point measured over the whole window.
static inline struct emit_outcome *made_up_add(struct made_up_run *run, const char *device_id,
                                               enum emit_component component, int device_index,
                                               double mean_watts) {
    size_t at = run->result.count++;
    struct emit_point *point = &run->slots[at].point;
    struct emit_outcome *outcome = &run->outcomes[at];
    bool gpu = component == EMIT_COMPONENT_GPU || component == EMIT_COMPONENT_GPU_MODULE;
    (void)snprintf(point->meter, sizeof point->meter, "%s", gpu ? "nvml" : "rapl");
    (void)snprintf(point->device_id, sizeof point->device_id, "%s", device_id);
    point->source = gpu ? EMIT_SOURCE_NVML : EMIT_SOURCE_RAPL;
    point->component = component;
    point->accuracy = EMIT_ACCURACY_DEVICE_COUNTER;
    point->device_index = device_index;
    point->update_period_ns = gpu ? 100000000 : 1000000;
    point->joules_numerator = 1;
    point->joules_denominator = gpu ? 1000 : 1000000;
    point->step_counts = 1;
    *outcome = (struct emit_outcome){
        .kind = EMIT_OUTCOME_MEASURED,
        .joules = mean_watts * 252.4,
        .mean_watts = mean_watts,
        .peak_watts = mean_watts * 1.6,
        .uncertainty_joules = mean_watts * (gpu ? 0.2 : 0.002),
        .resolution_joules = gpu ? 0.001 : 0.000001,
        .coverage_ratio = 1,
        .sampling_hz = 252 / 252.4,
        .from_ns = run->result.header.start_ns,
        .to_ns = run->result.end_ns,
        .samples = 253,
        .counts_in_total = true,
    };
    return outcome;
}

// The point that was added last becomes one without energy.
static inline void made_up_lose(struct made_up_run *run, enum emit_outcome_kind kind,
                                enum emit_code code, const char *note, const char *because) {
    size_t at = run->result.count - 1;
    struct emit_point *point = &run->slots[at].point;
    run->outcomes[at] = (struct emit_outcome){.kind = kind, .code = code};
    point->found = note[0] ? code : EMIT_CODE_NONE;
    (void)snprintf(point->note, sizeof point->note, "%s", note);
    (void)snprintf(run->outcomes[at].because, sizeof run->outcomes[at].because, "%s", because);
}

#endif
