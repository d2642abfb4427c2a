// One row is the flag, the environment variable, the configuration key, the
// --help line and the paragraph of the manual: nothing about an option is
// written anywhere else.
//
// Values are texts until the owner reads them; the parser checks the type and
// stores the checked value at `offset` of the owner's struct. Sources in order
// of rank: flag, environment, configuration file, fallback. An empty variable says nothing.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum emit_option_type {
    EMIT_OPTION_FLAG,     // bool: no argument on the command line
    EMIT_OPTION_TEXT,     // const char *: borrowed from argv, environment or configuration
    EMIT_OPTION_DURATION, // int64_t nanoseconds: 250ms, 1s, 2min, 1h, 100us
    EMIT_OPTION_COUNT,    // int64_t >= 0
    EMIT_OPTION_POWER,    // int64_t milliwatts: 1kW, 350W, 1500 (watts when bare)
    EMIT_OPTION_SIZE,     // int64_t bytes: 64MiB, 1GiB, 4096
    EMIT_OPTION_CHOICE,   // const char *: one of the words of `argument`, split at '|'
};

struct emit_option {
    const char *name; // "interval" is the flag --interval
    char letter;      // 'o' is also -o; 0: none
    enum emit_option_type type;
    const char *argument;    // "DURATION"; NULL for a flag; "DURATION|auto": auto is stored as 0
    const char *environment; // "EMIT_INTERVAL"; NULL: none
    const char *key;         // in the configuration file: "interval"; NULL: none
    const char *fallback;    // as a user would write it; NULL: none, the value stays zero
    const char *help;        // one line, lower case, no full stop
    const char *text;        // the paragraph of the manual; may be NULL when help says it all
    size_t offset;           // of the value in the owner's struct
    bool override_only;      // refused when emit holds a right its caller has not
};

// How the caller answers "what does the configuration file say of this key";
// NULL when it says nothing. The text stays the callee's.
typedef const char *emit_option_lookup(void *owner, const char *key);

// Where options may stand on the command line.
enum emit_option_order {
    EMIT_OPTIONS_FIRST,    // the first word that is no option ends them: `run [options] COMMAND...`
    EMIT_OPTIONS_ANYWHERE, // before, between and behind operands
};

// Fills `values` from the rows (ended by a row without a name) and the command
// line; "--" ends the options in either order. On success argv[0..*operand_count)
// from *operands on are the operands, in their order; with EMIT_OPTIONS_ANYWHERE
// they are moved together within argv.
// EMIT_INVALID: an unknown option, a missing or malformed value; err says which.
EMIT_MUST_CHECK enum emit_status
emit_options_parse(const struct emit_option *rows, void *values, int argc, char **argv,
                   enum emit_option_order order, emit_option_lookup *lookup, void *lookup_owner,
                   int *operand_count, char ***operands, struct emit_error *err);

// One value of a row from its text into values, checked by type.
EMIT_MUST_CHECK enum emit_status emit_option_set(const struct emit_option *row, void *values,
                                                 const char *text, struct emit_error *err);

// "250ms" -> nanoseconds. Units: ns us ms s min h d. EMIT_INVALID with a sentence.
EMIT_MUST_CHECK enum emit_status emit_duration_parse(const char *text, long long *nanoseconds,
                                                     struct emit_error *err);

#endif
