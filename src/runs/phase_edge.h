// The meters of a guest of a run, and their reading at the edges of phases. Private to
// this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_PHASE_EDGE_H
#define RUNS_PHASE_EDGE_H

#include "runs/living.h"
#include "runs/phase.h"

// What a counter showed while an edge waits for it to move.
struct emit_edge_seen {
    uint64_t count;
    int64_t taken_ns;
    int64_t fresh_ns; // it moved after this moment; 0: it has not yet
};

struct emit_edge {
    struct emit_host *host;
    struct emit_meter_settings settings;
    // The right to read is borrowed (design 4.11): the run's own samples have to do.
    bool reads_nothing;
    bool left_slow_out; // a meter that the run had no point of yet was not opened
    size_t meter_count;
    struct emit_meter *meters[EMIT_RUN_METERS_MAX];
    struct emit_edge_seen *seen[EMIT_RUN_METERS_MAX]; // of each meter's points
    size_t slot_count;            // of the run's when the meters' points were found in it
    struct emit_run_snapshot run; // what the run has published, with the edge folded in
};

EMIT_MUST_CHECK enum emit_status emit_edge_open(struct emit_edge *edge, struct emit_host *host,
                                                const struct emit_run_image *image,
                                                const struct emit_phases_plan *plan,
                                                struct emit_error *err);
void emit_edge_close(struct emit_edge *edge);
// Reads every point and leaves the edge in edge->run. *from_ns is when the reading began,
// *to_ns when it was over. False: what the run has published is damaged.
bool emit_edge_take(struct emit_edge *edge, const struct emit_run_image *image, bool align,
                    int64_t *from_ns, int64_t *to_ns);

#endif
