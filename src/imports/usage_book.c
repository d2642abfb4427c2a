// The records that count, each once: an arena of entries in the order in which they
// came, and an index of open addresses into it.
//
// An entry never moves and remembers what its record counts, so a repeat overwrites it
// and nothing has to be taken away: sums are made at the end. A slot of the index holds
// a place and a hash, whose upper bits say where the slot belongs: the index grows
// without a look at the entries.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_book.h"

#include "imports/usage_key.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

enum {
    UNIT = 8,        // entries are aligned to it, and places count it
    CHUNK_BITS = 17, // of a place: where in its chunk
    // 1 MiB with what malloc adds to it: a whole number of pages.
    CHUNK_BYTES = UNIT * (1 << CHUNK_BITS) - 64,
    CHUNKS_MAX = 8208, // hold EMIT_USAGE_BOOK_RECORDS_MAX of the largest entries
    INDEX_BITS_MIN = 10,
    PAGE_BYTES = 4096,
    HUGE_FROM_BYTES = 4 * 1024 * 1024,
    INDEX_BITS_MAX = 27,
    TOKEN_KINDS = EMIT_BUCKET_REQUEST, // the buckets before it
};

// flags of an entry: the lowest bits are those of `known`, of the kinds of tokens.
enum {
    KNOWN = (1 << TOKEN_KINDS) - 1,
    HAS_TIME = 1 << TOKEN_KINDS,
    EXTRAPOLATED = 2 << TOKEN_KINDS,
    KIND_SHIFT = TOKEN_KINDS + 2, // above it: enum emit_usage_key_kind
};

struct entry {
    int64_t time_ns;
    uint32_t tokens[TOKEN_KINDS];
    uint32_t records; // of the same bytes; 1 of one with ids
    uint16_t group;
    uint8_t flags;
    uint8_t key_length;
    unsigned char key[]; // padded to UNIT
};

enum { ENTRY_MAX = sizeof(struct entry) + EMIT_USAGE_KEY_MAX };

_Static_assert(sizeof(struct entry) % UNIT == 0 && EMIT_USAGE_KEY_MAX % UNIT == 0, "aligned");
_Static_assert(EMIT_USAGE_KEY_MAX <= UINT8_MAX, "key_length holds it");
_Static_assert(EMIT_USAGE_BOOK_GROUPS_MAX - 1 <= UINT16_MAX, "group holds it");
_Static_assert((EMIT_USAGE_KEY_KINDS - 1) << KIND_SHIFT <= UINT8_MAX, "flags hold it");
_Static_assert(EMIT_USAGE_BOOK_RECORDS_MAX <= 3 * ((1 << INDEX_BITS_MAX) / 4), "indexed");
_Static_assert((uint64_t)EMIT_USAGE_BOOK_RECORDS_MAX *ENTRY_MAX <=
                   (uint64_t)CHUNKS_MAX * (CHUNK_BYTES - ENTRY_MAX),
               "entries fit, whatever is left over at the end of each chunk");

struct chunk {
    unsigned char *at; // CHUNK_BYTES
    size_t used;
};

// 0 is free; else the hash in the upper half, and below it the place and one.
struct index {
    uint64_t *slots; // 1 << bits
    unsigned bits;
};

struct emit_usage_book {
    uint64_t secret[2]; // of the keys' hashes
    bool is_named;
    struct index index;
    uint32_t entry_count;
    // The last record: its entry stands behind the others, and is not one of them yet.
    bool has_last;
    uint32_t last_hash;
    uint64_t last_digest;
    uint64_t repeats;
    size_t chunk_count; // the last one is in use
    struct chunk chunks[CHUNKS_MAX];
    uint64_t digests[EMIT_USAGE_BOOK_GROUPS_MAX]; // of groups: sums of those of their records
};

// --- Opening and closing ---

// A large index is looked at all over the place: in huge pages, where the kernel has some, the
// processor knows where they are.
static void prefer_huge_pages(struct index *index, size_t bytes) {
    if (bytes < HUGE_FROM_BYTES) return;
    size_t apart = -(uintptr_t)index->slots % PAGE_BYTES; // from a page's begin
    (void)madvise((char *)index->slots + apart, bytes - apart, MADV_HUGEPAGE);
}

static bool index_init(struct index *index, unsigned bits) {
    size_t count = (size_t)1 << bits;
    index->bits = bits;
    index->slots = calloc(count, sizeof *index->slots);
    if (!index->slots) return false;
    prefer_huge_pages(index, count * sizeof *index->slots);
    return true;
}

static enum emit_status no_memory(struct emit_error *err, const struct emit_usage_book *book) {
    return emit_fail(err, EMIT_NO_MEMORY,
                     "no memory to remember usage records, after %u of them: split the input",
                     book ? (unsigned)book->entry_count : 0);
}

enum emit_status emit_usage_book_open(struct emit_usage_book **book, bool is_named,
                                      struct emit_error *err) {
    struct emit_usage_book *made = calloc(1, sizeof *made);
    if (!made) return no_memory(err, NULL);
    enum emit_status status = EMIT_OK;
    made->is_named = is_named;
    if (getrandom(made->secret, sizeof made->secret, 0) != sizeof made->secret)
        status = emit_fail_errno(err, errno, "the kernel has no random number");
    else if (!index_init(&made->index, INDEX_BITS_MIN))
        status = no_memory(err, made);
    if (status == EMIT_OK)
        *book = made;
    else
        emit_usage_book_close(made);
    return status;
}

void emit_usage_book_close(struct emit_usage_book *book) {
    if (!book) return;
    for (size_t i = 0; i < book->chunk_count; i++)
        free(book->chunks[i].at);
    free(book->index.slots);
    free(book);
}

// --- Finding ---

static size_t home_of(const struct index *index, uint64_t slot) {
    return slot >> (64 - index->bits);
}

static struct entry *entry_at(const struct emit_usage_book *book, uint64_t slot) {
    uint32_t place = (uint32_t)slot - 1;
    size_t offset = (size_t)(place & ((1U << CHUNK_BITS) - 1)) * UNIT;
    return (struct entry *)(void *)(book->chunks[place >> CHUNK_BITS].at + offset);
}

static enum emit_usage_key_kind kind_of(const struct entry *entry) {
    return (enum emit_usage_key_kind)(entry->flags >> KIND_SHIFT);
}

// The slot of an entry with the same key, or the free one where it belongs.
static uint64_t *find(const struct emit_usage_book *book, const struct entry *like, uint32_t hash) {
    const struct index *index = &book->index;
    size_t mask = ((size_t)1 << index->bits) - 1;
    for (size_t i = home_of(index, (uint64_t)hash << 32);; i = (i + 1) & mask) {
        uint64_t slot = index->slots[i];
        if (!slot) return &index->slots[i];
        if (slot >> 32 != hash) continue;
        const struct entry *entry = entry_at(book, slot);
        if (kind_of(entry) == kind_of(like) && entry->key_length == like->key_length &&
            memcmp(entry->key, like->key, like->key_length) == 0)
            return &index->slots[i];
    }
}

// --- Growing ---

// Twice the slots, unless a quarter of them is free.
static bool index_has_room(struct emit_usage_book *book) {
    struct index *index = &book->index, larger;
    size_t count = (size_t)1 << index->bits;
    if (book->entry_count < count / 4 * 3) return true;
    if (!index_init(&larger, index->bits + 1)) return false;
    size_t mask = 2 * count - 1;
    for (size_t i = 0; i < count; i++) {
        if (!index->slots[i]) continue;
        size_t to = home_of(&larger, index->slots[i]);
        while (larger.slots[to])
            to = (to + 1) & mask;
        larger.slots[to] = index->slots[i];
    }
    free(index->slots);
    *index = larger;
    return true;
}

static size_t entry_bytes(size_t key_length) {
    return sizeof(struct entry) + (key_length + UNIT - 1) / UNIT * UNIT;
}

static bool arena_has_room(struct emit_usage_book *book, size_t bytes) {
    if (book->chunk_count && book->chunks[book->chunk_count - 1].used + bytes <= CHUNK_BYTES)
        return true;
    assert(book->chunk_count < CHUNKS_MAX);
    unsigned char *at = malloc(CHUNK_BYTES);
    if (!at) return false;
    book->chunks[book->chunk_count++] = (struct chunk){at, 0};
    return true;
}

// For one more entry, of any size.
static enum emit_status make_room(struct emit_usage_book *book, struct emit_error *err) {
    if (book->entry_count >= EMIT_USAGE_BOOK_RECORDS_MAX)
        return emit_fail(err, EMIT_FULL, "more than %d usage records: split the input",
                         EMIT_USAGE_BOOK_RECORDS_MAX);
    if (!index_has_room(book) || !arena_has_room(book, ENTRY_MAX)) return no_memory(err, book);
    return EMIT_OK;
}

// --- Adding ---

static enum emit_status check_counts(const struct emit_token_counts *counts,
                                     struct emit_error *err) {
    for (int i = 0; i < TOKEN_KINDS; i++)
        if (counts->bucket[i] > UINT32_MAX)
            return emit_fail(err, EMIT_INVALID, "%llu %s tokens, which no request has",
                             (unsigned long long)counts->bucket[i],
                             emit_bucket_key((enum emit_bucket)i));
    return EMIT_OK;
}

// The entry behind the others: there is room for one.
static struct entry *entry_behind(const struct emit_usage_book *book) {
    const struct chunk *chunk = &book->chunks[book->chunk_count - 1];
    return (struct entry *)(void *)(chunk->at + chunk->used);
}

// All but its key, which is there. Whether a request is beyond the context is one bit: all its
// output is, or none.
static void write_entry(struct entry *entry, const struct emit_usage_key *key,
                        const struct emit_usage_record *record, uint32_t group) {
    const struct emit_token_counts *counts = &record->counts;
    bool extrapolated = counts->extrapolated_output || counts->extrapolated_reasoning_output;
    for (int i = 0; i < TOKEN_KINDS; i++)
        entry->tokens[i] = (uint32_t)counts->bucket[i];
    entry->time_ns = record->has_time ? record->time_ns : 0;
    entry->records = 1;
    entry->group = (uint16_t)group;
    entry->flags = (uint8_t)(key->kind << KIND_SHIFT | (counts->known & KNOWN) |
                             (record->has_time ? HAS_TIME : 0) | (extrapolated ? EXTRAPOLATED : 0));
    entry->key_length = key->length;
}

enum emit_status emit_usage_book_settle(struct emit_usage_book *book, struct emit_error *err) {
    if (!book->has_last) return EMIT_OK;
    uint32_t number = (uint32_t)(book->chunk_count - 1);
    struct chunk *chunk = &book->chunks[number];
    struct entry *last = entry_behind(book);
    uint64_t *slot = find(book, last, book->last_hash);
    book->has_last = false;
    if (!*slot) {
        uint32_t place = number << CHUNK_BITS | (uint32_t)(chunk->used / UNIT);
        *slot = (uint64_t)book->last_hash << 32 | (place + 1);
        chunk->used += entry_bytes(last->key_length);
        book->entry_count++;
        book->digests[last->group] += book->last_digest;
        return EMIT_OK;
    }
    struct entry *before = entry_at(book, *slot);
    if (kind_of(last) != EMIT_USAGE_KEY_BYTES)
        book->repeats++;
    else if (before->records == UINT32_MAX)
        return emit_fail(err, EMIT_FULL, "the same record %u times: split the input", UINT32_MAX);
    else
        last->records = before->records + 1;
    book->digests[before->group] -= book->last_digest * before->records;
    book->digests[last->group] += book->last_digest * last->records;
    *before = *last; // but for the key, which is the same
    return EMIT_OK;
}

enum emit_status emit_usage_book_add(struct emit_usage_book *book,
                                     const struct emit_usage_record *record, const char *text,
                                     size_t length, uint32_t group, struct emit_error *err) {
    assert(group < EMIT_USAGE_BOOK_GROUPS_MAX);
    enum emit_status status = check_counts(&record->counts, err);
    if (status == EMIT_OK) status = emit_usage_book_settle(book, err);
    if (status == EMIT_OK) status = make_room(book, err);
    if (status != EMIT_OK) return status;
    struct entry *entry = entry_behind(book);
    struct emit_usage_key key = {.bytes = entry->key};
    emit_usage_key_make(&key, book->secret, book->is_named, record, text, length);
    write_entry(entry, &key, record, group);
    book->has_last = true;
    book->last_hash = key.hash;
    book->last_digest = key.digest;
    __builtin_prefetch(&book->index.slots[home_of(&book->index, (uint64_t)key.hash << 32)]);
    return EMIT_OK;
}

uint64_t emit_usage_book_repeats(const struct emit_usage_book *book) {
    return book->repeats;
}

// --- Telling ---

static struct emit_token_counts counts_of(const struct entry *entry) {
    struct emit_token_counts counts = {.known = (entry->flags & KNOWN) | 1U << EMIT_BUCKET_REQUEST};
    for (int i = 0; i < TOKEN_KINDS; i++)
        counts.bucket[i] = entry->tokens[i];
    counts.bucket[EMIT_BUCKET_REQUEST] = 1;
    if (entry->flags & EXTRAPOLATED) {
        counts.extrapolated_output = counts.bucket[EMIT_BUCKET_OUTPUT];
        counts.extrapolated_reasoning_output = counts.bucket[EMIT_BUCKET_REASONING_OUTPUT];
    }
    return counts;
}

// The entry at the cursor, which is put on the next chunk at the end of one; NULL at the end.
static const struct entry *entry_under(const struct emit_usage_book *book,
                                       struct emit_usage_book_cursor *cursor) {
    while (cursor->chunk < book->chunk_count) {
        const struct chunk *chunk = &book->chunks[cursor->chunk];
        if (cursor->offset < chunk->used)
            return (const struct entry *)(const void *)(chunk->at + cursor->offset);
        *cursor = (struct emit_usage_book_cursor){.chunk = cursor->chunk + 1};
    }
    return NULL;
}

static void step(struct emit_usage_book_cursor *cursor, const struct entry *entry) {
    cursor->offset += entry_bytes(entry->key_length);
    cursor->told = 0;
}

enum emit_status emit_usage_book_group_add(struct emit_usage_book_group *sum,
                                           const struct emit_usage_book_group *more,
                                           struct emit_error *err) {
    enum emit_status status = emit_token_counts_add(&sum->counts, &more->counts, err);
    if (status != EMIT_OK) return status;
    sum->records += more->records;
    sum->digest += more->digest;
    if (!more->has_time) return EMIT_OK;
    if (!sum->has_time || more->first_ns < sum->first_ns) sum->first_ns = more->first_ns;
    if (!sum->has_time || more->last_ns > sum->last_ns) sum->last_ns = more->last_ns;
    sum->has_time = true;
    return EMIT_OK;
}

void emit_usage_book_group_subtract(struct emit_usage_book_group *sum,
                                    const struct emit_usage_book_group *less) {
    emit_token_counts_subtract(&sum->counts, &less->counts);
    sum->records -= less->records;
    sum->digest -= less->digest;
}

static enum emit_status sum_entry(struct emit_usage_book_group *group, const struct entry *entry,
                                  struct emit_error *err) {
    struct emit_usage_book_group more = {
        .records = entry->records,
        .counts = counts_of(entry),
        .has_time = entry->flags & HAS_TIME,
        .first_ns = entry->time_ns,
        .last_ns = entry->time_ns,
    };
    // Below 2^32 each, so that the products are below 2^64.
    for (int i = 0; i < EMIT_BUCKET_COUNT; i++)
        more.counts.bucket[i] *= entry->records;
    more.counts.extrapolated_output *= entry->records;
    more.counts.extrapolated_reasoning_output *= entry->records;
    return emit_usage_book_group_add(group, &more, err);
}

enum emit_status emit_usage_book_sum(const struct emit_usage_book *book,
                                     struct emit_usage_book_group *groups, size_t count,
                                     struct emit_error *err) {
    assert(!book->has_last);
    memset(groups, 0, count * sizeof *groups);
    for (size_t i = 0; i < count; i++)
        groups[i].digest = book->digests[i];
    struct emit_usage_book_cursor cursor = {0};
    const struct entry *entry;
    for (; (entry = entry_under(book, &cursor)); step(&cursor, entry)) {
        assert(entry->group < count);
        enum emit_status status = sum_entry(&groups[entry->group], entry, err);
        if (status != EMIT_OK) return status;
    }
    return EMIT_OK;
}

bool emit_usage_book_next(const struct emit_usage_book *book, struct emit_usage_book_cursor *cursor,
                          struct emit_usage_book_record *record) {
    assert(book->is_named && !book->has_last);
    const struct entry *entry = entry_under(book, cursor);
    if (!entry) return false;
    record->counts = counts_of(entry);
    record->group = entry->group;
    record->has_time = entry->flags & HAS_TIME;
    record->time_ns = entry->time_ns;
    cursor->told++;
    emit_usage_key_ref(record->ref, kind_of(entry), entry->key, entry->key_length, cursor->told);
    if (cursor->told == entry->records) step(cursor, entry);
    return true;
}
