// YAML of a scenario into the struct: the document and its order.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/scenario_read.h"

#include "programs/emit-testbed/scenario_parts.h"

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

// Lists that wait until all else is known; slot is of no use, they are the reader's.
static enum emit_status take_zone_list(struct emit_scenario_reader *reader,
                                       const yaml_node_t *value, void *slot) {
    (void)slot;
    return emit_take_node(reader, value, &reader->zones);
}

static enum emit_status take_gpu_list(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                      void *slot) {
    (void)slot;
    return emit_take_node(reader, value, &reader->gpus);
}

static enum emit_status take_event_list(struct emit_scenario_reader *reader,
                                        const yaml_node_t *value, void *slot) {
    (void)slot;
    return emit_take_node(reader, value, &reader->events);
}

static const struct emit_scenario_key scenario_keys[] = {
    {"summary", emit_take_text, offsetof(struct emit_scenario, summary), true},
    {"vendor", take_vendor, offsetof(struct emit_scenario, amd), false},
    {"class", take_class, offsetof(struct emit_scenario, class_directory), false},
    {"control", emit_take_word, offsetof(struct emit_scenario, control), false},
    {"update", emit_take_duration, offsetof(struct emit_scenario, period_ns), false},
    {"jitter", emit_take_duration, offsetof(struct emit_scenario, jitter_ns), false},
    {"zones", take_zone_list, 0, false},
    {"driver", emit_take_line, offsetof(struct emit_scenario, gpus.driver), false},
    {"nvml", emit_take_nvml, offsetof(struct emit_scenario, gpus.nvml), false},
    {"dcgm", emit_take_dcgm, offsetof(struct emit_scenario, gpus.dcgm), false},
    {"gpus", take_gpu_list, 0, false},
    {"events", take_event_list, 0, false},
    {"expect", emit_take_expect, 0, false},
    {NULL, NULL, 0, false},
};

static enum emit_status read_document(struct emit_scenario_reader *reader) {
    const yaml_node_t *root = yaml_document_get_root_node(&reader->document);
    if (!root)
        return emit_fail(reader->err, EMIT_INVALID, "%s:1: the file is empty",
                         reader->scenario->path);
    enum emit_status status =
        emit_reader_mapping(reader, root, "a scenario", scenario_keys, reader->scenario);
    if (status == EMIT_OK && reader->zones) status = emit_read_zones(reader, reader->zones, -1);
    if (status == EMIT_OK && reader->gpus) status = emit_read_gpus(reader, reader->gpus);
    if (status == EMIT_OK && reader->events) status = emit_read_events(reader, reader->events);
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
