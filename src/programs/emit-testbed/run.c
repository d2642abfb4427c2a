// emit-testbed run: stages a scenario and runs a command inside it.
//
// One process: this thread waits for the command, others serve the tree. The
// mounts live in a namespace of this process, so even kill -9 leaves none behind.
// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "programs/emit-testbed/child.h"
#include "programs/emit-testbed/command.h"
#include "programs/emit-testbed/gpu_stage.h"
#include "programs/emit-testbed/serve.h"
#include "programs/emit-testbed/stage.h"
#include "programs/emit-testbed/static_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

struct run_values {
    const char *mount;
    const char *ledger;
    bool plain;
};

static const struct emit_option run_options[] = {
    {.name = "mount",
     .type = EMIT_OPTION_TEXT,
     .argument = "DIR",
     .help = "show the tree in this empty directory, not at /sys",
     .text = "The command finds the directory in EMIT_TESTBED_SYSFS, and emit in EMIT_SYSFS_ROOT. "
             "Needs no right but to use FUSE (fusermount3); as root the mount is seen by the "
             "command only.",
     .offset = offsetof(struct run_values, mount)},
    {.name = "ledger",
     .type = EMIT_OPTION_TEXT,
     .argument = "FILE",
     .help = "write every value served, one JSON object a line",
     .text = "Each line has `at` (CLOCK_MONOTONIC in nanoseconds) and `what`: begin, start, read, "
             "open, write, exit, energy. The last gives the exact integral of every zone's and "
             "GPU's power from the start of the command to its exit. What was served of GPUs is "
             "written when the command has ended.",
     .offset = offsetof(struct run_values, ledger)},
    {.name = "static",
     .type = EMIT_OPTION_FLAG,
     .help = "plain files instead of FUSE: less real, and says so",
     .text = "For machines without /dev/fuse. Counters are written in place once per update, with "
             "leading zeros; events of zones are not played, their values are not in the ledger. "
             "GPUs are as real as ever.",
     .offset = offsetof(struct run_values, plain)},
    {0},
};

// What stands while the command runs.
struct show {
    const struct run_values *values;
    struct emit_scenario *scenario;
    struct emit_tree tree;
    struct emit_ledger ledger;
    struct emit_server server;
    struct emit_static_tree plain;
    struct emit_gpu_stage gpus;
    char shown[PATH_MAX]; // a place where the tree is mounted
};

static enum emit_status start_tree(struct show *show, const char *directory, bool own_mount,
                                   struct emit_error *err) {
    if (show->values->plain)
        return emit_static_tree_start(&show->plain, &show->tree, directory, err);
    show->server.tree = &show->tree;
    show->server.ledger = &show->ledger;
    show->server.uid = geteuid();
    show->server.gid = getegid();
    return emit_server_start(&show->server, directory, own_mount, err);
}

static enum emit_status show_at_sys(struct show *show, struct emit_error *err) {
    enum emit_status status = emit_stage_enter(err);
    if (status == EMIT_OK) status = emit_stage_prepare(err);
    if (status == EMIT_OK && show->values->plain &&
        mount("emit-testbed", emit_stage_holding, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "mode=0755,size=16m") != 0)
        status = emit_fail_errno(err, errno, "cannot mount a place for plain files");
    if (status == EMIT_OK) status = start_tree(show, emit_stage_holding, true, err);
    if (status == EMIT_OK) status = emit_stage_reveal(show->shown, err);
    if (status == EMIT_OK && !show->values->plain)
        emit_text_format(show->server.mounted_at, sizeof show->server.mounted_at, "%s",
                         show->shown);
    return status;
}

static enum emit_status show_at_directory(struct show *show, struct emit_error *err) {
    char path[PATH_MAX];
    if (!realpath(show->values->mount, path))
        return emit_fail_errno(err, errno, "cannot use %s", show->values->mount);
    enum emit_status status = EMIT_OK;
    bool as_root = geteuid() == 0 && !show->values->plain;
    if (as_root) status = emit_stage_enter(err);
    if (status == EMIT_OK) status = start_tree(show, path, as_root, err);
    if (status == EMIT_OK &&
        (setenv("EMIT_TESTBED_SYSFS", path, 1) != 0 || setenv("EMIT_SYSFS_ROOT", path, 1) != 0))
        status = emit_fail(err, EMIT_NO_MEMORY, "out of memory for the environment");
    return status;
}

static void stop_showing(struct show *show) {
    if (show->values->plain)
        emit_static_tree_stop(&show->plain);
    else
        emit_server_stop(&show->server);
}

static void keep_energy(struct show *show, int64_t begin_ns, int64_t from_ns, int64_t to_ns) {
    for (size_t i = 0; i < show->scenario->zone_count; i++)
        emit_ledger_add(
            &show->ledger, to_ns, "energy",
            "\"zone\":\"%s\",\"from\":%lld,\"to\":%lld,\"joules\":%.17g",
            show->scenario->zones[i].id, (long long)from_ns, (long long)to_ns,
            emit_scenario_joules(show->scenario, (int)i, from_ns - begin_ns, to_ns - begin_ns));
    for (size_t i = 0; i < show->scenario->gpus.gpu_count; i++) {
        const struct emit_gpu *gpu = &show->scenario->gpus.gpus[i];
        emit_ledger_add(&show->ledger, to_ns, "energy",
                        "\"gpu\":\"%s\",\"from\":%lld,\"to\":%lld,\"joules\":%.17g", gpu->uuid,
                        (long long)from_ns, (long long)to_ns,
                        emit_gpu_joules(gpu, from_ns - begin_ns, to_ns - begin_ns));
    }
}

// Begins the scenario's time, runs the command to its end; *exit_status is its.
static enum emit_status run_command(struct show *show, char *const *argv, const sigset_t *mask,
                                    int *exit_status, struct emit_error *err) {
    struct emit_testbed_child child;
    int64_t ended_ns, begin_ns = emit_testbed_now_ns();
    show->server.begin_ns = begin_ns;
    show->plain.begin_ns = begin_ns;
    emit_ledger_add(&show->ledger, begin_ns, "begin", "\"scenario\":\"%s\",\"pid\":%d",
                    show->scenario->name, (int)getpid());
    enum emit_status status = emit_gpu_stage_begin(&show->gpus, begin_ns, err);
    if (status != EMIT_OK) return status;
    int64_t started_ns = emit_testbed_now_ns();
    status = emit_testbed_child_start(&child, argv, mask, err);
    if (status != EMIT_OK) return status;
    emit_ledger_add(&show->ledger, started_ns, "start", "\"pid\":%d", (int)child.pid);
    *exit_status = emit_testbed_child_wait(&child, &ended_ns);
    emit_gpu_stage_keep(&show->gpus, &show->ledger);
    emit_ledger_add(&show->ledger, ended_ns, "exit", "\"status\":%d", *exit_status);
    keep_energy(show, begin_ns, started_ns, ended_ns);
    return EMIT_OK;
}

static enum emit_status play(struct show *show, const char *name, char *const *argv,
                             int *exit_status, struct emit_error *err) {
    sigset_t mask;
    enum emit_status status = emit_scenario_find(&show->scenario, name, err);
    if (status == EMIT_OK) status = emit_tree_build(&show->tree, show->scenario, err);
    if (status == EMIT_OK) status = emit_ledger_open(&show->ledger, show->values->ledger, err);
    if (status == EMIT_OK) status = emit_testbed_block_signals(&mask, err);
    if (status == EMIT_OK)
        status =
            emit_gpu_stage_make(&show->gpus, show->scenario, show->ledger.descriptor >= 0, err);
    if (status != EMIT_OK) return status;
    const char *shortfall = show->values->plain ? emit_static_tree_shortfall(show->scenario) : "";
    if (*shortfall) fprintf(stderr, "emit-testbed: %s\n", shortfall);
    if (setenv("EMIT_TESTBED_SCENARIO", show->scenario->name, 1) != 0)
        return emit_fail(err, EMIT_NO_MEMORY, "out of memory for the environment");
    status = show->values->mount ? show_at_directory(show, err) : show_at_sys(show, err);
    if (status == EMIT_OK) status = run_command(show, argv, &mask, exit_status, err);
    stop_showing(show);
    return status;
}

static int run(const void *values, int operand_count, char **operands);

const struct emit_command emit_testbed_command_run = {
    .name = "run",
    .summary = "run a command on a simulated machine",
    .operands = "SCENARIO [--] COMMAND...",
    .text = "Serves the powercap tree of a scenario (a name that emit-testbed list shows, or a "
            "file) and runs COMMAND so that it sees the tree at /sys/class/powercap, in a private "
            "mount namespace. Every value is computed when it is read: from the scenario's power "
            "curve, at the counter's own update period, in the kernel's integer arithmetic. Where "
            "the scenario has GPUs, fake libnvidia-ml.so.1 and libdcgm.so.4 are in front of "
            "LD_LIBRARY_PATH, for emit and for any other program that opens them. As "
            "root, or unprivileged where the kernel allows user namespaces and /dev/fuse.",
    .example = "emit-testbed run demo -- cat /sys/class/powercap/intel-rapl:0/energy_uj",
    .exits =
        "the command's own status; 128+N after signal N; 125 when the test bed failed; 126 when "
        "the command may not be executed; 127 when it is not found.",
    .options = run_options,
    .values_size = sizeof(struct run_values),
    .usage_status = EMIT_CHILD_FAILED,
    .run = run,
};

static int status_of_failure(const struct emit_error *err) {
    // Only the command itself can be missing or barred by now: emit_testbed_child_start says which.
    if (!emit_text_has_prefix(err->text, "cannot run ")) return EMIT_CHILD_FAILED;
    return err->sys_errno == ENOENT ? EMIT_CHILD_NOT_FOUND : EMIT_CHILD_NOT_EXECUTABLE;
}

static int run(const void *values, int operand_count, char **operands) {
    const struct emit_command *self = &emit_testbed_command_run;
    int command_at = operand_count > 1 && strcmp(operands[1], "--") == 0 ? 2 : 1;
    if (operand_count <= command_at)
        return emit_complain(self, EMIT_CHILD_FAILED,
                             "a scenario and a command are wanted: emit-testbed run %s",
                             self->operands);
    struct emit_error err = {0};
    int exit_status = EMIT_CHILD_FAILED;
    struct show *show = calloc(1, sizeof *show);
    if (!show) return emit_complain(self, EMIT_CHILD_FAILED, "out of memory");
    show->values = values;
    show->ledger.descriptor = -1;
    enum emit_status status = play(show, operands[0], operands + command_at, &exit_status, &err);
    if (status != EMIT_OK)
        exit_status = emit_complain(self, status_of_failure(&err), "%s", err.text);
    emit_gpu_stage_clear(&show->gpus);
    if (emit_ledger_close(&show->ledger, &err) != EMIT_OK)
        exit_status = emit_complain(self, EMIT_CHILD_FAILED, "%s", err.text);
    // Threads that outlived stop_showing still read these: then they go with the process.
    if (!show->server.session) {
        emit_tree_clear(&show->tree);
        emit_scenario_free(show->scenario);
        free(show);
    }
    return exit_status;
}
