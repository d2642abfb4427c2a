// The intake: every line is judged, stored in order, told of and copied; and what cannot be
// stored is not told as stored.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "made_line.h"

#include "agent/intake.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[64];
static struct made_line made; // copied by whoever takes it

// What the listener heard, and what stands in the output.
struct heard {
    size_t fates[3], count;
    bool in_order; // notes are numbers from 0 on
    char *output;
    size_t output_size;
    FILE *file;
    struct emit_error err;
};

static void hear(void *owner, const struct emit_intake_answer *answer) {
    struct heard *heard = owner;
    const size_t *number = answer->note;
    if (!number || *number != heard->count || answer->line[0] != '{' ||
        answer->line[answer->length - 1] != '}')
        heard->in_order = false;
    heard->fates[answer->fate]++;
    heard->count++;
}

static void heard_begin(struct heard *heard) {
    *heard = (struct heard){.in_order = true};
    heard->file = open_memstream(&heard->output, &heard->output_size);
    if (!heard->file) abort();
}

static size_t heard_lines(struct heard *heard) {
    size_t count = 0;
    (void)fflush(heard->file);
    for (size_t i = 0; i < heard->output_size; i++)
        count += heard->output[i] == '\n';
    return count;
}

static void heard_end(struct heard *heard) {
    (void)fclose(heard->file);
    free(heard->output);
}

static struct emit_outbox *open_outbox(const char *name, int64_t max_bytes) {
    char path[128];
    struct emit_error err;
    struct emit_outbox *outbox = NULL;
    (void)snprintf(path, sizeof path, "%s/%s/outbox.db", folder, name);
    const struct emit_outbox_options options = {.path = path, .max_bytes = max_bytes};
    if (emit_outbox_open(&outbox, &options, &err) != EMIT_OK) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    return outbox;
}

// Every second line is written where it stays.
static enum emit_status take_line(struct emit_intake *intake, size_t number, bool in_place,
                                  struct emit_error *err) {
    struct emit_text line;
    if (!in_place) return emit_intake_add(intake, &made.entry, &number, err);
    enum emit_status status = emit_intake_next(intake, made.entry.length + 1, &line, err);
    if (status != EMIT_OK) return status;
    emit_text_add_bytes(&line, made.entry.body, made.entry.length);
    struct emit_entry entry = made.entry;
    entry.body = line.at;
    return emit_intake_add(intake, &entry, &number, err);
}

// Lines from .. to - 1 of a run through an intake of their own.
static enum emit_status take(struct heard *heard, struct emit_outbox *outbox, const char *run_id,
                             unsigned from, unsigned to, unsigned joules) {
    const struct emit_destination into = {
        .outbox = outbox, .output = heard->file, .output_name = "the memory"};
    struct emit_intake *intake = NULL;
    enum emit_status status = emit_intake_open(
        &intake, &into, &(struct emit_intake_listener){hear, heard, sizeof(size_t)}, &heard->err);
    for (unsigned n = from; n < to && status == EMIT_OK; n++) {
        made_line_make(&made, run_id, n, joules, false);
        status = take_line(intake, n - from, n % 2 == 1, &heard->err);
        memset(&made, 'x', sizeof made);
    }
    if (status == EMIT_OK) status = emit_intake_finish(intake, &heard->err);
    emit_intake_close(intake);
    return status;
}

static uint64_t count_stored(struct emit_outbox *outbox) {
    struct emit_outbox_stats stats = {0};
    if (emit_outbox_stats_read(outbox, &stats, NULL) != EMIT_OK) abort();
    return stats.entries[EMIT_ENTRY_EVENT];
}

static void test_fates(void) {
    struct emit_outbox *outbox = open_outbox("fates", 0);
    struct heard heard;
    uint64_t good = 0, bad = 0;
    heard_begin(&heard);
    CHECK(take(&heard, outbox, "run_a", 0, 2500, 100) == EMIT_OK && heard.in_order &&
              heard.fates[EMIT_ENTRY_STORED] == 2500,
          "2500 lines, more than two batches, are new, and told in order");
    CHECK(heard_lines(&heard) == 2500 && count_stored(outbox) == 2500,
          "each is in the output and in the store");
    heard_end(&heard);
    heard_begin(&heard);
    CHECK(take(&heard, outbox, "run_a", 1500, 3000, 100) == EMIT_OK && heard.in_order &&
              heard.fates[EMIT_ENTRY_STORED] == 500 && heard.fates[EMIT_ENTRY_DUPLICATE] == 1000,
          "a longer log: what was there is a duplicate");
    CHECK(heard_lines(&heard) == 1500, "duplicates are in the output too");
    heard_end(&heard);
    heard_begin(&heard);
    CHECK(take(&heard, outbox, "run_a", 2990, 3010, 200) == EMIT_OK && heard.in_order &&
              heard.fates[EMIT_ENTRY_STORED] == 10 && heard.fates[EMIT_ENTRY_CONFLICT] == 10,
          "another content for the same records is in conflict");
    CHECK(heard_lines(&heard) == 10 && count_stored(outbox) == 3010,
          "and neither in the output nor in the store");
    heard_end(&heard);
    CHECK(emit_outbox_verify(outbox, &good, &bad, NULL) == EMIT_OK && good == 3010,
          "the store is whole");
    emit_outbox_close(outbox);
}

static void test_without_store(void) {
    struct heard heard;
    heard_begin(&heard);
    CHECK(take(&heard, NULL, "run_a", 0, 1030, 100) == EMIT_OK && heard.in_order &&
              heard.fates[EMIT_ENTRY_STORED] == 1030 && heard_lines(&heard) == 1030,
          "without a store the lines are judged, told and copied");
    heard_end(&heard);
    const struct emit_destination nowhere = {0};
    struct emit_intake *intake = NULL;
    struct emit_error err;
    made_line_make(&made, "run_a", 1, 100, false);
    CHECK(emit_intake_open(&intake, &nowhere, NULL, &err) == EMIT_OK &&
              emit_intake_add(intake, &made.entry, NULL, &err) == EMIT_OK &&
              emit_intake_finish(intake, &err) == EMIT_OK &&
              emit_intake_finish(intake, &err) == EMIT_OK,
          "and without anything they are judged");
    emit_intake_close(intake);
    emit_intake_close(NULL);
}

// A line that breaks the contract is named, and its neighbours are stored.
static void test_broken_line(void) {
    struct emit_outbox *outbox = open_outbox("broken", 0);
    struct heard heard;
    struct emit_intake *intake = NULL;
    heard_begin(&heard);
    const struct emit_destination into = {.outbox = outbox, .output = heard.file};
    enum emit_status broken = EMIT_OK;
    static const size_t numbers[] = {0, 9, 1}; // of those that are heard
    if (emit_intake_open(&intake, &into,
                         &(struct emit_intake_listener){hear, &heard, sizeof(size_t)},
                         &heard.err) != EMIT_OK)
        abort();
    for (unsigned n = 0; n < 3; n++) {
        made_line_make(&made, "run_a", n, 100, false);
        if (n == 1) *strstr(made.text, "joules") = 'J';
        enum emit_status status = emit_intake_add(intake, &made.entry, &numbers[n], &heard.err);
        if (n == 1) broken = status;
    }
    CHECK(broken == EMIT_REFUSED && strstr(heard.err.text, "unit"), "refused: %s", heard.err.text);
    CHECK(emit_intake_finish(intake, &heard.err) == EMIT_OK && count_stored(outbox) == 2 &&
              heard_lines(&heard) == 2 && heard.count == 2,
          "the two beside it are stored, told and copied");
    emit_intake_close(intake);
    heard_end(&heard);
    emit_outbox_close(outbox);
}

// Lines with claims so long that a batch is full before it has its number of lines.
static void test_long_claims(void) {
    struct emit_outbox *outbox = open_outbox("long", 0);
    struct heard heard;
    struct emit_intake *intake = NULL;
    static char key[1024 * 1024], longest[EMIT_INTAKE_BYTES];
    heard_begin(&heard);
    const struct emit_destination into = {.outbox = outbox, .output = heard.file};
    enum emit_status status = emit_intake_open(
        &intake, &into, &(struct emit_intake_listener){hear, &heard, sizeof(size_t)}, &heard.err);
    for (size_t n = 0; n < 10 && status == EMIT_OK; n++) {
        memset(key, 'a' + (int)n, sizeof key - 1);
        made_line_make(&made, "run_a", (unsigned)n, 100, false);
        made.claims[1].key = key;
        status = emit_intake_add(intake, &made.entry, &n, &heard.err);
    }
    memset(longest, 'a', sizeof longest - 1);
    made.claims[1].key = longest;
    CHECK(emit_intake_add(intake, &made.entry, NULL, &heard.err) == EMIT_INVALID,
          "what no batch can hold is refused: %s", heard.err.text);
    if (status == EMIT_OK) status = emit_intake_finish(intake, &heard.err);
    CHECK(status == EMIT_OK && heard.fates[EMIT_ENTRY_STORED] == 10 && heard.in_order &&
              count_stored(outbox) == 10,
          "smaller ones are stored in batches of a few");
    emit_intake_close(intake);
    heard_end(&heard);
    emit_outbox_close(outbox);
}

static void test_failures(void) {
    struct emit_outbox *outbox = open_outbox("full", 9 * 1024 * 1024);
    struct heard heard;
    heard_begin(&heard);
    CHECK(take(&heard, outbox, "run_a", 0, 9000, 100) == EMIT_FULL, "a store of 9 MiB is full: %s",
          heard.err.text);
    CHECK(heard.fates[EMIT_ENTRY_STORED] == heard.count && heard.count == EMIT_INTAKE_BATCH &&
              count_stored(outbox) == heard.count && heard_lines(&heard) == heard.count,
          "only what is on disk was told and copied (%zu)", heard.count);
    heard_end(&heard);
    emit_outbox_close(outbox);
    outbox = open_outbox("output", 0);
    heard_begin(&heard);
    FILE *memory = heard.file;
    heard.file = fopen("/dev/full", "w");
    CHECK(heard.file && take(&heard, outbox, "run_a", 0, 10, 100) == EMIT_FULL &&
              strstr(heard.err.text, "the memory") && heard.fates[EMIT_ENTRY_STORED] == 10,
          "an output that cannot be written is named, and what is stored is told: %s",
          heard.err.text);
    CHECK(count_stored(outbox) == 10, "after the store has the lines");
    if (heard.file) (void)fclose(heard.file);
    heard.file = memory;
    CHECK(take(&heard, outbox, "run_a", 0, 10, 100) == EMIT_OK &&
              heard.fates[EMIT_ENTRY_DUPLICATE] == 10 && heard_lines(&heard) == 10,
          "and when they come again, they are copied");
    heard_end(&heard);
    emit_outbox_close(outbox);
}

int main(void) {
    char command[128];
    (void)snprintf(folder, sizeof folder, "/tmp/emit-intake-XXXXXX");
    if (!mkdtemp(folder)) return 2;
    test_fates();
    test_without_store();
    test_broken_line();
    test_long_claims();
    test_failures();
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0) printf("# cannot remove %s\n", folder);
    return check_end();
}
