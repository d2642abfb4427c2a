// Runs of one user in several directories: they meet in the user's own one, whichever of
// them comes first, and leave nothing behind there.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"
#include "runs/file.h"

#include <sys/stat.h>
#include <unistd.h>

struct places {
    char own[64], far[64], further[64];
};

static struct emit_run *must_open(struct emit_host *host, const char *directory,
                                  const char *meeting, const char *id) {
    struct emit_run_plan plan = fake_plan(directory, id);
    struct emit_run *run;
    struct emit_error err;
    plan.meeting = meeting;
    if (emit_run_open(&run, host, &plan, &err) || !emit_run_sample(run)) {
        printf("Bail out! run %s does not open: %s\n", id, err.text);
        exit(1);
    }
    return run;
}

static struct emit_run_result must_close(struct emit_run *run) {
    struct emit_run_result result;
    struct emit_error err;
    if (emit_run_close(run, &result, &err)) {
        printf("Bail out! a run does not close: %s\n", err.text);
        exit(1);
    }
    emit_run_result_stored(&result);
    return result;
}

// Links are hidden names.
static int links(const char *directory) {
    DIR *opened = opendir(directory);
    const struct dirent *entry;
    int count = 0;
    while (opened && (entry = readdir(opened)) != NULL) {
        size_t length = strlen(entry->d_name);
        count += length > 3 && strcmp(entry->d_name + length - 3, ".at") == 0;
    }
    if (opened) closedir(opened);
    return count;
}

static void test_one_id(const struct places *at) {
    const struct {
        const char *first, *second, *what;
        int links;
    } rows[] = {{at->far, at->own, "the second keeps its runs at home", 1},
                {at->own, at->far, "the first does", 0},
                {at->far, at->further, "neither does", 1},
                {at->own, at->own, "both do", 0}};
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct emit_run *first = must_open(&host, rows[i].first, at->own, "job");
        struct emit_run *second = must_open(&host, rows[i].second, at->own, "job");
        CHECK(emit_run_samples(first) && !emit_run_samples(second), "one run: %s", rows[i].what);
        CHECK(links(at->own) == rows[i].links, "linked: %s", rows[i].what);
        struct emit_run_result left = must_close(first), result = must_close(second);
        CHECK(left.left_to_others && !result.left_to_others && result.count == 1,
              "the last one closes it: %s", rows[i].what);
        emit_run_result_clear(&left);
        emit_run_result_clear(&result);
        CHECK(links(at->own) == 0 && fake_files(at->own, "") == 0 && fake_files(at->far, "") == 0 &&
                  fake_files(at->further, "") == 0,
              "and nothing is left: %s", rows[i].what);
    }
}

static void test_two_ids(const struct places *at) {
    const char *const directories[] = {at->own, at->far, at->further};
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    for (size_t i = 0; i < 9; i++) {
        struct emit_run *first = must_open(&host, directories[i / 3], at->own, "a");
        struct emit_run *second = must_open(&host, directories[i % 3], at->own, "b");
        fake_pass(&world, 1000, 100);
        struct emit_run_result one = must_close(first), other = must_close(second);
        CHECK(one.outcomes[0].concurrent_runs == 1 && other.outcomes[0].concurrent_runs == 1,
              "%zu: each knows of the other", i);
        emit_run_result_clear(&one);
        emit_run_result_clear(&other);
    }
}

static void test_dead_links(const struct places *at) {
    char node[EMIT_NODE_MAX], link[160];
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    emit_run_file_this_node(node);
    static const char *const ids[] = {"gone", "job"};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(link, sizeof link, "%s/.%s@%s.at", at->own, ids[i], node);
        CHECK(symlink(i ? at->far : "/proc/none", link) == 0, "a link that a dead process left");
    }
    struct emit_run_result result = must_close(must_open(&host, at->own, at->own, "job"));
    CHECK(result.count == 1 && !result.left_to_others, "is no run");
    CHECK(links(at->own) == 0, "and is taken away");
    emit_run_result_clear(&result);
}

// No meeting place is no reason not to meter.
static void test_no_meeting(const struct places *at) {
    struct fake_world world = fake_world_of("package-0", NULL);
    struct emit_host host = fake_host_of(&world);
    static const char *const meetings[] = {NULL, "/proc/none"};
    for (size_t i = 0; i < 2; i++) {
        struct emit_run_result result = must_close(must_open(&host, at->far, meetings[i], "job"));
        CHECK(result.count == 1 && !result.left_to_others, "%zu: a run like any other", i);
        emit_run_result_clear(&result);
    }
}

int main(void) {
    struct places at;
    (void)fake_directory(at.own);
    (void)fake_directory(at.far);
    (void)fake_directory(at.further);
    test_one_id(&at);
    test_two_ids(&at);
    test_dead_links(&at);
    test_no_meeting(&at);
    fake_remove(at.own);
    fake_remove(at.far);
    fake_remove(at.further);
    return check_end();
}
