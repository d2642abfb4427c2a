// Reading and writing a phase's bytes, one process at a time.
// SPDX-License-Identifier: Apache-2.0
#include "runs/phase_image.h"

#include <string.h>

static const uint64_t magic = 0x3130656161687065; // "ephaae01"
enum { VERSION = 1 };

size_t emit_phase_image_bytes(size_t count) {
    return sizeof(struct emit_phase_image) + count * sizeof(struct emit_phase_slot[2]);
}

void emit_phase_image_begin(struct emit_phase_image *image, const char *name, int64_t opened_ns) {
    image->version = VERSION;
    image->slot_bytes = sizeof(struct emit_phase_slot);
    image->opened_ns = opened_ns;
    memcpy(image->name, name, strlen(name) + 1);
    atomic_store_explicit(&image->magic, magic, memory_order_release);
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

static uint64_t sum_of(uint64_t turn, const struct emit_phase_snapshot *snapshot) {
    const size_t words = sizeof snapshot->state / sizeof(uint64_t);
    uint64_t sum = share(turn, 0) + share_of(&snapshot->state, sizeof snapshot->state, 1);
    return sum +
           share_of(snapshot->slots, snapshot->state.count * sizeof snapshot->slots[0], 1 + words);
}

void emit_phase_image_write(struct emit_phase_image *image,
                            const struct emit_phase_snapshot *snapshot) {
    uint64_t turn = atomic_load_explicit(&image->turn, memory_order_relaxed) + 1;
    size_t half = turn & 1;
    image->halves[half].state = snapshot->state;
    for (size_t i = 0; i < snapshot->state.count; i++)
        image->slots[i][half] = snapshot->slots[i];
    image->halves[half].sum = sum_of(turn, snapshot);
    atomic_store_explicit(&image->turn, turn, memory_order_release);
}

static bool is_sane(const struct emit_phase_state *state) {
    return state->from_ns >= 0 && state->begun_ns >= state->from_ns && state->ended_ns >= 0 &&
           state->lasted_ns >= 0 && (state->depth || state->parts);
}

static bool is_tally(const struct emit_tally *tally) {
    return tally->first_ns >= 0 && tally->last_ns >= tally->first_ns &&
           tally->failed < EMIT_CODE_COUNT && tally->trouble < EMIT_CODE_COUNT &&
           tally->missed < EMIT_CODE_COUNT;
}

bool emit_phase_image_read(const struct emit_phase_image *image, size_t bytes,
                           struct emit_phase_snapshot *snapshot) {
    if (image->version != VERSION || image->slot_bytes != sizeof(struct emit_phase_slot))
        return false;
    uint64_t turn = atomic_load_explicit(&image->turn, memory_order_acquire);
    size_t half = turn & 1;
    snapshot->state = image->halves[half].state;
    if (!turn) return true; // made, and never yet begun: all is 0
    size_t count = snapshot->state.count;
    if (count > EMIT_POINTS_MAX || bytes < emit_phase_image_bytes(count)) return false;
    bool sane = is_sane(&snapshot->state);
    for (size_t i = 0; i < count; i++) {
        snapshot->slots[i] = image->slots[i][half];
        sane = sane && is_tally(&snapshot->slots[i].begun) && is_tally(&snapshot->slots[i].sum);
    }
    return sane && image->halves[half].sum == sum_of(turn, snapshot);
}
