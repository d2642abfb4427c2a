// Bash completion from the tables: commands, options, and the words an option or
// an operand takes. Where nothing is known, file names.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/help.h"

#include <string.h>

static void print_words(FILE *out, const char *words) {
    for (const char *at = words; *at; at++)
        fputc(*at == '|' ? ' ' : *at, out);
}

// The words that can be typed as they stand: "stats" and "list" of "stats|list", "profiles" of
// "[FILE...] | profiles [NAME]". "[COMMAND]" means the commands.
static void print_operand_words(FILE *out, const struct emit_command *command) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz.-", between[] = " |[]";
    if (strcmp(command->operands, "[COMMAND]") == 0) fputs("$commands", out);
    const char *separator = "";
    for (const char *at = command->operands; *at; at += strspn(at, between)) {
        size_t length = strcspn(at, between);
        if (length > 0 && *at != '-' && strspn(at, letters) == length) {
            fprintf(out, "%s%.*s", separator, (int)length, at);
            separator = " ";
        }
        at += length;
    }
}

static void print_case(FILE *out, const struct emit_command *command) {
    fprintf(out, "    %s)\n        options='--help", command->name);
    for (const struct emit_option *row = command->options; row->name; row++)
        fprintf(out, " --%s", row->name);
    fputs("' operands=\"", out);
    print_operand_words(out, command);
    fputs("\"\n        case $before in\n", out);
    for (const struct emit_option *row = command->options; row->name; row++) {
        if (row->type != EMIT_OPTION_CHOICE) continue;
        fprintf(out, "        --%s) values='", row->name);
        print_words(out, row->argument);
        fputs("' ;;\n", out);
    }
    fputs("        esac ;;\n", out);
}

void emit_completion(FILE *out) {
    fputs("# bash completion of emit, made by `emit help --format bash`\n"
          "_emit() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local options= operands= values= i\n"
          "    local commands='",
          out);
    for (const struct emit_command *const *at = emit_commands; *at; at++)
        fprintf(out, "%s%s", at == emit_commands ? "" : " ", (*at)->name);
    fputs("'\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"$commands --help\" -- \"$word\"))\n"
          "        return\n"
          "    fi\n"
          "    # behind -- stands another program's command line\n"
          "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
          "        if [ \"${COMP_WORDS[i]}\" = -- ]; then\n"
          "            declare -F _command_offset >/dev/null && _command_offset $((i + 1))\n"
          "            return\n"
          "        fi\n"
          "    done\n"
          "    case ${COMP_WORDS[1]} in\n",
          out);
    for (const struct emit_command *const *at = emit_commands; *at; at++)
        print_case(out, *at);
    fputs("    esac\n"
          "    case $word in\n"
          "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
          "    *) COMPREPLY=($(compgen -W \"${values:-$operands}\" -- \"$word\")) ;;\n"
          "    esac\n"
          "}\n"
          "complete -o default -F _emit emit\n",
          out);
}
