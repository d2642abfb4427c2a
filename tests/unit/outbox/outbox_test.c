// The store's promises in one process: what is appended comes back, once, in
// order; what is damaged does not; what cannot be stored says why.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "outbox/schema.h"
#include "store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_append_and_visit(void) {
    struct store store;
    store_begin(&store, "append");
    CHECK(store_add(&store, 0, 8) == EMIT_OK, "eight entries are stored");
    CHECK(store.stored == 8 && store.duplicates == 0, "all are new");
    CHECK(store_add(&store, 4, 8) == EMIT_OK, "four of them come again with four others");
    CHECK(store.stored == 4 && store.duplicates == 4, "only the others are new");
    store_reopen(&store);
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 12, "twelve are read back");
    CHECK(store.in_order && store.wrong == 0, "in order, and as they were stored");
    uint64_t newest_sequence = store.last;
    struct emit_outbox_query newest = {.newest_first = true, .limit = 3};
    CHECK(store_read(&store, &newest) == 3 && store.first == newest_sequence,
          "the newest three, newest first");
    struct emit_outbox_query behind = {.after_sequence = newest_sequence - 2};
    CHECK(store_read(&store, &behind) == 2, "two stand behind the third newest");
    struct emit_outbox_query run = {.run_id = "run_1"};
    CHECK(store_read(&store, &run) == 6, "half of them are of run_1");
    struct emit_outbox_query other = {.kind = EMIT_ENTRY_DIAGNOSTIC};
    CHECK(store_read(&store, &other) == 0, "none is a diagnostic");
    store_end(&store);
}

static void test_figures(void) {
    struct store store;
    struct emit_outbox_stats stats;
    store_begin(&store, "figures");
    CHECK(emit_outbox_stats_read(store.outbox, &stats, &store.err) == EMIT_OK, "an empty store");
    CHECK(stats.entries[0] == 0 && stats.oldest_ns == 0 && stats.newest_ns == 0, "has nothing");
    CHECK(stats.schema_version == EMIT_STORE_SCHEMA && stats.max_bytes == 1u << 30,
          "has its schema and limit");
    CHECK(store_add(&store, 0, 5) == EMIT_OK &&
              emit_outbox_stats_read(store.outbox, &stats, NULL) == EMIT_OK,
          "five entries");
    CHECK(stats.entries[EMIT_ENTRY_EVENT] == 5 && stats.file_bytes > 0, "are counted");
    CHECK(stats.newest_ns - stats.oldest_ns == 4000000000, "with their times");
    store_end(&store);
}

static void test_refusals(void) {
    static char big[EMIT_ENTRY_BODY_MAX + 1];
    struct store store;
    static const char hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    static const char capitals[] =
        "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF";
    enum emit_entry_fate fate = EMIT_ENTRY_CONFLICT;
    store_begin(&store, "refusals");
    memset(big, ' ', sizeof big);
    const struct {
        const char *what;
        struct emit_entry entry;
    } cases[] = {
        {"an unknown kind",
         {.kind = EMIT_ENTRY_KINDS,
          .identity = hash,
          .run_id = "",
          .workspace_id = "w",
          .body = "{}",
          .length = 2}},
        {"no identity",
         {.identity = "", .run_id = "", .workspace_id = "w", .body = "{}", .length = 2}},
        {"a short identity",
         {.identity = hash + 1, .run_id = "", .workspace_id = "w", .body = "{}", .length = 2}},
        {"an identity in capitals",
         {.identity = capitals, .run_id = "", .workspace_id = "w", .body = "{}", .length = 2}},
        {"an empty body",
         {.identity = hash, .run_id = "", .workspace_id = "w", .body = "", .length = 0}},
        {"a body of two lines",
         {.identity = hash, .run_id = "", .workspace_id = "w", .body = "{\n}", .length = 3}},
        {"a body with a NUL",
         {.identity = hash, .run_id = "", .workspace_id = "w", .body = "{\0}", .length = 3}},
        {"a body too large",
         {.identity = hash, .run_id = "", .workspace_id = "w", .body = big, .length = sizeof big}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK(emit_outbox_append(store.outbox, &cases[i].entry, 1, &fate, &store.err) ==
                      EMIT_INVALID &&
                  fate == EMIT_ENTRY_CONFLICT,
              "refused, and nothing written: %s", cases[i].what);
    struct emit_entry largest = {.identity = hash,
                                 .run_id = "",
                                 .workspace_id = "w",
                                 .body = big,
                                 .length = EMIT_ENTRY_BODY_MAX};
    CHECK(emit_outbox_append(store.outbox, &largest, 1, &fate, &store.err) == EMIT_OK &&
              fate == EMIT_ENTRY_STORED,
          "the largest body is stored");
    store_end(&store);
}

static void test_modes(void) {
    struct store store;
    struct stat found;
    char path[600];
    mode_t umask_before = umask(0777);
    store_begin(&store, "modes/deep/er");
    CHECK(store_add(&store, 0, 1) == EMIT_OK, "a store is made below missing folders, umask 0777");
    umask(umask_before);
    CHECK(stat(store.folder, &found) == 0 && (found.st_mode & 0777) == 0700, "its folder is 0700");
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock", "-ballast"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        (void)snprintf(path, sizeof path, "%s%s", store.path, suffixes[i]);
        CHECK(stat(path, &found) == 0 && (found.st_mode & 0777) == 0600, "outbox.db%s is 0600",
              suffixes[i]);
    }
    store_end(&store);
}

static void test_read_only(void) {
    struct store store;
    store_begin(&store, "read-only");
    emit_outbox_close(store.outbox);
    char missing[600];
    (void)snprintf(missing, sizeof missing, "%s/missing/outbox.db", store.folder);
    struct emit_outbox_options options = {.path = missing, .read_only = true};
    CHECK(emit_outbox_open(&store.outbox, &options, &store.err) == EMIT_ABSENT,
          "reading where no store is: absent");
    options.path = store.path;
    CHECK(emit_outbox_open(&store.outbox, &options, &store.err) == EMIT_OK, "reading one opens it");
    CHECK(store_add(&store, 0, 1) == EMIT_INVALID, "nothing is written through it");
    CHECK(emit_outbox_prune(store.outbox, 0, NULL, NULL) == EMIT_INVALID, "nor pruned");
    store_end(&store);
}

static void test_prune(void) {
    struct store store;
    uint64_t removed = 0;
    store_begin(&store, "prune");
    CHECK(store_add(&store, 0, 3000) == EMIT_OK, "three thousand entries");
    CHECK(emit_outbox_prune(store.outbox, 1, &removed, &store.err) == EMIT_OK && removed == 0,
          "none was stored before 1970");
    CHECK(emit_outbox_prune(store.outbox, INT64_MAX, &removed, &store.err) == EMIT_OK &&
              removed == 3000,
          "all were stored before the end of time");
    struct stat found;
    CHECK(stat(store.path, &found) == 0 && found.st_size < 200 * 1024, "the pages are given back");
    CHECK(store_add(&store, 0, 1) == EMIT_OK && store.stored == 1, "the store has forgotten them");
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 1 && store.first == 3001,
          "and uses no sequence again");
    store_end(&store);
}

static void test_retention(void) {
    struct store store;
    store_begin_with(&store, "retention", &(struct emit_outbox_options){.retention_ns = 1});
    CHECK(store_add(&store, 0, 200) == EMIT_OK, "two hundred entries, to be kept a nanosecond");
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 200, "are there at first");
    store_reopen(&store);
    CHECK(store_add(&store, 500, 1) == EMIT_OK, "an append of another process");
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 201,
          "looks for none before 64 entries have come in");
    store_reopen(&store);
    CHECK(store_add(&store, 600, 64) == EMIT_OK, "the one with the 64th entry");
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 137, "retires the oldest 128");
    store_end(&store);
}

static void test_limit(void) {
    struct store store;
    store_begin_with(&store, "limit", &(struct emit_outbox_options){.max_bytes = 1 << 20});
    enum emit_status status = EMIT_OK;
    unsigned count = 0;
    while (status == EMIT_OK && count < 100000) {
        status = store_add(&store, count, 10);
        if (status == EMIT_OK) count += 10;
    }
    CHECK(status == EMIT_FULL && count > 100, "a store of 1 MiB is full after %u entries", count);
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == count && store.wrong == 0,
          "it holds all that it accepted, and nothing of what it refused");
    uint64_t removed = 0;
    CHECK(emit_outbox_prune(store.outbox, INT64_MAX, &removed, &store.err) == EMIT_OK &&
              removed == count,
          "it is drained");
    CHECK(store_add(&store, count, 10) == EMIT_OK, "and accepts again");
    store_end(&store);
}

static void test_fork(void) {
    struct store store;
    store_begin(&store, "fork");
    pid_t child = fork();
    if (child == 0) {
        bool refused = store_add(&store, 0, 1) == EMIT_INVALID;
        emit_outbox_close(store.outbox);
        _exit(refused ? 0 : 1);
    }
    int how = -1;
    CHECK(child > 0 && waitpid(child, &how, 0) == child && how == 0,
          "a child of fork is refused, and may close");
    CHECK(store_add(&store, 0, 1) == EMIT_OK, "the parent goes on");
    store_end(&store);
}

static void test_two_handles(void) {
    struct store store;
    struct emit_outbox *second = NULL;
    store_begin(&store, "two");
    struct emit_outbox_options options = {.path = store.path};
    CHECK(emit_outbox_open(&second, &options, &store.err) == EMIT_OK, "the same store twice");
    struct emit_outbox *first = store.outbox;
    for (unsigned i = 0; i < 20; i++) {
        store.outbox = i % 2 ? first : second;
        if (store_add(&store, i, 1) != EMIT_OK) break;
    }
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 20, "both append, both read");
    store.outbox = first;
    emit_outbox_close(second);
    CHECK(store_add(&store, 20, 1) == EMIT_OK, "one closes, the other goes on");
    store_end(&store);
}

static off_t log_bytes(const struct store *store) {
    char path[600];
    struct stat found;
    (void)snprintf(path, sizeof path, "%s-wal", store->path);
    return stat(path, &found) == 0 ? found.st_size : -1;
}

// A log that grew long is left to the next to open, who has the time.
static void test_long_log(void) {
    struct store store;
    size_t count = 0;
    store_begin(&store, "log");
    for (; count < 400 && log_bytes(&store) <= EMIT_STORE_LOG_BYTES; count += 4)
        store_must(&store, store_add(&store, (unsigned)count, 4));
    emit_outbox_close(store.outbox);
    CHECK(log_bytes(&store) > EMIT_STORE_LOG_BYTES, "a long log is not written back at the end");
    store_open(&store);
    CHECK(log_bytes(&store) == EMIT_STORE_LOG_BYTES,
          "but when the store is opened, and leaves room");
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == count && store.wrong == 0,
          "all %zu entries are there", count);
    CHECK(store_add(&store, (unsigned)count, 4) == EMIT_OK, "and others come behind them");
    store_reopen(&store);
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == count + 4 && store.wrong == 0 &&
              log_bytes(&store) == EMIT_STORE_LOG_BYTES,
          "which is no long log any more");
    store_end(&store);
}

int main(void) {
    test_append_and_visit();
    test_figures();
    test_refusals();
    test_modes();
    test_read_only();
    test_prune();
    test_retention();
    test_limit();
    test_fork();
    test_two_handles();
    test_long_log();
    return check_end();
}
