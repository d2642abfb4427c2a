// The store: checked lines that survive kill -9, a full disk and a power cut.
//
// An append that returned EMIT_OK is on disk. Entries are unique by (kind,
// identity): storing one again changes nothing and is told. Every row carries a
// checksum; a damaged row is set aside and counted, its neighbours live on.
// Several processes may hold the same store open. SQLite is opened at run time;
// where it is missing, opening says which package brings it.
//
// The outbox knows bytes, not energy: who calls it has passed the contract.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_OUTBOX_H
#define OUTBOX_OUTBOX_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EMIT_ENTRY_BODY_MAX = 256 * 1024, // bytes of one body
    EMIT_ENTRY_IDENTITY_MAX = 64,     // characters
    EMIT_ENTRY_CLAIMS_MAX = 64,       // of one entry
    EMIT_SUMMARY_BODY_MAX = 64 * 1024,
};

enum emit_entry_kind {
    EMIT_ENTRY_EVENT,      // a line on the emit channel: strict by contract
    EMIT_ENTRY_DIAGNOSTIC, // a caveat: design 3, "Diagnostics"
    EMIT_ENTRY_REPORT,     // the report of a run, for `emit show`
    EMIT_ENTRY_KINDS,
};

// What an entry lays claim to: a key that no entry of other content may have. A claim
// lives as long as its entry.
struct emit_claim {
    const char *key;   // any text; only its hash is kept
    const char *value; // NULL: an identity. Two entries may share key and value.
    const char *of;    // without value: which entry's identity; NULL: its own
};

// What an entry claims of a line of numbers: [from, to), from < to. No other entry may claim
// one of them under the same key, so that of two spans which overlap one is stored.
struct emit_claimed_span {
    const char *key; // any text; only its hash is kept
    int64_t from, to;
};

// What became of an entry that was appended.
enum emit_entry_fate {
    EMIT_ENTRY_STORED,
    EMIT_ENTRY_DUPLICATE, // it is there already, byte for byte
    EMIT_ENTRY_CONFLICT,  // another entry claims what it claims: not stored
};

struct emit_entry {
    enum emit_entry_kind kind;
    const char *identity;     // SHA-256 in lower-case hexadecimal; for a report of its key
    const char *run_id;       // "" for facility grain
    const char *workspace_id; // "ws_local" is held back from network sinks
    int64_t time_ns;          // UTC: end of the window the entry speaks of
    const char *body;         // one JSON object, no line end
    size_t length;
    uint64_t sequence;               // set on reading: strictly rising, never reused
    const struct emit_claim *claims; // of writing only; borrowed
    size_t claim_count;
    const struct emit_claimed_span *span; // of writing only; borrowed; NULL: none
};

struct emit_outbox_options {
    const char *path;     // of the database file; its folder is created 0700
    int64_t max_bytes;    // size limit of the file; 0: the default (1 GiB)
    int64_t retention_ns; // how long delivered entries are kept after storing; 0: 90 days
    bool read_only;       // for list, export, stats: creates nothing
};

struct emit_outbox;

// EMIT_ABSENT: libsqlite3 is missing, or read_only and there is no store.
// EMIT_DENIED, EMIT_FULL, EMIT_SYSTEM: the folder or file cannot be used.
// A damaged store is set aside (renamed), a fresh one opened and what can still be
// read carried over; emit_outbox_notice says so, and opening succeeds (read_only:
// EMIT_CORRUPT). A folder on a file system where WAL cannot work (NFS, Lustre, ...)
// moves the store to node-local state; see emit_outbox_path.
// EMIT_INVALID: a file that is no store of ours, or one of a newer emit.
// One thread at a time; a handle is of no use in a child of fork but to close.
EMIT_MUST_CHECK enum emit_status emit_outbox_open(struct emit_outbox **outbox,
                                                  const struct emit_outbox_options *options,
                                                  struct emit_error *err);
void emit_outbox_close(struct emit_outbox *outbox); // accepts NULL

// The place a store asked for at `path` has on this node, without looking into it
// or creating anything: `path` itself, or a node-local one where that lies on a
// network file system. For what is kept beside the store.
EMIT_MUST_CHECK enum emit_status emit_outbox_locate(const char *path, char *place, size_t size,
                                                    struct emit_error *err);

// Where the store really is, and the sentence to tell the user when that is not
// where it was asked to be, or when a damaged one was set aside; NULL for nothing to tell.
const char *emit_outbox_path(const struct emit_outbox *outbox);
const char *emit_outbox_notice(const struct emit_outbox *outbox);

// All entries in one transaction, on disk on return: all, but those in conflict, or none.
// fates: what became of each; may be NULL.
// EMIT_FULL: the size limit or the disk; nothing of the call was stored.
EMIT_MUST_CHECK enum emit_status emit_outbox_append(struct emit_outbox *outbox,
                                                    const struct emit_entry *entries, size_t count,
                                                    enum emit_entry_fate *fates,
                                                    struct emit_error *err);

// What the entries come to that an append stored, in the words of whoever appends: kept until
// one of them goes, for emit_outbox_visit_summed.
struct emit_outbox_summary {
    // Called once the fates are known and something is stored, before any of it is on disk.
    // False, or more than the text holds: none is kept.
    bool (*write)(void *owner, const enum emit_entry_fate *fates, struct emit_text *body);
    void *owner;
};
// emit_outbox_append with a summary.
EMIT_MUST_CHECK enum emit_status
emit_outbox_append_summed(struct emit_outbox *outbox, const struct emit_entry *entries,
                          size_t count, enum emit_entry_fate *fates,
                          const struct emit_outbox_summary *summary, struct emit_error *err);

struct emit_outbox_query {
    enum emit_entry_kind kind;
    const char *run_id;                   // NULL: all
    const char *claim;                    // a key that they claim; NULL: all
    const char *claim_value;              // with this value, of claim; NULL: any
    const struct emit_claimed_span *span; // the first that claims some of it; NULL: all
    uint64_t after_sequence;              // entries behind it, oldest first
    bool newest_first;                    // then `after_sequence` is not looked at
    size_t limit;                         // 0: no limit
};
// Visits entries (borrowed until the visitor returns); a visitor that answers
// false ends it. Damaged rows are not shown; *damaged (may be NULL) counts them.
typedef bool emit_outbox_visitor(void *owner, const struct emit_entry *entry);
EMIT_MUST_CHECK enum emit_status emit_outbox_visit(struct emit_outbox *outbox,
                                                   const struct emit_outbox_query *query,
                                                   emit_outbox_visitor *visitor, void *owner,
                                                   size_t *damaged, struct emit_error *err);

// Visits the summaries there are, and each event that claims something and is in none: together
// all of them once, in their order, as one moment of the store had them. first: the sequence of
// the first entry stored by the append that the summary is of, and those behind it follow. A
// visitor that cannot read a summary answers false, and its events are visited instead.
typedef bool emit_outbox_summary_visitor(void *owner, const char *body, size_t length,
                                         uint64_t first);
EMIT_MUST_CHECK enum emit_status
emit_outbox_visit_summed(struct emit_outbox *outbox, emit_outbox_summary_visitor *summary_visitor,
                         emit_outbox_visitor *visitor, void *owner, size_t *damaged,
                         struct emit_error *err);

struct emit_outbox_stats {
    uint64_t entries[EMIT_ENTRY_KINDS];
    uint64_t quarantined; // rows that failed their checksum
    uint64_t file_bytes;  // database and write-ahead log
    uint64_t max_bytes;
    int64_t retention_ns;         // entries stored longer ago go as new ones come
    int64_t oldest_ns, newest_ns; // UTC of the entries; 0 when empty
    int schema_version;
};
EMIT_MUST_CHECK enum emit_status emit_outbox_stats_read(struct emit_outbox *outbox,
                                                        struct emit_outbox_stats *stats,
                                                        struct emit_error *err);

// Reads everything: checksums, claims, summaries and SQLite's own check. *bad counts what is
// wrong (unless read_only, rows are moved to quarantine, claims written anew as the entries have
// them, and summaries removed). EMIT_CORRUPT when anything is.
EMIT_MUST_CHECK enum emit_status emit_outbox_verify(struct emit_outbox *outbox, uint64_t *good,
                                                    uint64_t *bad, struct emit_error *err);
// Removes entries that were stored before before_ns (UTC) and gives the pages back to the file
// system.
EMIT_MUST_CHECK enum emit_status emit_outbox_prune(struct emit_outbox *outbox, int64_t before_ns,
                                                   uint64_t *removed, struct emit_error *err);

#endif
