// Reading and writing a run file's bytes. A process may be killed between any two
// stores here: what it leaves is whole, because the half it wrote to was not the
// one that counts. The stores are atomic so that another process or thread may
// read at the same time.
// SPDX-License-Identifier: Apache-2.0
#include "runs/image.h"

#include <string.h>

static const uint64_t magic = 0x31306e7572746d65; // "emtrun01"
enum { VERSION = 1 };

// Words of one half without its sum.
static size_t snapshot_words(size_t count) {
    return (sizeof(struct emit_run_sweep) + count * sizeof(struct emit_tally)) / sizeof(uint64_t);
}

static size_t half_bytes(size_t count) {
    return (snapshot_words(count) + 1) * sizeof(uint64_t);
}

size_t emit_run_image_bytes(size_t count) {
    return sizeof(struct emit_run_image) + count * sizeof(struct emit_point) +
           2 * half_bytes(count);
}

static uint64_t sum_bytes(uint64_t sum, const void *bytes, size_t length) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        sum = (sum ^ at[i]) * 0x100000001b3; // FNV-1a
    return sum;
}

static uint64_t sum_of(const struct emit_run_image *image) {
    uint64_t sum = sum_bytes(0xcbf29ce484222325, &image->opened_ns, sizeof image->opened_ns);
    sum = sum_bytes(sum, &image->opened_wall_ns, sizeof image->opened_wall_ns);
    sum = sum_bytes(sum, &image->header, sizeof image->header);
    return sum_bytes(sum, image->points, image->count * sizeof image->points[0]);
}

void emit_run_image_fill(struct emit_run_image *image, const struct emit_run_header *header,
                         const struct emit_point *points, size_t count, int64_t opened_ns,
                         int64_t opened_wall_ns) {
    image->version = VERSION;
    image->point_bytes = sizeof(struct emit_point);
    image->tally_bytes = sizeof(struct emit_tally);
    image->count = (uint32_t)count;
    image->bytes = emit_run_image_bytes(count);
    image->opened_ns = opened_ns;
    image->opened_wall_ns = opened_wall_ns;
    memcpy(&image->header, header, sizeof *header);
    if (count) memcpy(image->points, points, count * sizeof *points);
    image->sum = sum_of(image);
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

static bool is_point(const struct emit_point *point) {
    return is_text(point->meter, sizeof point->meter) &&
           is_text(point->device_id, sizeof point->device_id) &&
           is_text(point->inside, sizeof point->inside) &&
           is_text(point->same_as, sizeof point->same_as) &&
           is_text(point->note, sizeof point->note) && point->source < EMIT_SOURCE_COUNT &&
           point->component < EMIT_COMPONENT_COUNT && point->accuracy < EMIT_ACCURACY_COUNT &&
           point->found < EMIT_CODE_COUNT && point->update_period_ns > 0 &&
           point->max_milliwatts > 0 && point->joules_numerator && point->joules_denominator &&
           point->step_counts;
}

static bool is_header(const struct emit_run_header *header) {
    return is_text(header->run_id, sizeof header->run_id) &&
           is_text(header->workspace_id, sizeof header->workspace_id) &&
           is_text(header->node_id, sizeof header->node_id) &&
           is_text(header->command, sizeof header->command) &&
           is_text(header->boot_id, sizeof header->boot_id) && header->pace_ns >= 0 &&
           header->floor_ns >= 0;
}

const char *emit_run_image_fault(const struct emit_run_image *image, size_t bytes) {
    if (bytes < sizeof *image) return "it is too short";
    if (atomic_load_explicit(&image->magic, memory_order_acquire) != magic)
        return "it is not a run file";
    if (image->version != VERSION || image->point_bytes != sizeof(struct emit_point) ||
        image->tally_bytes != sizeof(struct emit_tally))
        return "another version of emit wrote it";
    if (image->count > EMIT_POINTS_MAX || image->bytes != bytes ||
        bytes != emit_run_image_bytes(image->count))
        return "its size is not what it says";
    if (image->sum != sum_of(image)) return "its checksum does not fit";
    if (!is_header(&image->header)) return "its header makes no sense";
    for (size_t i = 0; i < image->count; i++)
        if (!is_point(&image->points[i])) return "a point makes no sense";
    return NULL;
}

// The half that turn selects. Behind the points, which are a multiple of 8 bytes.
static size_t half_offset(const struct emit_run_image *image, uint64_t turn) {
    return sizeof *image + image->count * sizeof(struct emit_point) +
           (turn & 1 ? half_bytes(image->count) : 0);
}
_Static_assert(sizeof(struct emit_point) % sizeof(uint64_t) == 0 &&
                   sizeof(struct emit_run_image) % sizeof(uint64_t) == 0,
               "the halves are aligned");

// One word's share in the sum of its half. The factor is odd, so a change of any
// one word changes the sum; and the terms are independent, which makes it fast.
static uint64_t share(uint64_t word, size_t at) {
    return word * ((2 * (uint64_t)at + 1) * 0x9e3779b97f4a7c15);
}

void emit_run_image_publish(struct emit_run_image *image,
                            const struct emit_run_snapshot *snapshot) {
    uint64_t turn = atomic_load_explicit(&image->turn, memory_order_relaxed) + 1;
    size_t words = snapshot_words(image->count);
    uint64_t sum = share(turn, words);
    _Atomic uint64_t *half = (void *)((char *)image + half_offset(image, turn));
    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, (const char *)snapshot + i * sizeof word, sizeof word);
        atomic_store_explicit(&half[i], word, memory_order_release);
        sum += share(word, i);
    }
    atomic_store_explicit(&half[words], sum, memory_order_release);
    atomic_store_explicit(&image->turn, turn, memory_order_release);
}

static bool is_tally(const struct emit_tally *tally) {
    return tally->first_ns >= 0 && tally->last_ns >= tally->first_ns && tally->moved_ns >= 0 &&
           tally->first_within_ns >= 0 && tally->last_within_ns >= 0 &&
           tally->moved_ns <= tally->last_ns && tally->uncovered_ns >= 0 &&
           tally->uncovered_ns <= tally->last_ns - tally->first_ns &&
           tally->failed < EMIT_CODE_COUNT && tally->trouble < EMIT_CODE_COUNT;
}

static bool is_snapshot(const struct emit_run_snapshot *snapshot, size_t count) {
    const struct emit_run_sweep *sweep = &snapshot->sweep;
    bool sane = sweep->begun_ns >= 0 && sweep->asked_ns >= 0 && sweep->sampled_ns >= 0;
    for (size_t i = 0; i < count; i++)
        sane = sane && is_tally(&snapshot->tallies[i]);
    return sane;
}

bool emit_run_image_read(const struct emit_run_image *image, struct emit_run_snapshot *snapshot) {
    size_t words = snapshot_words(image->count);
    uint64_t turn, sum, stored;
    do { // a writer that switched meanwhile may have begun to write into our half
        turn = atomic_load_explicit(&image->turn, memory_order_acquire);
        const _Atomic uint64_t *half =
            (const void *)((const char *)image + half_offset(image, turn));
        sum = turn ? share(turn, words) : 0; // nothing was published yet: all is 0
        for (size_t i = 0; i < words; i++) {
            uint64_t word = atomic_load_explicit(&half[i], memory_order_acquire);
            memcpy((char *)snapshot + i * sizeof word, &word, sizeof word);
            sum += share(word, i);
        }
        stored = atomic_load_explicit(&half[words], memory_order_acquire);
    } while (atomic_load_explicit(&image->turn, memory_order_acquire) != turn);
    return sum == stored && is_snapshot(snapshot, image->count);
}

void emit_run_image_job_started(struct emit_run_image *image, int64_t at_ns, bool one_more) {
    if (one_more) atomic_fetch_add(&image->jobs, 1);
    int64_t known = atomic_load(&image->job_started_ns);
    while ((!known || at_ns < known) &&
           !atomic_compare_exchange_weak(&image->job_started_ns, &known, at_ns))
        continue;
}

void emit_run_image_job_ended(struct emit_run_image *image, int64_t at_ns, bool one_less) {
    int64_t known = atomic_load(&image->job_ended_ns);
    while (at_ns > known && !atomic_compare_exchange_weak(&image->job_ended_ns, &known, at_ns))
        continue;
    if (one_less) atomic_fetch_sub(&image->jobs, 1);
}

void emit_run_image_add_neighbour(struct emit_run_image *image, const char *run_id) {
    uint64_t hash = sum_bytes(0xcbf29ce484222325, run_id, strlen(run_id)) | 1;
    for (size_t i = 0; i < EMIT_NEIGHBOURS_MAX; i++) {
        uint64_t free = 0;
        if (atomic_compare_exchange_strong(&image->neighbours[i], &free, hash) || free == hash)
            return;
    }
    // The list is full: so many runs are said to have been there, and no more.
}

uint32_t emit_run_image_neighbours(const struct emit_run_image *image) {
    uint32_t count = 0;
    while (count < EMIT_NEIGHBOURS_MAX && atomic_load(&image->neighbours[count]))
        count++;
    return count;
}
