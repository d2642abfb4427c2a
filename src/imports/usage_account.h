// What became of usage records: how many fared how, in which dialects they were, and what was
// refused or remarked of them.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_ACCOUNT_H
#define IMPORTS_USAGE_ACCOUNT_H

#include "imports/usage_refusals.h"

struct emit_usage_account {
    uint64_t fates[EMIT_USAGE_FATE_COUNT]; // how many records fared how
    uint64_t dialects[EMIT_DIALECT_COUNT]; // of those used, repeats included
    struct emit_usage_refusals refusals;
    struct emit_usage_refusals remarks; // of records that are used: how they were counted
};

EMIT_MUST_CHECK enum emit_status emit_usage_account_init(struct emit_usage_account *account,
                                                         struct emit_error *err);
void emit_usage_account_clear(struct emit_usage_account *account); // accepts a zeroed one

// So many records that were booked as used, and after all are of another fate that refuses: of
// no line, but of the run.
void emit_usage_account_withdraw(struct emit_usage_account *account, enum emit_usage_fate fate,
                                 uint64_t records, const char *sentence);

uint64_t emit_usage_account_read(const struct emit_usage_account *account); // of any fate
uint64_t
emit_usage_account_refused(const struct emit_usage_account *account); // of one that refuses
// Neither used nor refused.
uint64_t emit_usage_account_skipped(const struct emit_usage_account *account);

#endif
