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

int main(void) {
    check_mistakes();
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
