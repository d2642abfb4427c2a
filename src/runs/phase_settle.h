// From phases to outcomes. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_PHASE_SETTLE_H
#define RUNS_PHASE_SETTLE_H

#include "runs/file.h"
#include "runs/phase_image.h"

// Ends the part that goes on: `ends` are the tallies of its end, of as many slots as the
// phase has. `parts`, where it is not NULL, gets the tally of this part alone.
void emit_phase_end_part(struct emit_phase_snapshot *phase, const struct emit_run_image *image,
                         const struct emit_tally *ends, int64_t ended_ns, struct emit_slot *parts);

// Adds the phases of a settled run to its result. Their files stay.
EMIT_MUST_CHECK enum emit_status emit_phases_settle(struct emit_run_result *run,
                                                    const struct emit_run_file *file,
                                                    struct emit_error *err);
void emit_run_phase_clear(struct emit_run_phase *phase);

#endif
