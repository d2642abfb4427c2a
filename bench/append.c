// Durable append, one event at a time, against bare SQLite that stores the same
// columns of the same entries (WAL, synchronous=FULL, unique by identity and kind):
// the price of the lock, the checksum, the retention and the look at the free space.
//
// Ten bare commits, ten of ours, ten bare ones again make a block, so that whatever the
// disk does meets both; the figure is the median of the blocks' ratios, and the second
// bare series against the first shows how much the disk itself differs. Exits 1 when
// the ratio is below its bound.
// `append-bench syncs FOLDER COMMITS` only appends, for strace to count the syncs.
// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "made_entry.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BLOCKS = 200, COMMITS = 10 }; // commits of one series in a block
static const double ratio_bound = 0.90;

struct bare {
    sqlite3 *db;
    sqlite3_stmt *begin, *insert, *commit;
};

static int64_t now_ns(void) {
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static _Noreturn void give_up(const char *why) {
    fprintf(stderr, "append: %s\n", why);
    exit(2);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *text) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
        give_up(sqlite3_errmsg(db));
    return statement;
}

static void open_bare(struct bare *bare, const char *folder) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/bare.db", folder);
    if (sqlite3_open(path, &bare->db) != SQLITE_OK ||
        sqlite3_exec(bare->db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                     "CREATE TABLE outbox(sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
                     " kind INTEGER NOT NULL, identity TEXT NOT NULL, run_id TEXT NOT NULL,"
                     " workspace_id TEXT NOT NULL, time_ns INTEGER NOT NULL, body TEXT NOT NULL);"
                     "CREATE UNIQUE INDEX outbox_identity ON outbox(identity, kind)",
                     NULL, NULL, NULL) != SQLITE_OK)
        give_up(sqlite3_errmsg(bare->db));
    bare->begin = prepare(bare->db, "BEGIN IMMEDIATE");
    bare->insert =
        prepare(bare->db,
                "INSERT OR IGNORE INTO outbox(kind, identity, run_id, workspace_id, time_ns, body)"
                " VALUES(?, ?, ?, ?, ?, ?)");
    bare->commit = prepare(bare->db, "COMMIT");
}

static void step(struct bare *bare, sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) give_up(sqlite3_errmsg(bare->db));
    (void)sqlite3_reset(statement);
}

static int64_t append_bare(struct bare *bare, unsigned n) {
    struct made_entry made;
    made_entry_make(&made, n);
    int64_t began_ns = now_ns();
    (void)sqlite3_bind_int(bare->insert, 1, (int)made.entry.kind);
    (void)sqlite3_bind_text(bare->insert, 2, made.identity, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(bare->insert, 3, made.entry.run_id, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(bare->insert, 4, made.entry.workspace_id, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(bare->insert, 5, made.entry.time_ns);
    (void)sqlite3_bind_text(bare->insert, 6, made.body, (int)made.entry.length, SQLITE_STATIC);
    step(bare, bare->begin);
    step(bare, bare->insert);
    step(bare, bare->commit);
    return now_ns() - began_ns;
}

static int64_t append_ours(struct emit_outbox *outbox, unsigned n) {
    struct made_entry made;
    struct emit_error err;
    made_entry_make(&made, n);
    int64_t began_ns = now_ns();
    if (emit_outbox_append(outbox, &made.entry, 1, NULL, &err) != EMIT_OK) give_up(err.text);
    return now_ns() - began_ns;
}

static struct emit_outbox *open_ours(const char *folder) {
    char path[256];
    struct emit_outbox *outbox = NULL;
    struct emit_error err;
    (void)snprintf(path, sizeof path, "%s/ours/outbox.db", folder);
    const struct emit_outbox_options options = {.path = path};
    if (emit_outbox_open(&outbox, &options, &err) != EMIT_OK) give_up(err.text);
    return outbox;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median_of(double *values) {
    qsort(values, BLOCKS, sizeof *values, compare);
    return values[BLOCKS / 2];
}

enum series { BARE, OURS, AGAIN, SERIES_COUNT };

static int run_compared(const char *folder) {
    static double us[SERIES_COUNT][BLOCKS], ratio[BLOCKS], drift[BLOCKS];
    struct bare bare;
    struct emit_outbox *outbox = open_ours(folder);
    open_bare(&bare, folder);
    unsigned n = 0;
    for (size_t block = 0; block < BLOCKS; block++) {
        for (int series = 0; series < SERIES_COUNT; series++) {
            int64_t sum_ns = 0;
            for (int i = 0; i < COMMITS; i++, n++)
                sum_ns += series == OURS ? append_ours(outbox, n) : append_bare(&bare, n);
            us[series][block] = (double)sum_ns / COMMITS / 1e3;
        }
        ratio[block] = (us[BARE][block] + us[AGAIN][block]) / 2 / us[OURS][block];
        drift[block] = us[BARE][block] / us[AGAIN][block];
    }
    emit_outbox_close(outbox);
    double figure = median_of(ratio);
    printf("durable append, one event, the same columns   p50 of a block\n");
    printf("  bare SQLite FULL          %9.1f us\n", median_of(us[BARE]));
    printf("  emit's store              %9.1f us\n", median_of(us[OURS]));
    printf("  bare SQLite FULL again    %9.1f us\n", median_of(us[AGAIN]));
    printf("  bare against itself       %9.3f\n", median_of(drift));
    printf("  ratio of the speeds       %9.3f  (at least %.2f)\n", figure, ratio_bound);
    return figure >= ratio_bound ? 0 : 1;
}

static int run_alone(const char *folder, unsigned commits) {
    struct emit_outbox *outbox = open_ours(folder);
    for (unsigned n = 0; n < commits; n++)
        (void)append_ours(outbox, n);
    emit_outbox_close(outbox);
    return 0;
}

int main(int count, char **words) {
    if (count == 4 && strcmp(words[1], "syncs") == 0)
        return run_alone(words[2], (unsigned)strtoul(words[3], NULL, 10));
    char folder[] = "/var/tmp/emit-append-XXXXXX", command[128];
    if (!mkdtemp(folder)) give_up("no folder to work in");
    int status = run_compared(folder);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0) fprintf(stderr, "append: cannot remove %s\n", folder);
    return status;
}
