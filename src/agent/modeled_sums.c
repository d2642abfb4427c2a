// Sums of modeled events: added up, written, read back.
// SPDX-License-Identifier: Apache-2.0
#include "agent/modeled_sums.h"

#include "base/json.h"
#include "base/json_write.h"

#include <stdlib.h>
#include <string.h>

void emit_modeled_sums_clear(struct emit_modeled_sums *sums) {
    free(sums->sums);
    *sums = (struct emit_modeled_sums){0};
}

// --- The table ---

// FNV-1a: the ids are the user's own, and a long chain is slow, not wrong.
static size_t bucket_of(const struct emit_modeled_sum *sum) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *at = sum->run_id; *at; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    return (size_t)(hash >> 32) % EMIT_MODELED_BUCKETS;
}

// The sum that has the run and boundary of another, empty at first; NULL: out of memory.
static struct emit_modeled_sum *find_or_begin(struct emit_modeled_sums *sums,
                                              const struct emit_modeled_sum *like) {
    size_t *bucket = &sums->buckets[bucket_of(like)];
    for (size_t at = *bucket; at > 0; at = sums->sums[at - 1].next)
        if (strcmp(sums->sums[at - 1].run_id, like->run_id) == 0 &&
            strcmp(sums->sums[at - 1].boundary, like->boundary) == 0)
            return &sums->sums[at - 1];
    if (sums->count == sums->room) {
        size_t room = sums->room ? 2 * sums->room : 16;
        struct emit_modeled_sum *larger = reallocarray(sums->sums, room, sizeof *larger);
        if (!larger) return NULL;
        sums->sums = larger;
        sums->room = room;
    }
    struct emit_modeled_sum *sum = &sums->sums[sums->count++];
    *sum = (struct emit_modeled_sum){.next = *bucket};
    memcpy(sum->run_id, like->run_id, sizeof sum->run_id);
    memcpy(sum->boundary, like->boundary, sizeof sum->boundary);
    *bucket = sums->count;
    return sum;
}

static bool add(struct emit_modeled_sums *sums, const struct emit_modeled_sum *more) {
    struct emit_modeled_sum *sum = find_or_begin(sums, more);
    if (!sum) return false;
    sum->events += more->events;
    sum->totals += more->totals;
    if (more->newest > sum->newest) sum->newest = more->newest;
    if (more->last_ns > sum->last_ns) sum->last_ns = more->last_ns;
    emit_modeled_energy_add(&sum->energy, &more->energy);
    return true;
}

// --- One event ---

bool emit_modeled_sums_add(struct emit_modeled_sums *sums, const struct emit_entry *entry,
                           uint64_t sequence) {
    struct emit_modeled_event event;
    if (!emit_modeled_event_read(&event, entry)) return true;
    struct emit_modeled_sum one = {
        .events = 1, .newest = sequence, .last_ns = entry->time_ns > 0 ? entry->time_ns : 0};
    (void)emit_text_format(one.run_id, sizeof one.run_id, "%s", entry->run_id);
    if (strlen(event.boundary) < sizeof one.boundary)
        memcpy(one.boundary, event.boundary, strlen(event.boundary) + 1);
    if (strcmp(event.phase, "total") == 0) {
        one.totals = 1;
        one.energy = event.energy;
    }
    return add(sums, &one);
}

// --- As text ---

bool emit_modeled_sums_write(const struct emit_modeled_sums *sums, struct emit_text *text) {
    struct emit_json_writer writer;
    bool fits = true;
    emit_json_writer_init(&writer, text);
    emit_json_open_object(&writer);
    emit_json_key(&writer, "modeled");
    emit_json_open_array(&writer);
    for (size_t i = 0; i < sums->count; i++) {
        const struct emit_modeled_sum *sum = &sums->sums[i];
        const struct emit_modeled_energy *energy = &sum->energy;
        fits &= energy->low <= UINT64_MAX && energy->central <= UINT64_MAX &&
                energy->high <= UINT64_MAX;
        emit_json_open_object(&writer);
        emit_json_member_string(&writer, "boundary", sum->boundary);
        emit_json_member_u64(&writer, "events", sum->events);
        emit_json_member_i64(&writer, "last_ns", sum->last_ns);
        emit_json_member_u64(&writer, "nanojoules", (uint64_t)energy->central);
        emit_json_member_u64(&writer, "nanojoules_high", (uint64_t)energy->high);
        emit_json_member_u64(&writer, "nanojoules_low", (uint64_t)energy->low);
        emit_json_member_u64(&writer, "newest", sum->newest);
        emit_json_member_string(&writer, "run_id", sum->run_id);
        emit_json_member_u64(&writer, "totals", sum->totals);
        emit_json_close_object(&writer);
    }
    emit_json_close_array(&writer);
    emit_json_close_object(&writer);
    return fits;
}

static bool take_sum_text(struct emit_json *json, const struct emit_json_slice *key,
                          struct emit_modeled_sum *sum) {
    struct emit_json_slice slice;
    bool is_run = emit_json_slice_is(key, "run_id");
    if (!is_run && !emit_json_slice_is(key, "boundary")) return false;
    if (!emit_json_take_string(json, &slice)) return false;
    return is_run ? emit_json_decode(&slice, sum->run_id, sizeof sum->run_id)
                  : emit_json_decode(&slice, sum->boundary, sizeof sum->boundary);
}

static bool take_nanojoules(struct emit_json *json, emit_nanojoules *sum) {
    uint64_t value;
    if (!emit_json_take_u64(json, &value)) return false;
    *sum = value;
    return true;
}

static bool take_sum_member(struct emit_json *json, const struct emit_json_slice *key,
                            struct emit_modeled_sum *sum) {
    const struct {
        const char *key;
        uint64_t *count;
        emit_nanojoules *energy;
    } numbers[] = {
        {"events", &sum->events, NULL},
        {"nanojoules", NULL, &sum->energy.central},
        {"nanojoules_high", NULL, &sum->energy.high},
        {"nanojoules_low", NULL, &sum->energy.low},
        {"newest", &sum->newest, NULL},
        {"totals", &sum->totals, NULL},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (emit_json_slice_is(key, numbers[i].key))
            return numbers[i].count ? emit_json_take_u64(json, numbers[i].count)
                                    : take_nanojoules(json, numbers[i].energy);
    if (emit_json_slice_is(key, "last_ns")) return emit_json_take_i64(json, &sum->last_ns);
    return take_sum_text(json, key, sum);
}

// Each sum of a text in turn, into `sums` where they are given. EMIT_MALFORMED: not ours.
static enum emit_status walk_sums(struct emit_modeled_sums *sums, const char *text, size_t length,
                                  uint64_t first, struct emit_error *err) {
    struct emit_json json;
    struct emit_json_slice key;
    emit_json_init(&json, text, length);
    bool good = emit_json_enter_object(&json) && emit_json_next_member(&json, &key) &&
                emit_json_slice_is(&key, "modeled") && emit_json_enter_array(&json);
    while (good && emit_json_next_element(&json)) {
        struct emit_modeled_sum sum = {.events = 0};
        good = emit_json_enter_object(&json);
        while (good && emit_json_next_member(&json, &key))
            good = take_sum_member(&json, &key, &sum);
        sum.newest += first;
        if (good && sums && !add(sums, &sum))
            return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    }
    if (good && !emit_json_next_member(&json, &key) && emit_json_at_end(&json)) return EMIT_OK;
    return emit_fail(err, EMIT_MALFORMED, "no sums of modeled events");
}

enum emit_status emit_modeled_sums_read(struct emit_modeled_sums *sums, const char *text,
                                        size_t length, uint64_t first, struct emit_error *err) {
    enum emit_status status = walk_sums(NULL, text, length, first, err);
    return status == EMIT_OK ? walk_sums(sums, text, length, first, err) : status;
}
