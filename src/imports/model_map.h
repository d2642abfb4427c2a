// Which profile of coefficients a model's name stands for: the operator's `models:` map
// in emit.yaml, never ours. Keys are names or globs: `*` is any text, `?` one character,
// and nothing else is special.
//
// A whole name beats every glob; of globs the one with the most literal characters counts.
// Two of equal weight that name different profiles are an error for the names both fit.
//
// Names are numbered as they first come, for the book of records and for what an event
// claims; answers are remembered.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_MODEL_MAP_H
#define IMPORTS_MODEL_MAP_H

#include "base/text.h"
#include "host/settings.h"
#include "imports/usage.h"

enum {
    EMIT_MODEL_NAMES_MAX = 4096,     // that have a profile
    EMIT_MODEL_STRANGERS_MAX = 1024, // that have none and are remembered; others are looked up
    EMIT_MODEL_REMEDY_MAX = 240,
};

struct emit_model_map;

// The glob of a setting of `models:`, whose value is the id of a profile; NULL: it is another
// setting. Borrowed from the setting.
const char *emit_model_glob(const struct emit_setting *setting);

// only: the profile of every name, of --profile; the map is not looked at then. NULL: by the
// map. config and table are borrowed until close.
// EMIT_INVALID: a line of the map names a profile that the table has not.
EMIT_MUST_CHECK enum emit_status emit_model_map_open(struct emit_model_map **map,
                                                     const struct emit_settings *config,
                                                     const struct emit_coefficient_table *table,
                                                     const struct emit_profile *only,
                                                     struct emit_error *err);
void emit_model_map_close(struct emit_model_map *map); // accepts NULL

// A model that is charged: its number is its place among them, and its group in the book.
struct emit_mapped_model {
    char *name; // owned by the map
    const struct emit_profile *profile;
};

// EMIT_ABSENT: no line of the map fits the name, or the record names no model; EMIT_INVALID: two
// fit it equally well; EMIT_FULL: EMIT_MODEL_NAMES_MAX. Written on success only.
EMIT_MUST_CHECK enum emit_status emit_model_map_find(struct emit_model_map *map,
                                                     const struct emit_usage_text *name,
                                                     uint32_t *number, struct emit_error *err);

// For a name that is EMIT_ABSENT: the line to add below models: in emit.yaml.
void emit_model_map_remedy(const struct emit_model_map *map, const struct emit_usage_text *name,
                           char remedy[EMIT_MODEL_REMEDY_MAX]);

// A name in double quotes, escaped as JSON and YAML have it, for it is a stranger's bytes; cut
// where it is longer than a sentence wants.
void emit_model_name_quote(struct emit_text *text, const struct emit_usage_text *name);

uint32_t emit_model_map_count(const struct emit_model_map *map);
const struct emit_mapped_model *emit_model_map_get(const struct emit_model_map *map,
                                                   uint32_t number);

#endif
