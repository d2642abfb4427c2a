// The bytes of a run file, the same on disk and in memory: what never changes
// (checked by a sum), what changes with single stores, and the tallies, which
// stand there twice. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_IMAGE_H
#define RUNS_IMAGE_H

#include "runs/run.h"

#include <stdatomic.h>

enum {
    EMIT_NEIGHBOURS_MAX = 64, // other runs that are remembered one by one
};

// When the points were read, CLOCK_MONOTONIC; 0: never.
struct emit_run_sweep {
    int64_t begun_ns;      // the first attempt was over
    int64_t begun_wall_ns; // UTC at that moment
    int64_t asked_ns;      // the last attempt began
    int64_t sampled_ns;    // the last sample was over
};

// What changes with every sample, written and read as a whole, word by word.
struct emit_run_snapshot {
    struct emit_run_sweep sweep;
    struct emit_tally tallies[EMIT_POINTS_MAX];
};
_Static_assert(sizeof(struct emit_run_sweep) % sizeof(uint64_t) == 0 &&
                   sizeof(struct emit_tally) % sizeof(uint64_t) == 0,
               "no padding between words");

// How a run ended, written once by the last process before `closed`.
struct emit_run_ending {
    int64_t end_ns, end_wall_ns;
    uint64_t concurrent_runs;
};

struct emit_run_image {
    _Atomic uint64_t magic; // written last: a file without it was never begun
    uint32_t version;
    uint32_t point_bytes; // sizes of the structs it was written with
    uint32_t tally_bytes;
    uint32_t count;
    uint64_t bytes; // of the whole file
    uint64_t sum;   // of `opened` to the end of `header`, and of the points
    int64_t opened_ns, opened_wall_ns;
    struct emit_run_header header; // of it the start and sampled clocks stay 0

    _Atomic uint64_t turn; // its lowest bit says which tallies are whole
    _Atomic int64_t job_started_ns, job_ended_ns;
    _Atomic uint64_t jobs;   // that began and did not end
    _Atomic uint64_t closed; // 1: `ending` stands, nobody joins any more
    struct emit_run_ending ending;
    _Atomic uint64_t neighbours[EMIT_NEIGHBOURS_MAX]; // hashes of ids, from the front; 0 free
    struct emit_point points[]; // count; then twice a snapshot of count tallies and its sum
};

size_t emit_run_image_bytes(size_t count);
// Fills zeroed memory of emit_run_image_bytes(count); the magic is not yet written.
void emit_run_image_fill(struct emit_run_image *image, const struct emit_run_header *header,
                         const struct emit_point *points, size_t count, int64_t opened_ns,
                         int64_t opened_wall_ns);
void emit_run_image_begin(struct emit_run_image *image); // writes the magic
bool emit_run_image_is_begun(const struct emit_run_image *image);

// NULL, or what is wrong with the file of that size: nothing else of it may be
// looked at then.
const char *emit_run_image_fault(const struct emit_run_image *image, size_t bytes);

// Writes the other half and switches to it. One writer at a time.
void emit_run_image_publish(struct emit_run_image *image, const struct emit_run_snapshot *snapshot);
// Copies the whole half; beside a writer it starts again until the copy is whole.
// False: its sum does not fit or it makes no sense (a damaged file).
bool emit_run_image_read(const struct emit_run_image *image, struct emit_run_snapshot *snapshot);

// The earliest beginning and the latest end of all jobs; and how many go on.
void emit_run_image_job_started(struct emit_run_image *image, int64_t at_ns, bool one_more);
void emit_run_image_job_ended(struct emit_run_image *image, int64_t at_ns, bool one_less);
// Remembers another run, once however often it is said. Safe beside others.
void emit_run_image_add_neighbour(struct emit_run_image *image, const char *run_id);
uint32_t emit_run_image_neighbours(const struct emit_run_image *image);

#endif
