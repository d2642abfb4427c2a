// A run file with one bit turned: either it is set aside as damaged, or the energy
// it tells is the energy it held.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"
#include "runs/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum {
    FILE_MAX = 65536,
    STRIDE = 13, // bits; odd, so that every bit of a byte has its turn
};
static unsigned char bytes[FILE_MAX];
static size_t length;
static char file_path[512];

static void leave_killed_run(const char *directory) {
    pid_t child = fork();
    if (child == 0) {
        struct fake_world world = fake_world_of("package-0", NULL);
        struct emit_host host = fake_host_of(&world);
        struct emit_run_plan plan = fake_plan(directory, "run_bits");
        struct emit_run *run;
        if (emit_run_open(&run, &host, &plan, NULL)) _exit(1);
        for (int i = 0; i < 3; i++) {
            if (!emit_run_sample(run)) _exit(1);
            fake_pass(&world, 1000, 100);
        }
        _exit(0);
    }
    (void)waitpid(child, NULL, 0);
}

static void load(const char *directory) {
    DIR *opened = opendir(directory);
    const struct dirent *entry;
    while (opened && (entry = readdir(opened)) != NULL)
        if (entry->d_name[0] != '.')
            (void)snprintf(file_path, sizeof file_path, "%s/%s", directory, entry->d_name);
    if (opened) closedir(opened);
    int file = open(file_path, O_RDONLY | O_CLOEXEC);
    ssize_t got = read(file, bytes, sizeof bytes);
    length = got > 0 ? (size_t)got : 0;
    close(file);
}

static void put_back(size_t size) {
    int file = open(file_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size) exit(1);
    close(file);
}

static struct { int told, whole, damaged, wrong, barred; } seen;
static const char *runs_directory;

// Another process starts a run under the id of one that recovery holds.
static bool can_enter(void) {
    struct emit_run_header header = {.run_id = "run_bits"};
    struct emit_run_file file;
    emit_host_node_name(header.node_id, sizeof header.node_id);
    if (emit_run_file_enter(&file, runs_directory, &header, 1, 1, NULL) != EMIT_OK) return false;
    emit_run_file_unlink(&file);
    emit_run_file_close(&file);
    return true;
}

static bool take(void *owner, const struct emit_run_result *result) {
    (void)owner;
    seen.told++;
    seen.barred += !can_enter();
    if (result->damaged) {
        seen.damaged +=
            result->killed && !result->count && !strcmp(result->header.run_id, "run_bits");
        return true;
    }
    const struct emit_outcome *outcome = &result->outcomes[0];
    bool energy = outcome->kind == EMIT_OUTCOME_MEASURED || outcome->kind == EMIT_OUTCOME_PARTIAL;
    if (energy && outcome->count != 200000000)
        seen.wrong++;
    else
        seen.whole++;
    return true;
}

static void recover(const char *directory) {
    struct fake_world world = {.now_ns = 60000000000};
    struct emit_host host = fake_host_of(&world);
    (void)emit_runs_recover(&host, directory, take, NULL);
}

// A run that was killed before it began left an empty file.
static void test_never_begun(const char *directory) {
    struct emit_run_file file;
    int opened = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    put_back(0);
    CHECK(emit_run_file_inherit(&file, opened, strrchr(file_path, '/') + 1, NULL) == EMIT_ABSENT &&
              access(file_path, F_OK) != 0 && can_enter(),
          "a file that was never begun is gone, and nobody is kept from its name");
    close(opened);
}

int main(void) {
    char path[64];
    const char *directory = runs_directory = fake_directory(path);
    leave_killed_run(directory);
    load(directory);
    CHECK(length > 1000, "a run file of %zu bytes", length);
    recover(directory);
    CHECK(seen.told == 1 && seen.whole == 1, "tells its energy as it is");
    for (size_t bit = 0; bit < length * 8; bit += STRIDE) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        put_back(length);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        recover(directory);
    }
    CHECK(seen.wrong == 0, "%zu bits turned, %d files damaged, %d whole, %d wrong",
          length * 8 / STRIDE, seen.damaged, seen.whole, seen.wrong);
    // Not those of words that are changed with single stores: no sum could hold them.
    CHECK(seen.damaged > (int)length * 8 / STRIDE / 2, "most of them show");
    CHECK(fake_files(directory, ".damaged") > 0 &&
              fake_files(directory, ".damaged") == fake_files(directory, ""),
          "and are kept");
    seen.told = seen.wrong = seen.whole = seen.damaged = 0;
    for (size_t size = 0; size < length; size += 13) {
        put_back(size);
        recover(directory);
    }
    CHECK(seen.whole == 0 && seen.wrong == 0, "a cut file tells no energy");
    CHECK(seen.barred == 0, "whatever is recovered, its run's id is free meanwhile");
    test_never_begun(directory);
    fake_remove(directory);
    return check_end();
}
