// Phases of a run: what stands in the files of a living run, what a closed one says, and
// what a guest may not do.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"
#include "runs/phase.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

struct stage {
    char path[64];
    struct fake_world world;
    struct emit_host host;
    struct emit_run *run;
    struct emit_phases *guest;
};

static struct emit_phases *visit(struct stage *stage) {
    const struct emit_phases_plan plan = {
        .directory = stage->path, .run_id = "run_p", .meters = fake_meters};
    struct emit_phases *guest = NULL;
    struct emit_error err;
    if (emit_phases_open(&guest, &stage->host, &plan, &err) != EMIT_OK) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    return guest;
}

static void sample(struct emit_run *run) {
    if (!emit_run_sample(run)) abort();
}

static void set_up(struct stage *stage) {
    (void)fake_directory(stage->path);
    stage->world = fake_world_of("package-0", "package-1");
    stage->host = fake_host_of(&stage->world);
    struct emit_run_plan plan = fake_plan(stage->path, "run_p");
    if (emit_run_open(&stage->run, &stage->host, &plan, NULL)) exit(1);
    sample(stage->run);
    emit_run_job_started(stage->run, stage->world.now_ns);
    stage->guest = visit(stage);
}

static void tear_down(struct stage *stage) {
    emit_phases_close(stage->guest);
    CHECK(fake_files(stage->path, "") == 0, "nothing stays behind");
    fake_remove(stage->path);
}

static void mark(struct stage *stage, const char *phase, bool begin) {
    struct emit_error err = {0};
    enum emit_status status = begin ? emit_phase_begin(stage->guest, phase, 0, &err)
                                    : emit_phase_end(stage->guest, phase, 0, NULL, NULL, &err);
    CHECK(status == EMIT_OK, "%s %s %s", begin ? "begin" : "end", phase, err.text);
}

static struct emit_run_result close_run(struct stage *stage) {
    struct emit_run_result result;
    struct emit_error err;
    emit_run_job_ended(stage->run, stage->world.now_ns);
    if (emit_run_close(stage->run, &result, &err)) exit(1);
    return result;
}

static const struct emit_run_phase *find(const struct emit_run_result *result, const char *name) {
    for (size_t i = 0; i < result->phase_count; i++)
        if (strcmp(result->phases[i].name, name) == 0) return &result->phases[i];
    printf("Bail out! no phase %s\n", name);
    exit(1);
}

static void check_phase(const struct emit_run_result *result, const char *name, uint64_t joules,
                        uint64_t parts, int64_t lasted_ms, bool is_open) {
    const struct emit_run_phase *phase = find(result, name);
    CHECK(phase->parts == parts && phase->lasted_ns == lasted_ms * 1000000 &&
              phase->is_open == is_open,
          "%s: %llu parts, %lld ms", name, (unsigned long long)phase->parts,
          (long long)phase->lasted_ns / 1000000);
    for (size_t i = 0; i < phase->count; i++)
        CHECK(phase->outcomes[i].kind == EMIT_OUTCOME_MEASURED &&
                  phase->outcomes[i].count == joules * 1000000,
              "%s: %s has %llu uJ", name, phase->slots[i].point.device_id,
              (unsigned long long)phase->outcomes[i].count);
}

// 10 W all the time; samples fall where they fall.
static void test_story(void) {
    struct stage stage;
    set_up(&stage);
    fake_pass(&stage.world, 100, 10);
    mark(&stage, "outer", true);
    mark(&stage, "part", true);
    fake_pass(&stage.world, 400, 10);
    sample(stage.run);
    mark(&stage, "part", false);
    fake_pass(&stage.world, 1000, 10);
    mark(&stage, "part", true);
    mark(&stage, "part", true); // by another thread, say: the union counts
    fake_pass(&stage.world, 200, 10);
    mark(&stage, "part", false);
    sample(stage.run);
    fake_pass(&stage.world, 400, 10);
    mark(&stage, "part", false);
    mark(&stage, "outer", false);
    mark(&stage, "open", true);
    fake_pass(&stage.world, 500, 10);
    struct emit_run_result result = close_run(&stage);
    CHECK(result.phase_count == 3 && strcmp(result.phases[0].name, "outer") == 0,
          "three phases, in the order of their first begin");
    check_phase(&result, "outer", 20, 1, 2000, false);
    check_phase(&result, "part", 10, 2, 1000, false);
    check_phase(&result, "open", 5, 1, 500, true);
    CHECK(result.outcomes[0].count == 26000000, "and the run has all of it");
    CHECK(fake_files(stage.path, ".phase") == 3, "their files stay until the run is stored");
    struct emit_error err = {0};
    CHECK(emit_phase_begin(stage.guest, "outer", 0, &err) == EMIT_ABSENT,
          "a run that is over has no phases: %s", err.text);
    emit_run_result_stored(&result);
    emit_run_result_clear(&result);
    tear_down(&stage);
}

static void test_refusals(void) {
    static const char *const bad[] = {
        "",    "total", "Prefill",
        "-x",  ".x",    "_x",
        "a b", "a/b",   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct stage stage;
    struct emit_error err = {0};
    set_up(&stage);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(emit_phase_begin(stage.guest, bad[i], 0, &err) == EMIT_INVALID, "no name: %s",
              err.text);
    CHECK(emit_phase_end(stage.guest, "x", 0, NULL, NULL, &err) == EMIT_INVALID, "%s", err.text);
    CHECK(fake_files(stage.path, ".phase") == 0, "no file was made for any of it");
    mark(&stage, "x", true);
    mark(&stage, "x", false);
    CHECK(emit_phase_end(stage.guest, "x", 0, NULL, NULL, &err) == EMIT_INVALID, "%s", err.text);
    for (int i = 1; i < EMIT_PHASES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        if (emit_phase_begin(stage.guest, name, 0, &err)) CHECK(false, "%s: %s", name, err.text);
    }
    CHECK(emit_phase_begin(stage.guest, "more", 0, &err) == EMIT_FULL, "%s", err.text);
    fake_pass(&stage.world, 100, 10);
    struct emit_run_result result = close_run(&stage);
    CHECK(result.phase_count == EMIT_PHASES_MAX, "%zu phases", result.phase_count);
    emit_run_result_stored(&result);
    emit_run_result_clear(&result);
    tear_down(&stage);
}

// A guest that may read only one of the points; the run may read both.
static void test_denied(void) {
    struct stage stage;
    set_up(&stage);
    emit_phases_close(stage.guest);
    stage.world.found[1] = EMIT_CODE_DENIED;
    stage.guest = visit(&stage);
    mark(&stage, "x", true);
    fake_pass(&stage.world, 300, 10);
    mark(&stage, "x", false);
    struct emit_run_result result = close_run(&stage);
    const struct emit_run_phase *phase = find(&result, "x");
    CHECK(phase->outcomes[0].kind == EMIT_OUTCOME_MEASURED && phase->outcomes[0].count == 3000000,
          "what it may read is measured");
    CHECK(phase->outcomes[1].kind == EMIT_OUTCOME_REFUSED &&
              phase->outcomes[1].code == EMIT_CODE_DENIED && result.outcomes[1].count == 3000000,
          "what it may not is denied, and the run has it");
    emit_run_result_stored(&result);
    emit_run_result_clear(&result);
    tear_down(&stage);
}

static void take_part(void *owner, const struct emit_slot *slots,
                      const struct emit_outcome *outcomes, size_t count, int64_t lasted_ns) {
    uint64_t *told = owner;
    told[0]++;
    told[1] = count == 2 && slots[1].point.device_index == 1 ? outcomes[1].count : 0;
    told[2] = (uint64_t)lasted_ns;
}

// What an end hands back is of its own part, and not of the parts before.
static void test_told(void) {
    struct stage stage;
    uint64_t told[3] = {0};
    set_up(&stage);
    for (int i = 1; i <= 3; i++) {
        mark(&stage, "x", true);
        fake_pass(&stage.world, 100 * i, 10);
        CHECK(emit_phase_end(stage.guest, "x", 0, take_part, told, NULL) == EMIT_OK &&
                  told[0] == (uint64_t)i && told[1] == (uint64_t)i * 1000000 &&
                  told[2] == (uint64_t)i * 100000000,
              "part %d: %llu uJ", i, (unsigned long long)told[1]);
        fake_pass(&stage.world, 50, 10);
    }
    mark(&stage, "x", true);
    mark(&stage, "x", true);
    CHECK(emit_phase_end(stage.guest, "x", 0, take_part, told, NULL) == EMIT_OK && told[0] == 3,
          "an end inside tells nothing");
    emit_run_abandon(stage.run);
    tear_down(&stage);
}

// A meter comes late, and the phase's file grows for one guest under another one's hands.
static void test_grown(void) {
    struct stage stage;
    static const struct emit_meter_settings settings;
    struct fake_world gpus = fake_world_of("gpu-0", "gpu-1");
    struct emit_host host = fake_host_of(&gpus);
    set_up(&stage);
    mark(&stage, "x", true);
    fake_pass(&stage.world, 100, 10);
    mark(&stage, "x", false);
    struct emit_meter *meter = emit_meter_new(&fake_meter, &host, &settings);
    if (!meter) exit(1);
    emit_meter_open(meter);
    CHECK(emit_run_add_meter(stage.run, meter, NULL) == EMIT_OK, "a meter comes late");
    sample(stage.run);
    struct emit_phases *first = stage.guest;
    stage.guest = visit(&stage);
    mark(&stage, "x", true);
    fake_pass(&stage.world, 100, 10);
    mark(&stage, "x", false);
    emit_phases_close(stage.guest);
    stage.guest = first;
    mark(&stage, "x", true);
    fake_pass(&stage.world, 100, 10);
    mark(&stage, "x", false);
    struct emit_run_result result = close_run(&stage);
    const struct emit_run_phase *phase = find(&result, "x");
    CHECK(phase->parts == 3 && phase->count == 4 && phase->outcomes[0].count == 3000000,
          "three parts of two guests add up: %llu uJ",
          (unsigned long long)phase->outcomes[0].count);
    emit_run_result_stored(&result);
    emit_run_result_clear(&result);
    tear_down(&stage);
}

static bool take(void *owner, const struct emit_run_result *result) {
    *(struct emit_run_result *)owner = *result;
    const struct emit_run_phase *phase = find(result, "x");
    int64_t parts = (int64_t)phase->parts, ms = phase->lasted_ns / 1000000;
    // Every part lasts 10 ms and counts 1 J; of the last one nothing may be known.
    bool whole = phase->is_open ? ms / 10 >= parts - 1 : ms == 10 * parts;
    uint64_t counted = phase->outcomes[0].count / 1000000;
    bool counts = phase->outcomes[0].kind == EMIT_OUTCOME_REFUSED ||
                  (counted <= (uint64_t)parts && counted + 1 >= (uint64_t)parts);
    CHECK(whole && counts, "killed: %lld parts of %lld ms have %llu J, %s", (long long)parts,
          (long long)ms, (unsigned long long)counted, emit_code_word(phase->outcomes[0].code));
    return true;
}

static void mark_for_ever(struct stage *stage, int ready) {
    for (int i = 0;; i++) {
        if (emit_phase_begin(stage->guest, "x", 0, NULL)) _exit(1);
        fake_pass(&stage->world, 10, 100);
        if (emit_phase_end(stage->guest, "x", 0, NULL, NULL, NULL)) _exit(1);
        if (i == 0 && write(ready, "x", 1) != 1) _exit(1);
        fake_pass(&stage->world, 10, 100);
        if (i % 7 == 0) sample(stage->run);
    }
}

// kill -9 at random moments: the phase that recovery finds is one that was.
static void test_killed(void) {
    enum { ROUNDS = 40 };
    unsigned seed = 7;
    for (int round = 0; round < ROUNDS; round++) {
        struct stage stage;
        int ready[2], status;
        char byte;
        if (pipe(ready) != 0) exit(1);
        (void)fflush(stdout);
        (void)fake_directory(stage.path);
        pid_t child = fork();
        if (child == 0) {
            char path[64];
            memcpy(path, stage.path, sizeof path);
            set_up(&stage); // makes a directory of its own, which is not used
            fake_remove(stage.path);
            memcpy(stage.path, path, sizeof path);
            struct emit_run_plan plan = fake_plan(path, "run_p");
            if (emit_run_open(&stage.run, &stage.host, &plan, NULL)) _exit(1);
            sample(stage.run);
            stage.guest = visit(&stage);
            mark_for_ever(&stage, ready[1]);
        }
        if (read(ready[0], &byte, 1) != 1) exit(1);
        close(ready[0]);
        close(ready[1]);
        struct timespec pause = {.tv_nsec = rand_r(&seed) % 1000000};
        (void)nanosleep(&pause, NULL);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, &status, 0);
        struct fake_world world = {.now_ns = INT64_MAX / 2};
        struct emit_host host = fake_host_of(&world);
        struct emit_run_result result;
        CHECK(emit_runs_recover(&host, stage.path, take, &result) == 1, "one run was recovered");
        CHECK(fake_files(stage.path, "") == 0, "and nothing stays behind");
        fake_remove(stage.path);
    }
}

// The file of the run that a killed process left, and that of its one phase.
struct left {
    char name[256];
    unsigned char bytes[64 * 1024];
    size_t length;
};

static void load(struct left *left, const char *path, const char *suffix) {
    DIR *directory = opendir(path);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)) != NULL) {
        size_t length = strlen(entry->d_name), end = strlen(suffix);
        if (length > end && strcmp(entry->d_name + length - end, suffix) == 0)
            snprintf(left->name, sizeof left->name, "%s/%.150s", path, entry->d_name);
    }
    if (directory) closedir(directory);
    FILE *file = fopen(left->name, "r");
    left->length = file ? fread(left->bytes, 1, sizeof left->bytes, file) : 0;
    if (file) fclose(file);
}

static void put_back(const struct left *left) {
    FILE *file = fopen(left->name, "w");
    if (!file || fwrite(left->bytes, 1, left->length, file) != left->length) abort();
    fclose(file);
}

static struct { int whole, lost, wrong; } seen;

static bool look(void *owner, const struct emit_run_result *result) {
    (void)owner;
    bool lost = result->phase_count == 0;
    const struct emit_run_phase *phase = lost ? NULL : &result->phases[0];
    seen.lost += lost;
    seen.whole += !lost && phase->outcomes[0].count == 4000000 && phase->parts == 2;
    seen.wrong += !lost && (phase->outcomes[0].count != 4000000 || phase->parts != 2);
    return true;
}

// Bits turned in the file of a phase: it tells what was, or that it is lost.
static void test_damaged(void) {
    enum { STRIDE = 11 };
    struct stage stage;
    static struct left run, phase;
    set_up(&stage);
    pid_t child = fork();
    if (child == 0) { // its locks go with it; what it wrote stays
        for (int i = 0; i < 2; i++) {
            if (emit_phase_begin(stage.guest, "x", 0, NULL)) _exit(1);
            fake_pass(&stage.world, 200, 10);
            sample(stage.run);
            if (emit_phase_end(stage.guest, "x", 0, NULL, NULL, NULL)) _exit(1);
        }
        _exit(0);
    }
    int status;
    (void)waitpid(child, &status, 0);
    load(&run, stage.path, ".run");
    load(&phase, stage.path, ".phase");
    emit_run_abandon(stage.run);
    emit_phases_close(stage.guest);
    struct fake_world world = {.now_ns = INT64_MAX / 2};
    struct emit_host host = fake_host_of(&world);
    for (size_t bit = 0; bit < phase.length * 8; bit += STRIDE) {
        unsigned char *byte = &phase.bytes[bit / 8];
        *byte ^= (unsigned char)(1u << bit % 8);
        put_back(&run);
        put_back(&phase);
        *byte ^= (unsigned char)(1u << bit % 8);
        (void)emit_runs_recover(&host, stage.path, look, NULL);
    }
    CHECK(status == 0 && phase.length > 1000 && seen.wrong == 0 && seen.lost > 100 &&
              seen.whole > 100,
          "%zu bits turned: %d told as it was, %d lost, %d wrong", phase.length * 8 / STRIDE,
          seen.whole, seen.lost, seen.wrong);
    for (size_t length = phase.length; length > 0; length -= length < 97 ? length : 97) {
        struct left cut = phase;
        cut.length = length - 1;
        put_back(&run);
        put_back(&cut);
        (void)emit_runs_recover(&host, stage.path, look, NULL);
    }
    CHECK(seen.wrong == 0, "a file that was cut tells nothing that was not");
    CHECK(fake_files(stage.path, "") == 0, "nothing stays behind");
    fake_remove(stage.path);
}

static void test_no_run(void) {
    struct stage stage;
    (void)fake_directory(stage.path);
    stage.world = fake_world_of("package-0", NULL);
    stage.host = fake_host_of(&stage.world);
    const struct emit_phases_plan plan = {
        .directory = stage.path, .run_id = "run_p", .meters = fake_meters};
    struct emit_error err = {0};
    CHECK(emit_phases_open(&stage.guest, &stage.host, &plan, &err) == EMIT_ABSENT, "%s", err.text);
    // A phase whose run is gone is swept away.
    char name[128];
    snprintf(name, sizeof name, "%s/run_p@", stage.path);
    emit_host_node_name(name + strlen(name), 40);
    for (char *at = strrchr(name, '@') + 1; *at; at++)
        if (*at == '.') *at = '_';
    strcat(name, ".12ab.00.phase");
    FILE *lost = fopen(name, "w");
    if (lost) fclose(lost);
    (void)emit_runs_recover(&stage.host, stage.path, NULL, NULL);
    CHECK(lost && fake_files(stage.path, "") == 0, "a phase without its run is removed");
    fake_remove(stage.path);
}

int main(void) {
    test_story();
    test_refusals();
    test_denied();
    test_told();
    test_grown();
    test_killed();
    test_damaged();
    test_no_run();
    return check_end();
}
