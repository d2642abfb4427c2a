// A run from open to stored: the counts, the clocks, the file, and what is said
// when there is nothing to say.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void check_plain(const char *directory) {
    struct fake_world world = fake_world_of("package-0", "package-1");
    struct emit_host host = fake_host_of(&world);
    struct emit_run_plan plan = fake_plan(directory, "run a");
    struct emit_run *run;
    struct emit_run_result result;
    struct emit_error err = {0};
    struct emit_slot slots[4];

    CHECK(emit_run_open(&run, &host, &plan, &err) == EMIT_OK, "opens %s", err.text);
    CHECK(fake_files(directory ? directory : "/nowhere", "run") == (directory != NULL), "one file");
    CHECK(emit_run_next_ns(run) <= world.now_ns, "the first sample is wanted now");
    CHECK(emit_run_sample(run), "samples");
    CHECK(emit_run_next_ns(run) == world.now_ns + 1000000000, "the next one a pace later");
    emit_run_job_started(run, world.now_ns);
    fake_pass(&world, 1000, 50);
    CHECK(emit_run_sample(run), "samples");
    CHECK(emit_run_peek(run, slots, 4) == 2, "two points to look at");
    CHECK(slots[1].tally.carried_count == 50000000 && slots[1].tally.samples == 2, "50 J so far");
    CHECK(emit_run_peek(run, slots, 1) == 1, "no more than there is room for");
    fake_pass(&world, 500, 100);
    emit_run_job_ended(run, world.now_ns);
    CHECK(emit_run_close(run, &result, &err) == EMIT_OK, "closes");
    CHECK(world.opened == 1 && world.closed == 1 && world.reads == 3, "the meter read 3 times");
    CHECK(result.count == 2 && !result.killed && !result.left_to_others, "two points");
    for (size_t i = 0; i < result.count; i++) {
        const struct emit_outcome *outcome = &result.outcomes[i];
        CHECK(outcome->kind == EMIT_OUTCOME_MEASURED && outcome->code == EMIT_CODE_NONE,
              "measured");
        CHECK(outcome->count == 100000000 && outcome->samples == 3, "100 J in 3 samples");
        CHECK(outcome->to_ns - outcome->from_ns == 1500000000, "in 1.5 s");
    }
    CHECK(result.end_ns - result.header.start_ns == 1500000000, "the run took as long");
    CHECK(result.end_wall_ns - result.header.start_wall_ns == 1500000000, "by the wall, too");
    CHECK(result.header.start_wall_ns == 1700000005000000000, "and began when it did");
    CHECK_STRING(result.header.run_id, "run a", "run");
    CHECK_STRING(result.header.workspace_id, "ws_1", "workspace");
    CHECK_STRING(result.header.command, "test", "command");
    emit_run_result_stored(&result);
    if (directory) CHECK(fake_files(directory, "") == 0, "stored: the file is gone");
    emit_run_result_clear(&result);
}

static size_t taken;
static struct emit_outcome taken_outcome;
static bool taken_killed;
static bool take(void *owner, const struct emit_run_result *result) {
    taken++;
    taken_killed = result->killed;
    if (result->count) taken_outcome = result->outcomes[0];
    return *(bool *)owner;
}

// A process that dies between close and stored leaves the same outcomes behind.
static void check_closed_but_not_stored(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    struct emit_run_plan plan = fake_plan(directory, "run_b");
    struct emit_run *run;
    struct emit_run_result result;
    bool yes = true, no = false;

    if (emit_run_open(&run, &host, &plan, NULL) || !emit_run_sample(run)) return;
    fake_pass(&world, 700, 80);
    CHECK(emit_run_close(run, &result, NULL) == EMIT_OK, "closes");
    CHECK(emit_runs_recover(&host, directory, take, &yes) == 0, "it is ours until it is cleared");
    struct emit_outcome outcome = result.outcomes[0];
    int64_t end_wall_ns = result.end_wall_ns;
    emit_run_result_clear(&result);
    fake_pass(&world, 100000, 80);
    CHECK(emit_runs_recover(&host, directory, take, &no) == 0 && taken == 1, "not taken: it stays");
    CHECK(emit_runs_recover(&host, directory, take, &yes) == 1 && taken == 2, "recovered");
    CHECK(!taken_killed && memcmp(&outcome, &taken_outcome, sizeof outcome) == 0,
          "to the same outcome, not as a killed run");
    CHECK(end_wall_ns > 0 && fake_files(directory, "") == 0, "and nothing stays behind");
}

// The machine slept between two samples: only the clocks show it, whatever the counter did.
static void check_suspend(bool begins_anew) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    struct emit_run_plan plan = fake_plan(NULL, "run_s");
    struct emit_run *run;
    struct emit_run_result result;
    const char *how = begins_anew ? "asleep, began anew" : "asleep, went on";

    if (emit_run_open(&run, &host, &plan, NULL) || !emit_run_sample(run)) return;
    emit_run_job_started(run, world.now_ns);
    fake_pass(&world, 1000, 50);
    if (!emit_run_sample(run)) return;
    fake_pass(&world, 1000, 50);
    world.slept_ns = 3600000000000;
    if (begins_anew) world.counts[0] = 7;
    if (!emit_run_sample(run)) return;
    fake_pass(&world, 2000, 50);
    emit_run_job_ended(run, world.now_ns);
    CHECK(emit_run_close(run, &result, NULL) == EMIT_OK, "%s: closes", how);
    const struct emit_outcome *outcome = &result.outcomes[0];
    CHECK(outcome->kind == EMIT_OUTCOME_PARTIAL && outcome->code == EMIT_CODE_RESET, "%s: %s %s",
          how, emit_outcome_word(outcome->kind), emit_code_word(outcome->code));
    CHECK(outcome->count == 150000000 && outcome->wraps == 0, "%s: 150 of 200 J are known", how);
    CHECK(outcome->coverage_ratio == 0.75, "%s: 3 of 4 s", how);
    CHECK(result.end_ns - result.header.start_ns == 4000000000, "%s: the window is time awake",
          how);
    CHECK(result.end_wall_ns - result.header.start_wall_ns == 3604000000000,
          "%s: the wall clock tells of the hour", how);
    emit_run_result_clear(&result);
}

static void check_nothing_to_meter(void) {
    struct fake_world world = fake_world_of(NULL, NULL);
    struct emit_host host = fake_host_of(&world);
    struct emit_run_plan plan = fake_plan(NULL, "run_c");
    struct emit_run *run;
    struct emit_run_result result;
    CHECK(emit_run_open(&run, &host, &plan, NULL) == EMIT_OK, "a run without points is a good run");
    CHECK(emit_run_next_ns(run) == INT64_MAX, "that wants no samples");
    CHECK(emit_run_sample(run) && emit_run_close(run, &result, NULL) == EMIT_OK, "and closes");
    CHECK(result.count == 0 && world.opened == world.closed, "with nothing found");
    CHECK_STRING(result.absent[0], "no fake here", "absent");
    CHECK(result.absent[1][0] == '\0', "and no more");
    emit_run_result_clear(&result);
    plan.meters = NULL;
    CHECK(emit_run_open(&run, &host, &plan, NULL) == EMIT_OK, "no meters at all");
    emit_run_abandon(run);
    emit_run_abandon(NULL);
}

static void check_denied(void) {
    struct fake_world world = fake_world_of("package-0", "package-1");
    struct emit_host host = fake_host_of(&world);
    struct emit_run_plan plan = fake_plan(NULL, "run_d");
    struct emit_run *run;
    struct emit_run_result result;
    world.found[0] = world.found[1] = EMIT_CODE_DENIED;
    if (emit_run_open(&run, &host, &plan, NULL)) return;
    CHECK(emit_run_next_ns(run) == INT64_MAX, "what may not be read wants no samples");
    CHECK(emit_run_close(run, &result, NULL) == EMIT_OK, "closes");
    CHECK(result.outcomes[1].kind == EMIT_OUTCOME_REFUSED &&
              result.outcomes[1].code == EMIT_CODE_DENIED,
          "refused denied");
    emit_run_result_clear(&result);
}

static void check_late_and_unclosed(void) {
    struct fake_world world = fake_world_of("package-0", "package-1");
    struct emit_host host = fake_host_of(&world);
    struct emit_run_plan plan = fake_plan(NULL, "run_e");
    struct emit_run *run;
    struct emit_run_result result;
    if (emit_run_open(&run, &host, &plan, NULL)) return;
    emit_run_job_started(run, world.now_ns);
    fake_pass(&world, 500, 100);
    if (!emit_run_sample(run)) return;
    fake_pass(&world, 500, 100);
    if (!emit_run_sample(run)) return;
    fake_pass(&world, 1000, 100);
    world.codes[1] = EMIT_CODE_MALFORMED;
    CHECK(emit_run_close(run, &result, NULL) == EMIT_OK, "closes");
    CHECK(result.outcomes[0].kind == EMIT_OUTCOME_PARTIAL &&
              result.outcomes[0].code == EMIT_CODE_LATE && result.outcomes[0].count == 150000000,
          "first read half a second after the job began: late");
    CHECK(result.outcomes[0].coverage_ratio * 4 == 3, "three quarters are covered");
    CHECK(result.outcomes[1].kind == EMIT_OUTCOME_PARTIAL &&
              result.outcomes[1].code == EMIT_CODE_MALFORMED &&
              result.outcomes[1].count == 50000000,
          "no closing sample: malformed");
    CHECK(result.outcomes[1].coverage_ratio * 4 == 1, "a quarter is covered");
    emit_run_result_clear(&result);
}

static void check_pace(void) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    struct emit_run_plan plan = fake_plan(NULL, "run_f");
    struct emit_run *run;
    plan.pace_ns = 0;
    if (emit_run_open(&run, &host, &plan, NULL) || !emit_run_sample(run)) return;
    CHECK(emit_run_next_ns(run) - world.now_ns == 65535832227, "auto: a quarter of the wrap time");
    emit_run_abandon(run);
    plan.pace_ns = 100000000000;
    if (emit_run_open(&run, &host, &plan, NULL) || !emit_run_sample(run)) return;
    CHECK(emit_run_next_ns(run) - world.now_ns == 65535832227, "100 s: shortened to that");
    emit_run_abandon(run);
    world.modulus = 0;
    plan.pace_ns = 0;
    if (emit_run_open(&run, &host, &plan, NULL) || !emit_run_sample(run)) return;
    CHECK(emit_run_next_ns(run) == INT64_MAX, "auto, and no wrap: the two edges are enough");
    emit_run_abandon(run);
    world.accuracy = EMIT_ACCURACY_POWER_INTEGRATED;
    if (emit_run_open(&run, &host, &plan, NULL) || !emit_run_sample(run)) return;
    CHECK(emit_run_next_ns(run) - world.now_ns == 1000000, "watts: as often as they change");
    emit_run_abandon(run);
    world.now_ns = 10000000000; // on the grid
    plan.floor_ns = 1000000000;
    if (emit_run_open(&run, &host, &plan, NULL) || !emit_run_sample(run)) return;
    struct emit_slot slot;
    CHECK(emit_run_next_ns(run) - world.now_ns == 1000000000, "watts on a grid: every tick");
    CHECK(emit_run_peek(run, &slot, 1) == 1 && slot.point.update_period_ns == 1000000000,
          "which then is how often they change");
    emit_run_abandon(run);
}

static void check_ids(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    char longest[EMIT_RUN_ID_MAX + 1] = {0}, ids[2][EMIT_RUN_ID_MAX];
    memset(longest, 'x', EMIT_RUN_ID_MAX);
    const char *bad[] = {"", "a/b", "../a", "a\nb", "\x7f", "caf\xc3\xa9", longest};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct emit_run_plan plan = fake_plan(directory, bad[i]);
        struct emit_run *run;
        CHECK(emit_run_open(&run, &host, &plan, NULL) == EMIT_INVALID, "unusable id %zu", i);
    }
    longest[EMIT_RUN_ID_MAX - 1] = '\0';
    const char *good[] = {"a", ".", "..", "run 1", longest, "-rf", "a@b", "x.run"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct emit_run_plan plan = fake_plan(directory, good[i]);
        struct emit_run *run;
        int opened = emit_run_open(&run, &host, &plan, NULL) == EMIT_OK;
        CHECK(opened, "usable id %s", good[i]);
        if (opened) emit_run_abandon(run);
    }
    CHECK(fake_files(directory, "") == 0, "abandoned runs leave nothing");
    emit_run_id_new(&host, ids[0]);
    emit_run_id_new(&host, ids[1]);
    CHECK(strlen(ids[0]) == 30 && strncmp(ids[0], "run_", 4) == 0, "new id %s", ids[0]);
    CHECK(strspn(ids[0] + 4, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == 26, "in Crockford's digits");
    CHECK(strcmp(ids[0], ids[1]) != 0 && strncmp(ids[0], ids[1], 14) == 0, "differs, same time");
    CHECK(strncmp(ids[0], "run_01HF7YAYW8", 14) == 0, "the time is in the first ten digits");
    world.now_ns += 1000000;
    emit_run_id_new(&host, ids[1]);
    CHECK(strcmp(ids[0], ids[1]) < 0, "later ids sort later");
}

static void check_directory(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    struct stat status;
    char path[128], file[256];
    (void)snprintf(path, sizeof path, "%s/deep/runs", directory);
    struct emit_run_plan plan = fake_plan(path, "run_g");
    struct emit_run *run;
    CHECK(emit_run_open(&run, &host, &plan, NULL) == EMIT_OK, "makes the directory");
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0700, "for this user alone");
    emit_run_abandon(run);
    CHECK(chmod(path, 0777) == 0 && emit_run_open(&run, &host, &plan, NULL) == EMIT_DENIED,
          "one that others may write to is refused");
    CHECK(rmdir(path) == 0, "is empty");
    (void)snprintf(file, sizeof file, "%s/deep/elsewhere", directory);
    CHECK(symlink("/tmp", path) == 0 && emit_run_open(&run, &host, &plan, NULL) != EMIT_OK,
          "a link is not followed");
    CHECK(unlink(path) == 0, "link removed");
    (void)snprintf(path, sizeof path, "%s/deep", directory);
    CHECK(rmdir(path) == 0, "nothing left");
}

// A disk without room: the file may not grow, as far as a limit can play that.
static void check_no_room(const char *directory) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    struct emit_run_plan plan = fake_plan(directory, "run_h");
    struct emit_run *run;
    struct rlimit limit, none;
    struct emit_error err = {0};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0) return;
    none = limit;
    none.rlim_cur = 1024;
    if (setrlimit(RLIMIT_FSIZE, &none) != 0) return;
    enum emit_status status = emit_run_open(&run, &host, &plan, &err);
    (void)setrlimit(RLIMIT_FSIZE, &limit);
    CHECK(status != EMIT_OK && err.text[0], "no room: %s", err.text);
    CHECK(world.opened == world.closed && fake_files(directory, "") == 0, "nothing stays behind");
    plan.directory = NULL;
    CHECK(emit_run_open(&run, &host, &plan, &err) == EMIT_OK, "in memory it works");
    emit_run_abandon(run);
}

int main(void) {
    char path[64];
    const char *directory = fake_directory(path);
    check_plain(directory);
    check_plain(NULL);
    check_closed_but_not_stored(directory);
    check_suspend(true);
    check_suspend(false);
    check_nothing_to_meter();
    check_denied();
    check_late_and_unclosed();
    check_pace();
    check_ids(directory);
    check_directory(directory);
    check_no_room(directory);
    fake_remove(directory);
    return check_end();
}
