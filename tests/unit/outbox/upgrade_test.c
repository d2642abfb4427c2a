// A store that schema 1 or 2 made: brought up to date as a whole or not at all, and carried over
// when it is damaged.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "outbox/schema.h"
#include "store.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

// The tables of schema 1, filled from those of today. The checksums are the same.
static const char to_schema_1[] =
    "BEGIN; DROP TRIGGER summary_gone; DROP TABLE summary;"
    "DROP TRIGGER entry_gone; DROP TABLE claim; DROP TABLE span; DROP INDEX entry_identity;"
    "DROP INDEX entry_run; ALTER TABLE entry RENAME TO now; DROP TABLE quarantine;"
    "CREATE TABLE entry("
    " sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, identity TEXT NOT NULL,"
    " run_id TEXT NOT NULL, workspace_id TEXT NOT NULL, time_ns INTEGER NOT NULL,"
    " stored_ns INTEGER NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX entry_identity ON entry(identity, kind);"
    "CREATE INDEX entry_run ON entry(run_id, kind) WHERE kind <> 0;"
    "CREATE TABLE quarantine("
    " place INTEGER PRIMARY KEY, set_aside_ns, sequence, kind, identity, run_id, workspace_id,"
    " time_ns, stored_ns, body, checksum);"
    "INSERT INTO entry SELECT sequence, kind, lower(hex(identity)), run_id, workspace_id, time_ns,"
    " stored_ns, body, checksum FROM now;"
    "DROP TABLE now; DELETE FROM entry WHERE sequence > 190; PRAGMA user_version=1; COMMIT; "
    "VACUUM;";

static void change(const struct store *store, const char *text) {
    sqlite3 *db = NULL;
    char *why = NULL;
    if (sqlite3_open(store->path, &db) != SQLITE_OK ||
        sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) {
        printf("Bail out! %s\n", why ? why : "no memory");
        exit(1);
    }
    sqlite3_close(db);
}

// Entries 0 to 189; number 190 to 199 were pruned. Closed.
static void make_old(struct store *store) {
    store_begin(store, "old");
    (void)store_add(store, 0, 200);
    emit_outbox_close(store->outbox);
    store->outbox = NULL;
    change(store, to_schema_1);
}

static void check_upgraded(struct store *store) {
    struct emit_outbox_stats stats;
    uint64_t good = 0, bad = 0;
    CHECK(!emit_outbox_notice(store->outbox) &&
              emit_outbox_stats_read(store->outbox, &stats, &store->err) == EMIT_OK &&
              stats.schema_version == EMIT_STORE_SCHEMA,
          "it is of today's schema, without a word");
    CHECK(store_read(store, &(struct emit_outbox_query){0}) == 190 && store->wrong == 0 &&
              store->first == 1 && store->last == 190,
          "every entry is as it was, under its number");
    CHECK(emit_outbox_verify(store->outbox, &good, &bad, &store->err) == EMIT_OK && good == 190,
          "nothing is wrong with it");
    const struct emit_outbox_query newest = {.newest_first = true, .limit = 1};
    CHECK(store_add(store, 100, 101) == EMIT_OK, "entries come behind them");
    CHECK(store->duplicates == 90 && store->stored == 11, "%zu of them are there already",
          store->duplicates);
    CHECK(store_read(store, &newest) == 1, "the newest one");
    CHECK(store->last > 200, "no number is used again (%llu)", (unsigned long long)store->last);
}

static void test_upgrade(void) {
    struct store store;
    make_old(&store);
    store_open(&store);
    check_upgraded(&store);
    store_end(&store);
}

static bool take_no_summary(void *owner, const char *body, size_t length, uint64_t first) {
    (void)body, (void)length, (void)first;
    *(bool *)owner = true;
    return true;
}

// Schema 2 had the tables of today but that of summaries.
static void test_upgrade_from_2(void) {
    struct store store;
    struct emit_outbox_stats stats;
    uint64_t good = 0, bad = 0;
    store_begin(&store, "old");
    (void)store_add(&store, 0, 50);
    emit_outbox_close(store.outbox);
    store.outbox = NULL;
    change(&store, "DROP TRIGGER summary_gone; DROP TABLE summary; PRAGMA user_version=2; VACUUM;");
    store.options.read_only = true;
    bool has_summary = false;
    CHECK(emit_outbox_open(&store.outbox, &store.options, &store.err) == EMIT_OK &&
              emit_outbox_stats_read(store.outbox, &stats, &store.err) == EMIT_OK &&
              stats.schema_version == 2 &&
              store_read(&store, &(struct emit_outbox_query){0}) == 50 && store.wrong == 0 &&
              emit_outbox_visit_summed(store.outbox, take_no_summary, NULL, &has_summary, NULL,
                                       &store.err) == EMIT_OK &&
              !has_summary &&
              emit_outbox_verify(store.outbox, &good, &bad, &store.err) == EMIT_OK && good == 50,
          "who only reads leaves schema 2 as it is, and reads it: %s", store.err.text);
    emit_outbox_close(store.outbox);
    store.outbox = NULL;
    store.options.read_only = false;
    store_open(&store);
    CHECK(!emit_outbox_notice(store.outbox) &&
              emit_outbox_stats_read(store.outbox, &stats, &store.err) == EMIT_OK &&
              stats.schema_version == EMIT_STORE_SCHEMA &&
              store_read(&store, &(struct emit_outbox_query){0}) == 50 && store.wrong == 0 &&
              store.last == 50 &&
              emit_outbox_verify(store.outbox, &good, &bad, &store.err) == EMIT_OK && good == 50,
          "schema 2 is brought up to date, and nothing is wrong with it");
    CHECK(store_add(&store, 40, 20) == EMIT_OK && store.duplicates == 10 && store.stored == 10,
          "entries come behind them");
    store_end(&store);
}

static void test_bad_rows(void) {
    struct store store;
    struct emit_outbox_stats stats;
    make_old(&store);
    change(&store, "INSERT INTO quarantine(set_aside_ns, identity) VALUES(5, 'was there');"
                   "UPDATE entry SET identity = 'none of ours' WHERE sequence = 3;"
                   "UPDATE entry SET body = body || ' ' WHERE sequence = 4;");
    store_open(&store);
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 188 && store.wrong == 0 &&
              emit_outbox_stats_read(store.outbox, &stats, &store.err) == EMIT_OK &&
              stats.quarantined == 3,
          "damaged entries stand beside those that were set aside before");
    store_end(&store);
}

static void test_refusals(void) {
    struct store store;
    struct stat found;
    make_old(&store);
    store.options.read_only = true;
    enum emit_status status = emit_outbox_open(&store.outbox, &store.options, &store.err);
    CHECK(status == EMIT_INVALID && strstr(store.err.text, "earlier emit"),
          "who only reads upgrades nothing: %s", store.err.text);
    store.options.read_only = false;
    if (stat(store.path, &found) != 0) abort();
    // A log that may not outgrow a few pages is a disk without room for a second copy.
    struct rlimit before, limit;
    (void)getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 64 * 1024;
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)setrlimit(RLIMIT_FSIZE, &limit);
    status = emit_outbox_open(&store.outbox, &store.options, &store.err);
    (void)setrlimit(RLIMIT_FSIZE, &before);
    CHECK(status != EMIT_OK && status != EMIT_CORRUPT &&
              strstr(store.err.text, "cannot be upgraded"),
          "without room it is refused: %s", store.err.text);
    store_open(&store);
    check_upgraded(&store);
    store_end(&store);
}

static void test_damaged(void) {
    static const unsigned char junk[4096] = {0xff, 0xfe, 0xfd};
    struct store store;
    struct stat found;
    make_old(&store);
    FILE *file = fopen(store.path, "r+");
    if (!file || stat(store.path, &found) != 0 ||
        fseek(file, found.st_size / 2 / 4096 * 4096, SEEK_SET) != 0 ||
        fwrite(junk, sizeof junk, 1, file) != 1 || fclose(file) != 0)
        abort();
    store_open(&store);
    size_t count = store_read(&store, &(struct emit_outbox_query){0});
    const char *notice = emit_outbox_notice(store.outbox);
    CHECK(count > 150 && count <= 190 && store.wrong == 0 && notice &&
              strstr(notice, "carried over"),
          "a damaged one is set aside, %zu entries carried over: %s", count,
          notice ? notice : "unsaid");
    store_end(&store);
}

int main(void) {
    test_upgrade();
    test_upgrade_from_2();
    test_bad_rows();
    test_refusals();
    test_damaged();
    return check_end();
}
