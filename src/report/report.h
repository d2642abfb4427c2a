// The report of a run: what a person reads on stderr, what --json and --report
// write, what the store keeps and `emit show` prints again. One struct, one
// JSON document (schema: contract/report.schema.json), one text.
// SPDX-License-Identifier: Apache-2.0
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/text.h"
#include "report/served.h"
#include "runs/run.h"

#include <stdio.h>

enum {
    EMIT_REPORT_JSON_MAX = 256 * 1024, // bytes of the document
    EMIT_REPORT_TOTALS_MAX = 8,
    EMIT_REPORT_NOTES_MAX = 8,
};

enum emit_report_state {
    EMIT_REPORT_ENDED,
    EMIT_REPORT_KILLED, // the meter died, and the run was closed from the file it left
    EMIT_REPORT_OPEN,   // looked at while it is metered: until its last sample
    EMIT_REPORT_STATE_COUNT,
};

struct emit_report_total {
    char what[EMIT_DEVICE_ID_MAX]; // "measured": says what it sums
    double joules;
    double mean_watts;
    double uncertainty_joules;
};

struct emit_report_diagnostic {
    char meter[EMIT_METER_NAME_MAX];
    char point[EMIT_DEVICE_ID_MAX]; // "" when it is about the interface or the run
    enum emit_code code;
    char message[240]; // one sentence
    char remedy[240];  // one line to paste; "" when there is none
};

// A phase of the run: its slots are the run's, as many, in the same order. Times of its
// outcomes begin at from_ns and leave out what lay between the parts.
struct emit_report_phase {
    char name[EMIT_PHASE_NAME_MAX];
    uint64_t parts;  // how often it was begun and ended
    bool is_open;    // nobody ended it: it ended with the run
    int64_t from_ns; // CLOCK_MONOTONIC; 0 in a report that was read back
    int64_t from_wall_ns, to_wall_ns;
    int64_t lasted_ns; // all parts together
    size_t point_count;
    struct emit_slot *slots;
    struct emit_outcome *outcomes;
    size_t total_count;
    struct emit_report_total totals[EMIT_REPORT_TOTALS_MAX];
};

// Everything below is owned by the report; clear it with emit_report_clear.
struct emit_report {
    struct emit_run_header header;
    int64_t end_wall_ns;
    int64_t window_ns;
    int exit_status; // of the command, as the shell would see it
    bool has_exit;   // false for a run whose end nobody saw
    bool simulated;  // any point is
    enum emit_report_state state;
    bool left_to_others; // another process of the run goes on and will report it
    bool stored;         // events, diagnostics and this report are in the store
    uint32_t concurrent_runs;
    struct emit_run_jobs jobs; // of all processes of the run on this node
    size_t point_count;
    struct emit_slot *slots; // the run's own points and what became of them
    struct emit_outcome *outcomes;
    size_t total_count;
    struct emit_report_total totals[EMIT_REPORT_TOTALS_MAX];
    size_t phase_count; // parts of the run that may overlap: never added up
    struct emit_report_phase *phases;
    struct emit_report_served served; // of emit run --tokens-from
    size_t diagnostic_count;
    struct emit_report_diagnostic *diagnostics;
    size_t note_count; // sentences about the run: where events went, what is held back
    char notes[EMIT_REPORT_NOTES_MAX][240];
    uint32_t events_made;      // lines that passed the contract
    uint32_t events_refused;   // lines that did not: a bug of ours, see the diagnostics
    uint32_t events_stored;    // of those made, new in the store
    uint32_t events_duplicate; // of those made, in the store before
    double self_cpu_seconds;   // user and system time emit itself used
};

// True when no meter that sees this device could tell whether the run may use it.
bool emit_report_is_unmatched(const struct emit_slot *slots, size_t count, size_t index);

// Builds totals and diagnostics from a closed run (copied; the result stays the caller's).
EMIT_MUST_CHECK enum emit_status emit_report_build(struct emit_report *report,
                                                   const struct emit_run_result *result,
                                                   struct emit_error *err);
// Adds one diagnostic; texts are copied, cut at their limits. remedy may be NULL.
EMIT_MUST_CHECK enum emit_status emit_report_diagnose(struct emit_report *report, const char *meter,
                                                      const char *point, enum emit_code code,
                                                      const char *message, const char *remedy,
                                                      struct emit_error *err);
// What helps against `code` at a point of this meter; NULL when nothing is known to.
const char *emit_report_remedy(const char *meter, enum emit_code code);
// One sentence for the reader, kept in order; more than EMIT_REPORT_NOTES_MAX are dropped.
void emit_report_note(struct emit_report *report, const char *format, ...) EMIT_PRINTF(2, 3);
const char *emit_report_state_word(enum emit_report_state state); // "open"
// How many points came to this.
size_t emit_report_count(const struct emit_report *report, enum emit_outcome_kind kind);
void emit_report_clear(struct emit_report *report);

// One JSON object on one line; text must hold EMIT_REPORT_JSON_MAX. EMIT_FULL when cut.
EMIT_MUST_CHECK enum emit_status emit_report_write_json(struct emit_text *text,
                                                        const struct emit_report *report,
                                                        struct emit_error *err);
// Its member "served" alone.
EMIT_MUST_CHECK enum emit_status emit_report_write_served(struct emit_text *text,
                                                          const struct emit_report *report,
                                                          struct emit_error *err);
// Reads such a document back, so that `emit show` prints what `emit run` printed.
// EMIT_MALFORMED: not a report.
EMIT_MUST_CHECK enum emit_status emit_report_read_json(struct emit_report *report, const char *json,
                                                       size_t length, struct emit_error *err);
// One diagnostic as its JSON line (schema: contract/diagnostic.schema.json):
// time, run, meter, point, code, message, remedy.
EMIT_MUST_CHECK enum emit_status
emit_report_write_diagnostic(struct emit_text *text, const struct emit_report *report,
                             const struct emit_report_diagnostic *diagnostic,
                             struct emit_error *err);

#endif
