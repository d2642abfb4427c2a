// Events of tokens on their way, and what is booked when it is known what became of them.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_post.h"

#include "agent/metered.h"
#include "agent/producer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 160,
    NAMES_MAX_BYTES = 240, // of conflicts, in one sentence
};

// What a total is of, until it is known what became of it.
struct note {
    struct tokens_row *row;
    struct emit_usage_book_group sum;
    char name[NAME_MAX_BYTES];
};

struct tokens_post {
    struct tokens_account *account; // borrowed
    struct emit_producer producer;
    struct emit_token_post *lines;
    bool is_metered; // served here, by GPUs of which the joules are known
    // What was modeled otherwise before: records, items that are not named, the others' names.
    uint64_t conflicting, conflicting_unnamed;
    char conflicting_names[NAMES_MAX_BYTES];
};

// --- What became of the lines --------------------------------------------------------

// Of what is modeled already nothing is in the sums: it would look as if it were stored.
static void book_conflict(struct tokens_post *post, const struct note *note) {
    struct tokens_account *account = post->account;
    size_t length = strlen(post->conflicting_names);
    if (length + strlen(note->name) + sizeof ", " <= sizeof post->conflicting_names)
        (void)emit_text_format(post->conflicting_names + length, NAMES_MAX_BYTES - length, "%s%s",
                               length ? ", " : "", note->name);
    else
        post->conflicting_unnamed++;
    post->conflicting += note->sum.records;
    account->usage.fates[EMIT_USAGE_USED] -= note->sum.records;
    account->usage.fates[EMIT_USAGE_ALREADY_MODELED] += note->sum.records;
    emit_usage_book_group_subtract(&note->row->sum, &note->sum);
}

static void take_answer(void *owner, const struct emit_intake_answer *answer) {
    struct tokens_post *post = owner;
    struct tokens_account *account = post->account;
    switch (answer->fate) {
    case EMIT_ENTRY_STORED: account->events_stored += account->has_store; break;
    case EMIT_ENTRY_DUPLICATE: account->events_duplicate++; break;
    case EMIT_ENTRY_CONFLICT:
        account->events_conflicting++;
        if (answer->note) book_conflict(post, answer->note); // its phases are parts of it
        break;
    }
}

static const char *conflict_sentence(const struct tokens_post *post, bool is_request) {
    enum emit_token_grouping grouping = EMIT_TOKENS_UNGROUPED;
    struct emit_outbox *outbox = post->producer.store.outbox;
    struct emit_error unknown; // then the sentence is the general one
    if (outbox && emit_token_grouping_find(outbox, post->account->plan->run_id, &grouping,
                                           &unknown) != EMIT_OK)
        grouping = EMIT_TOKENS_UNGROUPED;
    if (is_request && grouping == EMIT_TOKENS_BY_RUN)
        return "the run is modeled by profile already (--group run): its single requests would "
               "count the same tokens twice";
    if (!is_request && grouping == EMIT_TOKENS_BY_REQUEST)
        return "single requests of the run are modeled already (--group request, or counts): by "
               "profile they would count twice";
    if (is_request)
        return "modeled in this run before, and otherwise: other counts, profile, table, boundary "
               "or --served; nothing was replaced";
    return "modeled in this run already, and otherwise: fewer or other records, profile, table, "
           "boundary or --served; nothing was replaced. Logs that grow are for --group request";
}

static void tell_conflicts(struct tokens_post *post) {
    struct tokens_account *account = post->account;
    bool is_request = account->from_counts || account->plan->by_request;
    char sentence[EMIT_USAGE_SENTENCE_MAX], others[64] = "";
    if (post->conflicting_unnamed)
        (void)emit_text_format(others, sizeof others, " and %" PRIu64 " more",
                               post->conflicting_unnamed);
    (void)emit_text_format(sentence, sizeof sentence, "%s%s: %s", post->conflicting_names, others,
                           conflict_sentence(post, is_request));
    emit_usage_refusals_add_run(&account->usage.refusals, EMIT_USAGE_ALREADY_MODELED,
                                post->conflicting, sentence);
}

// --- Opening and closing ---------------------------------------------------------------

// Also where nothing is to be stored: a copy of the events would count twice as well.
static enum emit_status look_for_meter(struct tokens_post *post, const char *outbox_path,
                                       struct emit_error *err) {
    const struct tokens_plan *plan = post->account->plan;
    if (plan->served != EMIT_INFERENCE_HERE) return EMIT_OK;
    return emit_run_look_measured(&post->producer.host, outbox_path, post->producer.store.outbox,
                                  plan->run_id, &post->is_metered, err);
}

static enum emit_status open_producer(struct tokens_post *post,
                                      const struct tokens_options *options,
                                      struct emit_error *err) {
    struct tokens_account *account = post->account;
    const struct emit_intake_listener listener = {take_answer, post, sizeof(struct note)};
    const struct emit_producer_options asked = {
        .outbox_path = options->outbox_path,
        .no_outbox = options->no_outbox,
        .output_path = account->plan->events_path,
    };
    enum emit_status status = emit_producer_open(&post->producer, &asked, &listener, err);
    if (status != EMIT_OK) return status;
    account->has_store = post->producer.store.outbox;
    if (post->producer.store.notice[0])
        tokens_account_note(account, "%s", post->producer.store.notice);
    return EMIT_OK;
}

enum emit_status tokens_post_open(struct tokens_post **post, const struct tokens_options *options,
                                  struct tokens_account *account, struct emit_error *err) {
    const struct tokens_plan *plan = account->plan;
    struct tokens_post *fresh = calloc(1, sizeof *fresh);
    if (!fresh) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    fresh->account = account;
    if (plan->notice[0]) tokens_account_note(account, "%s", plan->notice);
    enum emit_status status = open_producer(fresh, options, err);
    if (status == EMIT_OK) status = look_for_meter(fresh, options->outbox_path, err);
    const struct emit_token_post_options lines = {
        .run_id = plan->run_id,
        .workspace_id = plan->workspace_id,
        .served = plan->served,
        .has_phases = plan->phases,
        .has_store = account->has_store,
    };
    if (status == EMIT_OK)
        status = emit_token_post_open(&fresh->lines, fresh->producer.intake, &lines, err);
    if (status == EMIT_OK)
        *post = fresh;
    else
        tokens_post_close(fresh);
    return status;
}

enum emit_status tokens_post_finish(struct tokens_post *post, struct emit_error *err) {
    enum emit_status status = emit_intake_finish(post->producer.intake, err);
    if (post->conflicting) tell_conflicts(post);
    post->account->events_made = emit_token_post_count(post->lines);
    tokens_account_drop_empty(post->account);
    return status;
}

void tokens_post_close(struct tokens_post *post) {
    if (!post) return;
    emit_token_post_close(post->lines);
    emit_producer_close(&post->producer);
    free(post);
}

bool tokens_post_refuses(struct tokens_post *post) {
    struct tokens_account *account = post->account;
    uint64_t records = account->usage.fates[EMIT_USAGE_USED];
    if (!post->is_metered || !records) return false;
    account->row_count = 0;
    emit_usage_account_withdraw(&account->usage, EMIT_USAGE_ALREADY_METERED, records,
                                "the run's GPUs are metered: what they drew is measured, and a "
                                "model would count it again; --served managed is for tokens that "
                                "others served");
    return true;
}

// --- Posting -----------------------------------------------------------------------------

enum emit_status tokens_post_find_holder(struct tokens_post *post, const char *model,
                                         uint64_t *holder, struct emit_error *err) {
    struct emit_outbox *outbox = post->producer.store.outbox;
    *holder = 0;
    return outbox ? emit_token_holder_find(outbox, post->account->plan->run_id, model, holder, err)
                  : EMIT_OK;
}

enum emit_status tokens_post_add(struct tokens_post *post, const struct tokens_item *item,
                                 struct emit_error *err) {
    const struct emit_token_item lines = {
        .model = &item->row->model,
        .counts = item->sum.counts,
        .time_ns = item->time_ns,
        .record_ref = item->record_ref,
        .models = item->models,
        .model_count = item->model_count,
    };
    struct note note = {.row = item->row, .sum = item->sum};
    struct emit_text name;
    emit_text_init(&name, note.name, sizeof note.name);
    emit_text_add(&name, item->name);
    return emit_token_post_add(post->lines, &lines, &note, err);
}
