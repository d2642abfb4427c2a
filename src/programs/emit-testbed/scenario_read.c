// YAML of a scenario into the struct: power, zones, events, and what is expected.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/scenario_read.h"

#include "base/text.h"
#include "programs/emit-testbed/scenario_values.h"

#include <stdlib.h>
#include <string.h>

// Power.

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

// A bare number is constant watts.
static enum emit_status take_power(struct emit_scenario_reader *reader, const yaml_node_t *value,
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

// Zones.

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

static enum emit_status take_node(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                  void *slot) {
    (void)reader;
    *(const yaml_node_t **)slot = value;
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
    {"power", take_power, offsetof(struct zone_draft, zone.counter.curve), false},
    {"update", emit_take_duration, offsetof(struct zone_draft, zone.counter.period_ns), false},
    {"jitter", emit_take_duration, offsetof(struct zone_draft, zone.counter.jitter_ns), false},
    {"start", take_node, offsetof(struct zone_draft, start), false},
    {"wraps-at", take_node, offsetof(struct zone_draft, wraps_at), false},
    {"shows", take_node, offsetof(struct zone_draft, shows), false},
    {"energy", emit_take_truth, offsetof(struct zone_draft, zone.has_energy), false},
    {"mode", take_mode, offsetof(struct zone_draft, zone.mode), false},
    {"read-takes", emit_take_duration, offsetof(struct zone_draft, zone.read_ns), false},
    {"constraints", emit_take_count, offsetof(struct zone_draft, constraints), false},
    {"parts", take_node, offsetof(struct zone_draft, parts), false},
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

static enum emit_status read_zones(struct emit_scenario_reader *reader, const yaml_node_t *list,
                                   int parent);

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
    return read_zones(reader, draft.parts, index);
}

static enum emit_status read_zones(struct emit_scenario_reader *reader, const yaml_node_t *list,
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

// Events.

// The words of `what`: first those of counters, then those of the tree, each in
// the order of its enumeration.
static const char *const event_words[] = {"frozen",   "jump",   "reset",  "denied",
                                          "masked",   "unplug", "einval", "eio",
                                          "nonsense", "slow",   NULL};
enum { TREE_EVENTS_FROM = EMIT_COUNTER_RESET + 1 };

struct event_draft {
    int64_t at_ns, until_ns, delay_ns;
    size_t what;
    int zone;
    double joules;
};

static enum emit_status take_what(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                  void *slot) {
    return emit_reader_choose(reader, value, event_words, slot);
}

static enum emit_status take_zone(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                  void *slot) {
    const char *id = emit_reader_scalar(value);
    int zone = id ? emit_scenario_zone(reader->scenario, id) : -1;
    if (zone < 0)
        return emit_reader_complain(reader, value, "there is no zone '%s'", id ? id : "(no word)");
    *(int *)slot = zone;
    return EMIT_OK;
}

static const struct emit_scenario_key event_keys[] = {
    {"at", emit_take_duration, offsetof(struct event_draft, at_ns), true},
    {"until", emit_take_duration, offsetof(struct event_draft, until_ns), false},
    {"zone", take_zone, offsetof(struct event_draft, zone), true},
    {"what", take_what, offsetof(struct event_draft, what), true},
    {"joules", emit_take_number, offsetof(struct event_draft, joules), false},
    {"delay", emit_take_duration, offsetof(struct event_draft, delay_ns), false},
    {NULL, NULL, 0, false},
};

static enum emit_status add_fault(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                  const struct event_draft *draft) {
    struct emit_scenario_zone *zone = &reader->scenario->zones[draft->zone];
    struct emit_counter *counter = &zone->counter;
    if (zone->shows != draft->zone)
        return emit_reader_complain(reader, node, "%s shows the counter of another zone: name that",
                                    zone->id);
    if (counter->fault_count == EMIT_COUNTER_FAULTS_MAX)
        return emit_reader_complain(reader, node, "more than %d events of one counter",
                                    EMIT_COUNTER_FAULTS_MAX);
    if (counter->fault_count > 0 && counter->faults[counter->fault_count - 1].at_ns > draft->at_ns)
        return emit_reader_complain(reader, node,
                                    "events of one counter stand in the order of time");
    counter->faults[counter->fault_count++] = (struct emit_counter_fault){
        (enum emit_counter_fault_kind)draft->what, draft->at_ns, draft->until_ns, draft->joules};
    return EMIT_OK;
}

static enum emit_status read_event(struct emit_scenario_reader *reader, const yaml_node_t *node) {
    struct emit_scenario *scenario = reader->scenario;
    struct event_draft draft = {.until_ns = INT64_MAX};
    enum emit_status status = emit_reader_mapping(reader, node, "an event", event_keys, &draft);
    if (status != EMIT_OK) return status;
    if (draft.until_ns <= draft.at_ns)
        return emit_reader_complain(reader, node, "until is not after at");
    if ((draft.what == EMIT_COUNTER_JUMP) != (draft.joules > 0))
        return emit_reader_complain(reader, node, "a jump, and nothing else, needs joules");
    if (draft.what < TREE_EVENTS_FROM) return add_fault(reader, node, &draft);
    enum emit_scenario_event_kind kind =
        (enum emit_scenario_event_kind)(draft.what - TREE_EVENTS_FROM);
    if ((kind == EMIT_SCENARIO_SLOW) != (draft.delay_ns > 0))
        return emit_reader_complain(reader, node, "a slow read, and nothing else, needs a delay");
    if (scenario->event_count == EMIT_SCENARIO_EVENTS_MAX)
        return emit_reader_complain(reader, node, "more than %d events", EMIT_SCENARIO_EVENTS_MAX);
    scenario->events[scenario->event_count++] =
        (struct emit_scenario_event){kind, draft.zone, draft.at_ns, draft.until_ns, draft.delay_ns};
    return EMIT_OK;
}

static enum emit_status read_events(struct emit_scenario_reader *reader, const yaml_node_t *list) {
    if (list->type != YAML_SEQUENCE_NODE)
        return emit_reader_complain(reader, list, "a list of events is wanted here");
    for (const yaml_node_item_t *item = list->data.sequence.items.start;
         item < list->data.sequence.items.top; item++) {
        enum emit_status status = read_event(reader, emit_reader_node(reader, *item));
        if (status != EMIT_OK) return status;
    }
    return EMIT_OK;
}

// What is expected.

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

static enum emit_status take_expect(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                    void *slot) {
    (void)slot;
    return emit_reader_mapping(reader, value, "expect", expect_keys, reader->scenario);
}

// The whole file.

static enum emit_status take_vendor(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                    void *slot) {
    static const char *const words[] = {"intel", "amd", NULL};
    size_t chosen;
    enum emit_status status = emit_reader_choose(reader, value, words, &chosen);
    if (status == EMIT_OK) *(bool *)slot = chosen == 1;
    return status;
}

static enum emit_status take_class(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                   void *slot) {
    static const char *const words[] = {"present", "empty", "absent", NULL};
    size_t chosen;
    enum emit_status status = emit_reader_choose(reader, value, words, &chosen);
    if (status == EMIT_OK) *(enum emit_scenario_class *)slot = (enum emit_scenario_class)chosen;
    return status;
}

static enum emit_status take_zone_list(struct emit_scenario_reader *reader,
                                       const yaml_node_t *value, void *slot) {
    (void)slot;
    reader->zones = value;
    return EMIT_OK;
}

static enum emit_status take_event_list(struct emit_scenario_reader *reader,
                                        const yaml_node_t *value, void *slot) {
    (void)slot;
    reader->events = value;
    return EMIT_OK;
}

static const struct emit_scenario_key scenario_keys[] = {
    {"summary", emit_take_text, offsetof(struct emit_scenario, summary), true},
    {"vendor", take_vendor, offsetof(struct emit_scenario, amd), false},
    {"class", take_class, offsetof(struct emit_scenario, class_directory), false},
    {"control", emit_take_word, offsetof(struct emit_scenario, control), false},
    {"update", emit_take_duration, offsetof(struct emit_scenario, period_ns), false},
    {"jitter", emit_take_duration, offsetof(struct emit_scenario, jitter_ns), false},
    {"zones", take_zone_list, 0, false},
    {"events", take_event_list, 0, false},
    {"expect", take_expect, 0, false},
    {NULL, NULL, 0, false},
};

static enum emit_status read_document(struct emit_scenario_reader *reader) {
    const yaml_node_t *root = yaml_document_get_root_node(&reader->document);
    if (!root)
        return emit_fail(reader->err, EMIT_INVALID, "%s:1: the file is empty",
                         reader->scenario->path);
    enum emit_status status =
        emit_reader_mapping(reader, root, "a scenario", scenario_keys, reader->scenario);
    if (status == EMIT_OK && reader->zones) status = read_zones(reader, reader->zones, -1);
    if (status == EMIT_OK && reader->events) status = read_events(reader, reader->events);
    if (status == EMIT_OK && reader->scenario->class_directory != EMIT_SCENARIO_PRESENT &&
        reader->scenario->zone_count > 0)
        return emit_reader_complain(reader, root, "an empty or absent class has no zones");
    return status;
}

enum emit_status emit_scenario_read(struct emit_scenario *scenario, FILE *file,
                                    struct emit_error *err) {
    struct emit_scenario_reader reader = {.scenario = scenario, .err = err};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return emit_fail(err, EMIT_NO_MEMORY, "out of memory for %s", scenario->path);
    yaml_parser_set_input_file(&parser, file);
    enum emit_status status;
    if (!yaml_parser_load(&parser, &reader.document)) {
        size_t line = parser.problem_mark.line + 1;
        status = parser.error == YAML_MEMORY_ERROR
                     ? emit_fail(err, EMIT_NO_MEMORY, "out of memory for %s", scenario->path)
                     : emit_fail(err, EMIT_INVALID, "%s:%zu: not YAML: %s", scenario->path, line,
                                 parser.problem ? parser.problem : "unreadable");
    } else {
        status = read_document(&reader);
        yaml_document_delete(&reader.document);
    }
    yaml_parser_delete(&parser);
    return status;
}
