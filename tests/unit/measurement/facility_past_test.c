// What a stream remembers, against a list that is searched from end to end; and what it takes.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "measurement/facility_past.h"

#include <malloc.h>
#include <stdlib.h>

enum { METERS = 5, STEPS = 4000, SPANS = 100000, METERS_MIN = 33, METERS_MAX = 5000 };

static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

// What the list knows of a window that was new once.
struct known {
    struct emit_facility_span span;
    int meter;
    bool is_void, is_gone;
};

struct list {
    struct known *all;
    size_t count;
};

static bool is_touched(const struct known *known, int meter,
                       const struct emit_facility_span *span) {
    return known->meter == meter && !known->is_gone && known->span.from_ns < span->to_ns &&
           span->from_ns < known->span.to_ns;
}

static bool is_same_window(const struct emit_facility_span *a, const struct emit_facility_span *b) {
    return a->from_ns == b->from_ns && a->to_ns == b->to_ns;
}

// What is said of a new one is true: compared with all that were new before. Voided ones are
// met by their repeats only.
static bool is_true(const struct list *list, int meter, const struct emit_facility_span *span,
                    enum emit_facility_news news, const struct emit_facility_span *other) {
    const struct known *found = NULL;
    bool is_met = false;
    for (size_t i = 0; i < list->count; i++) {
        const struct known *known = &list->all[i];
        if (!is_touched(known, meter, span)) continue;
        if (known->is_void &&
            (!is_same_window(&known->span, span) || known->span.print != span->print))
            continue;
        is_met = true;
        if (news != EMIT_FACILITY_NEW && known->span.index == other->index) found = known;
    }
    if (news == EMIT_FACILITY_NEW || !is_met) return news == EMIT_FACILITY_NEW && !is_met;
    if (!found) return false;
    bool is_same = is_same_window(&found->span, span);
    if (news == EMIT_FACILITY_OVERLAPS) return !is_same;
    return is_same && (news == EMIT_FACILITY_REPEATED) == (found->span.print == span->print);
}

// Voided ones go when another one comes there: those before the one that is met, if any is.
static void forget(struct list *list, int meter, const struct emit_facility_span *span,
                   enum emit_facility_news news, const struct emit_facility_span *other) {
    for (size_t i = 0; i < list->count; i++) {
        struct known *known = &list->all[i];
        if (known->is_void && is_touched(known, meter, span) &&
            (news == EMIT_FACILITY_NEW || known->span.from_ns < other->from_ns))
            known->is_gone = true;
    }
}

static void test_against_a_list(int64_t range, uint32_t seed, bool with_void) {
    struct list list = {.all = calloc(STEPS, sizeof *list.all)};
    struct emit_facility_past *past = NULL;
    struct emit_error err;
    size_t told[4] = {0}, wrong = 0;
    if (!list.all || emit_facility_past_open(&past, &err) != EMIT_OK) abort();
    for (uint64_t i = 0; i < STEPS; i++) {
        int meter = (int)(next_random(&seed) % METERS);
        struct emit_facility_meter name = {(uint64_t)meter % 2,
                                           (uint64_t)meter}; // some share a slot
        struct emit_facility_span other = {0}, span = {.index = i, .print = next_random(&seed) % 2};
        span.from_ns = (int64_t)(next_random(&seed) % (uint32_t)range);
        span.to_ns = span.from_ns + 1 + next_random(&seed) % 3;
        enum emit_facility_news news = EMIT_FACILITY_NEW;
        if (emit_facility_past_add(past, &name, &span, &news, &other, &err) != EMIT_OK) abort();
        wrong += !is_true(&list, meter, &span, news, &other);
        told[news]++;
        forget(&list, meter, &span, news, &other);
        if (news == EMIT_FACILITY_NEW)
            list.all[list.count++] = (struct known){.span = span, .meter = meter};
        if (!with_void || list.count == 0 || next_random(&seed) % 2) continue;
        struct known *known = &list.all[next_random(&seed) % list.count];
        name = (struct emit_facility_meter){(uint64_t)known->meter % 2, (uint64_t)known->meter};
        if (known->is_gone) continue;
        known->is_void = true;
        emit_facility_past_void(past, &name, known->span.from_ns);
    }
    emit_facility_past_close(past);
    free(list.all);
    CHECK(wrong == 0 && told[0] && told[1] && told[2] && told[3],
          "%d windows in 0..%lld%s: %zu new, %zu repeated, %zu contrary, %zu overlap; %zu wrong",
          STEPS, (long long)range, with_void ? ", some voided" : "", told[0], told[1], told[2],
          told[3], wrong);
}

enum order { OLDEST_FIRST, NEWEST_FIRST, ANY_ORDER };

// Of as many meters as there are windows, or of one.
static size_t bytes_for(enum order order, size_t count, bool has_many_meters) {
    struct emit_facility_past *past = NULL;
    struct emit_error err;
    size_t before = mallinfo2().uordblks;
    if (emit_facility_past_open(&past, &err) != EMIT_OK) abort();
    size_t new_ones = 0;
    for (size_t i = 0; i < count; i++) {
        size_t place = order == OLDEST_FIRST   ? i
                       : order == NEWEST_FIRST ? count - i
                                               : i * 7919 % count; // a prime: each place once
        const struct emit_facility_meter name = {has_many_meters ? place : 1, 2};
        struct emit_facility_span other, span = {.from_ns = (int64_t)place * 10, .index = i};
        span.to_ns = span.from_ns + 10;
        enum emit_facility_news news = EMIT_FACILITY_NEW;
        if (emit_facility_past_add(past, &name, &span, &news, &other, &err) != EMIT_OK) abort();
        new_ones += news == EMIT_FACILITY_NEW;
    }
    size_t bytes = mallinfo2().uordblks - before;
    emit_facility_past_close(past);
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
        CHECK(bytes <= meters * EMIT_FACILITY_PAST_METER_BYTES, "%zu meters take %zu bytes each",
              meters, bytes / meters);
    }
    for (int order = OLDEST_FIRST; order <= ANY_ORDER; order++) {
        size_t bytes = bytes_for((enum order)order, SPANS, false);
        double each = (double)bytes / SPANS;
        double limit = (order == ANY_ORDER ? 2 : 1) * EMIT_FACILITY_PAST_BYTES;
        CHECK(each <= limit, "%s, %.1f bytes for each window of a meter, at most %.0f",
              words[order], each, limit);
    }
}

int main(void) {
    for (int with_void = 0; with_void <= 1; with_void++) {
        test_against_a_list(1000, 1, with_void);
        test_against_a_list(6000, 2, with_void);
        test_against_a_list(200, 3, with_void);
    }
    test_memory();
    return check_end();
}
