// emit help: what --help prints, manual pages and completion.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/help.h"

#include <string.h>

struct help_values {
    const char *format;
};

static const struct emit_option help_options[] = {
    {.name = "format",
     .type = EMIT_OPTION_CHOICE,
     .argument = "text|man|bash",
     .fallback = "text",
     .help = "what to print it as",
     .text = "text is what --help prints; man is a manual page; bash is the completion of all "
             "commands and options, to be sourced.",
     .offset = offsetof(struct help_values, format)},
    {0},
};

extern const struct emit_command emit_command_help;

static int run(const void *options, int operand_count, char **operands) {
    const struct help_values *values = options;
    const struct emit_command *command = NULL;
    char sentence[EMIT_COMMAND_ABSENT_MAX];
    if (operand_count > 1)
        return emit_complain(&emit_command_help, EXIT_USAGE, "one command at a time, not '%s'",
                             operands[1]);
    if (operand_count == 1) {
        command = emit_command_find(operands[0]);
        if (!command) {
            emit_command_absent(operands[0], sentence);
            return emit_complain(&emit_command_help, EXIT_USAGE, "%s", sentence);
        }
    }
    if (strcmp(values->format, "bash") == 0) {
        emit_completion(stdout);
    } else if (strcmp(values->format, "man") == 0) {
        emit_manual(stdout, command);
    } else if (command) {
        emit_help_command(stdout, command);
    } else {
        emit_help_overview(stdout);
    }
    return EXIT_OK;
}

const struct emit_command emit_command_help = {
    .name = "help",
    .summary = "show the commands, or one command's options",
    .operands = "[COMMAND]",
    .text = "Prints the list of commands, or what a command does and takes. The manual pages and "
            "the shell completion are made by it, from the tables the program itself reads its "
            "command line with.",
    .example = "emit help version",
    .exits = "0; 2 there is no such command.",
    .options = help_options,
    .values_size = sizeof(struct help_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
