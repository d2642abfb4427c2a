// emit tokens --group run: the models of a profile as one event.
//
// A model that came to be mapped after the profile's event was stored would be lost, if that
// were all: nothing is replaced. So models that an event of the store claims stand together
// once more, to be found identical or in conflict, and those that none claims are an event of
// their own.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_usage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 160 }; // of a share in a sentence

// A model that was used.
struct used {
    const struct emit_profile *profile;
    uint64_t holder; // the event of the store that it is in; 0: none
    const char *name;
    const struct emit_usage_book_group *group;
};

// By profile as the table has them, by event, by name: whatever the order of the records.
static int compare(const void *left, const void *right) {
    const struct used *a = left, *b = right;
    if (a->profile != b->profile) return a->profile < b->profile ? -1 : 1;
    if (a->holder != b->holder) return a->holder < b->holder ? -1 : 1;
    return strcmp(a->name, b->name);
}

// How many of the models, from the first, go into one event.
static size_t share_length(const struct used *used, size_t count) {
    size_t length = 1;
    while (length < count && length < EMIT_TOKEN_MODELS_MAX &&
           used[length].profile == used->profile && used[length].holder == used->holder)
        length++;
    return length;
}

static enum emit_status merge(struct emit_usage_book_group *sum, const struct used *used,
                              size_t count, struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    *sum = (struct emit_usage_book_group){0};
    for (size_t i = 0; i < count && status == EMIT_OK; i++)
        status = emit_usage_book_group_add(sum, used[i].group, err);
    return status;
}

// managed-balanced-v1 ("acme-small" and 3 more)
static void write_name(char name[NAME_MAX_BYTES], const struct used *used, size_t count) {
    const struct emit_usage_text first = {used->name, strlen(used->name)};
    struct emit_text text;
    emit_text_init(&text, name, NAME_MAX_BYTES);
    emit_text_add_format(&text, "%s (", used->profile->id);
    emit_model_name_quote(&text, &first);
    if (count > 1) emit_text_add_format(&text, " and %zu more", count - 1);
    emit_text_add(&text, ")");
}

// Posts the event of what the models came to. EMIT_INVALID: there is none that can be said.
static enum emit_status post_sum(struct tokens_usage *usage, struct tokens_row *row,
                                 const struct emit_usage_book_group *sum, const struct used *used,
                                 size_t count, struct emit_error *err) {
    char ref[EMIT_RECORD_REF_MAX], name[NAME_MAX_BYTES];
    const char *models[EMIT_TOKEN_MODELS_MAX];
    for (size_t i = 0; i < count; i++)
        models[i] = used[i].name;
    write_name(name, used, count);
    (void)emit_text_format(ref, sizeof ref, "run/%s/%016" PRIx64, used->profile->id, sum->digest);
    const struct tokens_item item = {
        .row = row,
        .sum = *sum,
        .time_ns = sum->has_time ? sum->last_ns : usage->plan->at_ns,
        .record_ref = ref,
        .name = name,
        .models = models,
        .model_count = count,
    };
    enum emit_status status = emit_usage_book_group_add(&row->sum, sum, err);
    if (status != EMIT_OK) return status;
    status = tokens_post_add(usage->post, &item, err);
    if (status == EMIT_INVALID) emit_usage_book_group_subtract(&row->sum, sum);
    return status;
}

static enum emit_status post_share(struct tokens_usage *usage, struct tokens_row *row,
                                   const struct used *used, size_t count, struct emit_error *err) {
    char name[NAME_MAX_BYTES], sentence[EMIT_USAGE_SENTENCE_MAX];
    struct emit_usage_book_group sum;
    struct emit_error why;
    uint64_t records = 0;
    for (size_t i = 0; i < count; i++)
        records += used[i].group->records;
    enum emit_status status = merge(&sum, used, count, &why);
    if (status == EMIT_OK && !sum.has_time && !usage->plan->has_at) {
        write_name(name, used, count);
        (void)emit_text_format(sentence, sizeof sentence,
                               "%s: none of its records says a time: --at TIME gives one", name);
        emit_usage_account_withdraw(&usage->account.usage, EMIT_USAGE_UNDATED, records, sentence);
        return EMIT_OK;
    }
    if (status == EMIT_OK) status = post_sum(usage, row, &sum, used, count, &why);
    if (status == EMIT_INVALID) {
        emit_usage_account_withdraw(&usage->account.usage, EMIT_USAGE_OUT_OF_RANGE, records,
                                    why.text);
        return EMIT_OK;
    }
    if (status != EMIT_OK && err) *err = why;
    return status;
}

// The models that were used, each with the event of the store that it is in.
static enum emit_status list_used(struct tokens_usage *usage,
                                  const struct emit_usage_book_group *groups, struct used *used,
                                  size_t *count, struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    *count = 0;
    for (uint32_t i = 0; i < emit_model_map_count(usage->models) && status == EMIT_OK; i++) {
        const struct emit_mapped_model *model = emit_model_map_get(usage->models, i);
        if (!groups[i].records) continue;
        struct used *next = &used[(*count)++];
        *next = (struct used){.profile = model->profile, .name = model->name, .group = &groups[i]};
        status = tokens_post_find_holder(usage->post, model->name, &next->holder, err);
    }
    return status;
}

static enum emit_status post_used(struct tokens_usage *usage, const struct used *used, size_t count,
                                  struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    struct tokens_row *row = NULL;
    for (size_t i = 0, length; i < count && status == EMIT_OK; i += length) {
        length = share_length(&used[i], count - i);
        if (i == 0 || used[i].profile != used[i - 1].profile)
            status = tokens_account_add_row(&usage->account, used[i].profile, &row, err);
        for (size_t k = i; k < i + length && status == EMIT_OK; k++)
            tokens_account_name_model(row, used[k].name);
        if (status == EMIT_OK) status = post_share(usage, row, &used[i], length, err);
    }
    return status;
}

enum emit_status tokens_usage_post_shares(struct tokens_usage *usage, struct emit_error *err) {
    uint32_t models = emit_model_map_count(usage->models);
    struct emit_usage_book_group *groups = calloc(models + 1, sizeof *groups);
    struct used *used = calloc(models + 1, sizeof *used);
    size_t count = 0;
    enum emit_status status = EMIT_OK;
    if (!groups || !used) status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    if (status == EMIT_OK) status = emit_usage_book_sum(usage->log.book, groups, models, err);
    if (status == EMIT_OK) status = list_used(usage, groups, used, &count, err);
    if (status == EMIT_OK) qsort(used, count, sizeof *used, compare);
    if (status == EMIT_OK) status = post_used(usage, used, count, err);
    free(used);
    free(groups);
    return status;
}
