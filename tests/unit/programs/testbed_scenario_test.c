// Scenario files: what they say, and the one sentence each mistake gets.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "programs/emit-testbed/scenario.h"
#include "programs/emit-testbed/tree.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static enum emit_status open_text(struct emit_scenario **scenario, const char *text,
                                  struct emit_error *err) {
    char path[] = "scenario-XXXXXX.yaml";
    int file = mkstemps(path, 5);
    if (file < 0) return emit_fail(err, EMIT_SYSTEM, "no file for the test");
    bool written = write(file, text, strlen(text)) == (ssize_t)strlen(text);
    close(file);
    enum emit_status status =
        written ? emit_scenario_open(scenario, path, err) : emit_fail(err, EMIT_SYSTEM, "no room");
    unlink(path);
    return status;
}

struct mistake {
    const char *text;
    const char *sentence; // behind the file's name
};

static const struct mistake mistakes[] = {
    {"", ":1: the file is empty"},
    {"zones: []\n", ":1: a scenario needs the key 'summary'"},
    {"summary: x\nzone: []\n", ":2: a scenario has no key 'zone'"},
    {"summary: x\nsummary: y\n", ":2: 'summary' stands twice"},
    {"summary: x\nzones: 3\n", ":2: a list of zones is wanted here"},
    {"summary: x\nzones:\n  - {power: 1}\n", ":3: a zone needs the key 'name'"},
    {"summary: x\nzones:\n  - {name: 'a b'}\n",
     ":3: a word of letters, digits, '-', '_' and ':' is wanted here"},
    {"summary: x\nzones:\n  - {name: a, power: -3}\n", ":3: '-3' is not a number of at least 0"},
    {"summary: x\nzones:\n  - {name: a, unit: 0}\n",
     ":3: '0' is no unit: esu14, esu14-exact, esu16, dram, joule, or nanojoules"},
    {"summary: x\nzones:\n  - {name: a, update: 1ms, jitter: 500us}\n",
     ":3: jitter must stay below half of update"},
    {"summary: x\nzones:\n  - name: a\n    power: {shape: saw, low: 1, high: 2, period: 1s}\n",
     ":4: 'saw' is none of constant, square, ramp, sine, walk"},
    {"summary: x\nzones:\n  - name: a\n    power: {shape: sine, low: 3, high: 2, period: 1s}\n",
     ":4: low is above high"},
    {"summary: x\nzones:\n  - {name: a, start: 1, wraps-at: 1s}\n",
     ":3: start and wraps-at say the same thing: give one"},
    {"summary: x\nzones:\n  - {name: a, shows: 'intel-rapl:1'}\n",
     ":3: 'intel-rapl:1' is no zone above this one"},
    {"summary: x\nzones:\n  - {name: a, id: f}\n  - {name: b, id: f}\n",
     ":4: zone intel-rapl:f stands twice"},
    {"summary: x\nzones:\n  - name: a\n    parts: [{name: b, parts: [{name: c}]}]\n",
     ":4: a part has no parts"},
    {"summary: x\nzones: [{name: a}]\nevents:\n  - {at: 1s, zone: b, what: eio}\n",
     ":4: there is no zone 'b'"},
    {"summary: x\nzones: [{name: a}]\nevents:\n  - {at: 1s, zone: 'intel-rapl:0', what: jump}\n",
     ":4: a jump, and nothing else, needs joules"},
    {"summary: x\nzones: [{name: a}]\nevents:\n"
     "  - {at: 1s, until: 1s, zone: 'intel-rapl:0', what: eio}\n",
     ":4: until is not after at"},
    {"summary: x\nclass: empty\nzones: [{name: a}]\n", ":1: an empty or absent class has no zones"},
    {"summary: x\ngpus: 3\n", ":2: a list of GPUs is wanted here"},
    {"summary: x\ngpus: [{power: 1, watts: 2}]\n", ":2: a GPU has no key 'watts'"},
    {"summary: x\ngpus: [{uuid: GPU-12}]\n",
     ":2: 'GPU-12' is no UUID of the form GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"},
    {"summary: x\ngpus: [{mig: 8}]\n", ":2: a GPU has at most 7 MIG instances"},
    {"summary: x\ngpus: [{update: 0ms}]\n", ":2: update must be above 0"},
    {"summary: x\ngpus: [{update: 20ms, jitter: 10ms}]\n",
     ":2: jitter must stay below half of update"},
    {"summary: x\ngpus: [{energy: some}]\n", ":2: 'some' is none of counter, power-only, none"},
    {"summary: x\ngpus:\n  - {uuid: GPU-00000000-0000-0000-0000-000000000000}\n"
     "  - {uuid: GPU-00000000-0000-0000-0000-000000000000}\n",
     ":4: GPU-00000000-0000-0000-0000-000000000000 stands twice"},
    {"summary: x\nnvml: {init: 1000}\n", ":2: init is a code of NVML: 0 to 999"},
    {"summary: x\nnvml: {missing: nvmlInit_v2}\n", ":2: a list of symbols is wanted here"},
    {"summary: x\ndcgm: {library: 2}\n", ":2: library is 3 or 4, the N of libdcgm.so.N"},
    {"summary: x\ndriver: ''\n", ":2: a text of 1 to 63 bytes is wanted here"},
    {"summary: x\ngpus: [{power: 1}]\nevents:\n  - {at: 1s, gpu: 1, what: lost}\n",
     ":4: there is no GPU 1"},
    {"summary: x\ngpus: [{power: 1}]\nevents:\n  - {at: 1s, gpu: 0, what: eio}\n",
     ":4: eio happens to no gpu"},
    {"summary: x\nzones: [{name: a}]\nevents:\n  - {at: 1s, zone: 'intel-rapl:0', what: lost}\n",
     ":4: lost happens to no zone"},
    {"summary: x\ngpus: [{power: 1}]\nevents:\n  - {at: 1s, gpu: 0, what: engine-down}\n",
     ":4: engine-down is of the whole machine: name no zone and no gpu"},
    {"summary: x\ngpus: [{power: 1}]\nevents:\n  - {at: 1s, what: lost}\n",
     ":4: lost needs the key 'gpu'"},
    {"summary: x\nexpect:\n  points: {a: guessed}\n",
     ":3: an outcome (measured, partial, refused, excluded) is wanted here"},
    {"summary: x\nexpect:\n  points: {a: refused tired}\n", ":3: 'tired' is no code"},
    {"summary: x\nexpect:\n  points: {a: [measured]}\n",
     ":3: two outcomes are wanted here: as root, as nobody"},
};

static void check_mistakes(void) {
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct emit_scenario *scenario = NULL;
        struct emit_error err = {0};
        enum emit_status status = open_text(&scenario, mistakes[i].text, &err);
        CHECK(status == EMIT_INVALID && !scenario, "refused: %s", mistakes[i].sentence);
        const char *colon = strchr(err.text, ':');
        CHECK_STRING(colon ? colon : err.text, mistakes[i].sentence, "says");
        emit_scenario_free(scenario);
    }
    struct emit_scenario *scenario = NULL;
    struct emit_error err = {0};
    CHECK(open_text(&scenario, "summary: [\n", &err) == EMIT_INVALID &&
              strstr(err.text, "not YAML"),
          "no YAML: %s", err.text);
    CHECK(emit_scenario_open(&scenario, "no-such-file.yaml", &err) == EMIT_ABSENT, "no file: %s",
          err.text);
}

static const char machine[] =
    "summary: a machine\n"
    "vendor: amd\n"
    "zones:\n"
    "  - name: package-0\n"
    "    parts: [{name: core}, {name: dram, unit: dram, id: b}]\n"
    "  - {name: package-0, control: intel-rapl-mmio, shows: 'intel-rapl:0'}\n"
    "  - {name: psys, energy: false, constraints: 0}\n"
    "events:\n"
    "  - {at: 1s, zone: 'intel-rapl:0', what: unplug}\n"
    "  - {at: 0s, until: 500ms, zone: 'intel-rapl:0:b', what: denied}\n";

static int walk(const struct emit_tree *tree, const char *path, int64_t now_ns) {
    char copy[200];
    int node = 0;
    snprintf(copy, sizeof copy, "%s", path);
    for (char *rest = copy, *name; node >= 0 && (name = strsep(&rest, "/"));)
        node = emit_tree_child(tree, node, name, now_ns);
    return node;
}

static void check_tree(const struct emit_scenario *scenario) {
    static const int64_t second_ns = 1000000000;
    static const char part[] = "devices/virtual/powercap/intel-rapl/intel-rapl:0/intel-rapl:0:b";
    struct emit_tree tree;
    char path[200], text[EMIT_TREE_VALUE_MAX];
    if (!CHECK(emit_tree_build(&tree, scenario, NULL) == EMIT_OK, "a tree is built")) return;
    int link = walk(&tree, "class/powercap/intel-rapl:0:b", 0);
    if (CHECK(link > 0, "parts stand flat in the class"))
        CHECK_STRING(tree.nodes[link].text,
                     "../../devices/virtual/powercap/intel-rapl/intel-rapl:0/intel-rapl:0:b",
                     "where the entry points");
    snprintf(path, sizeof path, "%s/energy_uj", part);
    int energy = walk(&tree, path, 0);
    if (CHECK(energy > 0, "and nested in the devices")) {
        CHECK(tree.nodes[energy].mode == 0400, "energy is for root");
        CHECK(emit_tree_open_error(&tree, energy, 0) != 0, "denied at first");
        CHECK(emit_tree_open_error(&tree, energy, second_ns / 2) == 0, "until half a second");
        CHECK(emit_tree_read(&tree, energy, second_ns / 2, text) == 0 && atoll(text) > 0,
              "then a number");
        CHECK(emit_tree_read(&tree, energy, second_ns, text) != 0, "gone with its socket");
    }
    CHECK(walk(&tree, "class/powercap/intel-rapl:0:b", second_ns) < 0, "and its entry too");
    CHECK(walk(&tree, "class/powercap/intel-rapl-mmio:0", second_ns) > 0, "but not the twin's");
    CHECK(walk(&tree, "class/powercap/intel-rapl", second_ns) > 0, "control types are entries");
    CHECK(walk(&tree, "devices/virtual/powercap/intel-rapl/intel-rapl:1/energy_uj", 0) < 0,
          "a zone may be uncounted");
    CHECK(walk(&tree, "devices/virtual/powercap/intel-rapl/intel-rapl:1/constraint_0_name", 0) < 0,
          "or unlimited");
    emit_tree_clear(&tree);
}

static const char gpus[] = "summary: GPUs\n"
                           "dcgm: {library: 3, missing: [dcgmWatchFields]}\n"
                           "gpus:\n"
                           "  - {power: 100, update: 50ms, jitter: 20ms, start: 7}\n"
                           "  - {name: P100, power: 90, energy: power-only, mig: 2}\n"
                           "events:\n"
                           "  - {at: 1s, until: 2s, gpu: 0, what: lost}\n"
                           "  - {at: 3s, what: reorder}\n"
                           "  - {at: 1s, until: 2s, what: engine-down}\n"
                           "  - {at: 2s, gpu: 0, what: reset}\n";

// What the fake libraries compute with, without them.
static void check_gpus(void) {
    static const int64_t second_ns = 1000000000;
    struct emit_scenario *scenario = NULL;
    struct emit_error err = {0};
    if (!CHECK(open_text(&scenario, gpus, &err) == EMIT_OK, "GPUs are read %s", err.text)) return;
    const struct emit_gpu_machine *shown = &scenario->gpus;
    const struct emit_gpu *first = &shown->gpus[0];
    CHECK(shown->gpu_count == 2 && shown->nvml.version == 1 && shown->dcgm.version == 3 &&
              shown->dcgm.missing_count == 1,
          "two GPUs, NVML, an older DCGM");
    CHECK(strncmp(shown->gpus[1].name, "EMIT-TESTBED P100", EMIT_GPU_TEXT_MAX) == 0 &&
              strlen(first->uuid) == 40 && strcmp(first->uuid, shown->gpus[1].uuid) != 0,
          "names say so, UUIDs differ");
    CHECK(emit_counter_total(&first->counter, 0) == 7, "a counter begins where it is told to");
    uint64_t counted = emit_counter_total(&first->counter, second_ns) - 7;
    CHECK(counted > 90000 && counted <= 100000, "100 W for 1 s: %llu mJ",
          (unsigned long long)counted);
    counted = emit_counter_total(&first->counter, 3 * second_ns);
    CHECK(counted > 90000 && counted <= 100000, "reset at 2 s: %llu mJ",
          (unsigned long long)counted);
    CHECK(emit_gpu_event_at(shown, EMIT_GPU_LOST, 0, second_ns) &&
              !emit_gpu_event_at(shown, EMIT_GPU_LOST, 0, 2 * second_ns) &&
              !emit_gpu_event_at(shown, EMIT_GPU_LOST, 1, second_ns),
          "lost for a second");
    CHECK(emit_gpu_at_index(shown, 0, 0) == 0 && emit_gpu_at_index(shown, 0, 3 * second_ns) == 1,
          "indices run the other way round");
    CHECK(emit_gpu_engine_starts(shown, second_ns) == 0 &&
              emit_gpu_engine_starts(shown, 2 * second_ns) == 1,
          "the host engine starts again once");
    double watts = emit_gpu_watts(&shown->gpus[1], second_ns, 0);
    CHECK(watts > 89.999 && watts < 90.001, "90 W are %g W", watts);
    emit_scenario_free(scenario);
}

int main(void) {
    check_mistakes();
    check_gpus();
    struct emit_scenario *scenario = NULL;
    struct emit_error err = {0};
    if (CHECK(open_text(&scenario, machine, &err) == EMIT_OK, "a machine is read %s", err.text)) {
        CHECK(scenario->zone_count == 5 && scenario->event_count == 2, "zones and events");
        CHECK(emit_scenario_zone(scenario, "intel-rapl-mmio:0") == 3, "ids by control type");
        CHECK(scenario->zones[3].shows == 0, "a twin shows the first counter");
        check_tree(scenario);
    }
    emit_scenario_free(scenario);
    return check_end();
}
