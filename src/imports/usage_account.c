// Booking and summing up.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_account.h"

enum emit_status emit_usage_account_init(struct emit_usage_account *account,
                                         struct emit_error *err) {
    *account = (struct emit_usage_account){0};
    enum emit_status status = emit_usage_refusals_init(&account->refusals, err);
    if (status == EMIT_OK) status = emit_usage_refusals_init(&account->remarks, err);
    if (status != EMIT_OK) emit_usage_account_clear(account);
    return status;
}

void emit_usage_account_clear(struct emit_usage_account *account) {
    emit_usage_refusals_clear(&account->refusals);
    emit_usage_refusals_clear(&account->remarks);
    *account = (struct emit_usage_account){0};
}

void emit_usage_account_withdraw(struct emit_usage_account *account, enum emit_usage_fate fate,
                                 uint64_t records, const char *sentence) {
    account->fates[EMIT_USAGE_USED] -= records;
    account->fates[fate] += records;
    emit_usage_refusals_add_run(&account->refusals, fate, records, sentence);
}

uint64_t emit_usage_account_read(const struct emit_usage_account *account) {
    uint64_t records = 0;
    for (size_t fate = 0; fate < EMIT_USAGE_FATE_COUNT; fate++)
        records += account->fates[fate];
    return records;
}

uint64_t emit_usage_account_refused(const struct emit_usage_account *account) {
    uint64_t records = 0;
    for (int fate = 0; fate < EMIT_USAGE_FATE_COUNT; fate++)
        if (emit_usage_fate_refuses((enum emit_usage_fate)fate)) records += account->fates[fate];
    return records;
}

uint64_t emit_usage_account_skipped(const struct emit_usage_account *account) {
    return emit_usage_account_read(account) - emit_usage_account_refused(account) -
           account->fates[EMIT_USAGE_USED];
}
