// Manual pages (man(7) macros) and bash completion from the tables.
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
    char first[2] = {(char)toupper((unsigned char)row->help[0]), '\0'};
    fputs(first, out);
    write_roff(out, row->help + (row->help[0] != '\0'));
    fputs(".\n", out);
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
    fputs(".SH EXAMPLE\n.EX\n", out);
    print_roff(out, command->example);
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
    print_codes(out);
}

void emit_manual(FILE *out, const struct emit_command *command) {
    if (command) {
        print_command_page(out, command);
    } else {
        print_main_page(out);
    }
}

static void print_completion_case(FILE *out, const struct emit_command *command) {
    fprintf(out, "    %s)\n", command->name);
    for (const struct emit_option *row = command->options; row->name; row++)
        if (row->type == EMIT_OPTION_CHOICE)
            fprintf(out, "        [ \"$before\" = --%s ] && words='%s' && words=${words//|/ }\n",
                    row->name, row->argument);
    fputs("        [ -n \"$words\" ] || words='--help", out);
    for (const struct emit_option *row = command->options; row->name; row++)
        fprintf(out, " --%s", row->name);
    fputs("' ;;\n", out);
}

void emit_completion(FILE *out) {
    fputs("# bash completion of emit, made by `emit help --format bash`\n"
          "_emit() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='",
          out);
    for (const struct emit_command *const *at = emit_commands; *at; at++)
        fprintf(out, "%s%s", at == emit_commands ? "" : " ", (*at)->name);
    fputs("'\n        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n        return\n    fi\n"
          "    case ${COMP_WORDS[1]} in\n",
          out);
    for (const struct emit_command *const *at = emit_commands; *at; at++)
        print_completion_case(out, *at);
    fputs("    esac\n"
          "    case $word in\n"
          "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
          "    *) case $words in\n"
          "       --help*) COMPREPLY=() ;;\n"
          "       *) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
          "       esac ;;\n"
          "    esac\n"
          "}\n"
          "complete -o default -F _emit emit\n",
          out);
}
