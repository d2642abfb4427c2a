// A JSON Schema from the rows of the vocabulary. No $ref: every place says all
// that holds there, so that a reader of one field need not jump.
// SPDX-License-Identifier: Apache-2.0
#include "contract/schema.h"

#include "base/json.h"
#include "base/json_write.h"
#include "emit/version.h"
#include "vocabulary/fields.h"

#include <float.h>
#include <string.h>

// Not empty, and without U+0000, which no program that ends strings with it can keep.
#define TEXT_PATTERN "^[^\\u0000]+$"
#define ANY_PATTERN  "^[^\\u0000]*$"
// A day the calendar has, from 0001-01-01 on: what the shape of a date leaves open.
#define DAY_PATTERN                                                                                \
    "^(?!0000)([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|"                               \
    "(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|"                                \
    "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"

static void open_object_at(struct emit_json_writer *json, const char *key) {
    emit_json_key(json, key);
    emit_json_open_object(json);
}

// A schema of objects. The type stands although the place implies it: validators
// that warn of keywords without a type are then silent.
static void open_object_schema_at(struct emit_json_writer *json, const char *key) {
    open_object_at(json, key);
    emit_json_member_string(json, "type", "object");
}

static void open_array_at(struct emit_json_writer *json, const char *key) {
    emit_json_key(json, key);
    emit_json_open_array(json);
}

// The words of a set whose bits are set in `which`; "const" when it is a single one.
static void write_words(struct emit_json_writer *json, enum emit_set set, uint32_t which) {
    size_t count;
    const char *const *words = emit_set_words(set, &count);
    which &= (UINT32_C(1) << count) - 1;
    bool single = __builtin_popcount(which) == 1;
    if (!single) open_array_at(json, "enum");
    for (size_t i = 0; i < count; i++) {
        if (!(which >> i & 1)) continue;
        if (single) emit_json_key(json, "const");
        emit_json_string(json, words[i]);
    }
    if (!single) emit_json_close_array(json);
}

static void write_not_pattern(struct emit_json_writer *json, const struct emit_text *pattern) {
    open_object_at(json, "not");
    emit_json_member_string(json, "pattern", pattern->at);
    emit_json_close_object(json);
}

// "not": a brand as a whole word of a label.
static void write_brand_free(struct emit_json_writer *json) {
    char bytes[2048];
    struct emit_text pattern;
    emit_text_init(&pattern, bytes, sizeof bytes);
    size_t count;
    const char *const *brands = emit_brands(&count);
    for (size_t i = 0; i < count; i++)
        emit_text_add_format(&pattern, "%s%s", i == 0 ? "(^|-)(" : "|", brands[i]);
    emit_text_add(&pattern, ")(-|$)");
    write_not_pattern(json, &pattern);
}

// Every stem in small letters and capitals: a schema's patterns know no such option.
static void write_forbidden_stems(struct emit_json_writer *json) {
    char bytes[2048];
    struct emit_text pattern;
    emit_text_init(&pattern, bytes, sizeof bytes);
    size_t count;
    const char *const *stems = emit_forbidden_stems(&count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) emit_text_add(&pattern, "|");
        for (const char *at = stems[i]; *at != '\0'; at++) {
            if (*at >= 'a' && *at <= 'z')
                emit_text_add_format(&pattern, "[%c%c]", *at - 'a' + 'A', *at);
            else
                emit_text_add_bytes(&pattern, at, 1);
        }
    }
    write_not_pattern(json, &pattern);
}

// --- One field -----------------------------------------------------------------

struct pattern_list {
    const char *patterns[4];
    size_t count;
};

static void add_format(struct pattern_list *list, enum emit_format format) {
    const char *shape = emit_format_pattern(format);
    if (format == EMIT_FORMAT_TEXT) shape = TEXT_PATTERN;
    if (shape) list->patterns[list->count++] = shape;
    if (format == EMIT_FORMAT_TIMESTAMP || format == EMIT_FORMAT_DATE)
        list->patterns[list->count++] = DAY_PATTERN;
}

static void write_string_field(struct emit_json_writer *json, const struct emit_field *field,
                               bool strict) {
    struct pattern_list list = {.count = 0};
    add_format(&list, field->format);
    if (strict && field->strict_format != EMIT_FORMAT_TEXT) add_format(&list, field->strict_format);
    enum emit_set set =
        strict && field->strict_set != EMIT_SET_NONE ? field->strict_set : field->set;
    emit_json_member_string(json, "type", "string");
    if (set != EMIT_SET_NONE) write_words(json, set, UINT32_MAX);
    if (list.count == 1) emit_json_member_string(json, "pattern", list.patterns[0]);
    if (list.count > 1) {
        open_array_at(json, "allOf");
        for (size_t i = 0; i < list.count; i++) {
            emit_json_open_object(json);
            emit_json_member_string(json, "pattern", list.patterns[i]);
            emit_json_close_object(json);
        }
        emit_json_close_array(json);
    }
    if (field->brand_free) write_brand_free(json);
}

// The limits of a double stand where the row has none: a reader may have made an
// infinity of what overflows.
static void write_limits(struct emit_json_writer *json, enum emit_limit low, double low_value,
                         enum emit_limit high, double high_value) {
    if (low == EMIT_LIMIT_NONE) low_value = -DBL_MAX;
    if (high == EMIT_LIMIT_NONE) high_value = DBL_MAX;
    emit_json_member_double(json, low == EMIT_LIMIT_ABOVE ? "exclusiveMinimum" : "minimum",
                            low_value);
    emit_json_member_double(json, high == EMIT_LIMIT_BELOW ? "exclusiveMaximum" : "maximum",
                            high_value);
}

static void write_count_field(struct emit_json_writer *json, const struct emit_field *field) {
    emit_json_member_string(json, "type", "integer");
    write_limits(json, EMIT_LIMIT_FROM, field->low == EMIT_LIMIT_FROM ? field->low_value : 0,
                 EMIT_LIMIT_TO, 9007199254740992.0);
}

static void write_tags(struct emit_json_writer *json, bool strict);

static void write_field(struct emit_json_writer *json, const struct emit_field *field,
                        bool strict) {
    open_object_at(json, field->name);
    emit_json_member_string(json, "description", field->meaning);
    switch (field->type) {
    case EMIT_VALUE_STRING: write_string_field(json, field, strict); break;
    case EMIT_VALUE_NUMBER:
        emit_json_member_string(json, "type", "number");
        write_limits(json, field->low, field->low_value, field->high, field->high_value);
        break;
    case EMIT_VALUE_COUNT: write_count_field(json, field); break;
    case EMIT_VALUE_BOOLEAN: emit_json_member_string(json, "type", "boolean"); break;
    case EMIT_VALUE_TAGS: write_tags(json, strict); break;
    }
    emit_json_close_object(json);
}

static bool stands_in(const struct emit_field *field, enum emit_place place, bool strict) {
    return field->place == place && (strict || field->level == EMIT_LEVEL_CORE);
}

static uint32_t required_kinds(const struct emit_field *field, bool strict) {
    return field->required | (strict ? field->strict_required : 0);
}

static uint32_t forbidden_kinds(const struct emit_field *field, bool strict) {
    return field->forbidden | (strict ? field->strict_forbidden : 0);
}

// "required": the fields of a place that stand in every event (kind NULL), or
// those that only a kind asks for. Nothing is written when there are none.
static void write_required(struct emit_json_writer *json, enum emit_place place,
                           const enum emit_kind *kind, bool strict) {
    bool open = false;
    for (int id = 0; id < EMIT_FIELD_COUNT; id++) {
        const struct emit_field *field = &emit_fields[id];
        uint32_t kinds = required_kinds(field, strict);
        bool always = kinds == EMIT_KINDS_ALL;
        if (field->place != place || always != !kind || (kind && !(kinds & EMIT_KINDS(*kind))))
            continue;
        if (kinds == EMIT_KINDS_NONE) continue;
        if (!open) open_array_at(json, "required");
        open = true;
        emit_json_string(json, field->name);
    }
    if (open) emit_json_close_array(json);
}

static void write_properties(struct emit_json_writer *json, enum emit_place place, bool strict) {
    open_object_at(json, "properties");
    for (int id = 0; id < EMIT_FIELD_COUNT; id++)
        if (stands_in(&emit_fields[id], place, strict)) write_field(json, &emit_fields[id], strict);
    emit_json_close_object(json);
}

// --- All tags ------------------------------------------------------------------

// "a stands exactly where b stands".
static void write_pair(struct emit_json_writer *json, enum emit_field_id left,
                       enum emit_field_id right) {
    open_array_at(json, emit_fields[left].name);
    emit_json_string(json, emit_fields[right].name);
    emit_json_close_array(json);
    open_array_at(json, emit_fields[right].name);
    emit_json_string(json, emit_fields[left].name);
    emit_json_close_array(json);
}

// The names of the table may hold a forbidden stem (grid_carbon_intensity_kind); no others may.
static void write_tag_names(struct emit_json_writer *json) {
    open_object_at(json, "propertyNames");
    emit_json_member_string(json, "pattern", ANY_PATTERN);
    open_array_at(json, "anyOf");
    emit_json_open_object(json);
    open_array_at(json, "enum");
    for (int id = EMIT_TAG_FIRST; id < EMIT_FIELD_COUNT; id++)
        emit_json_string(json, emit_fields[id].name);
    emit_json_close_array(json);
    emit_json_close_object(json);
    emit_json_open_object(json);
    write_forbidden_stems(json);
    emit_json_close_object(json);
    emit_json_close_array(json);
    emit_json_close_object(json);
}

static void write_other_tags(struct emit_json_writer *json) {
    open_object_at(json, "additionalProperties");
    open_array_at(json, "anyOf");
    emit_json_open_object(json);
    emit_json_member_string(json, "type", "string");
    emit_json_member_string(json, "pattern", ANY_PATTERN);
    emit_json_close_object(json);
    emit_json_open_object(json);
    emit_json_member_string(json, "type", "number");
    write_limits(json, EMIT_LIMIT_NONE, 0, EMIT_LIMIT_NONE, 0);
    emit_json_close_object(json);
    emit_json_open_object(json);
    emit_json_member_string(json, "type", "boolean");
    emit_json_close_object(json);
    emit_json_close_array(json);
    emit_json_close_object(json);
}

static void write_tags(struct emit_json_writer *json, bool strict) {
    emit_json_member_string(json, "type", "object");
    write_required(json, EMIT_PLACE_TAG, NULL, strict);
    write_properties(json, EMIT_PLACE_TAG, strict);
    if (strict) {
        emit_json_member_bool(json, "additionalProperties", false);
    } else {
        emit_json_member_u64(json, "maxProperties", EMIT_JSON_MEMBERS_MAX);
        write_tag_names(json);
        write_other_tags(json);
    }
    open_object_at(json, "dependentRequired");
    write_pair(json, EMIT_TAG_GRID_CARBON_INTENSITY_G_PER_KWH, EMIT_TAG_GRID_CARBON_INTENSITY_KIND);
    write_pair(json, EMIT_TAG_ELECTRICITY_PRICE_PER_KWH, EMIT_TAG_ELECTRICITY_PRICE_CURRENCY);
    emit_json_close_object(json);
}

// --- What a kind of event adds ---------------------------------------------------

static const char *tag_name(enum emit_field_id id) {
    return emit_fields[id].name;
}

// {"if": {tag is one of words}, "then": ..: up to the object whose properties follow.
static void open_if_word(struct emit_json_writer *json, enum emit_field_id tag, enum emit_set set,
                         uint32_t which) {
    emit_json_open_object(json);
    open_object_schema_at(json, "if");
    open_array_at(json, "required");
    emit_json_string(json, tag_name(tag));
    emit_json_close_array(json);
    open_object_at(json, "properties");
    open_object_at(json, tag_name(tag));
    write_words(json, set, which);
    emit_json_close_object(json);
    emit_json_close_object(json);
    emit_json_close_object(json);
}

static void write_branch_const(struct emit_json_writer *json, const char *branch,
                               enum emit_field_id tag, bool value) {
    open_object_schema_at(json, branch);
    open_object_at(json, "properties");
    open_object_at(json, tag_name(tag));
    emit_json_member_bool(json, "const", value);
    emit_json_close_object(json);
    emit_json_close_object(json);
    emit_json_close_object(json);
}

static void write_any_of_required(struct emit_json_writer *json, const enum emit_field_id *tags,
                                  size_t count) {
    open_array_at(json, "anyOf");
    for (size_t i = 0; i < count; i++) {
        emit_json_open_object(json);
        emit_json_member_string(json, "type", "object");
        open_array_at(json, "required");
        emit_json_string(json, tag_name(tags[i]));
        emit_json_close_array(json);
        emit_json_close_object(json);
    }
    emit_json_close_array(json);
}

// The tags whose words, or whose very presence, depend on the kind alone.
static void write_kind_properties(struct emit_json_writer *json, enum emit_kind kind, bool strict) {
    const struct emit_kind_row *row = &emit_kinds[kind];
    open_object_at(json, "properties");
    open_object_at(json, tag_name(EMIT_TAG_ENERGY_PROVENANCE));
    write_words(json, EMIT_SET_PROVENANCE, row->provenances);
    emit_json_close_object(json);
    if (strict) {
        open_object_at(json, tag_name(EMIT_TAG_COMPONENT));
        write_words(json, EMIT_SET_COMPONENT, row->components);
        emit_json_close_object(json);
    }
    if (row->grain == EMIT_GRAIN_FACILITY) {
        open_object_at(json, tag_name(EMIT_TAG_PROVIDER_FAMILY));
        write_words(json, EMIT_SET_FAMILY, UINT32_C(1) << EMIT_FAMILY_OPERATOR_OWNED);
        emit_json_close_object(json);
    }
    if (EMIT_KINDS(kind) & EMIT_KINDS_SENSOR_RUN) {
        open_object_at(json, tag_name(EMIT_TAG_PUE_APPLIED));
        emit_json_member_bool(json, "const", false);
        emit_json_close_object(json);
    }
    for (int id = EMIT_TAG_FIRST; id < EMIT_FIELD_COUNT; id++)
        if (forbidden_kinds(&emit_fields[id], strict) & EMIT_KINDS(kind))
            emit_json_member_bool(json, emit_fields[id].name, false);
    emit_json_close_object(json);
}

// What binds two tags of a kind, as alternatives.
static void write_kind_bonds(struct emit_json_writer *json, enum emit_kind kind, bool strict) {
    const struct emit_kind_row *row = &emit_kinds[kind];
    if (!strict && kind != EMIT_KIND_TOKEN_MODEL) return; // an empty allOf is no schema
    open_array_at(json, "allOf");
    for (int provenance = 0; strict && provenance < EMIT_PROVENANCE_COUNT; provenance++) {
        if (!(row->provenances >> provenance & 1)) continue;
        open_if_word(json, EMIT_TAG_ENERGY_PROVENANCE, EMIT_SET_PROVENANCE,
                     UINT32_C(1) << provenance);
        open_object_schema_at(json, "then");
        open_object_at(json, "properties");
        open_object_at(json, tag_name(EMIT_TAG_ACCURACY_CLASS));
        write_words(json, EMIT_SET_ACCURACY, row->accuracies[provenance]);
        emit_json_close_object(json);
        emit_json_close_object(json);
        emit_json_close_object(json);
        emit_json_close_object(json);
    }
    if (strict && (EMIT_KINDS(kind) & EMIT_KINDS_FACILITY)) {
        open_if_word(json, EMIT_TAG_COMPONENT, EMIT_SET_COMPONENT,
                     EMIT_COMPONENTS_WITHOUT_OVERHEAD);
        write_branch_const(json, "then", EMIT_TAG_PUE_APPLIED, false);
        emit_json_close_object(json);
    }
    if (kind == EMIT_KIND_TOKEN_MODEL) {
        open_if_word(json, EMIT_TAG_MEASUREMENT_BOUNDARY, EMIT_SET_BOUNDARY,
                     UINT32_C(1) << EMIT_BOUNDARY_FACILITY);
        write_branch_const(json, "then", EMIT_TAG_PUE_APPLIED, true);
        write_branch_const(json, "else", EMIT_TAG_PUE_APPLIED, false);
        emit_json_close_object(json);
    }
    emit_json_close_array(json);
}

static void write_kind_tags(struct emit_json_writer *json, enum emit_kind kind, bool strict) {
    open_object_schema_at(json, "tags");
    write_required(json, EMIT_PLACE_TAG, &kind, strict);
    write_kind_properties(json, kind, strict);
    if (emit_kinds[kind].grain == EMIT_GRAIN_FACILITY)
        write_any_of_required(
            json, (const enum emit_field_id[]){EMIT_TAG_REGION, EMIT_TAG_GRID_REGION}, 2);
    if (kind == EMIT_KIND_TOKEN_MODEL)
        write_any_of_required(
            json,
            (const enum emit_field_id[]){EMIT_TAG_INPUT_TOKENS, EMIT_TAG_CACHED_INPUT_TOKENS,
                                         EMIT_TAG_OUTPUT_TOKENS, EMIT_TAG_REASONING_OUTPUT_TOKENS},
            4);
    write_kind_bonds(json, kind, strict);
    emit_json_close_object(json);
}

// A source of both grains speaks of a run where the event names one.
static bool has_both_grains(enum emit_kind kind) {
    for (int other = 0; other < EMIT_KIND_COUNT; other++)
        if (other != (int)kind && emit_kinds[other].source == emit_kinds[kind].source) return true;
    return false;
}

static void write_kind_condition(struct emit_json_writer *json, enum emit_kind kind) {
    const char *run_id = emit_fields[EMIT_FIELD_COMPUTE_ASSIGNMENT_RUN_ID].name;
    bool both = has_both_grains(kind), of_run = emit_kinds[kind].grain == EMIT_GRAIN_RUN;
    open_object_schema_at(json, "if");
    open_array_at(json, "required");
    emit_json_string(json, "tags");
    if (both && of_run) emit_json_string(json, run_id);
    emit_json_close_array(json);
    if (both && !of_run) {
        open_object_at(json, "not");
        open_array_at(json, "required");
        emit_json_string(json, run_id);
        emit_json_close_array(json);
        emit_json_close_object(json);
    }
    open_object_at(json, "properties");
    open_object_schema_at(json, "tags");
    open_array_at(json, "required");
    emit_json_string(json, tag_name(EMIT_TAG_ENERGY_SOURCE));
    emit_json_close_array(json);
    open_object_at(json, "properties");
    open_object_at(json, tag_name(EMIT_TAG_ENERGY_SOURCE));
    write_words(json, EMIT_SET_SOURCE, UINT32_C(1) << emit_kinds[kind].source);
    emit_json_close_object(json);
    emit_json_close_object(json);
    emit_json_close_object(json);
    emit_json_close_object(json);
    emit_json_close_object(json);
}

static void write_kind(struct emit_json_writer *json, enum emit_kind kind, bool strict) {
    emit_json_open_object(json);
    write_kind_condition(json, kind);
    open_object_schema_at(json, "then");
    write_required(json, EMIT_PLACE_TOP, &kind, strict);
    open_object_at(json, "properties");
    for (int id = 0; id < EMIT_TAG_FIRST; id++)
        if (forbidden_kinds(&emit_fields[id], strict) & EMIT_KINDS(kind))
            emit_json_member_bool(json, emit_fields[id].name, false);
    write_kind_tags(json, kind, strict);
    emit_json_close_object(json);
    emit_json_close_object(json);
    emit_json_close_object(json);
}

// --- The whole -------------------------------------------------------------------

static void write_comment(struct emit_json_writer *json) {
    char bytes[1024];
    struct emit_text text;
    emit_text_init(&text, bytes, sizeof bytes);
    emit_text_add(&text, "Generated by 'emit schema'. No schema can express these reasons, which "
                         "'emit validate' also gives:");
    const char *separator = " ";
    for (int reason = 1; reason < EMIT_REASON_COUNT; reason++) {
        if (emit_reason_in_schema((enum emit_reason)reason)) continue;
        emit_text_add_format(&text, "%s%s", separator, emit_reason_word((enum emit_reason)reason));
        separator = ", ";
    }
    emit_text_add(&text, ".");
    emit_json_member_string(json, "$comment", text.at);
}

enum emit_status emit_contract_write_schema(struct emit_text *out, enum emit_contract_level level,
                                            struct emit_error *err) {
    bool strict = level == EMIT_CONTRACT_STRICT;
    struct emit_json_writer writer, *json = &writer;
    emit_json_writer_init(json, out);
    emit_json_open_object(json);
    emit_json_member_string(json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    emit_json_member_string(json, "$id",
                            strict ? "urn:emit:contract:" EMIT_CONTRACT_VERSION ":event:strict"
                                   : "urn:emit:contract:" EMIT_CONTRACT_VERSION ":event:core");
    emit_json_member_string(json, "title",
                            strict ? "EMIT energy event, as emit's own producers promise it"
                                   : "EMIT energy event, as any producer or consumer keeps it");
    write_comment(json);
    emit_json_member_string(json, "type", "object");
    write_required(json, EMIT_PLACE_TOP, NULL, strict);
    write_properties(json, EMIT_PLACE_TOP, strict);
    emit_json_member_bool(json, "additionalProperties", false);
    open_array_at(json, "allOf");
    for (int kind = 0; kind < EMIT_KIND_COUNT; kind++)
        write_kind(json, (enum emit_kind)kind, strict);
    emit_json_close_array(json);
    emit_json_close_object(json);
    return out->cut
               ? emit_fail(err, EMIT_FULL, "the schema is longer than %d bytes", EMIT_SCHEMA_MAX)
               : EMIT_OK;
}
