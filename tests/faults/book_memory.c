// The memory of a book of usage records, allocation by allocation: never more than is
// stated for so many records, and each allocation that fails leaves the book as it was.
// Links no sanitizer: malloc is its own.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "imports/usage_book.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

// glibc's own names of the real ones.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void __libc_free(void *at);

static size_t held_bytes, most_bytes, asked, fails_at; // fails_at 0: none fails

// What an allocation takes from the system: its own header too, and whole pages when it is large.
static size_t taken_by(void *at) {
    enum { HEADER = 8, OWN_PAGES = 128 * 1024, PAGE = 4096 };
    size_t bytes = malloc_usable_size(at) + HEADER;
    return bytes < OWN_PAGES ? bytes : (bytes + PAGE - 1) / PAGE * PAGE;
}

static void *take(void *at) {
    if (!at) return NULL;
    held_bytes += taken_by(at);
    if (held_bytes > most_bytes) most_bytes = held_bytes;
    return at;
}

static bool fails(void) {
    if (++asked != fails_at) return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size) {
    return fails() ? NULL : take(__libc_malloc(size));
}
void *calloc(size_t count, size_t size) {
    return fails() ? NULL : take(__libc_calloc(count, size));
}
void free(void *at) {
    if (at) held_bytes -= taken_by(at);
    __libc_free(at);
}

// The number-th record has ids of `length` bytes together, and number % 7 output tokens.
static struct emit_usage_record make(char id[2 * EMIT_USAGE_ID_MAX], unsigned number, int length) {
    struct emit_usage_record record = {.fate = EMIT_USAGE_USED};
    (void)snprintf(id, 2 * EMIT_USAGE_ID_MAX, "%0*u", length, number);
    record.response_id = (struct emit_usage_text){id, (size_t)length / 2};
    record.request_id = (struct emit_usage_text){id + length / 2, (size_t)(length - length / 2)};
    record.counts.known = (1U << EMIT_BUCKET_COUNT) - 1;
    record.counts.bucket[EMIT_BUCKET_OUTPUT] = number % 7;
    record.counts.bucket[EMIT_BUCKET_REQUEST] = 1;
    return record;
}

static enum emit_status add(struct emit_usage_book *book, unsigned number, int length) {
    char id[2 * EMIT_USAGE_ID_MAX];
    struct emit_usage_record record = make(id, number, length);
    return emit_usage_book_add(book, &record, "{}", 2, 0, NULL);
}

static void test_memory_is_what_is_stated(bool is_named, int length, size_t record_bytes) {
    enum { RECORDS = 400000 };
    struct emit_usage_book *book = NULL;
    size_t before = held_bytes, worst = 0;
    bool good;
    most_bytes = held_bytes;
    good = emit_usage_book_open(&book, is_named, NULL) == EMIT_OK;
    for (unsigned i = 0; i < RECORDS && good; i++) {
        good = add(book, i, length) == EMIT_OK;
        size_t bytes = most_bytes - before, count = i + 1;
        good = good && bytes <= EMIT_USAGE_BOOK_FIXED_BYTES + count * record_bytes;
        if (count >= RECORDS / 4 && bytes / count > worst) worst = bytes / count;
        most_bytes = held_bytes;
    }
    CHECK(
        good,
        "ids of %d bytes, %s: %zu bytes a record at most, of %d and all that is fixed; stated %zu",
        length, is_named ? "named" : "summed", worst, (int)RECORDS, record_bytes);
    emit_usage_book_close(book);
    CHECK(held_bytes == before, "all of it is given back");
}

// True when it went well, whatever failed in between: a second try does not.
static bool book_twice(bool *failed) {
    enum { RECORDS = 12000 };
    struct emit_usage_book *book = NULL;
    bool good = true;
    *failed = emit_usage_book_open(&book, true, NULL) != EMIT_OK;
    if (*failed && emit_usage_book_open(&book, true, NULL) != EMIT_OK) return false;
    for (unsigned i = 0; i < RECORDS; i++) {
        enum emit_status status = add(book, i, 94);
        bool fell = status == EMIT_NO_MEMORY;
        if (fell) status = add(book, i, 94);
        *failed = *failed || fell;
        good = good && status == EMIT_OK;
    }
    for (unsigned i = 0; i < RECORDS; i++)
        good = good && add(book, i, 94) == EMIT_OK;
    struct emit_usage_book_group group;
    uint64_t output = 0;
    for (unsigned i = 0; i < RECORDS; i++)
        output += i % 7;
    good = good && emit_usage_book_settle(book, NULL) == EMIT_OK &&
           emit_usage_book_repeats(book) == RECORDS &&
           emit_usage_book_sum(book, &group, 1, NULL) == EMIT_OK && group.records == RECORDS &&
           group.counts.bucket[EMIT_BUCKET_OUTPUT] == output;
    emit_usage_book_close(book);
    return good;
}

static void test_each_allocation_fails(void) {
    size_t before = held_bytes, failures = 0;
    bool failed = true, good = true;
    for (size_t at = 1; failed && good; at++) {
        asked = 0;
        fails_at = at;
        good = book_twice(&failed) && held_bytes == before;
        failures += failed;
    }
    fails_at = 0;
    CHECK(good && failures > 6, "each of %zu allocations failed once, and nothing was lost",
          failures);
}

int main(void) {
    static char printed[BUFSIZ];
    (void)setvbuf(stdout, printed, _IOLBF, sizeof printed); // it would allocate one
    test_memory_is_what_is_stated(false, 38, EMIT_USAGE_BOOK_RECORD_BYTES);
    test_memory_is_what_is_stated(true, 38, EMIT_USAGE_BOOK_NAMED_RECORD_BYTES);
    test_memory_is_what_is_stated(true, 94, EMIT_USAGE_BOOK_NAMED_RECORD_BYTES);
    test_memory_is_what_is_stated(true, 300, EMIT_USAGE_BOOK_NAMED_RECORD_BYTES);
    test_each_allocation_fails();
    return check_end();
}
