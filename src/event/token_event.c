// The line of a modeled event. Keys are written in the order in which they must stand, each
// with the punctuation round it as one literal; nothing sorts them afterwards, the test
// compares.
// SPDX-License-Identifier: Apache-2.0
#include "event/token_event.h"

#include "event/line.h"

#define ROW(name, word, tier, family) [name] = {word, tier, family},
static const struct inference {
    const char *word;
    enum emit_tier tier;
    enum emit_family family;
} inferences[] = {EMIT_INFERENCE_ROWS(ROW)};
#undef ROW

const char *emit_inference_word(enum emit_inference served) {
    return inferences[served].word;
}

static const char *const phases[] = {
    [EMIT_TOKENS_TOTAL] = "total",
    [EMIT_TOKENS_PREFILL] = "prefill",
    [EMIT_TOKENS_DECODE] = "decode",
};

// A count that nobody stated is no tag: it is not 0.
static inline void add_count(struct emit_text *line, const char *key,
                             const struct emit_token_counts *counts, enum emit_bucket bucket) {
    if (counts->known >> bucket & 1) emit_line_count(line, key, counts->bucket[bucket]);
}

// --- The tags ----------------------------------------------------------------------

// The ids of what was done to the coefficients, in order.
static void add_transforms(struct emit_text *line, const struct emit_token_model *model,
                           bool extrapolated) {
    char ids[(EMIT_TRANSFORM_CHAIN_MAX + 1) * EMIT_PROFILE_ID_MAX];
    struct emit_text text;
    emit_text_init(&text, ids, sizeof ids);
    if (extrapolated) emit_text_add(&text, model->long_context->id);
    for (size_t i = 0; i < model->chain_length; i++) {
        if (text.length) emit_text_add(&text, " ");
        emit_text_add(&text, model->chain[i]->id);
    }
    if (text.cut) line->cut = true;
    if (text.length) emit_line_string(line, ",\"coefficient_transforms\":", ids);
}

static void add_citation(struct emit_text *line, const struct emit_token_model *model) {
    const struct emit_profile *profile = model->profile;
    const struct emit_citation *primary = &profile->citations[0];
    emit_line_string(line, "\"coefficient_accessed\":", primary->accessed);
    emit_line_string(line, ",\"coefficient_notes\":", profile->notes);
    emit_line_string(line, ",\"coefficient_profile\":", profile->id);
    emit_line_string(line, ",\"coefficient_published\":", primary->published);
    emit_line_string(line, ",\"coefficient_source_title\":", primary->title);
    emit_line_string(line, ",\"coefficient_source_url\":", primary->url);
    emit_line_string(line, ",\"coefficient_source_version\":", primary->version);
    emit_line_string(line, ",\"coefficient_table_sha256\":", model->table_sha256);
}

enum emit_status emit_token_citation_write(struct emit_token_citation *citation,
                                           const struct emit_token_model *model,
                                           struct emit_error *err) {
    struct emit_text text;
    emit_text_init(&text, citation->text, sizeof citation->text);
    add_citation(&text, model);
    if (text.cut)
        return emit_fail(err, EMIT_FULL, "profile %s: its citation is longer than an event may be",
                         model->profile->id);
    citation->length = text.length;
    return EMIT_OK;
}

static void add_tags(struct emit_text *line, const struct emit_token_event_facts *facts,
                     const struct emit_token_model *model, const struct emit_token_counts *counts,
                     const struct emit_token_energy *energy) {
    const struct inference *served = &inferences[facts->served];
    emit_line_word(line, "{\"accuracy_class\":\"",
                   emit_accuracy_word(EMIT_ACCURACY_COEFFICIENT_MODEL));
    emit_line_add(line, "\"");
    add_count(line, ",\"cached_input_tokens\":", counts, EMIT_BUCKET_CACHED_INPUT);
    emit_line_word(line, ",\"capability_tier\":\"", emit_tier_word(served->tier));
    emit_line_add(line, "\",");
    if (facts->citation)
        emit_text_add_bytes(line, facts->citation->text, facts->citation->length);
    else
        add_citation(line, model);
    add_transforms(line, model, energy->extrapolated);
    emit_line_word(line, ",\"component\":\"", emit_component_word(EMIT_COMPONENT_INFERENCE));
    emit_line_word(line, "\",\"confidence\":\"", emit_confidence_word(energy->confidence));
    emit_line_word(line, "\",\"energy_provenance\":\"",
                   emit_provenance_word(EMIT_PROVENANCE_MODELED));
    emit_line_word(line, "\",\"energy_source\":\"", emit_source_word(EMIT_SOURCE_TOKEN_MODEL));
    emit_line_add(line, "\"");
    if (counts->extrapolated_output)
        emit_line_count(line, ",\"extrapolated_output_tokens\":", counts->extrapolated_output);
    if (counts->extrapolated_reasoning_output)
        emit_line_count(line, ",\"extrapolated_reasoning_output_tokens\":",
                        counts->extrapolated_reasoning_output);
    add_count(line, ",\"input_tokens\":", counts, EMIT_BUCKET_INPUT);
    emit_line_word(line, ",\"measurement_boundary\":\"", emit_boundary_word(model->boundary));
    emit_line_add(line, "\"");
    add_count(line, ",\"output_tokens\":", counts, EMIT_BUCKET_OUTPUT);
    emit_line_word(line, ",\"phase\":\"", phases[facts->part]);
    emit_line_word(line, "\",\"provider_family\":\"", emit_family_word(served->family));
    emit_line_word(
        line, "\",\"pue_applied\":", model->boundary == EMIT_BOUNDARY_FACILITY ? "true" : "false");
    emit_line_double(line, ",\"quantity_high\":", energy->high_joules);
    emit_line_double(line, ",\"quantity_low\":", energy->low_joules);
    add_count(line, ",\"reasoning_output_tokens\":", counts, EMIT_BUCKET_REASONING_OUTPUT);
    emit_line_string(line, ",\"record_ref\":", facts->record_ref);
    add_count(line, ",\"requests\":", counts, EMIT_BUCKET_REQUEST);
    emit_line_add(line, "}");
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
    char event_ts[EMIT_TIME_TEXT], day[EMIT_DAY_TEXT];
    emit_time_write(event_ts, facts->time_ns);
    emit_time_write_day(day, facts->time_ns);
    struct emit_token_energy energy;
    enum emit_status status = emit_token_energy(&energy, model, &some, facts->part, day, err);
    if (status != EMIT_OK) return status;

    emit_line_string(line,
                     "{\"channel_id\":\"emit\",\"compute_assignment_run_id\":", facts->run_id);
    emit_line_word(line, ",\"event_ts\":\"", event_ts);
    emit_line_add(line, "\",\"kind\":\"emit:energy_meter_recorded\"");
    emit_line_double(line, ",\"quantity\":", energy.joules);
    emit_line_add(line, ",\"tags\":");
    add_tags(line, facts, model, &some, &energy);
    emit_line_string(line, ",\"unit\":\"joules\",\"workspace_id\":", facts->workspace_id);
    emit_line_add(line, "}");
    if (line->cut)
        return emit_fail(err, EMIT_FULL, "%s: its event is longer than the buffer",
                         facts->record_ref);
    return EMIT_OK;
}
