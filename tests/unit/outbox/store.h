// A store in a folder of its own for one test.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_OUTBOX_STORE_H
#define TESTS_OUTBOX_STORE_H

#include "base/error.h"
#include "made_entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store {
    char root[64], folder[256], path[300];
    struct emit_outbox_options options;
    struct emit_outbox *outbox;
    struct emit_error err;
    size_t stored, duplicates, conflicts; // of the last store_add
    // Of the last store_read:
    size_t count, damaged;
    unsigned wrong;
    uint64_t first, last;
    bool in_order;
};

static inline void store_must(struct store *store, enum emit_status status) {
    if (status == EMIT_OK) return;
    printf("Bail out! %s\n", store->err.text);
    exit(1);
}

static inline void store_open(struct store *store) {
    store->options.path = store->path;
    store_must(store, emit_outbox_open(&store->outbox, &store->options, &store->err));
}

static inline void store_begin_with(struct store *store, const char *name,
                                    const struct emit_outbox_options *options) {
    *store = (struct store){.options = *options};
    (void)snprintf(store->root, sizeof store->root, "/tmp/emit-outbox-XXXXXX");
    if (!mkdtemp(store->root)) store_must(store, emit_fail(&store->err, EMIT_SYSTEM, "no folder"));
    (void)snprintf(store->folder, sizeof store->folder, "%s/%s", store->root, name);
    (void)snprintf(store->path, sizeof store->path, "%s/outbox.db", store->folder);
    store_open(store);
}

static inline void store_begin(struct store *store, const char *name) {
    store_begin_with(store, name, &(struct emit_outbox_options){0});
}

static inline void store_reopen(struct store *store) {
    emit_outbox_close(store->outbox);
    store->outbox = NULL;
    store_open(store);
}

// Closes and removes everything below the root.
static inline void store_end(struct store *store) {
    char command[128];
    emit_outbox_close(store->outbox);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", store->root);
    if (system(command) != 0) printf("# cannot remove %s\n", store->root);
}

// Appends, and counts the fates.
static inline enum emit_status store_append(struct store *store, const struct emit_entry *entries,
                                            size_t count) {
    enum emit_entry_fate *fates = calloc(count, sizeof *fates);
    if (!fates) abort();
    enum emit_status status = emit_outbox_append(store->outbox, entries, count, fates, &store->err);
    store->stored = store->duplicates = store->conflicts = 0;
    for (size_t i = 0; status == EMIT_OK && i < count; i++) {
        store->stored += fates[i] == EMIT_ENTRY_STORED;
        store->duplicates += fates[i] == EMIT_ENTRY_DUPLICATE;
        store->conflicts += fates[i] == EMIT_ENTRY_CONFLICT;
    }
    free(fates);
    return status;
}

// Entries first .. first + count - 1 in one append.
static inline enum emit_status store_add(struct store *store, unsigned first, size_t count) {
    struct made_entry *made = calloc(count, sizeof *made);
    struct emit_entry *entries = calloc(count, sizeof *entries);
    if (!made || !entries) abort();
    for (size_t i = 0; i < count; i++) {
        made_entry_make(&made[i], first + (unsigned)i);
        entries[i] = made[i].entry;
    }
    enum emit_status status = store_append(store, entries, count);
    free(made);
    free(entries);
    return status;
}

static inline bool store_take(void *owner, const struct emit_entry *entry) {
    struct store *store = owner;
    unsigned n = 0;
    if (!made_entry_is_right(entry, &n)) store->wrong++;
    if (store->count == 0) store->first = entry->sequence;
    if (store->count > 0 && entry->sequence <= store->last) store->in_order = false;
    store->last = entry->sequence;
    store->count++;
    return true;
}

static inline size_t store_read(struct store *store, const struct emit_outbox_query *query) {
    store->count = store->damaged = 0;
    store->wrong = 0;
    store->in_order = true;
    store_must(store, emit_outbox_visit(store->outbox, query, store_take, store, &store->damaged,
                                        &store->err));
    return store->count;
}

#endif
