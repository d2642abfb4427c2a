// The bytes of a run file, the same on disk and in memory: a head of what never
// changes (checked by a sum) and what changes with single stores, then one slot for
// each point. What a sample changes stands there twice. The file grows by slots
// when points are added to a living run. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_IMAGE_H
#define RUNS_IMAGE_H

#include "runs/run.h"

#include <stdatomic.h>

enum {
    EMIT_EXITS_KEPT = 16,     // different exit statuses that are told apart
    EMIT_NEIGHBOURS_MAX = 64, // other runs that are remembered one by one
};

// When the points were read, CLOCK_MONOTONIC and UTC of one moment; 0: never.
struct emit_run_sweep {
    uint64_t count; // of slots that stand in the file
    int64_t pace_ns;
    int64_t begun_ns; // the first attempt was over
    int64_t begun_wall_ns;
    int64_t asked_ns;   // the last attempt began
    int64_t sampled_ns; // the last sample was over
    int64_t sampled_wall_ns;
};

// What changes with every sample, written and read as a whole, word by word.
struct emit_run_snapshot {
    struct emit_run_sweep sweep;
    struct emit_tally tallies[EMIT_POINTS_MAX];
};
_Static_assert(sizeof(struct emit_run_sweep) % sizeof(uint64_t) == 0 &&
                   sizeof(struct emit_tally) % sizeof(uint64_t) == 0,
               "no padding between words");

enum {
    EMIT_SWEEP_WORDS = sizeof(struct emit_run_sweep) / sizeof(uint64_t),
    EMIT_TALLY_WORDS = sizeof(struct emit_tally) / sizeof(uint64_t),
};

// A point as it stands in the file, written before the first half that counts it.
struct emit_run_slot {
    struct emit_point point;
    uint64_t sum;            // of the point
    _Atomic uint64_t shared; // bit i: the run neighbours[i] meters this device too
    uint64_t shared_at_end;  // as it was when the run was closed
    _Atomic uint64_t listed; // 1: a rank lists this device (EMIT_TRAIT_UNLISTED)
    _Atomic uint64_t tallies[2][EMIT_TALLY_WORDS];
};

// Who closed a run.
enum { EMIT_CLOSED_WHOLE = 1, EMIT_CLOSED_KILLED };

// How a run ended, written once before `closed`, by the last process or by recovery.
struct emit_run_ending {
    int64_t end_ns, end_wall_ns;
};

struct emit_run_image {
    _Atomic uint64_t magic; // written last: a file without it was never begun
    uint32_t version;
    uint32_t slot_bytes; // sizes of the structs it was written with
    uint32_t tally_bytes;
    uint32_t padding;
    uint64_t sum; // of `opened_ns` to the end of `header`
    int64_t opened_ns, opened_wall_ns;
    struct emit_run_header header; // of it the clocks and the pace stay 0

    _Atomic uint64_t turn; // its lowest bit says which half is whole; 0: nothing was published
    _Atomic int64_t job_started_ns, job_ended_ns;
    _Atomic uint64_t jobs; // that began and did not end
    _Atomic uint64_t jobs_begun;
    // One word for each status that was seen: it plus 1 in the upper half, how often in the
    // lower; from the front, 0 free. Statuses beyond these are counted in the last word.
    _Atomic uint64_t job_exits[EMIT_EXITS_KEPT];
    _Atomic uint64_t closed;       // not 0: `ending` stands, nobody joins any more
    _Atomic uint32_t end_asked;    // 1: whoever holds the run shall leave it; a futex
    _Atomic uint32_t store_wanted; // 1: some process of the run wants it in a store
    struct emit_run_ending ending;
    _Atomic uint64_t neighbours[EMIT_NEIGHBOURS_MAX]; // hashes of ids, from the front; 0 free
    struct {
        _Atomic uint64_t sweep[EMIT_SWEEP_WORDS];
        _Atomic uint64_t sum; // of the sweep and the tallies of its slots
    } halves[2];
    struct emit_run_slot slots[]; // as many as the whole half's sweep counts
};

// A moment, or a length of time, that a file may hold: so far from the ends of the type that
// two of them can be added. Wall clocks reach that end in the year 2116.
static inline bool emit_run_is_time(int64_t ns) {
    return ns >= 0 && ns < INT64_C(1) << 62;
}
// A byte that is no bool must not be read as one.
static inline bool emit_run_is_bool(const bool *at) {
    return *(const unsigned char *)at <= 1;
}

// Of a file with so many slots.
size_t emit_run_image_bytes(size_t count);
// Fills the zeroed memory of an image without slots; the magic is not yet written.
void emit_run_image_fill(struct emit_run_image *image, const struct emit_run_header *header,
                         int64_t opened_ns, int64_t opened_wall_ns);
void emit_run_image_begin(struct emit_run_image *image); // writes the magic
bool emit_run_image_is_begun(const struct emit_run_image *image);

// NULL, or what is wrong with the file of that size: nothing else of it may be
// looked at then.
const char *emit_run_image_fault(const struct emit_run_image *image, size_t bytes);

// How many slots there are: their points do not change any more. At most EMIT_POINTS_MAX.
size_t emit_run_image_count(const struct emit_run_image *image);
// The point of a counted slot, as far as the run's ranks have said by now whose it is.
struct emit_point emit_run_image_point(const struct emit_run_image *image, size_t at);
// Writes a point behind the counted ones, for which the file must be long enough. It
// stands from the next half on whose sweep counts it.
void emit_run_image_put_point(struct emit_run_image *image, size_t at,
                              const struct emit_point *point);

// False: no sequence of readings leaves such a tally.
bool emit_run_is_tally(const struct emit_tally *tally);
// Writes the other half and switches to it. One writer at a time.
void emit_run_image_publish(struct emit_run_image *image, const struct emit_run_snapshot *snapshot);
// Copies the whole half; beside a writer it starts again until the copy is whole.
// False: its sum does not fit or it makes no sense (a damaged file).
bool emit_run_image_read(const struct emit_run_image *image, struct emit_run_snapshot *snapshot);

// The earliest beginning and the latest end of all jobs; and how many go on.
void emit_run_image_job_started(struct emit_run_image *image, int64_t at_ns, bool one_more);
void emit_run_image_job_counted(struct emit_run_image *image); // as a task, for the report
void emit_run_image_job_ended(struct emit_run_image *image, int64_t at_ns, bool one_less);
void emit_run_image_job_exited(struct emit_run_image *image, int exit_status);
void emit_run_image_jobs(const struct emit_run_image *image, struct emit_run_jobs *jobs);
// True when a job ended and no sample was asked for since.
bool emit_run_image_is_unsampled(const struct emit_run_image *image);
// Remembers another run, once however often it is said: bit of it in `shared`, 0 when
// EMIT_NEIGHBOURS_MAX others are known already. Safe beside others.
uint64_t emit_run_image_add_neighbour(struct emit_run_image *image, const char *run_id);
// How many other runs metered this slot's device; before and after `closed` the same.
uint32_t emit_run_image_shared(const struct emit_run_image *image, size_t slot);
uint32_t emit_run_image_neighbours(const struct emit_run_image *image);
// Nothing that others write from now on counts: before `closed`.
void emit_run_image_freeze(struct emit_run_image *image);

#endif
