// What became of the events of emit tokens: booked in the account.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_TOKENS_POST_H
#define PROGRAMS_EMIT_TOKENS_POST_H

#include "agent/token_post.h"
#include "programs/emit/tokens_account.h"

// What an event is about.
struct tokens_item {
    struct tokens_row *row;
    struct emit_usage_book_group sum; // of its records, of a time or not
    int64_t time_ns;                  // UTC: of the event
    const char *record_ref;
    const char *name; // as a sentence calls it
    // Of a profile's event: the models whose tokens are in it. NULL: it is of one request.
    const char *const *models;
    size_t model_count;
};

struct tokens_post;

// Opens the store, unless no_outbox, and the copy of events. What there is to tell of the
// store is noted in the account. Neither is touched before the first event.
EMIT_MUST_CHECK enum emit_status tokens_post_open(struct tokens_post **post,
                                                  const struct tokens_options *options,
                                                  struct tokens_account *account,
                                                  struct emit_error *err);

// As emit_token_holder_find; 0 also without a store.
EMIT_MUST_CHECK enum emit_status tokens_post_find_holder(struct tokens_post *post,
                                                         const char *model, uint64_t *holder,
                                                         struct emit_error *err);

// Posts the events of an item. EMIT_INVALID: its energy cannot be said; no event was made.
// Others: the store or the copy failed, and nothing more can be posted.
EMIT_MUST_CHECK enum emit_status
tokens_post_add(struct tokens_post *post, const struct tokens_item *item, struct emit_error *err);

// Waits until everything is on disk; the account then says what was stored.
EMIT_MUST_CHECK enum emit_status tokens_post_finish(struct tokens_post *post,
                                                    struct emit_error *err);
void tokens_post_close(struct tokens_post *post); // accepts NULL

// True when the tokens were served here and the run's GPUs were metered, or are: then what was
// used is booked as already-metered, no row is left, and nothing is to be posted.
bool tokens_post_refuses(struct tokens_post *post);

#endif
