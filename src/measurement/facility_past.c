// For each meter a list of blocks, each a sorted array of windows that do not overlap. A
// window that comes in the order of time is put at an end; another one moves half a block.
// SPDX-License-Identifier: Apache-2.0
#include "measurement/facility_past.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SPANS = 128,
    FIRST_SPANS = 4, // of a meter with few windows
    SLOTS_MIN = 64,  // of the table of meters, a power of two
};

// In the index of a window for which no event stands.
static const uint64_t void_bit = UINT64_C(1) << 63;

struct block {
    int64_t from_ns; // of its first window
    uint32_t count, size;
    struct emit_facility_span *spans; // owned
};

struct meter {
    struct emit_facility_meter name;
    struct block *blocks; // owned, in the order of time; none is empty
    size_t count, size;
};

struct emit_facility_past {
    struct meter *meters; // owned
    size_t meter_count, meter_size;
    uint32_t *slots; // owned: number of a meter + 1, 0 for none; at most half are used
    size_t slot_count;
    uint64_t span_count;
};

static enum emit_status no_memory(struct emit_error *err) {
    return emit_fail(err, EMIT_NO_MEMORY, "no memory to remember which windows there were");
}

enum emit_status emit_facility_past_open(struct emit_facility_past **past, struct emit_error *err) {
    struct emit_facility_past *fresh = calloc(1, sizeof *fresh);
    if (!fresh) return no_memory(err);
    fresh->slot_count = SLOTS_MIN;
    fresh->slots = calloc(fresh->slot_count, sizeof *fresh->slots);
    if (!fresh->slots) {
        free(fresh);
        return no_memory(err);
    }
    *past = fresh;
    return EMIT_OK;
}

void emit_facility_past_close(struct emit_facility_past *past) {
    if (!past) return;
    for (size_t i = 0; i < past->meter_count; i++) {
        for (size_t j = 0; j < past->meters[i].count; j++)
            free(past->meters[i].blocks[j].spans);
        free(past->meters[i].blocks);
    }
    free(past->meters);
    free(past->slots);
    free(past);
}

// --- Meters ---

// Where the meter's number stands, or belongs.
static size_t find_slot(const struct emit_facility_past *past,
                        const struct emit_facility_meter *name) {
    size_t mask = past->slot_count - 1, at = (size_t)name->low & mask;
    for (; past->slots[at]; at = (at + 1) & mask) {
        const struct emit_facility_meter *other = &past->meters[past->slots[at] - 1].name;
        if (other->low == name->low && other->high == name->high) break;
    }
    return at;
}

static bool grow_slots(struct emit_facility_past *past) {
    uint32_t *old = past->slots;
    past->slots = calloc(past->slot_count * 2, sizeof *past->slots);
    if (!past->slots) {
        past->slots = old;
        return false;
    }
    past->slot_count *= 2;
    for (size_t i = 0; i < past->meter_count; i++)
        past->slots[find_slot(past, &past->meters[i].name)] = (uint32_t)i + 1;
    free(old);
    return true;
}

static struct meter *find_meter(struct emit_facility_past *past,
                                const struct emit_facility_meter *name) {
    size_t slot = find_slot(past, name);
    if (past->slots[slot]) return &past->meters[past->slots[slot] - 1];
    if (2 * (past->meter_count + 1) > past->slot_count) {
        if (!grow_slots(past)) return NULL;
        slot = find_slot(past, name);
    }
    if (past->meter_count == past->meter_size) {
        size_t size = past->meter_size ? 2 * past->meter_size : FIRST_SPANS;
        struct meter *meters = realloc(past->meters, size * sizeof *meters);
        if (!meters) return NULL;
        past->meters = meters;
        past->meter_size = size;
    }
    struct meter *meter = &past->meters[past->meter_count++];
    *meter = (struct meter){.name = *name};
    past->slots[slot] = (uint32_t)past->meter_count;
    return meter;
}

// --- Blocks ---

// The last block that begins no later than from_ns; 0 when there is none.
static size_t find_block(const struct meter *meter, int64_t from_ns) {
    if (meter->count == 0 || meter->blocks[meter->count - 1].from_ns <= from_ns)
        return meter->count ? meter->count - 1 : 0;
    size_t low = 0, high = meter->count - 1; // blocks[high] begins later
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (meter->blocks[middle].from_ns <= from_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : 0;
}

// How many windows of the block begin no later than from_ns.
static uint32_t find_place(const struct block *block, int64_t from_ns) {
    if (block->spans[block->count - 1].from_ns <= from_ns) return block->count;
    uint32_t low = 0, high = block->count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (block->spans[middle].from_ns <= from_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// An empty block at a place of the list.
static struct block *insert_block(struct meter *meter, size_t at, uint32_t size) {
    if (meter->count == meter->size) {
        size_t more = meter->size ? 2 * meter->size : 1;
        struct block *blocks = realloc(meter->blocks, more * sizeof *blocks);
        if (!blocks) return NULL;
        meter->blocks = blocks;
        meter->size = more;
    }
    struct emit_facility_span *spans = malloc(size * sizeof *spans);
    if (!spans) return NULL;
    memmove(meter->blocks + at + 1, meter->blocks + at,
            (meter->count - at) * sizeof *meter->blocks);
    meter->count++;
    meter->blocks[at] = (struct block){.size = size, .spans = spans};
    return &meter->blocks[at];
}

static void put(struct block *block, uint32_t place, const struct emit_facility_span *span) {
    memmove(block->spans + place + 1, block->spans + place,
            (block->count - place) * sizeof *block->spans);
    block->spans[place] = *span;
    block->count++;
    block->from_ns = block->spans[0].from_ns;
}

static bool grow_block(struct block *block) {
    struct emit_facility_span *spans = realloc(block->spans, sizeof *spans * 2 * block->size);
    if (!spans) return false;
    block->spans = spans;
    block->size *= 2;
    return true;
}

static bool insert(struct meter *meter, size_t at, uint32_t place,
                   const struct emit_facility_span *span) {
    if (meter->count == 0) {
        struct block *only = insert_block(meter, 0, FIRST_SPANS);
        if (only) put(only, 0, span);
        return only;
    }
    struct block *block = &meter->blocks[at];
    if (block->count < block->size || (block->size < BLOCK_SPANS && grow_block(block))) {
        put(block, place, span);
        return true;
    }
    if (block->size < BLOCK_SPANS) return false;
    // A full one. What comes at an end of it begins a block, so that blocks stay full where
    // windows come in the order of time; else its later half moves.
    bool is_before = place == 0;
    struct block *next = insert_block(meter, is_before ? at : at + 1, BLOCK_SPANS);
    if (!next) return false;
    if (is_before || place == BLOCK_SPANS) {
        put(next, 0, span);
        return true;
    }
    block = &meter->blocks[at];
    uint32_t half = BLOCK_SPANS / 2;
    memcpy(next->spans, block->spans + half, (BLOCK_SPANS - half) * sizeof *next->spans);
    next->count = BLOCK_SPANS - half;
    next->from_ns = next->spans[0].from_ns;
    block->count = half;
    if (place > half)
        put(next, place - half, span);
    else
        put(block, place, span);
    return true;
}

static void remove_span(struct meter *meter, size_t at, uint32_t place) {
    struct block *block = &meter->blocks[at];
    block->count--;
    memmove(block->spans + place, block->spans + place + 1,
            (block->count - place) * sizeof *block->spans);
    if (block->count > 0) {
        block->from_ns = block->spans[0].from_ns;
        return;
    }
    free(block->spans);
    meter->count--;
    memmove(meter->blocks + at, meter->blocks + at + 1,
            (meter->count - at) * sizeof *meter->blocks);
}

// --- Comparing ---

// Where a window stands, or belongs: behind the `place` windows of block `at` that begin no
// later.
struct position {
    size_t at;
    uint32_t place;
};

static struct position find_position(const struct meter *meter, int64_t from_ns) {
    struct position found = {.at = find_block(meter, from_ns)};
    if (meter->count) found.place = find_place(&meter->blocks[found.at], from_ns);
    return found;
}

// The remembered window that the span overlaps, and where it is; NULL for none. What is
// remembered does not overlap: only a neighbour in time can be touched.
static struct emit_facility_span *find_touched(const struct meter *meter, struct position here,
                                               const struct emit_facility_span *span,
                                               struct position *there) {
    if (meter->count == 0) return NULL;
    const struct block *block = &meter->blocks[here.at];
    if (here.place > 0 && block->spans[here.place - 1].to_ns > span->from_ns) {
        *there = (struct position){here.at, here.place - 1};
        return &block->spans[here.place - 1];
    }
    *there = here;
    if (here.place == block->count) {
        if (here.at + 1 == meter->count) return NULL;
        *there = (struct position){here.at + 1, 0};
    }
    struct emit_facility_span *after = &meter->blocks[there->at].spans[there->place];
    return after->from_ns < span->to_ns ? after : NULL;
}

static enum emit_facility_news compare(const struct emit_facility_span *touched,
                                       const struct emit_facility_span *span) {
    if (touched->from_ns != span->from_ns || touched->to_ns != span->to_ns)
        return EMIT_FACILITY_OVERLAPS;
    return touched->print == span->print ? EMIT_FACILITY_REPEATED : EMIT_FACILITY_CONTRARY;
}

enum emit_status emit_facility_past_add(struct emit_facility_past *past,
                                        const struct emit_facility_meter *name,
                                        const struct emit_facility_span *span,
                                        enum emit_facility_news *news,
                                        struct emit_facility_span *other, struct emit_error *err) {
    if (past->span_count == EMIT_FACILITY_PAST_MAX)
        return emit_fail(err, EMIT_FULL, "more than %d windows in one stream: split it by meter",
                         EMIT_FACILITY_PAST_MAX);
    struct meter *meter = find_meter(past, name);
    if (!meter) return no_memory(err);
    struct position here = find_position(meter, span->from_ns), there;
    struct emit_facility_span *touched;
    while ((touched = find_touched(meter, here, span, &there))) {
        enum emit_facility_news found = compare(touched, span);
        bool is_void = touched->index & void_bit;
        if (!is_void || found == EMIT_FACILITY_REPEATED) {
            *other = *touched;
            other->index &= ~void_bit;
            *news = found;
            return EMIT_OK;
        }
        remove_span(meter, there.at, there.place);
        past->span_count--;
        here = find_position(meter, span->from_ns);
    }
    if (!insert(meter, here.at, here.place, span)) return no_memory(err);
    past->span_count++;
    *news = EMIT_FACILITY_NEW;
    return EMIT_OK;
}

void emit_facility_past_void(struct emit_facility_past *past,
                             const struct emit_facility_meter *name, int64_t from_ns) {
    uint32_t number = past->slots[find_slot(past, name)];
    if (!number) return;
    const struct meter *meter = &past->meters[number - 1];
    struct position here = find_position(meter, from_ns);
    if (here.place == 0) return;
    struct emit_facility_span *span = &meter->blocks[here.at].spans[here.place - 1];
    if (span->from_ns == from_ns) span->index |= void_bit;
}
