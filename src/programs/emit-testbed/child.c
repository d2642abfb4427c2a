// Starting a command and waiting for it.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/child.h"

#include "programs/emit-testbed/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void own_signals(sigset_t *signals) {
    static const int list[] = {SIGCHLD, SIGINT,  SIGTERM, SIGHUP,
                               SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT};
    sigemptyset(signals);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        sigaddset(signals, list[i]);
}

enum emit_status emit_testbed_block_signals(sigset_t *before, struct emit_error *err) {
    sigset_t signals;
    own_signals(&signals);
    if (sigprocmask(SIG_BLOCK, &signals, before) == 0) return EMIT_OK;
    return emit_fail_errno(err, errno, "cannot block signals");
}

// In the child: only calls that are safe between fork and exec. It goes when its
// guard stands: a test bed that is killed before takes it along, too.
static _Noreturn void become(char *const *argv, const sigset_t *mask, int go, int report) {
    char byte;
    if (read(go, &byte, 1) != 1) _exit(EMIT_CHILD_FAILED);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);
    int failure = errno;
    if (write(report, &failure, sizeof failure) < 0) _exit(EMIT_CHILD_FAILED);
    _exit(failure == ENOENT ? EMIT_CHILD_NOT_FOUND : EMIT_CHILD_NOT_EXECUTABLE);
}

// In the guard: waits until nobody holds the pipe, then ends the command if it
// still lives. PR_SET_PDEATHSIG would do, but a command that changes its user
// loses it.
static _Noreturn void guard(int alive, int command) {
    sigset_t all;
    char byte;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    if (dup2(alive, STDIN_FILENO) < 0 || dup2(command, STDOUT_FILENO) < 0) _exit(1);
    close_range(STDOUT_FILENO + 1, ~0U, 0);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    syscall(SYS_pidfd_send_signal, STDOUT_FILENO, SIGTERM, NULL, 0);
    _exit(0);
}

// Without a guard the command runs all the same.
static void start_guard(struct emit_testbed_child *child) {
    int alive[2], command = (int)syscall(SYS_pidfd_open, child->pid, 0);
    if (command < 0) return;
    if (pipe2(alive, O_CLOEXEC) == 0) {
        child->guard = fork();
        if (child->guard == 0) {
            close(alive[1]);
            guard(alive[0], command);
        }
        child->guard_pipe = alive[1];
        close(alive[0]);
        if (child->guard < 0) close(alive[1]);
    }
    close(command);
}

static void end_guard(const struct emit_testbed_child *child) {
    if (child->guard <= 0) return;
    close(child->guard_pipe);
    waitpid(child->guard, NULL, 0);
}

enum emit_status emit_testbed_child_start(struct emit_testbed_child *child, char *const *argv,
                                          const sigset_t *mask, struct emit_error *err) {
    int report[2], go[2], failure = 0;
    if (pipe2(report, O_CLOEXEC) != 0) return emit_fail_errno(err, errno, "cannot make a pipe");
    if (pipe2(go, O_CLOEXEC) != 0) {
        failure = errno;
        close(report[0]);
        close(report[1]);
        return emit_fail_errno(err, failure, "cannot make a pipe");
    }
    pid_t made = fork();
    if (made == 0) {
        close(go[1]);
        become(argv, mask, go[0], report[1]);
    }
    int fork_failure = errno;
    close(report[1]);
    *child = (struct emit_testbed_child){.pid = made, .guard = -1};
    if (made > 0) start_guard(child);
    ssize_t went = made > 0 ? write(go[1], "", 1) : 0; // where it fails, the child ends
    close(go[0]);
    close(go[1]);
    ssize_t told = went > 0 ? read(report[0], &failure, sizeof failure) : 0;
    close(report[0]);
    if (made < 0) return emit_fail_errno(err, fork_failure, "cannot start %s", argv[0]);
    if (told != (ssize_t)sizeof failure) return EMIT_OK;
    waitpid(made, NULL, 0);
    end_guard(child);
    return emit_fail_errno(err, failure, "cannot run %s", argv[0]);
}

// False while the command lives.
static bool reap(pid_t child, int *status) {
    int word;
    pid_t ended = waitpid(child, &word, WNOHANG);
    if (ended != child) return false;
    *status = WIFSIGNALED(word) ? 128 + WTERMSIG(word) : WEXITSTATUS(word);
    return true;
}

int emit_testbed_child_wait(const struct emit_testbed_child *child, int64_t *ended_ns) {
    sigset_t signals;
    own_signals(&signals);
    int status = EMIT_CHILD_FAILED;
    while (!reap(child->pid, &status)) {
        siginfo_t about;
        int number = sigwaitinfo(&signals, &about);
        if (number > 0 && number != SIGCHLD && about.si_code <= 0) kill(child->pid, number);
    }
    *ended_ns = emit_testbed_now_ns();
    end_guard(child);
    return status;
}
