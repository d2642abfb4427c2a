// Events of a scenario: what goes wrong, when, and with what.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/scenario_parts.h"

enum { NOT_OF_THESE = -1 };

// A word of `what`, and what it is for a zone's counter or a GPU's, for the tree,
// for a GPU, for the machine.
struct event_word {
    const char *name;
    int counter, tree, gpu, machine;
};

static const struct event_word event_words[] = {
    {"frozen", EMIT_COUNTER_FROZEN, -1, -1, -1},
    {"jump", EMIT_COUNTER_JUMP, -1, -1, -1},
    {"reset", EMIT_COUNTER_RESET, -1, -1, -1},
    {"denied", -1, EMIT_SCENARIO_DENIED, EMIT_GPU_DENIED, -1},
    {"masked", -1, EMIT_SCENARIO_MASKED, -1, -1},
    {"unplug", -1, EMIT_SCENARIO_UNPLUG, -1, -1},
    {"einval", -1, EMIT_SCENARIO_EINVAL, -1, -1},
    {"eio", -1, EMIT_SCENARIO_EIO, -1, -1},
    {"nonsense", -1, EMIT_SCENARIO_NONSENSE, -1, -1},
    {"slow", -1, EMIT_SCENARIO_SLOW, EMIT_GPU_SLOW, -1},
    {"lost", -1, -1, EMIT_GPU_LOST, -1},
    {"reset-required", -1, -1, EMIT_GPU_RESET_REQUIRED, -1},
    {"blank", -1, -1, EMIT_GPU_BLANK, -1},
    {"stale", -1, -1, EMIT_GPU_STALE, -1},
    {"engine-down", -1, -1, -1, EMIT_GPU_ENGINE_DOWN},
    {"reorder", -1, -1, -1, EMIT_GPU_REORDER},
};
enum { EVENT_WORDS = sizeof event_words / sizeof *event_words };

struct event_draft {
    int64_t at_ns, until_ns, delay_ns;
    const struct event_word *what;
    int zone, gpu; // -1: not said
    double joules;
};

static enum emit_status take_what(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                  void *slot) {
    const char *names[EVENT_WORDS + 1] = {NULL};
    size_t chosen;
    for (size_t i = 0; i < EVENT_WORDS; i++)
        names[i] = event_words[i].name;
    enum emit_status status = emit_reader_choose(reader, value, names, &chosen);
    if (status == EMIT_OK) *(const struct event_word **)slot = &event_words[chosen];
    return status;
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

static enum emit_status take_gpu(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                 void *slot) {
    uint64_t number;
    enum emit_status status = emit_take_count(reader, value, &number);
    if (status != EMIT_OK) return status;
    if (number >= reader->scenario->gpus.gpu_count)
        return emit_reader_complain(reader, value, "there is no GPU %llu",
                                    (unsigned long long)number);
    *(int *)slot = (int)number;
    return EMIT_OK;
}

static const struct emit_scenario_key event_keys[] = {
    {"at", emit_take_duration, offsetof(struct event_draft, at_ns), true},
    {"until", emit_take_duration, offsetof(struct event_draft, until_ns), false},
    {"zone", take_zone, offsetof(struct event_draft, zone), false},
    {"gpu", take_gpu, offsetof(struct event_draft, gpu), false},
    {"what", take_what, offsetof(struct event_draft, what), true},
    {"joules", emit_take_number, offsetof(struct event_draft, joules), false},
    {"delay", emit_take_duration, offsetof(struct event_draft, delay_ns), false},
    {NULL, NULL, 0, false},
};

static enum emit_status add_fault(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                  const struct event_draft *draft) {
    struct emit_scenario *scenario = reader->scenario;
    struct emit_counter *counter = draft->gpu >= 0 ? &scenario->gpus.gpus[draft->gpu].counter
                                                   : &scenario->zones[draft->zone].counter;
    if (draft->zone >= 0 && scenario->zones[draft->zone].shows != draft->zone)
        return emit_reader_complain(reader, node, "%s shows the counter of another zone: name that",
                                    scenario->zones[draft->zone].id);
    if (counter->fault_count == EMIT_COUNTER_FAULTS_MAX)
        return emit_reader_complain(reader, node, "more than %d events of one counter",
                                    EMIT_COUNTER_FAULTS_MAX);
    if (counter->fault_count > 0 && counter->faults[counter->fault_count - 1].at_ns > draft->at_ns)
        return emit_reader_complain(reader, node,
                                    "events of one counter stand in the order of time");
    counter->faults[counter->fault_count++] =
        (struct emit_counter_fault){(enum emit_counter_fault_kind)draft->what->counter,
                                    draft->at_ns, draft->until_ns, draft->joules};
    return EMIT_OK;
}

static enum emit_status add_to_tree(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                    const struct event_draft *draft) {
    struct emit_scenario *scenario = reader->scenario;
    if (scenario->event_count == EMIT_SCENARIO_EVENTS_MAX)
        return emit_reader_complain(reader, node, "more than %d events", EMIT_SCENARIO_EVENTS_MAX);
    scenario->events[scenario->event_count++] =
        (struct emit_scenario_event){(enum emit_scenario_event_kind)draft->what->tree, draft->zone,
                                     draft->at_ns, draft->until_ns, draft->delay_ns};
    return EMIT_OK;
}

static enum emit_status add_to_gpus(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                    const struct event_draft *draft, int kind) {
    struct emit_gpu_machine *gpus = &reader->scenario->gpus;
    if (gpus->event_count == EMIT_GPU_EVENTS_MAX)
        return emit_reader_complain(reader, node, "more than %d events of GPUs",
                                    EMIT_GPU_EVENTS_MAX);
    gpus->events[gpus->event_count++] = (struct emit_gpu_event){
        (enum emit_gpu_event_kind)kind, draft->gpu, draft->at_ns, draft->until_ns, draft->delay_ns};
    return EMIT_OK;
}

// Who the word is for: the counter, the tree, the GPU or the machine.
static enum emit_status add_event(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                  const struct event_draft *draft) {
    const struct event_word *what = draft->what;
    bool of_zone = draft->zone >= 0, of_gpu = draft->gpu >= 0;
    if (of_zone && of_gpu)
        return emit_reader_complain(reader, node, "an event is of a zone or of a gpu, not of both");
    if (what->machine != NOT_OF_THESE) {
        if (of_zone || of_gpu)
            return emit_reader_complain(
                reader, node, "%s is of the whole machine: name no zone and no gpu", what->name);
        return add_to_gpus(reader, node, draft, what->machine);
    }
    bool zones = what->tree != NOT_OF_THESE, gpus = what->gpu != NOT_OF_THESE;
    if (!of_zone && !of_gpu)
        return emit_reader_complain(reader, node, "%s needs the key %s", what->name,
                                    zones == gpus ? "'zone' or 'gpu'"
                                    : zones       ? "'zone'"
                                                  : "'gpu'");
    if (what->counter != NOT_OF_THESE) return add_fault(reader, node, draft);
    if ((of_zone ? what->tree : what->gpu) == NOT_OF_THESE)
        return emit_reader_complain(reader, node, "%s happens to no %s", what->name,
                                    of_zone ? "zone" : "gpu");
    return of_zone ? add_to_tree(reader, node, draft) : add_to_gpus(reader, node, draft, what->gpu);
}

static enum emit_status read_event(struct emit_scenario_reader *reader, const yaml_node_t *node) {
    struct event_draft draft = {.until_ns = INT64_MAX, .zone = -1, .gpu = EMIT_GPU_ALL};
    enum emit_status status = emit_reader_mapping(reader, node, "an event", event_keys, &draft);
    if (status != EMIT_OK) return status;
    if (draft.until_ns <= draft.at_ns)
        return emit_reader_complain(reader, node, "until is not after at");
    if ((draft.what->counter == EMIT_COUNTER_JUMP) != (draft.joules > 0))
        return emit_reader_complain(reader, node, "a jump, and nothing else, needs joules");
    if ((draft.what->tree == EMIT_SCENARIO_SLOW) != (draft.delay_ns > 0))
        return emit_reader_complain(reader, node, "a slow read, and nothing else, needs a delay");
    return add_event(reader, node, &draft);
}

enum emit_status emit_read_events(struct emit_scenario_reader *reader, const yaml_node_t *list) {
    if (list->type != YAML_SEQUENCE_NODE)
        return emit_reader_complain(reader, list, "a list of events is wanted here");
    for (const yaml_node_item_t *item = list->data.sequence.items.start;
         item < list->data.sequence.items.top; item++) {
        enum emit_status status = read_event(reader, emit_reader_node(reader, *item));
        if (status != EMIT_OK) return status;
    }
    return EMIT_OK;
}
