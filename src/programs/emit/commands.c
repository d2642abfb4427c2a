// What emit is, and the list of its subcommands: one line each.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"

extern const struct emit_command emit_command_diagnostics;
extern const struct emit_command emit_command_help;
extern const struct emit_command emit_command_outbox;
extern const struct emit_command emit_command_run;
extern const struct emit_command emit_command_runs;
extern const struct emit_command emit_command_schema;
extern const struct emit_command emit_command_sensors;
extern const struct emit_command emit_command_show;
extern const struct emit_command emit_command_validate;
extern const struct emit_command emit_command_version;

// clang-format off
const struct emit_program emit_program = {
    .name = "emit",
    .summary = "energy telemetry that says what it measured, and what it did not",
    .text = "emit states energy in joules, in one form: an event emit:energy_meter_recorded "
            "that says whether it was measured by a sensor, modeled from a cited coefficient or "
            "estimated by proration, and by which interface. What could not be read becomes a "
            "diagnostic with a reason and a remedy, never a number. emit only observes: it "
            "writes to no power limit and to no device.",
};

const struct emit_command *const emit_commands[] = {
    &emit_command_run,
    &emit_command_runs,
    &emit_command_show,
    &emit_command_sensors,
    &emit_command_validate,
    &emit_command_schema,
    &emit_command_outbox,
    &emit_command_diagnostics,
    &emit_command_help,
    &emit_command_version,
    NULL,
};
// clang-format on
