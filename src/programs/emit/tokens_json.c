// The account of one emit tokens as one JSON object: contract/tokens.schema.json.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/tokens_account.h"

#include "base/json_write.h"
#include "base/time.h"

static void member_joules(struct emit_json_writer *writer, double central, double low,
                          double high) {
    emit_json_member_double(writer, "joules", central);
    emit_json_member_double(writer, "low_joules", low);
    emit_json_member_double(writer, "high_joules", high);
}

static void member_time(struct emit_json_writer *writer, const char *key, bool is_known,
                        int64_t time_ns) {
    char time[EMIT_TIME_TEXT];
    emit_time_write(time, time_ns);
    emit_json_key(writer, key);
    if (is_known)
        emit_json_string(writer, time);
    else
        emit_json_null(writer);
}

static void member_count(struct emit_json_writer *writer, const struct emit_token_counts *counts,
                         enum emit_bucket bucket) {
    emit_json_key(writer, emit_bucket_tag(bucket));
    if (counts->known & (UINT32_C(1) << bucket))
        emit_json_u64(writer, counts->bucket[bucket]);
    else
        emit_json_null(writer);
}

static void write_records(struct emit_json_writer *writer, const struct tokens_account *account) {
    emit_json_key(writer, "records");
    if (account->from_counts) {
        emit_json_null(writer);
        return;
    }
    emit_json_open_object(writer);
    emit_json_member_u64(writer, "read", emit_usage_account_read(&account->usage));
    emit_json_member_u64(writer, "used", account->usage.fates[EMIT_USAGE_USED]);
    emit_json_member_u64(writer, "skipped", emit_usage_account_skipped(&account->usage));
    emit_json_member_u64(writer, "refused", emit_usage_account_refused(&account->usage));
    emit_json_key(writer, "fates");
    emit_json_open_object(writer);
    for (int fate = 0; fate < EMIT_USAGE_FATE_COUNT; fate++)
        if (account->usage.fates[fate])
            emit_json_member_u64(writer, emit_usage_fate_word((enum emit_usage_fate)fate),
                                 account->usage.fates[fate]);
    emit_json_close_object(writer);
    emit_json_key(writer, "dialects");
    emit_json_open_object(writer);
    for (int dialect = 0; dialect < EMIT_DIALECT_COUNT; dialect++)
        if (account->usage.dialects[dialect])
            emit_json_member_u64(writer, emit_dialect_word((enum emit_dialect)dialect),
                                 account->usage.dialects[dialect]);
    emit_json_close_object(writer);
    emit_json_close_object(writer);
}

static void write_transforms(struct emit_json_writer *writer, const struct tokens_row *row) {
    emit_json_key(writer, "transforms");
    emit_json_open_array(writer);
    if (row->energy.extrapolated && row->model.long_context)
        emit_json_string(writer, row->model.long_context->id);
    for (size_t i = 0; i < row->model.chain_length; i++)
        emit_json_string(writer, row->model.chain[i]->id);
    emit_json_close_array(writer);
}

static void write_row(struct emit_json_writer *writer, const struct tokens_row *row) {
    const struct emit_token_counts *counts = &row->sum.counts;
    emit_json_open_object(writer);
    emit_json_member_string(writer, "profile", row->model.profile->id);
    emit_json_key(writer, "models");
    emit_json_open_array(writer);
    for (size_t i = 0; i < row->model_count && i < TOKENS_MODELS_NAMED; i++)
        emit_json_string(writer, row->models[i]);
    emit_json_close_array(writer);
    emit_json_member_u64(writer, "model_count", row->model_count);
    member_count(writer, counts, EMIT_BUCKET_REQUEST);
    member_count(writer, counts, EMIT_BUCKET_INPUT);
    member_count(writer, counts, EMIT_BUCKET_CACHED_INPUT);
    member_count(writer, counts, EMIT_BUCKET_OUTPUT);
    member_count(writer, counts, EMIT_BUCKET_REASONING_OUTPUT);
    emit_json_member_u64(writer, "extrapolated_output_tokens", counts->extrapolated_output);
    emit_json_member_u64(writer, "extrapolated_reasoning_output_tokens",
                         counts->extrapolated_reasoning_output);
    member_joules(writer, row->energy.joules, row->energy.low_joules, row->energy.high_joules);
    emit_json_member_string(writer, "confidence", emit_confidence_word(row->energy.confidence));
    emit_json_member_bool(writer, "expired", row->energy.expired);
    write_transforms(writer, row);
    member_time(writer, "first", row->sum.has_time, row->sum.first_ns);
    member_time(writer, "last", row->sum.has_time, row->sum.last_ns);
    emit_json_close_object(writer);
}

static void write_rows(struct emit_json_writer *writer, const struct tokens_account *account) {
    struct tokens_joules total;
    emit_json_key(writer, "profiles");
    emit_json_open_array(writer);
    for (size_t i = 0; i < account->row_count; i++)
        write_row(writer, &account->rows[i]);
    emit_json_close_array(writer);
    emit_json_key(writer, "total");
    if (tokens_account_total(account, &total)) {
        emit_json_open_object(writer);
        member_joules(writer, total.central, total.low, total.high);
        emit_json_close_object(writer);
    } else {
        emit_json_null(writer);
    }
}

// The first of that many, as far as they are kept.
static void write_numbers(struct emit_json_writer *writer, const char *key,
                          const uint64_t numbers[EMIT_USAGE_LINES_KEPT], uint64_t count) {
    emit_json_key(writer, key);
    emit_json_open_array(writer);
    for (size_t i = 0; i < count && i < EMIT_USAGE_LINES_KEPT; i++)
        emit_json_u64(writer, numbers[i]);
    emit_json_close_array(writer);
}

static void write_kinds(struct emit_json_writer *writer, const char *key,
                        const struct emit_usage_refusals *refusals) {
    emit_json_key(writer, key);
    emit_json_open_array(writer);
    for (size_t i = 0; i < refusals->count; i++) {
        const struct emit_usage_refusal *refusal = &refusals->kinds[i];
        emit_json_open_object(writer);
        emit_json_member_string(writer, "fate", emit_usage_fate_word(refusal->fate));
        emit_json_member_string(writer, "message", refusal->message);
        if (refusal->remedy[0]) emit_json_member_string(writer, "remedy", refusal->remedy);
        emit_json_member_u64(writer, "records", refusal->records);
        if (refusal->file) {
            emit_json_member_string(writer, "file", refusal->file);
            write_numbers(writer, "lines", refusal->lines, refusal->records);
            if (refusal->elements[0])
                write_numbers(writer, "elements", refusal->elements, refusal->records);
        }
        emit_json_close_object(writer);
    }
    emit_json_close_array(writer);
}

static void write_events(struct emit_json_writer *writer, const struct tokens_account *account) {
    emit_json_key(writer, "events");
    emit_json_open_object(writer);
    emit_json_member_u64(writer, "made", account->events_made);
    emit_json_member_u64(writer, "stored", account->events_stored);
    emit_json_member_u64(writer, "duplicate", account->events_duplicate);
    emit_json_member_u64(writer, "conflicting", account->events_conflicting);
    emit_json_close_object(writer);
    emit_json_key(writer, "notes");
    emit_json_open_array(writer);
    for (size_t i = 0; i < account->note_count; i++)
        emit_json_string(writer, account->notes[i]);
    emit_json_close_array(writer);
}

enum emit_status tokens_account_write_json(struct emit_text *text,
                                           const struct tokens_account *account,
                                           struct emit_error *err) {
    const struct tokens_plan *plan = account->plan;
    struct emit_json_writer writer;
    emit_json_writer_init(&writer, text);
    emit_json_open_object(&writer);
    emit_json_member_string(&writer, "run_id", plan->run_id);
    emit_json_member_string(&writer, "workspace_id", plan->workspace_id);
    emit_json_member_string(&writer, "energy_provenance",
                            emit_provenance_word(EMIT_PROVENANCE_MODELED));
    emit_json_member_string(&writer, "measurement_boundary", emit_boundary_word(plan->boundary));
    emit_json_member_string(&writer, "served", emit_inference_word(plan->served));
    emit_json_member_string(&writer, "group",
                            account->from_counts ? "counts"
                            : plan->by_request   ? "request"
                                                 : "run");
    emit_json_member_bool(&writer, "phases", plan->phases);
    emit_json_member_string(&writer, "coefficient_table_sha256", plan->table->sha256);
    write_records(&writer, account);
    write_rows(&writer, account);
    write_kinds(&writer, "refused", &account->usage.refusals);
    emit_json_member_u64(&writer, "refused_untold", account->usage.refusals.untold);
    write_kinds(&writer, "remarks", &account->usage.remarks);
    write_events(&writer, account);
    emit_json_member_i64(&writer, "exit", tokens_account_exit(account));
    emit_json_close_object(&writer);
    if (text->cut) return emit_fail(err, EMIT_FULL, "the document is longer than its buffer");
    return EMIT_OK;
}
