// The rows themselves: what every table promises about its own rows.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "vocabulary/codes.h"
#include "vocabulary/fields.h"

#include <regex.h>

static bool matches(const char *text, const char *expression) {
    regex_t compiled;
    if (regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB) != 0) return false;
    bool found = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return found;
}

static void test_fields(void) {
    for (int id = 0; id < EMIT_FIELD_COUNT; id++) {
        const struct emit_field *field = &emit_fields[id];
        CHECK(field->name && matches(field->name, "^[a-z][a-z0-9_]{1,38}$"), "%d: '%s' is a name",
              id, field->name ? field->name : "(none)");
        if (!field->name) continue;
        const char *name = field->name;
        CHECK(emit_field_find(field->place, name, strlen(name)) == (enum emit_field_id)id,
              "%s is found, and no other of its name", name);
        CHECK((field->place == EMIT_PLACE_TOP) == (id < EMIT_TAG_FIRST), "%s: place", name);
        CHECK(field->meaning && strlen(field->meaning) > 8 && !strchr(field->meaning, '|') &&
                  field->meaning[strlen(field->meaning) - 1] != '.',
              "%s: a meaning without a full stop", name);
        uint32_t required = field->required | field->strict_required;
        uint32_t forbidden = field->forbidden | field->strict_forbidden;
        CHECK((required & forbidden) == 0, "%s: nowhere both required and forbidden", name);
        CHECK((required | forbidden | EMIT_KINDS_ALL) == EMIT_KINDS_ALL, "%s: known kinds", name);
        CHECK(field->level == EMIT_LEVEL_CORE || (field->required | field->forbidden) == 0,
              "%s: core asks nothing of a tag that is ours", name);
        CHECK(field->format != EMIT_FORMAT_WORD || field->set != EMIT_SET_NONE,
              "%s: a word has a set", name);
        CHECK(field->type == EMIT_VALUE_STRING ||
                  (field->format == EMIT_FORMAT_TEXT && field->strict_format == EMIT_FORMAT_TEXT &&
                   field->set == EMIT_SET_NONE),
              "%s: only a string has a form", name);
        CHECK((field->low == EMIT_LIMIT_NONE && field->high == EMIT_LIMIT_NONE) ||
                  field->type == EMIT_VALUE_NUMBER || field->type == EMIT_VALUE_COUNT,
              "%s: only a number has limits", name);
    }
    CHECK(emit_field_find(EMIT_PLACE_TAG, "kind", 4) == EMIT_FIELD_COUNT, "kind is no tag");
    CHECK(emit_field_find(EMIT_PLACE_TOP, "phase", 5) == EMIT_FIELD_COUNT, "phase is a tag only");
    CHECK(emit_field_find(EMIT_PLACE_TAG, "phases", 6) == EMIT_FIELD_COUNT, "longer than a name");
    CHECK(emit_field_find(EMIT_PLACE_TAG, "phas", 4) == EMIT_FIELD_COUNT, "shorter than a name");
}

static void test_kinds(void) {
    uint32_t sources = 0;
    for (int kind = 0; kind < EMIT_KIND_COUNT; kind++) {
        const struct emit_kind_row *row = &emit_kinds[kind];
        const char *word = emit_source_word(row->source);
        sources |= UINT32_C(1) << row->source;
        CHECK(row->provenances != 0 && row->components != 0, "%s (%d): says something", word, kind);
        for (int i = 0; i < EMIT_PROVENANCE_COUNT; i++)
            CHECK((row->accuracies[i] != 0) == (row->provenances >> i & 1),
                  "%s (%d): accuracy classes for each provenance it has", word, kind);
    }
    CHECK(sources == (UINT32_C(1) << EMIT_SOURCE_COUNT) - 1, "every source has a kind");
}

static void test_sets(void) {
    for (int set = EMIT_SET_NONE + 1; set < EMIT_SET_COUNT; set++) {
        size_t count;
        const char *const *words = emit_set_words((enum emit_set)set, &count);
        CHECK(count > 0 && count < 32, "set %d has words, as many as a mask has bits", set);
        for (size_t i = 0; i < count; i++)
            CHECK(matches(words[i], "^[a-z0-9][a-z0-9_:-]*$") &&
                      emit_set_find((enum emit_set)set, words[i]) == (int)i,
                  "'%s' is a word, and found", words[i]);
        CHECK(emit_set_find((enum emit_set)set, "") == -1, "set %d has not every word", set);
    }
}

// What is refused may not stand in the vocabulary itself.
static void test_forbidden_words(void) {
    size_t count, brand_count;
    const char *const *brands = emit_brands(&brand_count);
    const char *const *stems = emit_forbidden_stems(&count);
    for (size_t i = 0; i < brand_count; i++)
        CHECK(matches(brands[i], "^[a-z0-9]+$"), "'%s' can be a word between hyphens", brands[i]);
    for (size_t i = 0; i < count; i++)
        CHECK(matches(stems[i], "^[a-z0-9]+$"), "'%s' is a stem", stems[i]);
    for (int set = EMIT_SET_NONE + 1; set < EMIT_SET_COUNT; set++) {
        const char *const *words = emit_set_words((enum emit_set)set, &count);
        for (size_t i = 0; i < count; i++)
            for (size_t b = 0; b < brand_count; b++)
                if (strcmp(words[i], brands[b]) == 0)
                    CHECK(false, "the vocabulary names the brand %s", brands[b]);
    }
}

static void test_reasons(void) {
    int beyond_schemas = 0;
    CHECK_STRING(emit_reason_word(EMIT_REASON_NONE), "", "no reason has no word");
    for (int reason = 1; reason < EMIT_REASON_COUNT; reason++) {
        const char *word = emit_reason_word((enum emit_reason)reason);
        const char *meaning = emit_reason_meaning((enum emit_reason)reason);
        CHECK(matches(word, "^[a-z0-9]+(-[a-z0-9]+)*$"), "%s is in kebab case", word);
        CHECK(strlen(meaning) > 8 && meaning[strlen(meaning) - 1] != '.' && !strchr(meaning, '|'),
              "%s: a meaning without a full stop", word);
        for (int other = 1; other < reason; other++)
            if (strcmp(word, emit_reason_word((enum emit_reason)other)) == 0)
                CHECK(false, "the reason %s stands twice", word);
        beyond_schemas += !emit_reason_in_schema((enum emit_reason)reason);
    }
    CHECK(beyond_schemas <= 10, "%d reasons no schema can express, at most 10", beyond_schemas);
}

static void test_bonds(void) {
    for (int bond = 0; bond < EMIT_BOND_COUNT; bond++) {
        const struct emit_bond_row *row = &emit_bonds[bond];
        CHECK(row->reason != EMIT_REASON_NONE && row->field < EMIT_FIELD_COUNT && row->expected &&
                  row->expected[strlen(row->expected) - 1] != '.',
              "bond %d has a reason, a field and words without a full stop", bond);
        CHECK(row->level == EMIT_LEVEL_STRICT || emit_fields[row->field].level == EMIT_LEVEL_CORE,
              "bond %d: core speaks of no tag that is ours", bond);
    }
}

static void test_codes(void) {
    for (int code = EMIT_CODE_NONE + 1; code < EMIT_CODE_COUNT; code++)
        CHECK(matches(emit_code_word((enum emit_code)code), "^[a-z]+(-[a-z]+)*$") &&
                  strlen(emit_code_meaning((enum emit_code)code)) > 8,
              "code %s has a meaning", emit_code_word((enum emit_code)code));
}

int main(void) {
    test_fields();
    test_kinds();
    test_sets();
    test_forbidden_words();
    test_reasons();
    test_bonds();
    test_codes();
    return check_end();
}
