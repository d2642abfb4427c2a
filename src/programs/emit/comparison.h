// Two runs, or two groups of runs, side by side. Pure: from what they used to what
// can be claimed of the difference, and what cannot.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_COMPARISON_H
#define PROGRAMS_EMIT_COMPARISON_H

#include "programs/emit/group.h"

#include <stdio.h>

// One side: a run, or the runs of one emit run --repeat.
struct emit_side {
    char name[EMIT_RUN_ID_MAX]; // of the run, or what the ids of the group begin with
    char node_id[EMIT_NODE_MAX];
    char command[EMIT_COMMAND_MAX];
    uint32_t concurrent_runs; // the most that any of its runs saw
    bool is_partial;          // something was read in part, or not at all
    struct emit_group group;
};

struct emit_quantity {
    bool known;
    double value;  // of a group: the mean
    double sigma;  // of a group; NaN for one run
    double margin; // what the value leaves open, see emit_compare; NaN: not known
};

enum emit_verdict {
    EMIT_VERDICT_NONE,   // a difference, of which nothing can be claimed: its margin is not known
    EMIT_VERDICT_WITHIN, // within the margin: no difference can be claimed
    EMIT_VERDICT_LESS,   // B is less than A, beyond the margin
    EMIT_VERDICT_MORE,
    EMIT_VERDICT_UNCOMPARED, // only one of them is known, or they are not of the same thing
};

struct emit_comparison_row {
    const struct emit_group_device *device; // of A, else of B; NULL for time, sum and watts
    struct emit_quantity a, b;
    double difference; // B - A
    double percent;    // of A; NaN where A is 0
    double margin;     // of both
    enum emit_verdict verdict;
};

// A phase that either of them has: its time and the joules of its sum.
struct emit_comparison_phase {
    const char *name; // of the group that has it
    struct emit_comparison_row seconds, sum;
};

enum { EMIT_COMPARISON_ROWS_MAX = 2 * EMIT_POINTS_MAX };

struct emit_comparison {
    const struct emit_side *a, *b;
    struct emit_comparison_row seconds, sum, watts; // watts: the mean of the sum
    size_t count;
    struct emit_comparison_row *rows; // devices, EMIT_COMPARISON_ROWS_MAX of the caller
    size_t phase_count;
    struct emit_comparison_phase phases[2 * EMIT_GROUP_PHASES_MAX];
    bool nodes_differ;
    bool one_simulated; // and the other is not: nothing is compared
    bool sums_differ;   // they hold different devices: not compared
};

// The margin of one run is what the edges of its window leave open; of the mean of a
// group the larger of that and two standard errors, 2 sigma / sqrt(n). Margins of the two
// sides are added: neither is known to make up for the other. Time of single runs has none.
// Devices are the same by id; on different nodes by component and index.
// comparison->rows is set by the caller, and everything else is filled.
void emit_compare(struct emit_comparison *comparison, const struct emit_side *a,
                  const struct emit_side *b);
const char *emit_verdict_word(enum emit_verdict verdict);

// Adds a device to those before it and judges them together; both are known on both sides.
void emit_comparison_add(struct emit_comparison_row *sum, const struct emit_comparison_row *row);

// For people, 80 columns. all: no row stands for several devices.
void emit_comparison_print(FILE *out, const struct emit_comparison *comparison, bool all);
// One JSON object (schema: contract/compare.schema.json). EMIT_FULL when cut.
EMIT_MUST_CHECK enum emit_status
emit_comparison_write_json(struct emit_text *text, const struct emit_comparison *comparison,
                           struct emit_error *err);

#endif
