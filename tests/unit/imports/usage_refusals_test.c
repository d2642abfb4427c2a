// Records that could not be used: each kind once, with its lines, however many there are.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "imports/usage_refusals.h"

#include <inttypes.h>
#include <stdlib.h>

static struct emit_usage_refusals refusals;

#define AT(file, line) (&(struct emit_usage_spot){file, line, 0})

static const char *place_of(size_t kind) {
    static char bytes[512];
    struct emit_text text;
    emit_text_init(&text, bytes, sizeof bytes);
    emit_usage_refusal_place(&text, &refusals.kinds[kind]);
    return bytes;
}

static void test_kinds(void) {
    const char *a = "a.jsonl", *b = "b.jsonl";
    emit_usage_refusals_add(&refusals, EMIT_USAGE_MALFORMED, AT(a, 3), "x is no count", NULL);
    CHECK_STRING(place_of(0), "a.jsonl:3", "one line");
    emit_usage_refusals_add(&refusals, EMIT_USAGE_MALFORMED, AT(a, 9), "x is no count", NULL);
    CHECK_STRING(place_of(0), "a.jsonl lines 3 9", "two lines");
    emit_usage_refusals_add(&refusals, EMIT_USAGE_MALFORMED, AT(b, 9), "x is no count", NULL);
    emit_usage_refusals_add(&refusals, EMIT_USAGE_MODALITY, AT(a, 9), "x is no count", "do this");
    emit_usage_refusals_add(&refusals, EMIT_USAGE_MALFORMED, AT(a, 9), "y is no count", NULL);
    emit_usage_refusals_add_run(&refusals, EMIT_USAGE_UNDATED, 7, "no time");
    CHECK(refusals.count == 5, "a file, a fate, a sentence: each is a kind of its own");
    CHECK_STRING(refusals.kinds[2].remedy, "do this", "the remedy is kept");
    CHECK_STRING(place_of(4), "", "what is about the run has no line");
    CHECK(refusals.kinds[4].records == 7, "and counts its records");
}

static void test_elements(void) {
    struct emit_usage_refusals some;
    struct emit_error err;
    if (emit_usage_refusals_init(&some, &err) != EMIT_OK) exit(1);
    for (uint64_t element = 2; element < 20; element += 7) {
        const struct emit_usage_spot spot = {"a.json", 1, element};
        emit_usage_refusals_add(&some, EMIT_USAGE_MALFORMED, &spot, "x is no count", NULL);
        char bytes[64];
        struct emit_text text;
        emit_text_init(&text, bytes, sizeof bytes);
        emit_usage_refusal_place(&text, &some.kinds[0]);
        CHECK_STRING(bytes,
                     element == 2   ? "a.json:1 record 2"
                     : element == 9 ? "a.json records 2 9"
                                    : "a.json records 2 9 16",
                     "of an array");
    }
    emit_usage_refusals_clear(&some);
}

static void test_bounds(void) {
    char sentence[2 * EMIT_USAGE_SENTENCE_MAX];
    for (uint64_t line = 1; line <= 40; line++)
        emit_usage_refusals_add(&refusals, EMIT_USAGE_UNMAPPED, AT("c", line), "stranger", NULL);
    CHECK_STRING(place_of(5), "c lines 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 and 24 more",
                 "lines beyond those kept are counted");
    for (int i = 0; i < 100; i++) {
        (void)emit_text_format(sentence, sizeof sentence, "number %d", i);
        emit_usage_refusals_add(&refusals, EMIT_USAGE_UNMAPPED, AT("d", 1), sentence, NULL);
    }
    CHECK(refusals.count == EMIT_USAGE_REFUSALS_KEPT, "kinds are bounded");
    CHECK(refusals.untold == 100 - (EMIT_USAGE_REFUSALS_KEPT - 6),
          "records of further kinds are counted");
    emit_usage_refusals_add(&refusals, EMIT_USAGE_UNMAPPED, AT("c", 41), "stranger", NULL);
    CHECK(refusals.kinds[5].records == 41, "kinds that are known go on");
}

static void test_long_sentences(void) {
    char sentence[2 * EMIT_USAGE_SENTENCE_MAX];
    memset(sentence, 'x', sizeof sentence);
    sentence[sizeof sentence - 1] = '\0';
    emit_usage_refusals_clear(&refusals);
    struct emit_error err;
    if (emit_usage_refusals_init(&refusals, &err) != EMIT_OK) exit(1);
    emit_usage_refusals_add(&refusals, EMIT_USAGE_MALFORMED, AT("a", 1), sentence, sentence);
    emit_usage_refusals_add(&refusals, EMIT_USAGE_MALFORMED, AT("a", 2), sentence, NULL);
    CHECK(refusals.count == 1 && refusals.kinds[0].records == 2,
          "sentences that are cut are one kind");
    CHECK(strlen(refusals.kinds[0].message) == EMIT_USAGE_SENTENCE_MAX - 1,
          "and cut where they must");
}

int main(void) {
    struct emit_error err;
    if (emit_usage_refusals_init(&refusals, &err) != EMIT_OK) return 1;
    test_kinds();
    test_elements();
    test_bounds();
    test_long_sentences();
    emit_usage_refusals_clear(&refusals);
    emit_usage_refusals_clear(&refusals);
    CHECK(!refusals.kinds, "cleared twice");
    return check_end();
}
