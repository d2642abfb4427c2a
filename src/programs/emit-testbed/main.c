// emit-testbed: a machine with energy counters where there is none. Finds the
// subcommand, parses its options, runs it.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/command.h"
#include "programs/emit/help.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct emit_manual_row variables[] = {
    {"EMIT_SCENARIOS", "A directory of scenarios in place of the shipped ones."},
    {"EMIT_TESTBED_LIBRARIES",
     "A directory of fake vendor libraries in place of the installed one."},
    {"EMIT_TESTBED_SYSFS", "Set for the command where the tree is not at /sys: the directory that "
                           "stands for it. emit finds it in EMIT_SYSFS_ROOT."},
    {"EMIT_NVML_LIBRARY",
     "Set for the command, as EMIT_DCGM_LIBRARY, where the scenario has GPUs: the "
     "fake vendor library, for emit. LD_LIBRARY_PATH leads every other "
     "program to them."},
    {"EMIT_TESTBED_GPUS", "Set for the fake vendor libraries: where they find the scenario."},
    {0},
};

const struct emit_program emit_program = {
    .name = "emit-testbed",
    .summary = "a machine with energy counters where there is none",
    .text = "Runs a command so that it sees the energy counters of a machine that a scenario "
            "describes: how much power is drawn, and what goes wrong when. What was served, and "
            "the exact energy, stand in a ledger afterwards, so that a meter can be compared with "
            "the truth. Nothing it shows can pass for a measurement: the counters do not lie in "
            "sysfs, and emit marks such events as simulated.",
    .variables = variables,
    .exits = "emit-testbed run exits as its command did, and with 125 when the test bed itself "
             "failed. All other commands: 0 done, else 1 or 2; their pages say which.",
    .examples = "# a package counter that passes its range, metered; what was served in a ledger\n"
                "emit-testbed describe wrap-once\n"
                "emit-testbed run wrap-once --ledger ledger.ndjson -- emit run -- sleep 2",
    .see_also = "emit (1)",
};

const struct emit_command *const emit_commands[] = {
    &emit_testbed_command_run,    &emit_testbed_command_list, &emit_testbed_command_describe,
    &emit_testbed_command_energy, &emit_testbed_command_help, NULL,
};

int emit_complain(const struct emit_command *command, int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s %s: ", emit_program.name, command->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return status;
}

static int run_command(const struct emit_command *command, int argc, char **argv) {
    if (argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
        emit_help_command(stdout, command);
        return EXIT_OK;
    }
    struct emit_error err;
    int operand_count = 0;
    char **operands = NULL;
    void *values = calloc(1, command->values_size + 1); // list has none: never 0 bytes
    if (!values) return emit_complain(command, command->usage_status, "out of memory");
    enum emit_status status =
        emit_options_parse(command->options, values, argc, argv, command->order, NULL, NULL,
                           &operand_count, &operands, &err);
    int exit_status = status == EMIT_OK
                          ? command->run(values, operand_count, operands)
                          : emit_complain(command, command->usage_status, "%s", err.text);
    free(values);
    return exit_status;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        emit_help_overview(stdout);
        return EXIT_OK;
    }
    const struct emit_command *command = emit_command_find(name);
    if (command) return run_command(command, argc - 2, argv + 2);
    if (*name) {
        char sentence[EMIT_COMMAND_ABSENT_MAX];
        emit_command_absent(name, sentence);
        fprintf(stderr, "emit-testbed: %s\n", sentence);
    } else {
        emit_help_overview(stderr);
    }
    return EXIT_USAGE;
}
