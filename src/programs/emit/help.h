// Help from the tables of commands and options.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_HELP_H
#define PROGRAMS_EMIT_HELP_H

#include "programs/emit/command.h"

#include <stdio.h>

void emit_help_overview(FILE *out);
void emit_help_command(FILE *out, const struct emit_command *command);

#endif
