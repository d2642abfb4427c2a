// Damage, one kind at a time: what is read, what is set aside, what is said.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_at(const char *path, off_t at, const void *bytes, size_t length) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || pwrite(file, bytes, length, at) != (ssize_t)length) abort();
    close(file);
}

static void change(const char *path, const char *text) {
    sqlite3 *db = NULL;
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        abort();
    sqlite3_close(db);
}

static bool says(const struct store *store, const char *words) {
    const char *notice = emit_outbox_notice(store->outbox);
    return notice && strstr(notice, words);
}

static void test_bad_rows(void) {
    static const char *const changes[] = {
        "UPDATE entry SET body = body || ' ' WHERE sequence = 5",
        "UPDATE entry SET identity = x'00' || identity WHERE sequence = 5",
        "UPDATE entry SET run_id = '' WHERE sequence = 5",
        "UPDATE entry SET kind = 7 - kind WHERE sequence = 5",
        "UPDATE entry SET time_ns = time_ns + 1 WHERE sequence = 5",
        "UPDATE entry SET checksum = checksum + 1 WHERE sequence = 5",
        "UPDATE entry SET body = x'00' WHERE sequence = 5",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct store store;
        uint64_t good = 0, bad = 0;
        store_begin(&store, "rows");
        (void)store_add(&store, 0, 10);
        change(store.path, changes[i]);
        size_t read = store_read(&store, &(struct emit_outbox_query){0});
        CHECK(read == 9 && store.wrong == 0, "not handed out: %s", changes[i]);
        CHECK(emit_outbox_verify(store.outbox, &good, &bad, &store.err) != EMIT_NO_MEMORY &&
                  good == 9,
              "its neighbours live on");
        CHECK(store_add(&store, 0, 10) == EMIT_OK && store.stored == 1 && store.duplicates == 9,
              "only the damaged one is new when all come again");
        CHECK(emit_outbox_verify(store.outbox, &good, &bad, &store.err) == EMIT_OK && good == 10,
              "and the store is whole");
        store_end(&store);
    }
}

// SQLite finds nothing wrong with a table of other columns, or of another name.
static void test_other_schema(void) {
    static const char *const changes[] = {
        ("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'stored_ns', "
         "'stored_nr') WHERE name = 'entry'"),
        "ALTER TABLE entry RENAME TO entrz",
        "DROP TABLE quarantine",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct store store;
        struct emit_outbox_query all = {0};
        size_t damaged = 0;
        store_begin(&store, "schema");
        (void)store_add(&store, 0, 10);
        emit_outbox_close(store.outbox);
        change(store.path, changes[i]);
        store_open(&store);
        enum emit_status read =
            emit_outbox_visit(store.outbox, &all, store_take, &store, &damaged, &store.err);
        CHECK(read == EMIT_OK || read == EMIT_CORRUPT, "read, or told to be damaged");
        store_reopen(&store);
        (void)store_add(&store, 0, 10);
        store_reopen(&store);
        CHECK(store_add(&store, 10, 1) == EMIT_OK && store_read(&store, &all) == 11 &&
                  store.wrong == 0,
              "a store that is not as we made it is used again: %s", changes[i]);
        store_end(&store);
    }
}

static void test_twin_of_bad_row(void) {
    struct store store;
    struct emit_outbox_stats stats;
    store_begin(&store, "twin");
    (void)store_add(&store, 0, 10);
    change(store.path, "UPDATE entry SET body = body || ' ' WHERE sequence = 5");
    CHECK(store_add(&store, 4, 1) == EMIT_OK && store.stored == 1 && store.duplicates == 0,
          "an entry whose twin is damaged is stored");
    CHECK(emit_outbox_stats_read(store.outbox, &stats, &store.err) == EMIT_OK &&
              stats.quarantined == 1,
          "the twin is in quarantine");
    store_end(&store);
}

static void test_broken_page(void) {
    static const unsigned char junk[4096] = {0xff, 0xfe, 0xfd};
    struct store store;
    struct stat found;
    store_begin(&store, "page");
    (void)store_add(&store, 0, 400);
    store_reopen(&store);
    if (stat(store.path, &found) != 0) abort();
    write_at(store.path, found.st_size / 2 / 4096 * 4096, junk, sizeof junk);
    store_reopen(&store);
    enum emit_status status = EMIT_OK;
    for (unsigned i = 0; status == EMIT_OK && i < 40; i++)
        status = store_add(&store, i * 10, 10);
    CHECK(status == EMIT_OK, "appending over a broken page succeeds");
    store_reopen(&store);
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 400 && store.wrong == 0,
          "everything is there once it was stored again");
    store_end(&store);
}

static void test_forgotten_end(void) {
    struct store store;
    char log[320];
    store_begin(&store, "end");
    (void)store_add(&store, 0, 10);
    store_reopen(&store);
    (void)store_add(&store, 10, 10);
    emit_outbox_close(store.outbox);
    (void)snprintf(log, sizeof log, "%s-wal", store.path);
    struct stat found;
    if (stat(log, &found) != 0 || truncate(log, found.st_size - 4120) != 0) abort();
    store_open(&store);
    CHECK(says(&store, "those behind number 10 are gone"), "a log cut short is told: %s",
          emit_outbox_notice(store.outbox) ? emit_outbox_notice(store.outbox) : "nothing");
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 10, "what is left is read");
    store_reopen(&store);
    CHECK(!emit_outbox_notice(store.outbox), "it is told once");
    store_end(&store);
}

static void test_unfinished_salvage(void) {
    struct store store;
    char from[340], to[340];
    store_begin(&store, "salvage");
    (void)store_add(&store, 0, 10);
    emit_outbox_close(store.outbox);
    // As a power cut leaves it: the old files renamed, nothing else done yet.
    static const char *const suffixes[] = {"", "-wal"};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(from, sizeof from, "%s%s", store.path, suffixes[i]);
        (void)snprintf(to, sizeof to, "%s.salvage%s", store.path, suffixes[i]);
        if (rename(from, to) != 0) abort();
    }
    (void)snprintf(from, sizeof from, "%s-lock", store.path);
    write_at(from, strlen("emit outbox 1 "), "D", 1);
    store_open(&store);
    CHECK(says(&store, "10 entries were carried over"), "a salvage cut short is finished");
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 10 && store.wrong == 0,
          "with all that was in it");
    (void)store_add(&store, 10, 1);
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 11 && store.last > 10,
          "and no sequence is used again");
    store_end(&store);
}

static void test_removed_file(void) {
    struct store store;
    store_begin(&store, "removed");
    (void)store_add(&store, 0, 10);
    if (unlink(store.path) != 0) abort();
    CHECK(store_add(&store, 10, 10) == EMIT_OK, "a file removed under a handle");
    store_reopen(&store);
    CHECK(store_read(&store, &(struct emit_outbox_query){0}) == 10,
          "what was stored afterwards is not in the removed one");
    store_end(&store);
}

int main(void) {
    test_bad_rows();
    test_other_schema();
    test_twin_of_bad_row();
    test_broken_page();
    test_forgotten_end();
    test_unfinished_salvage();
    test_removed_file();
    return check_end();
}
