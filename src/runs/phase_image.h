// The bytes of a phase's file: its name and run, which never change, and how it stands,
// which is there twice with one switch, as in a run file: whoever is killed between two
// stores leaves the older half whole. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef RUNS_PHASE_IMAGE_H
#define RUNS_PHASE_IMAGE_H

#include "runs/phase.h"

#include <pthread.h>
#include <stdatomic.h>

// How a phase stands. Times are CLOCK_MONOTONIC.
struct emit_phase_state {
    uint64_t depth;    // how often it was begun and not yet ended
    uint64_t parts;    // from depth 0 to depth 0 again, and over
    uint64_t count;    // of slots that stand in the file
    int64_t from_ns;   // the first part began
    int64_t begun_ns;  // the part that goes on began; the last one, when none does
    int64_t ended_ns;  // the last part that is over ended
    int64_t lasted_ns; // how long those that are over lasted together
    // Which of the two tallies of each kind belong to this state, and their sums.
    uint64_t begun_half, sum_half;
    uint64_t begun_check, sum_check;
};

// What a phase remembers of each slot of its run, twice: what belongs to the state
// that stands is never written to.
struct emit_phase_slot {
    struct emit_tally begun[2]; // the run's tally when the part that goes on began
    struct emit_tally sum[2];   // of the parts that are over
};
_Static_assert(sizeof(struct emit_phase_state) % sizeof(uint64_t) == 0 &&
                   sizeof(struct emit_phase_slot) % sizeof(uint64_t) == 0,
               "no padding between words");

struct emit_phase_image {
    _Atomic uint64_t magic; // written last: a file without it was never begun
    uint32_t version;
    uint32_t slot_bytes;
    int64_t opened_ns; // of the run
    char name[EMIT_PHASE_NAME_MAX];
    uint32_t lock_kind;    // of whose C library the lock is
    pthread_mutex_t lock;  // robust and shared: held while the rest is changed, by a living thread
    _Atomic uint64_t turn; // its lowest bit says which half is whole
    struct {
        struct emit_phase_state state;
        uint64_t check;
    } halves[2];
    struct emit_phase_slot slots[];
};

// The same in memory.
struct emit_phase_snapshot {
    struct emit_phase_state state;
    struct emit_tally begun[EMIT_POINTS_MAX];
    struct emit_tally sum[EMIT_POINTS_MAX];
};

size_t emit_phase_image_bytes(size_t count);
// Fills and begins zeroed memory. False: there are no such locks.
bool emit_phase_image_begin(struct emit_phase_image *image, const char *name, int64_t opened_ns);
// False: a program with another C library made the file, and its lock is not ours to take.
bool emit_phase_image_has_our_lock(const struct emit_phase_image *image);
bool emit_phase_image_is_begun(const struct emit_phase_image *image);

// Who calls these holds the lock, or reads a whole snapshot of a run that is over. Reads answer
// false when the bytes make no sense. A begin needs the state alone; an end, and whoever settles,
// the tallies too.
bool emit_phase_image_read(const struct emit_phase_image *image, size_t bytes,
                           struct emit_phase_state *state);
bool emit_phase_image_read_tallies(const struct emit_phase_image *image,
                                   struct emit_phase_snapshot *snapshot);
// Put tallies of one kind beside those that stand; the state that counts them is then
// written, and they stand with it.
void emit_phase_image_put_begun(struct emit_phase_image *image,
                                struct emit_phase_snapshot *snapshot);
void emit_phase_image_put_sum(struct emit_phase_image *image, struct emit_phase_snapshot *snapshot);
// Both reads, until no writer came in between.
bool emit_phase_image_read_all(const struct emit_phase_image *image, size_t bytes,
                               struct emit_phase_snapshot *snapshot);
void emit_phase_image_write(struct emit_phase_image *image, const struct emit_phase_state *state);

#endif
