// The line of a modeled event. Keys are written in the order in which they must
// stand; nothing sorts them afterwards, the test compares.
// SPDX-License-Identifier: Apache-2.0
#include "event/token_event.h"

#include "base/json_write.h"
#include "base/time.h"

enum { DAY_LENGTH = 10 }; // of "2026-11-25", with which a time begins

struct served_row {
    enum emit_tier tier;
    enum emit_family family;
};

static const struct served_row served_rows[] = {
    [EMIT_SERVED_MANAGED] = {EMIT_TIER_MANAGED_INFERENCE, EMIT_FAMILY_MANAGED},
    [EMIT_SERVED_BYOK_PROXY] = {EMIT_TIER_BYOK_PROXY, EMIT_FAMILY_BYOK},
    [EMIT_SERVED_HERE] = {EMIT_TIER_GPU_RUNNER, EMIT_FAMILY_OPERATOR_OWNED},
};

static const char *const phases[] = {
    [EMIT_TOKENS_TOTAL] = "total",
    [EMIT_TOKENS_PREFILL] = "prefill",
    [EMIT_TOKENS_DECODE] = "decode",
};

// A count that nobody stated is no tag: it is not 0.
static void write_count(struct emit_json_writer *writer, const char *tag,
                        const struct emit_token_counts *counts, enum emit_bucket bucket) {
    if (counts->known >> bucket & 1) emit_json_member_u64(writer, tag, counts->bucket[bucket]);
}

// The ids of what was done to the coefficients, in order.
static void write_transforms(struct emit_json_writer *writer, const struct emit_token_model *model,
                             bool extrapolated) {
    char ids[(EMIT_TRANSFORM_CHAIN_MAX + 1) * EMIT_PROFILE_ID_MAX];
    struct emit_text text;
    emit_text_init(&text, ids, sizeof ids);
    if (extrapolated) emit_text_add(&text, model->long_context->id);
    for (size_t i = 0; i < model->chain_length; i++) {
        if (text.length) emit_text_add(&text, " ");
        emit_text_add(&text, model->chain[i]->id);
    }
    if (text.cut) writer->out->cut = true;
    if (text.length) emit_json_member_string(writer, "coefficient_transforms", ids);
}

static void write_coefficients(struct emit_json_writer *writer,
                               const struct emit_token_model *model, bool extrapolated) {
    const struct emit_profile *profile = model->profile;
    const struct emit_citation *primary = &profile->citations[0];
    emit_json_member_string(writer, "coefficient_accessed", primary->accessed);
    emit_json_member_string(writer, "coefficient_notes", profile->notes);
    emit_json_member_string(writer, "coefficient_profile", profile->id);
    emit_json_member_string(writer, "coefficient_published", primary->published);
    emit_json_member_string(writer, "coefficient_source_title", primary->title);
    emit_json_member_string(writer, "coefficient_source_url", primary->url);
    emit_json_member_string(writer, "coefficient_source_version", primary->version);
    emit_json_member_string(writer, "coefficient_table_sha256", model->table_sha256);
    write_transforms(writer, model, extrapolated);
}

static void write_tags(struct emit_json_writer *writer, const struct emit_token_event_facts *facts,
                       const struct emit_token_model *model, const struct emit_token_counts *counts,
                       const struct emit_token_energy *energy) {
    struct served_row served = served_rows[facts->served];
    emit_json_open_object(writer);
    emit_json_member_string(writer, "accuracy_class",
                            emit_accuracy_word(EMIT_ACCURACY_COEFFICIENT_MODEL));
    write_count(writer, "cached_input_tokens", counts, EMIT_BUCKET_CACHED_INPUT);
    emit_json_member_string(writer, "capability_tier", emit_tier_word(served.tier));
    write_coefficients(writer, model, energy->extrapolated);
    emit_json_member_string(writer, "component", emit_component_word(EMIT_COMPONENT_INFERENCE));
    emit_json_member_string(writer, "confidence", emit_confidence_word(energy->confidence));
    emit_json_member_string(writer, "energy_provenance",
                            emit_provenance_word(EMIT_PROVENANCE_MODELED));
    emit_json_member_string(writer, "energy_source", emit_source_word(EMIT_SOURCE_TOKEN_MODEL));
    if (counts->extrapolated_output)
        emit_json_member_u64(writer, "extrapolated_output_tokens", counts->extrapolated_output);
    if (counts->extrapolated_reasoning_output)
        emit_json_member_u64(writer, "extrapolated_reasoning_output_tokens",
                             counts->extrapolated_reasoning_output);
    write_count(writer, "input_tokens", counts, EMIT_BUCKET_INPUT);
    emit_json_member_string(writer, "measurement_boundary", emit_boundary_word(model->boundary));
    write_count(writer, "output_tokens", counts, EMIT_BUCKET_OUTPUT);
    emit_json_member_string(writer, "phase", phases[facts->part]);
    emit_json_member_string(writer, "provider_family", emit_family_word(served.family));
    emit_json_member_bool(writer, "pue_applied", model->boundary == EMIT_BOUNDARY_FACILITY);
    emit_json_member_double(writer, "quantity_high", energy->high_joules);
    emit_json_member_double(writer, "quantity_low", energy->low_joules);
    write_count(writer, "reasoning_output_tokens", counts, EMIT_BUCKET_REASONING_OUTPUT);
    emit_json_member_string(writer, "record_ref", facts->record_ref);
    write_count(writer, "requests", counts, EMIT_BUCKET_REQUEST);
    emit_json_close_object(writer);
}

enum emit_status emit_token_event_write(struct emit_text *line,
                                        const struct emit_token_event_facts *facts,
                                        const struct emit_token_model *model,
                                        const struct emit_token_counts *counts,
                                        struct emit_error *err) {
    struct emit_token_counts some = emit_token_counts_of_part(counts, facts->part);
    if (!emit_token_counts_has_tokens(&some))
        return emit_fail(err, EMIT_INVALID, "%s: no count of tokens is known for its phase %s",
                         facts->record_ref, phases[facts->part]);
    char event_ts[EMIT_TIME_TEXT], day[DAY_LENGTH + 1];
    emit_time_write(event_ts, facts->time_ns);
    memcpy(day, event_ts, DAY_LENGTH);
    day[DAY_LENGTH] = '\0';
    struct emit_token_energy energy;
    enum emit_status status = emit_token_energy(&energy, model, &some, facts->part, day, err);
    if (status != EMIT_OK) return status;

    struct emit_json_writer writer;
    emit_json_writer_init(&writer, line);
    emit_json_open_object(&writer);
    emit_json_member_string(&writer, "channel_id", "emit");
    emit_json_member_string(&writer, "compute_assignment_run_id", facts->run_id);
    emit_json_member_string(&writer, "event_ts", event_ts);
    emit_json_member_string(&writer, "kind", "emit:energy_meter_recorded");
    emit_json_member_double(&writer, "quantity", energy.joules);
    emit_json_key(&writer, "tags");
    write_tags(&writer, facts, model, &some, &energy);
    emit_json_member_string(&writer, "unit", "joules");
    emit_json_member_string(&writer, "workspace_id", facts->workspace_id);
    emit_json_close_object(&writer);
    if (line->cut)
        return emit_fail(err, EMIT_FULL, "%s: its event is longer than the buffer",
                         facts->record_ref);
    return EMIT_OK;
}
