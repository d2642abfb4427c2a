// emit tokens from usage records: everything is read before the first event is made, so that
// what is stored of a run is of all of its files or of none.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_post.h"
#include "programs/emit/tokens_records.h"

#include "programs/emit/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// One emit tokens from records.
struct usage {
    const struct tokens_options *options;
    const struct tokens_plan *plan;
    struct emit_settings config;
    struct tokens_models *models;
    struct tokens_account account;
    struct tokens_records records;
    struct tokens_post *post;
};

static enum emit_status open_all(struct usage *usage, struct emit_error *err) {
    const struct tokens_plan *plan = usage->plan;
    enum emit_status status = EMIT_OK;
    if (!plan->profile) status = emit_config_open(&usage->config, usage->options->config_path, err);
    if (status == EMIT_OK)
        status =
            tokens_models_open(&usage->models, &usage->config, plan->table, plan->profile, err);
    if (status == EMIT_OK) status = tokens_account_init(&usage->account, plan, err);
    if (status == EMIT_OK)
        status = tokens_records_open(&usage->records, &usage->account, usage->models, err);
    if (status == EMIT_OK)
        status = tokens_post_open(&usage->post, usage->options, &usage->account, err);
    return status;
}

static void close_all(struct usage *usage) {
    tokens_post_close(usage->post);
    tokens_records_close(&usage->records);
    tokens_account_clear(&usage->account);
    tokens_models_close(usage->models);
    emit_settings_close(&usage->config);
}

// Records that were used, and after all cannot be told.
static void refuse_used(struct tokens_account *account, enum emit_usage_fate fate, uint64_t records,
                        const char *sentence) {
    account->fates[EMIT_USAGE_USED] -= records;
    account->fates[fate] += records;
    tokens_refusals_add_run(&account->refusals, fate, records, sentence);
}

// --- One event for each profile ------------------------------------------------------------

// The models of a profile that were used.
struct charged {
    const char **names;
    size_t count;
};

static enum emit_status add_group(struct tokens_row *row,
                                  const struct emit_usage_tally_group *group,
                                  struct emit_error *err) {
    enum emit_status status = emit_token_counts_add(&row->counts, &group->counts, err);
    if (status != EMIT_OK) return status;
    row->records += group->records;
    if (!group->has_time) return EMIT_OK;
    if (!row->has_time || group->first_ns < row->first_ns) row->first_ns = group->first_ns;
    if (!row->has_time || group->last_ns > row->last_ns) row->last_ns = group->last_ns;
    row->has_time = true;
    return EMIT_OK;
}

// A row of the profile, of all its models; none when no record is of one of them.
static enum emit_status add_row(struct usage *usage, const struct emit_profile *profile,
                                const struct emit_usage_tally_group *groups,
                                struct charged *charged, struct tokens_row **row,
                                struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    *row = NULL;
    charged->count = 0;
    for (uint32_t i = 0; i < tokens_models_count(usage->models) && status == EMIT_OK; i++) {
        const struct tokens_model *model = tokens_models_get(usage->models, i);
        if (model->profile != profile || !groups[i].records) continue;
        if (!*row) status = tokens_account_add_row(&usage->account, profile, row, err);
        if (status == EMIT_OK) status = add_group(*row, &groups[i], err);
        if (status == EMIT_OK) tokens_account_name_model(*row, model->name);
        charged->names[charged->count++] = model->name;
    }
    return status;
}

static enum emit_status post_row(struct usage *usage, struct tokens_row *row,
                                 const struct charged *charged, struct emit_error *err) {
    char ref[EMIT_RECORD_REF_MAX], sentence[TOKENS_SENTENCE_MAX];
    const char *id = row->model.profile->id;
    struct emit_error why;
    if (!row->has_time && !usage->plan->has_at) {
        (void)emit_text_format(sentence, sizeof sentence,
                               "%s: none of its records says a time: --at TIME gives one", id);
        refuse_used(&usage->account, EMIT_USAGE_UNDATED, row->records, sentence);
        row->records = 0;
        return EMIT_OK;
    }
    if (!row->has_time) row->first_ns = row->last_ns = usage->plan->at_ns;
    (void)emit_text_format(ref, sizeof ref, "run/%s", id);
    const struct tokens_item item = {
        .row = row,
        .counts = row->counts,
        .time_ns = row->last_ns,
        .record_ref = ref,
        .models = charged->names,
        .model_count = charged->count,
    };
    enum emit_status status = tokens_post_add(usage->post, &item, &why);
    if (status == EMIT_INVALID) {
        (void)emit_text_format(sentence, sizeof sentence, "%s", why.text);
        refuse_used(&usage->account, EMIT_USAGE_OUT_OF_RANGE, row->records, sentence);
        row->records = 0;
        return EMIT_OK;
    }
    if (status != EMIT_OK && err) *err = why;
    return status;
}

static enum emit_status post_rows(struct usage *usage, struct emit_error *err) {
    uint32_t models = tokens_models_count(usage->models);
    struct emit_usage_tally_group *groups = calloc(models + 1, sizeof *groups);
    struct charged charged = {.names = calloc(models + 1, sizeof *charged.names)};
    enum emit_status status = EMIT_OK;
    if (!groups || !charged.names) status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    if (status == EMIT_OK) status = emit_usage_tally_sum(usage->records.tally, groups, models, err);
    for (size_t i = 0; i < usage->plan->table->profile_count && status == EMIT_OK; i++) {
        struct tokens_row *row;
        status = add_row(usage, &usage->plan->table->profiles[i], groups, &charged, &row, err);
        if (status == EMIT_OK && row) status = post_row(usage, row, &charged, err);
    }
    free(charged.names);
    free(groups);
    return status;
}

// --- One event for each request --------------------------------------------------------------

static enum emit_status post_request(struct usage *usage,
                                     const struct emit_usage_tally_record *record,
                                     struct tokens_row *row, struct emit_error *err) {
    struct emit_error why;
    const struct emit_usage_tally_group alone = {
        .records = 1,
        .counts = record->counts,
        .has_time = record->has_time,
        .first_ns = record->time_ns,
        .last_ns = record->time_ns,
    };
    enum emit_status status = add_group(row, &alone, err);
    if (status != EMIT_OK) return status;
    const struct tokens_item item = {
        .row = row,
        .counts = record->counts,
        .time_ns = record->has_time ? record->time_ns : usage->plan->at_ns,
        .record_ref = record->ref,
    };
    status = tokens_post_add(usage->post, &item, &why);
    if (status == EMIT_INVALID) {
        emit_token_counts_subtract(&row->counts, &record->counts);
        row->records--;
        refuse_used(&usage->account, EMIT_USAGE_OUT_OF_RANGE, 1, why.text);
        return EMIT_OK;
    }
    if (status != EMIT_OK && err) *err = why;
    return status;
}

static bool is_charged(const struct usage *usage, const struct emit_profile *profile) {
    for (uint32_t i = 0; i < tokens_models_count(usage->models); i++)
        if (tokens_models_get(usage->models, i)->profile == profile) return true;
    return false;
}

// Rows of all profiles that have models, in the order of the table: some may stay empty.
static enum emit_status add_rows(struct usage *usage, struct tokens_row **row_of_profile,
                                 struct emit_error *err) {
    const struct emit_coefficient_table *table = usage->plan->table;
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; i < table->profile_count && status == EMIT_OK; i++)
        if (is_charged(usage, &table->profiles[i]))
            status = tokens_account_add_row(&usage->account, &table->profiles[i],
                                            &row_of_profile[i], err);
    for (uint32_t i = 0; i < tokens_models_count(usage->models) && status == EMIT_OK; i++) {
        const struct tokens_model *model = tokens_models_get(usage->models, i);
        tokens_account_name_model(row_of_profile[model->profile - table->profiles], model->name);
    }
    return status;
}

static enum emit_status post_requests(struct usage *usage, struct emit_error *err) {
    const struct emit_coefficient_table *table = usage->plan->table;
    struct tokens_row **row_of_profile = calloc(table->profile_count, sizeof(struct tokens_row *));
    if (!row_of_profile) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    struct emit_usage_tally_cursor cursor = {0};
    struct emit_usage_tally_record record;
    enum emit_status status = add_rows(usage, row_of_profile, err);
    while (status == EMIT_OK && emit_usage_tally_next(usage->records.tally, &cursor, &record)) {
        const struct emit_profile *profile =
            tokens_models_get(usage->models, record.group)->profile;
        status = post_request(usage, &record, row_of_profile[profile - table->profiles], err);
    }
    free(row_of_profile);
    return status;
}

// --- All of it -------------------------------------------------------------------------------

static enum emit_status post_all(struct usage *usage, struct emit_error *err) {
    if (tokens_post_refuses(usage->post)) return EMIT_OK;
    enum emit_status status =
        usage->plan->by_request ? post_requests(usage, err) : post_rows(usage, err);
    if (status == EMIT_OK) status = tokens_post_finish(usage->post, err);
    for (size_t i = 0; i < usage->account.row_count && status == EMIT_OK; i++) {
        struct tokens_row *row = &usage->account.rows[i];
        if (!row->has_time) row->first_ns = row->last_ns = usage->plan->at_ns;
        status = tokens_account_settle(row, err);
    }
    return status;
}

static enum emit_status read_all(struct usage *usage, int file_count, char **files,
                                 struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    for (int i = 0; i < file_count && status == EMIT_OK; i++)
        status = tokens_records_read(&usage->records, files[i], err);
    return status == EMIT_OK ? tokens_records_settle(&usage->records, err) : status;
}

// The store or the copy failed. What is stored stays, and is known when it comes again.
static int tell_failure(const struct usage *usage, const struct emit_error *err) {
    uint64_t stored = usage->account.events_stored;
    if (!stored) return emit_complain(&emit_command_tokens, EXIT_USAGE, "%s", err->text);
    return emit_complain(&emit_command_tokens, EXIT_PARTIAL,
                         "%s; %" PRIu64 " events are stored: the same command again adds the "
                         "others, and none twice",
                         err->text, stored);
}

int tokens_from_records(const struct tokens_options *options, const struct tokens_plan *plan,
                        int file_count, char **files) {
    struct usage usage = {.options = options, .plan = plan};
    struct emit_error err;
    enum emit_status status = open_all(&usage, &err);
    if (status == EMIT_OK) status = read_all(&usage, file_count, files, &err);
    if (status == EMIT_OK) status = post_all(&usage, &err);
    int exit_status =
        status == EMIT_OK ? tokens_tell(options, &usage.account) : tell_failure(&usage, &err);
    close_all(&usage);
    return exit_status;
}
