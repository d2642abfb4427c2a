// Help from the tables of commands and options, and the command `emit help`.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/help.h"

#include <string.h>

// Writes text word by word, indented, no line wider than a terminal of 80. `column`
// is where the cursor stands. A blank line in the text begins a paragraph.
static void print_wrapped(FILE *out, const char *text, int indent, int column) {
    for (const char *at = text; *at;) {
        int length = (int)strcspn(at, " \n");
        if (length > 0 && column > indent && column + 1 + length > EMIT_HELP_COLUMNS) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (length > 0 && column > indent) {
            fputc(' ', out);
            column++;
        }
        fwrite(at, 1, (size_t)length, out);
        column += length;
        at += length;
        if (at[0] == '\n' && at[1] == '\n') {
            fprintf(out, "\n\n%*s", indent, "");
            column = indent;
        }
        at += strspn(at, " \n");
    }
    fputc('\n', out);
}

void emit_help_overview(FILE *out) {
    fputs("emit: energy telemetry that says what it measured, and what it did not\n\n", out);
    for (const struct emit_command *const *at = emit_commands; *at; at++)
        fprintf(out, "  emit %-12s %s\n", (*at)->name, (*at)->summary);
    fputs("\nemit COMMAND --help shows a command's options; man emit-COMMAND says more.\n", out);
}

static void print_option(FILE *out, const struct emit_option *row) {
    enum { HELP_COLUMN = 28 };
    char letter[8] = "    ";
    if (row->letter) snprintf(letter, sizeof letter, "-%c, ", row->letter);
    const char *argument = row->argument ? row->argument : "";
    int column = fprintf(out, "  %s--%s%s%s", letter, row->name, *argument ? " " : "", argument);
    if (column >= HELP_COLUMN) {
        fputc('\n', out);
        column = 0;
    }
    fprintf(out, "%*s", HELP_COLUMN - column, "");
    char words[320];
    snprintf(words, sizeof words, "%s%s%s%s", row->help, row->fallback ? " (" : "",
             row->fallback ? row->fallback : "", row->fallback ? ")" : "");
    print_wrapped(out, words, HELP_COLUMN, HELP_COLUMN);
}

void emit_help_command(FILE *out, const struct emit_command *command) {
    fprintf(out, "usage: emit %s%s%s%s\n%s\n", command->name,
            command->options[0].name ? " [options]" : "", *command->operands ? " " : "",
            command->operands, command->summary);
    if (command->options[0].name) fputc('\n', out);
    for (const struct emit_option *row = command->options; row->name; row++)
        print_option(out, row);
    fprintf(out, "\nexample: %s\n", command->example);
    int column = fprintf(out, "exit:"), indent = 6;
    print_wrapped(out, command->exits, indent - 1, column + 1);
}

const struct emit_command *emit_command_find(const char *name) {
    for (const struct emit_command *const *at = emit_commands; *at; at++)
        if (strcmp((*at)->name, name) == 0) return *at;
    return NULL;
}

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
    if (operand_count > 1)
        return emit_complain(&emit_command_help, EXIT_USAGE, "one command at a time, not '%s'",
                             operands[1]);
    if (operand_count == 1) {
        command = emit_command_find(operands[0]);
        if (!command)
            return emit_complain(&emit_command_help, EXIT_USAGE,
                                 "there is no command '%s'; emit --help lists them", operands[0]);
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
    .exits = "0; 2 when there is no such command.",
    .options = help_options,
    .values_size = sizeof(struct help_values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
