// Claims: packed, looked up, put right.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/claims.h"

#include "base/digest.h"

#include <string.h>

enum { KEY = EMIT_CLAIM_KEY, VALUE = 32, NUMBER = 8, SPAN = 0x80 };
_Static_assert(KEY + VALUE == EMIT_ROW_CLAIM, "a claim is a key and a value");
// Of a span: 8 bytes of its key's hash and its end; its begin and the rest of the hash.
_Static_assert(2 * NUMBER == KEY && NUMBER + EMIT_DIGEST - NUMBER == VALUE, "a span fills a claim");

static enum emit_status fail(struct emit_outbox *outbox, const char *what, struct emit_error *err) {
    return emit_sqlite_fail(&outbox->sql, outbox->db, what, outbox->folder.path, err);
}

// --- Packing ---

static void hash_text(const char *text, unsigned char hash[EMIT_DIGEST]) {
    emit_digest_of(text, strlen(text), hash);
}

static const unsigned char *find_key(const unsigned char *claims, size_t length,
                                     const unsigned char *key) {
    for (size_t at = 0; at + EMIT_ROW_CLAIM <= length; at += EMIT_ROW_CLAIM)
        if (memcmp(claims + at, key, KEY) == 0) return claims + at;
    return NULL;
}

// Big-endian from INT64_MIN on: bytes compare as the numbers do.
static void pack_number(unsigned char bytes[NUMBER], int64_t number) {
    uint64_t rest = (uint64_t)number ^ UINT64_C(1) << 63;
    for (int i = NUMBER; i-- > 0; rest >>= 8)
        bytes[i] = (unsigned char)rest;
}

static void pack_span(unsigned char claim[EMIT_ROW_CLAIM], const struct emit_claimed_span *span) {
    unsigned char hash[EMIT_DIGEST];
    hash_text(span->key, hash);
    hash[0] |= SPAN;
    memcpy(claim, hash, NUMBER);
    pack_number(claim + NUMBER, span->to);
    pack_number(claim + KEY, span->from);
    memcpy(claim + KEY + NUMBER, hash + NUMBER, VALUE - NUMBER);
}

enum emit_status emit_claims_pack(struct emit_claims *claims, const struct emit_entry *entry,
                                  struct emit_error *err) {
    claims->length = 0;
    if (entry->span && entry->span->from >= entry->span->to)
        return emit_fail(err, EMIT_INVALID, "an entry claims a span of no length");
    if (entry->claim_count > EMIT_ENTRY_CLAIMS_MAX)
        return emit_fail(err, EMIT_INVALID, "an entry claims at most %d keys",
                         EMIT_ENTRY_CLAIMS_MAX);
    for (size_t i = 0; i < entry->claim_count; i++) {
        const struct emit_claim *claim = &entry->claims[i];
        unsigned char key[EMIT_DIGEST], value[VALUE];
        hash_text(claim->key, key);
        key[0] &= SPAN - 1;
        if (claim->value)
            hash_text(claim->value, value);
        else if (!emit_row_identity_bytes(claim->of ? claim->of : entry->identity, value))
            return emit_fail(err, EMIT_INVALID, "a claim of an entry without an identity");
        const unsigned char *before = find_key(claims->bytes, claims->length, key);
        if (before && memcmp(before + KEY, value, VALUE) != 0)
            return emit_fail(err, EMIT_INVALID, "an entry claims '%s' with two values", claim->key);
        if (before) continue;
        memcpy(claims->bytes + claims->length, key, KEY);
        memcpy(claims->bytes + claims->length + KEY, value, VALUE);
        claims->length += EMIT_ROW_CLAIM;
    }
    if (entry->span) {
        pack_span(claims->bytes + claims->length, entry->span);
        claims->length += EMIT_ROW_CLAIM;
    }
    return EMIT_OK;
}

// The keys of spans that end behind the begin of one: above low, and up to high.
static void bound_span(const unsigned char *claim, unsigned char low[KEY],
                       unsigned char high[KEY]) {
    memcpy(low, claim, NUMBER);
    memcpy(low + NUMBER, claim + KEY, NUMBER);
    memcpy(high, claim, NUMBER);
    memset(high + NUMBER, 0xff, NUMBER);
}

bool emit_claims_bind_span(const struct emit_sqlite *sql, sqlite3_stmt *statement,
                           const struct emit_claimed_span *span) {
    unsigned char claim[EMIT_ROW_CLAIM], low[KEY], high[KEY];
    pack_span(claim, span);
    bound_span(claim, low, high);
    return sql->bind_blob(statement, 6, low, KEY, SQLITE_TRANSIENT) == SQLITE_OK &&
           sql->bind_blob(statement, 7, high, KEY, SQLITE_TRANSIENT) == SQLITE_OK &&
           sql->bind_blob(statement, 8, claim + KEY + NUMBER, VALUE - NUMBER, SQLITE_TRANSIENT) ==
               SQLITE_OK &&
           sql->bind_blob(statement, 9, claim + NUMBER, NUMBER, SQLITE_TRANSIENT) == SQLITE_OK;
}

void emit_claims_ask(struct emit_claim_asked *asked, const char *key, const char *value) {
    unsigned char hash[EMIT_DIGEST];
    hash_text(key, hash);
    hash[0] &= SPAN - 1;
    memcpy(asked->bytes, hash, KEY);
    if (value) hash_text(value, asked->bytes + KEY);
    asked->length = value ? EMIT_ROW_CLAIM : KEY;
}

bool emit_claims_has(const struct emit_row *row, const struct emit_claim_asked *asked) {
    const unsigned char *claim = find_key(row->claims, row->claims_length, asked->bytes);
    return claim && memcmp(claim, asked->bytes, asked->length) == 0;
}

// --- Writing ---

static bool is_span(const unsigned char *claim) {
    return claim[0] & SPAN;
}

// The statement for a line of one of the tables, with key and sequence bound.
static enum emit_status bind_line(struct emit_outbox *outbox, enum emit_statement which,
                                  const unsigned char *claim, uint64_t sequence,
                                  sqlite3_stmt **statement, struct emit_error *err) {
    enum emit_status status = emit_connection_statement(outbox, which, statement, err);
    if (status != EMIT_OK) return status;
    int length = is_span(claim) ? KEY : EMIT_ROW_PREFIX;
    if (outbox->sql.bind_blob(*statement, 1, claim, length, SQLITE_STATIC) != SQLITE_OK ||
        outbox->sql.bind_int64(*statement, 2, (int64_t)sequence) != SQLITE_OK)
        return fail(outbox, "write to", err);
    return EMIT_OK;
}

static enum emit_status store_one(struct emit_outbox *outbox, const unsigned char *claim,
                                  uint64_t sequence, struct emit_error *err) {
    enum emit_statement which = is_span(claim) ? EMIT_STATEMENT_SPAN_PUT : EMIT_STATEMENT_CLAIM_PUT;
    sqlite3_stmt *put = NULL;
    enum emit_status status = bind_line(outbox, which, claim, sequence, &put, err);
    if (status != EMIT_OK) return status;
    if (is_span(claim) &&
        outbox->sql.bind_blob(put, 3, claim + KEY, VALUE, SQLITE_STATIC) != SQLITE_OK)
        return fail(outbox, "write to", err);
    return emit_connection_run(outbox, which, err);
}

enum emit_status emit_claims_store(struct emit_outbox *outbox, const struct emit_row *row,
                                   struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    for (size_t at = 0; status == EMIT_OK && at < row->claims_length; at += EMIT_ROW_CLAIM)
        status = store_one(outbox, row->claims + at, row->entry.sequence, err);
    return status;
}

static enum emit_status drop_one(struct emit_outbox *outbox, const unsigned char *claim,
                                 uint64_t sequence, struct emit_error *err) {
    enum emit_statement which =
        is_span(claim) ? EMIT_STATEMENT_SPAN_DROP : EMIT_STATEMENT_CLAIM_DROP;
    sqlite3_stmt *drop = NULL;
    enum emit_status status = bind_line(outbox, which, claim, sequence, &drop, err);
    return status == EMIT_OK ? emit_connection_run(outbox, which, err) : status;
}

// --- What an entry says ---

enum answer {
    ANSWER_AGREES,
    ANSWER_CLAIMED,   // with another value; of a span: as the table has it
    ANSWER_OTHER_KEY, // that begins with the same bytes
    ANSWER_NOTHING,   // the table is wrong about this entry, or the entry is damaged or gone
};

static enum answer compare(const struct emit_row *row, const unsigned char *claim,
                           const unsigned char *own) {
    bool is_same = own && memcmp(own, claim, EMIT_ROW_CLAIM) == 0;
    if (is_span(claim)) return is_same ? ANSWER_CLAIMED : ANSWER_NOTHING;
    if (own) return is_same ? ANSWER_AGREES : ANSWER_CLAIMED;
    for (size_t at = 0; at + EMIT_ROW_CLAIM <= row->claims_length; at += EMIT_ROW_CLAIM)
        if (memcmp(row->claims + at, claim, EMIT_ROW_PREFIX) == 0) return ANSWER_OTHER_KEY;
    return ANSWER_NOTHING;
}

// Asks the entry that a table names. When it has nothing to say the table is put right.
static enum emit_status ask_holder(struct emit_outbox *outbox, const unsigned char *claim,
                                   uint64_t sequence, enum answer *answer, struct emit_error *err) {
    sqlite3_stmt *get = NULL;
    struct emit_row row = {0};
    enum emit_row_state state = EMIT_ROW_GOOD;
    const unsigned char *own = NULL;
    enum emit_status status = emit_connection_statement(outbox, EMIT_STATEMENT_GET, &get, err);
    if (status != EMIT_OK) return status;
    *answer = ANSWER_NOTHING;
    int code = outbox->sql.bind_int64(get, 1, (int64_t)sequence);
    if (code == SQLITE_OK) code = outbox->sql.step(get);
    if (code == SQLITE_ROW) state = emit_row_read(outbox, get, &row);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        status = fail(outbox, "read", err);
    } else if (state == EMIT_ROW_NO_MEMORY) {
        status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    } else if (code == SQLITE_ROW && state == EMIT_ROW_GOOD) {
        own = find_key(row.claims, row.claims_length, claim);
        *answer = compare(&row, claim, own);
    }
    if (status == EMIT_OK && *answer == ANSWER_NOTHING) {
        status = drop_one(outbox, claim, sequence, err);
        if (status == EMIT_OK && own) status = store_one(outbox, own, sequence, err);
    }
    (void)outbox->sql.reset(get);
    if (status == EMIT_OK && state == EMIT_ROW_BAD)
        status = emit_row_set_aside(outbox, sequence, err);
    return status;
}

// --- Conflicts of keys ---

void emit_claims_settle(struct emit_outbox *outbox, const struct emit_claims *claims) {
    bool fits = claims->length <= sizeof outbox->settled;
    outbox->settled_length = fits ? claims->length : 0;
    if (fits) memcpy(outbox->settled, claims->bytes, claims->length);
}

static bool is_settled(const struct emit_outbox *outbox, const unsigned char *claim) {
    const unsigned char *settled = find_key(outbox->settled, outbox->settled_length, claim);
    return settled && memcmp(settled + KEY, claim + KEY, VALUE) == 0;
}

// The last before *sequence that the table names for the key; 0: none.
static enum emit_status find_holder(struct emit_outbox *outbox, const unsigned char *claim,
                                    uint64_t *sequence, struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    sqlite3_stmt *find = NULL;
    enum emit_status status =
        emit_connection_statement(outbox, EMIT_STATEMENT_CLAIM_FIND, &find, err);
    if (status != EMIT_OK) return status;
    int code = sql->bind_blob(find, 1, claim, EMIT_ROW_PREFIX, SQLITE_STATIC);
    if (code == SQLITE_OK) code = sql->bind_int64(find, 2, (int64_t)*sequence);
    if (code == SQLITE_OK) code = sql->step(find);
    *sequence = 0;
    if (code == SQLITE_ROW)
        *sequence = (uint64_t)sql->column_int64(find, 0);
    else if (code != SQLITE_DONE)
        status = fail(outbox, "read", err);
    (void)sql->reset(find);
    return status;
}

// All good entries that claim a key agree on its value, so the last of them answers for all.
static enum emit_status look_for_key(struct emit_outbox *outbox, const unsigned char *claim,
                                     bool *is_claimed, struct emit_error *err) {
    enum answer answer = ANSWER_OTHER_KEY;
    uint64_t sequence = INT64_MAX;
    while (answer == ANSWER_OTHER_KEY || answer == ANSWER_NOTHING) {
        enum emit_status status = find_holder(outbox, claim, &sequence, err);
        if (status != EMIT_OK || sequence == 0) return status;
        status = ask_holder(outbox, claim, sequence, &answer, err);
        if (status != EMIT_OK) return status;
    }
    *is_claimed = answer == ANSWER_CLAIMED;
    return EMIT_OK;
}

// --- Conflicts of spans ---

// A span of the table that stands in the way of another one, and whose it is.
struct obstacle {
    bool exists;
    uint64_t sequence;
    unsigned char claim[EMIT_ROW_CLAIM];
};

static void note_obstacle(struct emit_outbox *outbox, sqlite3_stmt *find,
                          struct obstacle *obstacle) {
    const struct emit_sqlite *sql = &outbox->sql;
    const void *key = sql->column_blob(find, 0), *value = sql->column_blob(find, 1);
    int key_length = sql->column_bytes(find, 0), value_length = sql->column_bytes(find, 1);
    // Bytes of another length are rot, which no entry bears out.
    *obstacle = (struct obstacle){.exists = true, .sequence = (uint64_t)sql->column_int64(find, 2)};
    if (key && key_length == KEY) memcpy(obstacle->claim, key, KEY);
    if (value && value_length == VALUE) memcpy(obstacle->claim + KEY, value, VALUE);
}

// Who claims some of a span. Those of one key do not overlap: what ends first behind the begin
// begins first, too.
static enum emit_status find_overlap(struct emit_outbox *outbox, const unsigned char *claim,
                                     struct obstacle *obstacle, struct emit_error *err) {
    const struct emit_sqlite *sql = &outbox->sql;
    unsigned char low[KEY], high[KEY];
    sqlite3_stmt *find = NULL;
    enum emit_status status =
        emit_connection_statement(outbox, EMIT_STATEMENT_SPAN_FIND, &find, err);
    if (status != EMIT_OK) return status;
    bound_span(claim, low, high);
    *obstacle = (struct obstacle){0};
    int code = sql->bind_blob(find, 1, low, KEY, SQLITE_STATIC);
    if (code == SQLITE_OK) code = sql->bind_blob(find, 2, high, KEY, SQLITE_STATIC);
    // Of two keys whose hashes begin alike, the rest of them tells.
    bool is_of_key = false;
    while (!is_of_key && (code == SQLITE_OK || code == SQLITE_ROW)) {
        code = sql->step(find);
        if (code != SQLITE_ROW) continue;
        note_obstacle(outbox, find, obstacle);
        is_of_key =
            memcmp(obstacle->claim + KEY + NUMBER, claim + KEY + NUMBER, VALUE - NUMBER) == 0;
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) status = fail(outbox, "read", err);
    obstacle->exists = is_of_key && memcmp(obstacle->claim + KEY, claim + NUMBER, NUMBER) < 0;
    (void)sql->reset(find);
    return status;
}

static enum emit_status look_for_overlap(struct emit_outbox *outbox, const unsigned char *claim,
                                         bool *is_claimed, struct emit_error *err) {
    while (!*is_claimed) {
        struct obstacle obstacle;
        enum answer answer = ANSWER_NOTHING;
        enum emit_status status = find_overlap(outbox, claim, &obstacle, err);
        if (status != EMIT_OK || !obstacle.exists) return status;
        // Each turn proves a claim, or takes a rotten one away.
        status = ask_holder(outbox, obstacle.claim, obstacle.sequence, &answer, err);
        if (status != EMIT_OK) return status;
        *is_claimed = answer == ANSWER_CLAIMED;
    }
    return EMIT_OK;
}

enum emit_status emit_claims_find_conflict(struct emit_outbox *outbox,
                                           const struct emit_claims *claims, bool *is_claimed,
                                           struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    *is_claimed = false;
    for (size_t at = 0; at < claims->length && status == EMIT_OK && !*is_claimed;
         at += EMIT_ROW_CLAIM) {
        const unsigned char *claim = claims->bytes + at;
        if (is_span(claim))
            status = look_for_overlap(outbox, claim, is_claimed, err);
        else if (!is_settled(outbox, claim))
            status = look_for_key(outbox, claim, is_claimed, err);
    }
    return status;
}

// --- The whole tables ---

enum emit_status emit_claims_compare(struct emit_outbox *outbox, uint64_t *wrong,
                                     struct emit_error *err) {
    // Every claim of an entry stands in its table, and nothing else does. One statement: it
    // sees one moment of the store.
    static const char text[] =
        "SELECT (SELECT count(*) FROM entry WHERE claims IS NOT NULL AND EXISTS("
        "WITH RECURSIVE place(at) AS (VALUES(1) UNION ALL"
        " SELECT at + 48 FROM place WHERE at + 48 < length(claims))"
        " SELECT 1 FROM place WHERE NOT EXISTS(SELECT 1 FROM claim"
        " WHERE key = substr(entry.claims, at, 6) AND claim.sequence = entry.sequence"
        " AND key < x'80') AND NOT EXISTS(SELECT 1 FROM span"
        " WHERE key = substr(entry.claims, at, 16) AND span.sequence = entry.sequence"
        " AND value = substr(entry.claims, at + 16, 32) AND key >= x'80')))"
        " + max(0, (SELECT count(*) FROM claim) + (SELECT count(*) FROM span) -"
        " (SELECT coalesce(sum(length(claims)), 0) / 48 FROM entry))";
    int64_t count = 0;
    if (emit_sqlite_integer(&outbox->sql, outbox->db, text, &count) != SQLITE_ROW)
        return fail(outbox, "check", err);
    *wrong = (uint64_t)count;
    return EMIT_OK;
}

// Where the claims of entries stand in their rows.
#define PLACES                                                                                     \
    "WITH RECURSIVE place(at) AS (VALUES(1) UNION ALL SELECT at + 48 FROM place"                   \
    " WHERE at + 48 < (SELECT max(length(claims)) FROM entry)) "

enum emit_status emit_claims_rebuild(struct emit_outbox *outbox, struct emit_error *err) {
    enum emit_status status = emit_connection_exec(
        outbox,
        "BEGIN IMMEDIATE; DELETE FROM claim; DELETE FROM span;" PLACES
        "INSERT OR IGNORE INTO claim(key, sequence) SELECT substr(claims, at, 6), sequence"
        " FROM entry JOIN place ON at < length(claims) WHERE substr(claims, at, 1) < x'80';" PLACES
        "INSERT OR IGNORE INTO span(key, value, sequence)"
        " SELECT substr(claims, at, 16), substr(claims, at + 16, 32), sequence"
        " FROM entry JOIN place ON at < length(claims) WHERE substr(claims, at, 1) >= x'80';"
        "COMMIT",
        err);
    if (status != EMIT_OK) emit_connection_roll_back(outbox);
    return status;
}
