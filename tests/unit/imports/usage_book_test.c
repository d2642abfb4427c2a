// Which record repeats another, what a record is called, and what groups come to: cases,
// and random streams beside an oracle that compares every record with every other.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/number.h"
#include "imports/usage_book.h"

#include <stdlib.h>

// A record as the reader makes them; NULL is an id that it does not say.
static struct emit_usage_record make(const char *response, const char *request,
                                     const uint64_t tokens[4]) {
    struct emit_usage_record record = {.fate = EMIT_USAGE_USED};
    if (response) record.response_id = (struct emit_usage_text){response, strlen(response)};
    if (request) record.request_id = (struct emit_usage_text){request, strlen(request)};
    record.counts.known = (1U << EMIT_BUCKET_COUNT) - 1;
    for (int i = 0; i < 4; i++)
        record.counts.bucket[i] = tokens[i];
    record.counts.bucket[EMIT_BUCKET_REQUEST] = 1;
    return record;
}

// Adds and wants success; whether it repeated.
static bool add(struct emit_usage_book *book, const struct emit_usage_record *record,
                const char *text, uint32_t group) {
    uint64_t before = emit_usage_book_repeats(book);
    struct emit_error err = {0};
    enum emit_status status = emit_usage_book_add(book, record, text, strlen(text), group, &err);
    if (status == EMIT_OK) status = emit_usage_book_settle(book, &err);
    if (status != EMIT_OK) CHECK(false, "added: %s", err.text);
    return emit_usage_book_repeats(book) > before;
}

static struct emit_usage_book *open_book(bool is_named) {
    struct emit_usage_book *book = NULL;
    if (emit_usage_book_open(&book, is_named, NULL) != EMIT_OK) abort();
    return book;
}

static const uint64_t few[4] = {5, 4, 3, 2};

#define TEN    "0123456789"
#define NINETY TEN TEN TEN TEN TEN TEN TEN TEN TEN

// The digests are those of sha256sum.
static const struct {
    const char *response, *request, *text, *ref;
} names[] = {
    {"chatcmpl-1", NULL, "{}", "chatcmpl-1"},
    {"msg_1", "req_1", "{}", "msg_1 req_1"},
    {NULL, "req_1", "{}", "- req_1"},
    {"", "req_2", "{}", "- req_2"},
    {"-", NULL, "{}", "ids-sha256:24ea1ebd0bafd39482db46ec2d8959e6"},
    {"a b", NULL, "{}", "ids-sha256:dfa5830757fffdb100436d8dad645f6a"},
    {"a", "b c", "{}", "ids-sha256:fa1e0a6ab73453f0cffe280563a257cc"},
    {"sha256:00", NULL, "{}", "ids-sha256:5a3b5f5393138b49d673ac91110fa823"},
    {"ids-sha256:00", NULL, "{}", "ids-sha256:8d5d1ddce6185b56f12d60c3ed5e120c"},
    {NINETY "1234", NULL, "{}", NINETY "1234"},
    {NINETY, "1234", "{}", NINETY " 1234"},
    {NINETY "12345", NULL, "{}", "ids-sha256:b0982994dfa28443c9fae02a1a93b2d5"},
    {NULL, NULL, "{\"n\":1}", "sha256:2bfd14f43d17fc7cea24e0917a8879b4"},
    {NULL, NULL, "{\"n\":2}", "sha256:363379742f80b51bdb9206579af77549"},
};

static void test_names(void) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct emit_usage_book *book = open_book(true);
        struct emit_usage_record record = make(names[i].response, names[i].request, few);
        (void)add(book, &record, names[i].text, 0);
        struct emit_usage_book_cursor cursor = {0};
        struct emit_usage_book_record got = {0};
        bool first = emit_usage_book_next(book, &cursor, &got);
        CHECK_STRING(first ? got.ref : "nothing", names[i].ref, "record_ref");
        CHECK(!emit_usage_book_next(book, &cursor, &got), "one record");
        emit_usage_book_close(book);
    }
}

static void test_pairs_are_told_apart(void) {
    static const char *const pairs[][2] = {
        {"ab", "c"},  {"a", "bc"},  {"abc", NULL},   {NULL, "abc"},
        {"a b", "c"}, {"a", "b c"}, {"a b c", NULL}, {NULL, "a b c"},
    };
    for (int is_named = 0; is_named < 2; is_named++) {
        struct emit_usage_book *book = open_book(is_named);
        for (int round = 0; round < 2; round++)
            for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
                struct emit_usage_record record = make(pairs[i][0], pairs[i][1], few);
                CHECK(add(book, &record, "{}", 0) == (round == 1), "pair %zu, round %d, %s", i,
                      round + 1, is_named ? "named" : "summed");
            }
        emit_usage_book_close(book);
    }
}

static void test_what_is_told(void) {
    static const uint64_t tokens[4] = {1000, 0, UINT32_MAX, 7};
    struct emit_usage_book *book = open_book(true);
    struct emit_usage_record whole = make("a", NULL, tokens), bare = make("b", NULL, few);
    whole.has_time = true;
    whole.time_ns = -900;
    whole.counts.extrapolated_output = UINT32_MAX;
    whole.counts.extrapolated_reasoning_output = 7;
    bare.counts.known = 1U << EMIT_BUCKET_INPUT | 1U << EMIT_BUCKET_REQUEST;
    (void)add(book, &whole, "{}", 65535);
    (void)add(book, &bare, "{}", 3);
    struct emit_usage_book_cursor cursor = {0};
    struct emit_usage_book_record got;
    CHECK(emit_usage_book_next(book, &cursor, &got) && got.has_time && got.time_ns == -900 &&
              got.group == 65535 && memcmp(&got.counts, &whole.counts, sizeof got.counts) == 0,
          "a record is told as it was");
    CHECK(emit_usage_book_next(book, &cursor, &got) && !got.has_time && got.group == 3 &&
              got.counts.known == bare.counts.known && !got.counts.extrapolated_output,
          "what a record does not say stays unsaid");
    emit_usage_book_close(book);
}

// The digest of a group, of records of these letters: lower case has ids, upper none.
static uint64_t digest_of(const char *ids, const char *groups) {
    struct emit_usage_book *book = open_book(false);
    struct emit_usage_book_group got[2];
    for (size_t i = 0; ids[i]; i++) {
        const char name[] = {ids[i], '\0'};
        struct emit_usage_record record = make(ids[i] >= 'a' ? name : NULL, NULL, few);
        (void)add(book, &record, name, (uint32_t)(groups[i] - '0'));
    }
    CHECK(emit_usage_book_sum(book, got, 2, NULL) == EMIT_OK, "summed");
    emit_usage_book_close(book);
    return got[0].digest;
}

static void test_digests(void) {
    static const struct {
        const char *names, *groups, *like, *like_groups;
        bool is_same;
    } cases[] = {
        {"ab", "00", "ba", "00", true},      {"ab", "00", "aba", "000", true},
        {"ab", "00", "ac", "00", false},     {"a", "0", "ab", "00", false},
        {"AB", "00", "BA", "00", true},      {"AAB", "000", "ABA", "000", true},
        {"AAB", "000", "ABB", "000", false}, {"A", "0", "AA", "00", false},
        {"a", "0", "A", "0", false},         {"ab", "01", "a", "0", true},
        {"aba", "001", "b", "0", true},      {"aba", "010", "ab", "01", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK((digest_of(cases[i].names, cases[i].groups) ==
               digest_of(cases[i].like, cases[i].like_groups)) == cases[i].is_same,
              "records %s and %s are %s", cases[i].names, cases[i].like,
              cases[i].is_same ? "the same" : "others");
    // The same in every process: events carry it. The sum of what openssl makes of each.
    CHECK(digest_of("ab", "00") == UINT64_C(0xbfcd75ee3b646833),
          "a digest is the same everywhere: %llx", (unsigned long long)digest_of("ab", "00"));
}

static void test_the_last_one_counts(void) {
    static const uint64_t first[4] = {1000, 0, UINT32_MAX, 7}, last[4] = {10, 20, 30, 40};
    struct emit_usage_book *book = open_book(false);
    struct emit_usage_record record = make("a", "b", first), other = make("b", "b", few);
    record.has_time = true;
    record.time_ns = 900;
    record.counts.extrapolated_output = UINT32_MAX;
    CHECK(!add(book, &record, "{}", 3), "a record that is new");
    (void)add(book, &other, "{}", 3);
    struct emit_usage_record again = make("a", "b", last);
    again.has_time = true;
    again.time_ns = 500;
    CHECK(add(book, &again, "{}", 1), "a record that repeats");
    struct emit_usage_book_group groups[4];
    CHECK(emit_usage_book_sum(book, groups, 4, NULL) == EMIT_OK, "summed up");
    CHECK(groups[1].records == 1 && groups[1].counts.bucket[EMIT_BUCKET_OUTPUT] == 30 &&
              !groups[1].counts.extrapolated_output && groups[1].has_time &&
              groups[1].first_ns == 500 && groups[1].last_ns == 500,
          "it counts in its new group, with its new time");
    CHECK(groups[3].records == 1 && groups[3].counts.bucket[EMIT_BUCKET_OUTPUT] == 3 &&
              !groups[3].counts.extrapolated_output && !groups[3].has_time,
          "and no more in its old one");
    CHECK(groups[0].records == 0 && groups[2].records == 0, "groups without records");
    emit_usage_book_close(book);
}

// Also without a settle in between.
static void test_records_are_looked_for_one_later(void) {
    static const char *const ids[] = {"a", "b", "a", "a", "c", "b"};
    struct emit_usage_book *book = open_book(true);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        uint64_t tokens[4] = {i};
        struct emit_usage_record record = make(ids[i], NULL, tokens);
        if (emit_usage_book_add(book, &record, "{}", 2, 0, NULL) != EMIT_OK) abort();
    }
    CHECK(emit_usage_book_settle(book, NULL) == EMIT_OK && emit_usage_book_repeats(book) == 3,
          "three of six repeat another");
    CHECK(emit_usage_book_settle(book, NULL) == EMIT_OK && emit_usage_book_repeats(book) == 3,
          "to settle twice changes nothing");
    static const uint64_t last[] = {3, 5, 4};
    struct emit_usage_book_cursor cursor = {0};
    struct emit_usage_book_record got;
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        CHECK(emit_usage_book_next(book, &cursor, &got) &&
                  got.counts.bucket[EMIT_BUCKET_INPUT] == last[i],
              "%s has the counts of its last record", ids[i == 2 ? 4 : i]);
    emit_usage_book_close(book);
}

#define SHA_N1 "sha256:2bfd14f43d17fc7cea24e0917a8879b4"

static void test_identical_records_are_several(void) {
    static const uint64_t many[4] = {UINT32_MAX, 0, 0, 0};
    struct emit_usage_book *book = open_book(true);
    struct emit_usage_record record = make(NULL, NULL, many), between = make("a", NULL, few);
    CHECK(!add(book, &record, "{\"n\":1}", 0), "the first");
    (void)add(book, &between, "{}", 0);
    CHECK(!add(book, &record, "{\"n\":1}", 0), "the second");
    CHECK(!add(book, &record, "{\"n\":1}", 0), "the third");
    struct emit_usage_book_group group;
    CHECK(emit_usage_book_sum(book, &group, 1, NULL) == EMIT_OK && group.records == 4 &&
              group.counts.bucket[EMIT_BUCKET_INPUT] == UINT64_C(3) * UINT32_MAX + 5 &&
              group.counts.bucket[EMIT_BUCKET_REQUEST] == 4,
          "all are counted");
    static const char *const refs[] = {SHA_N1, SHA_N1 "#2", SHA_N1 "#3", "a"};
    struct emit_usage_book_cursor cursor = {0};
    struct emit_usage_book_record got;
    for (size_t i = 0; i < sizeof refs / sizeof *refs; i++) {
        bool found = emit_usage_book_next(book, &cursor, &got);
        CHECK_STRING(found ? got.ref : "nothing", refs[i], "each has its name");
    }
    CHECK(!emit_usage_book_next(book, &cursor, &got), "no more");
    emit_usage_book_close(book);
}

static void test_what_cannot_be_is_refused(void) {
    struct emit_usage_book *book = open_book(false);
    struct emit_usage_book_group group;
    for (int i = 0; i < 4; i++) {
        uint64_t tokens[4] = {0};
        tokens[i] = (uint64_t)UINT32_MAX + 1;
        struct emit_usage_record record = make("a", NULL, tokens);
        struct emit_error err = {0};
        CHECK(emit_usage_book_add(book, &record, "{}", 2, 0, &err) == EMIT_INVALID, "refused: %s",
              err.text);
    }
    CHECK(emit_usage_book_sum(book, &group, 1, NULL) == EMIT_OK && group.records == 0,
          "nothing was added, also to what was there");
    static const uint64_t most[4] = {UINT32_MAX, 0, 0, 0};
    struct emit_usage_record record = make(NULL, NULL, most);
    for (long i = 0; i < 1L << 21; i++)
        (void)add(book, &record, "{}", 0);
    CHECK(emit_usage_book_sum(book, &group, 1, NULL) == EMIT_OK, "just below 2^53 tokens");
    (void)add(book, &record, "{}", 0);
    struct emit_error err = {0};
    CHECK(emit_usage_book_sum(book, &group, 1, &err) == EMIT_INVALID, "more: %s", err.text);
    emit_usage_book_close(book);
}

// --- Random streams ---

// The same sequence in every run: a failure can be repeated.
static uint64_t next_random(uint64_t *state) {
    uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

static unsigned below(uint64_t *state, unsigned limit) {
    return (unsigned)(next_random(state) % limit);
}

enum { STREAM = 3000, GROUPS = 5, NAME = 16 };

struct said {
    char response[NAME], request[NAME], text[NAME]; // "": none
    uint32_t group;
    struct emit_usage_record record;
};

static void say(struct said *said, uint64_t *random) {
    uint64_t tokens[4];
    memset(said, 0, sizeof *said);
    for (int i = 0; i < 4; i++)
        tokens[i] = below(random, 5000);
    if (below(random, 4)) (void)snprintf(said->response, NAME, "%u", below(random, 900));
    if (below(random, 3) == 0) (void)snprintf(said->request, NAME, "%u", below(random, 2));
    unsigned text = below(random, 50);
    (void)snprintf(said->text, NAME, "{\"t\":%u}", text);
    said->group = below(random, GROUPS);
    if (!said->response[0] && !said->request[0]) { // the same bytes say the same
        said->group = text % GROUPS;
        for (unsigned i = 0; i < 4; i++)
            tokens[i] = (uint64_t)text * (i + 1);
    }
    said->record = make(said->response, said->request, tokens);
}

static void say_all(struct said stream[STREAM], uint64_t seed) {
    for (int i = 0; i < STREAM; i++)
        say(&stream[i], &seed);
}

static bool is_same(const struct said *a, const struct said *b) {
    return (a->response[0] || a->request[0]) && strcmp(a->response, b->response) == 0 &&
           strcmp(a->request, b->request) == 0;
}

// Adds the stream to both; whether they agree about which records repeat.
static bool feed(struct emit_usage_book *book, struct emit_usage_book_group oracle[GROUPS],
                 const struct said *stream) {
    bool agrees = true;
    for (int i = 0; i < STREAM; i++) {
        bool repeats = false, counts = true;
        for (int before = 0; before < i && !repeats; before++)
            repeats = is_same(&stream[i], &stream[before]);
        for (int after = i + 1; after < STREAM && counts; after++)
            counts = !is_same(&stream[i], &stream[after]);
        agrees &= add(book, &stream[i].record, stream[i].text, stream[i].group) == repeats;
        if (!counts) continue;
        struct emit_usage_book_group *group = &oracle[stream[i].group];
        group->records++;
        for (int k = 0; k < EMIT_BUCKET_COUNT; k++)
            group->counts.bucket[k] += stream[i].record.counts.bucket[k];
    }
    return agrees;
}

static void test_streams(void) {
    static struct said stream[STREAM];
    for (uint64_t seed = 1; seed <= 4; seed++) {
        say_all(stream, seed);
        struct emit_usage_book *book = open_book(seed % 2 != 0);
        struct emit_usage_book_group oracle[GROUPS] = {0}, groups[GROUPS];
        CHECK(feed(book, oracle, stream), "stream %d: the same repeats", (int)seed);
        bool same = emit_usage_book_sum(book, groups, GROUPS, NULL) == EMIT_OK;
        for (int i = 0; i < GROUPS; i++)
            same = same && groups[i].records == oracle[i].records && groups[i].records > 0 &&
                   memcmp(groups[i].counts.bucket, oracle[i].counts.bucket,
                          sizeof oracle[i].counts.bucket) == 0;
        CHECK(same, "stream %d: the same sums", (int)seed);
        emit_usage_book_close(book);
    }
}

// --- Reading again ---

static int compare_refs(const void *a, const void *b) {
    return strcmp(a, b);
}

// The refs, sorted, of a stream that is read from `from` on, round its end. How many.
static size_t refs_of(char (*refs)[EMIT_RECORD_REF_MAX], const struct said *stream, int from) {
    struct emit_usage_book *book = open_book(true);
    for (int i = 0; i < STREAM; i++) {
        const struct said *said = &stream[(from + i) % STREAM];
        (void)add(book, &said->record, said->text, said->group);
    }
    struct emit_usage_book_cursor cursor = {0};
    struct emit_usage_book_record record;
    size_t count = 0;
    while (emit_usage_book_next(book, &cursor, &record))
        memcpy(refs[count++], record.ref, sizeof *refs);
    emit_usage_book_close(book);
    qsort(refs, count, sizeof *refs, compare_refs);
    return count;
}

static void test_refs_do_not_depend_on_order(void) {
    static struct said stream[STREAM];
    static char refs[2][STREAM][EMIT_RECORD_REF_MAX];
    say_all(stream, 99);
    size_t count = refs_of(refs[0], stream, 0), distinct = count > 0;
    for (size_t i = 1; i < count; i++)
        distinct += strcmp(refs[0][i], refs[0][i - 1]) != 0;
    CHECK(count > 500 && distinct == count, "%zu records have %zu names", count, distinct);
    static const int from[] = {0, 1, STREAM / 2};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        bool same = refs_of(refs[1], stream, from[i]) == count;
        for (size_t k = 0; same && k < count; k++)
            same = strcmp(refs[0][k], refs[1][k]) == 0;
        CHECK(same, "the same names when reading begins at %d", from[i]);
    }
}

static void test_groups(void) {
    static const struct emit_usage_book_group dated = {.records = 2,
                                                       .counts = {.bucket = {5}, .known = 1},
                                                       .has_time = true,
                                                       .first_ns = -7,
                                                       .last_ns = 9,
                                                       .digest = 11};
    static const struct emit_usage_book_group undated = {
        .records = 1, .counts = {.bucket = {3}, .known = 1}, .first_ns = -99, .digest = 4};
    struct emit_usage_book_group sum = {0};
    CHECK(emit_usage_book_group_add(&sum, &undated, NULL) == EMIT_OK && !sum.has_time,
          "a group without a time has none to give");
    CHECK(emit_usage_book_group_add(&sum, &dated, NULL) == EMIT_OK && sum.has_time &&
              sum.first_ns == -7 && sum.last_ns == 9 && sum.records == 3 && sum.digest == 15 &&
              sum.counts.bucket[0] == 8,
          "two groups are one");
    emit_usage_book_group_subtract(&sum, &dated);
    CHECK(sum.records == 1 && sum.digest == 4 && sum.counts.bucket[0] == 3 && sum.last_ns == 9,
          "one of them is taken away, but for its times");
    struct emit_usage_book_group large = {.records = 1, .counts = {.bucket = {EMIT_COUNT_MAX}}};
    CHECK(emit_usage_book_group_add(&sum, &large, NULL) == EMIT_INVALID && sum.records == 1 &&
              sum.counts.bucket[0] == 3,
          "what cannot be counted changes nothing");
}

int main(void) {
    test_groups();
    test_names();
    test_pairs_are_told_apart();
    test_what_is_told();
    test_digests();
    test_the_last_one_counts();
    test_records_are_looked_for_one_later();
    test_identical_records_are_several();
    test_what_cannot_be_is_refused();
    test_streams();
    test_refs_do_not_depend_on_order();
    return check_end();
}
