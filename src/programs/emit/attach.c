// emit attach: meters until a process that emit did not start has ended.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/attach_target.h"
#include "programs/emit/figures.h"
#include "programs/emit/page.h"
#include "programs/emit/privilege.h"
#include "programs/emit/run.h"

#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

extern const struct emit_command emit_command_attach;

static const struct emit_option options[] = {
    RUN_NAMING_ROWS,
    RUN_METERING_ROWS,
    METER_OPTION_ROWS(struct run_options, meter),
    RUN_SERVED_ROW,
    {.name = "trace",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE.csv",
     .help = "write the power curve: one row for each sample and point",
     .text = "As --trace of emit run.",
     .offset = offsetof(struct run_options, trace_path)},
    RUN_TELLING_ROWS,
    RUN_QUIET_ROW,
    RUN_CONFIG_ROW,
    METER_OVERRIDE_ROWS(struct run_options, meter),
    {0},
};

// The signals that end the metering, as a descriptor; -1 with a sentence.
// Blocked before a thread starts: threads inherit the mask. What emit was told to
// ignore (nohup) never arrives.
static int take_signals(struct emit_error *err) {
    sigset_t taken;
    sigemptyset(&taken);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGHUP);
    sigaddset(&taken, SIGQUIT);
    sigaddset(&taken, SIGTSTP);
    (void)sigprocmask(SIG_BLOCK, &taken, NULL);
    int signals = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) (void)emit_fail_errno(err, errno, "cannot take signals");
    return signals;
}

// True when a signal says that it is enough.
static bool is_told_to_end(struct run *run, int signals) {
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGTSTP) return true;
        live_hide(&run->live); // the last row is the shell's while emit stands still
        (void)raise(SIGSTOP);
    }
    return false;
}

// False: a signal ended the wait, and the process goes on.
static bool wait_for_end(struct run *run, const struct attach_target *target, int signals) {
    struct pollfd watched[] = {{.fd = target->descriptor, .events = POLLIN},
                               {.fd = signals, .events = POLLIN}};
    int tick_ms = run->live.sampler ? 1000 : -1;
    for (;;) {
        int count = poll(watched, 2, tick_ms);
        if (count > 0 && watched[0].revents) return true;
        if (count > 0 && is_told_to_end(run, signals)) return false;
        if (count == 0) live_tick(&run->live);
    }
}

static void say_attached(struct run *run, const struct attach_target *target) {
    if (run->options->quiet) return;
    char name[4 * EMIT_PAGE_COLUMNS_MIN], points[64];
    size_t count = run_meter_count(run);
    (void)emit_text_format(points, sizeof points, "): %zu point%s metered; Ctrl-C ends it", count,
                           count == 1 ? "" : "s");
    int begun = fprintf(stderr, "emit: process %ld (", (long)target->pid);
    emit_page_copy(name, sizeof name, target->command,
                   EMIT_PAGE_COLUMNS_MIN - begun - (int)strlen(points));
    fprintf(stderr, "%s%s\n", name, points);
}

static void note_window(struct run *run, const struct attach_target *target) {
    char age[EMIT_FIGURE_MAX] = "an unknown time";
    if (target->age_ns >= 1000000000)
        emit_figure_duration(age, target->age_ns);
    else if (target->age_ns >= 0) // the kernel counts it in ticks of some milliseconds
        (void)emit_text_format(age, sizeof age, "less than a second");
    run_note(run, "Metered from attach on: process %ld had run for %s before.", (long)target->pid,
             age);
}

static int meter_process(struct run *run, const struct attach_target *target, int signals) {
    struct emit_error err;
    int64_t begun_ns = emit_clock_monotonic_ns();
    if (run_served_begin(run, &err) != EMIT_OK)
        return emit_complain(run->command, EXIT_USAGE, "%s", err.text);
    if (run_meter_start(run, &err) != EMIT_OK || !run->sampler) {
        run_served_drop(run);
        for (size_t i = 0; i < run->note_count; i++)
            (void)emit_complain(run->command, EXIT_PARTIAL, "%s", run->notes[i]);
        return EXIT_PARTIAL;
    }
    run_served_wait(run, begun_ns);
    run->started_ns = emit_clock_monotonic_ns();
    emit_sampler_job_started(run->sampler, run->started_ns);
    run_store_start(run);
    note_window(run, target);
    say_attached(run, target);
    if (!run->options->quiet)
        live_begin(&run->live, run->sampler, run->plan.all_domains, run->plan.pace_ns,
                   run->started_ns);
    bool ended = wait_for_end(run, target, signals);
    int64_t ended_ns = emit_clock_monotonic_ns();
    live_end(&run->live);
    if (!ended) run_note(run, "Process %ld goes on: emit was told to end here.", (long)target->pid);
    return run_conclude(run, ended_ns, EXIT_OK);
}

static int attach(struct run *run, struct attach_target *target) {
    struct emit_error err;
    char *words[] = {target->command, NULL};
    bool seen = attach_target_stand_in(target);
    enum emit_status status = run_plan_make(&run->plan, run->options, &run->host, words, &err);
    if (status == EMIT_OK && !run->plan.meters[0])
        status = emit_fail(&err, EMIT_INVALID, "--meters none leaves nothing to do");
    if (status == EMIT_OK) status = run_files_open(run, &err);
    if (status != EMIT_OK) return emit_complain(run->command, EXIT_USAGE, "%s", err.text);
    if (run->plan.notice[0]) run_note(run, "%s", run->plan.notice);
    if (!seen)
        run_note(run, "Which GPUs process %ld may use is not yours to see: all are metered.",
                 (long)target->pid);
    int exit_status = EXIT_USAGE;
    int signals = take_signals(&err);
    if (signals < 0) {
        (void)emit_complain(run->command, exit_status, "%s", err.text);
    } else {
        exit_status = meter_process(run, target, signals);
        (void)close(signals);
    }
    run_files_close(run);
    return exit_status;
}

static int run_attach(const void *values, int operand_count, char **operands) {
    if (operand_count != 1)
        return emit_complain(&emit_command_attach, EXIT_USAGE, "name one process: emit attach PID");
    struct emit_error err;
    struct attach_target target;
    struct run run = {.command = &emit_command_attach, .options = values};
    enum emit_status status =
        emit_privilege_host_open(&run.host, run.options->meter.sysfs_root, &err);
    if (status != EMIT_OK) return emit_complain(run.command, EXIT_USAGE, "%s", err.text);
    status = attach_target_open(&target, operands[0], &run.host, &err);
    if (status != EMIT_OK) {
        emit_host_close(&run.host);
        return emit_complain(run.command, status == EMIT_ABSENT ? EXIT_NEGATIVE : EXIT_USAGE, "%s",
                             err.text);
    }
    run.name = target.command;
    int exit_status = attach(&run, &target);
    attach_target_close(&target);
    if (run.left_behind) {
        // A thread of ours waits for a device for ever: leave without touching what it holds.
        (void)fflush(stderr);
        _exit(exit_status);
    }
    emit_host_close(&run.host);
    return exit_status;
}

const struct emit_command emit_command_attach = {
    .name = "attach",
    .summary = "meter until a process that runs already has ended",
    .operands = "PID",
    .text =
        "Meters the devices of this machine from now until process PID has ended, then reports "
        "as emit run does. What PID used before is not in it, and the report says how long "
        "that was. Devices are metered as a whole, so that whatever PID started counts while "
        "PID lives; what outlives it is not waited for. They are those that PID may use, as its "
        "own environment and processors say. PID may be anybody's: it is waited for, and not "
        "touched.\n\n"
        "Ctrl-C (INT, TERM, HUP, QUIT) ends the metering, not PID, and the report is given. "
        "The exit status of PID is its parent's to know and does not stand in the report.",
    .example = "emit attach $(pidof -s train)",
    .more_examples = "# a job that was started without emit, into the run it belongs to\n"
                     "emit attach --run-id job-42 4242",
    .exits =
        "0 metered until PID ended or emit was told to end; 1 there is no such process; 2 wrong "
        "usage, or a process nobody can wait for; 3 the meters could not be started.",
    .options = options,
    .values_size = sizeof(struct run_options),
    .order = EMIT_OPTIONS_ANYWHERE,
    .usage_status = EXIT_USAGE,
    .run = run_attach,
};
