// One energy, two producers: what a meter of the run counted is found, stored or under way,
// and a run is told when a model was faster than its meter.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fake.h"
#include "made_line.h"
#include "made_up.h"

#include "agent/intake.h"
#include "agent/metered.h"
#include "agent/publish.h"

#include <signal.h>
#include <sys/wait.h>

static char folder[64];
static struct made_up_run run;
static struct emit_error err;

static struct emit_outbox *open_outbox(const char *name) {
    char path[128];
    struct emit_outbox *outbox = NULL;
    (void)snprintf(path, sizeof path, "%s/%s/outbox.db", folder, name);
    const struct emit_outbox_options options = {.path = path};
    if (emit_outbox_open(&outbox, &options, &err) != EMIT_OK) abort();
    return outbox;
}

static bool has_measured(struct emit_outbox *outbox, const char *run_id) {
    struct emit_host host;
    struct emit_place place = {0};
    bool found = false;
    (void)snprintf(place.runs, sizeof place.runs, "%s/runs", folder);
    if (emit_host_open(&host, NULL, &err) != EMIT_OK ||
        emit_run_has_measured(&host, &place, outbox, run_id, &found, &err) != EMIT_OK)
        abort();
    emit_host_close(&host);
    return found;
}

// Publishes a run with one point; answers how many diagnostics say already-modeled.
static size_t publish(struct emit_outbox *outbox, enum emit_component component,
                      enum emit_outcome_kind kind) {
    struct emit_report report;
    size_t said = 0;
    made_up_init(&run);
    (void)made_up_add(&run, "GPU-1", component, 0, 250);
    if (kind == EMIT_OUTCOME_REFUSED) made_up_lose(&run, kind, EMIT_CODE_STALE, "", "");
    const struct emit_destination to = {.outbox = outbox};
    if (emit_report_build(&report, &run.result, &err) != EMIT_OK ||
        emit_publish(&report, &run.result, &to, &err) != EMIT_OK)
        abort();
    for (size_t i = 0; i < report.diagnostic_count; i++)
        said += report.diagnostics[i].code == EMIT_CODE_ALREADY_MODELED;
    emit_report_clear(&report);
    return said;
}

static void test_stored(void) {
    made_up_init(&run);
    const char *run_id = run.result.header.run_id;
    static const struct {
        const char *what;
        enum emit_component component;
        enum emit_outcome_kind kind;
        bool measured;
    } cases[] = {
        {"a GPU", EMIT_COMPONENT_GPU, EMIT_OUTCOME_MEASURED, true},
        {"a whole GPU module", EMIT_COMPONENT_GPU_MODULE, EMIT_OUTCOME_MEASURED, true},
        {"a GPU without energy", EMIT_COMPONENT_GPU, EMIT_OUTCOME_REFUSED, false},
        {"a package", EMIT_COMPONENT_CPU_PACKAGE, EMIT_OUTCOME_MEASURED, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "stored-%zu", i);
        struct emit_outbox *outbox = open_outbox(name);
        CHECK(!has_measured(outbox, run_id), "nothing is known of the run");
        CHECK(publish(outbox, cases[i].component, cases[i].kind) == 0, "no model was there");
        CHECK(has_measured(outbox, run_id) == cases[i].measured, "the run has measured GPUs: %s",
              cases[i].what);
        CHECK(!has_measured(outbox, "run_other") && !has_measured(NULL, run_id),
              "another run has not, and without a store nobody knows");
        emit_outbox_close(outbox);
    }
}

// One modeled event of the run, by whom it was served.
static void model(struct emit_outbox *outbox, bool here) {
    static struct made_line made;
    const struct emit_destination to = {.outbox = outbox};
    struct emit_intake *intake = NULL;
    made_line_make(&made, run.result.header.run_id, here, 100, here);
    if (emit_intake_open(&intake, &to, NULL, &err) != EMIT_OK ||
        emit_intake_add(intake, &made.entry, NULL, &err) != EMIT_OK ||
        emit_intake_finish(intake, &err) != EMIT_OK) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    emit_intake_close(intake);
}

// A store that nobody has opened is looked into, and one that is not there is not made.
static void test_looking(void) {
    char path[128];
    struct emit_host host;
    made_up_init(&run);
    const char *run_id = run.result.header.run_id;
    struct emit_outbox *outbox = open_outbox("looked");
    (void)publish(outbox, EMIT_COMPONENT_GPU, EMIT_OUTCOME_MEASURED);
    emit_outbox_close(outbox);
    if (emit_host_open(&host, NULL, &err) != EMIT_OK) abort();
    for (int is_there = 0; is_there < 2; is_there++) {
        bool found = false;
        (void)snprintf(path, sizeof path, "%s/%s/outbox.db", folder, is_there ? "looked" : "none");
        CHECK(emit_run_look_measured(&host, path, NULL, run_id, &found, &err) == EMIT_OK &&
                  found == is_there,
              is_there ? "a run is found in a store that is there" : "and in none that is not");
    }
    emit_host_close(&host);
    (void)snprintf(path, sizeof path, "%s/none", folder);
    CHECK(access(path, F_OK) != 0, "none is made");
}

static void test_modeled_before(void) {
    struct emit_outbox *outbox = open_outbox("modeled");
    made_up_init(&run);
    model(outbox, false);
    CHECK(publish(outbox, EMIT_COMPONENT_GPU, EMIT_OUTCOME_MEASURED) == 0,
          "tokens that somebody else served are no matter of ours");
    model(outbox, true);
    CHECK(publish(outbox, EMIT_COMPONENT_CPU_PACKAGE, EMIT_OUTCOME_MEASURED) == 0,
          "nor are those served here, where no GPU was measured");
    CHECK(publish(outbox, EMIT_COMPONENT_GPU, EMIT_OUTCOME_MEASURED) == 1,
          "but where one was, the report says so");
    emit_outbox_close(outbox);
}

// --- A run that goes on ---

static enum emit_component component;

static enum emit_status open_component(void *state, struct emit_host *host,
                                       const struct emit_meter_settings *settings,
                                       struct emit_points *points, struct emit_error *why) {
    enum emit_status status = fake_open(state, host, settings, points, why);
    for (size_t i = 0; i < points->count; i++)
        points->at[i].component = component;
    return status;
}

static pid_t start_run(const char *run_id) {
    int ready[2];
    char byte;
    char runs[80];
    (void)snprintf(runs, sizeof runs, "%s/runs", folder);
    if (pipe(ready) != 0) abort();
    pid_t child = fork();
    if (child == 0) {
        struct fake_world world = fake_world_of("GPU-1", NULL);
        struct emit_host host = fake_host_of(&world);
        struct emit_meter_type meter = fake_meter;
        const struct emit_meter_type *meters[] = {&meter, NULL};
        meter.open = open_component;
        struct emit_run_plan plan = fake_plan(runs, run_id);
        plan.meters = meters;
        struct emit_run *opened;
        if (emit_run_open(&opened, &host, &plan, &err) != EMIT_OK) _exit(1);
        for (int i = 0; i < 3; i++) {
            if (!emit_run_sample(opened)) _exit(1);
            if (i == 0) emit_run_job_started(opened, world.now_ns);
            fake_pass(&world, 1000, 100);
        }
        if (write(ready[1], "r", 1) != 1) _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    if (child < 0 || read(ready[0], &byte, 1) != 1) abort();
    close(ready[0]);
    return child;
}

static void test_living(void) {
    struct emit_outbox *outbox = open_outbox("living");
    for (int i = 0; i < 2; i++) {
        component = i ? EMIT_COMPONENT_GPU : EMIT_COMPONENT_CPU_PACKAGE;
        pid_t child = start_run("run_lives");
        CHECK(has_measured(outbox, "run_lives") == (i == 1) &&
                  has_measured(NULL, "run_lives") == (i == 1),
              "a run that goes on meters %s", i ? "a GPU" : "no GPU");
        CHECK(!has_measured(outbox, "run_other"), "another one does not go on");
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        char command[128];
        (void)snprintf(command, sizeof command, "rm -rf '%s/runs'", folder);
        if (system(command) != 0) abort();
    }
    emit_outbox_close(outbox);
}

int main(void) {
    char command[128];
    (void)fake_directory(folder);
    test_stored();
    test_looking();
    test_modeled_before();
    test_living();
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0) printf("# cannot remove %s\n", folder);
    return check_end();
}
