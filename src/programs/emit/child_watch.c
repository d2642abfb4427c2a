// Watching the command: one loop that takes signals one by one and reaps.
//
// Which signals are passed on: those sent to emit itself. What the kernel sends
// to the terminal's process group (Ctrl-C, Ctrl-Z) reaches the command by itself;
// its si_code is positive. Two exceptions: the command moved to a group of its
// own, or the terminal hung up on emit as the leader of the session.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/child.h"

#include "base/text.h"
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// What the kernel needs to end a process and to tell of it, on an idle machine:
// the command's own end is known no better.
enum { EXIT_NS = 250000 };

struct watch_state {
    const struct emit_child *child;
    const struct emit_signals *signals;
    const struct emit_child_watch *watch;
    bool reaped;         // the command itself
    bool alone;          // no child of any kind is left
    bool interrupted;    // a signal ended the wait for orphans
    unsigned interrupts; // SIGINT seen in all
    int schedule;        // this thread's schedstat; -1: the kernel keeps none
    int64_t queued_ns;   // time it had stood in a run queue when it last went to sleep
    int exit_status;
};

// How long this thread has waited for a processor so far.
static int64_t queued_ns(int schedule) {
    char text[96];
    long long ran_ns, waited_ns = 0;
    ssize_t length = schedule < 0 ? -1 : pread(schedule, text, sizeof text - 1, 0);
    if (length <= 0) return 0;
    text[length] = '\0';
    return sscanf(text, "%lld %lld", &ran_ns, &waited_ns) == 2 ? waited_ns : 0;
}

// Stops emit as the command was stopped, so that the shell sees the job stop.
// Only for job control: a debugger's SIGSTOP is followed by a SIGCONT that goes
// to the command alone, and emit would never wake up.
static void stop_too(const struct watch_state *state, int number) {
    if (number != SIGTSTP && number != SIGTTIN && number != SIGTTOU) return;
    sigset_t set;
    if (sigpending(&set) == 0 && sigismember(&set, SIGCONT)) return; // continued already
    state->watch->stopping(state->watch->owner);
    sigemptyset(&set);
    sigaddset(&set, number);
    (void)raise(number);
    sigset_t before;
    sigprocmask(SIG_UNBLOCK, &set, &before); // here emit stands still
    sigprocmask(SIG_SETMASK, &before, NULL);
}

// Takes every change of state that is waiting.
static void reap(struct watch_state *state) {
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG) != 0) {
            if (errno == EINTR) continue;
            state->alone = true;
            return;
        }
        if (info.si_pid == 0) return;
        if (info.si_pid != state->child->pid) continue;
        if (info.si_code == CLD_STOPPED) {
            stop_too(state, info.si_status);
        } else if (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED ||
                   info.si_code == CLD_DUMPED) {
            state->reaped = true;
            state->exit_status =
                info.si_code == CLD_EXITED ? info.si_status : EXIT_SIGNALLED + info.si_status;
        }
    }
}

static bool has_reached_command(const struct watch_state *state, const siginfo_t *info) {
    if (info->si_code <= 0) return false; // kill, sigqueue: sent to emit
    if (info->si_signo == SIGHUP && getsid(0) == getpid()) return false;
    return getpgid(state->child->pid) == getpgrp();
}

static void take_signal(struct watch_state *state, const siginfo_t *info) {
    int number = info->si_signo;
    if (number == SIGCHLD) return;
    if (number == SIGINT) state->interrupts++;
    if (!state->reaped) {
        if (!has_reached_command(state, info)) (void)kill(state->child->pid, number);
        return;
    }
    // Only orphans are left: emit itself is meant.
    if (number == SIGINT) state->interrupted = state->interrupts > 1;
    if (number == SIGTERM || number == SIGHUP || number == SIGQUIT) state->interrupted = true;
    if (number == SIGTSTP) stop_too(state, number);
}

// Sleeps until a signal, the next tick or the deadline (INT64_MAX: none).
static void wait_signal(struct watch_state *state, int64_t deadline_ns, int64_t *tick_at_ns) {
    const struct emit_child_watch *watch = state->watch;
    int64_t now_ns = emit_clock_monotonic_ns();
    int64_t until_ns = deadline_ns;
    if (watch->tick_ns > 0 && *tick_at_ns < until_ns) until_ns = *tick_at_ns;
    int64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    struct timespec timeout = {.tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};

    siginfo_t info;
    state->queued_ns = queued_ns(state->schedule);
    int number =
        sigtimedwait(&state->signals->waited, &info, until_ns == INT64_MAX ? NULL : &timeout);
    if (number > 0) take_signal(state, &info);
    if (watch->tick_ns > 0 && emit_clock_monotonic_ns() >= *tick_at_ns) {
        watch->tick(watch->owner);
        *tick_at_ns = emit_clock_monotonic_ns() + watch->tick_ns;
    }
}

static enum emit_orphans watch_orphans(struct watch_state *state, int64_t *tick_at_ns) {
    const struct emit_child_watch *watch = state->watch;
    watch->orphans_found(watch->owner, state->exit_status);
    if (!watch->wait_orphans) return EMIT_ORPHANS_NOT_WAITED;
    int64_t deadline_ns = INT64_MAX;
    if (watch->orphan_timeout_ns > 0 &&
        __builtin_add_overflow(emit_clock_monotonic_ns(), watch->orphan_timeout_ns, &deadline_ns))
        deadline_ns = INT64_MAX;
    for (;;) {
        wait_signal(state, deadline_ns, tick_at_ns);
        reap(state);
        if (state->alone) return EMIT_ORPHANS_WAITED;
        if (state->interrupted) return EMIT_ORPHANS_INTERRUPTED;
        if (emit_clock_monotonic_ns() >= deadline_ns) return EMIT_ORPHANS_TIMEOUT;
    }
}

void emit_child_watch(const struct emit_child *child, const struct emit_signals *signals,
                      const struct emit_child_watch *watch, struct emit_child_end *end) {
    struct watch_state state = {
        .child = child,
        .signals = signals,
        .watch = watch,
        .exit_status = EXIT_RUN_FAILED,
        .schedule = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC),
    };
    state.queued_ns = queued_ns(state.schedule);
    int64_t tick_at_ns = emit_clock_monotonic_ns() + watch->tick_ns;
    for (reap(&state); !state.reaped && !state.alone; reap(&state))
        wait_signal(&state, INT64_MAX, &tick_at_ns);
    end->orphans = state.alone ? EMIT_ORPHANS_NONE : watch_orphans(&state, &tick_at_ns);
    end->ended_ns = emit_clock_monotonic_ns() - EXIT_NS;
    // On a busy machine we were told while others had the processor.
    end->ended_ns -= queued_ns(state.schedule) - state.queued_ns;
    if (end->ended_ns < child->started_ns) end->ended_ns = child->started_ns;
    if (state.schedule >= 0) (void)close(state.schedule);
    end->exit_status = state.exit_status;
}

void emit_child_describe_orphans(char *text, size_t size) {
    char path[64], pids[4096];
    emit_text_format(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, pids, sizeof pids - 1) : -1;
    if (file >= 0) (void)close(file);
    size_t count = 0;
    for (ssize_t i = 0; i < length; i++)
        if (pids[i] == ' ') count++;
    if (count == 0) {
        emit_text_format(text, size, "processes");
        return;
    }
    // Three names are enough to look them up; the list is cut where a name ends.
    struct emit_text out;
    emit_text_init(&out, text, size);
    emit_text_add_format(&out, count == 1 ? "%zu process (pid" : "%zu processes (pid", count);
    const char *at = pids;
    for (size_t i = 0; i < count && i < 3; i++) {
        size_t digits = strcspn(at, " ");
        emit_text_add(&out, i == 0 ? " " : ", ");
        emit_text_add_bytes(&out, at, digits);
        at += digits + 1;
    }
    emit_text_add(&out, count > 3 ? ", ...)" : ")");
}
