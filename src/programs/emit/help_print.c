// Help from the tables of commands and options.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/help.h"

#include "base/nearest.h"
#include "base/text.h"

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
    const char *name = emit_program.name;
    fprintf(out, "%s: %s\n\n", name, emit_program.summary);
    for (const struct emit_command *const *at = emit_commands; *at; at++)
        fprintf(out, "  %s %-12s %s\n", name, (*at)->name, (*at)->summary);
    fprintf(out, "\n%s COMMAND --help shows a command's options, man %s-COMMAND\nsays more.\n",
            name, name);
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
    int indent =
        fprintf(out, "usage: %s %s%s%s", emit_program.name, command->name,
                command->options[0].name ? " [options]" : "", *command->operands ? " " : "");
    print_wrapped(out, command->operands, indent, indent);
    fprintf(out, "%s\n", command->summary);
    if (command->options[0].name) fputc('\n', out);
    for (const struct emit_option *row = command->options; row->name; row++)
        print_option(out, row);
    fprintf(out, "\nexample: %s\n", command->example);
    int column = fprintf(out, "exit:");
    print_wrapped(out, command->exits, column, column + 1);
}

void emit_command_absent(const char *name, char sentence[EMIT_COMMAND_ABSENT_MAX]) {
    struct emit_nearest nearest;
    char near[EMIT_NEAREST_TEXT];
    emit_nearest_begin(&nearest, name, strlen(name));
    for (const struct emit_command *const *at = emit_commands; *at; at++)
        emit_nearest_offer(&nearest, (*at)->name);
    emit_nearest_say(&nearest, "", near);
    (void)emit_text_format(sentence, EMIT_COMMAND_ABSENT_MAX,
                           "there is no command '%.60s'%s; %s --help lists them", name, near,
                           emit_program.name);
}

const struct emit_command *emit_command_find(const char *name) {
    for (const struct emit_command *const *at = emit_commands; *at; at++)
        if (strcmp((*at)->name, name) == 0) return *at;
    return NULL;
}
