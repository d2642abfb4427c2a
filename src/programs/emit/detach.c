// Leaving the caller for good, as a daemon does.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int by_number(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

// Closes what was inherited. A descriptor left open here would keep a pipe of the
// caller's from ending: $(emit begin) would wait for the end of the run.
static void close_others(const int *kept, size_t kept_count, int channel) {
    int sorted[DETACH_KEPT_MAX + 1];
    size_t count = kept_count < DETACH_KEPT_MAX ? kept_count : DETACH_KEPT_MAX;
    if (count) memcpy(sorted, kept, count * sizeof *kept);
    sorted[count++] = channel;
    qsort(sorted, count, sizeof sorted[0], by_number);
    unsigned from = STDERR_FILENO + 1;
    for (size_t i = 0; i < count; i++) {
        unsigned descriptor = (unsigned)sorted[i];
        if (descriptor > from) (void)close_range(from, descriptor - 1, 0);
        if (descriptor >= from) from = descriptor + 1;
    }
    (void)close_range(from, UINT32_MAX, 0);
}

static bool take_null_streams(void) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    bool good = null >= 0;
    for (int stream = STDIN_FILENO; good && stream <= STDERR_FILENO; stream++)
        good = dup2(null, stream) >= 0;
    return good; // null itself goes with the others
}

static void reset_signals(void) {
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &plain, NULL); // not for KILL, STOP and libc's own
    // A peer of a vendor's library that went away, and a file that may not grow, are errors.
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignored, NULL);
    (void)sigaction(SIGXFSZ, &ignored, NULL);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

// In the process between: its only deed is to start the detached one and to end, so
// that nobody who knows us is that one's parent. Returns in the detached one.
static void leave_caller(void) {
    if (setsid() < 0) _exit(errno);
    pid_t child = fork();
    if (child < 0) _exit(errno);
    if (child > 0) _exit(0);
    (void)setpgid(0, 0);
}

// The errno that the process between ended with.
static int wait_for_between(pid_t between) {
    int status;
    while (waitpid(between, &status, 0) < 0)
        if (errno != EINTR) return 0; // somebody ignores SIGCHLD for us: the channel tells
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

enum emit_status detach(struct detached *detached, const int *kept, size_t kept_count,
                        struct emit_error *err) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return emit_fail_errno(err, errno, "cannot start a process in the background");
    pid_t between = fork();
    if (between == 0) {
        leave_caller();
        if (!take_null_streams()) _exit(1); // the caller hears the channel end
        close_others(kept, kept_count, pair[1]);
        reset_signals();
        *detached = (struct detached){.is_us = true, .channel = pair[1]};
        return EMIT_OK;
    }
    int failed = between < 0 ? errno : wait_for_between(between);
    (void)close(pair[1]);
    if (failed) {
        (void)close(pair[0]);
        return emit_fail_errno(err, failed, "cannot start a process in the background");
    }
    *detached = (struct detached){.channel = pair[0]};
    return EMIT_OK;
}

// The environment in memory of its own. False: there is no memory, nothing changed.
static bool move_environment(void) {
    size_t count = 0, bytes = 0;
    for (; environ[count]; count++)
        bytes += strlen(environ[count]) + 1;
    char **moved = malloc((count + 1) * sizeof *moved + bytes);
    if (!moved) return false;
    char *at = (char *)(moved + count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(environ[i]) + 1;
        moved[i] = memcpy(at, environ[i], length);
        at += length;
    }
    moved[count] = NULL;
    environ = moved;
    return true;
}

// The kernel shows the memory of argv; when its last byte is not 0, only the text that
// begins there, which may go on into the environment that lies behind it (fs/proc/base.c).
void detach_name(const char *title) {
    char *start = program_invocation_name; // argv[0]
    char *words_end = environ[0];          // behind argv, as the kernel laid it out
    char *end = words_end;
    if (!words_end || words_end <= start) return;
    for (char **variable = environ; *variable == end; variable++)
        end += strlen(end) + 1;
    if (!move_environment()) return;
    size_t length = strlen(title), room = (size_t)(end - start) - 1;
    if (length > room) length = room;
    memset(start, 0, (size_t)(end - start));
    memcpy(start, title, length);
    if (start + length < words_end - 1) words_end[-1] = '!';
}
