// The parts of the store's fault subject.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_STORE_SUBJECT_H
#define TESTS_STORE_SUBJECT_H

#include "base/error.h"
#include "made_entry.h"

enum { SUBJECT_BATCH_MAX = 64 };

// What a reader found: one byte an entry.
struct subject_seen {
    unsigned char *at;
    size_t size;
    size_t count, damaged;
    unsigned wrong, twice;
};

enum emit_status subject_open(struct emit_outbox **outbox, const char *path,
                              struct emit_error *err);
enum emit_status subject_append(struct emit_outbox *outbox, unsigned first, unsigned count,
                                struct emit_error *err);
enum emit_status subject_read(struct emit_outbox *outbox, struct subject_seen *seen,
                              struct emit_error *err);

int subject_kill(const char *path, unsigned rounds, unsigned seed);
int subject_crowd(const char *path, unsigned processes, unsigned commits, unsigned pause_us);
int subject_fill(const char *path, unsigned cycles);

#endif
