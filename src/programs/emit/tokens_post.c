// Token counts become event lines with their claims, and go to the store.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_post.h"

#include "agent/metered.h"
#include "contract/canonical.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARTS = 3,                       // total, prefill, decode
    WAITING = 2 * EMIT_INTAKE_BATCH, // more lines than are ever not answered
    CITED = 8,                       // rows whose citations are at hand
    NAME_MAX_BYTES = 160,
    NAMES_MAX_BYTES = 240,                                   // of conflicts, in one sentence
    CLAIM_MAX = EMIT_RUN_ID_MAX + EMIT_USAGE_MODEL_MAX + 64, // longer than any record_ref
};

// What a line is about, until it is known what became of it.
struct place {
    struct tokens_row *row;
    struct emit_token_counts counts;
    uint64_t records;
    bool is_total;
    char name[NAME_MAX_BYTES];
};

// A row's citation, written when its first event was.
struct cited {
    const struct tokens_row *row;
    struct emit_token_citation citation;
};

struct tokens_post {
    struct tokens_account *account;
    struct emit_host host;
    struct emit_store store;
    FILE *output; // NULL: no copy; stdout is not closed
    struct emit_destination to;
    struct emit_intake *intake;
    struct place waiting[WAITING]; // a ring: answers come in the order of the lines
    size_t next;
    bool is_metered; // served here, by GPUs of which the joules are known
    // What was modeled otherwise before: records, items that are not named, the others' names.
    uint64_t conflicting, conflicting_unnamed;
    char conflicting_names[NAMES_MAX_BYTES];
    char identity[EMIT_IDENTITY_TEXT]; // of the last total, for its phases
    struct cited cited[CITED];
    struct emit_claim claims[EMIT_ENTRY_CLAIMS_MAX];
    char keys[EMIT_ENTRY_CLAIMS_MAX][CLAIM_MAX];
};

// --- What became of the lines --------------------------------------------------------

// Of what is modeled already nothing is in the sums: it would look as if it were stored.
static void book_conflict(struct tokens_post *post, const struct place *place) {
    struct tokens_account *account = post->account;
    size_t length = strlen(post->conflicting_names);
    if (length + strlen(place->name) + sizeof ", " <= sizeof post->conflicting_names)
        (void)emit_text_format(post->conflicting_names + length, NAMES_MAX_BYTES - length, "%s%s",
                               length ? ", " : "", place->name);
    else
        post->conflicting_unnamed++;
    post->conflicting += place->records;
    account->usage.fates[EMIT_USAGE_USED] -= place->records;
    account->usage.fates[EMIT_USAGE_ALREADY_MODELED] += place->records;
    place->row->records -= place->records;
    emit_token_counts_subtract(&place->row->counts, &place->counts);
}

static void take_answer(void *owner, const struct emit_intake_answer *answer) {
    struct tokens_post *post = owner;
    struct tokens_account *account = post->account;
    const struct place *place = answer->owner;
    switch (answer->fate) {
    case EMIT_ENTRY_STORED: account->events_stored += account->has_store; break;
    case EMIT_ENTRY_DUPLICATE: account->events_duplicate++; break;
    case EMIT_ENTRY_CONFLICT:
        account->events_conflicting++;
        if (place->is_total) book_conflict(post, place);
        break;
    }
}

// How the store has the run grouped.
struct grouping {
    bool by_run, by_request;
};

static bool look_at_event(void *owner, const struct emit_entry *entry) {
    static const char ref[] = "\"record_ref\":\"run/";
    struct grouping *grouping = owner;
    if (memmem(entry->body, entry->length, ref, sizeof ref - 1))
        grouping->by_run = true;
    else
        grouping->by_request = true;
    return false; // all of a run are grouped one way
}

static const char *conflict_sentence(const struct tokens_post *post, bool is_request) {
    struct grouping grouping = {0};
    char key[EMIT_GROUPING_KEY_MAX];
    emit_grouping_key(key, post->account->plan->run_id);
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_EVENT, .claim = key};
    struct emit_error unknown; // then the sentence is the general one
    if (post->store.outbox && emit_outbox_visit(post->store.outbox, &query, look_at_event,
                                                &grouping, NULL, &unknown) != EMIT_OK)
        grouping = (struct grouping){0};
    if (is_request && grouping.by_run)
        return "the run is modeled by profile already (--group run): its single requests would "
               "count the same tokens twice";
    if (!is_request && grouping.by_request)
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

static enum emit_status open_output(struct tokens_post *post, const char *path,
                                    struct emit_error *err) {
    if (!path) return EMIT_OK;
    post->output = strcmp(path, "-") == 0 ? stdout : fopen(path, "ae");
    if (!post->output) return emit_fail_errno(err, errno, "cannot write %s", path);
    return EMIT_OK;
}

static enum emit_status open_store(struct tokens_post *post, const char *outbox_path,
                                   struct emit_error *err) {
    const struct emit_store_options options = {.outbox_path = outbox_path};
    enum emit_status status = emit_store_open(&post->store, &post->host, &options, err);
    if (status != EMIT_OK) return status;
    post->account->has_store = true;
    if (post->store.notice[0]) tokens_account_note(post->account, "%s", post->store.notice);
    return EMIT_OK;
}

// Also where nothing is to be stored: a copy of the events would count twice as well.
static enum emit_status look_for_meter(struct tokens_post *post, const char *outbox_path,
                                       struct emit_error *err) {
    const struct tokens_plan *plan = post->account->plan;
    const struct emit_store_options looking = {.outbox_path = outbox_path, .read_only = true};
    struct emit_store looked = {0};
    struct emit_place place;
    if (plan->served != EMIT_INFERENCE_HERE) return EMIT_OK;
    enum emit_status status = emit_place_find(&place, outbox_path, err);
    if (status != EMIT_OK) return status;
    if (!post->store.outbox) status = emit_store_open(&looked, &post->host, &looking, err);
    if (status == EMIT_ABSENT) status = EMIT_OK; // nothing was ever stored
    if (status == EMIT_OK)
        status = emit_run_has_measured(&post->host, &place,
                                       post->store.outbox ? post->store.outbox : looked.outbox,
                                       plan->run_id, &post->is_metered, err);
    emit_store_close(&looked);
    return status;
}

enum emit_status tokens_post_open(struct tokens_post **post, const struct tokens_options *options,
                                  struct tokens_account *account, struct emit_error *err) {
    struct tokens_post *fresh = calloc(1, sizeof *fresh);
    if (!fresh) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    fresh->account = account;
    if (account->plan->notice[0]) tokens_account_note(account, "%s", account->plan->notice);
    enum emit_status status = emit_host_open(&fresh->host, NULL, err);
    if (status != EMIT_OK) {
        free(fresh);
        return status;
    }
    const char *path = account->plan->events_path;
    status = open_output(fresh, path, err);
    if (status == EMIT_OK && !options->no_outbox)
        status = open_store(fresh, options->outbox_path, err);
    if (status == EMIT_OK) status = look_for_meter(fresh, options->outbox_path, err);
    fresh->to = (struct emit_destination){
        .outbox = fresh->store.outbox, .output = fresh->output, .output_name = path};
    if (status == EMIT_OK)
        status = emit_intake_open(&fresh->intake, &fresh->to, take_answer, fresh, err);
    if (status != EMIT_OK) {
        tokens_post_close(fresh);
        return status;
    }
    *post = fresh;
    return EMIT_OK;
}

enum emit_status tokens_post_finish(struct tokens_post *post, struct emit_error *err) {
    enum emit_status status = emit_intake_finish(post->intake, err);
    if (post->conflicting) tell_conflicts(post);
    tokens_account_drop_empty(post->account);
    if (post->output && (fflush(post->output) != 0 || ferror(post->output)) && status == EMIT_OK)
        status = emit_fail_errno(err, errno, "cannot write the events to %s",
                                 post->account->plan->events_path);
    return status;
}

void tokens_post_close(struct tokens_post *post) {
    if (!post) return;
    emit_intake_close(post->intake);
    emit_store_close(&post->store);
    if (post->output && post->output != stdout) (void)fclose(post->output);
    emit_host_close(&post->host);
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

// --- Claims ------------------------------------------------------------------------------

static void model_key(char key[CLAIM_MAX], const struct tokens_post *post, const char *model) {
    (void)emit_text_format(key, CLAIM_MAX, "%s model %s", post->account->plan->run_id, model);
}

static bool take_sequence(void *owner, const struct emit_entry *entry) {
    *(uint64_t *)owner = entry->sequence;
    return false; // whoever claims the model is the same total, or a part of it
}

enum emit_status tokens_post_find_holder(struct tokens_post *post, const char *model,
                                         uint64_t *holder, struct emit_error *err) {
    *holder = 0;
    if (!post->store.outbox) return EMIT_OK;
    model_key(post->keys[0], post, model);
    const struct emit_outbox_query query = {
        .kind = EMIT_ENTRY_EVENT, .claim = post->keys[0], .limit = 1};
    return emit_outbox_visit(post->store.outbox, &query, take_sequence, holder, NULL, err);
}

// What an event claims: how the run is grouped, and its record, or the models in it. of: the
// identity of its total; NULL: it is that.
static size_t make_claims(struct tokens_post *post, const struct tokens_item *item,
                          const char *of) {
    const char *run = post->account->plan->run_id;
    size_t count = 1 + (item->models ? item->model_count : 1);
    assert(count <= EMIT_ENTRY_CLAIMS_MAX);
    for (size_t i = 0; i < count; i++)
        post->claims[i] = (struct emit_claim){.key = post->keys[i], .of = of};
    post->claims[0].value = item->models ? "run" : "request";
    emit_grouping_key(post->keys[0], run);
    if (!item->models)
        (void)emit_text_format(post->keys[1], CLAIM_MAX, "%s record %s", run, item->record_ref);
    for (size_t i = 0; i < item->model_count; i++)
        model_key(post->keys[1 + i], post, item->models[i]);
    return count;
}

// --- Posting -----------------------------------------------------------------------------

static enum emit_status post_line(struct tokens_post *post, const struct tokens_item *item,
                                  enum emit_token_part part, const struct emit_text *line,
                                  size_t claim_count, struct emit_error *err) {
    const struct tokens_plan *plan = post->account->plan;
    struct place *place = &post->waiting[post->next++ % WAITING];
    *place = (struct place){
        .row = item->row,
        .counts = item->counts,
        .records = item->records,
        .is_total = part == EMIT_TOKENS_TOTAL,
    };
    struct emit_text name;
    emit_text_init(&name, place->name, sizeof place->name);
    emit_text_add(&name, item->name);
    const struct emit_entry entry = {
        .kind = EMIT_ENTRY_EVENT,
        .run_id = plan->run_id,
        .workspace_id = plan->workspace_id,
        .time_ns = item->time_ns,
        .body = line->at,
        .length = line->length,
        .claims = post->claims,
        .claim_count = claim_count,
    };
    post->account->events_made++;
    return emit_intake_add(post->intake, &entry, place, err);
}

// NULL: there is none that would fit a line.
static const struct emit_token_citation *find_citation(struct tokens_post *post,
                                                       const struct tokens_row *row) {
    struct cited *cited = &post->cited[(size_t)(row - post->account->rows) % CITED];
    if (cited->row == row) return &cited->citation;
    cited->row = NULL;
    if (emit_token_citation_write(&cited->citation, &row->model, NULL) != EMIT_OK) return NULL;
    cited->row = row;
    return &cited->citation;
}

static enum emit_status post_part(struct tokens_post *post, const struct tokens_item *item,
                                  enum emit_token_part part, struct emit_error *err) {
    const struct tokens_plan *plan = post->account->plan;
    const struct emit_token_event_facts facts = {
        .run_id = plan->run_id,
        .workspace_id = plan->workspace_id,
        .record_ref = item->record_ref,
        .time_ns = item->time_ns,
        .served = plan->served,
        .part = part,
        .citation = find_citation(post, item->row),
    };
    struct emit_text line;
    enum emit_status status = emit_intake_next(post->intake, EMIT_TOKEN_EVENT_LINE_MAX, &line, err);
    if (status == EMIT_OK)
        status = emit_token_event_write(&line, &facts, &item->row->model, &item->counts, err);
    if (status != EMIT_OK) return status;
    bool is_total = part == EMIT_TOKENS_TOTAL;
    if (is_total && plan->phases)
        emit_contract_identity_of_canonical(line.at, line.length, post->identity);
    size_t claims = 0; // without a store nobody asks for them
    if (post->store.outbox) claims = make_claims(post, item, is_total ? NULL : post->identity);
    return post_line(post, item, part, &line, claims, err);
}

enum emit_status tokens_post_add(struct tokens_post *post, const struct tokens_item *item,
                                 struct emit_error *err) {
    const bool has_phases = post->account->plan->phases;
    enum emit_status status = EMIT_OK;
    for (int part = 0; part < (has_phases ? PARTS : 1) && status == EMIT_OK; part++) {
        const struct emit_token_counts some =
            emit_token_counts_of_part(&item->counts, (enum emit_token_part)part);
        // No event stands for a phase of which no tokens are known.
        if (part == EMIT_TOKENS_TOTAL || emit_token_counts_has_tokens(&some))
            status = post_part(post, item, (enum emit_token_part)part, err);
    }
    return status;
}
