// The modeled events of a run, read back from the store: what each profile came to. Never
// added to what was measured.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_MODELED_H
#define PROGRAMS_EMIT_MODELED_H

#include "agent/modeled_sums.h"
#include "base/text.h"
#include "models/coefficients.h"
#include "outbox/outbox.h"

#include <stdbool.h>
#include <stdio.h>

enum {
    MODELED_ROWS_MAX = 32, // of a run; a table of coefficients has ten profiles
    MODELED_WORD_MAX = EMIT_MODELED_WORD_MAX,
};

struct modeled_range {
    double low, central, high; // joules
};

// What a token_model event says, its words fit to be printed.
struct modeled_event {
    char profile[MODELED_WORD_MAX], phase[MODELED_WORD_MAX], boundary[MODELED_WORD_MAX];
    char confidence[MODELED_WORD_MAX];
    uint64_t counts[EMIT_BUCKET_COUNT];
    uint32_t known; // 1 << enum emit_bucket
    struct emit_modeled_energy energy;
    struct modeled_range joules; // the same, rounded
};

struct modeled_range modeled_range_of(const struct emit_modeled_energy *energy);

// False for an event of another source, and for what cannot be read.
bool modeled_event_read(struct modeled_event *event, const struct emit_entry *entry);

// The events of one profile, phase and boundary: low is added to low and high to high.
struct modeled_row {
    struct modeled_event sum; // its confidence is the lowest of them
    uint64_t events;
};

struct modeled {
    struct modeled_row rows[MODELED_ROWS_MAX];
    size_t row_count;
    uint64_t events, untold; // untold: of them, that found no row any more
};

void modeled_add(struct modeled *modeled, const struct modeled_event *event);

// What the whole run came to. False: nothing was modeled, or joules of different boundaries
// which cannot be added.
bool modeled_total(const struct modeled *modeled, struct modeled_range *total);

// "130 kJ (31..750)": two digits of each, for a model knows no more.
enum { MODELED_FIGURE_MAX = 128 };
void modeled_figure(char text[MODELED_FIGURE_MAX], const struct modeled_range *joules);

// Bytes that hold the object below.
enum { MODELED_JSON_MAX = MODELED_ROWS_MAX * 16 * MODELED_WORD_MAX };
// One JSON object: their sum, if there is one, and each profile, boundary and phase.
void modeled_write_json(struct emit_text *text, const struct modeled *modeled);

// At most 80 columns; each line with a figure says that it is modeled.
void modeled_print(FILE *out, const struct modeled *modeled, const char *run_id);

#endif
