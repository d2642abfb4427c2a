// emit run: runs a command and meters what it used.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run.h"

#include "programs/emit/command.h"
#include "programs/emit/page.h"
#include "programs/emit/privilege.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct emit_command emit_command_run;

enum { NAME_COLUMNS = 40 }; // of the command in a sentence

static void tick(void *owner) {
    struct run *run = owner;
    live_tick(&run->live);
}

static void hide_live(void *owner) {
    struct run *run = owner;
    live_hide(&run->live);
}

static void say(const char *format, ...) EMIT_PRINTF(1, 2);
static void say(const char *format, ...) {
    const struct emit_page page = {.out = stderr, .columns = EMIT_PAGE_COLUMNS_MIN};
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    emit_page_words(&page, "emit: ", 6, line);
}

static void say_orphans_found(void *owner, int exit_status) {
    struct run *run = owner;
    live_hide(&run->live);
    char who[128], name[4 * NAME_COLUMNS];
    emit_child_describe_orphans(who, sizeof who);
    emit_page_copy(name, sizeof name, run->name, NAME_COLUMNS);
    if (run->options->no_wait_orphans)
        say("%s ended (exit %d); it left %s, not waited for (--no-wait-orphans)", name, exit_status,
            who);
    else
        say("%s ended (exit %d); waiting for %s it left; Ctrl-C twice ends the wait", name,
            exit_status, who);
}

static void say_orphans_end(const struct run *run, enum emit_orphans orphans) {
    if (orphans == EMIT_ORPHANS_WAITED && !run->options->quiet)
        fprintf(stderr, "emit: the last process has ended\n");
    if (orphans != EMIT_ORPHANS_TIMEOUT && orphans != EMIT_ORPHANS_INTERRUPTED) return;
    char who[128];
    emit_child_describe_orphans(who, sizeof who);
    say("not waited any longer (%s); still running: %s",
        orphans == EMIT_ORPHANS_TIMEOUT ? "--orphan-timeout" : "interrupted", who);
}

// Everything that can go wrong before the command could have been noticed.
static enum emit_status prepare(struct run *run, char *const *command, struct emit_error *err) {
    const struct run_options *options = run->options;
    enum emit_status status = emit_privilege_host_open(&run->host, options->meter.sysfs_root, err);
    if (status != EMIT_OK) return status;
    status = run_plan_make(&run->plan, options, &run->host, command, err);
    if (status == EMIT_OK) status = run_files_open(run, err);
    if (status == EMIT_OK && run->plan.notice[0]) run_note(run, "%s", run->plan.notice);
    return status;
}

static int meter_command(struct run *run, char *const *command) {
    struct emit_error err;
    struct emit_child child;
    int exit_status = EXIT_RUN_FAILED;
    enum emit_status status = run_nested_begin(run, &err);
    int64_t begun_ns = emit_clock_monotonic_ns();
    if (status == EMIT_OK && !run->nested) status = run_served_begin(run, &err);
    if (status == EMIT_OK && !run->nested) status = run_meter_start(run, &err);
    if (status == EMIT_OK)
        status = run_environment_make(&run->environment, run->options, run->plan.run_id,
                                      run->has_place && !run->nested ? run->place.runs : NULL,
                                      &err); // inside another one its folder stays
    run_served_wait(run, begun_ns);
    if (status == EMIT_OK)
        status = emit_child_start(&child, &run->signals, command, run->environment.entries,
                                  run->environment.count, &exit_status, &err);
    if (status != EMIT_OK) {
        run_meter_abandon(run);
        run_nested_abandon(run);
        return run_conclude_unstarted(run, exit_status, err.text);
    }
    run->started_ns = child.started_ns;
    if (run->sampler) emit_sampler_job_started(run->sampler, child.started_ns);
    if (run->sampler && emit_sampler_joined(run->sampler))
        run_store_put_off(run);
    else if (run->sampler)
        run_store_start(run);
    if (run->sampler && !run->options->quiet)
        live_begin(&run->live, run->sampler, run->plan.all_domains, run->plan.pace_ns,
                   child.started_ns);

    const struct emit_child_watch watch = {
        .wait_orphans = !run->options->no_wait_orphans,
        .orphan_timeout_ns = run->options->orphan_timeout_ns,
        .tick_ns = run->live.sampler ? 1000000000 : 0,
        .tick = tick,
        .stopping = hide_live,
        .orphans_found = say_orphans_found,
        .owner = run,
    };
    struct emit_child_end end;
    emit_child_watch(&child, &run->signals, &watch, &end);
    live_end(&run->live);
    say_orphans_end(run, end.orphans);
    if (run->nested) return run_nested_conclude(run, end.ended_ns, end.exit_status);
    return run_conclude(run, end.ended_ns, end.exit_status);
}

int run_once(const struct run_options *options, char *const *command,
             const struct emit_signals *signals, const struct run_listener *listener,
             bool *left_behind) {
    // Not on the stack: a thread that waits for a device for ever may still look at it.
    struct run *run = calloc(1, sizeof *run);
    if (!run) return emit_complain(&emit_command_run, EXIT_RUN_FAILED, "out of memory");
    struct emit_error err;
    run->command = &emit_command_run;
    run->options = options;
    run->name = command[0];
    run->sees_exit = true;
    run->listener = listener;
    int exit_status = EXIT_RUN_FAILED;
    if (prepare(run, command, &err) == EMIT_OK) {
        if (signals)
            run->signals = *signals;
        else
            emit_signals_take(&run->signals);
        exit_status = meter_command(run, command);
        run_files_close(run);
    } else {
        (void)emit_complain(&emit_command_run, EXIT_RUN_FAILED, "%s", err.text);
    }
    *left_behind = run->left_behind;
    if (run->left_behind) return exit_status;
    emit_host_close(&run->host);
    free(run);
    return exit_status;
}

static int run_command(const void *values, int operand_count, char **operands) {
    const struct run_options *options = values;
    if (operand_count == 0)
        return emit_complain(&emit_command_run, EXIT_RUN_FAILED,
                             "name a command: emit run [options] -- COMMAND");
    bool left_behind = false;
    int exit_status = options->repeat != 1 || options->warmup
                          ? run_repeat(options, operands, &left_behind)
                          : run_once(options, operands, NULL, NULL, &left_behind);
    if (left_behind) {
        // A thread of ours waits for a device for ever: leave without touching what it holds.
        (void)fflush(stderr);
        _exit(exit_status);
    }
    return exit_status;
}

const struct emit_command emit_command_run = {
    .name = "run",
    .summary = "run a command and meter the energy it used",
    .operands = "-- COMMAND...",
    .text = "Runs COMMAND as it stands, without a shell, and meters the devices of this machine "
            "from before it starts until it and everything it started has ended.\n\n"
            "Standard input, output and error, the working directory and the environment are "
            "COMMAND's own. The environment gets what an emit inside needs to find this run and to "
            "read the same counters: EMIT_RUN_ID and EMIT_RUN_FOLDER; and EMIT_OUTBOX, "
            "EMIT_SYSFS_ROOT, EMIT_NVML_LIBRARY, EMIT_DCGM_LIBRARY, EMIT_DCGM_HOST, "
            "EMIT_DCGM_EXPORTER and EMIT_DCGM_EXPORTER_STEP where an option or the configuration "
            "said so.\n\n"
            "Signals sent to emit (HUP, INT, QUIT, USR1, "
            "USR2, TERM, TSTP, CONT) are passed on; a terminal's Ctrl-C and Ctrl-Z reach COMMAND "
            "by themselves. A signal sent with kill(1) to the whole process group reaches it "
            "both ways.",
    .example = "emit run -- python3 train.py",
    .more_examples = "# a power curve, 20 samples a second, and the report for another program\n"
                     "emit run --interval 50ms --trace power.csv --report run.json -- ./bench\n\n"
                     "# what a command uses on average, and how much that varies\n"
                     "emit run --repeat 10 --warmup 1 -- ./bench\n\n"
                     "# a job that must not go unmetered\n"
                     "emit run --require-measured -- ./job.sh\n\n"
                     "# two ranks of one job share one run\n"
                     "EMIT_RUN_ID=job-42 emit run -- ./rank 0 &\n"
                     "EMIT_RUN_ID=job-42 emit run -- ./rank 1",
    .exits = "the command's own status; 128+N after signal N; 125 emit itself failed; 126 the "
             "command cannot be executed; 127 there is no such command.",
    .options = emit_run_options,
    .values_size = sizeof(struct run_options),
    .usage_status = EXIT_RUN_FAILED,
    .run = run_command,
};
