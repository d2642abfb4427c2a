// Looking at runs that go on: as their last sample left them, and nothing is changed.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"

struct seen {
    size_t count;
    char last[EMIT_RUN_ID_MAX];
    double joules;
    int64_t window_ns;
    bool is_whole, is_ours;
};

static void view(void *owner, const struct emit_run_result *result, uid_t user) {
    struct seen *seen = owner;
    seen->count++;
    (void)snprintf(seen->last, sizeof seen->last, "%s", result->header.run_id);
    seen->joules = result->count ? result->outcomes[0].joules : -1;
    seen->is_whole = result->count == 2 && result->outcomes[0].kind == EMIT_OUTCOME_MEASURED &&
                     !result->killed && !result->left_to_others;
    seen->is_ours = user == geteuid();
    seen->window_ns = result->end_ns - result->header.start_ns;
}

static struct seen look(struct emit_host *host, const char *directory) {
    struct seen seen = {0};
    size_t told = emit_runs_look(host, directory, view, &seen);
    CHECK(told == seen.count, "%zu seen are %zu told", seen.count, told);
    return seen;
}

int main(void) {
    char directory[64];
    struct fake_world world = fake_world_of("package-0", "package-1");
    struct emit_host host = fake_host_of(&world);
    fake_directory(directory);
    CHECK(look(&host, directory).count == 0, "an empty directory has none");
    CHECK(look(&host, "/nowhere").count == 0, "nor has one that is not there");

    struct emit_run_plan plan = fake_plan(directory, "open");
    struct emit_run *run;
    if (emit_run_open(&run, &host, &plan, NULL)) return 1;
    CHECK(emit_run_sample(run), "a run");
    emit_run_job_started(run, world.now_ns);
    fake_pass(&world, 1000, 50);
    CHECK(emit_run_sample(run), "is sampled");
    fake_pass(&world, 500, 50);
    struct seen seen = look(&host, directory);
    CHECK(seen.count == 1 && seen.is_whole && seen.is_ours, "it is seen, whole and ours");
    CHECK_STRING(seen.last, "open", "by its name");
    CHECK(seen.joules == 50 && seen.window_ns == 1000000000, "until its last sample: %g J",
          seen.joules);
    seen = look(&host, directory);
    CHECK(seen.joules == 50, "looking changes nothing");

    struct emit_run_result result;
    emit_run_job_ended(run, world.now_ns);
    if (emit_run_close(run, &result, NULL)) return 1;
    CHECK(result.outcomes[0].joules == 75, "closed it has all: %g J", result.outcomes[0].joules);
    CHECK(look(&host, directory).count == 0, "and is not open any more, although not yet stored");
    emit_run_result_stored(&result);
    emit_run_result_clear(&result);
    fake_remove(directory);
    return check_end();
}
