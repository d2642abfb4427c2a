// Zones of a scenario: from what the file says to their place in the tree.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/scenario_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct named_unit {
    const char *name;
    struct emit_counter_unit unit;
};

static const struct named_unit units[] = {
    {"esu14", {61035, 1}},                            // most Intel packages
    {"esu14-exact", {1000000000, UINT64_C(1) << 14}}, // the same, older kernels
    {"esu16", {15258, 1}},                            // AMD, older Intel servers
    {"dram", {15300, 1}},                             // the fixed unit of server memory
    {"joule", {1000000000, 1}},                       // psys of Sapphire Rapids
    {NULL, {0, 0}},
};

static enum emit_status take_unit(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                  void *slot) {
    const char *text = emit_reader_scalar(value);
    for (const struct named_unit *at = units; text && at->name; at++)
        if (strcmp(at->name, text) == 0) {
            *(struct emit_counter_unit *)slot = at->unit;
            return EMIT_OK;
        }
    uint64_t nanojoules;
    if (!text || emit_take_count(reader, value, &nanojoules) != EMIT_OK || nanojoules == 0 ||
        nanojoules > 1000000000)
        return emit_reader_complain(
            reader, value, "'%s' is no unit: esu14, esu14-exact, esu16, dram, joule, or nanojoules",
            text ? text : "(no word)");
    *(struct emit_counter_unit *)slot = (struct emit_counter_unit){nanojoules, 1};
    return EMIT_OK;
}

static enum emit_status take_mode(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                  void *slot) {
    const char *text = emit_reader_scalar(value);
    char *end = NULL;
    unsigned long mode = text ? strtoul(text, &end, 8) : 0;
    if (!text || end == text || *end != '\0' || mode > 0777)
        return emit_reader_complain(reader, value, "a file mode such as 0400 is wanted here");
    *(unsigned int *)slot = (unsigned int)mode;
    return EMIT_OK;
}

// A zone as the file says it, before it has a place in the tree.
struct zone_draft {
    struct emit_scenario_zone zone;
    char number[EMIT_ZONE_NAME_MAX]; // hexadecimal; "": the next
    const yaml_node_t *start, *wraps_at, *shows, *parts;
    uint64_t constraints;
};

static const struct emit_scenario_key zone_keys[] = {
    {"name", emit_take_word, offsetof(struct zone_draft, zone.name), true},
    {"control", emit_take_word, offsetof(struct zone_draft, zone.control), false},
    {"id", emit_take_word, offsetof(struct zone_draft, number), false},
    {"unit", take_unit, offsetof(struct zone_draft, zone.counter.unit), false},
    {"power", emit_take_power, offsetof(struct zone_draft, zone.counter.curve), false},
    {"update", emit_take_duration, offsetof(struct zone_draft, zone.counter.period_ns), false},
    {"jitter", emit_take_duration, offsetof(struct zone_draft, zone.counter.jitter_ns), false},
    {"start", emit_take_node, offsetof(struct zone_draft, start), false},
    {"wraps-at", emit_take_node, offsetof(struct zone_draft, wraps_at), false},
    {"shows", emit_take_node, offsetof(struct zone_draft, shows), false},
    {"energy", emit_take_truth, offsetof(struct zone_draft, zone.has_energy), false},
    {"mode", take_mode, offsetof(struct zone_draft, zone.mode), false},
    {"read-takes", emit_take_duration, offsetof(struct zone_draft, zone.read_ns), false},
    {"constraints", emit_take_count, offsetof(struct zone_draft, constraints), false},
    {"parts", emit_take_node, offsetof(struct zone_draft, parts), false},
    {NULL, NULL, 0, false},
};

// Where the counter stands when the scenario begins.
static enum emit_status place_counter(struct emit_scenario_reader *reader,
                                      const struct zone_draft *draft,
                                      struct emit_counter *counter) {
    enum emit_status status = EMIT_OK;
    if (draft->start && draft->wraps_at)
        return emit_reader_complain(reader, draft->start,
                                    "start and wraps-at say the same thing: give one");
    if (draft->start) {
        uint64_t microjoules;
        status = emit_take_count(reader, draft->start, &microjoules);
        if (status == EMIT_OK) emit_counter_start_at(counter, microjoules);
    } else if (draft->wraps_at) {
        int64_t at_ns;
        status = emit_take_duration(reader, draft->wraps_at, &at_ns);
        if (status == EMIT_OK) emit_counter_wrap_at(counter, at_ns);
    } else { // somewhere in the lower half: no zone stands at zero on a real machine
        counter->start_count = emit_testbed_mix(counter->seed, 77) >> 33;
    }
    return status;
}

// The zone's directory name: its parent's, then its number in hexadecimal.
static enum emit_status name_zone(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                  const struct zone_draft *draft, struct emit_scenario_zone *zone) {
    const struct emit_scenario *scenario = reader->scenario;
    const char *above = zone->parent < 0 ? zone->control : scenario->zones[zone->parent].id;
    char number[EMIT_ZONE_NAME_MAX];
    unsigned int siblings = 0;
    for (size_t i = 0; i < scenario->zone_count; i++)
        siblings += scenario->zones[i].parent == zone->parent &&
                    strcmp(scenario->zones[i].control, zone->control) == 0;
    if (draft->number[0])
        memcpy(number, draft->number, sizeof number);
    else
        emit_text_format(number, sizeof number, "%x", siblings);
    if (!emit_text_format(zone->id, sizeof zone->id, "%s:%s", above, number))
        return emit_reader_complain(reader, node, "the names of this zone are too long");
    if (emit_scenario_zone(scenario, zone->id) >= 0)
        return emit_reader_complain(reader, node, "zone %s stands twice", zone->id);
    return EMIT_OK;
}

// What the zone's own words left open, and what they may not say.
static enum emit_status complete_zone(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                      const struct zone_draft *draft,
                                      struct emit_scenario_zone *zone) {
    struct emit_scenario *scenario = reader->scenario;
    struct emit_counter *counter = &zone->counter;
    int index = (int)scenario->zone_count;
    if (draft->constraints > 3)
        return emit_reader_complain(reader, node, "a zone has at most 3 constraints");
    zone->constraints = (unsigned int)draft->constraints;
    if (zone->parent >= 0)
        memcpy(zone->control, scenario->zones[zone->parent].control, sizeof zone->control);
    else if (!zone->control[0])
        memcpy(zone->control, scenario->control, sizeof zone->control);
    counter->seed = emit_testbed_mix((uint64_t)index, 1);
    if (counter->period_ns <= 0)
        return emit_reader_complain(reader, node, "update must be above 0");
    if (counter->jitter_ns > (counter->period_ns - 1) / 2)
        return emit_reader_complain(reader, node, "jitter must stay below half of update");
    zone->shows = index;
    if (draft->shows) {
        const char *id = emit_reader_scalar(draft->shows);
        zone->shows = id ? emit_scenario_zone(scenario, id) : -1;
        if (zone->shows < 0)
            return emit_reader_complain(reader, draft->shows, "'%s' is no zone above this one",
                                        id ? id : "(no word)");
    }
    enum emit_status status = name_zone(reader, node, draft, zone);
    return status == EMIT_OK ? place_counter(reader, draft, counter) : status;
}

static enum emit_status read_zone(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                  int parent) {
    struct emit_scenario *scenario = reader->scenario;
    struct zone_draft draft = {
        .zone = {.parent = parent, .has_energy = true, .mode = 0400},
        .constraints = parent < 0 ? 2 : 1,
    };
    struct emit_scenario_zone *zone = &scenario->zones[scenario->zone_count];
    if (scenario->zone_count == EMIT_SCENARIO_ZONES_MAX)
        return emit_reader_complain(reader, node, "more than %d zones", EMIT_SCENARIO_ZONES_MAX);
    draft.zone.counter.unit = units[0].unit;
    draft.zone.counter.period_ns = scenario->period_ns;
    draft.zone.counter.jitter_ns = scenario->jitter_ns;
    enum emit_status status = emit_reader_mapping(reader, node, "a zone", zone_keys, &draft);
    if (status == EMIT_OK) status = complete_zone(reader, node, &draft, &draft.zone);
    if (status != EMIT_OK) {
        emit_curve_clear(&draft.zone.counter.curve);
        return status;
    }
    *zone = draft.zone; // with its curve
    int index = (int)scenario->zone_count++;
    if (!draft.parts) return EMIT_OK;
    if (parent >= 0) return emit_reader_complain(reader, draft.parts, "a part has no parts");
    return emit_read_zones(reader, draft.parts, index);
}

enum emit_status emit_read_zones(struct emit_scenario_reader *reader, const yaml_node_t *list,
                                 int parent) {
    if (list->type != YAML_SEQUENCE_NODE)
        return emit_reader_complain(reader, list, "a list of zones is wanted here");
    for (const yaml_node_item_t *item = list->data.sequence.items.start;
         item < list->data.sequence.items.top; item++) {
        enum emit_status status = read_zone(reader, emit_reader_node(reader, *item), parent);
        if (status != EMIT_OK) return status;
    }
    return EMIT_OK;
}
