// Reading and writing a run file's bytes. A process may be killed between any two
// stores here: what it leaves is whole, because the half it wrote to was not the
// one that counts. The stores are atomic so that another process or thread may
// read at the same time.
// SPDX-License-Identifier: Apache-2.0
#include "runs/image.h"

#include "base/text.h"

#include <float.h>
#include <string.h>

static const uint64_t magic = 0x32306e7572746d65; // "emtrun02"
enum { VERSION = 2 };

size_t emit_run_image_bytes(size_t count) {
    return sizeof(struct emit_run_image) + count * sizeof(struct emit_run_slot);
}

static const uint64_t sum_of_nothing = 0xcbf29ce484222325;

static uint64_t sum_bytes(uint64_t sum, const void *bytes, size_t length) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        sum = (sum ^ at[i]) * 0x100000001b3; // FNV-1a
    return sum;
}

static uint64_t sum_of_head(const struct emit_run_image *image) {
    uint64_t sum = sum_bytes(sum_of_nothing, &image->opened_ns, sizeof image->opened_ns);
    sum = sum_bytes(sum, &image->opened_wall_ns, sizeof image->opened_wall_ns);
    return sum_bytes(sum, &image->header, sizeof image->header);
}

void emit_run_image_fill(struct emit_run_image *image, const struct emit_run_header *header,
                         int64_t opened_ns, int64_t opened_wall_ns) {
    image->version = VERSION;
    image->slot_bytes = sizeof(struct emit_run_slot);
    image->tally_bytes = sizeof(struct emit_tally);
    image->opened_ns = opened_ns;
    image->opened_wall_ns = opened_wall_ns;
    memcpy(&image->header, header, sizeof *header);
    image->sum = sum_of_head(image);
}

void emit_run_image_begin(struct emit_run_image *image) {
    atomic_store_explicit(&image->magic, magic, memory_order_release);
}

bool emit_run_image_is_begun(const struct emit_run_image *image) {
    return atomic_load_explicit(&image->magic, memory_order_acquire) != 0;
}

static bool is_text(const char *text, size_t size) {
    return memchr(text, '\0', size) != NULL;
}

// Of what an event may name.
static bool is_name(const char *text, size_t size) {
    bool sane = is_text(text, size);
    for (; sane && *text; text++)
        sane = *text >= ' ' && *text <= '~';
    return sane;
}

static bool is_point(const struct emit_point *point) {
    return is_name(point->meter, sizeof point->meter) &&
           is_name(point->device_id, sizeof point->device_id) &&
           is_name(point->inside, sizeof point->inside) &&
           is_name(point->same_as, sizeof point->same_as) &&
           is_text(point->note, sizeof point->note) && point->source < EMIT_SOURCE_COUNT &&
           point->component < EMIT_COMPONENT_COUNT && point->accuracy < EMIT_ACCURACY_COUNT &&
           point->found < EMIT_CODE_COUNT && point->update_period_ns > 0 &&
           emit_run_is_time(point->update_period_ns) && emit_run_is_time(point->averaged_ns) &&
           point->max_milliwatts > 0 && point->joules_numerator && point->joules_denominator &&
           point->step_counts;
}

static bool is_header(const struct emit_run_header *header) {
    return is_text(header->run_id, sizeof header->run_id) &&
           is_text(header->workspace_id, sizeof header->workspace_id) &&
           is_text(header->node_id, sizeof header->node_id) &&
           is_text(header->command, sizeof header->command) &&
           is_text(header->boot_id, sizeof header->boot_id) && header->pace_ns >= 0 &&
           emit_run_is_time(header->floor_ns) && emit_run_is_bool(&header->all_domains);
}

static bool has_times(const struct emit_run_image *image) {
    return emit_run_is_time(image->opened_ns) && emit_run_is_time(image->opened_wall_ns) &&
           emit_run_is_time(atomic_load(&image->job_started_ns)) &&
           emit_run_is_time(atomic_load(&image->job_ended_ns)) &&
           emit_run_is_time(image->ending.end_ns) && emit_run_is_time(image->ending.end_wall_ns);
}

const char *emit_run_image_fault(const struct emit_run_image *image, size_t bytes) {
    if (bytes < sizeof *image) return "it is too short";
    if (atomic_load_explicit(&image->magic, memory_order_acquire) != magic)
        return "it is not a run file, or another version of emit wrote it";
    if (image->version != VERSION || image->slot_bytes != sizeof(struct emit_run_slot) ||
        image->tally_bytes != sizeof(struct emit_tally))
        return "another version of emit wrote it";
    if (image->sum != sum_of_head(image)) return "its checksum does not fit";
    if (!is_header(&image->header) || !has_times(image)) return "its header makes no sense";
    size_t count = emit_run_image_count(image);
    if (bytes < emit_run_image_bytes(count)) return "it is shorter than it says";
    for (size_t i = 0; i < count; i++) {
        const struct emit_run_slot *slot = &image->slots[i];
        if (slot->sum != sum_bytes(sum_of_nothing, &slot->point, sizeof slot->point))
            return "a point's checksum does not fit";
        if (!is_point(&slot->point)) return "a point makes no sense";
    }
    return NULL;
}

size_t emit_run_image_count(const struct emit_run_image *image) {
    uint64_t turn, count;
    do {
        turn = atomic_load_explicit(&image->turn, memory_order_acquire);
        count = atomic_load_explicit(&image->halves[turn & 1].sweep[0], memory_order_acquire);
    } while (atomic_load_explicit(&image->turn, memory_order_acquire) != turn);
    return count < EMIT_POINTS_MAX ? (size_t)count : EMIT_POINTS_MAX;
}
_Static_assert(offsetof(struct emit_run_sweep, count) == 0, "the first word is the count");

struct emit_point emit_run_image_point(const struct emit_run_image *image, size_t at) {
    const struct emit_run_slot *slot = &image->slots[at];
    struct emit_point point = slot->point;
    if (point.found || !(point.traits & EMIT_TRAIT_UNLISTED) || atomic_load(&slot->listed))
        return point;
    point.found = EMIT_CODE_UNASSIGNED;
    (void)emit_text_format(point.note, sizeof point.note, "listed by no process of the run");
    return point;
}

void emit_run_image_put_point(struct emit_run_image *image, size_t at,
                              const struct emit_point *point) {
    struct emit_run_slot *slot = &image->slots[at];
    memset(slot, 0, sizeof *slot); // a sampler that died may have begun one here
    memcpy(&slot->point, point, sizeof *point);
    slot->sum = sum_bytes(sum_of_nothing, &slot->point, sizeof slot->point);
}

// One word's share in the sum of its half. The factor is odd, so a change of any
// one word changes the sum; and the terms are independent, which makes it fast.
static uint64_t share(uint64_t word, size_t at) {
    return word * ((2 * (uint64_t)at + 1) * 0x9e3779b97f4a7c15);
}

// Copies words into the file; returns their share in the sum, at their places from `at`.
static uint64_t store(_Atomic uint64_t *to, const void *from, size_t words, size_t at) {
    uint64_t sum = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, (const char *)from + i * sizeof word, sizeof word);
        atomic_store_explicit(&to[i], word, memory_order_release);
        sum += share(word, at + i);
    }
    return sum;
}

static uint64_t load(void *to, const _Atomic uint64_t *from, size_t words, size_t at) {
    uint64_t sum = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t word = atomic_load_explicit(&from[i], memory_order_acquire);
        memcpy((char *)to + i * sizeof word, &word, sizeof word);
        sum += share(word, at + i);
    }
    return sum;
}

// The place of a slot's words in the sum; the turn stands at the very first place.
static size_t place_of(size_t slot) {
    return 1 + EMIT_SWEEP_WORDS + slot * EMIT_TALLY_WORDS;
}

void emit_run_image_publish(struct emit_run_image *image,
                            const struct emit_run_snapshot *snapshot) {
    uint64_t turn = atomic_load_explicit(&image->turn, memory_order_relaxed) + 1;
    unsigned half = turn & 1;
    uint64_t sum = share(turn, 0);
    sum += store(image->halves[half].sweep, &snapshot->sweep, EMIT_SWEEP_WORDS, 1);
    for (size_t i = 0; i < snapshot->sweep.count; i++)
        sum += store(image->slots[i].tallies[half], &snapshot->tallies[i], EMIT_TALLY_WORDS,
                     place_of(i));
    atomic_store_explicit(&image->halves[half].sum, sum, memory_order_release);
    atomic_store_explicit(&image->turn, turn, memory_order_release);
}

// Times that may lie before another one, and milliwatts of the same kind.
static bool is_moderate(int64_t number) {
    return number > -(INT64_C(1) << 62) && number < INT64_C(1) << 62;
}

// What counters that never run backwards can have shown.
static bool is_power(int64_t milliwatts) {
    return milliwatts >= 0 && is_moderate(milliwatts);
}

bool emit_run_is_tally(const struct emit_tally *tally) {
    return emit_run_is_time(tally->first_ns) && emit_run_is_time(tally->last_ns) &&
           tally->last_ns >= tally->first_ns && tally->moved_ns >= 0 &&
           tally->moved_ns <= tally->last_ns && emit_run_is_time(tally->first_within_ns) &&
           emit_run_is_time(tally->last_within_ns) && emit_run_is_time(tally->first_age_ns) &&
           emit_run_is_time(tally->last_age_ns) && emit_run_is_time(tally->before_gap_ns) &&
           emit_run_is_time(tally->longest_gap_ns) && emit_run_is_time(tally->failed_ns) &&
           is_moderate(tally->suspended_ns) && is_power(tally->peak_milliwatts) &&
           is_moderate(tally->least_milliwatts) && is_power(tally->first_milliwatts) &&
           is_power(tally->last_milliwatts) && tally->told_ns >= 0 &&
           tally->told_ns <= tally->last_ns && tally->told_count <= tally->carried_count &&
           tally->scatter_joules2 >= 0 && tally->scatter_joules2 <= DBL_MAX &&
           tally->edges_joules >= 0 && tally->edges_joules <= DBL_MAX && tally->uncovered_ns >= 0 &&
           tally->uncovered_ns <= tally->last_ns - tally->first_ns &&
           tally->failed < EMIT_CODE_COUNT && tally->trouble < EMIT_CODE_COUNT &&
           tally->missed < EMIT_CODE_COUNT && emit_run_is_bool(&tally->ended);
}

// The pace may be without end: nothing wants to be sampled.
static bool is_sweep(const struct emit_run_sweep *sweep) {
    return emit_run_is_time(sweep->begun_ns) && emit_run_is_time(sweep->begun_wall_ns) &&
           emit_run_is_time(sweep->asked_ns) && emit_run_is_time(sweep->sampled_ns) &&
           emit_run_is_time(sweep->sampled_wall_ns) && sweep->pace_ns >= 0;
}

static bool is_snapshot(const struct emit_run_snapshot *snapshot) {
    bool sane = is_sweep(&snapshot->sweep);
    for (size_t i = 0; i < snapshot->sweep.count; i++)
        sane = sane && emit_run_is_tally(&snapshot->tallies[i]);
    return sane;
}

bool emit_run_image_read(const struct emit_run_image *image, struct emit_run_snapshot *snapshot) {
    uint64_t turn, sum, stored;
    do { // a writer that switched meanwhile may have begun to write into our half
        turn = atomic_load_explicit(&image->turn, memory_order_acquire);
        unsigned half = turn & 1;
        sum = share(turn, 0);
        sum += load(&snapshot->sweep, image->halves[half].sweep, EMIT_SWEEP_WORDS, 1);
        if (snapshot->sweep.count > EMIT_POINTS_MAX) snapshot->sweep.count = 0; // the sum tells
        for (size_t i = 0; i < snapshot->sweep.count; i++)
            sum += load(&snapshot->tallies[i], image->slots[i].tallies[half], EMIT_TALLY_WORDS,
                        place_of(i));
        stored = atomic_load_explicit(&image->halves[half].sum, memory_order_acquire);
    } while (atomic_load_explicit(&image->turn, memory_order_acquire) != turn);
    return sum == stored && is_snapshot(snapshot);
}

void emit_run_image_job_started(struct emit_run_image *image, int64_t at_ns, bool one_more) {
    if (one_more) atomic_fetch_add(&image->jobs, 1);
    int64_t known = atomic_load(&image->job_started_ns);
    while ((!known || at_ns < known) &&
           !atomic_compare_exchange_weak(&image->job_started_ns, &known, at_ns))
        continue;
}

void emit_run_image_job_counted(struct emit_run_image *image) {
    atomic_fetch_add(&image->jobs_begun, 1);
}

void emit_run_image_job_ended(struct emit_run_image *image, int64_t at_ns, bool one_less) {
    int64_t known = atomic_load(&image->job_ended_ns);
    while (at_ns > known && !atomic_compare_exchange_weak(&image->job_ended_ns, &known, at_ns))
        continue;
    if (one_less) atomic_fetch_sub(&image->jobs, 1);
}

void emit_run_image_job_exited(struct emit_run_image *image, int exit_status) {
    uint64_t key = (uint64_t)(exit_status % EMIT_EXIT_STATUSES) + 1, free = 0;
    size_t at = 0;
    for (; at < EMIT_EXITS_KEPT - 1; at++, free = 0)
        if (atomic_compare_exchange_strong(&image->job_exits[at], &free, key << 32 | 1))
            return;
        else if (free >> 32 == key)
            break;
    atomic_fetch_add(&image->job_exits[at], 1);
}

void emit_run_image_jobs(const struct emit_run_image *image, struct emit_run_jobs *jobs) {
    *jobs = (struct emit_run_jobs){.begun = (uint32_t)atomic_load(&image->jobs_begun)};
    for (size_t i = 0; i < EMIT_EXITS_KEPT; i++) {
        uint64_t word = atomic_load(&image->job_exits[i]), key = word >> 32;
        uint32_t count = (uint32_t)word;
        if (key && key <= EMIT_EXIT_STATUSES)
            jobs->exits[key - 1] = count;
        else
            jobs->other_exits += count;
    }
}

bool emit_run_image_is_unsampled(const struct emit_run_image *image) {
    struct emit_run_snapshot snapshot;
    int64_t ended_ns = atomic_load(&image->job_ended_ns);
    return ended_ns && emit_run_image_read(image, &snapshot) && snapshot.sweep.asked_ns < ended_ns;
}

uint64_t emit_run_image_add_neighbour(struct emit_run_image *image, const char *run_id) {
    uint64_t hash = sum_bytes(sum_of_nothing, run_id, strlen(run_id)) | 1;
    for (size_t i = 0; i < EMIT_NEIGHBOURS_MAX; i++) {
        uint64_t free = 0;
        if (atomic_compare_exchange_strong(&image->neighbours[i], &free, hash) || free == hash)
            return UINT64_C(1) << i;
    }
    return 0; // the list is full: so many runs are said to have been there, and no more
}
_Static_assert(EMIT_NEIGHBOURS_MAX == 64, "a bit for each neighbour");

static uint64_t shared_of(const struct emit_run_image *image, size_t slot) {
    return atomic_load(&image->closed) ? image->slots[slot].shared_at_end
                                       : atomic_load(&image->slots[slot].shared);
}

uint32_t emit_run_image_shared(const struct emit_run_image *image, size_t slot) {
    return (uint32_t)__builtin_popcountll(shared_of(image, slot));
}

uint32_t emit_run_image_neighbours(const struct emit_run_image *image) {
    uint64_t all = 0;
    for (size_t i = 0; i < emit_run_image_count(image); i++)
        all |= shared_of(image, i);
    return (uint32_t)__builtin_popcountll(all);
}

void emit_run_image_freeze(struct emit_run_image *image) {
    for (size_t i = 0; i < emit_run_image_count(image); i++)
        image->slots[i].shared_at_end = atomic_load(&image->slots[i].shared);
}
