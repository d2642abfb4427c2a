// What /proc says of a process that emit shall wait for.
//
// It is looked at after the descriptor was opened, and the process must live still
// when that is done: so it was this one, and not a later process of its number.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/attach_target.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

enum {
    KERNEL_THREAD = 0x00200000, // PF_KTHREAD, in the flags of /proc/PID/stat
    STAT_BYTES_MAX = 1024,
    PROCESSORS_MAX = 8192, // the kernel's own limit
};

static bool has_ended(const struct attach_target *target) {
    struct pollfd ended = {.fd = target->descriptor, .events = POLLIN};
    return poll(&ended, 1, 0) == 1;
}

// The words of the command with blanks between them; NULs stand there.
static void read_command(struct attach_target *target) {
    char path[64];
    (void)emit_text_format(path, sizeof path, "/proc/%ld/cmdline", (long)target->pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, target->command, sizeof target->command - 1);
    if (file >= 0) (void)close(file);
    while (length > 0 && target->command[length - 1] == '\0')
        length--;
    if (length <= 0) {
        (void)emit_text_format(target->command, sizeof target->command, "process %ld",
                               (long)target->pid);
        return;
    }
    target->command[length] = '\0';
    for (ssize_t i = 0; i < length; i++)
        if (target->command[i] == '\0') target->command[i] = ' ';
}

// Flags and age from the fields behind the name, which may hold anything.
static void read_stat(struct attach_target *target, struct emit_host *host, unsigned *flags) {
    char path[64], text[STAT_BYTES_MAX];
    unsigned long long start_ticks;
    (void)emit_text_format(path, sizeof path, "/proc/%ld/stat", (long)target->pid);
    if (emit_host_read_line(AT_FDCWD, path, text, sizeof text) != 0) return;
    const char *at = strrchr(text, ')');
    if (!at || sscanf(at + 1,
                      " %*c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
                      "%*d %llu",
                      flags, &start_ticks) != 2)
        return;
    int64_t tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);
    target->age_ns = emit_host_boottime_ns(host) - (int64_t)start_ticks * tick_ns;
    if (target->age_ns < 0) target->age_ns = 0;
}

// The process a thread belongs to, which pidfd_open does not take; 0: not a thread.
static long process_of_thread(pid_t pid) {
    char path[64], line[256];
    long process = 0;
    (void)emit_text_format(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *status = fopen(path, "re");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "Tgid: %ld", &process) == 1) break;
    if (status) (void)fclose(status);
    return process == pid ? 0 : process;
}

static enum emit_status parse(pid_t *pid, const char *word, struct emit_error *err) {
    char *end;
    errno = 0;
    long number = strtol(word, &end, 10);
    if (errno || end == word || *end || number < 1 || number != (pid_t)number)
        return emit_fail(err, EMIT_INVALID, "'%.40s' is no process id: emit attach PID", word);
    *pid = (pid_t)number;
    if (*pid == getpid())
        return emit_fail(err, EMIT_INVALID,
                         "process %ld is this emit itself: it cannot wait for "
                         "its own end",
                         number);
    return EMIT_OK;
}

enum emit_status attach_target_open(struct attach_target *target, const char *word,
                                    struct emit_host *host, struct emit_error *err) {
    struct attach_target found = {.age_ns = -1};
    unsigned flags = 0;
    enum emit_status status = parse(&found.pid, word, err);
    if (status != EMIT_OK) return status;
    long process = process_of_thread(found.pid);
    if (process)
        return emit_fail(err, EMIT_INVALID, "%ld is a thread of process %ld: emit attach %ld",
                         (long)found.pid, process, process);
    found.descriptor = pidfd_open(found.pid, 0); // closed on exec by itself
    if (found.descriptor < 0 && errno == ESRCH)
        return emit_fail(err, EMIT_ABSENT, "there is no process %ld: it has ended, or never was",
                         (long)found.pid);
    if (found.descriptor < 0)
        return emit_fail_errno(err, errno, "cannot wait for process %ld", (long)found.pid);
    read_command(&found);
    read_stat(&found, host, &flags);
    if (has_ended(&found))
        status = emit_fail(err, EMIT_ABSENT, "process %ld has ended already", (long)found.pid);
    else if (flags & KERNEL_THREAD)
        status = emit_fail(err, EMIT_INVALID,
                           "%ld is a thread of the kernel, which ends with the machine: emit run "
                           "-- sleep 60 meters a minute of it",
                           (long)found.pid);
    if (status != EMIT_OK) {
        attach_target_close(&found);
        return status;
    }
    *target = found;
    return EMIT_OK;
}

bool attach_target_stand_in(const struct attach_target *target) {
    // What meters/assignment.h asks for.
    static const char *const names[] = {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER",
                                        "NVIDIA_VISIBLE_DEVICES", "SLURM_JOB_GPUS",
                                        "SLURM_STEP_GPUS"};
    enum { NAMES = sizeof names / sizeof names[0] };
    char path[64], *variable = NULL;
    size_t size = 0;
    cpu_set_t processors[PROCESSORS_MAX / CPU_SETSIZE];
    for (size_t i = 0; i < NAMES; i++)
        (void)unsetenv(names[i]);
    if (sched_getaffinity(target->pid, sizeof processors, processors) == 0)
        (void)sched_setaffinity(0, sizeof processors, processors);
    (void)emit_text_format(path, sizeof path, "/proc/%ld/environ", (long)target->pid);
    FILE *environment = fopen(path, "re");
    if (!environment) return false;
    while (getdelim(&variable, &size, '\0', environment) > 0) {
        for (size_t i = 0; i < NAMES; i++) {
            size_t length = strlen(names[i]);
            if (strncmp(variable, names[i], length) == 0 && variable[length] == '=')
                (void)setenv(names[i], variable + length + 1, 1);
        }
    }
    bool whole = !ferror(environment);
    free(variable);
    (void)fclose(environment);
    return whole;
}

void attach_target_close(struct attach_target *target) {
    (void)close(target->descriptor);
    target->descriptor = -1;
}
