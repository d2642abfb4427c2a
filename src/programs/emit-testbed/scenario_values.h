// What the YAML of a scenario is read with: mappings through tables of their
// keys, plain values by type, and complaints that name file and line. Private to
// the files scenario_*.c, the only ones that know libyaml.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_SCENARIO_VALUES_H
#define EMIT_TESTBED_SCENARIO_VALUES_H

#include "programs/emit-testbed/scenario.h"

#include <yaml.h>

struct emit_scenario_reader {
    yaml_document_t document;
    struct emit_scenario *scenario;
    struct emit_error *err;
    const yaml_node_t *zones, *gpus, *events; // read after all else: they build on it
};

// A key of a mapping: `take` puts the value at `offset` of the mapping's target.
struct emit_scenario_key {
    const char *name;
    enum emit_status (*take)(struct emit_scenario_reader *reader, const yaml_node_t *value,
                             void *slot);
    size_t offset;
    bool required;
};

// Fails with EMIT_INVALID and "FILE:LINE: sentence".
enum emit_status emit_reader_complain(struct emit_scenario_reader *reader, const yaml_node_t *node,
                                      const char *format, ...) EMIT_PRINTF(3, 4);
const yaml_node_t *emit_reader_node(struct emit_scenario_reader *reader, int index);
// NULL when the node is no scalar.
const char *emit_reader_scalar(const yaml_node_t *node);

// Reads a mapping through the table of its keys (ended by a row without a name,
// at most 64). `what` names it in complaints.
EMIT_MUST_CHECK enum emit_status emit_reader_mapping(struct emit_scenario_reader *reader,
                                                     const yaml_node_t *node, const char *what,
                                                     const struct emit_scenario_key *keys,
                                                     void *target);
// A word of a list that NULL ends; *chosen is its index.
EMIT_MUST_CHECK enum emit_status emit_reader_choose(struct emit_scenario_reader *reader,
                                                    const yaml_node_t *value,
                                                    const char *const *words, size_t *chosen);

// Takers of plain values. The slot is: char[EMIT_SCENARIO_TEXT_MAX],
// char[EMIT_ZONE_NAME_MAX], int64_t nanoseconds, double >= 0, uint64_t, bool, or the node itself.
enum emit_status emit_take_text(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot);
enum emit_status emit_take_word(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot);
enum emit_status emit_take_duration(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                    void *slot);
enum emit_status emit_take_number(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                  void *slot);
enum emit_status emit_take_count(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                 void *slot);
enum emit_status emit_take_truth(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                 void *slot);
enum emit_status emit_take_node(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot);

#endif
