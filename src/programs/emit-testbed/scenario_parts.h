// The parts of a scenario's YAML, each read by a file of its own. Private to
// the files scenario_*.c.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_SCENARIO_PARTS_H
#define EMIT_TESTBED_SCENARIO_PARTS_H

#include "programs/emit-testbed/scenario_values.h"

// The list of zones; parent is the index of the zone they are parts of, -1: none.
EMIT_MUST_CHECK enum emit_status emit_read_zones(struct emit_scenario_reader *reader,
                                                 const yaml_node_t *list, int parent);
EMIT_MUST_CHECK enum emit_status emit_read_gpus(struct emit_scenario_reader *reader,
                                                const yaml_node_t *list);
// After zones and GPUs, which they name.
EMIT_MUST_CHECK enum emit_status emit_read_events(struct emit_scenario_reader *reader,
                                                  const yaml_node_t *list);

// Takers. Watts or a shape, into a struct emit_curve; the mapping `expect`, into
// the reader's scenario; one vendor library, into a struct emit_gpu_library; a
// text of char[EMIT_GPU_TEXT_MAX].
enum emit_status emit_take_power(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                 void *slot);
enum emit_status emit_take_expect(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                  void *slot);
enum emit_status emit_take_line(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot);
enum emit_status emit_take_nvml(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot);
enum emit_status emit_take_dcgm(struct emit_scenario_reader *reader, const yaml_node_t *value,
                                void *slot);

#endif
