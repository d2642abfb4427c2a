// Lines of modeled events through the intake, in lines a second on one core: judged and
// copied; judged, copied and stored, each batch on disk before the next; and the same again,
// which are duplicates.
//
// Beside them a bare SQLite program (WAL, synchronous=FULL) stores rows with the same columns and
// indexes in the same batches: it hashes, judges and looks for nothing. A batch of it and one of
// ours take turns, so that whatever the disk does meets both; the figure is the median of their
// ratios. Exits 1 when a line without store is slower than its bound, or the ratio below its own.
// SPDX-License-Identifier: Apache-2.0
#include "agent/intake.h"
#include "made_line.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = EMIT_INTAKE_BATCH, BATCHES = 50, LINES = BATCHES * KEPT };
static const double bound = 300000;    // a second, without a store
static const double ratio_bound = 0.6; // measured: 0.68 to 0.73; a fifth of our time is libmd's

static struct made_line made[KEPT];

static _Noreturn void give_up(const char *why) {
    fprintf(stderr, "intake: %s\n", why);
    exit(2);
}

static double now(void) {
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void make_lines(unsigned from) {
    for (unsigned i = 0; i < KEPT; i++)
        made_line_make(&made[i], "run_bench", from + i, 100, false);
}

// Seconds for the lines that were made.
static double take_in(struct emit_intake *intake) {
    struct emit_error err;
    double began = now();
    for (unsigned i = 0; i < KEPT; i++)
        if (emit_intake_add(intake, &made[i].entry, NULL, &err) != EMIT_OK) give_up(err.text);
    if (emit_intake_finish(intake, &err) != EMIT_OK) give_up(err.text);
    return now() - began;
}

static struct emit_intake *open_intake(const struct emit_destination *to) {
    struct emit_intake *intake = NULL;
    struct emit_error err;
    if (emit_intake_open(&intake, to, &(struct emit_intake_listener){0}, &err) != EMIT_OK)
        give_up(err.text);
    return intake;
}

// Of all lines.
static double lines_a_second(const struct emit_destination *to) {
    struct emit_intake *intake = open_intake(to);
    double seconds = 0;
    for (unsigned from = 0; from < LINES; from += KEPT) {
        make_lines(from);
        seconds += take_in(intake);
    }
    emit_intake_close(intake);
    return LINES / seconds;
}

// --- Bare SQLite ---

struct bare {
    sqlite3 *db;
    sqlite3_stmt *begin, *insert, *claim, *commit;
    uint64_t random;
    int log_pages;
};

static sqlite3_stmt *prepare(sqlite3 *db, const char *text) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        give_up(sqlite3_errmsg(db));
    return statement;
}

static int note_pages(void *owner, sqlite3 *db, const char *name, int pages) {
    (void)db, (void)name;
    ((struct bare *)owner)->log_pages = pages;
    return SQLITE_OK;
}

static void open_bare(struct bare *bare, const char *path) {
    *bare = (struct bare){.random = UINT64_C(88172645463325252)};
    if (sqlite3_open(path, &bare->db) != SQLITE_OK ||
        sqlite3_exec(
            bare->db,
            "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "PRAGMA cache_size=-32768;"
            "CREATE TABLE entry(sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
            " identity BLOB NOT NULL, run_id TEXT NOT NULL, workspace_id TEXT NOT NULL,"
            " time_ns INTEGER NOT NULL, stored_ns INTEGER NOT NULL, claims BLOB,"
            " body TEXT NOT NULL, checksum INTEGER NOT NULL);"
            "CREATE INDEX entry_identity ON entry(substr(identity, 1, 6));"
            "CREATE INDEX entry_run ON entry(run_id, kind) WHERE kind <> 0;"
            "CREATE TABLE claim(key BLOB, sequence INTEGER, PRIMARY KEY(key, sequence))"
            " WITHOUT ROWID",
            NULL, NULL, NULL) != SQLITE_OK)
        give_up(sqlite3_errmsg(bare->db));
    (void)sqlite3_wal_autocheckpoint(bare->db, 0);
    (void)sqlite3_wal_hook(bare->db, note_pages, bare);
    bare->begin = prepare(bare->db, "BEGIN IMMEDIATE");
    bare->insert = prepare(bare->db, "INSERT INTO entry VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    bare->claim = prepare(bare->db, "INSERT INTO claim VALUES(?, ?)");
    bare->commit = prepare(bare->db, "COMMIT");
}

static void close_bare(struct bare *bare) {
    sqlite3_stmt *const statements[] = {bare->begin, bare->insert, bare->claim, bare->commit};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        (void)sqlite3_finalize(statements[i]);
    (void)sqlite3_close(bare->db);
}

static void step(struct bare *bare, sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) give_up(sqlite3_errmsg(bare->db));
    (void)sqlite3_reset(statement);
}

static void fill_random(struct bare *bare, unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i += sizeof bare->random) {
        bare->random ^= bare->random << 13, bare->random ^= bare->random >> 7;
        bare->random ^= bare->random << 17;
        memcpy(bytes + i, &bare->random, sizeof bare->random);
    }
}

static void claim_bare(struct bare *bare, const unsigned char *key) {
    (void)sqlite3_bind_blob(bare->claim, 1, key, 6, SQLITE_STATIC);
    (void)sqlite3_bind_int64(bare->claim, 2, sqlite3_last_insert_rowid(bare->db));
    step(bare, bare->claim);
}

// Seconds for rows as the lines that were made.
static double store_bare(struct bare *bare) {
    static unsigned char identities[KEPT][32], claims[KEPT][96];
    for (unsigned i = 0; i < KEPT; i++) {
        fill_random(bare, identities[i], sizeof identities[i]);
        fill_random(bare, claims[i], sizeof claims[i]);
        memcpy(claims[i], "of all", 6); // the run's grouping
    }
    double began = now();
    step(bare, bare->begin);
    for (unsigned i = 0; i < KEPT; i++) {
        const struct emit_entry *entry = &made[i].entry;
        sqlite3_stmt *insert = bare->insert;
        (void)sqlite3_bind_int64(insert, 1, entry->kind);
        (void)sqlite3_bind_blob(insert, 2, identities[i], 32, SQLITE_STATIC);
        (void)sqlite3_bind_text(insert, 3, entry->run_id, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(insert, 4, entry->workspace_id, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int64(insert, 5, entry->time_ns);
        (void)sqlite3_bind_int64(insert, 6, entry->time_ns);
        (void)sqlite3_bind_blob(insert, 7, claims[i], 96, SQLITE_STATIC);
        (void)sqlite3_bind_text(insert, 8, entry->body, (int)entry->length, SQLITE_STATIC);
        (void)sqlite3_bind_int64(insert, 9, UINT32_MAX);
        step(bare, insert);
        claim_bare(bare, claims[i]);
        claim_bare(bare, claims[i] + 48);
    }
    step(bare, bare->commit);
    if (bare->log_pages >= 1000) // as SQLite does it
        (void)sqlite3_wal_checkpoint_v2(bare->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return now() - began;
}

// --- Both ---

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

struct rates {
    double bare, ours, ratio; // lines a second; the median of the batches' ratios
};

static struct rates store_in_turns(struct bare *bare, const struct emit_destination *to) {
    static double ratios[BATCHES];
    double bare_seconds = 0, our_seconds = 0;
    struct emit_intake *intake = open_intake(to);
    for (unsigned i = 0; i < BATCHES; i++) {
        make_lines(i * KEPT);
        double theirs = store_bare(bare), ours = take_in(intake);
        ratios[i] = theirs / ours;
        bare_seconds += theirs;
        our_seconds += ours;
    }
    emit_intake_close(intake);
    qsort(ratios, BATCHES, sizeof ratios[0], compare);
    return (struct rates){LINES / bare_seconds, LINES / our_seconds, ratios[BATCHES / 2]};
}

int main(void) {
    char folder[] = "/var/tmp/emit-bench-XXXXXX", path[64], command[64];
    struct emit_outbox *outbox = NULL;
    struct emit_error err;
    struct bare bare;
    FILE *output = fopen("/dev/null", "w");
    if (!output || !mkdtemp(folder)) give_up("no folder below /var/tmp");
    const struct emit_destination copied = {.output = output};
    double without = lines_a_second(&copied);
    (void)snprintf(path, sizeof path, "%s/bare.db", folder);
    open_bare(&bare, path);
    (void)snprintf(path, sizeof path, "%s/ours/outbox.db", folder);
    const struct emit_outbox_options options = {.path = path, .max_bytes = INT64_C(8) << 30};
    if (emit_outbox_open(&outbox, &options, &err) != EMIT_OK) give_up(err.text);
    const struct emit_destination stored = {.outbox = outbox, .output = output};
    struct rates rates = store_in_turns(&bare, &stored);
    double again = lines_a_second(&stored);
    close_bare(&bare);
    emit_outbox_close(outbox);
    (void)fclose(output);
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0) printf("# %s stays\n", folder);
    printf("lines of %zu bytes with two claims, %d in batches of %d\n", made[0].entry.length, LINES,
           KEPT);
    printf("judged and copied:           %8.0f a second (bound %.0f)\n", without, bound);
    printf("judged, stored and copied:   %8.0f a second\n", rates.ours);
    printf("bare SQLite:                 %8.0f a second\n", rates.bare);
    printf("ratio of the speeds:         %8.2f (at least %.2f)\n", rates.ratio, ratio_bound);
    printf("the same again, duplicates:  %8.0f a second\n", again);
    return without < bound || rates.ratio < ratio_bound;
}
