// The subcommands of emit-testbed, as rows of the same table that emit has.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_COMMAND_H
#define EMIT_TESTBED_COMMAND_H

#include "programs/emit/command.h"

// In the order of --help, ended by NULL.
extern const struct emit_command *const emit_testbed_commands[];

extern const struct emit_command emit_testbed_command_run;
extern const struct emit_command emit_testbed_command_list;
extern const struct emit_command emit_testbed_command_describe;
extern const struct emit_command emit_testbed_command_energy;

// Prints "emit-testbed COMMAND: sentence" to stderr and returns status.
int emit_testbed_complain(const struct emit_command *command, int status, const char *format, ...)
    EMIT_PRINTF(3, 4);

#endif
