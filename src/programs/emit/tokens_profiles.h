// emit tokens profiles: the table of coefficients as a list, as a card that lets a
// reader judge each number, as canonical JSON; and the check of a table.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_TOKENS_PROFILES_H
#define PROGRAMS_EMIT_TOKENS_PROFILES_H

#include "models/coefficients.h"
#include "programs/emit/command.h"

#include <stdio.h>

// What emit tokens was asked for with the operand `profiles`.
struct emit_tokens_profiles_asked {
    const char *coefficients; // folder of a table; NULL: the one that is compiled in
    const char *today;        // "2026-11-25"; NULL: by the clock
    bool json, check;
};

// operands: those behind `profiles`, at most the id of a row. Returns the exit status.
int emit_tokens_profiles(const struct emit_command *command,
                         const struct emit_tokens_profiles_asked *asked, int operand_count,
                         char **operands);

// What it prints. today decides what is said to have expired.
void emit_tokens_profiles_print_list(FILE *out, const struct emit_coefficient_table *table,
                                     const char *today);
void emit_tokens_profiles_print_profile(FILE *out, const struct emit_profile *profile,
                                        const char *table_sha256, const char *today);
void emit_tokens_profiles_print_transform(FILE *out, const struct emit_transform *transform,
                                          const char *table_sha256, const char *today);

#endif
