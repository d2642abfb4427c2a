// emit: finds the subcommand, parses its options, runs it.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"
#include "programs/emit/config.h"
#include "programs/emit/help.h"
#include "programs/emit/page.h"
#include "programs/emit/privilege.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_NOT_TRUSTED = 125 }; // emit itself failed, whatever the command would have been

enum { COMPLAINT_MAX = 1024 }; // bytes of a sentence; longer ones are cut

int emit_complain(const struct emit_command *command, int status, const char *format, ...) {
    // What it quotes may come from anywhere: control characters stay out of the terminal.
    char sentence[COMPLAINT_MAX], printable[3 * COMPLAINT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (length < 0) sentence[0] = '\0';
    emit_page_copy(printable, sizeof printable, sentence, INT_MAX);
    fprintf(stderr, "emit %s: %s\n", command->name, printable);
    return status;
}

static const struct emit_option *find_option(const struct emit_option *rows, const char *name) {
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0) return rows;
    return NULL;
}

// The configuration ranks below the command line and is named by it: so the words
// are parsed once for --config alone, from a copy, since parsing may move them.
static enum emit_status open_config(const struct emit_command *command, int argc, char **argv,
                                    struct emit_settings *config, struct emit_error *err) {
    const struct emit_option *row = find_option(command->options, "config");
    if (!row) return EMIT_OK;
    void *values = calloc(1, command->values_size);
    char **words = calloc((size_t)argc + 1, sizeof *words);
    enum emit_status status = EMIT_NO_MEMORY;
    if (!values || !words) {
        status = emit_fail(err, EMIT_NO_MEMORY, "out of memory");
        goto done;
    }
    memcpy(words, argv, (size_t)argc * sizeof *words);
    int operand_count = 0;
    char **operands = NULL;
    status = emit_options_parse(command->options, values, argc, words, command->order, NULL, NULL,
                                &operand_count, &operands, err);
    if (status != EMIT_OK) goto done;
    const char *path;
    memcpy(&path, (const char *)values + row->offset, sizeof path);
    status = emit_config_open(config, path, err);
done:
    free(words);
    free(values);
    return status;
}

// Wherever it stands among the words of emit: not as an option's value, nor behind what
// begins another program's command line.
static bool asks_for_help(const struct emit_command *command, int argc, char *const *argv) {
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return true;
        if (word[0] != '-' && command->order == EMIT_OPTIONS_FIRST) return false;
        const struct emit_option *row =
            strncmp(word, "--", 2) == 0 ? find_option(command->options, word + 2) : NULL;
        if (row && row->type != EMIT_OPTION_FLAG) i++;
    }
    return false;
}

// What was asked for must have reached its reader. Commands that say so themselves do not come
// here with EXIT_OK; emit run has the status of its command.
static int end_output(int status) {
    if (status != EXIT_OK || (fflush(stdout) == 0 && !ferror(stdout))) return status;
    fprintf(stderr, "emit: cannot write to standard output\n");
    return EXIT_USAGE;
}

static int run_command(const struct emit_command *command, int argc, char **argv) {
    if (asks_for_help(command, argc, argv)) {
        emit_help_command(stdout, command);
        return end_output(EXIT_OK);
    }
    struct emit_error err;
    struct emit_settings config = {0};
    int operand_count = 0;
    char **operands = NULL;
    void *values = calloc(1, command->values_size ? command->values_size : 1);
    if (!values) return emit_complain(command, command->usage_status, "out of memory");
    enum emit_status status = open_config(command, argc, argv, &config, &err);
    if (status == EMIT_OK)
        status = emit_options_parse(command->options, values, argc, argv, command->order,
                                    emit_settings_lookup, &config, &operand_count, &operands, &err);
    if (status == EMIT_OK) status = emit_privilege_check_options(command->options, values, &err);
    int exit_status = status == EMIT_OK
                          ? command->run(values, operand_count, operands)
                          : emit_complain(command, command->usage_status, "%s", err.text);
    emit_settings_close(&config);
    free(values);
    return exit_status;
}

// Keeps 0, 1 and 2 from being given to a file of ours when emit was started with
// one of them closed: a message would be written into the store. A command that
// is executed finds them closed, as its caller wanted.
static void hold_standard_streams(void) {
    for (int stream = 0; stream <= 2; stream++)
        if (fcntl(stream, F_GETFD) < 0) (void)open("/dev/null", O_RDWR | O_CLOEXEC);
}

// A limit of file sizes (ulimit -f) is an error to be told, not the end of emit. The
// command of emit run gets its signals as they were: that one sees to it by itself.
static void bear_file_limits(const struct emit_command *command) {
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    if (strcmp(command->name, "run") != 0) (void)sigaction(SIGXFSZ, &ignored, NULL);
}

int main(int argc, char **argv) {
    struct emit_error err;
    hold_standard_streams();
    if (emit_privilege_give_up(&err) != EMIT_OK) {
        fprintf(stderr, "emit: %s\n", err.text);
        return EXIT_NOT_TRUSTED;
    }
    if (argc < 2) {
        emit_help_overview(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        emit_help_overview(stdout);
        return end_output(EXIT_OK);
    }
    const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    const struct emit_command *command = emit_command_find(name);
    if (command) {
        bear_file_limits(command);
        int status = run_command(command, argc - 2, argv + 2);
        return command->usage_status == EXIT_USAGE ? end_output(status) : status;
    }
    char sentence[EMIT_COMMAND_ABSENT_MAX], printable[3 * EMIT_COMMAND_ABSENT_MAX];
    emit_command_absent(name, sentence);
    emit_page_copy(printable, sizeof printable, sentence, INT_MAX);
    fprintf(stderr, "emit: %s\n", printable);
    return EXIT_USAGE;
}
