// A facility window: what an operator's meter says of a span of time, and what it comes to.
//
// A record states the energy (or the mean power) of a half-open window [from, to), or the two
// readings of a counter at its edges. Settling it gives exact joules or says why there are
// none; it never guesses, and never replaces what a meter said by something else.
// SPDX-License-Identifier: Apache-2.0
#ifndef MEASUREMENT_FACILITY_H
#define MEASUREMENT_FACILITY_H

#include "measurement/facility_energy.h"
#include "measurement/facility_metadata.h"
#include "vocabulary/names.h"

enum {
    EMIT_FACILITY_STAMP_MAX = 64, // bytes of a serial number or a reset stamp, terminator included
    EMIT_FACILITY_FIELD_MAX = 64,
    EMIT_FACILITY_MESSAGE_MAX = 320,
    EMIT_FACILITY_QUANTUM_SHARE = 10, // one step of the meter is at most 1/10 of the energy
    EMIT_FACILITY_WRAP_NEAR = 20,     // a counter that wraps stood within 1/20 of its end
};

// What becomes of a record: name, word, what is wrong.
#define EMIT_FACILITY_FATE_ROWS(ROW)                                                               \
    ROW(EMIT_FACILITY_GOOD, "", "an event stands for it")                                          \
    ROW(EMIT_FACILITY_MALFORMED, "malformed", "not JSON, or a value of the wrong type")            \
    ROW(EMIT_FACILITY_UNKNOWN_FIELD, "unknown-field", "a record has no such field")                \
    ROW(EMIT_FACILITY_MISSING_FIELD, "missing-field", "a field it needs is missing")               \
    ROW(EMIT_FACILITY_UNKNOWN_WORD, "unknown-word", "a word that is not of its closed set")        \
    ROW(EMIT_FACILITY_BAD_TEXT, "bad-text", "a text that is empty or too long")                    \
    ROW(EMIT_FACILITY_BAD_NUMBER, "bad-number", "no decimal number, or out of its range")          \
    ROW(EMIT_FACILITY_BAD_TIMESTAMP, "bad-timestamp", "no time as RFC 3339 has it")                \
    ROW(EMIT_FACILITY_TIME_ORDER, "time-order", "the window has no length")                        \
    ROW(EMIT_FACILITY_IMPLAUSIBLE_TIME, "implausible-time", "a clock that was not set")            \
    ROW(EMIT_FACILITY_NOT_ENERGY, "not-energy", "a unit of something else than used energy")       \
    ROW(EMIT_FACILITY_SENTINEL, "sentinel", "the meter said that it has no value")                 \
    ROW(EMIT_FACILITY_RESET, "reset", "the counter began anew, or is another one")                 \
    ROW(EMIT_FACILITY_WRAPPED_UNPROVEN, "wrapped-unproven", "a wrap that cannot be proven")        \
    ROW(EMIT_FACILITY_IMPLAUSIBLE, "implausible", "more energy than the rated power allows")       \
    ROW(EMIT_FACILITY_BELOW_RESOLUTION, "below-resolution", "too few steps of the meter")          \
    ROW(EMIT_FACILITY_WRONG_COMPONENT, "wrong-component", "this source meters no such component")  \
    ROW(EMIT_FACILITY_WRONG_PROVENANCE, "wrong-provenance", "this source cannot be estimated")     \
    ROW(EMIT_FACILITY_WRONG_ACCURACY, "wrong-accuracy", "this source has no such accuracy class")  \
    ROW(EMIT_FACILITY_PUE_UNDECLARED, "pue-undeclared", "is overhead in it? nobody said")          \
    ROW(EMIT_FACILITY_PUE_ON_IT_LOAD, "pue-on-it-load", "a meter of IT load holds no overhead")    \
    ROW(EMIT_FACILITY_MISSING_REGION, "missing-region", "neither region nor grid_region is known") \
    ROW(EMIT_FACILITY_CONFLICT, "conflict", "another record says otherwise of the same window")    \
    ROW(EMIT_FACILITY_OVERLAP, "overlap", "another record of the meter covers part of the window") \
    ROW(EMIT_FACILITY_ALREADY_STORED, "already-stored", "the store has some of the window")        \
    ROW(EMIT_FACILITY_CONTRACT, "contract", "its event broke the contract: a bug in emit itself")

#define EMIT_FACILITY_FATE_ENUMERATOR(name, word, wrong) name,
enum emit_facility_fate {
    EMIT_FACILITY_FATE_ROWS(EMIT_FACILITY_FATE_ENUMERATOR) EMIT_FACILITY_FATE_COUNT
};

const char *emit_facility_fate_word(enum emit_facility_fate fate);

// Why there is no event. field: "" for the record as a whole.
struct emit_facility_refusal {
    enum emit_facility_fate fate;
    char field[EMIT_FACILITY_FIELD_MAX];     // "last.value"
    char message[EMIT_FACILITY_MESSAGE_MAX]; // one sentence without a full stop at its end
};

enum emit_facility_quality {
    EMIT_FACILITY_MEASURED,
    EMIT_FACILITY_ESTIMATED,   // by the utility or the operator
    EMIT_FACILITY_SUBSTITUTED, // a value that stands for one that was lost: estimated, too
};

enum emit_facility_pue {
    EMIT_FACILITY_PUE_UNSAID,
    EMIT_FACILITY_PUE_FALSE,
    EMIT_FACILITY_PUE_TRUE
};

// A counter at an edge of the window. Stamps are compared and never understood.
struct emit_facility_reading {
    struct emit_decimal value;
    char serial[EMIT_FACILITY_STAMP_MAX];   // "" unsaid
    char reset_at[EMIT_FACILITY_STAMP_MAX]; // "" unsaid
};

struct emit_facility_window {
    // What the record says. COUNT and "" are "unsaid".
    enum emit_source source;
    enum emit_component component;
    enum emit_accuracy accuracy;
    enum emit_transport transport;
    enum emit_facility_quality quality;
    enum emit_facility_pue pue_applied;
    enum emit_facility_unit unit;
    bool is_counter; // first and last stand, else value
    bool has_modulus, has_quantum, has_rated;
    bool is_simulated;
    struct emit_decimal value;                // energy, or mean power, by unit
    struct emit_facility_reading first, last; // in unit
    struct emit_decimal modulus, quantum;     // in unit: where the counter begins anew; one step
    struct emit_decimal rated_watts;          // more than 1.25 times of it cannot be
    int64_t from_ns, to_ns;                   // UTC
    char facility_id[EMIT_FACILITY_ID_MAX];
    char device_id[EMIT_FACILITY_ID_MAX];
    char node_id[EMIT_FACILITY_ID_MAX];
    char region[EMIT_FACILITY_ID_MAX];
    char grid_region[EMIT_FACILITY_ID_MAX];
    // What was attached, borrowed from the metadata; NULL where nothing covers the window.
    const struct emit_facility_fact *facts[EMIT_FACT_COUNT];
    // What it comes to, once it is settled: then nothing above is unsaid that an event needs.
    enum emit_provenance provenance;
    emit_u128 attojoules;
    emit_u128 quantum_attojoules; // 0: unknown
    bool is_wrapped;
};

void emit_facility_init(struct emit_facility_window *window); // everything unsaid

// Fills the last part, and what was unsaid and has a usual value; the metadata have no part in
// it. now_ns: UTC.
// False: there is no event, and why says for what reason; window is of no use then.
bool emit_facility_settle(struct emit_facility_window *window, int64_t now_ns,
                          struct emit_facility_refusal *why);

// Says no, in one line: `return emit_facility_refuse(...)`. Returns false.
bool emit_facility_refuse(struct emit_facility_refusal *why, enum emit_facility_fate fate,
                          const char *field, const char *format, ...) EMIT_PRINTF(4, 5);

// Which meter a window is of, as a digest under a secret of the caller's: what of which device
// of which facility. Windows of one meter may not cover the same time twice, whatever source
// they name: an outlet read once as a PDU's and once over Redfish is one flow.
struct emit_facility_meter {
    uint64_t low, high;
};
struct emit_facility_meter emit_facility_meter(const struct emit_facility_window *window,
                                               const uint64_t secret[2]);
// What a settled window says beside its meter and its edges: equal for two that say the same.
uint64_t emit_facility_print(const struct emit_facility_window *window, const uint64_t secret[2]);

#endif
