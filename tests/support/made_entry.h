// Entries that can be told right from wrong: entry n has an identity and a body
// that n alone determines, so that a reader needs no second copy to compare with.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_MADE_ENTRY_H
#define TESTS_MADE_ENTRY_H

#include "outbox/outbox.h"

#include <stdio.h>
#include <string.h>

enum { MADE_BODY = 700 };

struct made_entry {
    char identity[65], run_id[16], body[MADE_BODY], key[32];
    struct emit_claim claims[2];
    struct emit_entry entry;
};

static inline void made_entry_make(struct made_entry *made, unsigned n) {
    (void)snprintf(made->identity, sizeof made->identity, "%08x%056x", n * 2654435761u, n);
    (void)snprintf(made->run_id, sizeof made->run_id, "run_%u", n % 2);
    int length = snprintf(made->body, sizeof made->body, "{\"n\":%u,\"text\":\"", n);
    unsigned seed = n;
    for (; length < 580; length++) {
        seed = seed * 1103515245u + 12345u;
        made->body[length] = (char)('a' + (seed >> 16) % 26);
    }
    (void)snprintf(made->body + length, sizeof made->body - (size_t)length, "\"}");
    made->entry = (struct emit_entry){
        .kind = EMIT_ENTRY_EVENT,
        .identity = made->identity,
        .run_id = made->run_id,
        .workspace_id = "ws_local",
        .time_ns = 1780000000000000000 + (int64_t)n * 1000000000,
        .body = made->body,
        .length = strlen(made->body),
    };
}

// The entry claims its number, and shares a key with all others.
static inline void made_entry_claim(struct made_entry *made, unsigned n) {
    (void)snprintf(made->key, sizeof made->key, "record %u", n);
    made->claims[0] = (struct emit_claim){.key = "grouping", .value = "request"};
    made->claims[1] = (struct emit_claim){.key = made->key};
    made->entry.claims = made->claims;
    made->entry.claim_count = 2;
}

// True when the entry is the n-th, byte for byte; *n is what it claims to be.
static inline bool made_entry_is_right(const struct emit_entry *entry, unsigned *n) {
    struct made_entry made;
    if (sscanf(entry->body, "{\"n\":%u,", n) != 1) return false;
    made_entry_make(&made, *n);
    return strlen(made.body) == entry->length &&
           memcmp(made.body, entry->body, entry->length) == 0 &&
           strcmp(made.identity, entry->identity) == 0 && strcmp(made.run_id, entry->run_id) == 0;
}

#endif
