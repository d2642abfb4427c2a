// What a scenario expects of emit: outcomes and codes, point by point.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/scenario_parts.h"

#include "base/text.h"

#include <string.h>

// "refused denied": an outcome and perhaps a code.
static enum emit_status take_outcome(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                     enum emit_outcome_kind *kind, enum emit_code *code) {
    const char *text = emit_reader_scalar(value);
    size_t length = text ? strcspn(text, " ") : 0;
    unsigned int outcome = 0, reason = 0;
    while (text && outcome < EMIT_OUTCOME_COUNT &&
           (strlen(emit_outcome_word((enum emit_outcome_kind)outcome)) != length ||
            strncmp(emit_outcome_word((enum emit_outcome_kind)outcome), text, length) != 0))
        outcome++;
    if (!text || outcome == EMIT_OUTCOME_COUNT)
        return emit_reader_complain(
            reader, value, "an outcome (measured, partial, refused, excluded) is wanted here");
    const char *word = text[length] == ' ' ? text + length + 1 : "";
    while (reason < EMIT_CODE_COUNT && strcmp(emit_code_word((enum emit_code)reason), word) != 0)
        reason++;
    if (reason == EMIT_CODE_COUNT)
        return emit_reader_complain(reader, value, "'%s' is no code", word);
    *kind = (enum emit_outcome_kind)outcome;
    *code = (enum emit_code)reason;
    return EMIT_OK;
}

static enum emit_status read_expected(struct emit_scenario_reader *reader, const yaml_node_t *key,
                                      const yaml_node_t *value) {
    struct emit_scenario *scenario = reader->scenario;
    struct emit_scenario_expected *expected = &scenario->expected[scenario->expected_count];
    const char *point = emit_reader_scalar(key);
    if (scenario->expected_count == EMIT_SCENARIO_EXPECTED_MAX)
        return emit_reader_complain(reader, key, "more than %d points", EMIT_SCENARIO_EXPECTED_MAX);
    if (!point || !emit_text_format(expected->point, sizeof expected->point, "%s", point))
        return emit_reader_complain(reader, key,
                                    "a device id such as package-0/core is wanted here");
    const yaml_node_t *sides[2] = {value, value};
    if (value->type == YAML_SEQUENCE_NODE) {
        const yaml_node_item_t *items = value->data.sequence.items.start;
        if (value->data.sequence.items.top - items != 2)
            return emit_reader_complain(reader, value,
                                        "two outcomes are wanted here: as root, as nobody");
        for (int side = 0; side < 2; side++)
            sides[side] = emit_reader_node(reader, items[side]);
    }
    for (int side = 0; side < 2; side++) {
        enum emit_status status =
            take_outcome(reader, sides[side], &expected->outcome[side], &expected->code[side]);
        if (status != EMIT_OK) return status;
    }
    scenario->expected_count++;
    return EMIT_OK;
}

static enum emit_status take_points(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                    void *slot) {
    (void)slot;
    if (value->type != YAML_MAPPING_NODE)
        return emit_reader_complain(reader, value, "points is a mapping of device ids to outcomes");
    for (const yaml_node_pair_t *pair = value->data.mapping.pairs.start;
         pair < value->data.mapping.pairs.top; pair++) {
        enum emit_status status = read_expected(reader, emit_reader_node(reader, pair->key),
                                                emit_reader_node(reader, pair->value));
        if (status != EMIT_OK) return status;
    }
    return EMIT_OK;
}

static const struct emit_scenario_key expect_keys[] = {
    {"options", emit_take_text, offsetof(struct emit_scenario, options), false},
    {"lasts", emit_take_duration, offsetof(struct emit_scenario, lasts_ns), false},
    {"points", take_points, 0, true},
    {NULL, NULL, 0, false},
};

enum emit_status emit_take_expect(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                  void *slot) {
    (void)slot;
    return emit_reader_mapping(reader, value, "expect", expect_keys, reader->scenario);
}
