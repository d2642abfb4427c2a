// Reading the store: entries in order, its figures, and the check of everything.
// Readers take no lock: SQLite shows each of them one moment of the store.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/outbox.h"

#include "base/text.h"
#include "outbox/claims.h"
#include "outbox/session.h"
#include "outbox/summary.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

// For the check of everything: also rows of a kind that nobody asks for.
static const enum emit_entry_kind every_kind = EMIT_ENTRY_KINDS;

enum { BAD_ROWS_MAX = 256 }; // set aside after one visit; what is beyond waits for the next

struct bad_rows {
    size_t count;
    uint64_t sequences[BAD_ROWS_MAX];
};

static enum emit_status fail(struct emit_outbox *outbox, struct emit_error *err) {
    return emit_sqlite_fail(&outbox->sql, outbox->db, "read", outbox->folder.path, err);
}

// A handle whose connection was dropped after an error, or whose file was set
// aside by another process, connects again.
static enum emit_status make_sure(struct emit_outbox *outbox, struct emit_error *err) {
    if (getpid() == outbox->owner && emit_connection_is_current(outbox)) return EMIT_OK;
    enum emit_status status = emit_session_enter(outbox, err);
    if (status == EMIT_OK) emit_session_leave(outbox, EMIT_OK);
    return status;
}

// Damage met by a reader: the next to open for writing looks at the whole file.
static void mark_damaged(struct emit_outbox *outbox) {
    if (emit_lock_take(&outbox->lock, NULL) != EMIT_OK) return;
    outbox->lock.unclean = true;
    emit_lock_give(&outbox->lock);
}

// One visit.
struct visit {
    const struct emit_outbox_query *query;
    uint64_t before;               // sequence: only those that claim something, before it; 0: all
    struct emit_claim_asked claim; // of a query that names one
    sqlite3_stmt *statement;
    emit_outbox_visitor *visitor;
    void *owner;
    struct bad_rows bad;
    size_t bad_count;
    bool ended; // by the visitor
};

static enum emit_status prepare(struct emit_outbox *outbox, struct visit *visit,
                                struct emit_error *err) {
    const struct emit_outbox_query *query = visit->query;
    char text[640];
    // The index on runs holds what is not an event, a small part of the store: naming that lets
    // SQLite use it.
    bool by_run = query->run_id != NULL, is_other = query->kind != EMIT_ENTRY_EVENT;
    const char *run_clause =
        by_run ? is_other ? " AND kind <> 0 AND run_id = ?2" : " AND run_id = ?2"
        : is_other && query->kind != every_kind
            ? " AND sequence IN (SELECT sequence FROM entry INDEXED BY entry_run"
              " WHERE kind <> 0 AND kind = ?1)"
            : "";
    bool fits = emit_text_format(
        text, sizeof text,
        "SELECT " EMIT_ROW_COLUMNS " FROM entry WHERE %s%s%s%s%s%s ORDER BY sequence%s LIMIT ?4",
        query->kind == every_kind ? "?1 = ?1" : "kind = ?1", run_clause,
        visit->before ? " AND claims IS NOT NULL AND sequence < ?10" : "",
        query->claim ? " AND sequence IN (SELECT sequence FROM claim WHERE key = ?5)" : "",
        query->span ? " AND sequence IN (" EMIT_CLAIMS_OF_SPAN ")" : "",
        query->newest_first ? "" : " AND sequence > ?3", query->newest_first ? " DESC" : "");
    const struct emit_sqlite *sql = &outbox->sql;
    if (!fits || sql->prepare_v3(outbox->db, text, -1, 0, &visit->statement, NULL) != SQLITE_OK)
        return fail(outbox, err);
    sqlite3_stmt *statement = visit->statement;
    int64_t limit = query->limit ? (int64_t)query->limit : -1;
    if (query->claim) emit_claims_ask(&visit->claim, query->claim, query->claim_value);
    if (sql->bind_int64(statement, 1, (int64_t)query->kind) == SQLITE_OK &&
        (!by_run || sql->bind_text(statement, 2, query->run_id, -1, SQLITE_STATIC) == SQLITE_OK) &&
        (query->newest_first ||
         sql->bind_int64(statement, 3, (int64_t)query->after_sequence) == SQLITE_OK) &&
        sql->bind_int64(statement, 4, limit) == SQLITE_OK &&
        (!visit->before || sql->bind_int64(statement, 10, (int64_t)visit->before) == SQLITE_OK) &&
        (!query->claim || sql->bind_blob(statement, 5, visit->claim.bytes, EMIT_ROW_PREFIX,
                                         SQLITE_STATIC) == SQLITE_OK) &&
        (!query->span || emit_claims_bind_span(sql, statement, query->span)))
        return EMIT_OK;
    return fail(outbox, err);
}

// A page that is reached twice, or in another's place, shows in the order of what is read.
static bool is_in_order(uint64_t before, uint64_t sequence, bool newest_first) {
    return before == 0 || (newest_first ? sequence < before : sequence > before);
}

static void remember_bad(struct visit *visit, uint64_t sequence) {
    struct bad_rows *bad = &visit->bad;
    visit->bad_count++;
    if (bad->count < BAD_ROWS_MAX) bad->sequences[bad->count++] = sequence;
}

static enum emit_status walk(struct emit_outbox *outbox, struct visit *visit,
                             struct emit_error *err) {
    for (uint64_t before = 0;;) {
        struct emit_row row;
        int code = outbox->sql.step(visit->statement);
        if (code == SQLITE_DONE) return EMIT_OK;
        if (code != SQLITE_ROW) return fail(outbox, err);
        enum emit_row_state state = emit_row_read(outbox, visit->statement, &row);
        if (state == EMIT_ROW_NO_MEMORY)
            return emit_fail(err, EMIT_NO_MEMORY, "cannot read %s: out of memory",
                             outbox->folder.path);
        if (!is_in_order(before, row.entry.sequence, visit->query->newest_first))
            return emit_fail(err, EMIT_CORRUPT, "%s is damaged: its entries are out of order",
                             outbox->folder.path);
        before = row.entry.sequence;
        // Another key may begin with the same bytes.
        bool is_asked_for = state == EMIT_ROW_GOOD &&
                            (!visit->query->claim || emit_claims_has(&row, &visit->claim));
        if (state == EMIT_ROW_BAD)
            remember_bad(visit, row.entry.sequence);
        else if (is_asked_for && visit->visitor)
            visit->ended = !visit->visitor(visit->owner, &row.entry);
        if (visit->ended) return EMIT_OK;
    }
}

// What was found bad without the lock is looked at once more with it.
static enum emit_status quarantine(struct emit_outbox *outbox, const struct bad_rows *bad,
                                   struct emit_error *err) {
    if (bad->count == 0 || outbox->read_only) return EMIT_OK;
    enum emit_status status = emit_session_enter(outbox, err);
    if (status != EMIT_OK) return status;
    status = emit_connection_run(outbox, EMIT_STATEMENT_BEGIN, err);
    for (size_t i = 0; status == EMIT_OK && i < bad->count; i++)
        status = emit_row_set_aside(outbox, bad->sequences[i], err);
    if (status == EMIT_OK) status = emit_connection_run(outbox, EMIT_STATEMENT_COMMIT, err);
    if (status != EMIT_OK) emit_connection_roll_back(outbox);
    emit_session_leave(outbox, status);
    return status;
}

enum emit_status emit_outbox_visit(struct emit_outbox *outbox,
                                   const struct emit_outbox_query *query,
                                   emit_outbox_visitor *visitor, void *owner, size_t *damaged,
                                   struct emit_error *err) {
    struct visit visit = {.query = query, .visitor = visitor, .owner = owner};
    enum emit_status status = make_sure(outbox, err);
    if (status != EMIT_OK) return status;
    status = prepare(outbox, &visit, err);
    if (status == EMIT_OK) status = walk(outbox, &visit, err);
    (void)outbox->sql.finalize(visit.statement);
    if (status == EMIT_CORRUPT) mark_damaged(outbox);
    // Bad rows that cannot be set aside now (a full disk) are met again next time.
    (void)quarantine(outbox, &visit.bad, NULL);
    if (status == EMIT_OK && damaged) *damaged = visit.bad_count;
    return status;
}

// --- With summaries ---

// The first summary that begins behind a sequence and is whole; found is false for none.
static enum emit_status next_summary(struct emit_outbox *outbox, uint64_t behind,
                                     struct emit_summary *summary, bool *found,
                                     struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    sqlite3_stmt *next = NULL;
    *found = false;
    if (outbox->has_no_summaries) return EMIT_OK;
    enum emit_status status =
        emit_connection_statement(outbox, EMIT_STATEMENT_SUMMARY_NEXT, &next, err);
    if (status != EMIT_OK) return status;
    for (int code = SQLITE_ROW; !*found && code == SQLITE_ROW;) {
        (void)sql->reset(next); // what was found before was borrowed until now
        code = sql->bind_int64(next, 1, (int64_t)behind);
        if (code == SQLITE_OK) code = sql->step(next);
        if (code != SQLITE_ROW && code != SQLITE_DONE) return fail(outbox, err);
        *found = code == SQLITE_ROW && emit_summary_read(sql, next, summary);
        if (code == SQLITE_ROW) behind = summary->first; // a damaged one counts as gone
    }
    return EMIT_OK;
}

// Events that claim something, between two sequences.
static enum emit_status visit_between(struct emit_outbox *outbox, struct visit *visit,
                                      uint64_t after, uint64_t before, struct emit_error *err) {
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_EVENT, .after_sequence = after};
    if (before - after <= 1) return EMIT_OK;
    visit->query = &query;
    visit->before = before;
    enum emit_status status = prepare(outbox, visit, err);
    if (status == EMIT_OK) status = walk(outbox, visit, err);
    (void)outbox->sql.finalize(visit->statement);
    visit->statement = NULL;
    visit->query = NULL;
    return status;
}

static enum emit_status visit_summed(struct emit_outbox *outbox,
                                     emit_outbox_summary_visitor *summary_visitor,
                                     struct visit *visit, struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    uint64_t seen = 0;
    for (bool found = true; status == EMIT_OK && found && !visit->ended;) {
        struct emit_summary summary;
        status = next_summary(outbox, seen, &summary, &found, err);
        if (status == EMIT_OK)
            status = visit_between(outbox, visit, seen, found ? summary.first : INT64_MAX, err);
        if (status != EMIT_OK || !found) continue;
        seen = summary.last;
        if (!summary_visitor(visit->owner, summary.body, summary.length, summary.first))
            status = visit_between(outbox, visit, summary.first - 1, seen + 1, err);
    }
    sqlite3_stmt *next = outbox->statements[EMIT_STATEMENT_SUMMARY_NEXT];
    if (next) (void)outbox->sql.reset(next);
    return status;
}

enum emit_status emit_outbox_visit_summed(struct emit_outbox *outbox,
                                          emit_outbox_summary_visitor *summary_visitor,
                                          emit_outbox_visitor *visitor, void *owner,
                                          size_t *damaged, struct emit_error *err) {
    struct visit visit = {.visitor = visitor, .owner = owner};
    enum emit_status status = make_sure(outbox, err);
    if (status != EMIT_OK) return status;
    // One moment: else an entry could go between its summary and the next.
    status = emit_connection_exec(outbox, "BEGIN", err);
    if (status != EMIT_OK) return status;
    status = visit_summed(outbox, summary_visitor, &visit, err);
    emit_connection_roll_back(outbox);
    if (status == EMIT_CORRUPT) mark_damaged(outbox);
    (void)quarantine(outbox, &visit.bad, NULL);
    if (status == EMIT_OK && damaged) *damaged = visit.bad_count;
    return status;
}

// --- Figures, and the check of everything ---

static uint64_t file_bytes(const struct emit_outbox *outbox, const char *suffix) {
    char name[EMIT_STORE_NAME_MAX + 16];
    struct stat found;
    (void)emit_folder_name(&outbox->folder, suffix, name, sizeof name);
    if (fstatat(outbox->folder.directory, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    return (uint64_t)found.st_size;
}

static enum emit_status count_kinds(struct emit_outbox *outbox, struct emit_outbox_stats *stats,
                                    struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    sqlite3_stmt *statement = NULL;
    int code = sql->prepare_v3(outbox->db, "SELECT kind, count(*) FROM entry GROUP BY kind", -1, 0,
                               &statement, NULL);
    if (code == SQLITE_OK)
        while ((code = sql->step(statement)) == SQLITE_ROW) {
            int64_t kind = sql->column_int64(statement, 0);
            if (kind >= 0 && kind < EMIT_ENTRY_KINDS)
                stats->entries[kind] = (uint64_t)sql->column_int64(statement, 1);
        }
    enum emit_status status = code == SQLITE_DONE ? EMIT_OK : fail(outbox, err);
    (void)sql->finalize(statement);
    return status;
}

enum emit_status emit_outbox_stats_read(struct emit_outbox *outbox, struct emit_outbox_stats *stats,
                                        struct emit_error *err) {
    struct emit_outbox_stats read = {0};
    int64_t quarantined = 0, version = 0;
    const struct {
        const char *text;
        int64_t *value;
    } figures[] = {
        {"SELECT count(*) FROM quarantine", &quarantined},
        {"PRAGMA user_version", &version},
        {"SELECT min(time_ns) FROM entry", &read.oldest_ns},
        {"SELECT max(time_ns) FROM entry", &read.newest_ns},
    };
    enum emit_status status = make_sure(outbox, err);
    if (status == EMIT_OK) status = count_kinds(outbox, &read, err);
    for (size_t i = 0; status == EMIT_OK && i < sizeof figures / sizeof *figures; i++)
        if (emit_sqlite_integer(&outbox->sql, outbox->db, figures[i].text, figures[i].value) !=
            SQLITE_ROW)
            status = fail(outbox, err);
    if (status == EMIT_CORRUPT) mark_damaged(outbox);
    if (status != EMIT_OK) return status;
    read.quarantined = (uint64_t)quarantined;
    read.schema_version = (int)version;
    read.file_bytes = file_bytes(outbox, "") + file_bytes(outbox, "-wal");
    read.max_bytes = (uint64_t)outbox->max_bytes;
    read.retention_ns = outbox->retention_ns;
    *stats = read;
    return EMIT_OK;
}

static bool count_good(void *owner, const struct emit_entry *entry) {
    (void)entry;
    ++*(uint64_t *)owner;
    return true;
}

// Claims that are not as the entries have them.
static enum emit_status check_claims(struct emit_outbox *outbox, uint64_t *wrong,
                                     struct emit_error *err) {
    enum emit_status status = emit_claims_compare(outbox, wrong, err);
    if (status != EMIT_OK || *wrong == 0 || outbox->read_only) return status;
    status = emit_session_enter(outbox, err);
    if (status != EMIT_OK) return status;
    status = emit_claims_rebuild(outbox, err);
    emit_session_leave(outbox, status);
    return status;
}

// Summaries that are not of their entries. All of them go then: they only spare reading.
static enum emit_status check_summaries(struct emit_outbox *outbox, uint64_t *wrong,
                                        struct emit_error *err) {
    *wrong = 0;
    if (outbox->has_no_summaries) return EMIT_OK;
    enum emit_status status = emit_summary_compare(outbox, wrong, err);
    if (status != EMIT_OK || *wrong == 0 || outbox->read_only) return status;
    status = emit_session_enter(outbox, err);
    if (status != EMIT_OK) return status;
    status = emit_connection_exec(outbox, "DELETE FROM summary", err);
    emit_session_leave(outbox, status);
    return status;
}

// The sentence for what verify found; EMIT_OK for nothing.
static enum emit_status tell_findings(const struct emit_outbox *outbox, uint64_t bad,
                                      uint64_t bad_claims, uint64_t bad_summaries,
                                      struct emit_error *err) {
    const char *path = outbox->folder.path;
    if (outbox->has_forgotten)
        return emit_fail(err, EMIT_CORRUPT, "%s has lost entries with the end of its log", path);
    if (bad > 0)
        return emit_fail(err, EMIT_CORRUPT, "%llu entries of %s do not match their checksum",
                         (unsigned long long)bad, path);
    if (bad_claims > 0)
        return emit_fail(err, EMIT_CORRUPT, "%llu claims of %s did not agree with their entries%s",
                         (unsigned long long)bad_claims, path,
                         outbox->read_only ? "" : " and were written anew");
    if (bad_summaries > 0)
        return emit_fail(
            err, EMIT_CORRUPT, "%llu summaries of %s did not agree with their entries%s",
            (unsigned long long)bad_summaries, path, outbox->read_only ? "" : " and were removed");
    return EMIT_OK;
}

enum emit_status emit_outbox_verify(struct emit_outbox *outbox, uint64_t *good, uint64_t *bad,
                                    struct emit_error *err) {
    uint64_t good_count = 0, bad_claims = 0, bad_summaries = 0;
    size_t damaged = 0;
    bool finished = false;
    const struct emit_outbox_query query = {.kind = every_kind};
    enum emit_status status =
        emit_outbox_visit(outbox, &query, count_good, &good_count, &damaged, err);
    // A bad row that could not be set aside has cost the connection.
    if (status == EMIT_OK) status = make_sure(outbox, err);
    if (status == EMIT_OK) status = emit_connection_check(outbox, true, 0, &finished, err);
    if (status == EMIT_OK) status = check_claims(outbox, &bad_claims, err);
    if (status == EMIT_OK) status = check_summaries(outbox, &bad_summaries, err);
    bool is_broken = status == EMIT_CORRUPT;
    if (is_broken)
        mark_damaged(outbox);
    else if (status != EMIT_OK)
        return status;
    *good = good_count;
    *bad = damaged + bad_claims + bad_summaries + is_broken + outbox->has_forgotten;
    return is_broken ? status : tell_findings(outbox, damaged, bad_claims, bad_summaries, err);
}
