// Reading and writing a phase's bytes, one process at a time.
// SPDX-License-Identifier: Apache-2.0
#include "runs/phase_image.h"

#include "runs/image.h"

#include <string.h>

static const uint64_t magic = 0x3130656161687065; // "ephaae01"
enum { VERSION = 1 };

size_t emit_phase_image_bytes(size_t count) {
    return sizeof(struct emit_phase_image) + count * sizeof(struct emit_phase_slot);
}

// A lock in a file is understood by those alone who were built with the same kind of it.
#ifdef __GLIBC__
enum { LOCK_KIND = 0x10000 + sizeof(pthread_mutex_t) };
#else
enum { LOCK_KIND = 0x20000 + sizeof(pthread_mutex_t) };
#endif

static bool make_lock(pthread_mutex_t *lock) {
    pthread_mutexattr_t kind;
    if (pthread_mutexattr_init(&kind) != 0) return false;
    bool made = pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED) == 0 &&
                pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST) == 0 &&
                pthread_mutex_init(lock, &kind) == 0;
    (void)pthread_mutexattr_destroy(&kind);
    return made;
}

bool emit_phase_image_begin(struct emit_phase_image *image, const char *name, int64_t opened_ns) {
    image->version = VERSION;
    image->slot_bytes = sizeof(struct emit_phase_slot);
    image->opened_ns = opened_ns;
    image->lock_kind = LOCK_KIND;
    memcpy(image->name, name, strlen(name) + 1);
    if (!make_lock(&image->lock)) return false;
    atomic_store_explicit(&image->magic, magic, memory_order_release);
    return true;
}

bool emit_phase_image_has_our_lock(const struct emit_phase_image *image) {
    return image->lock_kind == LOCK_KIND;
}

bool emit_phase_image_is_begun(const struct emit_phase_image *image) {
    return atomic_load_explicit(&image->magic, memory_order_acquire) == magic;
}

// One word's share in the sum of its half. The factor is odd, so a change of any one
// word changes the sum; and the terms are independent, which makes it fast.
static uint64_t share(uint64_t word, size_t at) {
    return word * ((2 * (uint64_t)at + 1) * 0x9e3779b97f4a7c15);
}

static uint64_t share_of(const void *from, size_t bytes, size_t at) {
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes / sizeof sum; i++) {
        uint64_t word;
        memcpy(&word, (const char *)from + i * sizeof word, sizeof word);
        sum += share(word, at + i);
    }
    return sum;
}

static uint64_t check_of(uint64_t turn, const struct emit_phase_state *state) {
    return share(turn, 0) + share_of(state, sizeof *state, 1);
}

// Of one tally; a slot that is all zero, as those are that nobody wrote, adds nothing.
static uint64_t check_tally(const struct emit_tally *tally, size_t slot) {
    return share_of(tally, sizeof *tally, slot * (sizeof *tally / sizeof(uint64_t)));
}

void emit_phase_image_put_begun(struct emit_phase_image *image,
                                struct emit_phase_snapshot *snapshot) {
    struct emit_phase_state *state = &snapshot->state;
    state->begun_half ^= 1;
    state->begun_check = 0;
    for (size_t i = 0; i < state->count; i++) {
        image->slots[i].begun[state->begun_half] = snapshot->begun[i];
        state->begun_check += check_tally(&snapshot->begun[i], i);
    }
}

void emit_phase_image_put_sum(struct emit_phase_image *image,
                              struct emit_phase_snapshot *snapshot) {
    struct emit_phase_state *state = &snapshot->state;
    state->sum_half ^= 1;
    state->sum_check = 0;
    for (size_t i = 0; i < state->count; i++) {
        image->slots[i].sum[state->sum_half] = snapshot->sum[i];
        state->sum_check += check_tally(&snapshot->sum[i], i);
    }
}

void emit_phase_image_write(struct emit_phase_image *image, const struct emit_phase_state *state) {
    uint64_t turn = atomic_load_explicit(&image->turn, memory_order_relaxed) + 1;
    size_t half = turn & 1;
    image->halves[half].state = *state;
    image->halves[half].check = check_of(turn, state);
    atomic_store_explicit(&image->turn, turn, memory_order_release);
}

static bool is_sane(const struct emit_phase_state *state) {
    return emit_run_is_time(state->from_ns) && emit_run_is_time(state->begun_ns) &&
           state->begun_ns >= state->from_ns && emit_run_is_time(state->ended_ns) &&
           emit_run_is_time(state->lasted_ns) && (state->depth || state->parts) &&
           state->begun_half < 2 && state->sum_half < 2 && state->count <= EMIT_POINTS_MAX;
}

bool emit_phase_image_read(const struct emit_phase_image *image, size_t bytes,
                           struct emit_phase_state *state) {
    if (image->version != VERSION || image->slot_bytes != sizeof(struct emit_phase_slot))
        return false;
    uint64_t turn = atomic_load_explicit(&image->turn, memory_order_acquire);
    size_t half = turn & 1;
    *state = image->halves[half].state;
    if (!turn) return true; // made, and never yet begun: all is 0
    return image->halves[half].check == check_of(turn, state) && is_sane(state) &&
           bytes >= emit_phase_image_bytes(state->count);
}

bool emit_phase_image_read_tallies(const struct emit_phase_image *image,
                                   struct emit_phase_snapshot *snapshot) {
    const struct emit_phase_state *state = &snapshot->state;
    uint64_t begun_check = 0, sum_check = 0;
    bool sane = true;
    for (size_t i = 0; i < state->count; i++) {
        snapshot->begun[i] = image->slots[i].begun[state->begun_half];
        snapshot->sum[i] = image->slots[i].sum[state->sum_half];
        begun_check += check_tally(&snapshot->begun[i], i);
        sum_check += check_tally(&snapshot->sum[i], i);
        sane =
            sane && emit_run_is_tally(&snapshot->begun[i]) && emit_run_is_tally(&snapshot->sum[i]);
    }
    return sane && begun_check == state->begun_check && sum_check == state->sum_check;
}

bool emit_phase_image_read_all(const struct emit_phase_image *image, size_t bytes,
                               struct emit_phase_snapshot *snapshot) {
    for (;;) {
        uint64_t turn = atomic_load_explicit(&image->turn, memory_order_acquire);
        bool good = emit_phase_image_read(image, bytes, &snapshot->state) &&
                    emit_phase_image_read_tallies(image, snapshot);
        atomic_thread_fence(memory_order_acquire);
        if (good || atomic_load_explicit(&image->turn, memory_order_acquire) == turn) return good;
    }
}
