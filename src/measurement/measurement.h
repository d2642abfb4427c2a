// Counts become joules here, and nowhere else: two pure functions without
// input or output.
//
//   fold    takes one reading into what a point remembers (its tally)
//   settle  turns the tallies of a run into outcomes
//
// A counter is subtracted in integers; a power is integrated by trapezoid over the
// times at which it was read, into a count of nanojoules. What a point remembers never shrinks and
// is small enough to be written into the run file at every sample, so that a
// killed run is settled from its file exactly as a living one is.
// SPDX-License-Identifier: Apache-2.0
#ifndef MEASUREMENT_MEASUREMENT_H
#define MEASUREMENT_MEASUREMENT_H

#include "vocabulary/codes.h"
#include "vocabulary/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EMIT_POINTS_MAX = 256, // metering points of one run
    EMIT_METER_NAME_MAX = 16,
    EMIT_DEVICE_ID_MAX = 64, // bytes of a device id, terminator included
    EMIT_POINT_NOTE_MAX = 160,
};

// What a meter knows of a point that decides whether it may be counted.
enum emit_point_trait {
    EMIT_TRAIT_SIMULATED = 1 << 0,  // not from the real kernel or driver (design 4.8)
    EMIT_TRAIT_UNNAMEABLE = 1 << 1, // the vocabulary has no name for it
    EMIT_TRAIT_ONE_CORE = 1 << 2,   // AMD's core zone: one core, not all cores
    EMIT_TRAIT_DIE = 1 << 3,        // one die of a package: adds, unless a mirror
    EMIT_TRAIT_UNMATCHED = 1 << 4,  // nobody could tell whether the run may use it: `note` says why
    EMIT_TRAIT_UNLISTED = 1 << 5,   // counted, and the run's only where one of its ranks lists it
    EMIT_TRAIT_NUMBERED = 1 << 6,   // CUDA numbers such devices in the order of device_index
    EMIT_TRAIT_NAMELESS = 1 << 7,   // who it is may not be asked: known by its index alone
    EMIT_TRAIT_SPLIT = 1 << 8,      // a GPU in MIG mode: counts for all of its instances
    EMIT_TRAIT_PAIRED = 1 << 9,     // a module of two GPUs: both may count the same
};

// A metering point: where energy is counted. Plain bytes, stored in the run file.
struct emit_point {
    char meter[EMIT_METER_NAME_MAX];    // "rapl"
    char device_id[EMIT_DEVICE_ID_MAX]; // "package-0/core": stable across restarts
    char inside[EMIT_DEVICE_ID_MAX];    // device_id of the point that contains it; "" none
    char same_as[EMIT_DEVICE_ID_MAX];   // device_id of the point whose counter it repeats; "" none
    char note[EMIT_POINT_NOTE_MAX]; // the sentence behind `found`, or what else to know of it; ""
    enum emit_source source;
    enum emit_component component;
    enum emit_accuracy accuracy;
    enum emit_code found;      // NONE: may be read; else why it cannot (denied, masked, ...)
    uint32_t traits;           // of emit_point_trait
    int32_t device_index;      // the physical package; -1 where there is none
    int64_t update_period_ns;  // between two updates of the counter or the power; > 0
    int64_t averaged_ns;       // a power is its mean over so long; 0: of the moment, or a counter
    int64_t max_milliwatts;    // more power than this cannot be; > 0
    uint64_t modulus;          // the counter counts modulo this; 0: all 64 bits, never wraps
    uint64_t joules_numerator; // one count is numerator/denominator joules
    uint64_t joules_denominator;
    uint64_t step_counts; // one hardware unit in counts, >= 1: the resolution
};

// A point whose readings are milliwatts of the moment. Its count is what measurement
// makes of them: nanojoules (1/1000000000 joule), modulus 0, step_counts the
// milliwatts that it can tell apart.
static inline bool emit_point_is_power(const struct emit_point *point) {
    return point->accuracy == EMIT_ACCURACY_POWER_INTEGRATED;
}

// What the device said at one moment: a count, never subtracted, or why there is none.
struct emit_reading {
    enum emit_code code;  // NONE: count is good; else MALFORMED, GONE, DENIED, TIMEOUT, STALE
    uint64_t count;       // of a power: milliwatts
    int64_t age_ns;       // the count is no older than this at taken_ns; 0: up to an update period
    int64_t taken_ns;     // CLOCK_MONOTONIC, give or take within_ns
    int64_t within_ns;    // half of the time that reading the meter took
    int64_t suspended_ns; // CLOCK_BOOTTIME - CLOCK_MONOTONIC at that moment
};

// What a point remembers of a run. All zero before its first reading.
struct emit_tally {
    uint64_t samples;     // good readings
    uint64_t first_count; // as read: of a power milliwatts
    uint64_t last_count;
    uint64_t carried_count; // the sum of all proven differences, in counts
    uint64_t carried_rest;  // of a power: what is not yet a nanojoule, in parts of 2000
    uint64_t wraps;
    uint64_t resets;  // intervals whose energy is unknown
    int64_t first_ns; // CLOCK_MONOTONIC of the first and last good reading
    int64_t last_ns;
    int64_t first_within_ns; // how well these two moments are known
    int64_t last_within_ns;
    int64_t first_age_ns; // how old these two counts can be; 0: up to an update period
    int64_t last_age_ns;
    int64_t moved_ns;         // of the last reading that differed from the one before
    int64_t suspended_ns;     // of the last good reading
    int64_t uncovered_ns;     // time whose energy is not in carried_count
    int64_t longest_gap_ns;   // between two good readings
    int64_t peak_milliwatts;  // of the stretches that were long enough to say
    int64_t least_milliwatts; // of a power: the lowest sample
    int64_t first_milliwatts; // mean over the first and over the last such stretch
    int64_t last_milliwatts;
    int64_t told_ns;        // where the present stretch began
    uint64_t told_count;    // carried_count there
    uint64_t before_count;  // of a power: the reading before the last one
    int64_t before_gap_ns;  // and the time between them; 0: they do not belong together
    double scatter_joules2; // of a power: variance that comes from watts between its samples
    int64_t failed_ns;      // of the first bad reading since the last good one; 0 none
    enum emit_code failed;  // its code
    enum emit_code trouble; // the first thing that went wrong and cannot be mended
    enum emit_code missed;  // of a sum of parts: why one of them was not counted whole
    bool ended;             // the device is gone: nothing is counted any more
    uint64_t parts;         // how many were added up by emit_tally_append; 0: it is no sum
    double edges_joules;    // of a sum: what the edges of all its parts leave open
};

// Takes one reading into the tally.
// Of a counter, a smaller count is a wrap when the implied power is possible and nothing
// says reset; otherwise the interval is lost, counted in resets, and counting goes on from
// the new count. Of a power, the energy between two samples further apart than
// emit_point_hold_ns, or on two sides of a suspend, is not known. A bad reading leaves the
// tally as it was but for `failed`; EMIT_CODE_GONE ends it.
void emit_tally_fold(struct emit_tally *tally, const struct emit_point *point,
                     const struct emit_reading *reading);

// What the run counted between two of its moments. `begin` and `end` are its tally of
// then, each with a reading of that moment folded into a copy: a point that could not
// be read at the beginning has no part, for what came before cannot be told from it.
void emit_tally_between(struct emit_tally *part, const struct emit_point *point,
                        const struct emit_tally *begin, const struct emit_tally *end);

// Where a part lies, CLOCK_MONOTONIC; and where it stands when the time between the
// parts is left out: at_ns is from_ns of the first and what the parts before lasted.
struct emit_span {
    int64_t from_ns, to_ns;
    int64_t at_ns;
};

// Adds a part to a sum of parts (all zero before the first) that do not overlap. The sum
// is a tally in a time of its own, in which the next part begins where the one before
// ended. It is settled in a window of that time. Of what a part lacks, its time counts;
// and what its edges leave open adds up, for they err to the same side: what a counter has
// not shown yet when a part begins was drawn by what is not the part.
void emit_tally_append(struct emit_tally *sum, const struct emit_point *point,
                       const struct emit_tally *part, const struct emit_span *span);

// One slot of a run: who, and what it remembers.
struct emit_slot {
    struct emit_point point;
    struct emit_tally tally;
    uint32_t concurrent_runs; // other runs that metered this device meanwhile
};

// What is true of the run as a whole when it is settled. Times are CLOCK_MONOTONIC.
// A point that was read by `from_ns` and again at `to_ns` or later saw all of the
// job; what lies between these edges and its own first and last reading is
// uncovered.
struct emit_window {
    int64_t from_ns;  // the job began; where no job was named: the first sample was done
    int64_t to_ns;    // the job ended; else: the last sample began, or should have
    int64_t pace_ns;  // wished time between two samples; INT64_MAX or 0: none was wished
    int64_t floor_ns; // windows shorter than this are not handed out (design 4.11); 0 none
    bool all_domains; // parts were asked for (--domains all)
    bool killed;      // the meter died: there is no closing sample
};

// What became of a point. Joules and watts are only meaningful for `measured`
// and `partial`.
struct emit_outcome {
    enum emit_outcome_kind kind;
    enum emit_code code;       // why, or what one should know; NONE for a plain measurement
    uint64_t count;            // the energy in counts of the point
    double joules;             // count * numerator / denominator, rounded once
    double mean_watts;         // over the covered part of the window
    double peak_watts;         // highest mean of a stretch, of a power the highest sample; 0: none
    double uncertainty_joules; // of the window's edges, and between the samples of a power
    double resolution_joules;  // one hardware unit; of a power: one all the covered time
    double coverage_ratio;     // part of the window whose energy is in `count`, 0..1
    double sampling_hz;        // (samples - 1) / window, achieved
    int64_t from_ns;           // of this point's window: its first reading, or earlier
    int64_t to_ns;             // its last reading, or later: what it missed lies within
    uint64_t samples;
    uint64_t wraps;
    uint32_t concurrent_runs;
    bool simulated;
    bool counts_in_total;             // overlaps no other such outcome: may be added (design 4.5)
    char because[EMIT_DEVICE_ID_MAX]; // the other device, for replicate and nested; else ""
    // Where that is the same device, seen by another meter: its name; else "".
    char because_meter[EMIT_METER_NAME_MAX];
    double replicate_joules;       // what such a replicate counted all the same; 0: nothing
    enum emit_code replicate_code; // and what it would have come to alone
    // The device around this one whose own outcome stands for the same window; else "".
    char contained_in[EMIT_DEVICE_ID_MAX];
};

// True for an outcome that has energy to tell.
static inline bool emit_outcome_has_energy(const struct emit_outcome *outcome) {
    return outcome->kind == EMIT_OUTCOME_MEASURED || outcome->kind == EMIT_OUTCOME_PARTIAL;
}

// Decides every slot: outcomes[i] belongs to slots[i]. Exactly one outcome each;
// the caller may rely on count == measured + partial + refused + excluded.
void emit_settle(const struct emit_slot *slots, size_t count, const struct emit_window *window,
                 struct emit_outcome *outcomes);

// What can be said before anything is read: points that will be refused or
// excluded have that outcome and code; the others are `measured`, code NONE, and
// have no figures yet. Of several meters that see one device the preferred one is
// named; should it fail in the run, another takes its place.
void emit_settle_found(const struct emit_slot *slots, size_t count, bool all_domains,
                       struct emit_outcome *outcomes);

// count * numerator / denominator as the nearest double, rounded once (ties to even).
// denominator > 0. The product is formed in 128 bits, so nothing is lost before that.
double emit_joules(uint64_t count, uint64_t numerator, uint64_t denominator);

// An uncertainty with the three digits that it deserves, never less than it is.
double emit_uncertainty(double joules);

// Longest time between two samples in which at most one wrap is possible:
// modulus / max power. INT64_MAX for a counter that never wraps.
int64_t emit_point_wrap_ns(const struct emit_point *point);

// Longest time between two samples of a power that is integrated: one may be missed.
int64_t emit_point_hold_ns(const struct emit_point *point);

#endif
