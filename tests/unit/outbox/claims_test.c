// Claims: two entries of other content cannot hold one key, for as long as both would be in
// the store; and rot in what is claimed neither refuses an entry nor goes unnoticed.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "outbox/claims.h"
#include "store.h"

#include <sqlite3.h>

// One append of one entry: its serial and what it claims.
static enum emit_entry_fate put(struct store *store, unsigned n, const struct emit_claim *claims,
                                size_t count) {
    struct made_entry made;
    enum emit_entry_fate fate = EMIT_ENTRY_CONFLICT;
    made_entry_make(&made, n);
    made.entry.claims = claims;
    made.entry.claim_count = count;
    store_must(store, emit_outbox_append(store->outbox, &made.entry, 1, &fate, &store->err));
    return fate;
}

static enum emit_entry_fate put_one(struct store *store, unsigned n, const char *key,
                                    const char *value) {
    return put(store, n, &(struct emit_claim){.key = key, .value = value}, 1);
}

static void change(const struct store *store, const char *text) {
    sqlite3 *db = NULL;
    if (sqlite3_open(store->path, &db) != SQLITE_OK ||
        sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        abort();
    sqlite3_close(db);
}

static int count_claims(const struct store *store) {
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_open(store->path, &db) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT (SELECT count(*) FROM claim) + (SELECT count(*) FROM span)",
                           -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        abort();
    int count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

static enum emit_status verify(struct store *store, uint64_t *good, uint64_t *bad) {
    return emit_outbox_verify(store->outbox, good, bad, &store->err);
}

static void test_fates(void) {
    struct store store;
    store_begin(&store, "fates");
    CHECK(put_one(&store, 1, "a record", NULL) == EMIT_ENTRY_STORED, "a claim that is free");
    CHECK(put_one(&store, 1, "a record", NULL) == EMIT_ENTRY_DUPLICATE, "the same again");
    CHECK(put_one(&store, 2, "a record", NULL) == EMIT_ENTRY_CONFLICT, "another entry");
    CHECK(put_one(&store, 2, "a recore", NULL) == EMIT_ENTRY_STORED, "another key is no conflict");
    CHECK(put_one(&store, 1, "a recore", NULL) == EMIT_ENTRY_DUPLICATE,
          "nor is what a duplicate claims now");
    CHECK(put(&store, 3, NULL, 0) == EMIT_ENTRY_STORED, "an entry need not claim anything");
    CHECK(put_one(&store, 4, "grouping", "run") == EMIT_ENTRY_STORED &&
              put_one(&store, 5, "grouping", "run") == EMIT_ENTRY_STORED,
          "two entries share key and value");
    CHECK(put_one(&store, 6, "grouping", "request") == EMIT_ENTRY_CONFLICT,
          "but not the key with another value");
    const struct emit_claim many[] = {
        {.key = "x"}, {.key = "y", .value = "1"}, {.key = "grouping", .value = "request"}};
    CHECK(put(&store, 7, many, 3) == EMIT_ENTRY_CONFLICT && put_one(&store, 8, "x", NULL) == 0 &&
              put_one(&store, 9, "y", "2") == 0,
          "an entry in conflict leaves no claim behind");
    uint64_t good = 0, bad = 0;
    CHECK(verify(&store, &good, &bad) == EMIT_OK && good == 7 && count_claims(&store) == 6,
          "the store is whole: %s, %d", store.err.text, count_claims(&store));
    store_end(&store);
}

static enum emit_entry_fate put_span(struct store *store, unsigned n, const char *key, int64_t from,
                                     int64_t to) {
    struct made_entry made;
    enum emit_entry_fate fate = EMIT_ENTRY_CONFLICT;
    made_entry_make(&made, n);
    const struct emit_claimed_span span = {key, from, to};
    made.entry.span = &span;
    store_must(store, emit_outbox_append(store->outbox, &made.entry, 1, &fate, &store->err));
    return fate;
}

static bool note_sequence(void *owner, const struct emit_entry *entry) {
    *(uint64_t *)owner = entry->sequence;
    return true;
}

// The sequence of the entry in the way of a span; 0: none.
static uint64_t first_of_span(struct store *store, const char *key, int64_t from, int64_t to) {
    uint64_t sequence = 0;
    const struct emit_claimed_span span = {key, from, to};
    const struct emit_outbox_query query = {.span = &span};
    store_must(store, emit_outbox_visit(store->outbox, &query, note_sequence, &sequence, NULL,
                                        &store->err));
    return sequence;
}

// Half-open, by key, on both sides of zero and to the ends of what a number can be.
static void test_spans(void) {
    static const struct {
        const char *key;
        int64_t from, to;
        enum emit_entry_fate fate;
        uint64_t other; // sequence of the entry in its way
    } cases[] = {
        {"a", 10, 20, EMIT_ENTRY_STORED, 0},
        {"a", 20, 30, EMIT_ENTRY_STORED, 0},
        {"a", 0, 10, EMIT_ENTRY_STORED, 0},
        {"a", 19, 21, EMIT_ENTRY_CONFLICT, 1},
        {"a", 12, 13, EMIT_ENTRY_CONFLICT, 1},
        {"a", -100, 100, EMIT_ENTRY_CONFLICT, 3},
        {"a", 29, 30, EMIT_ENTRY_CONFLICT, 2},
        {"b", 19, 21, EMIT_ENTRY_STORED, 0},
        {"a", -10, -5, EMIT_ENTRY_STORED, 0},
        {"a", -6, 1, EMIT_ENTRY_CONFLICT, 5},
        {"a", -5, 0, EMIT_ENTRY_STORED, 0},
        {"a", INT64_MIN, -10, EMIT_ENTRY_STORED, 0},
        {"a", 30, INT64_MAX, EMIT_ENTRY_STORED, 0},
        {"a", INT64_MAX - 1, INT64_MAX, EMIT_ENTRY_CONFLICT, 8},
        {"a", INT64_MIN, INT64_MAX, EMIT_ENTRY_CONFLICT, 7},
    };
    enum { COUNT = sizeof cases / sizeof *cases };
    struct store store;
    store_begin(&store, "spans");
    for (unsigned i = 0; i < COUNT; i++) {
        uint64_t other = first_of_span(&store, cases[i].key, cases[i].from, cases[i].to);
        enum emit_entry_fate fate = put_span(&store, i, cases[i].key, cases[i].from, cases[i].to);
        CHECK(fate == cases[i].fate && other == cases[i].other,
              "%s [%lld, %lld): %d, entry %llu in its way", cases[i].key, (long long)cases[i].from,
              (long long)cases[i].to, fate, (unsigned long long)other);
    }
    CHECK(put_span(&store, 0, "a", 10, 20) == EMIT_ENTRY_DUPLICATE, "the same again");
    CHECK(put_one(&store, COUNT, "a", NULL) == EMIT_ENTRY_STORED,
          "a key that is claimed whole has nothing to do with its spans");
    change(&store, "DELETE FROM entry WHERE sequence = 1");
    CHECK(put_span(&store, COUNT + 1, "a", 12, 13) == EMIT_ENTRY_STORED,
          "what an entry claimed is free when it is gone");
    struct made_entry made;
    made_entry_make(&made, COUNT + 2);
    made.entry.span = &(struct emit_claimed_span){"a", 5, 5};
    CHECK(emit_outbox_append(store.outbox, &made.entry, 1, NULL, &store.err) == EMIT_INVALID,
          "a span of no length is refused: %s", store.err.text);
    uint64_t good = 0, bad = 0;
    CHECK(verify(&store, &good, &bad) == EMIT_OK, "the store is whole: %s", store.err.text);
    store_end(&store);
}

// Random spans against a line of cells, each of which has one owner at most.
static void test_random_spans(void) {
    enum { CELLS = 200, ENTRIES = 400, BATCH = 40 };
    struct store store;
    unsigned char taken[CELLS] = {0};
    struct made_entry made[BATCH];
    struct emit_entry entries[BATCH];
    struct emit_claimed_span spans[BATCH];
    enum emit_entry_fate fates[BATCH];
    unsigned wrong = 0, stored = 0;
    uint32_t seed = 7;
    store_begin(&store, "random-spans");
    for (unsigned at = 0; at < ENTRIES; at += BATCH) {
        for (unsigned i = 0; i < BATCH; i++) {
            seed = seed * 1664525 + 1013904223;
            int64_t from = seed >> 8 & 0xffff, length = seed >> 24 & 7;
            from %= CELLS - 8;
            spans[i] = (struct emit_claimed_span){"meter", from, from + 1 + length};
            made_entry_make(&made[i], at + i);
            entries[i] = made[i].entry;
            entries[i].span = &spans[i];
        }
        store_must(&store, emit_outbox_append(store.outbox, entries, BATCH, fates, &store.err));
        for (unsigned i = 0; i < BATCH; i++) {
            bool is_free = true;
            for (int64_t cell = spans[i].from; cell < spans[i].to; cell++)
                is_free = is_free && !taken[cell];
            wrong += (fates[i] == EMIT_ENTRY_STORED) != is_free;
            stored += is_free;
            for (int64_t cell = spans[i].from; is_free && cell < spans[i].to; cell++)
                taken[cell] = 1;
        }
    }
    CHECK(wrong == 0 && stored > 20, "%u spans of %d are stored, %u of them wrongly", stored,
          ENTRIES, wrong);
    store_end(&store);
}

// Rot in the table where a span stands; entry 1 has [10, 20).
static void test_span_rot(void) {
    static const struct {
        const char *change;
        enum emit_entry_fate stands; // of an entry that overlaps entry 1
    } cases[] = {
        {"UPDATE span SET value = zeroblob(8) || substr(value, 9)", EMIT_ENTRY_CONFLICT},
        {"UPDATE span SET sequence = 2", EMIT_ENTRY_STORED},
        {"UPDATE span SET key = substr(key, 1, 8) || x'ffffffffffffffff'", EMIT_ENTRY_STORED},
        {"UPDATE span SET key = key || x'00'", EMIT_ENTRY_STORED},
        {"UPDATE span SET value = substr(value, 1, 9)", EMIT_ENTRY_STORED},
        {"UPDATE entry SET body = replace(body, '1', '2') WHERE sequence = 1", EMIT_ENTRY_STORED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store store;
        uint64_t good = 0, bad = 0;
        store_begin(&store, "span-rot");
        (void)put_span(&store, 1, "meter", 10, 20);
        (void)put(&store, 2, NULL, 0);
        change(&store, cases[i].change);
        CHECK(put_span(&store, 3, "meter", 30, 40) == EMIT_ENTRY_STORED,
              "what is in nobody's way is stored");
        CHECK(put_span(&store, 4, "meter", 15, 25) == cases[i].stands,
              "what overlaps is refused if the table still knows: %s", cases[i].change);
        (void)verify(&store, &good, &bad);
        CHECK(verify(&store, &good, &bad) == EMIT_OK, "verify leaves a whole store: %s",
              store.err.text);
        store_end(&store);
    }
}

static void test_batch(void) {
    struct store store;
    store_begin(&store, "batch");
    static const char *const values[] = {"1", "1", "2", "1"};
    struct made_entry made[4];
    struct emit_entry entries[4];
    struct emit_claim claims[4];
    enum emit_entry_fate fates[4];
    for (unsigned i = 0; i < 4; i++) {
        made_entry_make(&made[i], i);
        claims[i] = (struct emit_claim){.key = "grouping", .value = values[i]};
        entries[i] = made[i].entry;
        entries[i].claims = &claims[i];
        entries[i].claim_count = 1;
    }
    CHECK(emit_outbox_append(store.outbox, entries, 4, fates, &store.err) == EMIT_OK &&
              fates[0] == EMIT_ENTRY_STORED && fates[1] == EMIT_ENTRY_STORED &&
              fates[2] == EMIT_ENTRY_CONFLICT && fates[3] == EMIT_ENTRY_STORED,
          "the others of a batch are stored");
    claims[0].value = NULL;
    const struct emit_claim twice[] = {
        {.key = "a", .value = "1"}, {.key = "b"}, {.key = "a", .value = "2"}};
    entries[1].claims = twice;
    entries[1].claim_count = 3;
    made_entry_make(&made[1], 10);
    CHECK(emit_outbox_append(store.outbox, entries, 2, fates, &store.err) == EMIT_INVALID,
          "an entry that contradicts itself is refused: %s", store.err.text);
    entries[1].claim_count = EMIT_ENTRY_CLAIMS_MAX + 1;
    CHECK(emit_outbox_append(store.outbox, entries, 2, fates, &store.err) == EMIT_INVALID,
          "and one that claims too much: %s", store.err.text);
    store_end(&store);
}

// A claim lives as long as its entry, and one that is shared as long as any of them.
static void test_life(void) {
    struct store store;
    store_begin(&store, "life");
    const struct emit_claim own[] = {
        {.key = "own"}, {.key = "shared", .value = "1"}, {.key = "more", .value = "1"}};
    (void)put(&store, 1, own, 3);
    (void)put_one(&store, 2, "shared", "1");
    change(&store, "UPDATE entry SET stored_ns = 1 WHERE sequence = 1");
    // The row is bad now, and its claims go with it when it is set aside.
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 1 && count_claims(&store) == 1,
          "an entry in quarantine claims nothing");
    CHECK(put_one(&store, 3, "own", NULL) == EMIT_ENTRY_STORED, "its own key is free");
    CHECK(put_one(&store, 4, "shared", "2") == EMIT_ENTRY_CONFLICT, "the shared one is not");
    CHECK(emit_outbox_prune(store.outbox, INT64_MAX, NULL, &store.err) == EMIT_OK &&
              count_claims(&store) == 0,
          "pruned entries claim nothing");
    CHECK(put_one(&store, 4, "shared", "2") == EMIT_ENTRY_STORED, "now it is free");
    store_end(&store);
    store_begin_with(&store, "retention", &(struct emit_outbox_options){.retention_ns = 1});
    (void)put_one(&store, 1, "own", NULL);
    (void)store_add(&store, 100, 63);
    (void)store_add(&store, 200, 64);
    CHECK(count_claims(&store) == 0 && put_one(&store, 2, "own", NULL) == EMIT_ENTRY_STORED,
          "nor do those whose time is over");
    store_end(&store);
}

// Each breaks the table of claims or an entry's own; entry 1 claims two keys.
static void test_rot(void) {
    static const struct {
        const char *change;
        enum emit_entry_fate stands; // of an entry in true conflict with entry 1
        unsigned good;               // entries of two that verify finds whole
    } cases[] = {
        {"UPDATE claim SET key = zeroblob(5) || substr(key, 6) WHERE sequence = 1",
         EMIT_ENTRY_STORED, 2},
        {"UPDATE claim SET key = substr(key, 1, 3) WHERE sequence = 1", EMIT_ENTRY_STORED, 2},
        {"INSERT INTO claim SELECT key, 2 FROM claim WHERE sequence = 1", EMIT_ENTRY_CONFLICT, 2},
        {"INSERT INTO claim SELECT key, 99 FROM claim WHERE sequence = 1", EMIT_ENTRY_CONFLICT, 2},
        {"UPDATE claim SET sequence = 2 WHERE sequence = 1", EMIT_ENTRY_STORED, 2},
        {"UPDATE claim SET sequence = 99 WHERE sequence = 1", EMIT_ENTRY_STORED, 2},
        {"DELETE FROM claim WHERE sequence = 1", EMIT_ENTRY_STORED, 2},
        {"UPDATE entry SET claims = zeroblob(96) WHERE sequence = 1", EMIT_ENTRY_CONFLICT, 1},
        {"UPDATE entry SET claims = NULL WHERE sequence = 1", EMIT_ENTRY_CONFLICT, 1},
        {"UPDATE entry SET claims = substr(claims, 1, 95) WHERE sequence = 1", EMIT_ENTRY_CONFLICT,
         1},
    };
    const struct emit_claim claims[] = {{.key = "record"}, {.key = "grouping", .value = "run"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store store;
        uint64_t good = 0, bad = 0;
        store_begin(&store, "rot");
        (void)put(&store, 1, claims, 2);
        (void)put(&store, 2, NULL, 0);
        change(&store, cases[i].change);
        CHECK(verify(&store, &good, &bad) == EMIT_CORRUPT && bad > 0 && good == cases[i].good,
              "verify tells of %s: %s", cases[i].change, store.err.text);
        CHECK(verify(&store, &good, &bad) == EMIT_OK, "and leaves the store whole");
        store_end(&store);
        store_begin(&store, "rot");
        (void)put(&store, 1, claims, 2);
        (void)put(&store, 2, NULL, 0);
        change(&store, cases[i].change);
        CHECK(put(&store, 2, claims, 2) == EMIT_ENTRY_DUPLICATE, "a duplicate stays one");
        CHECK(put_one(&store, 3, "grouping", "run") == EMIT_ENTRY_STORED,
              "an entry that is in nobody's way is stored");
        (void)put(&store, 1, claims, 2);
        CHECK(put_one(&store, 4, "record", NULL) == cases[i].stands,
              "one that is in the way is refused if the table still knows");
        store_end(&store);
    }
}

// The hashes of these two begin with the same six bytes, and no more.
static const char *const keys[] = {"key 2806666", "key 13729460"};

static bool take_identity(void *owner, const struct emit_entry *entry) {
    char *identities = owner;
    strcat(identities, entry->identity);
    return true;
}

static void test_keys_that_begin_alike(void) {
    struct store store;
    char of_first[4 * EMIT_ENTRY_IDENTITY_MAX] = "";
    struct emit_claim_asked asked[2];
    for (size_t i = 0; i < 2; i++)
        emit_claims_ask(&asked[i], keys[i], NULL);
    CHECK(memcmp(asked[0].bytes, asked[1].bytes, EMIT_ROW_PREFIX) == 0 &&
              memcmp(asked[0].bytes, asked[1].bytes, EMIT_CLAIM_KEY) != 0,
          "two keys that the table cannot tell apart");
    store_begin(&store, "alike");
    CHECK(put_one(&store, 1, keys[0], "a") == EMIT_ENTRY_STORED &&
              put_one(&store, 2, keys[1], "b") == EMIT_ENTRY_STORED,
          "they are two keys all the same");
    CHECK(put_one(&store, 3, keys[0], "b") == EMIT_ENTRY_CONFLICT &&
              put_one(&store, 3, keys[1], "a") == EMIT_ENTRY_CONFLICT,
          "each is held, also behind the other");
    CHECK(put_one(&store, 4, keys[0], "a") == EMIT_ENTRY_STORED, "and shared");
    const struct emit_outbox_query query = {.claim = keys[1]};
    store_must(&store,
               emit_outbox_visit(store.outbox, &query, take_identity, of_first, NULL, &store.err));
    struct made_entry made;
    made_entry_make(&made, 2);
    CHECK(strcmp(of_first, made.entry.identity) == 0, "who asks for one does not see the other's");
    const struct emit_claim both[] = {{.key = keys[0], .value = "a"},
                                      {.key = keys[1], .value = "b"}};
    uint64_t good = 0, bad = 0;
    CHECK(put(&store, 5, both, 2) == EMIT_ENTRY_STORED && verify(&store, &good, &bad) == EMIT_OK &&
              good == 4,
          "an entry may claim both: %s", store.err.text);
    CHECK(emit_outbox_prune(store.outbox, INT64_MAX, NULL, &store.err) == EMIT_OK &&
              count_claims(&store) == 0,
          "and nothing of them stays");
    store_end(&store);
}

static bool count_up(void *owner, const struct emit_entry *entry) {
    (void)entry;
    ++*(int *)owner;
    return true;
}

static void test_who_claims_a_value(void) {
    static const struct {
        const char *key, *value;
        int entries;
    } questions[] = {
        {"grouping", NULL, 2}, {"grouping", "run", 2}, {"grouping", "request", 0},
        {"grouping", "", 0},   {"record", NULL, 1},    {"record", "run", 0},
        {"else", "run", 0},
    };
    struct store store;
    store_begin(&store, "values");
    CHECK(put_one(&store, 1, "grouping", "run") == EMIT_ENTRY_STORED &&
              put_one(&store, 2, "grouping", "run") == EMIT_ENTRY_STORED &&
              put_one(&store, 3, "record", NULL) == EMIT_ENTRY_STORED,
          "two entries of one value, and one that claims its identity");
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const struct emit_outbox_query query = {.claim = questions[i].key,
                                                .claim_value = questions[i].value};
        int entries = 0;
        store_must(&store,
                   emit_outbox_visit(store.outbox, &query, count_up, &entries, NULL, &store.err));
        CHECK(entries == questions[i].entries, "%s: %s has %d entries", questions[i].key,
              questions[i].value ? questions[i].value : "any value", entries);
    }
    store_end(&store);
}

// What is looked up is the beginning of an identity, and what is compared is all of it.
static void test_identities_that_begin_alike(void) {
    struct store store;
    struct made_entry made;
    enum emit_entry_fate fates[3] = {0};
    char identities[2][EMIT_ENTRY_IDENTITY_MAX + 1];
    struct emit_entry entries[3];
    made_entry_make(&made, 1);
    for (size_t i = 0; i < 2; i++)
        memcpy(identities[i], made.entry.identity, sizeof identities[i]);
    identities[1][EMIT_ENTRY_IDENTITY_MAX - 1] ^= 1; // '0' and '1', 'a' and '`'
    if (identities[1][EMIT_ENTRY_IDENTITY_MAX - 1] == '`')
        identities[1][EMIT_ENTRY_IDENTITY_MAX - 1] = 'b';
    for (size_t i = 0; i < 3; i++) {
        entries[i] = made.entry;
        entries[i].identity = identities[i % 2];
    }
    store_begin(&store, "alike");
    CHECK(emit_outbox_append(store.outbox, entries, 3, fates, &store.err) == EMIT_OK &&
              fates[0] == EMIT_ENTRY_STORED && fates[1] == EMIT_ENTRY_STORED &&
              fates[2] == EMIT_ENTRY_DUPLICATE,
          "two identities that begin alike are two");
    entries[0].kind = EMIT_ENTRY_REPORT;
    CHECK(emit_outbox_append(store.outbox, entries, 1, fates, &store.err) == EMIT_OK &&
              fates[0] == EMIT_ENTRY_STORED,
          "and so is one of two kinds");
    store_end(&store);
}

// A batch that shares a key looks at it once: what is set aside in its middle is not relied on.
static void test_rot_within_a_batch(void) {
    struct store store;
    struct made_entry made[3];
    struct emit_entry entries[3];
    const struct emit_claim one = {.key = "grouping", .value = "1"},
                            two = {.key = "grouping", .value = "2"};
    enum emit_entry_fate fates[3];
    for (unsigned i = 0; i < 3; i++) {
        made_entry_make(&made[i], i);
        entries[i] = made[i].entry;
        entries[i].claims = i < 2 ? &one : &two;
        entries[i].claim_count = 1;
    }
    store_begin(&store, "middle");
    (void)put_one(&store, 0, "grouping", "1");
    change(&store, "UPDATE entry SET stored_ns = 1");
    CHECK(emit_outbox_append(store.outbox, entries, 3, fates, &store.err) == EMIT_OK &&
              fates[0] == EMIT_ENTRY_STORED && fates[1] == EMIT_ENTRY_STORED &&
              fates[2] == EMIT_ENTRY_CONFLICT,
          "what comes again after rot holds its key again");
    CHECK(count_claims(&store) == 2, "and nothing else does");
    store_end(&store);
}

// What salvage carries over keeps its claims.
static void test_salvage(void) {
    struct store store;
    uint64_t good = 0, bad = 0;
    store_begin(&store, "salvage");
    (void)put_one(&store, 1, "record", NULL);
    (void)store_add(&store, 10, 10);
    emit_outbox_close(store.outbox);
    change(&store, "ALTER TABLE claim RENAME TO clain");
    store_open(&store);
    CHECK(put_one(&store, 2, "record", NULL) == EMIT_ENTRY_CONFLICT,
          "in the fresh store the claim stands: %s", emit_outbox_notice(store.outbox));
    CHECK(verify(&store, &good, &bad) == EMIT_OK && good == 11, "beside all entries");
    store_end(&store);
}

int main(void) {
    test_fates();
    test_spans();
    test_random_spans();
    test_span_rot();
    test_batch();
    test_life();
    test_rot();
    test_keys_that_begin_alike();
    test_who_claims_a_value();
    test_identities_that_begin_alike();
    test_rot_within_a_batch();
    test_salvage();
    return check_end();
}
