// emit-testbed help: what --help prints, and the manual pages.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/help.h"

#include "programs/emit-testbed/command.h"

#include <string.h>

struct help_values {
    const char *format;
};

static int run(const void *values, int operand_count, char **operands);

static const struct emit_option help_options[] = {
    {.name = "format",
     .type = EMIT_OPTION_CHOICE,
     .argument = "text|man",
     .fallback = "text",
     .help = "what to print it as",
     .text = "text is what --help prints; man is a manual page.",
     .offset = offsetof(struct help_values, format)},
    {0},
};

const struct emit_command emit_testbed_command_help = {
    .name = "help",
    .summary = "show the commands, or one command's options",
    .operands = "[COMMAND]",
    .text = "Prints the list of commands, or what a command does and takes. The manual pages are "
            "made by it.",
    .example = "emit-testbed help run",
    .exits = "0; 2 there is no such command.",
    .options = help_options,
    .values_size = sizeof(struct help_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};

static int run(const void *values, int operand_count, char **operands) {
    const struct help_values *wanted = values;
    const struct emit_command *self = &emit_testbed_command_help;
    const struct emit_command *command = operand_count ? emit_command_find(operands[0]) : NULL;
    if (operand_count > 1)
        return emit_complain(self, EXIT_USAGE, "one command at a time, not '%s'", operands[1]);
    if (operand_count && !command) {
        char sentence[EMIT_COMMAND_ABSENT_MAX];
        emit_command_absent(operands[0], sentence);
        return emit_complain(self, EXIT_USAGE, "%s", sentence);
    }
    if (strcmp(wanted->format, "man") == 0)
        emit_manual(stdout, command);
    else if (command)
        emit_help_command(stdout, command);
    else
        emit_help_overview(stdout);
    return EXIT_OK;
}
