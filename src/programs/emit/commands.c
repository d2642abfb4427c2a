// The list of subcommands: one line each.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"

extern const struct emit_command emit_command_diagnostics;
extern const struct emit_command emit_command_help;
extern const struct emit_command emit_command_outbox;
extern const struct emit_command emit_command_run;
extern const struct emit_command emit_command_schema;
extern const struct emit_command emit_command_sensors;
extern const struct emit_command emit_command_version;

// clang-format off
const struct emit_command *const emit_commands[] = {
    &emit_command_run,
    &emit_command_sensors,
    &emit_command_schema,
    &emit_command_outbox,
    &emit_command_diagnostics,
    &emit_command_help,
    &emit_command_version,
    NULL,
};
// clang-format on
