// Manual pages (man(7) macros) from the tables.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/help.h"

#include "emit/version.h"
#include "vocabulary/codes.h"

#include <ctype.h>
#include <string.h>

// Text as roff wants it: backslashes and minus signs are escaped, a blank line
// begins a paragraph, and no line begins with a control character.
static void write_roff(FILE *out, const char *text) {
    bool line_begins = true;
    for (const char *at = text; *at; at++) {
        if (at[0] == '\n' && at[1] == '\n') {
            fputs("\n.PP\n", out);
            line_begins = true;
            at++;
            continue;
        }
        if (line_begins && (*at == '.' || *at == '\'')) fputs("\\&", out);
        if (*at == '\\') {
            fputs("\\e", out);
        } else if (*at == '-') {
            fputs("\\-", out);
        } else {
            fputc(*at, out);
        }
        line_begins = *at == '\n';
    }
}

static void print_roff(FILE *out, const char *text) {
    write_roff(out, text);
    fputc('\n', out);
}

static void print_heading(FILE *out, const char *page, const char *summary) {
    fputs(".TH ", out);
    for (const char *at = page; *at; at++)
        fputc(toupper((unsigned char)*at), out);
    fprintf(out, " 1 \"\" \"emit %s\" \"emit manual\"\n.SH NAME\n", EMIT_VERSION);
    fprintf(out, "%s \\- ", page);
    print_roff(out, summary);
}

static void print_origin(FILE *out, const char *kind, const char *name) {
    if (name) fprintf(out, "%s: \\fB%s\\fR. ", kind, name);
}

// The line of --help as a sentence; where it begins with a value ("all: parts of
// a device too") the value keeps its letters.
static void print_help_sentence(FILE *out, const char *help) {
    bool begins_with_value = help[strcspn(help, " :")] == ':';
    fputc(begins_with_value ? help[0] : toupper((unsigned char)help[0]), out);
    write_roff(out, help + 1);
    fputs(".\n", out);
}

static void print_option_entry(FILE *out, const struct emit_option *row) {
    fputs(".TP\n", out);
    if (row->letter) fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
    fputs("\\fB\\-\\-", out);
    for (const char *at = row->name; *at; at++) {
        if (*at == '-') fputc('\\', out);
        fputc(*at, out);
    }
    fputs("\\fR", out);
    if (row->argument) fprintf(out, " \\fI%s\\fR", row->argument);
    fputc('\n', out);
    print_help_sentence(out, row->help);
    if (row->text) print_roff(out, row->text);
    if (!row->fallback && !row->environment && !row->key) return;
    print_origin(out, "Default", row->fallback);
    print_origin(out, "Environment", row->environment);
    print_origin(out, "In the configuration file", row->key);
    fputc('\n', out);
}

static void print_command_page(FILE *out, const struct emit_command *command) {
    char page[64];
    snprintf(page, sizeof page, "%s-%s", emit_program.name, command->name);
    print_heading(out, page, command->summary);
    fprintf(out, ".SH SYNOPSIS\n\\fB%s %s\\fR%s ", emit_program.name, command->name,
            command->options[0].name ? " [\\fIoptions\\fR]" : "");
    print_roff(out, command->operands);
    fputs(".SH DESCRIPTION\n", out);
    print_roff(out, command->text);
    if (command->options[0].name) fputs(".SH OPTIONS\n", out);
    for (const struct emit_option *row = command->options; row->name; row++)
        print_option_entry(out, row);
    fputs(".SH EXIT STATUS\n", out);
    print_roff(out, command->exits);
    fputs(".SH EXAMPLES\n.EX\n", out);
    print_roff(out, command->example);
    if (command->more_examples) fputc('\n', out), print_roff(out, command->more_examples);
    fprintf(out, ".EE\n.SH SEE ALSO\n.BR %s (1)\n", emit_program.name);
}

static void print_codes(FILE *out) {
    fputs(".SH OUTCOMES AND CODES\n", out);
    print_roff(out, "Every metering point that is found has exactly one outcome: measured, partial "
                    "(a part of the window is covered, and the event says how much), refused (no "
                    "number) or excluded (it would count something twice). A code says why:");
    for (int code = EMIT_CODE_NONE + 1; code < EMIT_CODE_COUNT; code++) {
        fprintf(out, ".TP\n\\fB");
        print_roff(out, emit_code_word((enum emit_code)code));
        print_roff(out, emit_code_meaning((enum emit_code)code));
    }
}

static void print_rows(FILE *out, const char *heading, const struct emit_manual_row *rows) {
    if (!rows) return;
    fprintf(out, ".SH %s\n", heading);
    for (; rows->name; rows++) {
        fputs(".TP\n\\fB", out);
        write_roff(out, rows->name);
        fputs("\\fR\n", out);
        print_roff(out, rows->meaning);
    }
}

static void print_main_page(FILE *out) {
    print_heading(out, emit_program.name, emit_program.summary);
    fprintf(out,
            ".SH SYNOPSIS\n\\fB%s\\fR \\fICOMMAND\\fR [\\fIoptions\\fR] ...\n.SH DESCRIPTION\n",
            emit_program.name);
    print_roff(out, emit_program.text);
    fputs(".SH COMMANDS\n", out);
    for (const struct emit_command *const *at = emit_commands; *at; at++) {
        fprintf(out, ".TP\n.BR %s\\-%s (1)\n", emit_program.name, (*at)->name);
        print_roff(out, (*at)->summary);
    }
    if (emit_program.explains_codes) print_codes(out);
    fputs(".SH EXIT STATUS\n", out);
    print_roff(out, emit_program.exits);
    print_rows(out, "ENVIRONMENT", emit_program.variables);
    print_rows(out, "FILES", emit_program.files);
    fputs(".SH EXAMPLES\n.EX\n", out);
    print_roff(out, emit_program.examples);
    fprintf(out, ".EE\n.SH SEE ALSO\n.BR %s\n", emit_program.see_also);
}

void emit_manual(FILE *out, const struct emit_command *command) {
    if (command) {
        print_command_page(out, command);
    } else {
        print_main_page(out);
    }
}
