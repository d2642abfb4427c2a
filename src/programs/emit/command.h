// A subcommand of emit is one file with one table row: its options, its words
// for --help and the manual, and a function that returns the exit status.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_COMMAND_H
#define PROGRAMS_EMIT_COMMAND_H

#include "base/option.h"

// Exit statuses of every command but `run` (which exits with its child's).
enum {
    EXIT_OK = 0,
    EXIT_NEGATIVE = 1, // a negative finding: invalid events, nothing readable
    EXIT_USAGE = 2,    // wrong usage, or something could not be read
    EXIT_PARTIAL = 3,  // partly done, or undelivered
};

struct emit_command {
    const char *name;                  // "validate"
    const char *summary;               // one line: "check events against the contract"
    const char *operands;              // "[FILE...]"; "" when there are none
    const char *text;                  // the manual's description, paragraphs split by a blank line
    const char *example;               // one command line that works as it stands
    const char *more_examples;         // of the manual only: lines, "# why" above each; may be NULL
    const char *exits;                 // what the exit statuses mean, one sentence
    const struct emit_option *options; // ended by a row without a name
    size_t values_size;                // of the struct the options are parsed into
    enum emit_option_order order;      // FIRST for `run`, whose operands are another's command line
    int usage_status;                  // exit status of a usage error: EXIT_USAGE, for run 125
    // values are parsed; operands are the other words. Returns the exit status.
    int (*run)(const void *values, int operand_count, char **operands);
};

// A row of the manual's lists of files and variables.
struct emit_manual_row {
    const char *name;
    const char *meaning;
};

// The program whose commands these are: emit, or emit-testbed, which is made of
// the same table.
struct emit_program {
    const char *name;    // "emit"
    const char *summary; // one line
    const char *text;    // the manual's description
    bool explains_codes; // its manual lists the codes of outcomes

    // Ended by a row without a name.
    const struct emit_manual_row *variables;
    const struct emit_manual_row *files;
    const char *exits;    // what the exit statuses of its commands have in common
    const char *examples; // lines, "# why" above each
    const char *see_also; // "emit-testbed (1)", as .BR takes it
};

extern const struct emit_program emit_program;
// All its commands in the order of --help, ended by NULL.
extern const struct emit_command *const emit_commands[];

// Prints "PROGRAM COMMAND: sentence" to stderr and returns status.
int emit_complain(const struct emit_command *command, int status, const char *format, ...)
    EMIT_PRINTF(3, 4);

#endif
