// The steps of settle that look at more than one point. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef MEASUREMENT_SETTLE_H
#define MEASUREMENT_SETTLE_H

#include "measurement/measurement.h"

// What is known of each point by itself and of those around it, before anything is read.
void emit_settle_points_found(const struct emit_slot *slots, size_t count, bool all_domains,
                              struct emit_outcome *outcomes);

// A device that the run may not use, or that is metered elsewhere, is so for every meter.
void emit_settle_left_out(const struct emit_slot *slots, size_t count,
                          struct emit_outcome *outcomes);

// Excludes all but one of the meters that see one device.
void emit_settle_replicates(const struct emit_slot *slots, size_t count,
                            struct emit_outcome *outcomes);

// Excludes all but one of the dies that turn out to repeat one counter.
void emit_settle_mirrors(const struct emit_slot *slots, size_t count,
                         struct emit_outcome *outcomes);

// Excludes processors and memory, unless they were asked for, where a superchip's module
// is counted that holds them: a node has no processors beside those of its modules.
void emit_settle_modules(const struct emit_slot *slots, size_t count, bool all_domains,
                         struct emit_outcome *outcomes);

// Says of each outcome with energy which device holds it and whether it may be added.
void emit_settle_overlap(const struct emit_slot *slots, size_t count,
                         struct emit_outcome *outcomes);

#endif
