// emit version: the program's and the contract's version.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"

#include "emit/version.h"

#include <stdio.h>

static int run(const void *values, int operand_count, char **operands) {
    (void)values, (void)operand_count, (void)operands;
    printf("emit %s, contract %s\n", EMIT_VERSION, EMIT_CONTRACT_VERSION);
    return EXIT_OK;
}

extern const struct emit_command emit_command_version;
const struct emit_command emit_command_version = {
    .name = "version",
    .summary = "print the version of the program and of the contract",
    .operands = "",
    .text = "Prints one line: the program's version and the version of the event contract it "
            "checks and writes.",
    .example = "emit version",
    .exits = "0.",
    .options = (const struct emit_option[]){{0}},
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
