// Help, manual pages and shell completion, all from the tables of commands and
// options: nothing about an option is written anywhere else.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_HELP_H
#define PROGRAMS_EMIT_HELP_H

#include "programs/emit/command.h"

#include <stdio.h>

enum {
    EMIT_HELP_COLUMNS = 80,
    EMIT_COMMAND_ABSENT_MAX = 256, // bytes of a sentence
};

// What `PROGRAM --help` and `PROGRAM COMMAND --help` print.
void emit_help_overview(FILE *out);
void emit_help_command(FILE *out, const struct emit_command *command);

// The manual page of a command (emit-run.1); command NULL: of the program itself (emit.1).
void emit_manual(FILE *out, const struct emit_command *command);

// Completion of commands, options and their choices for bash; of emit only.
void emit_completion(FILE *out);

// The command of that name, or NULL.
const struct emit_command *emit_command_find(const char *name);

// What to say of a name that none has, with the one that was meant.
void emit_command_absent(const char *name, char sentence[EMIT_COMMAND_ABSENT_MAX]);

#endif
