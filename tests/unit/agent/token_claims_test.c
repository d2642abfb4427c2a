// What the events of tokens claim: told by what the store then refuses, and asked of it again.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "made_line.h"

#include "agent/batch.h"
#include "agent/token_claims.h"

#include <stdlib.h>
#include <unistd.h>

static struct emit_outbox *outbox;
static struct emit_token_claims claims; // as many as an event may have

static const char *const small[] = {"small"}, *const both[] = {"small", "large"},
                         *const huge[] = {"huge"};

static void open_outbox(const char *path) {
    struct emit_error err;
    const struct emit_outbox_options options = {.path = path};
    if (emit_outbox_open(&outbox, &options, &err) == EMIT_OK) return;
    printf("Bail out! %s\n", err.text);
    exit(1);
}

// Appends the n-th event with the claims of a subject. of: NULL, or the identity of its total.
static enum emit_entry_fate put(unsigned n, const struct emit_token_subject *subject,
                                const char *of) {
    struct made_line made;
    char identity[EMIT_IDENTITY_TEXT];
    enum emit_entry_fate fate = EMIT_ENTRY_CONFLICT;
    struct emit_error err;
    made_line_make(&made, subject->run_id, n, 100, false);
    emit_contract_identity_of_canonical(made.text, made.entry.length, identity);
    emit_token_claims_make(&claims, subject, of);
    made.entry.identity = identity;
    made.entry.claims = claims.claims;
    made.entry.claim_count = claims.count;
    if (emit_outbox_append(outbox, &made.entry, 1, &fate, &err) == EMIT_OK) return fate;
    printf("Bail out! %s\n", err.text);
    exit(1);
}

// In their order, each after those before it.
static const struct {
    const char *what;
    unsigned n;
    struct emit_token_subject subject;
    enum emit_entry_fate fate;
    enum emit_token_grouping grouping; // of the run, after it
} cases[] = {
    {"a record", 0, {"a", "x", NULL, 0}, EMIT_ENTRY_STORED, EMIT_TOKENS_BY_REQUEST},
    {"the same again", 0, {"a", "x", NULL, 0}, EMIT_ENTRY_DUPLICATE, EMIT_TOKENS_BY_REQUEST},
    {"the record, otherwise", 1, {"a", "x", NULL, 0}, EMIT_ENTRY_CONFLICT, EMIT_TOKENS_BY_REQUEST},
    {"another record", 1, {"a", "y", NULL, 0}, EMIT_ENTRY_STORED, EMIT_TOKENS_BY_REQUEST},
    {"its run by run", 2, {"a", "r", small, 1}, EMIT_ENTRY_CONFLICT, EMIT_TOKENS_BY_REQUEST},
    {"the record in another run",
     0,
     {"b", "x", NULL, 0},
     EMIT_ENTRY_STORED,
     EMIT_TOKENS_BY_REQUEST},
    {"two models", 0, {"c", "r", both, 2}, EMIT_ENTRY_STORED, EMIT_TOKENS_BY_RUN},
    {"one of them, otherwise", 1, {"c", "s", small, 1}, EMIT_ENTRY_CONFLICT, EMIT_TOKENS_BY_RUN},
    {"a third model", 1, {"c", "r", huge, 1}, EMIT_ENTRY_STORED, EMIT_TOKENS_BY_RUN},
    {"its run by request", 2, {"c", "x", NULL, 0}, EMIT_ENTRY_CONFLICT, EMIT_TOKENS_BY_RUN},
};

static enum emit_token_grouping grouping_of(const char *run_id) {
    enum emit_token_grouping grouping = EMIT_TOKENS_UNGROUPED;
    if (emit_token_grouping_find(outbox, run_id, &grouping, NULL) != EMIT_OK) abort();
    return grouping;
}

static uint64_t holder_of(const char *run_id, const char *model) {
    uint64_t holder = 0;
    if (emit_token_holder_find(outbox, run_id, model, &holder, NULL) != EMIT_OK) abort();
    return holder;
}

static void test_questions(void) {
    CHECK(grouping_of("never") == EMIT_TOKENS_UNGROUPED, "a run of which nothing was modeled");
    CHECK(holder_of("c", "small") && holder_of("c", "small") == holder_of("c", "large"),
          "models of one event have one holder");
    CHECK(holder_of("c", "huge") && holder_of("c", "huge") != holder_of("c", "small"),
          "that of another event is another");
    CHECK(!holder_of("c", "none") && !holder_of("a", "small"), "of other models there is none");
}

// Phases share what their total claims, and nobody else's phases do.
static void test_phases(void) {
    static const struct emit_token_subject subject = {"p", "x", NULL, 0};
    struct made_line made;
    char total[EMIT_IDENTITY_TEXT], other[EMIT_IDENTITY_TEXT];
    for (unsigned n = 0; n < 2; n++) {
        made_line_make(&made, "p", n, 100, false);
        emit_contract_identity_of_canonical(made.text, made.entry.length, n ? other : total);
    }
    CHECK(put(0, &subject, NULL) == EMIT_ENTRY_STORED, "a total");
    CHECK(put(2, &subject, total) == EMIT_ENTRY_STORED && put(3, &subject, total) == 0,
          "its phases");
    CHECK(put(4, &subject, other) == EMIT_ENTRY_CONFLICT, "a phase of another total");
}

// As long as ids, names and references may be: nothing is cut, so nothing is mixed up.
static void test_longest(void) {
    static char run_id[EMIT_RUN_ID_MAX], names[EMIT_TOKEN_MODELS_MAX][EMIT_USAGE_MODEL_MAX];
    const char *models[EMIT_TOKEN_MODELS_MAX];
    memset(run_id, 'r', sizeof run_id - 1);
    for (size_t i = 0; i < EMIT_TOKEN_MODELS_MAX; i++) {
        memset(names[i], 'm', sizeof names[i] - 1);
        names[i][sizeof names[i] - 2] = (char)('0' + i);
        models[i] = names[i];
    }
    const struct emit_token_subject subject = {run_id, "r", models, EMIT_TOKEN_MODELS_MAX};
    emit_token_claims_make(&claims, &subject, NULL);
    bool whole = claims.count == EMIT_ENTRY_CLAIMS_MAX;
    for (size_t i = 1; i < claims.count; i++)
        whole = whole && claims.keys[i][strlen(claims.keys[i]) - 1] == (char)('0' + i - 1);
    CHECK(whole, "%zu claims of the longest names", claims.count);
}

int main(void) {
    char folder[] = "/tmp/emit-claims-XXXXXX", path[64], command[64];
    if (!mkdtemp(folder)) return 2;
    (void)snprintf(path, sizeof path, "%s/outbox.db", folder);
    open_outbox(path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK(put(cases[i].n, &cases[i].subject, NULL) == cases[i].fate &&
                  grouping_of(cases[i].subject.run_id) == cases[i].grouping,
              "%s", cases[i].what);
    test_questions();
    test_phases();
    test_longest();
    emit_outbox_close(outbox);
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? check_end() : 2;
}
