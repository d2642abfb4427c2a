// GPUs of a scenario, and the vendor libraries that speak of them.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/scenario_parts.h"

#include "base/text.h"

#include <string.h>

// A text that fits what the libraries answer with.
enum emit_status emit_take_line(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot) {
    const char *text = emit_reader_scalar(value);
    if (!text || !*text || !emit_text_format(slot, EMIT_GPU_TEXT_MAX, "%s", text))
        return emit_reader_complain(reader, value, "a text of 1 to %d bytes is wanted here",
                                    EMIT_GPU_TEXT_MAX - 1);
    return EMIT_OK;
}

// Libraries.

struct library_draft {
    struct emit_gpu_library library;
    uint64_t number;
    bool installed;
};

static enum emit_status take_missing(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                     void *slot) {
    struct emit_gpu_library *library = slot;
    if (value->type != YAML_SEQUENCE_NODE)
        return emit_reader_complain(reader, value, "a list of symbols is wanted here");
    for (const yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top; item++) {
        if (library->missing_count == EMIT_GPU_MISSING_MAX)
            return emit_reader_complain(reader, value, "more than %d missing symbols",
                                        EMIT_GPU_MISSING_MAX);
        enum emit_status status = emit_take_line(reader, emit_reader_node(reader, *item),
                                                 library->missing[library->missing_count]);
        if (status != EMIT_OK) return status;
        library->missing_count++;
    }
    return EMIT_OK;
}

static const struct emit_scenario_key nvml_keys[] = {
    {"installed", emit_take_truth, offsetof(struct library_draft, installed), false},
    {"init", emit_take_count, offsetof(struct library_draft, number), false},
    {"init-takes", emit_take_duration, offsetof(struct library_draft, library.start_takes_ns),
     false},
    {"missing", take_missing, offsetof(struct library_draft, library), false},
    {NULL, NULL, 0, false},
};

enum emit_status emit_take_nvml(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot) {
    struct library_draft draft = {.installed = true};
    enum emit_status status = emit_reader_mapping(reader, value, "nvml", nvml_keys, &draft);
    if (status != EMIT_OK) return status;
    if (draft.number > 999)
        return emit_reader_complain(reader, value, "init is a code of NVML: 0 to 999");
    draft.library.start_code = (int)draft.number;
    draft.library.version = draft.installed;
    *(struct emit_gpu_library *)slot = draft.library;
    return EMIT_OK;
}

static const struct emit_scenario_key dcgm_keys[] = {
    {"library", emit_take_count, offsetof(struct library_draft, number), true},
    {"connect-takes", emit_take_duration, offsetof(struct library_draft, library.start_takes_ns),
     false},
    {"missing", take_missing, offsetof(struct library_draft, library), false},
    {NULL, NULL, 0, false},
};

enum emit_status emit_take_dcgm(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot) {
    struct library_draft draft = {0};
    enum emit_status status = emit_reader_mapping(reader, value, "dcgm", dcgm_keys, &draft);
    if (status != EMIT_OK) return status;
    if (draft.number != 3 && draft.number != 4)
        return emit_reader_complain(reader, value, "library is 3 or 4, the N of libdcgm.so.N");
    draft.library.version = (int)draft.number;
    *(struct emit_gpu_library *)slot = draft.library;
    return EMIT_OK;
}

// GPUs.

struct gpu_draft {
    struct emit_gpu gpu;
    char name[EMIT_GPU_TEXT_MAX]; // as the file says it
    uint64_t instances;
    const yaml_node_t *start;
};

static enum emit_status take_energy(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                    void *slot) {
    static const char *const words[] = {"counter", "power-only", "none", NULL};
    size_t chosen;
    enum emit_status status = emit_reader_choose(reader, value, words, &chosen);
    if (status == EMIT_OK) *(enum emit_gpu_energy *)slot = (enum emit_gpu_energy)chosen;
    return status;
}

static enum emit_status take_uuid(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                  void *slot) {
    static const char form[] = "GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const char *text = emit_reader_scalar(value);
    size_t i = 0;
    while (text && text[i] &&
           (form[i] == 'x' ? text[i] && strchr("0123456789abcdef", text[i]) : text[i] == form[i]))
        i++;
    if (i != sizeof form - 1)
        return emit_reader_complain(reader, value, "'%s' is no UUID of the form %s",
                                    text ? text : "(no word)", form);
    memcpy(slot, text, sizeof form);
    return EMIT_OK;
}

static const struct emit_scenario_key gpu_keys[] = {
    {"name", emit_take_line, offsetof(struct gpu_draft, name), false},
    {"uuid", take_uuid, offsetof(struct gpu_draft, gpu.uuid), false},
    {"power", emit_take_power, offsetof(struct gpu_draft, gpu.counter.curve), false},
    {"update", emit_take_duration, offsetof(struct gpu_draft, gpu.counter.period_ns), false},
    {"jitter", emit_take_duration, offsetof(struct gpu_draft, gpu.counter.jitter_ns), false},
    {"start", emit_take_node, offsetof(struct gpu_draft, start), false},
    {"energy", take_energy, offsetof(struct gpu_draft, gpu.energy), false},
    {"module", emit_take_truth, offsetof(struct gpu_draft, gpu.module), false},
    {"window", emit_take_duration, offsetof(struct gpu_draft, gpu.window_ns), false},
    {"mig", emit_take_count, offsetof(struct gpu_draft, instances), false},
    {NULL, NULL, 0, false},
};

// A number that is this scenario's own, so that no two scenarios share a UUID.
static uint64_t seed_of(const struct emit_scenario *scenario) {
    uint64_t seed = scenario->gpus.gpu_count;
    for (const char *at = scenario->name; *at; at++)
        seed = emit_testbed_mix(seed, (unsigned char)*at);
    return seed;
}

// What the GPU's own words left open, and what they may not say.
static enum emit_status complete_gpu(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                     struct gpu_draft *draft) {
    const struct emit_gpu_machine *gpus = &reader->scenario->gpus;
    struct emit_gpu *gpu = &draft->gpu;
    struct emit_counter *counter = &gpu->counter;
    if (!emit_text_format(gpu->name, sizeof gpu->name, "EMIT-TESTBED %s",
                          draft->name[0] ? draft->name : "GPU"))
        return emit_reader_complain(reader, node, "the name of this GPU is too long");
    if (draft->instances > EMIT_GPU_INSTANCES_MAX)
        return emit_reader_complain(reader, node, "a GPU has at most %d MIG instances",
                                    EMIT_GPU_INSTANCES_MAX);
    gpu->instances = (unsigned int)draft->instances;
    if (counter->period_ns <= 0)
        return emit_reader_complain(reader, node, "update must be above 0");
    if (counter->jitter_ns > (counter->period_ns - 1) / 2)
        return emit_reader_complain(reader, node, "jitter must stay below half of update");
    counter->seed = emit_testbed_mix(seed_of(reader->scenario), 2);
    // Nothing makes GPUs of one machine update at one moment.
    counter->phase_ns =
        (int64_t)(emit_testbed_mix(counter->seed, 78) % (uint64_t)counter->period_ns);
    if (!gpu->uuid[0]) emit_gpu_uuid(gpu->uuid, "GPU-", counter->seed);
    for (unsigned int i = 0; i < gpus->gpu_count; i++)
        if (strcmp(gpus->gpus[i].uuid, gpu->uuid) == 0)
            return emit_reader_complain(reader, node, "%s stands twice", gpu->uuid);
    if (draft->start) return emit_take_count(reader, draft->start, &counter->start_count);
    counter->start_count = emit_testbed_mix(counter->seed, 77) >> 34; // up to a megajoule
    return EMIT_OK;
}

static enum emit_status read_gpu(struct emit_scenario_reader *reader, const yaml_node_t *node) {
    struct emit_gpu_machine *gpus = &reader->scenario->gpus;
    struct gpu_draft draft = {.gpu = {.window_ns = 1000000000}};
    draft.gpu.counter.unit = (struct emit_counter_unit){1000000, 1}; // a millijoule
    draft.gpu.counter.period_ns = 50000000;
    draft.gpu.counter.jitter_ns = 10000000;
    if (gpus->gpu_count == EMIT_GPUS_MAX)
        return emit_reader_complain(reader, node, "more than %d GPUs", EMIT_GPUS_MAX);
    enum emit_status status = emit_reader_mapping(reader, node, "a GPU", gpu_keys, &draft);
    if (status == EMIT_OK) status = complete_gpu(reader, node, &draft);
    if (status == EMIT_OK)
        gpus->gpus[gpus->gpu_count++] = draft.gpu; // with its curve
    else
        emit_curve_clear(&draft.gpu.counter.curve);
    return status;
}

enum emit_status emit_read_gpus(struct emit_scenario_reader *reader, const yaml_node_t *list) {
    if (list->type != YAML_SEQUENCE_NODE)
        return emit_reader_complain(reader, list, "a list of GPUs is wanted here");
    for (const yaml_node_item_t *item = list->data.sequence.items.start;
         item < list->data.sequence.items.top; item++) {
        enum emit_status status = read_gpu(reader, emit_reader_node(reader, *item));
        if (status != EMIT_OK) return status;
    }
    return EMIT_OK;
}
