// A closed run goes out through the one gate: every shape of outcome, into a real
// store, past the real contract.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "report_cases.h"

#include "emit/contract.h"
#include "agent/publish.h"
#include "programs/emit/report_parts.h"

#include <ftw.h>
#include <unistd.h>

static char folder[] = "publish-test-XXXXXX";

static struct emit_outbox *open_store(const char *name, int64_t max_bytes) {
    char path[64];
    struct emit_error err;
    struct emit_outbox *outbox = NULL;
    snprintf(path, sizeof path, "%s/%s.db", folder, name);
    const struct emit_outbox_options options = {.path = path, .max_bytes = max_bytes};
    if (emit_outbox_open(&outbox, &options, &err) == EMIT_OK) return outbox;
    fprintf(stderr, "%s\n", err.text);
    abort();
}

static uint64_t stored(struct emit_outbox *outbox, enum emit_entry_kind kind) {
    struct emit_outbox_stats stats;
    struct emit_error err;
    if (emit_outbox_stats_read(outbox, &stats, &err) != EMIT_OK) abort();
    return stats.entries[kind];
}

struct output {
    char *text;
    size_t length;
    FILE *file;
};

static void output_open(struct output *output) {
    output->file = open_memstream(&output->text, &output->length);
    if (!output->file || fflush(output->file) != 0) abort();
}

static void output_close(struct output *output) {
    fclose(output->file);
    free(output->text);
}

// Every line keeps the contract at strict and is in the form its identity is the hash of.
static size_t check_lines(const char *name, const char *text) {
    size_t count = 0;
    for (const char *line = text, *end; *line; line = end + 1, count++) {
        struct emit_verdict verdict;
        end = strchr(line, '\n');
        enum emit_status status = emit_contract_check(line, (size_t)(end - line), &verdict);
        if (!CHECK(status == EMIT_OK, "%s: event %zu keeps the contract", name, count))
            printf("# %s: %s\n# %.*s\n", verdict.findings[0].reason, verdict.findings[0].message,
                   (int)(end - line), line);
    }
    return count;
}

struct found_report {
    char *body;
    size_t length;
};

static bool keep_report(void *owner, const struct emit_entry *entry) {
    struct found_report *found = owner;
    found->body = strndup(entry->body, entry->length);
    found->length = entry->length;
    return false;
}

// Publishing trusts that our lines are canonical.
static bool check_identity(void *owner, const struct emit_entry *entry) {
    char identity[EMIT_IDENTITY_TEXT];
    CHECK(emit_contract_identity(entry->body, entry->length, identity, NULL) == EMIT_OK &&
              strcmp(identity, entry->identity) == 0,
          "it is stored under the hash of its canonical form: %.60s", entry->body);
    ++*(size_t *)owner;
    return true;
}

static void check_identities(struct emit_outbox *outbox, const struct emit_report *report) {
    const enum emit_entry_kind kinds[] = {EMIT_ENTRY_EVENT, EMIT_ENTRY_DIAGNOSTIC};
    size_t wanted = report->events_stored + report->diagnostic_count, seen = 0;
    struct emit_error err;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct emit_outbox_query query = {.kind = kinds[i], .run_id = report->header.run_id};
        CHECK(emit_outbox_visit(outbox, &query, check_identity, &seen, NULL, &err) == EMIT_OK,
              "entries of kind %d are visited", (int)kinds[i]);
    }
    CHECK(seen == wanted, "all %zu entries were looked at: %zu", wanted, seen);
}

static char *print(const struct emit_report *report) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out) abort();
    emit_report_print(out, report, 80);
    fclose(out);
    return text;
}

static void check_stored_report(struct emit_outbox *outbox, const struct emit_report *report) {
    struct found_report found = {0};
    struct emit_error err;
    struct emit_report back;
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_REPORT,
                                            .run_id = report->header.run_id};
    if (!CHECK(emit_outbox_visit(outbox, &query, keep_report, &found, NULL, &err) == EMIT_OK &&
                   found.body &&
                   emit_report_read_json(&back, found.body, found.length, &err) == EMIT_OK,
               "the report is in the store"))
        return;
    char *now = print(report), *then = print(&back);
    if (!CHECK(strcmp(now, then) == 0, "and prints what is printed now"))
        printf("# got:\n%s# wanted:\n%s", then, now);
    free(now);
    free(then);
    free(found.body);
    emit_report_clear(&back);
}

static void test_shapes(void) {
    struct emit_outbox *outbox = open_store("shapes", 0);
    uint64_t events = 0;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        struct emit_report report, again;
        struct emit_error err = {0};
        struct output output;
        output_open(&output);
        const struct emit_destination to = {.outbox = outbox, .output = output.file};
        build(&report, i, i + 1);
        enum emit_status status = emit_publish(&report, &run.result, &to, &err);
        CHECK(status == EMIT_OK, "%s: published %s", cases[i].name, err.text);
        CHECK(report.events_refused == 0, "%s: nothing is refused", cases[i].name);
        size_t lines = check_lines(cases[i].name, output.text);
        CHECK(lines == report.events_made && report.events_stored == report.events_made,
              "%s: %zu lines, %u made, %u stored", cases[i].name, lines, report.events_made,
              report.events_stored);
        events += lines;
        CHECK(stored(outbox, EMIT_ENTRY_EVENT) == events, "%s: %u in the store", cases[i].name,
              report.events_made);
        CHECK(report.stored == !report.left_to_others, "%s: stored", cases[i].name);
        if (report.stored) {
            check_stored_report(outbox, &report);
            check_identities(outbox, &report);
        }

        build(&again, i, i + 1);
        status = emit_publish(&again, &run.result, &to, &err);
        CHECK(status == EMIT_OK && again.events_duplicate == report.events_made &&
                  again.events_stored == 0 && stored(outbox, EMIT_ENTRY_EVENT) == events,
              "%s: the same again is all duplicates (%u)", cases[i].name, again.events_duplicate);
        emit_report_clear(&report);
        emit_report_clear(&again);
        output_close(&output);
    }
    CHECK(stored(outbox, EMIT_ENTRY_REPORT) == CASE_COUNT - 1, "one report a run but the one left");
    emit_outbox_close(outbox);
}

// One event more than before: what is new is told from what is not.
static void test_some_duplicates(void) {
    struct emit_outbox *outbox = open_store("some", 0);
    const struct emit_destination to = {.outbox = outbox};
    struct emit_report report;
    struct emit_error err;
    build(&report, 0, 0);
    CHECK(emit_publish(&report, &run.result, &to, &err) == EMIT_OK && report.events_stored == 6,
          "six events");
    emit_report_clear(&report);
    made_up_init(&run);
    cases[0].make();
    made_up_add(&run, "dram-2", EMIT_COMPONENT_DRAM, 2, 12.5);
    if (emit_report_build(&report, &run.result, &err) != EMIT_OK) abort();
    enum emit_status status = emit_publish(&report, &run.result, &to, &err);
    CHECK(status == EMIT_OK && report.events_stored == 1 && report.events_duplicate == 6,
          "one more: %u stored, %u duplicate", report.events_stored, report.events_duplicate);
    emit_report_clear(&report);
    emit_outbox_close(outbox);
}

// An event of ours that is wrong is not stored, and not silent.
static void test_broken_event(void) {
    struct emit_outbox *outbox = open_store("broken", 0);
    struct emit_report report;
    struct emit_error err;
    struct output output;
    output_open(&output);
    const struct emit_destination to = {.outbox = outbox, .output = output.file};
    made_up_init(&run);
    cases[0].make();
    run.outcomes[1].joules = -1;
    run.outcomes[2].to_ns = run.outcomes[2].from_ns;
    if (emit_report_build(&report, &run.result, &err) != EMIT_OK) abort();
    CHECK(emit_publish(&report, &run.result, &to, &err) == EMIT_OK, "the others are published");
    CHECK(report.events_made == 4 && report.events_refused == 2 &&
              stored(outbox, EMIT_ENTRY_EVENT) == 4,
          "%u made, %u refused", report.events_made, report.events_refused);
    CHECK(check_lines("broken", output.text) == 4, "none of the refused is in the output");
    size_t said = 0;
    for (size_t i = 0; i < report.diagnostic_count; i++)
        said += report.diagnostics[i].code == EMIT_CODE_CONTRACT;
    CHECK(said == 2 && stored(outbox, EMIT_ENTRY_DIAGNOSTIC) == report.diagnostic_count,
          "each is a diagnostic, stored with the others");
    char *text = print(&report);
    CHECK(strstr(text, "bug in emit"), "and the reader is told");
    free(text);
    emit_report_clear(&report);
    output_close(&output);
    emit_outbox_close(outbox);
}

static void test_nowhere(void) {
    struct emit_report report;
    struct emit_error err;
    const struct emit_destination nowhere = {0};
    build(&report, 0, 0);
    CHECK(emit_publish(&report, &run.result, &nowhere, &err) == EMIT_OK && !report.stored &&
              report.events_made == 6 && report.note_count == 0,
          "without a store and an output the events are made and checked");
    emit_report_clear(&report);
}

static void test_failures(void) {
    struct emit_report report;
    struct emit_error err;
    struct emit_outbox *outbox = open_store("failures", 0);
    FILE *full = fopen("/dev/full", "w");
    if (!full) abort();
    const struct emit_destination to = {
        .outbox = outbox, .output = full, .output_name = "/dev/full"};
    build(&report, 0, 0);
    enum emit_status status = emit_publish(&report, &run.result, &to, &err);
    CHECK(status == EMIT_FULL && report.stored && report.note_count == 1 &&
              strstr(report.notes[0], "/dev/full"),
          "an output that cannot be written is said, the store has the events: %s", err.text);
    emit_report_clear(&report);
    fclose(full);
    emit_outbox_close(outbox);
}

// Runs until the store is full: then the events are in the output only, and the report says so.
static void test_full_store(void) {
    struct emit_outbox *outbox = open_store("full", 64 * 1024);
    enum emit_status status = EMIT_OK;
    for (size_t serial = 1; serial < 100 && status == EMIT_OK; serial++) {
        struct emit_report report;
        struct emit_error err;
        struct output output;
        output_open(&output);
        const struct emit_destination to = {.outbox = outbox, .output = output.file};
        build(&report, 0, serial);
        uint64_t before = stored(outbox, EMIT_ENTRY_EVENT);
        status = emit_publish(&report, &run.result, &to, &err);
        if (status != EMIT_OK)
            CHECK(status == EMIT_FULL && !report.stored && report.note_count == 1 &&
                      strstr(report.notes[0], "not stored") &&
                      stored(outbox, EMIT_ENTRY_EVENT) == before &&
                      check_lines("full", output.text) == 6,
                  "the store is full with run %zu: %s", serial, err.text);
        emit_report_clear(&report);
        output_close(&output);
    }
    CHECK(status == EMIT_FULL, "the store became full");
    emit_outbox_close(outbox);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at) {
    (void)status, (void)kind, (void)at;
    return remove(path);
}

int main(void) {
    if (!mkdtemp(folder)) return 2;
    test_shapes();
    test_some_duplicates();
    test_broken_event();
    test_nowhere();
    test_failures();
    test_full_store();
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return check_end();
}
