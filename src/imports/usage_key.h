// What tells one usage record from another, in few bytes: its ids, or a digest of its own
// bytes when it has none; and the record_ref that is made of it.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_KEY_H
#define IMPORTS_USAGE_KEY_H

#include "imports/usage_book.h"

enum {
    EMIT_USAGE_KEY_MAX = EMIT_RECORD_REF_MAX - 1, // bytes
    EMIT_USAGE_KEY_DIGEST = 16,                   // bytes of a key that is a digest
};

enum emit_usage_key_kind {
    EMIT_USAGE_KEY_REF,   // the record_ref itself, made of the ids
    EMIT_USAGE_KEY_IDS,   // a digest of the ids
    EMIT_USAGE_KEY_BYTES, // a digest of the record's bytes
    EMIT_USAGE_KEY_KINDS,
};

struct emit_usage_key {
    enum emit_usage_key_kind kind;
    uint32_t hash; // of the bytes, under the secret
    uint8_t length;
    uint64_t digest;      // of a key without a name: under no secret, so the same in every process
    unsigned char *bytes; // the caller's, EMIT_USAGE_KEY_MAX of them: where the key shall stay
};

// A key without a name is always a digest under the secret, which no record can be made to
// share with another. One with a name holds what its record_ref needs.
void emit_usage_key_make(struct emit_usage_key *key, const uint64_t secret[2], bool is_named,
                         const struct emit_usage_record *record, const char *text, size_t length);

// The record_ref of the number-th record (from 1) of a named key.
void emit_usage_key_ref(char ref[EMIT_RECORD_REF_MAX], enum emit_usage_key_kind kind,
                        const unsigned char *bytes, size_t length, uint32_t number);

#endif
