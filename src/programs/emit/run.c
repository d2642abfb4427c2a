// emit run: runs a command and meters what it used.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/child.h"
#include "programs/emit/command.h"
#include "programs/emit/run_options.h"

#include <stdio.h>
#include <stdlib.h>

extern const struct emit_command emit_command_run;

struct run {
    const struct run_options *options;
    const char *name; // of the command
};

static void say_orphans_found(void *owner, int exit_status) {
    const struct run *run = owner;
    char who[128];
    emit_child_describe_orphans(who, sizeof who);
    if (run->options->no_wait_orphans) {
        fprintf(stderr,
                "emit: %s ended (exit %d); it left %s, not waited for (--no-wait-orphans)\n",
                run->name, exit_status, who);
        return;
    }
    fprintf(stderr,
            "emit: %s ended (exit %d); waiting for %s it left; Ctrl-C twice ends the wait\n",
            run->name, exit_status, who);
}

static void say_orphans_end(const struct run *run, enum emit_orphans orphans) {
    if (orphans == EMIT_ORPHANS_WAITED && !run->options->quiet)
        fprintf(stderr, "emit: the last process has ended\n");
    if (orphans != EMIT_ORPHANS_TIMEOUT && orphans != EMIT_ORPHANS_INTERRUPTED) return;
    char who[128];
    emit_child_describe_orphans(who, sizeof who);
    fprintf(stderr, "emit: not waited any longer (%s); still running: %s\n",
            orphans == EMIT_ORPHANS_TIMEOUT ? "--orphan-timeout" : "interrupted", who);
}

static int run_command(const void *values, int operand_count, char **operands) {
    const struct run_options *options = values;
    if (operand_count == 0)
        return emit_complain(&emit_command_run, EXIT_RUN_FAILED,
                             "name a command: emit run [options] -- COMMAND");
    struct run run = {.options = options, .name = operands[0]};
    struct emit_signals signals;
    emit_signals_take(&signals);

    struct emit_error err;
    struct emit_child child;
    int exit_status;
    const char *run_id = options->run_id ? options->run_id : "";
    if (emit_child_start(&child, &signals, operands, run_id, &exit_status, &err) != EMIT_OK)
        return emit_complain(&emit_command_run, exit_status, "%s", err.text);

    const struct emit_child_watch watch = {
        .wait_orphans = !options->no_wait_orphans,
        .orphan_timeout_ns = options->orphan_timeout_ns,
        .orphans_found = say_orphans_found,
        .owner = &run,
    };
    struct emit_child_end end;
    emit_child_watch(&child, &signals, &watch, &end);
    say_orphans_end(&run, end.orphans);
    return end.exit_status;
}

const struct emit_command emit_command_run = {
    .name = "run",
    .summary = "run a command and meter the energy it used",
    .operands = "-- COMMAND...",
    .text = "Runs COMMAND as it stands, without a shell, and meters the devices of this machine "
            "from before it starts until it and everything it started has ended.\n\n"
            "Standard input, output and error, the working directory and the environment are "
            "COMMAND's own; only EMIT_RUN_ID is set. Signals sent to emit (HUP, INT, QUIT, USR1, "
            "USR2, TERM, TSTP, CONT) are passed on; a terminal's Ctrl-C and Ctrl-Z reach COMMAND "
            "by themselves. A signal sent with kill(1) to the whole process group reaches it "
            "both ways.",
    .example = "emit run -- true",
    .exits = "the command's own status, 128+N after signal N; 125 emit itself failed, 126 the "
             "command cannot be executed, 127 there is no such command.",
    .options = emit_run_options,
    .values_size = sizeof(struct run_options),
    .usage_status = EXIT_RUN_FAILED,
    .run = run_command,
};
