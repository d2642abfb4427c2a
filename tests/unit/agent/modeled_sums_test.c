// What was modeled of runs: summaries and single events come to the same as all events read one
// by one, whatever was stored, removed or damaged on the way.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "made_line.h"

#include "agent/intake.h"
#include "agent/modeled_sums.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64], path[128];
static struct made_line made;
static unsigned next_record;

static unsigned random_below(unsigned count) {
    static uint64_t state = UINT64_C(0x9e3779b97f4a7c15); // the same in every run
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (unsigned)(state >> 33) % count;
}

static void must(bool good, const char *why) {
    if (good) return;
    printf("Bail out! %s\n", why);
    exit(1);
}

static struct emit_outbox *open_outbox(const char *name) {
    struct emit_error err;
    struct emit_outbox *outbox = NULL;
    (void)snprintf(path, sizeof path, "%s/%s/outbox.db", folder, name);
    must(emit_outbox_open(&outbox, &(struct emit_outbox_options){.path = path}, &err) == EMIT_OK,
         err.text);
    return outbox;
}

static void change(const char *text) {
    sqlite3 *db = NULL;
    char *why = NULL;
    must(sqlite3_open(path, &db) == SQLITE_OK &&
             sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK,
         why ? why : "no memory");
    sqlite3_close(db);
}

static int64_t ask(const char *text) {
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    must(sqlite3_open(path, &db) == SQLITE_OK &&
             sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK &&
             sqlite3_step(statement) == SQLITE_ROW,
         text);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

// Puts `to` where `from` stands; both are words of a line.
static void replace(const char *from, const char *to) {
    char *at = strstr(made.text, from);
    must(at != NULL, from);
    char rest[MADE_LINE_MAX];
    (void)snprintf(rest, sizeof rest, "%s", at + strlen(from));
    made.entry.length =
        (size_t)(at - made.text) + (size_t)sprintf(at, "%s%s", to, rest); // shorter than the whole
}

// A modeled event of one of nine runs, of some phase and boundary.
static void make_line(void) {
    char run_id[16];
    unsigned run = random_below(9);
    (void)snprintf(run_id, sizeof run_id, "run_%u", run);
    made_line_make(&made, run_id, next_record++, 1 + random_below(100000), false);
    made.entry.time_ns += (int64_t)random_below(1000000) * 1000000000;
    if (random_below(4) == 0) replace("\"phase\":\"total\"", "\"phase\":\"decode\"");
    // Some runs have one boundary, others two.
    if (run % 3 == 0 || (run % 3 == 1 && random_below(2)))
        replace("\"measurement_boundary\":\"accelerator\"", "\"measurement_boundary\":\"system\"");
}

static void take_in(struct emit_outbox *outbox, unsigned count) {
    const struct emit_destination to = {.outbox = outbox};
    struct emit_intake *intake = NULL;
    struct emit_error err;
    enum emit_status status =
        emit_intake_open(&intake, &to, &(struct emit_intake_listener){0}, &err);
    for (unsigned i = 0; i < count && status == EMIT_OK; i++) {
        make_line();
        status = emit_intake_add(intake, &made.entry, NULL, &err);
    }
    if (status == EMIT_OK) status = emit_intake_finish(intake, &err);
    emit_intake_close(intake);
    must(status == EMIT_OK, err.text);
}

// --- Both ways to read ---

struct reading {
    struct emit_modeled_sums sums;
    size_t summaries, events;
};

static bool take_summary(void *owner, const char *body, size_t length, uint64_t first) {
    struct reading *reading = owner;
    reading->summaries++;
    return emit_modeled_sums_read(&reading->sums, body, length, first, NULL) == EMIT_OK;
}

static bool take_event(void *owner, const struct emit_entry *entry) {
    struct reading *reading = owner;
    reading->events++;
    return emit_modeled_sums_add(&reading->sums, entry, entry->sequence);
}

static int in_order(const void *left, const void *right) {
    const struct emit_modeled_sum *a = left, *b = right;
    int order = strcmp(a->run_id, b->run_id);
    return order ? order : strcmp(a->boundary, b->boundary);
}

static bool are_equal(struct emit_modeled_sums *one, struct emit_modeled_sums *other) {
    if (one->count == 0 || other->count == 0) return one->count == other->count;
    bool equal = one->count == other->count;
    qsort(one->sums, one->count, sizeof *one->sums, in_order);
    qsort(other->sums, other->count, sizeof *other->sums, in_order);
    for (size_t i = 0; equal && i < one->count; i++) {
        const struct emit_modeled_sum *a = &one->sums[i], *b = &other->sums[i];
        equal = in_order(a, b) == 0 && a->events == b->events && a->totals == b->totals &&
                a->newest == b->newest && a->last_ns == b->last_ns &&
                a->energy.low == b->energy.low && a->energy.central == b->energy.central &&
                a->energy.high == b->energy.high;
    }
    return equal;
}

// Whether they come to the same; *summed as the short way found it, cleared by the caller.
static bool agrees(struct emit_outbox *outbox, struct reading *summed) {
    struct reading single = {.events = 0};
    struct emit_error err;
    *summed = (struct reading){.events = 0};
    must(emit_outbox_visit_summed(outbox, take_summary, take_event, summed, NULL, &err) == EMIT_OK,
         err.text);
    const struct emit_outbox_query all = {.kind = EMIT_ENTRY_EVENT, .newest_first = true};
    must(emit_outbox_visit(outbox, &all, take_event, &single, NULL, &err) == EMIT_OK, err.text);
    bool equal = are_equal(&summed->sums, &single.sums);
    emit_modeled_sums_clear(&single.sums);
    return equal;
}

static void check_agrees(struct emit_outbox *outbox, size_t summaries, size_t events,
                         const char *what) {
    struct reading summed;
    bool equal = agrees(outbox, &summed);
    CHECK(equal && summed.summaries == summaries && summed.events == events,
          "%s: the same from %zu summaries and %zu events", what, summed.summaries, summed.events);
    emit_modeled_sums_clear(&summed.sums);
}

// --- Tests ---

static void test_energy(void) {
    static const struct {
        const char *joules;
        double sum; // of a million of them
    } rows[] = {
        {"0.001", 1000},
        {"0.1", 100000},
        {"4734.0645961", 4734064596.1}, // as a double its nanojoules are rounded, too
        {"24369.759108", 24369759108},
        {"9123456789.0000061", 9123456789000006.1}, // more nanojoules than a double tells apart
        {"1.5e-9", 0.002},
        {"1.24999999999999999e-8", 0.012},
        {"1.5e-99", 0},
        {"2e30", 0}, // more than a sum may hold
        {"0", 0},
        {"-0.0", 0},
        {"-1", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        emit_nanojoules one = emit_nanojoules_read(rows[i].joules, strlen(rows[i].joules));
        double sum = emit_nanojoules_joules(one * 1000000);
        CHECK(sum == rows[i].sum, "a million times %s J: %.17g", rows[i].joules, sum);
    }
}

static void test_cases(void) {
    struct emit_outbox *outbox = open_outbox("cases");
    uint64_t good = 0, bad = 0;
    struct emit_error err;
    check_agrees(outbox, 0, 0, "nothing");
    take_in(outbox, 100);
    check_agrees(outbox, 1, 0, "a batch");
    take_in(outbox, 3);
    check_agrees(outbox, 1, 3, "too few for a summary");
    take_in(outbox, 5000);
    check_agrees(outbox, 3, 3, "more than a batch");
    change("DELETE FROM entry WHERE sequence = 50");
    check_agrees(outbox, 2, 102, "an event that is gone");
    change("UPDATE summary SET body = replace(body, 'run_1', 'run_2')");
    check_agrees(outbox, 0, 5102, "summaries that do not match their checksums");
    CHECK(emit_outbox_verify(outbox, &good, &bad, &err) == EMIT_CORRUPT && bad == 2 &&
              strstr(err.text, "2 summaries"),
          "verify finds them: %s", err.text);
    take_in(outbox, 20);
    change("DROP TRIGGER summary_gone;"
           "DELETE FROM entry WHERE sequence = 5111;"
           "CREATE TRIGGER summary_gone AFTER DELETE ON entry BEGIN"
           " DELETE FROM summary WHERE last >= old.sequence AND first ="
           " (SELECT max(first) FROM summary WHERE first <= old.sequence); END");
    CHECK(emit_outbox_verify(outbox, &good, &bad, &err) == EMIT_CORRUPT && bad == 1,
          "and one of an entry that went unseen");
    check_agrees(outbox, 0, 5121, "which is removed");
    take_in(outbox, 20);
    change("UPDATE entry SET body = body || ' ' WHERE sequence = 5130");
    CHECK(emit_outbox_verify(outbox, &good, &bad, &err) == EMIT_CORRUPT && bad == 1,
          "a damaged event");
    check_agrees(outbox, 0, 5140, "is set aside, and its summary is gone");
    emit_outbox_close(outbox);
}

// A summary in words of somebody else: one of a later emit, or of another use of the store.
static bool write_otherwise(void *owner, const enum emit_entry_fate *fates,
                            struct emit_text *body) {
    (void)fates;
    emit_text_add(body, owner);
    return true;
}

static void test_unread(void) {
    static const char *const bodies[] = {
        "",
        "{}",
        "{\"modeled\":[]",
        "{\"modeled\":[],\"more\":1}",
        "{\"modeled\":[{\"events\":1,\"of\":2}]}",
        "{\"modeled\":[{\"nanojoules\":-1}]}",
        "{\"modeled\":[{\"boundary\":\"a boundary that is longer than any there is\"}]}",
    };
    struct emit_outbox *outbox = open_outbox("unread");
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        static struct made_line lines[8];
        char identities[8][65];
        struct emit_entry entries[8];
        for (size_t at = 0; at < 8; at++) {
            make_line();
            lines[at] = made;
            entries[at] = made.entry;
            entries[at].body = lines[at].text;
            entries[at].run_id = lines[at].run_id;
            entries[at].claims = NULL;
            entries[at].claim_count = 0;
            (void)snprintf(identities[at], 65, "%064x", next_record);
            entries[at].identity = identities[at];
        }
        static const struct emit_claim claim = {.key = "one", .value = "that all share"};
        for (size_t at = 0; at < 8; at++)
            entries[at].claims = &claim, entries[at].claim_count = 1;
        char body[128];
        (void)snprintf(body, sizeof body, "%s", bodies[i]);
        const struct emit_outbox_summary summary = {write_otherwise, body};
        struct emit_error err;
        must(emit_outbox_append_summed(outbox, entries, 8, NULL, &summary, &err) == EMIT_OK,
             err.text);
        check_agrees(outbox, i + 1, 8 * (i + 1), bodies[i]);
    }
    emit_outbox_close(outbox);
}

static void test_any_history(void) {
    struct emit_outbox *outbox = open_outbox("any");
    struct emit_error err;
    size_t equal = 0, steps = 150, summaries = 0, events = 0;
    for (size_t i = 0; i < steps; i++) {
        char text[128];
        struct reading summed;
        if (random_below(3)) take_in(outbox, 1 + random_below(60));
        int64_t last = ask("SELECT max(sequence) FROM entry");
        (void)snprintf(text, sizeof text, "DELETE FROM entry WHERE sequence = %lld",
                       (long long)(1 + random_below((unsigned)last + 1)));
        if (random_below(4) == 0) change(text);
        (void)snprintf(text, sizeof text, "UPDATE entry SET time_ns = 1 WHERE sequence = %lld",
                       (long long)(1 + random_below((unsigned)last + 1)));
        uint64_t good = 0, bad = 0;
        if (random_below(20) == 0) {
            change(text);
            must(emit_outbox_verify(outbox, &good, &bad, &err) != EMIT_NO_MEMORY, err.text);
        }
        if (random_below(30) == 0) { // all but the newest
            (void)snprintf(text, sizeof text, "SELECT stored_ns FROM entry WHERE sequence = %lld",
                           (long long)last);
            uint64_t removed;
            must(emit_outbox_prune(outbox, ask(text), &removed, &err) == EMIT_OK, err.text);
        }
        equal += agrees(outbox, &summed);
        summaries += summed.summaries;
        events += summed.events;
        emit_modeled_sums_clear(&summed.sums);
    }
    CHECK(equal == steps && summaries > 0 && events > 0,
          "the same after %zu of %zu steps, from %zu summaries and %zu events", equal, steps,
          summaries, events);
    emit_outbox_close(outbox);
}

// What does not fit 64 bits is not summed up in advance.
static void test_large(void) {
    struct emit_modeled_sums sums = {.count = 0};
    char bytes[4096];
    struct emit_text text;
    bool written[2];
    made_line_make(&made, "run_large", 0, UINT32_MAX, false);
    for (unsigned i = 0; i < 4; i++)
        if (!emit_modeled_sums_add(&sums, &made.entry, i)) abort();
    for (int i = 0; i < 2; i++) {
        emit_text_init(&text, bytes, sizeof bytes);
        written[i] = emit_modeled_sums_write(&sums, &text);
        if (!emit_modeled_sums_add(&sums, &made.entry, 4)) abort();
        sums.sums[0].energy.high += (emit_nanojoules)1 << 63;
    }
    CHECK(sums.count == 1 && written[0] && !written[1], "more than 64 bits of nanojoules");
    emit_modeled_sums_clear(&sums);
}

int main(void) {
    (void)snprintf(folder, sizeof folder, "/tmp/emit-sums-XXXXXX");
    must(mkdtemp(folder) != NULL, "no folder");
    test_energy();
    test_cases();
    test_unread();
    test_any_history();
    test_large();
    char command[96];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0) printf("# %s stays\n", folder);
    return check_end();
}
