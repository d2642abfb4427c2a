// Starting a command and waiting for it.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/child.h"

#include "programs/emit-testbed/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void own_signals(sigset_t *signals) {
    static const int list[] = {SIGCHLD, SIGINT,  SIGTERM, SIGHUP,
                               SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT};
    sigemptyset(signals);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        sigaddset(signals, list[i]);
}

enum emit_status emit_child_block_signals(sigset_t *before, struct emit_error *err) {
    sigset_t signals;
    own_signals(&signals);
    if (sigprocmask(SIG_BLOCK, &signals, before) == 0) return EMIT_OK;
    return emit_fail_errno(err, errno, "cannot block signals");
}

// In the child: only calls that are safe between fork and exec.
static _Noreturn void become(char *const *argv, const sigset_t *mask, pid_t parent, int report) {
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent) _exit(EMIT_CHILD_FAILED);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);
    int failure = errno;
    if (write(report, &failure, sizeof failure) < 0) _exit(EMIT_CHILD_FAILED);
    _exit(failure == ENOENT ? EMIT_CHILD_NOT_FOUND : EMIT_CHILD_NOT_EXECUTABLE);
}

enum emit_status emit_child_start(pid_t *child, char *const *argv, const sigset_t *mask,
                                  struct emit_error *err) {
    int report[2], failure = 0;
    if (pipe2(report, O_CLOEXEC) != 0) return emit_fail_errno(err, errno, "cannot make a pipe");
    pid_t parent = getpid(), made = fork();
    if (made == 0) become(argv, mask, parent, report[1]);
    int fork_failure = errno;
    close(report[1]);
    ssize_t told = made < 0 ? 0 : read(report[0], &failure, sizeof failure);
    close(report[0]);
    if (made < 0) return emit_fail_errno(err, fork_failure, "cannot start %s", argv[0]);
    if (told == (ssize_t)sizeof failure) {
        waitpid(made, NULL, 0);
        return emit_fail_errno(err, failure, "cannot run %s", argv[0]);
    }
    *child = made;
    return EMIT_OK;
}

// False while the command lives.
static bool reap(pid_t child, int *status) {
    int word;
    pid_t ended = waitpid(child, &word, WNOHANG);
    if (ended != child) return false;
    *status = WIFSIGNALED(word) ? 128 + WTERMSIG(word) : WEXITSTATUS(word);
    return true;
}

int emit_child_wait(pid_t child, int64_t *ended_ns) {
    sigset_t signals;
    own_signals(&signals);
    int status = EMIT_CHILD_FAILED;
    while (!reap(child, &status)) {
        siginfo_t about;
        int number = sigwaitinfo(&signals, &about);
        if (number > 0 && number != SIGCHLD && about.si_code <= 0) kill(child, number);
    }
    *ended_ns = emit_testbed_now_ns();
    return status;
}
