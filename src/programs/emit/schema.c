// emit schema: the contract as a JSON Schema, or as a page to read; and the schemas of what emit
// reads and answers.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/schemas.h"

#include "base/nearest.h"
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

extern const struct emit_command emit_command_schema;

// Of the event: made of the contract's rows.
static int print_event(const struct values *asked) {
    char *bytes = malloc(EMIT_SCHEMA_MAX);
    if (!bytes) return emit_complain(&emit_command_schema, EXIT_USAGE, "out of memory");
    struct emit_text text;
    struct emit_error err;
    emit_text_init(&text, bytes, EMIT_SCHEMA_MAX);
    bool page = strcmp(asked->format, "markdown") == 0;
    enum emit_contract_level level = asked->strict ? EMIT_CONTRACT_STRICT : EMIT_CONTRACT_CORE;
    enum emit_status status = page ? emit_contract_write_page(&text, &err)
                                   : emit_contract_write_schema(&text, level, &err);
    int exit_status = EXIT_OK;
    if (status != EMIT_OK)
        exit_status = emit_complain(&emit_command_schema, EXIT_USAGE, "%s", err.text);
    else if (page)
        fputs(text.at, stdout);
    else
        print_indented(stdout, text.at);
    free(bytes);
    return exit_status;
}

static int print_document(const char *name, const struct values *asked) {
    const struct schema_document *document = schema_documents;
    struct emit_nearest nearest;
    char near[EMIT_NEAREST_TEXT];
    emit_nearest_begin(&nearest, name, strlen(name));
    emit_nearest_offer(&nearest, "event");
    for (; document->name && strcmp(document->name, name) != 0; document++)
        emit_nearest_offer(&nearest, document->name);
    if (!document->name) {
        emit_nearest_say(&nearest, "", near);
        return emit_complain(&emit_command_schema, EXIT_USAGE,
                             "there is no schema '%s'%s: emit schema --help lists them", name,
                             near);
    }
    if (asked->strict || strcmp(asked->format, "json") != 0)
        return emit_complain(&emit_command_schema, EXIT_USAGE,
                             "--strict and --format markdown are of the event, not of %s", name);
    fwrite(document->bytes, 1, document->length, stdout);
    return EXIT_OK;
}

static int run(const void *values, int operand_count, char **operands) {
    const char *name = operand_count > 0 ? operands[0] : "event";
    if (operand_count > 1)
        return emit_complain(&emit_command_schema, EXIT_USAGE, "one name, but '%s' was given, too",
                             operands[1]);
    int exit_status =
        strcmp(name, "event") == 0 ? print_event(values) : print_document(name, values);
    if (exit_status == EXIT_OK && (fflush(stdout) != 0 || ferror(stdout)))
        exit_status =
            emit_complain(&emit_command_schema, EXIT_USAGE, "cannot write to standard output");
    return exit_status;
}

const struct emit_command emit_command_schema = {
    .name = "schema",
    .summary = "print the event contract as a JSON Schema",
    .operands = "[event | campus.input | campus.output | coefficients | compare | diagnostic | "
                "repeat | report | sensors | served | tokens]",
    .text =
        "Prints the contract of the emit channel as a JSON Schema (draft 2020-12), made from the "
        "same table as emit validate. Without --strict it is what any producer or consumer may be "
        "held to; with it, what emit's own producers promise as well. The version of the contract "
        "stands in its $id.\n\n"
        "What no schema can express (duplicate keys, the order of two times) only emit validate "
        "finds; the schema's $comment lists the reasons.\n\n"
        "With the name of another one, the schema of something else that emit reads or answers: "
        "campus.input and "
        "campus.output (emit campus facility-energy), tokens (emit tokens --json), coefficients (a "
        "row of emit tokens profiles --json), report and served (emit run --json, and its part of "
        "served tokens), repeat (emit run --repeat --json), compare (emit compare --json), sensors "
        "(emit sensors --json), diagnostic (a line of emit diagnostics --json). event is the "
        "event. The same files are installed in share/emit/contract.",
    .example = "emit schema --strict",
    .more_examples = "# what a pack's tool declares as its input\n"
                     "emit schema campus.input",
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
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run,
};
