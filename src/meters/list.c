// The list of meters: one line each.
// SPDX-License-Identifier: Apache-2.0
#include "meters/meter.h"

// clang-format off
const struct emit_meter_type *const emit_meter_types[] = {
    &emit_meter_rapl,
    &emit_meter_dcgm,
    &emit_meter_nvml,
    &emit_meter_dcgm_exporter,
    NULL,
};
// clang-format on
