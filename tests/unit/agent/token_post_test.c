// Counts become lines on their way to the store, through all that a producer opens: the events
// of an item, who is told of them, and what comes of failures.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "agent/producer.h"
#include "agent/token_post.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/emit-post-XXXXXX";

struct heard {
    size_t noted, silent, fates[3];
    int last; // the note of the last total
};

static void hear(void *owner, const struct emit_intake_answer *answer) {
    struct heard *heard = owner;
    if (answer->note) memcpy(&heard->last, answer->note, sizeof heard->last);
    heard->noted += answer->note != NULL;
    heard->silent += answer->note == NULL;
    heard->fates[answer->fate]++;
}

static const char *path_of(const char *name) {
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

// Posts one item of these tokens under a profile of this build; returns how that went.
static enum emit_status post(struct heard *heard, const struct emit_producer_options *options,
                             const char *profile, const uint64_t tokens[2],
                             struct emit_error *err) {
    static const int note = 42;
    const struct emit_coefficient_table *table = emit_coefficients_built_in();
    const struct emit_intake_listener listener = {hear, heard, sizeof note};
    struct emit_producer producer;
    struct emit_token_model model;
    struct emit_token_post *lines = NULL;
    *heard = (struct heard){0};
    enum emit_status status = emit_token_model_init(
        &model, table, emit_profile_find(table, profile), EMIT_BOUNDARY_ACCELERATOR, err);
    if (status == EMIT_OK) status = emit_producer_open(&producer, options, &listener, err);
    if (status != EMIT_OK) return status;
    const struct emit_token_post_options how = {.run_id = "run_a",
                                                .workspace_id = "ws_local",
                                                .served = EMIT_INFERENCE_MANAGED,
                                                .has_phases = true,
                                                .has_store = producer.store.outbox};
    struct emit_token_item item = {.model = &model,
                                   .counts = {.known = 1U << EMIT_BUCKET_INPUT},
                                   .time_ns = INT64_C(1795600800000000000),
                                   .record_ref = "a record"};
    item.counts.bucket[EMIT_BUCKET_INPUT] = tokens[0];
    if (tokens[1]) item.counts.known |= 1U << EMIT_BUCKET_OUTPUT;
    item.counts.bucket[EMIT_BUCKET_OUTPUT] = tokens[1];
    status = emit_token_post_open(&lines, producer.intake, &how, err);
    if (status == EMIT_OK) status = emit_token_post_add(lines, &item, &note, err);
    if (status == EMIT_OK) status = emit_intake_finish(producer.intake, err);
    if (status == EMIT_OK && emit_token_post_count(lines) != heard->noted + heard->silent) abort();
    emit_token_post_close(lines);
    emit_producer_close(&producer);
    return status;
}

static size_t lines_of(const char *path) {
    FILE *file = fopen(path, "r");
    size_t lines = 0;
    if (!file) return 0;
    for (int c; (c = getc(file)) != EOF;)
        lines += c == '\n';
    (void)fclose(file);
    return lines;
}

static void test_parts(void) {
    static const uint64_t both[] = {500, 300}, input[] = {500, 0};
    struct heard heard;
    struct emit_error err = {.text = ""};
    const struct emit_producer_options nowhere = {.no_outbox = true};
    CHECK(post(&heard, &nowhere, "managed-balanced-v1", both, &err) == EMIT_OK &&
              heard.noted == 1 && heard.silent == 2 && heard.last == 42,
          "a total, with its note, and two phases without: %s", err.text);
    CHECK(post(&heard, &nowhere, "managed-balanced-v1", input, &err) == EMIT_OK &&
              heard.noted == 1 && heard.silent == 1,
          "no phase of which no tokens are known");
    CHECK(post(&heard, &nowhere, "managed-embedding-v1", both, &err) == EMIT_INVALID &&
              heard.noted + heard.silent == 0,
          "no event where the profile has no coefficient: %s", err.text);
}

static void test_store_and_copy(void) {
    static const uint64_t some[] = {500, 300}, others[] = {500, 301};
    char outbox[128], copy[128];
    struct heard heard;
    struct emit_error err = {.text = ""};
    (void)snprintf(outbox, sizeof outbox, "%s", path_of("outbox.db"));
    (void)snprintf(copy, sizeof copy, "%s", path_of("copy"));
    const struct emit_producer_options both = {.outbox_path = outbox, .output_path = copy};
    CHECK(post(&heard, &both, "managed-balanced-v1", some, &err) == EMIT_OK &&
              heard.fates[EMIT_ENTRY_STORED] == 3 && lines_of(copy) == 3,
          "stored, and copied: %s", err.text);
    CHECK(post(&heard, &both, "managed-balanced-v1", some, &err) == EMIT_OK &&
              heard.fates[EMIT_ENTRY_DUPLICATE] == 3 && lines_of(copy) == 6,
          "the same again: the copy is appended to");
    CHECK(post(&heard, &both, "managed-balanced-v1", others, &err) == EMIT_OK &&
              heard.fates[EMIT_ENTRY_CONFLICT] == 2 && heard.fates[EMIT_ENTRY_DUPLICATE] == 1 &&
              lines_of(copy) == 7,
          "the record with other output: in conflict, but for its prefill, which is the same");
}

static void test_failures(void) {
    static const uint64_t some[] = {500, 300};
    struct heard heard;
    struct emit_error err = {.text = ""};
    const struct emit_producer_options no_folder = {.no_outbox = true,
                                                    .output_path = "/nonexistent/copy"};
    CHECK(post(&heard, &no_folder, "managed-balanced-v1", some, &err) == EMIT_ABSENT &&
              strstr(err.text, "/nonexistent/copy"),
          "an output that cannot be opened is named: %s", err.text);
    const struct emit_producer_options full = {.no_outbox = true, .output_path = "/dev/full"};
    CHECK(post(&heard, &full, "managed-balanced-v1", some, &err) == EMIT_FULL &&
              strstr(err.text, "/dev/full") && heard.noted == 0,
          "one that is full is named, and nobody hears of a line: %s", err.text);
    const struct emit_producer_options no_store = {.outbox_path = "/dev/null/outbox.db"};
    CHECK(post(&heard, &no_store, "managed-balanced-v1", some, &err) != EMIT_OK && err.text[0],
          "a store that cannot be: %s", err.text);
}

int main(void) {
    char command[64];
    if (!mkdtemp(folder)) return 2;
    test_parts();
    test_store_and_copy();
    test_failures();
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? check_end() : 2;
}
