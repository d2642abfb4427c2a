// Making and removing the folder of the fake vendor libraries.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/gpu_stage.h"

#include "base/text.h"
#include "programs/emit-testbed/gpu_world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

_Static_assert(offsetof(struct emit_gpu_world_file, begin_wall_ns) ==
                   offsetof(struct emit_gpu_world_file, begin_ns) + sizeof(int64_t),
               "both are written at once");

enum { LIBRARY_MAX_BYTES = 4 << 20 };

static const char nvml_name[] = "libnvidia-ml.so.1";
static const char *const folder_files[] = {"machine",      "served",       nvml_name,
                                           "libdcgm.so.4", "libdcgm.so.3", NULL};

// Removal. Without symbolic links or folders inside, names are all it takes.

static void remove_folder(const char *folder) {
    char path[PATH_MAX];
    for (size_t i = 0; folder_files[i]; i++)
        if (emit_text_format(path, sizeof path, "%s/%s", folder, folder_files[i])) unlink(path);
    rmdir(folder);
}

// In the guard: waits until the test bed is done, or dead.
static _Noreturn void guard(int alive, const char *folder) {
    sigset_t all;
    char byte;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    if (dup2(alive, STDIN_FILENO) < 0) _exit(1);
    close_range(STDIN_FILENO + 1, ~0U, 0);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    remove_folder(folder);
    _exit(0);
}

static enum emit_status start_guard(struct emit_gpu_stage *stage, struct emit_error *err) {
    int alive[2];
    if (pipe2(alive, O_CLOEXEC) != 0) return emit_fail_errno(err, errno, "cannot make a pipe");
    pid_t made = fork();
    if (made == 0) {
        close(alive[1]);
        guard(alive[0], stage->folder);
    }
    int failure = errno;
    close(alive[0]);
    if (made < 0) {
        close(alive[1]);
        return emit_fail_errno(err, failure, "cannot start the guard of %s", stage->folder);
    }
    stage->guard = made;
    stage->guard_pipe = alive[1];
    return EMIT_OK;
}

// Files.

static enum emit_status write_file(const char *folder, const char *name, mode_t mode,
                                   const void *content, size_t bytes, struct emit_error *err) {
    char path[PATH_MAX];
    if (!emit_text_format(path, sizeof path, "%s/%s", folder, name))
        return emit_fail(err, EMIT_INVALID, "the path of %s is too long", folder);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file < 0) return emit_fail_errno(err, errno, "cannot make %s", path);
    bool good = fchmod(file, mode) == 0; // whatever the umask
    for (size_t done = 0; good && done < bytes;) {
        ssize_t written = write(file, (const char *)content + done, bytes - done);
        if (written > 0)
            done += (size_t)written;
        else if (written == 0 || errno != EINTR)
            good = false;
    }
    int failure = errno;
    close(file);
    return good ? EMIT_OK : emit_fail_errno(err, failure, "cannot write %s", path);
}

// Where the libraries stand: beside the program in a build, or in its prefix.
static enum emit_status find_library(char path[PATH_MAX], const char *name,
                                     struct emit_error *err) {
    static const char *const beside[] = {"src/programs/emit-testbed", "../lib/emit-testbed", NULL};
    char program[PATH_MAX];
    const char *named = getenv("EMIT_TESTBED_LIBRARIES");
    if (named && emit_text_format(path, PATH_MAX, "%s/%s", named, name)) return EMIT_OK;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0) return emit_fail_errno(err, errno, "cannot read /proc/self/exe");
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    if (slash) *slash = '\0';
    for (size_t i = 0; beside[i]; i++)
        if (emit_text_format(path, PATH_MAX, "%s/%s/%s", program, beside[i], name) &&
            access(path, R_OK) == 0)
            return EMIT_OK;
    return emit_fail(err, EMIT_ABSENT,
                     "no %s beside %s: name its directory in EMIT_TESTBED_LIBRARIES", name,
                     program);
}

// A symbol is missing when its name in the library's string table is another.
static bool rename_symbol(char *library, size_t bytes, const char *symbol) {
    size_t length = strlen(symbol) + 1; // with its end
    bool found = false;
    for (char *at = library; bytes > length;) {
        char *hit = memmem(at, bytes - (size_t)(at - library), symbol, length);
        if (!hit) break;
        if (hit > library && hit[-1] == '\0') {
            *hit = '-';
            found = true;
        }
        at = hit + length;
    }
    return found;
}

// Copied, so that whoever runs the command can read it, wherever the program stands.
static enum emit_status copy_library(const struct emit_gpu_stage *stage, const char *name,
                                     const char *as, const struct emit_gpu_library *about,
                                     struct emit_error *err) {
    char path[PATH_MAX];
    enum emit_status status = find_library(path, name, err);
    if (status != EMIT_OK) return status;
    FILE *file = fopen(path, "re");
    if (!file) return emit_fail_errno(err, errno, "cannot open %s", path);
    char *content = malloc(LIBRARY_MAX_BYTES);
    size_t bytes = content ? fread(content, 1, LIBRARY_MAX_BYTES, file) : 0;
    if (!content)
        status = emit_fail(err, EMIT_NO_MEMORY, "out of memory for %s", path);
    else if (ferror(file) || bytes == LIBRARY_MAX_BYTES)
        status = emit_fail(err, EMIT_SYSTEM, "cannot read %s", path);
    for (unsigned int i = 0; status == EMIT_OK && i < about->missing_count; i++)
        if (!rename_symbol(content, bytes, about->missing[i]))
            status = emit_fail(err, EMIT_INVALID, "%s: %s has no symbol '%s' that could be missing",
                               stage->scenario->path, as, about->missing[i]);
    if (status == EMIT_OK) status = write_file(stage->folder, as, 0755, content, bytes, err);
    free(content);
    fclose(file);
    return status;
}

// The file `machine`: walks stand behind the struct, their addresses are offsets.
static enum emit_status write_machine(const struct emit_gpu_stage *stage, bool keeps_ledger,
                                      struct emit_error *err) {
    const struct emit_gpu_machine *gpus = &stage->scenario->gpus;
    size_t bytes = sizeof(struct emit_gpu_world_file), at = bytes;
    for (unsigned int i = 0; i < gpus->gpu_count; i++)
        bytes += emit_curve_walk_bytes(&gpus->gpus[i].counter.curve);
    struct emit_gpu_world_file *file = calloc(1, bytes);
    if (!file) return emit_fail(err, EMIT_NO_MEMORY, "out of memory for the GPUs");
    file->version = EMIT_GPU_WORLD_VERSION;
    file->bytes = sizeof *file;
    file->has_ledger = keeps_ledger;
    file->machine = *gpus;
    for (unsigned int i = 0; i < gpus->gpu_count; i++) {
        struct emit_curve *curve = &file->machine.gpus[i].counter.curve;
        size_t walk_bytes = emit_curve_walk_bytes(curve);
        if (walk_bytes == 0) continue;
        memcpy((char *)file + at, curve->walk, walk_bytes);
        curve->walk = (struct emit_curve_walk *)at;
        at += walk_bytes;
    }
    enum emit_status status = write_file(stage->folder, "machine", 0444, file, bytes, err);
    free(file);
    return status;
}

// Whoever runs the command may write what was served to them.
static enum emit_status make_served(const struct emit_gpu_stage *stage, struct emit_error *err) {
    char path[PATH_MAX];
    enum emit_status status = write_file(stage->folder, "served", 0666, "", 0, err);
    if (status != EMIT_OK) return status;
    emit_text_format(path, sizeof path, "%s/served", stage->folder);
    if (truncate(path, sizeof(struct emit_gpu_served_file)) == 0) return EMIT_OK;
    return emit_fail_errno(err, errno, "cannot make room in %s", path);
}

// The environment.

static bool put_in_front(const char *folder) {
    char path[PATH_MAX * 4];
    const char *before = getenv("LD_LIBRARY_PATH");
    return emit_text_format(path, sizeof path, "%s%s%s", folder, before && *before ? ":" : "",
                            before ? before : "") &&
           setenv("LD_LIBRARY_PATH", path, 1) == 0;
}

static bool name_library(const char *variable, const char *folder, const char *name) {
    char path[PATH_MAX];
    return emit_text_format(path, sizeof path, "%s/%s", folder, name) &&
           setenv(variable, path, 1) == 0;
}

static enum emit_status tell(const struct emit_gpu_stage *stage, struct emit_error *err) {
    const struct emit_gpu_machine *gpus = &stage->scenario->gpus;
    bool good = setenv(EMIT_GPU_WORLD_VARIABLE, stage->folder, 1) == 0;
    good = good && put_in_front(stage->folder);
    if (gpus->nvml.version)
        good = good && name_library("EMIT_NVML_LIBRARY", stage->folder, nvml_name);
    if (gpus->dcgm.version)
        good = good && name_library("EMIT_DCGM_LIBRARY", stage->folder,
                                    gpus->dcgm.version == 3 ? "libdcgm.so.3" : "libdcgm.so.4");
    return good ? EMIT_OK : emit_fail(err, EMIT_NO_MEMORY, "out of memory for the environment");
}

// In memory if libraries can be opened from there: the first writes to a mapped
// file of a disk take milliseconds, and a call would seem to.
static const char *find_place(void) {
    static const char memory[] = "/dev/shm";
    const char *named = getenv("TMPDIR");
    struct statvfs about;
    if (named && *named) return named;
    bool good = access(memory, W_OK | X_OK) == 0 && statvfs(memory, &about) == 0 &&
                (about.f_flag & ST_NOEXEC) == 0;
    return good ? memory : "/tmp";
}

static enum emit_status make_folder(struct emit_gpu_stage *stage, struct emit_error *err) {
    char folder[PATH_MAX];
    if (!emit_text_format(folder, sizeof folder, "%s/emit-testbed-XXXXXX", find_place()))
        return emit_fail(err, EMIT_INVALID, "TMPDIR is too long");
    if (!mkdtemp(folder)) return emit_fail_errno(err, errno, "cannot make %s", folder);
    memcpy(stage->folder, folder, sizeof folder);
    if (chmod(folder, 0755) != 0) return emit_fail_errno(err, errno, "cannot open up %s", folder);
    return EMIT_OK;
}

enum emit_status emit_gpu_stage_make(struct emit_gpu_stage *stage,
                                     const struct emit_scenario *scenario, bool keeps_ledger,
                                     struct emit_error *err) {
    const struct emit_gpu_machine *gpus = &scenario->gpus;
    stage->scenario = scenario;
    if (gpus->gpu_count == 0) return EMIT_OK;
    enum emit_status status = make_folder(stage, err);
    if (status == EMIT_OK) status = start_guard(stage, err);
    if (status == EMIT_OK) status = write_machine(stage, keeps_ledger, err);
    if (status == EMIT_OK && keeps_ledger) status = make_served(stage, err);
    if (status == EMIT_OK && gpus->nvml.version)
        status = copy_library(stage, nvml_name, nvml_name, &gpus->nvml, err);
    if (status == EMIT_OK && gpus->dcgm.version)
        status = copy_library(stage, "libdcgm.so.4",
                              gpus->dcgm.version == 3 ? "libdcgm.so.3" : "libdcgm.so.4",
                              &gpus->dcgm, err);
    return status == EMIT_OK ? tell(stage, err) : status;
}

enum emit_status emit_gpu_stage_begin(const struct emit_gpu_stage *stage, int64_t begin_ns,
                                      struct emit_error *err) {
    char path[PATH_MAX];
    if (!stage->folder[0]) return EMIT_OK;
    emit_text_format(path, sizeof path, "%s/machine", stage->folder);
    // Open to nobody for writing, but to its owner by right of ownership.
    int file = chmod(path, 0644) == 0 ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    // Both clocks, in the order of the struct.
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    int64_t since_ns = emit_testbed_now_ns() - begin_ns;
    int64_t clocks[2] = {begin_ns, (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec - since_ns};
    bool good = file >= 0 &&
                pwrite(file, clocks, sizeof clocks,
                       offsetof(struct emit_gpu_world_file, begin_ns)) == (ssize_t)sizeof clocks;
    int failure = errno;
    if (file >= 0) close(file);
    return good ? EMIT_OK : emit_fail_errno(err, failure, "cannot write %s", path);
}

// The ledger.

static void keep_record(const struct emit_gpu_stage *stage, struct emit_ledger *ledger,
                        const struct emit_gpu_served *record) {
    static const char *const libraries[] = {"nvml", "dcgm"};
    const char *uuid = stage->scenario->gpus.gpus[record->gpu % EMIT_GPUS_MAX].uuid;
    const char *by = libraries[record->by % 2];
    if (record->what == EMIT_GPU_ERROR)
        emit_ledger_add(ledger, record->at_ns, "read",
                        "\"gpu\":\"%s\",\"error\":%d,\"by\":\"%s\",\"pid\":%d", uuid, record->error,
                        by, record->pid);
    else
        emit_ledger_add(ledger, record->at_ns, "read",
                        "\"gpu\":\"%s\",\"%s\":%llu,\"by\":\"%s\",\"pid\":%d", uuid,
                        record->what == EMIT_GPU_MILLIJOULES ? "millijoules" : "milliwatts",
                        (unsigned long long)record->value, by, record->pid);
}

void emit_gpu_stage_keep(const struct emit_gpu_stage *stage, struct emit_ledger *ledger) {
    char path[PATH_MAX];
    if (!stage->folder[0] || ledger->descriptor < 0) return;
    emit_text_format(path, sizeof path, "%s/served", stage->folder);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct emit_gpu_served_file *served =
        file < 0 ? MAP_FAILED : mmap(NULL, sizeof *served, PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    if (served == MAP_FAILED) {
        ledger->lost++;
        return;
    }
    uint64_t count = served->count;
    for (uint64_t i = 0; i < count; i++)
        if (i < EMIT_GPU_SERVED_MAX && served->records[i].whole)
            keep_record(stage, ledger, &served->records[i]);
        else
            ledger->lost++; // no room, or its writer was killed over it
    munmap(served, sizeof *served);
}

void emit_gpu_stage_clear(struct emit_gpu_stage *stage) {
    if (stage->guard) {
        close(stage->guard_pipe);
        waitpid(stage->guard, NULL, 0);
    } else if (stage->folder[0]) {
        remove_folder(stage->folder);
    }
    *stage = (struct emit_gpu_stage){0};
}
