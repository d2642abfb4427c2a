// Starting the command. The child borrows emit's memory until it executes
// (vfork): that is what makes `emit run` cost no more than env(1), and why the
// child's part below does nothing but system calls.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/child.h"

#include "base/text.h"
#include "host/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// Passed on to the command when they were sent to emit.
static const int passed_on[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1,
                                SIGUSR2, SIGTERM, SIGTSTP, SIGCONT};

static int compare_int(const void *a, const void *b) {
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

// Lists the descriptors that an executed command would get now. emit's own would not.
static void list_inherited(struct emit_signals *signals) {
    signals->inherited_count = -1;
    DIR *list = opendir("/proc/self/fd");
    if (!list) return;
    const struct dirent *entry;
    int count = 0;
    while (count <= EMIT_INHERITED_MAX && (entry = readdir(list)) != NULL) {
        int descriptor = entry->d_name[0] == '.' ? -1 : (int)strtol(entry->d_name, NULL, 10);
        int flags = descriptor > STDERR_FILENO ? fcntl(descriptor, F_GETFD) : -1;
        if (flags < 0 || flags & FD_CLOEXEC) continue;
        if (count < EMIT_INHERITED_MAX) signals->inherited[count] = descriptor;
        count++;
    }
    closedir(list);
    if (count > EMIT_INHERITED_MAX) return;
    qsort(signals->inherited, (size_t)count, sizeof signals->inherited[0], compare_int);
    signals->inherited_count = count;
}

void emit_signals_take(struct emit_signals *signals) {
    list_inherited(signals);
    sigemptyset(&signals->waited);
    sigaddset(&signals->waited, SIGCHLD);
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++) {
        struct sigaction action;
        if (sigaction(passed_on[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&signals->waited, passed_on[i]);
    }
    sigprocmask(SIG_BLOCK, &signals->waited, &signals->inherited_mask);

    // A reader of stderr that went away must not cost the command's exit status, nor must
    // a limit of file sizes (ulimit -f) that the store does not fit in; and with SIGCHLD
    // ignored the kernel would throw that status away.
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &action, &signals->inherited_pipe);
    sigaction(SIGXFSZ, &action, &signals->inherited_limit);
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, &signals->inherited_child);
}

// True when both begin with the same "NAME=".
static bool is_same_variable(const char *entry, const char *other) {
    size_t length = strcspn(other, "=") + 1;
    return strncmp(entry, other, length) == 0;
}

// The environment with our entries in it: a new array of borrowed strings.
static char **environment_with(char *const *ours, size_t our_count) {
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    char **copy = calloc(count + our_count + 1, sizeof *copy);
    if (!copy) return NULL;
    for (size_t i = 0; i < count; i++) {
        bool is_ours = false;
        for (size_t j = 0; j < our_count; j++)
            is_ours = is_ours || is_same_variable(environ[i], ours[j]);
        if (!is_ours) copy[kept++] = environ[i];
    }
    for (size_t j = 0; j < our_count; j++)
        copy[kept++] = ours[j];
    return copy;
}

// In the child: closes what was opened since, between the descriptors that are to stay.
static void close_others(const struct emit_signals *signals) {
    unsigned next = STDERR_FILENO + 1;
    for (int i = 0; i < signals->inherited_count; i++) {
        unsigned kept = (unsigned)signals->inherited[i];
        if (kept > next) (void)close_range(next, kept - 1, 0);
        next = kept + 1;
    }
    // A kernel before 5.9 has no such call: what a library leaves open is then passed on.
    if (signals->inherited_count >= 0) (void)close_range(next, UINT_MAX, 0);
}

// The child's whole life between vfork and exec. A function of its own, so that
// no variable of a caller is in use on both sides. Returns in the parent only;
// *exec_errno then says why nothing was executed.
__attribute__((noinline)) static pid_t spawn(const struct emit_signals *signals, char *const *argv,
                                             char *const *environment, volatile int *exec_errno) {
    pid_t pid = vfork();
    if (pid != 0) return pid;
    sigaction(SIGPIPE, &signals->inherited_pipe, NULL);
    sigaction(SIGCHLD, &signals->inherited_child, NULL);
    sigaction(SIGXFSZ, &signals->inherited_limit, NULL);
    sigprocmask(SIG_SETMASK, &signals->inherited_mask, NULL);
    close_others(signals);
    execvpe(argv[0], argv, environment);
    *exec_errno = errno;
    _exit(EXIT_NOT_FOUND);
}

// Says why the command could not be executed, and with which status emit exits.
static enum emit_status explain(int exec_errno, const char *name, int *exit_status,
                                struct emit_error *err) {
    *exit_status = exec_errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    if (exec_errno == ENOENT && strchr(name, '/') && access(name, F_OK) == 0) {
        *exit_status = EXIT_NOT_EXECUTABLE;
        return emit_fail(err, EMIT_INVALID, "cannot execute '%s': its interpreter is missing",
                         name);
    }
    if (exec_errno == ENOENT) return emit_fail(err, EMIT_ABSENT, "there is no command '%s'", name);
    return emit_fail_errno(err, exec_errno, "cannot execute '%s'", name);
}

// A signal that came before there was a command to pass it on to, and that would
// have ended it; 0: none. What the caller of emit had blocked is not looked at.
static int find_early_end(const struct emit_signals *signals) {
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t pending;
    if (sigpending(&pending) != 0) return 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (sigismember(&pending, ends[i]) == 1 && sigismember(&signals->waited, ends[i]) == 1 &&
            sigismember(&signals->inherited_mask, ends[i]) == 0)
            return ends[i];
    return 0;
}

enum emit_status emit_child_start(struct emit_child *child, const struct emit_signals *signals,
                                  char *const *argv, char *const *ours, size_t our_count,
                                  int *exit_status, struct emit_error *err) {
    *exit_status = EXIT_RUN_FAILED;
    int early = find_early_end(signals);
    if (early) {
        *exit_status = EXIT_SIGNALLED + early;
        return emit_fail(err, EMIT_REFUSED,
                         "the command was not started: signal %d (%s) came first", early,
                         strsignal(early));
    }
    char **environment = environment_with(ours, our_count);
    if (!environment) return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    // Without it orphans go to init and are not waited for: a lesser service, no failure.
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

    volatile int exec_errno = 0;
    pid_t pid = spawn(signals, argv, environment, &exec_errno);
    int fork_errno = errno;
    free(environment);
    if (pid < 0) return emit_fail_errno(err, fork_errno, "cannot start a process");
    if (exec_errno != 0) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        return explain(exec_errno, argv[0], exit_status, err);
    }
    // vfork brings us back when the command was executed. The time from the first
    // sample to here is emit's and the kernel's, and told as uncertainty.
    *child = (struct emit_child){.pid = pid, .started_ns = emit_clock_monotonic_ns()};
    return EMIT_OK;
}
