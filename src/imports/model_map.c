// The map from names of models to profiles: lines of emit.yaml, and a table of the names
// that were asked for.
// SPDX-License-Identifier: Apache-2.0
#include "imports/model_map.h"

#include "base/glob.h"
#include "base/json_write.h"
#include "base/siphash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 16384,       // a power of two; a third stays free
    NAME_SHOWN_MAX = 80, // bytes of a name, of which a sentence has 240
};
#define STRANGER UINT32_MAX

_Static_assert(EMIT_MODEL_NAMES_MAX + EMIT_MODEL_STRANGERS_MAX <= SLOTS / 3 * 2, "room");

struct rule {
    const char *glob; // of the settings
    size_t line;
    const struct emit_profile *profile;
    size_t literals; // characters that stand for themselves
    bool is_name;    // all of them do
};

// A name that was asked for, with its answer. Without text: free.
struct slot {
    char *text;
    uint32_t length;
    uint32_t number; // of the model; STRANGER: it has no profile
};

struct emit_model_map {
    const struct emit_settings *config;
    const struct emit_coefficient_table *table;
    const struct emit_profile *only;
    struct rule *rules;
    size_t rule_count;
    struct emit_mapped_model *models; // EMIT_MODEL_NAMES_MAX
    uint32_t count, stranger_count;
    struct slot slots[SLOTS];
};

// --- The map ---

const char *emit_model_glob(const struct emit_setting *setting) {
    static const char map[] = "models.";
    return emit_text_has_prefix(setting->key, map) ? setting->key + strlen(map) : NULL;
}

static enum emit_status add_rule(struct emit_model_map *map, const char *glob,
                                 const struct emit_setting *setting, struct emit_error *err) {
    const struct emit_profile *profile = emit_profile_find(map->table, setting->value);
    if (!profile) {
        struct emit_error why;
        (void)emit_profile_absent(map->table, setting->value, &why);
        return emit_fail(err, EMIT_INVALID, "%s:%zu: %s", map->config->path, setting->line,
                         why.text);
    }
    struct rule *rule = &map->rules[map->rule_count++];
    *rule = (struct rule){.glob = glob, .line = setting->line, .profile = profile};
    rule->is_name = strcspn(glob, "*?") == strlen(glob);
    for (const char *at = glob; *at; at++) // UTF-8's further bytes are of the character before
        rule->literals += *at != '*' && *at != '?' && ((unsigned char)*at & 0xc0) != 0x80;
    return EMIT_OK;
}

static bool is_better(const struct rule *rule, const struct rule *than) {
    return !than || (rule->is_name && !than->is_name) ||
           (rule->is_name == than->is_name && rule->literals > than->literals);
}

// The rule that counts for a name; NULL: none fits.
static enum emit_status choose(const struct emit_model_map *map, const char *name,
                               const struct rule **chosen, struct emit_error *err) {
    const struct rule *best = NULL, *rival = NULL;
    for (size_t i = 0; i < map->rule_count; i++) {
        const struct rule *rule = &map->rules[i];
        if (!emit_glob_fits(rule->glob, name)) continue;
        if (is_better(rule, best)) {
            best = rule;
            rival = NULL;
        } else if (!is_better(best, rule) && rule->profile != best->profile) {
            rival = rule;
        }
    }
    if (rival)
        return emit_fail(err, EMIT_INVALID,
                         "lines %zu and %zu of %s fit the model equally well, and differ: "
                         "\"%s\" and \"%s\"; add its whole name",
                         best->line, rival->line, map->config->path, best->glob, rival->glob);
    *chosen = best;
    return EMIT_OK;
}

// --- Opening and closing ---

enum emit_status emit_model_map_open(struct emit_model_map **map,
                                     const struct emit_settings *config,
                                     const struct emit_coefficient_table *table,
                                     const struct emit_profile *only, struct emit_error *err) {
    struct emit_model_map *made = calloc(1, sizeof *made);
    if (!made) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    enum emit_status status = EMIT_OK;
    made->config = config;
    made->table = table;
    made->only = only;
    made->rules = calloc(config->count + 1, sizeof *made->rules);
    made->models = calloc(EMIT_MODEL_NAMES_MAX, sizeof *made->models);
    if (!made->rules || !made->models) status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < config->count && !only && status == EMIT_OK; i++) {
        const char *glob = emit_model_glob(&config->rows[i]);
        if (glob) status = add_rule(made, glob, &config->rows[i], err);
    }
    if (status == EMIT_OK)
        *map = made;
    else
        emit_model_map_close(made);
    return status;
}

void emit_model_map_close(struct emit_model_map *map) {
    if (!map) return;
    for (size_t i = 0; i < SLOTS; i++)
        free(map->slots[i].text);
    free(map->models);
    free(map->rules);
    free(map);
}

// --- Names ---

// The slot of a name, or the free one where it belongs.
static struct slot *find_slot(struct emit_model_map *map, const struct emit_usage_text *name) {
    static const uint64_t no_secret[2]; // the table is small, however its names are chosen
    size_t at = emit_siphash(no_secret, name->at, name->length).low;
    for (;; at++) {
        struct slot *slot = &map->slots[at % SLOTS];
        if (!slot->text ||
            (slot->length == name->length && memcmp(slot->text, name->at, name->length) == 0))
            return slot;
    }
}

void emit_model_name_quote(struct emit_text *text, const struct emit_usage_text *name) {
    struct emit_json_writer writer;
    emit_json_writer_init(&writer, text);
    emit_json_string_bytes(&writer, name->at,
                           name->length > NAME_SHOWN_MAX ? NAME_SHOWN_MAX : name->length);
}

static enum emit_status absent(const struct emit_model_map *map, const struct emit_usage_text *name,
                               struct emit_error *err) {
    if (!name->length)
        return emit_fail(err, EMIT_ABSENT,
                         "the record names no model: --profile ID charges all records by one");
    char quoted[EMIT_MODEL_REMEDY_MAX];
    struct emit_text text;
    emit_text_init(&text, quoted, sizeof quoted);
    emit_model_name_quote(&text, name);
    const char *path = map->config->path;
    return emit_fail(err, EMIT_ABSENT, "model %s has no profile; add below models: in %s", quoted,
                     *path ? path : "emit.yaml");
}

// A name that was not asked for before. Its profile; NULL: it has none.
static enum emit_status look_up(const struct emit_model_map *map, const char *name,
                                const struct emit_profile **profile, struct emit_error *err) {
    const struct rule *rule = NULL;
    *profile = map->only;
    if (map->only) return EMIT_OK;
    enum emit_status status = choose(map, name, &rule, err);
    if (rule) *profile = rule->profile;
    return status;
}

static enum emit_status meet(struct emit_model_map *map, const struct emit_usage_text *name,
                             struct slot *slot, struct emit_error *err) {
    char text[EMIT_USAGE_MODEL_MAX];
    assert(name->length < sizeof text);
    memcpy(text, name->at, name->length);
    text[name->length] = '\0';
    const struct emit_profile *profile = NULL;
    enum emit_status status = look_up(map, text, &profile, err);
    if (status != EMIT_OK) return status;
    if (!profile && map->stranger_count == EMIT_MODEL_STRANGERS_MAX) return EMIT_OK;
    if (profile && map->count == EMIT_MODEL_NAMES_MAX)
        return emit_fail(err, EMIT_FULL, "more than %d names of models: split the input",
                         EMIT_MODEL_NAMES_MAX);
    char *kept = strdup(text);
    if (!kept) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    *slot = (struct slot){kept, (uint32_t)name->length, profile ? map->count : STRANGER};
    if (profile)
        map->models[map->count++] = (struct emit_mapped_model){kept, profile};
    else
        map->stranger_count++;
    return EMIT_OK;
}

enum emit_status emit_model_map_find(struct emit_model_map *map, const struct emit_usage_text *name,
                                     uint32_t *number, struct emit_error *err) {
    static const struct emit_usage_text nameless = {"", 0};
    if (!name->length && !map->only) return absent(map, name, err);
    if (!name->at) name = &nameless;
    struct slot *slot = find_slot(map, name);
    enum emit_status status = slot->text ? EMIT_OK : meet(map, name, slot, err);
    if (status != EMIT_OK) return status;
    if (!slot->text || slot->number == STRANGER) return absent(map, name, err);
    *number = slot->number;
    return EMIT_OK;
}

// --- Telling ---

void emit_model_map_remedy(const struct emit_model_map *map, const struct emit_usage_text *name,
                           char remedy[EMIT_MODEL_REMEDY_MAX]) {
    // The one profile that is true of a model of which nothing is known.
    static const char unknown[] = "managed-unknown-v1";
    struct emit_text text;
    emit_text_init(&text, remedy, EMIT_MODEL_REMEDY_MAX);
    remedy[0] = '\0';
    if (!name->length || name->length > NAME_SHOWN_MAX) return;
    // Without the map round it: there may be one, and several names are added to one.
    emit_model_name_quote(&text, name);
    emit_text_add_format(&text, ": %s",
                         emit_profile_find(map->table, unknown) ? unknown : "PROFILE");
    if (text.cut) remedy[0] = '\0';
}

uint32_t emit_model_map_count(const struct emit_model_map *map) {
    return map->count;
}

const struct emit_mapped_model *emit_model_map_get(const struct emit_model_map *map,
                                                   uint32_t number) {
    return &map->models[number];
}
