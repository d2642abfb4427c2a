// The options about meters, checked.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/meter_options.h"

#include <stdlib.h>

enum {
    POWER_MIN_MW = 1000, // of a socket, far below any and far beyond
    POWER_MAX_MW = 1000 * 1000000,
};

static const int64_t step_min_ns = 100000000, step_max_ns = 3600000000000;

static const char *variable(const char *name) {
    return getenv(name);
}

enum emit_status meter_options_settle(struct emit_meter_settings *settings,
                                      const struct meter_options *options, struct emit_error *err) {
    if (options->max_power_mw < POWER_MIN_MW || options->max_power_mw > POWER_MAX_MW)
        return emit_fail(err, EMIT_INVALID, "--max-power is no socket's: 1W to 1MW");
    if (options->dcgm_exporter_step_ns < step_min_ns ||
        options->dcgm_exporter_step_ns > step_max_ns)
        return emit_fail(err, EMIT_INVALID, "--dcgm-exporter-step wants 100ms to 1h");
    struct emit_assignment assignment;
    enum emit_status status =
        emit_assignment_choose(&assignment, options->device, options->is_shared, variable, err);
    if (status != EMIT_OK) return status;
    *settings = (struct emit_meter_settings){
        .max_package_milliwatts = options->max_power_mw,
        .nvml_library = options->nvml_library,
        .dcgm_library = options->dcgm_library,
        .dcgm_host = options->dcgm_host,
        .dcgm_exporter = options->dcgm_exporter,
        .dcgm_exporter_step_ns = options->dcgm_exporter_step_ns,
        .assignment = assignment,
    };
    return EMIT_OK;
}
