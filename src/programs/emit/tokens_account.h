// What one emit tokens found and made: the account that is told in the end, as text and as
// document, and by which it exits.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_TOKENS_ACCOUNT_H
#define PROGRAMS_EMIT_TOKENS_ACCOUNT_H

#include "imports/usage_account.h"
#include "imports/usage_book.h"
#include "programs/emit/tokens.h"

#include <stdio.h>

enum {
    TOKENS_NOTES_MAX = 8,
    TOKENS_NOTE_MAX = 480,
    TOKENS_MODELS_NAMED = 16, // of a profile, in the document
};

struct tokens_joules {
    double low, central, high;
};

// A profile, and what was modeled by it.
struct tokens_row {
    struct emit_token_model model;
    struct emit_usage_book_group sum;        // of its records
    struct emit_token_energy energy;         // of all counts, as of the day of the last record
    const char *models[TOKENS_MODELS_NAMED]; // names as the records have them; borrowed
    size_t model_count;                      // there may be more than are named
};

struct tokens_account {
    const struct tokens_plan *plan;  // borrowed
    bool from_counts;                // no records were read: the counts stand for one
    struct emit_usage_account usage; // of the records
    struct tokens_row *rows;         // owned; those with counts, in the order of the table
    size_t row_count;
    // Events by what became of them. Made and not stored: there is no store, or it refused.
    uint64_t events_made, events_stored, events_duplicate, events_conflicting;
    bool has_store;
    char notes[TOKENS_NOTES_MAX][TOKENS_NOTE_MAX];
    size_t note_count;
};

EMIT_MUST_CHECK enum emit_status tokens_account_init(struct tokens_account *account,
                                                     const struct tokens_plan *plan,
                                                     struct emit_error *err);
void tokens_account_clear(struct tokens_account *account); // accepts a zeroed one

// A further row for a profile, empty; there is room for all profiles of a table.
// EMIT_INVALID: the table has no way to the asked boundary.
EMIT_MUST_CHECK enum emit_status tokens_account_add_row(struct tokens_account *account,
                                                        const struct emit_profile *profile,
                                                        struct tokens_row **row,
                                                        struct emit_error *err);

// A model whose tokens are in the row.
void tokens_account_name_model(struct tokens_row *row, const char *model);

// Takes rows without records away: pointers to rows are no longer good.
void tokens_account_drop_empty(struct tokens_account *account);

// Its energy, from its counts, as of the day of its last record. EMIT_INVALID as
// emit_token_energy.
EMIT_MUST_CHECK enum emit_status tokens_account_settle(struct tokens_row *row,
                                                       struct emit_error *err);

// One sentence for the report. Beyond TOKENS_NOTES_MAX: dropped.
void tokens_account_note(struct tokens_account *account, const char *format, ...) EMIT_PRINTF(2, 3);

int tokens_account_exit(const struct tokens_account *account);

// What the joules of the whole come to: low with low, high with high. False: no row.
bool tokens_account_total(const struct tokens_account *account, struct tokens_joules *total);

// The account as text of at most 80 columns, and as one JSON object (tokens.schema.json).
void tokens_account_print(FILE *out, const struct tokens_account *account);
EMIT_MUST_CHECK enum emit_status tokens_account_write_json(struct emit_text *text,
                                                           const struct tokens_account *account,
                                                           struct emit_error *err);

// Says the account where it was asked for, and returns the exit status.
int tokens_tell(const struct tokens_options *options, const struct tokens_account *account);
// The same where the store or the copy failed. What is stored stays, and is known when it comes
// again.
int tokens_tell_failure(const struct tokens_account *account, const struct emit_error *err);

#endif
