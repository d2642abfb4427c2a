// Which profile a name comes to, and what is said where it comes to none.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "imports/model_map.h"

#include <stdlib.h>

static const struct emit_profile profiles[] = {
    {.id = "managed-balanced-v1"}, {.id = "managed-compact-v1"}, {.id = "managed-large-v1"},
    {.id = "managed-large-v2"},    {.id = "managed-unknown-v1"},
};
static const struct emit_coefficient_table table = {
    .profiles = profiles, .profile_count = sizeof profiles / sizeof *profiles};

// The keys and values as the file has them, NULL behind the last.
static void fill(struct emit_settings *config, const char *const (*lines)[2]) {
    *config = (struct emit_settings){.path = "emit.yaml"};
    static struct emit_setting rows[16];
    static char values[16][EMIT_PROFILE_ID_MAX];
    config->rows = rows;
    for (; lines[config->count][0]; config->count++) {
        struct emit_setting *row = &rows[config->count];
        (void)snprintf(row->key, sizeof row->key, "%s", lines[config->count][0]);
        row->value = values[config->count];
        (void)snprintf(row->value, EMIT_PROFILE_ID_MAX, "%s", lines[config->count][1]);
        row->line = config->count + 1;
    }
}

static struct emit_usage_text text_of(const char *string) {
    return (struct emit_usage_text){string, strlen(string)};
}

static const char *const map[][2] = {
    {"outbox.path", "/tmp/o.db"},
    {"models.acme-*", "managed-compact-v1"},
    {"models.acme-large*", "managed-large-v1"},
    {"models.acme-large-2", "managed-large-v2"},
    {"models.?rion", "managed-compact-v1"},
    {"models.*-chat", "managed-balanced-v1"},
    {"models.hub/*/[a-z]", "managed-balanced-v1"},
    {"models.x*y*z", "managed-compact-v1"},
    {"models.same-*", "managed-large-v1"},
    {"models.*-same", "managed-large-v1"},
    {"models.\303\266*", "managed-large-v1"},
    {"models.*!", "managed-compact-v1"},
    {NULL, NULL},
};

#define NO(name) "model \"" name "\" has no profile; add below models: in emit.yaml"

static const struct {
    const char *name, *answer; // a profile, or a sentence
} cases[] = {
    {"acme-small", "managed-compact-v1"},
    {"acme-large", "managed-large-v1"}, // more literal characters
    {"acme-large-1", "managed-large-v1"},
    {"acme-large-2", "managed-large-v2"}, // the whole name
    {"acme-", "managed-compact-v1"},      // * is also no text
    {"acme", NO("acme")},
    {"Acme-small", NO("Acme-small")},
    {"xacme-small", NO("xacme-small")},
    {"orion", "managed-compact-v1"},
    {"\303\266rion", "managed-compact-v1"}, // one character of two bytes
    {"rion", NO("rion")},
    {"oorion", NO("oorion")},
    {"hub/a/b/[a-z]", "managed-balanced-v1"}, // brackets and slashes are themselves
    {"hub/a/b", NO("hub/a/b")},
    {"xyz", "managed-compact-v1"},
    {"xyyyz-y-zz", "managed-compact-v1"},
    {"xzy", NO("xzy")},
    {"x", NO("x")},
    {"same-same", "managed-large-v1"}, // two that agree
    {"same-chat", "lines 6 and 9 of emit.yaml fit the model equally well, and differ: \"*-chat\" "
                  "and \"same-*\"; add its whole name"},
    {"acme-chat", "lines 2 and 6 of emit.yaml fit the model equally well, and differ: \"acme-*\" "
                  "and \"*-chat\"; add its whole name"},
    {"\303\266!", "lines 11 and 12 of emit.yaml fit the model equally well, and differ: "
                  "\"\303\266*\" and \"*!\"; add its whole name"}, // a letter counts one
    {"acme-large-chat", "managed-large-v1"}, // the heavier one ends the tie of lighter ones
    {"\"\033[31m", NO("\\\"\\u001b[31m")},
    {"", "the record names no model: --profile ID charges all records by one"},
};

static void test_map(void) {
    struct emit_settings config;
    fill(&config, map);
    struct emit_model_map *models = NULL;
    CHECK(emit_model_map_open(&models, &config, &table, NULL, NULL) == EMIT_OK, "a map is opened");
    for (int round = 0; round < 2; round++) // answered, and remembered
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct emit_usage_text name = text_of(cases[i].name);
            struct emit_error err = {0};
            uint32_t number = 0;
            bool found = emit_model_map_find(models, &name, &number, &err) == EMIT_OK;
            const struct emit_mapped_model *model = emit_model_map_get(models, number);
            CHECK_STRING(found ? model->profile->id : err.text, cases[i].answer, cases[i].name);
            if (found) CHECK_STRING(model->name, cases[i].name, "the number's name");
        }
    CHECK(emit_model_map_count(models) == 12, "%u names were numbered",
          emit_model_map_count(models));
    emit_model_map_close(models);
}

static void test_remedies(void) {
    static const struct {
        const char *name, *remedy;
    } remedies[] = {
        {"acme-9", "\"acme-9\": managed-unknown-v1"},
        {"a\"b\n", "\"a\\\"b\\n\": managed-unknown-v1"},
        {"", ""},
    };
    struct emit_settings config = {.path = ""};
    struct emit_model_map *models = NULL;
    CHECK(emit_model_map_open(&models, &config, &table, NULL, NULL) == EMIT_OK, "no map");
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++) {
        char remedy[EMIT_MODEL_REMEDY_MAX];
        struct emit_usage_text name = text_of(remedies[i].name);
        emit_model_map_remedy(models, &name, remedy);
        CHECK_STRING(remedy, remedies[i].remedy, "the line to add");
    }
    emit_model_map_close(models);
}

static void test_unknown_profile(void) {
    static const char *const wrong[][2] = {{"models.a", "managed-larg-v1"}, {NULL, NULL}};
    struct emit_settings config;
    fill(&config, wrong);
    struct emit_model_map *models = NULL;
    struct emit_error err = {0};
    CHECK(emit_model_map_open(&models, &config, &table, NULL, &err) == EMIT_INVALID && !models,
          "a profile that is not there");
    CHECK_STRING(err.text,
                 "emit.yaml:1: there is no profile 'managed-larg-v1' (nearest: managed-large-v1): "
                 "emit tokens profiles lists them",
                 "is told with the one that was meant");
}

static void test_one_profile_for_all(void) {
    static const char *const wrong[][2] = {{"models.a", "managed-larg-v1"}, {NULL, NULL}};
    struct emit_settings config;
    fill(&config, wrong);
    struct emit_model_map *models = NULL;
    CHECK(emit_model_map_open(&models, &config, &table, &profiles[2], NULL) == EMIT_OK,
          "with --profile the map is not looked at");
    struct emit_usage_text name = text_of("a"), none = {NULL, 0};
    uint32_t number = 9, nameless = 9;
    CHECK(emit_model_map_find(models, &name, &number, NULL) == EMIT_OK &&
              emit_model_map_get(models, number)->profile == &profiles[2],
          "every model has it");
    CHECK(emit_model_map_find(models, &none, &nameless, NULL) == EMIT_OK && nameless != number &&
              emit_model_map_get(models, nameless)->profile == &profiles[2],
          "and one that is not named");
    emit_model_map_close(models);
}

static void test_limits(void) {
    static const char *const all[][2] = {{"models.m*", "managed-large-v1"}, {NULL, NULL}};
    struct emit_settings config;
    fill(&config, all);
    struct emit_model_map *models = NULL;
    if (emit_model_map_open(&models, &config, &table, NULL, NULL) != EMIT_OK) abort();
    char text[16];
    bool good = true;
    uint32_t number = 0;
    for (uint32_t i = 0; i < 2 * EMIT_MODEL_STRANGERS_MAX; i++) {
        (void)snprintf(text, sizeof text, "s%u", i);
        struct emit_usage_text name = text_of(text);
        good = good && emit_model_map_find(models, &name, &number, NULL) == EMIT_ABSENT;
    }
    CHECK(good, "more strangers than are remembered");
    for (uint32_t i = 0; i < EMIT_MODEL_NAMES_MAX; i++) {
        (void)snprintf(text, sizeof text, "m%u", i);
        struct emit_usage_text name = text_of(text);
        good = good && emit_model_map_find(models, &name, &number, NULL) == EMIT_OK && number == i;
    }
    CHECK(good, "as many names as there may be");
    struct emit_usage_text name = text_of("m"), first = text_of("m0");
    struct emit_error err = {0};
    CHECK(emit_model_map_find(models, &name, &number, &err) == EMIT_FULL, "one more: %s", err.text);
    CHECK(emit_model_map_find(models, &first, &number, &err) == EMIT_OK && number == 0,
          "the first one is still known");
    emit_model_map_close(models);
}

int main(void) {
    test_map();
    test_remedies();
    test_unknown_profile();
    test_one_profile_for_all();
    test_limits();
    return check_end();
}
