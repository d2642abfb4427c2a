// The members of a report's JSON document as rows: the writer and the reader
// follow the same table, so what is written is what can be read.
// SPDX-License-Identifier: Apache-2.0
#ifndef REPORT_MEMBERS_H
#define REPORT_MEMBERS_H

#include "meters/served.h"

#include <stdbool.h>
#include <stddef.h>

enum emit_member_type {
    EMIT_MEMBER_TEXT,   // char[size]
    EMIT_MEMBER_SOURCE, // an enumeration as its word, like the next five
    EMIT_MEMBER_COMPONENT,
    EMIT_MEMBER_ACCURACY,
    EMIT_MEMBER_OUTCOME,
    EMIT_MEMBER_CODE,
    EMIT_MEMBER_STATE,
    EMIT_MEMBER_DOUBLE, // left out when it is not finite
    EMIT_MEMBER_U64,
    EMIT_MEMBER_U32,
    EMIT_MEMBER_I64,
    EMIT_MEMBER_FLAG, // bool
};

struct emit_member {
    const char *key; // NULL ends a table
    enum emit_member_type type;
    bool optional; // left out when empty, zero or false; absent means that
    size_t offset; // in the struct of the table
    size_t size;   // of a text
};

extern const struct emit_member emit_report_members[];      // of struct emit_report
extern const struct emit_member emit_event_count_members[]; // the same, as "events"
extern const struct emit_member emit_self_members[];        // the same, as "self"
extern const struct emit_member emit_point_members[];       // of struct emit_point
extern const struct emit_member emit_decision_members[];    // of struct emit_outcome, always
extern const struct emit_member emit_figure_members[];      // the same, where there is energy
extern const struct emit_member emit_phase_members[];       // of struct emit_report_phase
// Of a phase's point, whose other words stand at the run's: struct emit_point, then emit_outcome.
extern const struct emit_member emit_phase_point_members[];
extern const struct emit_member emit_phase_outcome_members[];
extern const struct emit_member emit_phase_figure_members[];
extern const struct emit_member emit_total_members[];      // of struct emit_report_total
extern const struct emit_member emit_diagnostic_members[]; // of struct emit_report_diagnostic
// Of struct emit_report_served: always, where there are counts, where they are joules per token.
extern const struct emit_member emit_served_members[];
extern const struct emit_member emit_served_window_members[];
extern const struct emit_member emit_served_figure_members[];

extern const struct emit_member emit_served_model_members[]; // of struct emit_served_model
// The keys of an amount and of its slack, by bucket.
extern const char *const emit_served_keys[EMIT_SERVED_BUCKETS][2];

// The word of value number `index` of an enumeration; NULL behind the last.
const char *emit_member_word(enum emit_member_type type, int index);

#endif
