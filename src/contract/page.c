// The contract as a page of Markdown: contract/vocabulary.md is this text.
// SPDX-License-Identifier: Apache-2.0
#include "contract/schema.h"

#include "base/number.h"
#include "emit/version.h"
#include "vocabulary/fields.h"

#include <string.h>

static void add_number(struct emit_text *out, double value) {
    char text[EMIT_NUMBER_TEXT_MAX];
    emit_text_add_bytes(out, text, emit_number_write(text, value));
}

static void add_words(struct emit_text *out, enum emit_set set, uint32_t which) {
    size_t count;
    const char *const *words = emit_set_words(set, &count);
    const char *separator = "";
    for (size_t i = 0; i < count; i++) {
        if (!(which >> i & 1)) continue;
        emit_text_add_format(out, "%s`%s`", separator, words[i]);
        separator = ", ";
    }
}

// Kinds of events by the shortest names that say exactly them.
static void add_kinds(struct emit_text *out, uint32_t kinds) {
    static const struct {
        uint32_t kinds;
        const char *name;
    } groups[] = {
        {EMIT_KINDS_ALL, "every event"},
        {EMIT_KINDS_SENSOR, "every metered event"},
        {EMIT_KINDS_RUN, "every event of a run"},
        {EMIT_KINDS_SENSOR_RUN, "metered events of a run"},
        {EMIT_KINDS_FACILITY, "facility windows"},
        {EMIT_KINDS(EMIT_KIND_IPMI_RUN) | EMIT_KINDS(EMIT_KIND_IPMI_FACILITY), "`ipmi`"},
        {EMIT_KINDS(EMIT_KIND_REDFISH_RUN) | EMIT_KINDS(EMIT_KIND_REDFISH_FACILITY), "`redfish`"},
    };
    const char *separator = "";
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if ((groups[i].kinds & kinds) != groups[i].kinds) continue;
        emit_text_add_format(out, "%s%s", separator, groups[i].name);
        separator = ", ";
        kinds &= ~groups[i].kinds;
    }
    for (int kind = 0; kind < EMIT_KIND_COUNT; kind++) {
        if (!(kinds & EMIT_KINDS(kind))) continue;
        const struct emit_kind_row *row = &emit_kinds[kind];
        bool wired = kind == EMIT_KIND_IPMI_RUN || kind == EMIT_KIND_REDFISH_RUN;
        emit_text_add_format(out, "%s`%s`%s", separator, emit_source_word(row->source),
                             wired ? " of a run" : "");
        separator = ", ";
    }
}

// The unit is the end of the name: a field without one is a pure number.
static const char *unit_of(const struct emit_field *field) {
    static const char *const units[][2] = {
        {"quantity", "joules"},  {"quantity_low", "joules"}, {"quantity_high", "joules"},
        {"_joules", "joules"},   {"_watts", "watts"},        {"_hz", "hertz"},
        {"_ms", "milliseconds"}, {"_g_per_kwh", "g/kWh"},    {"price_per_kwh", "currency/kWh"},
        {"_tokens", "tokens"},
    };
    size_t length = strlen(field->name);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t end = strlen(units[i][0]);
        if (end <= length && strcmp(field->name + length - end, units[i][0]) == 0)
            return units[i][1];
    }
    return "";
}

static const char *type_of(const struct emit_field *field) {
    switch (field->type) {
    case EMIT_VALUE_STRING: return "string";
    case EMIT_VALUE_NUMBER: return "number";
    case EMIT_VALUE_COUNT: return "whole number";
    case EMIT_VALUE_BOOLEAN: return "boolean";
    case EMIT_VALUE_TAGS: return "object";
    }
    return "";
}

static void add_form(struct emit_text *out, const struct emit_field *field) {
    static const char *const limits[] = {[EMIT_LIMIT_NONE] = "",
                                         [EMIT_LIMIT_FROM] = "at least ",
                                         [EMIT_LIMIT_ABOVE] = "above ",
                                         [EMIT_LIMIT_TO] = "at most ",
                                         [EMIT_LIMIT_BELOW] = "below "};
    if (field->type == EMIT_VALUE_STRING && field->set != EMIT_SET_NONE)
        add_words(out, field->set, UINT32_MAX);
    else if (field->type == EMIT_VALUE_STRING)
        emit_text_add(out, emit_format_expected(field->format));
    emit_text_add(out, limits[field->low]);
    if (field->low != EMIT_LIMIT_NONE) add_number(out, field->low_value);
    if (field->low != EMIT_LIMIT_NONE && field->high != EMIT_LIMIT_NONE) emit_text_add(out, ", ");
    emit_text_add(out, limits[field->high]);
    if (field->high != EMIT_LIMIT_NONE) add_number(out, field->high_value);
    if (field->type == EMIT_VALUE_COUNT)
        emit_text_add(out, field->low == EMIT_LIMIT_NONE ? "0 to 2^53" : ", at most 2^53");
    if (field->brand_free) emit_text_add(out, "; no provider brand");
    if (field->strict_format != EMIT_FORMAT_TEXT)
        emit_text_add_format(out, "; *strict:* %s", emit_format_expected(field->strict_format));
    if (field->strict_set != EMIT_SET_NONE) {
        emit_text_add(out, "; *strict:* ");
        add_words(out, field->strict_set, UINT32_MAX);
    }
}

// "core; *strict:* more" of two sets of kinds.
static void add_kinds_by_level(struct emit_text *out, uint32_t core, uint32_t strict) {
    strict &= ~core;
    add_kinds(out, core);
    if (core != EMIT_KINDS_NONE && strict != EMIT_KINDS_NONE) emit_text_add(out, "; ");
    if (strict != EMIT_KINDS_NONE) {
        emit_text_add(out, "*strict:* ");
        add_kinds(out, strict);
    }
}

static void add_fields(struct emit_text *out, enum emit_place place) {
    emit_text_add(out, "| field | level | type | unit | what it must be | must stand in | "
                       "may not stand in | meaning |\n|---|---|---|---|---|---|---|---|\n");
    for (int id = 0; id < EMIT_FIELD_COUNT; id++) {
        const struct emit_field *field = &emit_fields[id];
        if (field->place != place) continue;
        emit_text_add_format(out, "| `%s` | %s | %s | %s | ", field->name,
                             field->level == EMIT_LEVEL_CORE ? "core" : "strict", type_of(field),
                             unit_of(field));
        add_form(out, field);
        emit_text_add(out, " | ");
        add_kinds_by_level(out, field->required, field->strict_required);
        emit_text_add(out, " | ");
        add_kinds_by_level(out, field->forbidden, field->strict_forbidden);
        emit_text_add_format(out, " | %s |\n", field->meaning);
    }
}

static void add_sources(struct emit_text *out) {
    emit_text_add(out, "| energy_source | grain | energy_provenance | *strict:* component | "
                       "*strict:* accuracy_class |\n|---|---|---|---|---|\n");
    for (int kind = 0; kind < EMIT_KIND_COUNT; kind++) {
        const struct emit_kind_row *row = &emit_kinds[kind];
        emit_text_add_format(out, "| `%s` | %s | ", emit_source_word(row->source),
                             row->grain == EMIT_GRAIN_RUN ? "run" : "facility");
        add_words(out, EMIT_SET_PROVENANCE, row->provenances);
        emit_text_add(out, " | ");
        add_words(out, EMIT_SET_COMPONENT, row->components);
        emit_text_add(out, " | ");
        const char *separator = "";
        for (int provenance = 0; provenance < EMIT_PROVENANCE_COUNT; provenance++) {
            if (!(row->provenances >> provenance & 1)) continue;
            emit_text_add(out, separator);
            add_words(out, EMIT_SET_ACCURACY, row->accuracies[provenance]);
            if (provenance != EMIT_PROVENANCE_MEASURED &&
                row->provenances & (UINT32_C(1) << EMIT_PROVENANCE_MEASURED))
                emit_text_add_format(out, " when %s",
                                     emit_provenance_word((enum emit_provenance)provenance));
            separator = "; ";
        }
        emit_text_add(out, " |\n");
    }
}

static void add_formats(struct emit_text *out) {
    for (int format = 0; format < EMIT_FORMAT_COUNT; format++) {
        const char *pattern = emit_format_pattern((enum emit_format)format);
        if (!pattern) continue;
        emit_text_add_format(out, "- %s:\n  `%s`\n", emit_format_expected((enum emit_format)format),
                             pattern);
    }
}

static void add_list(struct emit_text *out, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        emit_text_add_format(out, "%s`%s`", i == 0 ? "" : i % 10 == 0 ? ",\n" : ", ", words[i]);
    emit_text_add(out, ".\n");
}

static void add_bonds(struct emit_text *out) {
    emit_text_add(out, "| field | level | rule | reason |\n|---|---|---|---|\n");
    for (int bond = 0; bond < EMIT_BOND_COUNT; bond++) {
        const struct emit_bond_row *row = &emit_bonds[bond];
        emit_text_add_format(out, "| `%s` | %s | %s | `%s` |\n", emit_fields[row->field].name,
                             row->level == EMIT_LEVEL_CORE ? "core" : "strict", row->expected,
                             emit_reason_word(row->reason));
    }
}

static void add_reasons(struct emit_text *out) {
    emit_text_add(out, "| reason | what is wrong | a schema can say it |\n|---|---|---|\n");
    for (int reason = 1; reason < EMIT_REASON_COUNT; reason++)
        emit_text_add_format(out, "| `%s` | %s | %s |\n",
                             emit_reason_word((enum emit_reason)reason),
                             emit_reason_meaning((enum emit_reason)reason),
                             emit_reason_in_schema((enum emit_reason)reason) ? "yes" : "no");
}

enum emit_status emit_contract_write_page(struct emit_text *out, struct emit_error *err) {
    size_t count;
    emit_text_add(
        out,
        "# The vocabulary of the emit channel\n\n"
        "Contract " EMIT_CONTRACT_VERSION ". Printed by `emit schema --format markdown` from the "
        "rows that also make\nthe validator and the schemas; a test compares. Do not edit.\n\n"
        "An event is one JSON object of at most 64 KiB. **Core** is what any producer or consumer "
        "may be held to;\n**strict** is what emit's own producers promise on top. "
        "`emit validate` reports both.\n\n"
        "## The event\n\nNo other field may stand here.\n\n");
    add_fields(out, EMIT_PLACE_TOP);
    emit_text_add(out, "\n## Tags\n\nOther tags pass core when they hold a string, a number or a "
                       "boolean; strict knows no others.\n\n");
    add_fields(out, EMIT_PLACE_TAG);
    emit_text_add(out, "\n## Sources\n\n`ipmi` and `redfish` speak of a run where the event names "
                       "one, else of a facility.\n\n");
    add_sources(out);
    emit_text_add(out, "\n## Rules between fields\n\n");
    add_bonds(out);
    emit_text_add(out, "\n## Forms\n\nEvery text is free of U+0000. Times and dates name a day the "
                       "calendar has, from the year 0001 on; a leap\nsecond is refused.\n\n");
    add_formats(out);
    emit_text_add(out, "\n## Words that may not stand\n\nThe name of a tag that is not listed "
                       "above may not hold, in small letters or capitals: ");
    const char *const *words = emit_forbidden_stems(&count);
    add_list(out, words, count);
    emit_text_add(out, "\nA field without provider brands may not hold, as a word between "
                       "hyphens:\n");
    words = emit_brands(&count);
    add_list(out, words, count);
    emit_text_add(out, "\n## Reasons\n\nThe words of `emit validate`. They are never renamed.\n\n");
    add_reasons(out);
    return out->cut ? emit_fail(err, EMIT_FULL, "the page is longer than %d bytes",
                                EMIT_VOCABULARY_PAGE_MAX)
                    : EMIT_OK;
}
