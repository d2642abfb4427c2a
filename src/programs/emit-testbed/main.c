// emit-testbed: a machine with energy counters where there is none. Finds the
// subcommand, parses its options, runs it.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct emit_command *const emit_testbed_commands[] = {
    &emit_testbed_command_run,
    &emit_testbed_command_list,
    &emit_testbed_command_describe,
    &emit_testbed_command_energy,
    NULL,
};

int emit_testbed_complain(const struct emit_command *command, int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "emit-testbed %s: ", command->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return status;
}

static void print_overview(FILE *out) {
    fputs("emit-testbed: a machine with energy counters where there is none, and a ledger of\n"
          "every value it served\n\n",
          out);
    for (const struct emit_command *const *at = emit_testbed_commands; *at; at++)
        fprintf(out, "  emit-testbed %-10s %s\n", (*at)->name, (*at)->summary);
    fputs("\nemit-testbed COMMAND --help shows a command's options.\n", out);
}

static void print_command(FILE *out, const struct emit_command *command) {
    fprintf(out, "usage: emit-testbed %s%s %s\n%s\n", command->name,
            command->options[0].name ? " [options]" : "", command->operands, command->summary);
    if (command->options[0].name) fputc('\n', out);
    for (const struct emit_option *row = command->options; row->name; row++)
        fprintf(out, "  --%s%s%-*s %s\n", row->name, row->argument ? " " : "",
                (int)(18 - strlen(row->name)), row->argument ? row->argument : "", row->help);
    fprintf(out, "\n%s\n\nexample: %s\nexit: %s\n", command->text, command->example,
            command->exits);
}

static int run_command(const struct emit_command *command, int argc, char **argv) {
    if (argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
        print_command(stdout, command);
        return EXIT_OK;
    }
    struct emit_error err;
    int operand_count = 0;
    char **operands = NULL;
    void *values = calloc(1, command->values_size);
    if (!values) return emit_testbed_complain(command, command->usage_status, "out of memory");
    enum emit_status status =
        emit_options_parse(command->options, values, argc, argv, command->order, NULL, NULL,
                           &operand_count, &operands, &err);
    int exit_status = status == EMIT_OK
                          ? command->run(values, operand_count, operands)
                          : emit_testbed_complain(command, command->usage_status, "%s", err.text);
    free(values);
    return exit_status;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_overview(stdout);
        return EXIT_OK;
    }
    for (const struct emit_command *const *at = emit_testbed_commands; *at; at++)
        if (strcmp((*at)->name, name) == 0) return run_command(*at, argc - 2, argv + 2);
    if (*name)
        fprintf(stderr, "emit-testbed: there is no command '%s'; emit-testbed --help lists them\n",
                name);
    else
        print_overview(stderr);
    return EXIT_USAGE;
}
