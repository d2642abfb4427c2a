// emit tokens from usage records: everything is read before the first event is made, so that
// what is stored of a run is of all of its files or of none.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_usage.h"

#include "host/host.h"
#include "programs/emit/config.h"
#include "programs/emit/operand.h"

#include <stdlib.h>
#include <string.h>

static enum emit_status open_all(struct tokens_usage *usage, struct emit_error *err) {
    const struct tokens_plan *plan = usage->plan;
    const struct emit_usage_log_rules rules = {.dialect = plan->dialect,
                                               .is_named = plan->by_request,
                                               .has_time = plan->has_at,
                                               .clock_ns = emit_clock_wall_ns};
    enum emit_status status = EMIT_OK;
    if (!plan->profile) status = emit_config_open(&usage->config, usage->options->config_path, err);
    if (status == EMIT_OK)
        status =
            emit_model_map_open(&usage->models, &usage->config, plan->table, plan->profile, err);
    if (status == EMIT_OK) status = tokens_account_init(&usage->account, plan, err);
    if (status == EMIT_OK)
        status =
            emit_usage_log_open(&usage->log, &rules, &usage->account.usage, usage->models, err);
    if (status == EMIT_OK)
        status = tokens_post_open(&usage->post, usage->options, &usage->account, err);
    return status;
}

static void close_all(struct tokens_usage *usage) {
    tokens_post_close(usage->post);
    emit_usage_log_close(&usage->log);
    tokens_account_clear(&usage->account);
    emit_model_map_close(usage->models);
    emit_settings_close(&usage->config);
}

// --- One event for each request --------------------------------------------------------------

static enum emit_status post_request(struct tokens_usage *usage,
                                     const struct emit_usage_book_record *record,
                                     struct tokens_row *row, struct emit_error *err) {
    struct emit_error why;
    const struct emit_usage_book_group alone = {
        .records = 1,
        .counts = record->counts,
        .has_time = record->has_time,
        .first_ns = record->time_ns,
        .last_ns = record->time_ns,
    };
    enum emit_status status = emit_usage_book_group_add(&row->sum, &alone, err);
    if (status != EMIT_OK) return status;
    const struct tokens_item item = {
        .row = row,
        .sum = alone,
        .time_ns = record->has_time ? record->time_ns : usage->plan->at_ns,
        .record_ref = record->ref,
        .name = record->ref,
    };
    status = tokens_post_add(usage->post, &item, &why);
    if (status == EMIT_INVALID) {
        emit_usage_book_group_subtract(&row->sum, &alone);
        emit_usage_account_withdraw(&usage->account.usage, EMIT_USAGE_OUT_OF_RANGE, 1, why.text);
        return EMIT_OK;
    }
    if (status != EMIT_OK && err) *err = why;
    return status;
}

static bool is_charged(const struct tokens_usage *usage, const struct emit_profile *profile) {
    for (uint32_t i = 0; i < emit_model_map_count(usage->models); i++)
        if (emit_model_map_get(usage->models, i)->profile == profile) return true;
    return false;
}

// Rows of all profiles that have models, in the order of the table: some may stay empty.
static enum emit_status add_rows(struct tokens_usage *usage, struct tokens_row **row_of_profile,
                                 struct emit_error *err) {
    const struct emit_coefficient_table *table = usage->plan->table;
    enum emit_status status = EMIT_OK;
    for (size_t i = 0; i < table->profile_count && status == EMIT_OK; i++)
        if (is_charged(usage, &table->profiles[i]))
            status = tokens_account_add_row(&usage->account, &table->profiles[i],
                                            &row_of_profile[i], err);
    for (uint32_t i = 0; i < emit_model_map_count(usage->models) && status == EMIT_OK; i++) {
        const struct emit_mapped_model *model = emit_model_map_get(usage->models, i);
        tokens_account_name_model(row_of_profile[model->profile - table->profiles], model->name);
    }
    return status;
}

static enum emit_status post_requests(struct tokens_usage *usage, struct emit_error *err) {
    const struct emit_coefficient_table *table = usage->plan->table;
    struct tokens_row **row_of_profile = calloc(table->profile_count, sizeof(struct tokens_row *));
    if (!row_of_profile) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    struct emit_usage_book_cursor cursor = {0};
    struct emit_usage_book_record record;
    enum emit_status status = add_rows(usage, row_of_profile, err);
    while (status == EMIT_OK && emit_usage_book_next(usage->log.book, &cursor, &record)) {
        const struct emit_profile *profile =
            emit_model_map_get(usage->models, record.group)->profile;
        status = post_request(usage, &record, row_of_profile[profile - table->profiles], err);
    }
    free(row_of_profile);
    return status;
}

// --- All of it -------------------------------------------------------------------------------

static enum emit_status post_all(struct tokens_usage *usage, struct emit_error *err) {
    if (tokens_post_refuses(usage->post)) return EMIT_OK;
    enum emit_status status =
        usage->plan->by_request ? post_requests(usage, err) : tokens_usage_post_shares(usage, err);
    if (status == EMIT_OK) status = tokens_post_finish(usage->post, err);
    for (size_t i = 0; i < usage->account.row_count && status == EMIT_OK; i++) {
        struct tokens_row *row = &usage->account.rows[i];
        if (!row->sum.has_time) row->sum.first_ns = row->sum.last_ns = usage->plan->at_ns;
        status = tokens_account_settle(row, err);
    }
    return status;
}

static enum emit_status read_all(struct tokens_usage *usage, int file_count, char **files,
                                 struct emit_error *err) {
    enum emit_status status = EMIT_OK;
    for (int i = 0; i < file_count && status == EMIT_OK; i++) {
        struct emit_operand file;
        status = emit_operand_open(&file, files[i], err);
        if (status != EMIT_OK) return status;
        status = emit_usage_log_read(&usage->log, file.descriptor, file.name, err);
        emit_operand_close(&file);
    }
    return status == EMIT_OK ? emit_usage_log_settle(&usage->log, err) : status;
}

// How the line that a refusal asks for gets where it belongs.
static void note_unmapped(struct tokens_usage *usage) {
    char place[EMIT_SETTINGS_PATH_MAX];
    if (!usage->account.usage.fates[EMIT_USAGE_UNMAPPED]) return;
    tokens_account_note(&usage->account, "Which profile a model has is yours to say: emit tokens "
                                         "profiles lists them.");
    emit_config_place(place);
    if (!usage->config.path[0] && !usage->plan->profile)
        tokens_account_note(&usage->account,
                            "There is no emit.yaml: make %s with a line models: first, or name "
                            "one with --config.",
                            place[0] ? place : "one");
}

int tokens_from_records(const struct tokens_options *options, const struct tokens_plan *plan,
                        int file_count, char **files) {
    struct tokens_usage usage = {.options = options, .plan = plan};
    struct emit_error err;
    enum emit_status status = open_all(&usage, &err);
    if (status == EMIT_OK) status = read_all(&usage, file_count, files, &err);
    if (status == EMIT_OK) status = post_all(&usage, &err);
    if (status == EMIT_OK) note_unmapped(&usage);
    int exit_status = status == EMIT_OK ? tokens_tell(options, &usage.account)
                                        : tokens_tell_failure(&usage.account, &err);
    close_all(&usage);
    return exit_status;
}
