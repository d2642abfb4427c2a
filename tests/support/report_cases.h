// Reports of made-up runs, one for every shape a report can have.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_REPORT_CASES_H
#define TESTS_REPORT_CASES_H

#include "made_up.h"

#include "report/report.h"

#include <stdlib.h>
#include <unistd.h>

static struct made_up_run run;
static struct emit_served_told told; // of an inference server; nobody's: no server is asked

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
    for (size_t i = 0; i < 3; i++) // of some devices: they still share a row with the others
        run.outcomes[i].concurrent_runs = 2, run.outcomes[i].code = EMIT_CODE_SHARED;
}

static void tasks(void) {
    one();
    run.result.jobs.begun = 64;
    run.result.jobs.exits[0] = 59;
    run.result.jobs.exits[1] = 3;
    run.result.jobs.exits[137] = 1;
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
    run.result.silent[0] = (struct emit_run_silence){"dcgm", 12400000000};
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

// The meter of the point that was added last.
static void by(const char *meter, enum emit_source source) {
    struct emit_point *point = &run.slots[run.result.count - 1].point;
    snprintf(point->meter, sizeof point->meter, "%s", meter);
    point->source = source;
}

// One of eight GPUs, as one meter sees it.
static struct emit_outcome *add_gpu(int index, const char *meter, enum emit_source source) {
    char id[EMIT_DEVICE_ID_MAX];
    snprintf(id, sizeof id, "GPU-%08x-77d0-4c1e-9f00-aabbccddeeff",
             0x5f2a1b3cu + 7919u * (unsigned)index);
    struct emit_outcome *outcome =
        made_up_add(&run, id, EMIT_COMPONENT_GPU, index, 612 + 9 * index);
    by(meter, source);
    return outcome;
}

// The point that was added last is counted by another meter too, which stands for it.
static void replicate(struct emit_outcome *outcome, double joules) {
    char because[EMIT_DEVICE_ID_MAX];
    memcpy(because, run.slots[run.result.count - 1].point.device_id, sizeof because);
    made_up_lose(&run, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_REPLICATE, "", because);
    memcpy(outcome->because_meter, "dcgm", sizeof "dcgm");
    outcome->replicate_joules = joules;
}

static void sockets(void) {
    made_up_add(&run, "package-0", EMIT_COMPONENT_CPU_PACKAGE, 0, 123.6);
    made_up_add(&run, "package-1", EMIT_COMPONENT_CPU_PACKAGE, 1, 98.6);
    made_up_add(&run, "dram-0", EMIT_COMPONENT_DRAM, 0, 16.3);
    made_up_add(&run, "dram-1", EMIT_COMPONENT_DRAM, 1, 15.5);
}

static void eight_gpus(void) {
    for (int i = 0; i < 8; i++)
        add_gpu(i, "dcgm", EMIT_SOURCE_DCGM);
    for (int i = 0; i < 8; i++) {
        struct emit_outcome *outcome = add_gpu(i, "nvml", EMIT_SOURCE_NVML);
        replicate(outcome, outcome->joules * (1 + 0.0004 * i));
    }
    sockets();
    made_up_add(&run, "package-0/core", EMIT_COMPONENT_CPU_CORE, 0, 0);
    made_up_lose(&run, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_NESTED, "", "package-0");
}

// One lost in mid-run, one that gives power only, one that was never readable.
static void eight_gpus_mixed(void) {
    for (int i = 0; i < 8; i++)
        add_gpu(i, "nvml", EMIT_SOURCE_NVML);
    run.outcomes[3].kind = EMIT_OUTCOME_PARTIAL;
    run.outcomes[3].code = EMIT_CODE_GONE;
    run.outcomes[3].coverage_ratio = 0.41;
    run.slots[5].point.accuracy = EMIT_ACCURACY_POWER_INTEGRATED;
    sockets();
    add_gpu(8, "nvml", EMIT_SOURCE_NVML);
    made_up_lose(&run, EMIT_OUTCOME_REFUSED, EMIT_CODE_DENIED,
                 "the driver answers NVML_ERROR_NO_PERMISSION", "");
}

// A run that may use two of four devices, in a machine whose second meter saw one of them.
static void some_gpus(void) {
    for (int i = 0; i < 4; i++) {
        add_gpu(i, "nvml", EMIT_SOURCE_NVML);
        if (i < 2)
            made_up_lose(&run, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_UNASSIGNED,
                         "not in CUDA_VISIBLE_DEVICES=2,3", "");
    }
    struct emit_outcome *outcome = add_gpu(3, "dcgm-exporter", EMIT_SOURCE_DCGM);
    replicate(outcome, 0);
    memcpy(outcome->because_meter, "nvml", sizeof "nvml");
    outcome->replicate_code = EMIT_CODE_BELOW_RESOLUTION;
    add_gpu(1, "dcgm-exporter", EMIT_SOURCE_DCGM);
    made_up_lose(&run, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_UNASSIGNED, "", "");
    made_up_add(&run, "package-0", EMIT_COMPONENT_CPU_PACKAGE, 0, 88);
}

static void modules(void) {
    struct emit_outcome *outcome = add_gpu(0, "dcgm-exporter", EMIT_SOURCE_DCGM);
    run.slots[0].point.component = EMIT_COMPONENT_GPU_MODULE;
    outcome->joules *= 1.4;
    add_gpu(1, "nvml", EMIT_SOURCE_NVML);
    run.slots[1].point.component = EMIT_COMPONENT_GPU_MODULE;
    run.slots[1].point.accuracy = EMIT_ACCURACY_POWER_INTEGRATED;
    run.slots[0].point.traits |= EMIT_TRAIT_PAIRED;
    run.slots[1].point.traits |= EMIT_TRAIT_PAIRED;
}

// Phases of the typical run: one whole, one of several parts that lacks a GPU, one of
// which nothing is known.
static void phases(void) {
    enum { PHASES = 3 };
    static struct emit_run_phase made[PHASES];
    static struct emit_slot slots[PHASES][8];
    static struct emit_outcome outcomes[PHASES][8];
    static const char *const names[PHASES] = {"prefill", "decode",
                                              "a-name-that-is-longer-than-most-are"};
    static const double lasted[PHASES] = {0.1, 0.75, 0.0000001};
    typical();
    for (int phase = 0; phase < PHASES; phase++) {
        made[phase] = (struct emit_run_phase){
            .parts = phase == 1 ? 4096 : 1,
            .is_open = phase == 2,
            .from_ns = run.result.header.start_ns + (1 + phase) * made_up_second,
            .lasted_ns = (int64_t)(252.4 * lasted[phase] * 1e9),
            .count = run.result.count,
            .slots = slots[phase],
            .outcomes = outcomes[phase],
        };
        made[phase].ended_ns = made[phase].from_ns + made[phase].lasted_ns;
        snprintf(made[phase].name, sizeof made[phase].name, "%s", names[phase]);
        memcpy(slots[phase], run.slots, sizeof slots[phase]);
        memcpy(outcomes[phase], run.outcomes, sizeof outcomes[phase]);
        for (size_t i = 0; i < run.result.count; i++) {
            struct emit_outcome *outcome = &outcomes[phase][i];
            bool lost = (phase == 1 && i == 1) || (phase == 2 && emit_outcome_has_energy(outcome));
            outcome->joules *= lasted[phase];
            outcome->from_ns = made[phase].from_ns;
            outcome->to_ns = made[phase].from_ns + made[phase].lasted_ns;
            outcome->samples = 100;
            outcome->sampling_hz = 99 / (252.4 * lasted[phase]);
            if (lost)
                *outcome = (struct emit_outcome){.kind = EMIT_OUTCOME_REFUSED,
                                                 .code = EMIT_CODE_BELOW_RESOLUTION};
        }
    }
    run.result.phases = made;
    run.result.phase_count = PHASES;
}

// A server that was asked 20 ms before the first sample and 30 ms after the last one.
static struct emit_served_model *serve(const char *kind, const char *model, uint64_t input,
                                       uint64_t output) {
    const int64_t ms = 1000000, start_ns = run.result.header.start_ns, end_ns = run.result.end_ns;
    (void)snprintf(told.server, sizeof told.server, "http://localhost:8000/metrics");
    told.first = (struct emit_served_moment){start_ns - 20 * ms, start_ns - 10 * ms,
                                             run.result.header.start_wall_ns - 10 * ms};
    told.last = (struct emit_served_moment){end_ns + ms, end_ns + 30 * ms,
                                            run.result.end_wall_ns + 30 * ms};
    told.use.kind = emit_served_kind_of(kind);
    struct emit_served_model *served = &told.use.models[told.use.model_count++];
    (void)snprintf(served->name, sizeof served->name, "%s", model);
    served->amounts[EMIT_SERVED_INPUT] = (struct emit_served_amount){true, input, 0};
    served->amounts[EMIT_SERVED_OUTPUT] = (struct emit_served_amount){true, output, 0};
    return served;
}

static void served(void) {
    typical();
    struct emit_served_model *large =
        serve("vllm", "meta-llama/Llama-3.3-70B-Instruct", 1430000, 301000);
    large->amounts[EMIT_SERVED_CACHED] = (struct emit_served_amount){true, 403000, 0};
    large->amounts[EMIT_SERVED_REQUESTS] = (struct emit_served_amount){true, 812, 0};
    serve("vllm", "acme/small", 2000, 900)->amounts[EMIT_SERVED_REQUESTS] =
        (struct emit_served_amount){true, 3, 0};
    told.use.knows_running = true;
}

static void served_rounded(void) {
    typical();
    struct emit_served_model *only = serve("llama.cpp", "", 14300, 3000);
    only->input_lacks_cached = true;
    only->amounts[EMIT_SERVED_INPUT].slack = 5;
    only->amounts[EMIT_SERVED_OUTPUT].slack = 10;
}

static void served_at_work(void) {
    served_rounded();
    told.use.knows_running = true;
    told.use.running_last = 3;
}

// A run that was given some of the node's GPUs, beside a server that tells little of itself.
static void served_some_gpus(void) {
    typical();
    add_gpu(2, "nvml", EMIT_SOURCE_NVML);
    made_up_lose(&run, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_UNASSIGNED,
                 "not in CUDA_VISIBLE_DEVICES=0,1", "");
    add_gpu(2, "dcgm", EMIT_SOURCE_DCGM);
    made_up_lose(&run, EMIT_OUTCOME_EXCLUDED, EMIT_CODE_UNASSIGNED, "", "");
    serve("sglang", "acme/small", 20000, 9000);
    told.use.may_hide_restart = true;
}

static void served_elsewhere(void) {
    typical();
    serve("vllm", "acme/small", 20000, 9000);
    (void)snprintf(told.server, sizeof told.server, "http://gpu-7.example:8000/metrics");
    (void)snprintf(told.use.elsewhere, sizeof told.use.elsewhere, "10.4.0.7");
    told.first.answered_ns += 15 * made_up_second;
}

static void served_alone(void) {
    one();
    (void)serve("tgi", "", 7, 0);
}

static void served_refused(void) {
    typical();
    (void)serve("vllm", "acme", 1, 1);
    told.use = (struct emit_served_use){0};
    (void)snprintf(told.refused, sizeof told.refused,
                   "http://localhost:8000/metrics: it was started again in between "
                   "(vllm:generation_tokens_total fell)");
}

static const struct {
    const char *name; // of the file that holds the text
    void (*make)(void);
} cases[] = {
    {"typical", typical},
    {"one-package", one},
    {"eight-packages-collapsed", eight},
    {"simulated", simulated},
    {"partial", partial},
    {"nothing-readable", nothing},
    {"nothing-here", absent},
    {"killed", killed},
    {"all-domains", all_domains},
    {"left-to-others", left},
    {"hostile-names", hostile},
    {"eight-gpus", eight_gpus},
    {"eight-gpus-mixed", eight_gpus_mixed},
    {"some-gpus", some_gpus},
    {"gpu-modules", modules},
    {"gpus-seen-twice", seen_twice},
    {"phases", phases},
    {"tasks", tasks},
    {"served", served},
    {"served-rounded", served_rounded},
    {"served-at-work", served_at_work},
    {"served-some-gpus", served_some_gpus},
    {"served-elsewhere", served_elsewhere},
    {"served-without-gpu", served_alone},
    {"served-refused", served_refused},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

// What emit run adds before it publishes. serial > 0 makes a run of its own of the case.
static inline void build(struct emit_report *report, size_t index, size_t serial) {
    struct emit_error err;
    made_up_init(&run);
    told = (struct emit_served_told){0};
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
    if (told.server[0]) emit_report_add_served(report, &told);
}

// What publishing adds when all goes well.
static inline void build_published(struct emit_report *report, size_t index) {
    build(report, index, 0);
    report->stored = !run.result.left_to_others;
    for (size_t i = 0; i < report->point_count; i++)
        report->events_made += emit_outcome_has_energy(&report->outcomes[i]);
    for (size_t p = 0; p < report->phase_count; p++)
        for (size_t i = 0; i < report->phases[p].point_count; i++)
            report->events_made += emit_outcome_has_energy(&report->phases[p].outcomes[i]);
    report->events_stored = report->events_made;
}

#endif
