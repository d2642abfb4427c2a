// The subcommands of emit-testbed, rows of the same table that emit has.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_COMMAND_H
#define EMIT_TESTBED_COMMAND_H

#include "programs/emit/command.h"

extern const struct emit_command emit_testbed_command_run;
extern const struct emit_command emit_testbed_command_list;
extern const struct emit_command emit_testbed_command_describe;
extern const struct emit_command emit_testbed_command_energy;
extern const struct emit_command emit_testbed_command_help;

#endif
