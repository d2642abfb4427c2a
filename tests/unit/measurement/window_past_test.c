// What a stream remembers, against a list that is searched from end to end; and what it takes.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "measurement/window_past.h"

#include <malloc.h>
#include <stdlib.h>

enum { METERS = 5, STEPS = 4000, SPANS = 100000, METERS_MIN = 33, METERS_MAX = 5000 };

static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static bool overlaps(const struct emit_window_span *a, const struct emit_window_span *b) {
    return a->from_ns < b->to_ns && b->from_ns < a->to_ns;
}

// What is said of a new one is true: compared with all that were new before.
static bool is_true(const struct emit_window_span *all, const int *meters, size_t count, int meter,
                    const struct emit_window_span *span, enum emit_window_news news,
                    const struct emit_window_span *other) {
    const struct emit_window_span *found = NULL;
    bool touches = false;
    for (size_t i = 0; i < count; i++) {
        if (meters[i] != meter || !overlaps(&all[i], span)) continue;
        touches = true;
        if (news != EMIT_WINDOW_NEW && all[i].index == other->index) found = &all[i];
    }
    if (news == EMIT_WINDOW_NEW || !touches) return news == EMIT_WINDOW_NEW && !touches;
    if (!found) return false;
    bool is_same = found->from_ns == span->from_ns && found->to_ns == span->to_ns;
    if (news == EMIT_WINDOW_OVERLAPS) return !is_same;
    return is_same && (news == EMIT_WINDOW_REPEATED) == (found->print == span->print);
}

static void test_against_a_list(int64_t range, uint32_t seed) {
    struct emit_window_span *all = calloc(STEPS, sizeof *all);
    int *meters = calloc(STEPS, sizeof *meters);
    struct emit_window_past *past = NULL;
    struct emit_error err;
    size_t count = 0, told[4] = {0}, wrong = 0;
    if (!all || !meters || emit_window_past_open(&past, &err) != EMIT_OK) abort();
    for (uint64_t i = 0; i < STEPS; i++) {
        int meter = (int)(next_random(&seed) % METERS);
        struct emit_window_meter name = {(uint64_t)meter % 2, (uint64_t)meter}; // some share a slot
        struct emit_window_span other = {0}, span = {.index = i, .print = next_random(&seed) % 2};
        span.from_ns = (int64_t)(next_random(&seed) % (uint32_t)range);
        span.to_ns = span.from_ns + 1 + next_random(&seed) % 3;
        enum emit_window_news news = EMIT_WINDOW_NEW;
        if (emit_window_past_add(past, &name, &span, &news, &other, &err) != EMIT_OK) abort();
        wrong += !is_true(all, meters, count, meter, &span, news, &other);
        told[news]++;
        if (news != EMIT_WINDOW_NEW) continue;
        all[count] = span;
        meters[count++] = meter;
    }
    emit_window_past_close(past);
    free(all);
    free(meters);
    CHECK(wrong == 0 && told[0] && told[1] && told[2] && told[3],
          "%d windows in 0..%lld: %zu new, %zu repeated, %zu contrary, %zu overlap; %zu wrong",
          STEPS, (long long)range, told[0], told[1], told[2], told[3], wrong);
}

enum order { OLDEST_FIRST, NEWEST_FIRST, ANY_ORDER };

// Of as many meters as there are windows, or of one.
static size_t bytes_for(enum order order, size_t count, bool has_many_meters) {
    struct emit_window_past *past = NULL;
    struct emit_error err;
    size_t before = mallinfo2().uordblks;
    if (emit_window_past_open(&past, &err) != EMIT_OK) abort();
    size_t new_ones = 0;
    for (size_t i = 0; i < count; i++) {
        size_t place = order == OLDEST_FIRST   ? i
                       : order == NEWEST_FIRST ? count - i
                                               : i * 7919 % count; // a prime: each place once
        const struct emit_window_meter name = {has_many_meters ? place : 1, 2};
        struct emit_window_span other, span = {.from_ns = (int64_t)place * 10, .index = i};
        span.to_ns = span.from_ns + 10;
        enum emit_window_news news = EMIT_WINDOW_NEW;
        if (emit_window_past_add(past, &name, &span, &news, &other, &err) != EMIT_OK) abort();
        new_ones += news == EMIT_WINDOW_NEW;
    }
    size_t bytes = mallinfo2().uordblks - before;
    emit_window_past_close(past);
    CHECK(new_ones == count, "%zu windows that touch do not overlap", count);
    return bytes;
}

static void test_memory(void) {
    static const char *const words[] = {"oldest first", "newest first", "in any order"};
    if (mallinfo2().uordblks == 0) {
        check_skip("this allocator does not say what is in use");
        return;
    }
    for (size_t meters = METERS_MIN; meters <= METERS_MAX; meters *= 2) {
        size_t bytes = bytes_for(OLDEST_FIRST, meters, true);
        CHECK(bytes <= meters * EMIT_WINDOW_PAST_METER_BYTES, "%zu meters take %zu bytes each",
              meters, bytes / meters);
    }
    for (int order = OLDEST_FIRST; order <= ANY_ORDER; order++) {
        size_t bytes = bytes_for((enum order)order, SPANS, false);
        double each = (double)bytes / SPANS;
        double limit = (order == ANY_ORDER ? 2 : 1) * EMIT_WINDOW_PAST_BYTES;
        CHECK(each <= limit, "%s, %.1f bytes for each window of a meter, at most %.0f",
              words[order], each, limit);
    }
}

int main(void) {
    test_against_a_list(1000, 1);
    test_against_a_list(6000, 2);
    test_against_a_list(200, 3);
    test_memory();
    return check_end();
}
