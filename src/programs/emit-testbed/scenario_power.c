// Power curves of a scenario: watts, or a shape.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/scenario_parts.h"

static const char *const shape_words[] = {"constant", "square", "ramp", "sine", "walk", NULL};

struct power_draft {
    struct emit_curve curve;
    double watts;
    int64_t period_ns;
    uint64_t seed;
};

static enum emit_status take_shape(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                   void *slot) {
    size_t shape;
    enum emit_status status = emit_reader_choose(reader, value, shape_words, &shape);
    if (status == EMIT_OK) *(enum emit_curve_shape *)slot = (enum emit_curve_shape)shape;
    return status;
}

static const struct emit_scenario_key power_keys[] = {
    {"shape", take_shape, offsetof(struct power_draft, curve.shape), true},
    {"low", emit_take_number, offsetof(struct power_draft, curve.low_watts), true},
    {"high", emit_take_number, offsetof(struct power_draft, curve.high_watts), true},
    {"period", emit_take_duration, offsetof(struct power_draft, period_ns), true},
    {"seed", emit_take_count, offsetof(struct power_draft, seed), false},
    {NULL, NULL, 0, false},
};

enum emit_status emit_take_power(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                 void *slot) {
    struct emit_curve *curve = slot;
    if (value->type == YAML_SCALAR_NODE) return emit_take_number(reader, value, &curve->low_watts);
    struct power_draft draft = {.seed = 1};
    enum emit_status status = emit_reader_mapping(reader, value, "power", power_keys, &draft);
    if (status != EMIT_OK) return status;
    if (draft.curve.low_watts > draft.curve.high_watts)
        return emit_reader_complain(reader, value, "low is above high");
    if (draft.period_ns <= 0) return emit_reader_complain(reader, value, "period must be above 0");
    draft.curve.period_s = (double)draft.period_ns / 1e9;
    if (draft.curve.shape == EMIT_CURVE_WALK)
        status = emit_curve_walk_init(&draft.curve, draft.seed, reader->err);
    if (status == EMIT_OK) *curve = draft.curve;
    return status;
}
