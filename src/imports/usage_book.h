// Usage records, each counted once: which of them is new, which repeats another one, and
// what they come to by group. The only part of the reading whose memory grows with the
// records, by a stated number of bytes for each one that could be repeated.
//
// A record is known by its response and request id; the last one of a pair counts. One
// without either is known by its bytes: identical lines are several requests, numbered in
// their order, and reading the same file again finds the same records.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_BOOK_H
#define IMPORTS_USAGE_BOOK_H

#include "imports/usage.h"

enum {
    EMIT_USAGE_BOOK_RECORDS_MAX = 64 * 1024 * 1024, // beyond it: EMIT_FULL, and what to do
    EMIT_USAGE_BOOK_GROUPS_MAX = 65536,
    // Of memory: at most so much for each record, while the index grows and at any other
    // time, and once what is fixed.
    EMIT_USAGE_BOOK_RECORD_BYTES = 80,
    EMIT_USAGE_BOOK_NAMED_RECORD_BYTES = 160, // with what its record_ref is made of
    EMIT_USAGE_BOOK_FIXED_BYTES = 4 * 1024 * 1024,
    EMIT_RECORD_REF_MAX = 97, // bytes of a record_ref, terminator included
};

struct emit_usage_book;

// is_named: records keep their record_ref, so that each can be told alone.
EMIT_MUST_CHECK enum emit_status emit_usage_book_open(struct emit_usage_book **book, bool is_named,
                                                      struct emit_error *err);
void emit_usage_book_close(struct emit_usage_book *book); // accepts NULL

// Takes a USED record, of one request. text: its bytes. group: a number of the caller's below
// EMIT_USAGE_BOOK_GROUPS_MAX, of its model and profile. Of records with the same ids the last
// one counts, in its own group.
// A record is looked for among the others when the next one comes: until then the processor
// fetches what it needs for that.
// EMIT_INVALID: 2^32 tokens of one kind or more, which no request has. EMIT_FULL:
// EMIT_USAGE_BOOK_RECORDS_MAX; EMIT_NO_MEMORY. The record is not taken then; those before it are.
EMIT_MUST_CHECK enum emit_status emit_usage_book_add(struct emit_usage_book *book,
                                                     const struct emit_usage_record *record,
                                                     const char *text, size_t length,
                                                     uint32_t group, struct emit_error *err);
// Looks for the last one too. To be called after it, before anything is asked. EMIT_FULL: the
// same record without ids 2^32 times; the last one is not taken.
EMIT_MUST_CHECK enum emit_status emit_usage_book_settle(struct emit_usage_book *book,
                                                        struct emit_error *err);

// How many records replaced another one of the same ids.
uint64_t emit_usage_book_repeats(const struct emit_usage_book *book);

// What a group came to: the sum of the records that count.
struct emit_usage_book_group {
    uint64_t records; // 0: none was added, or all were replaced by records of other groups
    struct emit_token_counts counts;
    bool has_time; // some record of it says one
    int64_t first_ns, last_ns;
    // Which records they are, whatever they count: of two groups that differ it differs too.
    // Whatever the order they came in; that of several groups is the sum. 0 in a named book.
    uint64_t digest;
};

// Adds what another group came to. EMIT_INVALID as emit_token_counts_add; sum is unchanged then.
EMIT_MUST_CHECK enum emit_status emit_usage_book_group_add(struct emit_usage_book_group *sum,
                                                           const struct emit_usage_book_group *more,
                                                           struct emit_error *err);
// Takes it away again, but for its times.
void emit_usage_book_group_subtract(struct emit_usage_book_group *sum,
                                    const struct emit_usage_book_group *less);

// Sums up groups 0 to count - 1, all that were added to. Takes one look at every record.
// EMIT_INVALID: more than 2^53 tokens in one group; the groups are in no useful state then.
EMIT_MUST_CHECK enum emit_status emit_usage_book_sum(const struct emit_usage_book *book,
                                                     struct emit_usage_book_group *groups,
                                                     size_t count, struct emit_error *err);

// One record that counts, of a named book.
struct emit_usage_book_record {
    struct emit_token_counts counts;
    uint32_t group;
    bool has_time;
    int64_t time_ns;
    // The rule, by what the record says:
    //   both ids           RESPONSE REQUEST, with one space
    //   one of them        RESPONSE, or "- REQUEST"
    //   ids that are long  ids-sha256:HEX, the first 32 digits of the SHA-256 of RESPONSE,
    //   or hold a space    a zero byte and REQUEST
    //   neither            sha256:HEX, the same of the record's bytes; the second record of the
    //                      same bytes ends in #2, and so on
    char ref[EMIT_RECORD_REF_MAX];
};

struct emit_usage_book_cursor { // zeroed: before the first record
    size_t chunk, offset;
    uint32_t told; // of the records of the same bytes that stand at offset
};

// The next record in the order in which their ids first came; false after the last one.
bool emit_usage_book_next(const struct emit_usage_book *book, struct emit_usage_book_cursor *cursor,
                          struct emit_usage_book_record *record);

#endif
