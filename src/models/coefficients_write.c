// Keys are written in sorted order; joules and factors as decimal numbers, each from its
// integer by one division.
// SPDX-License-Identifier: Apache-2.0
#include "models/coefficients_write.h"

#include "base/json_write.h"
#include "vocabulary/fields.h"

#include <string.h>

static const double nanojoules_per_joule = 1e9, thousandths_per_one = 1e3;

static const char *word_of(enum emit_set set, size_t value) {
    size_t count;
    return emit_set_words(set, &count)[value];
}

// "a,b" as an array.
static void write_ids(struct emit_json_writer *json, const char *ids) {
    emit_json_key(json, "sources");
    emit_json_open_array(json);
    for (const char *at = ids;; at++) {
        size_t length = strcspn(at, ",");
        emit_json_string_bytes(json, at, length);
        at += length;
        if (*at == '\0') break;
    }
    emit_json_close_array(json);
}

static void write_coefficient(struct emit_json_writer *json, enum emit_bucket bucket,
                              const struct emit_coefficient *coefficient) {
    const struct emit_range *range = &coefficient->nanojoules;
    if (!coefficient->defined) return;
    emit_json_key(json, emit_bucket_key(bucket));
    emit_json_open_object(json);
    emit_json_member_double(json, "central", (double)range->central / nanojoules_per_joule);
    emit_json_member_string(json, "confidence",
                            word_of(EMIT_SET_CONFIDENCE, coefficient->confidence));
    emit_json_member_string(json, "derivation", coefficient->derivation);
    emit_json_member_double(json, "high", (double)range->high / nanojoules_per_joule);
    emit_json_member_double(json, "low", (double)range->low / nanojoules_per_joule);
    write_ids(json, coefficient->sources);
    emit_json_member_string(json, "unit", emit_bucket_unit(bucket));
    emit_json_close_object(json);
}

static void write_citations(struct emit_json_writer *json, const struct emit_citation *citations,
                            size_t count) {
    emit_json_key(json, "sources");
    emit_json_open_array(json);
    for (size_t i = 0; i < count; i++) {
        const struct emit_citation *citation = &citations[i];
        emit_json_open_object(json);
        emit_json_member_string(json, "accessed", citation->accessed);
        emit_json_member_string(json, "id", citation->id);
        emit_json_member_string(json, "published", citation->published);
        emit_json_member_string(json, "read", citation->secondary ? "secondary" : "original");
        emit_json_member_string(json, "says", citation->says);
        emit_json_member_string(json, "title", citation->title);
        emit_json_member_string(json, "url", citation->url);
        emit_json_member_string(json, "version", citation->version);
        emit_json_close_object(json);
    }
    emit_json_close_array(json);
}

void emit_profile_write(struct emit_text *line, const struct emit_profile *profile) {
    static const enum emit_bucket sorted[] = {EMIT_BUCKET_CACHED_INPUT, EMIT_BUCKET_INPUT,
                                              EMIT_BUCKET_OUTPUT, EMIT_BUCKET_REASONING_OUTPUT,
                                              EMIT_BUCKET_REQUEST};
    _Static_assert(sizeof sorted / sizeof sorted[0] == EMIT_BUCKET_COUNT, "each bucket is written");
    struct emit_json_writer json;
    emit_json_writer_init(&json, line);
    emit_json_open_object(&json);
    emit_json_member_string(&json, "boundary", word_of(EMIT_SET_BOUNDARY, profile->boundary));
    emit_json_member_string(&json, "caveats", profile->caveats);
    emit_json_key(&json, "coefficients");
    emit_json_open_object(&json);
    for (size_t i = 0; i < EMIT_BUCKET_COUNT; i++)
        write_coefficient(&json, sorted[i], &profile->coefficients[sorted[i]]);
    emit_json_close_object(&json);
    emit_json_member_u64(&json, "context_tokens_max", profile->context_tokens_max);
    emit_json_member_string(&json, "intended_use", profile->intended_use);
    emit_json_member_string(&json, "profile", profile->id);
    write_citations(&json, profile->citations, profile->citation_count);
    emit_json_member_string(&json, "stands_for", profile->stands_for);
    emit_json_member_string(&json, "valid_until", profile->valid_until);
    emit_json_close_object(&json);
    emit_text_add(line, "\n");
}

void emit_transform_write(struct emit_text *line, const struct emit_transform *transform) {
    const struct emit_range *range = &transform->thousandths;
    struct emit_json_writer json;
    emit_json_writer_init(&json, line);
    emit_json_open_object(&json);
    emit_json_member_string(&json, "caveats", transform->caveats);
    emit_json_member_string(&json, "confidence",
                            word_of(EMIT_SET_CONFIDENCE, transform->confidence));
    emit_json_member_string(&json, "derivation", transform->derivation);
    emit_json_key(&json, "factor");
    emit_json_open_object(&json);
    emit_json_member_double(&json, "central", (double)range->central / thousandths_per_one);
    emit_json_member_double(&json, "high", (double)range->high / thousandths_per_one);
    emit_json_member_double(&json, "low", (double)range->low / thousandths_per_one);
    write_ids(&json, transform->sources);
    emit_json_close_object(&json);
    emit_json_member_string(&json, "from", emit_stage_word(transform->from));
    emit_json_member_string(&json, "intended_use", transform->intended_use);
    write_citations(&json, transform->citations, transform->citation_count);
    emit_json_member_string(&json, "to", emit_stage_word(transform->to));
    emit_json_member_string(&json, "transform", transform->id);
    emit_json_member_string(&json, "valid_until", transform->valid_until);
    emit_json_close_object(&json);
    emit_text_add(line, "\n");
}
