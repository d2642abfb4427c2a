// What an operator knows of a facility beside its meters: the grid, overhead, price,
// curtailment, each for a span of time. A fact is attached to a window that it covers whole,
// and to no other; nothing is ever multiplied with it.
// SPDX-License-Identifier: Apache-2.0
#ifndef MEASUREMENT_FACILITY_METADATA_H
#define MEASUREMENT_FACILITY_METADATA_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EMIT_FACILITY_ID_MAX = 128, // bytes of an id or a place, terminator included
    EMIT_FACT_LABEL_MAX = 65,   // bytes of a kind or a currency, terminator included
    EMIT_FACTS_MAX = 1 << 20,   // of one kind and facility: a year of half minutes
    EMIT_SITES_MAX = 256,       // facilities with metadata of their own
};

// name, key in the metadata, what a note calls it
#define EMIT_FACT_ROWS(ROW)                                                                        \
    ROW(EMIT_FACT_PUE, "pue", "the PUE")                                                           \
    ROW(EMIT_FACT_INTENSITY, "grid_carbon_intensity", "the grid's carbon intensity")               \
    ROW(EMIT_FACT_PRICE, "electricity_price", "the electricity price")                             \
    ROW(EMIT_FACT_CURTAILMENT, "curtailment", "the curtailment window")

#define EMIT_FACT_ENUMERATOR(name, key, title) name,
enum emit_fact { EMIT_FACT_ROWS(EMIT_FACT_ENUMERATOR) EMIT_FACT_COUNT };

const char *emit_fact_key(enum emit_fact fact);
const char *emit_fact_title(enum emit_fact fact);

struct emit_facility_fact {
    int64_t from_ns, to_ns;          // UTC, half-open: when it holds
    double value;                    // PUE, g/kWh, price per kWh; of a curtailment nothing
    char label[EMIT_FACT_LABEL_MAX]; // kind of intensity or curtailment, or currency; may be ""
    char id[EMIT_FACILITY_ID_MAX];   // of a curtailment, else ""
};

// The facts of one facility, or of all that have none of their own.
struct emit_facility_site {
    char facility_id[EMIT_FACILITY_ID_MAX]; // "": of every facility without a site of its own
    char region[EMIT_FACILITY_ID_MAX];      // "" unsaid
    char grid_region[EMIT_FACILITY_ID_MAX];
    struct emit_facility_fact *facts[EMIT_FACT_COUNT]; // owned; by from_ns, none overlaps another
    size_t fact_counts[EMIT_FACT_COUNT];
    bool is_met; // by a window that it was looked up for
};

struct emit_facility_metadata {
    struct emit_facility_site *sites; // owned
    size_t site_count;
};

struct emit_facility_window;
struct emit_facility_refusal;

// Puts the facts of a site in their order. False when two of a kind overlap: *from_ns and
// *other_ns are where they begin.
bool emit_facility_site_order(struct emit_facility_site *site, enum emit_fact *kind,
                              int64_t *from_ns, int64_t *other_ns);
// Attaches what covers the window whole, and the place where the window names none. Of every
// kind that the site has facts of, and none that covers the window, *missed gets its bit; of
// curtailment only where one holds for some of the window.
// False: the window has no place, which no event can be without.
bool emit_facility_attach(struct emit_facility_window *window,
                          struct emit_facility_metadata *metadata, unsigned *missed,
                          struct emit_facility_refusal *why);
void emit_facility_metadata_clear(struct emit_facility_metadata *metadata); // accepts a zeroed one

#endif
