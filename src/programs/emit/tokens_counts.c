// emit tokens from counts that somebody else has made: --input, --output and the like.
//
// What is not given is not 0: no tag, no energy, and the report says so. Counts that would
// make others say too little (cached tokens without the others) are refused.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_post.h"

#include "base/number.h"
#include "base/time.h"

#include <string.h>

static const struct {
    enum emit_bucket bucket;
    const char *option;
} rows[] = {
    {EMIT_BUCKET_INPUT, "input"},      {EMIT_BUCKET_CACHED_INPUT, "cached"},
    {EMIT_BUCKET_OUTPUT, "output"},    {EMIT_BUCKET_REASONING_OUTPUT, "reasoning"},
    {EMIT_BUCKET_REQUEST, "requests"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static const char *text_of(const struct tokens_options *options, enum emit_bucket bucket) {
    switch (bucket) {
    case EMIT_BUCKET_INPUT: return options->input;
    case EMIT_BUCKET_CACHED_INPUT: return options->cached;
    case EMIT_BUCKET_OUTPUT: return options->output;
    case EMIT_BUCKET_REASONING_OUTPUT: return options->reasoning;
    case EMIT_BUCKET_REQUEST: return options->requests;
    case EMIT_BUCKET_COUNT: break;
    }
    return NULL;
}

bool tokens_counts_given(const struct tokens_options *options) {
    return options->input || options->cached || options->output || options->reasoning ||
           options->requests;
}

static bool is_known(const struct emit_token_counts *counts, enum emit_bucket bucket) {
    return counts->known & (UINT32_C(1) << bucket);
}

static enum emit_status check(const struct emit_token_counts *counts, struct emit_error *err) {
    if (is_known(counts, EMIT_BUCKET_CACHED_INPUT) && !is_known(counts, EMIT_BUCKET_INPUT))
        return emit_fail(err, EMIT_INVALID,
                         "--cached is beside --input, which counts the tokens read without the "
                         "cached ones: give both (--input 0 when all were cached)");
    if (is_known(counts, EMIT_BUCKET_REASONING_OUTPUT) && !is_known(counts, EMIT_BUCKET_OUTPUT))
        return emit_fail(err, EMIT_INVALID,
                         "--reasoning is beside --output, which counts the tokens written without "
                         "the reasoning ones: give both (--output 0 when all were reasoning)");
    if (!emit_token_counts_has_tokens(counts))
        return emit_fail(err, EMIT_INVALID,
                         "--requests alone are no tokens: give --input, --output or both");
    if (is_known(counts, EMIT_BUCKET_REQUEST) && counts->bucket[EMIT_BUCKET_REQUEST] == 0)
        return emit_fail(err, EMIT_INVALID, "--requests 0 used no tokens");
    return EMIT_OK;
}

static enum emit_status read_counts(struct emit_token_counts *counts,
                                    const struct tokens_options *options, struct emit_error *err) {
    *counts = (struct emit_token_counts){0};
    for (size_t i = 0; i < ROWS; i++) {
        const char *text = text_of(options, rows[i].bucket);
        uint64_t value = 0;
        if (!text) continue;
        if (!emit_number_read_u64(text, strlen(text), &value) || value > EMIT_COUNT_MAX)
            return emit_fail(err, EMIT_INVALID,
                             "--%s wants a whole number of tokens or requests, at most 2^53; "
                             "'%.40s' is none%s",
                             rows[i].option, text,
                             rows[i].bucket == EMIT_BUCKET_OUTPUT
                                 ? " (a file for the events is --events FILE)"
                                 : "");
        counts->bucket[rows[i].bucket] = value;
        counts->known |= UINT32_C(1) << rows[i].bucket;
    }
    return check(counts, err);
}

// Of several requests only the mean length is known: where it is beyond the context, all
// of them count as such.
static void place(struct emit_token_counts *counts, const struct emit_profile *profile) {
    uint64_t requests = counts->bucket[EMIT_BUCKET_REQUEST], tokens = 0;
    if (requests == 0) return;
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++)
        if (bucket != EMIT_BUCKET_REQUEST) tokens += counts->bucket[bucket];
    uint64_t mean = tokens / requests + (tokens % requests != 0);
    if (mean > profile->context_tokens_max) emit_token_counts_place(counts, profile);
}

// What was not given, in words.
static void note_unknown(struct tokens_account *account, const struct emit_token_counts *counts) {
    static const char *const words[] = {
        [EMIT_BUCKET_INPUT] = "input tokens",
        [EMIT_BUCKET_OUTPUT] = "output tokens",
        [EMIT_BUCKET_REQUEST] = "requests (what each costs by itself, and which are long)",
    };
    char list[TOKENS_NOTE_MAX];
    struct emit_text text;
    emit_text_init(&text, list, sizeof list);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i] && !is_known(counts, (enum emit_bucket)i) &&
            account->rows[0].model.profile->coefficients[i].defined)
            emit_text_add_format(&text, "%s%s", text.length ? "; " : "", words[i]);
    if (text.length) tokens_account_note(account, "Not given, and not in it: %s.", list);
}

static enum emit_status book(const struct tokens_options *options, struct tokens_account *account,
                             struct emit_error *err) {
    const struct tokens_plan *plan = account->plan;
    struct tokens_row *row;
    account->from_counts = true;
    enum emit_status status = tokens_account_add_row(account, plan->profile, &row, err);
    if (status != EMIT_OK) return status;
    status = read_counts(&row->sum.counts, options, err);
    if (status != EMIT_OK) return status;
    place(&row->sum.counts, plan->profile);
    row->sum.first_ns = row->sum.last_ns = plan->at_ns;
    row->sum.has_time = true;
    row->sum.records = 1;
    account->usage.fates[EMIT_USAGE_USED] = 1;
    return tokens_account_settle(row, err);
}

static enum emit_status post(const struct tokens_options *options, struct tokens_account *account,
                             struct emit_error *err) {
    char ref[EMIT_RECORD_REF_MAX], time[EMIT_TIME_TEXT];
    struct tokens_row *row = &account->rows[0];
    emit_time_write(time, row->sum.last_ns);
    if (options->record && !*options->record)
        return emit_fail(err, EMIT_INVALID, "--record wants a name for these counts");
    if (!emit_text_format(ref, sizeof ref, "%s%s", options->record ? "" : "counts/",
                          options->record ? options->record : time))
        return emit_fail(err, EMIT_INVALID, "--record is too long: at most %zu bytes",
                         sizeof ref - 1);
    const struct tokens_item item = {
        .row = row, .sum = row->sum, .time_ns = row->sum.last_ns, .record_ref = ref, .name = ref};
    struct tokens_post *post = NULL;
    enum emit_status status = tokens_post_open(&post, options, account, err);
    if (status == EMIT_OK && !tokens_post_refuses(post)) {
        status = tokens_post_add(post, &item, err);
        if (status == EMIT_OK) status = tokens_post_finish(post, err);
    }
    tokens_post_close(post);
    return status;
}

int tokens_from_counts(const struct tokens_options *options, const struct tokens_plan *plan) {
    struct tokens_account account = {0};
    struct emit_error err;
    enum emit_status status = tokens_account_init(&account, plan, &err);
    if (status == EMIT_OK) status = book(options, &account, &err);
    if (status == EMIT_OK) status = post(options, &account, &err);
    if (status == EMIT_OK && account.row_count) note_unknown(&account, &account.rows[0].sum.counts);
    int exit_status =
        status == EMIT_OK ? tokens_tell(options, &account) : tokens_tell_failure(&account, &err);
    tokens_account_clear(&account);
    return exit_status;
}
