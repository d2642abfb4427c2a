// What one emit tokens found and made, in numbers.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_account.h"

#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum emit_status tokens_account_init(struct tokens_account *account, const struct tokens_plan *plan,
                                     struct emit_error *err) {
    *account = (struct tokens_account){
        .plan = plan,
        .rows = calloc(plan->table->profile_count, sizeof *account->rows),
    };
    if (!account->rows) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    enum emit_status status = emit_usage_account_init(&account->usage, err);
    if (status != EMIT_OK) tokens_account_clear(account);
    return status;
}

void tokens_account_clear(struct tokens_account *account) {
    free(account->rows);
    emit_usage_account_clear(&account->usage);
    *account = (struct tokens_account){0};
}

enum emit_status tokens_account_add_row(struct tokens_account *account,
                                        const struct emit_profile *profile, struct tokens_row **row,
                                        struct emit_error *err) {
    struct tokens_row *next = &account->rows[account->row_count];
    *next = (struct tokens_row){0};
    enum emit_status status = emit_token_model_init(&next->model, account->plan->table, profile,
                                                    account->plan->boundary, err);
    if (status != EMIT_OK) return status;
    account->row_count++;
    *row = next;
    return EMIT_OK;
}

void tokens_account_name_model(struct tokens_row *row, const char *model) {
    if (row->model_count < TOKENS_MODELS_NAMED) row->models[row->model_count] = model;
    row->model_count++;
}

void tokens_account_drop_empty(struct tokens_account *account) {
    size_t kept = 0;
    for (size_t i = 0; i < account->row_count; i++)
        if (account->rows[i].sum.records) account->rows[kept++] = account->rows[i];
    account->row_count = kept;
}

enum emit_status tokens_account_settle(struct tokens_row *row, struct emit_error *err) {
    char day[EMIT_DAY_TEXT];
    emit_time_write_day(day, row->sum.last_ns);
    return emit_token_energy(&row->energy, &row->model, &row->sum.counts, EMIT_TOKENS_TOTAL, day,
                             err);
}

void tokens_account_note(struct tokens_account *account, const char *format, ...) {
    if (account->note_count == TOKENS_NOTES_MAX) return;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(account->notes[account->note_count], TOKENS_NOTE_MAX, format, arguments);
    va_end(arguments);
    if (length >= 0) account->note_count++;
}

bool tokens_account_total(const struct tokens_account *account, struct tokens_joules *total) {
    *total = (struct tokens_joules){0};
    for (size_t i = 0; i < account->row_count; i++) {
        total->central += account->rows[i].energy.joules;
        total->low += account->rows[i].energy.low_joules;
        total->high += account->rows[i].energy.high_joules;
    }
    return account->row_count > 0;
}

int tokens_account_exit(const struct tokens_account *account) {
    const struct emit_usage_account *usage = &account->usage;
    if (emit_usage_account_refused(usage) || usage->refusals.count) return EXIT_PARTIAL;
    // Lines that speak of no usage are none that were looked for.
    bool found =
        account->from_counts || emit_usage_account_read(usage) > usage->fates[EMIT_USAGE_NO_USAGE];
    return found ? EXIT_OK : EXIT_NEGATIVE;
}
