// Help from the tables of commands and options.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/help.h"

void emit_help_overview(FILE *out) {
    fputs("emit: energy telemetry that says what it measured, and what it did not\n\n", out);
    for (const struct emit_command *const *at = emit_commands; *at; at++)
        fprintf(out, "  emit %-12s %s\n", (*at)->name, (*at)->summary);
    fputs("\nemit COMMAND --help shows a command's options.\n", out);
}

static void print_option(FILE *out, const struct emit_option *row) {
    char left[48];
    snprintf(left, sizeof left, "--%s%s%s", row->name, row->argument ? " " : "",
             row->argument ? row->argument : "");
    fprintf(out, "  %-26s %s", left, row->help);
    if (row->fallback) fprintf(out, " (%s)", row->fallback);
    fputc('\n', out);
}

void emit_help_command(FILE *out, const struct emit_command *command) {
    fprintf(out, "usage: emit %s%s%s%s\n%s\n", command->name,
            command->options[0].name ? " [options]" : "", *command->operands ? " " : "",
            command->operands, command->summary);
    if (command->options[0].name) fputc('\n', out);
    for (const struct emit_option *row = command->options; row->name; row++)
        print_option(out, row);
    fprintf(out, "\nexample: %s\nexit: %s\n", command->example, command->exits);
}
