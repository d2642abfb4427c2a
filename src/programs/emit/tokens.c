// emit tokens: modeled energy of tokens, and the coefficients it is modeled with.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/tokens_profiles.h"

#include <string.h>

struct values {
    const char *coefficients, *today, *config;
    bool json, check;
};

#define OFFSET(member) offsetof(struct values, member)
static const struct emit_option options[] = {
    {.name = "coefficients",
     .type = EMIT_OPTION_TEXT,
     .argument = "DIR",
     .key = "coefficients",
     .help = "use the table of coefficients in this folder",
     .text = "A folder of YAML files, one row a file, in place of the table that is compiled in. "
             "That one's files are in share/emit/coefficients, to be copied and extended.",
     .offset = OFFSET(coefficients)},
    {.name = "check",
     .type = EMIT_OPTION_FLAG,
     .help = "of profiles: tell every invariant that a row breaks",
     .offset = OFFSET(check)},
    {.name = "today",
     .type = EMIT_OPTION_TEXT,
     .argument = "DATE",
     .help = "of profiles: the day on which rows may have expired, instead of the clock's",
     .offset = OFFSET(today)},
    {.name = "json",
     .type = EMIT_OPTION_FLAG,
     .help = "of profiles: one line of canonical JSON per row",
     .text = "One line of canonical JSON per row, sorted by id, the factors behind the profiles. "
             "The SHA-256 of all of it is what events carry as coefficient_table_sha256.",
     .offset = OFFSET(json)},
    {.name = "config",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE",
     .environment = "EMIT_CONFIG",
     .help = "read this configuration file",
     .offset = OFFSET(config)},
    {0},
};

extern const struct emit_command emit_command_tokens;

static int run(const void *values, int operand_count, char **operands) {
    const struct values *asked = values;
    if (operand_count == 0 || strcmp(operands[0], "profiles") != 0)
        return emit_complain(&emit_command_tokens, EXIT_USAGE, "say what to do: profiles");
    const struct emit_tokens_profiles_asked profiles = {.coefficients = asked->coefficients,
                                                        .today = asked->today,
                                                        .json = asked->json,
                                                        .check = asked->check};
    return emit_tokens_profiles(&emit_command_tokens, &profiles, operand_count - 1, operands + 1);
}

const struct emit_command emit_command_tokens = {
    .name = "tokens",
    .summary = "the coefficients that tokens are modeled with, and their sources",
    .operands = "profiles [NAME]",
    .text = "Managed inference has no meter. What is modeled instead rests on cited coefficients, "
            "joules per token by class of model, each with a range and a confidence. `profiles` "
            "lists them; with the name of one it shows where each of its numbers comes from.",
    .example = "emit tokens profiles managed-balanced-v1",
    .more_examples = "# prove the hash that events carry\n"
                     "emit tokens profiles --json | sha256sum",
    .exits = "0 done; 1 no such row, or --check found something; 2 wrong usage, or a table that "
             "cannot be read.",
    .options = options,
    .values_size = sizeof(struct values),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
