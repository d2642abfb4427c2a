// Reports of made-up runs, one for every shape a report can have.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_REPORT_CASES_H
#define TESTS_REPORT_CASES_H

#include "made_up.h"

#include "report/report.h"

#include <stdlib.h>
#include <unistd.h>

static struct made_up_run run;

static void typical(void) {
    made_up_add(&run, "GPU-5f2a1b3c-77d0-4c1e-9f00-aabbccddeeff", EMIT_COMPONENT_GPU, 0, 389.9);
    made_up_add(&run, "GPU-91be22aa-1234-4c1e-9f00-aabbccddeeff", EMIT_COMPONENT_GPU, 1, 387.9);
    made_up_add(&run, "package-0", EMIT_COMPONENT_CPU_PACKAGE, 0, 123.6);
    made_up_add(&run, "package-1", EMIT_COMPONENT_CPU_PACKAGE, 1, 98.6);
    made_up_add(&run, "dram-0", EMIT_COMPONENT_DRAM, 0, 16.3);
    made_up_add(&run, "dram-1", EMIT_COMPONENT_DRAM, 1, 15.5);
    made_up_add(&run, "package-0/core", EMIT_COMPONENT_CPU_CORE, 0, 0);
    made_up_lose(&run, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_NESTED, "", "package-0");
}

static void one(void) {
    snprintf(run.result.header.workspace_id, sizeof run.result.header.workspace_id, "ws_local");
    made_up_add(&run, "package-0", EMIT_COMPONENT_CPU_PACKAGE, 0, 4.2);
}

static void eight(void) {
    char id[32];
    for (int i = 0; i < 8; i++) {
        snprintf(id, sizeof id, "package-%d", i);
        made_up_add(&run, id, EMIT_COMPONENT_CPU_PACKAGE, i, 100 + 3.5 * i);
        snprintf(id, sizeof id, "dram-%d", i);
        made_up_add(&run, id, EMIT_COMPONENT_DRAM, i, 10 + i);
    }
    run.result.concurrent_runs = 2;
    for (size_t i = 0; i < run.result.count; i++)
        run.outcomes[i].concurrent_runs = 2, run.outcomes[i].code = EMIT_CODE_SHARED;
}

static void simulated(void) {
    typical();
    for (size_t i = 0; i < run.result.count; i++)
        run.outcomes[i].simulated = true;
}

static void partial(void) {
    typical();
    run.outcomes[3].kind = EMIT_OUTCOME_PARTIAL;
    run.outcomes[3].code = EMIT_CODE_GONE;
    run.outcomes[3].coverage_ratio = 0.625;
}

static void nothing(void) {
    made_up_add(&run, "package-0", EMIT_COMPONENT_CPU_PACKAGE, 0, 0);
    made_up_lose(&run, EMIT_OUTCOME_REFUSED, EMIT_CODE_DENIED, "energy_uj is 0400 root", "");
    made_up_add(&run, "package-1", EMIT_COMPONENT_CPU_PACKAGE, 1, 0);
    made_up_lose(&run, EMIT_OUTCOME_REFUSED, EMIT_CODE_DENIED, "energy_uj is 0400 root", "");
    made_up_add(&run, "dram-0", EMIT_COMPONENT_DRAM, 0, 0);
    made_up_lose(&run, EMIT_OUTCOME_REFUSED, EMIT_CODE_DENIED, "energy_uj is 0400 root", "");
    made_up_add(&run, "psys", EMIT_COMPONENT_PLATFORM, -1, 0);
    made_up_lose(&run, EMIT_OUTCOME_REFUSED, EMIT_CODE_STALE, "", "");
}

static void absent(void) {
    snprintf(run.result.absent[0], sizeof run.result.absent[0],
             "rapl: there is no /sys/class/powercap on this machine (a virtual machine, or a "
             "kernel without CONFIG_POWERCAP)");
}

static void killed(void) {
    one();
    run.result.killed = true;
    run.outcomes[0].kind = EMIT_OUTCOME_PARTIAL;
    run.outcomes[0].code = EMIT_CODE_GAP;
    run.outcomes[0].coverage_ratio = 0.9912;
}

static void all_domains(void) {
    run.result.header.all_domains = true;
    one();
    struct emit_outcome *core = made_up_add(&run, "package-0/core", EMIT_COMPONENT_CPU_CORE, 0, 2);
    core->counts_in_total = false;
    snprintf(core->contained_in, sizeof core->contained_in, "package-0");
    made_up_add(&run, "psys", EMIT_COMPONENT_PLATFORM, -1, 11)->counts_in_total = false;
    made_up_add(&run, "package-0-mmio", EMIT_COMPONENT_CPU_PACKAGE, 0, 0);
    made_up_lose(&run, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_REPLICATE, "", "package-0");
}

// Two GPUs seen by two meters, and a third that one of the two lost.
static void seen_twice(void) {
    static const char *const ids[] = {"GPU-5f2a1b3c-77d0-4c1e-9f00-aabbccddeeff",
                                      "GPU-91be22aa-1234-4c1e-9f00-aabbccddeeff",
                                      "GPU-a0a0a0a0-1234-4c1e-9f00-aabbccddeeff"};
    run.result.header.all_domains = true;
    for (int i = 0; i < 3; i++) {
        made_up_add(&run, ids[i], EMIT_COMPONENT_GPU, i, 389.9);
        snprintf(run.slots[run.result.count - 1].point.meter, EMIT_METER_NAME_MAX, "dcgm");
    }
    for (int i = 0; i < 3; i++) {
        made_up_add(&run, ids[i], EMIT_COMPONENT_GPU, i, 389.9);
        made_up_lose(&run, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_REPLICATE, "", ids[i]);
        struct emit_outcome *twin = &run.outcomes[run.result.count - 1];
        snprintf(twin->because_meter, sizeof twin->because_meter, "dcgm");
        twin->replicate_joules = i == 0 ? 98389.2 : i == 1 ? 98423 : 40010.5;
        twin->replicate_code = i == 2 ? EMIT_CODE_GONE : EMIT_CODE_NONE;
    }
}

static void left(void) {
    one();
    run.result.left_to_others = true;
    made_up_lose(&run, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_ALREADY_METERED, "", "");
}

static void hostile(void) {
    snprintf(run.result.header.command, sizeof run.result.header.command,
             "sh -c '\x1b[2J\xff\xfe rm -rf \xe7\x95\x8c\xe7\x95\x8c\xe7\x95\x8c\xe7\x95\x8c "
             "and a very long tail that nobody wants to read on one line'");
    snprintf(run.result.header.run_id, sizeof run.result.header.run_id, "%0120d", 7);
    made_up_add(&run, "\x1b]0;owned\x07 a device with a very, very long name, no end",
                EMIT_COMPONENT_GPU_MODULE, 123456789, 1e9);
    made_up_add(&run, "package-0-die-1/uncore-and-a-tail", EMIT_COMPONENT_CPU_UNCORE, 0, 1e-9);
}

static const struct {
    const char *name; // of the file that holds the text
    void (*make)(void);
} cases[] = {
    {"typical", typical},     {"one-package", one},       {"eight-packages-collapsed", eight},
    {"simulated", simulated}, {"partial", partial},       {"nothing-readable", nothing},
    {"nothing-here", absent}, {"killed", killed},         {"all-domains", all_domains},
    {"left-to-others", left}, {"hostile-names", hostile}, {"gpus-seen-twice", seen_twice},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

// What emit run adds before it publishes. serial > 0 makes a run of its own of the case.
static inline void build(struct emit_report *report, size_t index, size_t serial) {
    struct emit_error err;
    made_up_init(&run);
    cases[index].make();
    if (serial)
        (void)snprintf(run.result.header.run_id, sizeof run.result.header.run_id,
                       "run_01JD9Z6Q3K7V8M2N4P6R8T00%02zu", serial);
    // What helps depends on who asks: these are reports of a user who is not root.
    uid_t user = geteuid();
    if (user == 0 && seteuid(65534) != 0) abort();
    if (emit_report_build(report, &run.result, &err) != EMIT_OK) abort();
    if (user == 0 && seteuid(user) != 0) abort();
    report->has_exit = !run.result.killed;
}

// What publishing adds when all goes well.
static inline void build_published(struct emit_report *report, size_t index) {
    build(report, index, 0);
    report->stored = !run.result.left_to_others;
    for (size_t i = 0; i < report->point_count; i++)
        report->events_made += emit_outcome_has_energy(&report->outcomes[i]);
    report->events_stored = report->events_made;
}

#endif
