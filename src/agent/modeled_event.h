// What an event of a model says: the one reader of its line.
//
// Joules are whole nanojoules, which is what a model counts in: they come to the same in any
// order, and in any parts.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_MODELED_EVENT_H
#define AGENT_MODELED_EVENT_H

#include "models/coefficients.h"
#include "outbox/outbox.h"

enum { EMIT_MODELED_WORD_MAX = 96 }; // bytes

__extension__ typedef unsigned __int128 emit_nanojoules; // 64 bits end at 5 MWh

// A number of joules as JSON writes it, to the nearest; 0 of one that is below 0, or above what
// any model comes to.
emit_nanojoules emit_nanojoules_read(const char *text, size_t length);
double emit_nanojoules_joules(emit_nanojoules energy);

struct emit_modeled_energy {
    emit_nanojoules low, central, high;
};
void emit_modeled_energy_add(struct emit_modeled_energy *sum,
                             const struct emit_modeled_energy *more);

// Words as they are written, not made printable; "": longer, or not said.
struct emit_modeled_event {
    char source[EMIT_MODELED_WORD_MAX], profile[EMIT_MODELED_WORD_MAX];
    char phase[EMIT_MODELED_WORD_MAX], boundary[EMIT_MODELED_WORD_MAX];
    char confidence[EMIT_MODELED_WORD_MAX];
    uint64_t counts[EMIT_BUCKET_COUNT];
    uint32_t known; // 1 << enum emit_bucket
    struct emit_modeled_energy energy;
};

// False for an event of another source, and for what cannot be read.
bool emit_modeled_event_read(struct emit_modeled_event *event, const struct emit_entry *entry);

#endif
