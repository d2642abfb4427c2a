// The live line of `emit run`: what the devices draw now, on the last row of a
// terminal, and gone when the command ends.
//
// The command writes to the same terminal whenever it likes. So the last row is
// taken out of the scrolling region, as apt does: what the command prints scrolls
// above it and is never overwritten. A command that takes the terminal over
// (editors, pagers: no line mode) has it for itself.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_LIVE_H
#define PROGRAMS_EMIT_LIVE_H

#include "agent/sampler.h"

enum { LIVE_GROUPS = 4 };

struct live {
    struct emit_sampler *sampler; // borrowed; NULL: there is no line
    bool all_domains;
    int64_t pace_ns;
    int64_t begun_ns; // CLOCK_MONOTONIC
    int rows;         // of the terminal while the last one is ours; 0: it is not
    struct emit_slot *slots;
    struct emit_outcome *outcomes;
    int64_t before_ns; // the sample the last line spoke of
    double before_joules[LIVE_GROUPS];
};

// Where stderr is no terminal, or one that cannot do it, there is no line.
void live_begin(struct live *live, struct emit_sampler *sampler, bool all_domains, int64_t pace_ns,
                int64_t begun_ns);
void live_tick(struct live *live);
void live_hide(struct live *live); // gives the row back; the next tick takes it again
void live_end(struct live *live);  // accepts one that never began

#endif
