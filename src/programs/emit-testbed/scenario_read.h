// The YAML of a scenario becomes the struct.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_SCENARIO_READ_H
#define EMIT_TESTBED_SCENARIO_READ_H

#include "programs/emit-testbed/scenario.h"

// Fills a zeroed scenario from an open file; scenario->path is set and begins
// every complaint. Half filled on failure: emit_scenario_free clears it.
EMIT_MUST_CHECK enum emit_status emit_scenario_read(struct emit_scenario *scenario, FILE *file,
                                                    struct emit_error *err);

#endif
