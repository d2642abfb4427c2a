// emit schema: the contract as a JSON Schema, or as a page to read.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"

#include "contract/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_COLUMNS = 100, INDENT_COLUMNS = 2 };

struct values {
    bool strict;
    const char *format;
};

// The length of the string at json[0], quotes included.
static size_t string_length(const char *json) {
    size_t length = 1;
    while (json[length] != '"')
        length += json[length] == '\\' ? 2 : 1;
    return length + 1;
}

// The length of a container without containers inside, brackets included, as it
// would stand on one line; 0 when it holds others.
static size_t flat_length(const char *json) {
    for (size_t i = 1;;) {
        if (json[i] == '{' || json[i] == '[') return 0;
        if (json[i] == '}' || json[i] == ']') return i + 1;
        i += json[i] == '"' ? string_length(json + i) : 1;
    }
}

static void print_line_end(FILE *out, size_t depth) {
    fprintf(out, "\n%*s", (int)(depth * INDENT_COLUMNS), "");
}

// Prints JSON that was written without blanks so that people can read it:
// one member a line, small containers on one.
static void print_indented(FILE *out, const char *json) {
    size_t depth = 0, flat_left = 0;
    for (size_t i = 0; json[i] != '\0';) {
        size_t step = json[i] == '"' ? string_length(json + i) : 1;
        bool opens = json[i] == '{' || json[i] == '[', closes = json[i] == '}' || json[i] == ']';
        if (opens && flat_left == 0) {
            size_t length = flat_length(json + i);
            if (length > 0 && length + depth * INDENT_COLUMNS < LINE_MAX_COLUMNS * 3 / 4)
                flat_left = length;
        }
        if (flat_left == 0 && closes) print_line_end(out, --depth);
        fwrite(json + i, 1, step, out);
        if (json[i] == ':') fputc(' ', out);
        if (flat_left > 0) {
            if (json[i] == ',') fputc(' ', out);
            flat_left -= step;
        } else if (opens || json[i] == ',') {
            depth += opens;
            print_line_end(out, depth);
        }
        i += step;
    }
    fputc('\n', out);
}

static int run(const void *values, int operand_count, char **operands) {
    const struct values *asked = values;
    extern const struct emit_command emit_command_schema;
    const struct emit_command *command = &emit_command_schema;
    if (operand_count > 0)
        return emit_complain(command, EXIT_USAGE, "takes no file, but '%s' was given", operands[0]);
    char *bytes = malloc(EMIT_SCHEMA_MAX);
    if (!bytes) return emit_complain(command, EXIT_USAGE, "out of memory");
    struct emit_text text;
    struct emit_error err;
    emit_text_init(&text, bytes, EMIT_SCHEMA_MAX);
    bool page = strcmp(asked->format, "markdown") == 0;
    enum emit_contract_level level = asked->strict ? EMIT_CONTRACT_STRICT : EMIT_CONTRACT_CORE;
    enum emit_status status = page ? emit_contract_write_page(&text, &err)
                                   : emit_contract_write_schema(&text, level, &err);
    int exit_status = EXIT_OK;
    if (status != EMIT_OK)
        exit_status = emit_complain(command, EXIT_USAGE, "%s", err.text);
    else if (page)
        fputs(text.at, stdout);
    else
        print_indented(stdout, text.at);
    free(bytes);
    if (exit_status == EXIT_OK && (fflush(stdout) != 0 || ferror(stdout)))
        exit_status = emit_complain(command, EXIT_USAGE, "cannot write to standard output");
    return exit_status;
}

extern const struct emit_command emit_command_schema;
const struct emit_command emit_command_schema = {
    .name = "schema",
    .summary = "print the event contract as a JSON Schema",
    .operands = "",
    .text =
        "Prints the contract of the emit channel as a JSON Schema (draft 2020-12), made from the "
        "same table as emit validate. Without --strict it is what any producer or consumer may be "
        "held to; with it, what emit's own producers promise as well. The version of the contract "
        "stands in its $id.\n\n"
        "What no schema can express (duplicate keys, the order of two times) only emit validate "
        "finds; the schema's $comment lists the reasons.",
    .example = "emit schema --strict",
    .exits = "0; 2 wrong usage, or standard output could not be written.",
    .options =
        (const struct emit_option[]){
            {.name = "strict",
             .type = EMIT_OPTION_FLAG,
             .help = "what emit's own producers promise",
             .offset = offsetof(struct values, strict)},
            {.name = "format",
             .type = EMIT_OPTION_CHOICE,
             .argument = "json|markdown",
             .fallback = "json",
             .help = "the schema, or the page of the vocabulary",
             .text = "markdown prints both levels as one page to read: every field, source, word, "
                     "rule and reason. It is the file contract/vocabulary.md.",
             .offset = offsetof(struct values, format)},
            {0}},
    .values_size = sizeof(struct values),
    .usage_status = EXIT_USAGE,
    .run = run,
};
