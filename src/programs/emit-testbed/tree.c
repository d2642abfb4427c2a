// The nodes of a powercap tree, and what they answer at a moment.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/tree.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// One build: the first failure stops it and is told at the end.
struct builder {
    struct emit_tree *tree;
    bool failed;
};

static char *copy(struct builder *builder, const char *text) {
    char *made = strdup(text);
    if (!made) builder->failed = true;
    return made;
}

// Returns the index, or 0 after a failure: the root is always there.
static int add(struct builder *builder, int parent, enum emit_node_kind kind, const char *name,
               const char *text, unsigned int mode, int zone) {
    struct emit_tree *tree = builder->tree;
    if (builder->failed) return 0;
    if (tree->count == tree->size) {
        size_t size = tree->size ? 2 * tree->size : 256;
        struct emit_node *nodes = realloc(tree->nodes, size * sizeof *nodes);
        if (!nodes) {
            builder->failed = true;
            return 0;
        }
        tree->nodes = nodes;
        tree->size = size;
    }
    int index = (int)tree->count++;
    tree->nodes[index] = (struct emit_node){
        .kind = kind,
        .name = copy(builder, name),
        .text = copy(builder, text),
        .mode = mode,
        .parent = parent,
        .first = -1,
        .next = -1,
        .zone = zone,
    };
    if (index == 0) return index;
    int *link = &tree->nodes[parent].first;
    while (*link >= 0)
        link = &tree->nodes[*link].next;
    *link = index;
    return index;
}

static int add_directory(struct builder *builder, int parent, const char *name, int zone) {
    return add(builder, parent, EMIT_NODE_DIRECTORY, name, "", 0755, zone);
}

static void add_text(struct builder *builder, int parent, const char *name, unsigned int mode,
                     int zone, const char *text) {
    add(builder, parent, EMIT_NODE_TEXT, name, text, mode, zone);
}

// The kernel's runtime power management leaves these beside every device.
static void add_device_files(struct builder *builder, int node, int zone) {
    int power = add_directory(builder, node, "power", zone);
    add_text(builder, power, "control", 0644, zone, "auto\n");
    add_text(builder, power, "runtime_status", 0444, zone, "unsupported\n");
    add_text(builder, node, "uevent", 0644, zone, "");
}

static void add_constraint(struct builder *builder, int node, int zone, unsigned int number) {
    static const char *const names[] = {"long_term\n", "short_term\n", "peak_power\n"};
    static const char *const windows[] = {"999424\n", "2440\n", "0\n"};
    static const char *const limits[] = {"125000000\n", "150000000\n", "200000000\n"};
    char name[40];
    emit_text_format(name, sizeof name, "constraint_%u_name", number);
    add_text(builder, node, name, 0444, zone, names[number]);
    emit_text_format(name, sizeof name, "constraint_%u_power_limit_uw", number);
    add_text(builder, node, name, 0644, zone, limits[number]);
    emit_text_format(name, sizeof name, "constraint_%u_time_window_us", number);
    add_text(builder, node, name, 0644, zone, windows[number]);
    emit_text_format(name, sizeof name, "constraint_%u_max_power_uw", number);
    add_text(builder, node, name, 0444, zone, "0\n");
}

// A zone's directory in that of its parent.
static int add_zone(struct builder *builder, int parent, int zone) {
    const struct emit_scenario_zone *row = &builder->tree->scenario->zones[zone];
    const struct emit_scenario_zone *shown = &builder->tree->scenario->zones[row->shows];
    char text[EMIT_TREE_VALUE_MAX];
    int node = add_directory(builder, parent, row->id, zone);
    emit_text_format(text, sizeof text, "%s\n", row->name);
    add_text(builder, node, "name", 0444, zone, text);
    if (row->has_energy) {
        add(builder, node, EMIT_NODE_ENERGY, "energy_uj", "", row->mode, zone);
        emit_text_format(text, sizeof text, "%llu\n",
                         (unsigned long long)emit_counter_range_microjoules(&shown->counter));
        add_text(builder, node, "max_energy_range_uj", 0444, zone, text);
    }
    add_text(builder, node, "enabled", 0644, zone, row->parent < 0 ? "1\n" : "0\n");
    for (unsigned int i = 0; i < row->constraints; i++)
        add_constraint(builder, node, zone, i);
    add_device_files(builder, node, zone);
    emit_text_format(text, sizeof text, "../../%s",
                     row->parent < 0 ? row->control
                                     : builder->tree->scenario->zones[row->parent].id);
    add(builder, node, EMIT_NODE_LINK, "device", text, 0777, zone);
    add(builder, node, EMIT_NODE_LINK, "subsystem",
        row->parent < 0 ? "../../../../../class/powercap" : "../../../../../../class/powercap",
        0777, zone);
    return node;
}

static void add_class_entry(struct builder *builder, int class, const char *name,
                            const char *target, int zone) {
    char text[5 * EMIT_ZONE_ID_MAX];
    emit_text_format(text, sizeof text, "../../devices/virtual/powercap/%s", target);
    int node = add(builder, class, EMIT_NODE_LINK, name, text, 0777, zone);
    if (!builder->failed) builder->tree->nodes[node].class_entry = true;
}

// The directory of a control type, made when its first zone asks for it.
static int control_directory(struct builder *builder, int devices, int class, const char *name) {
    const struct emit_tree *tree = builder->tree;
    for (int at = tree->nodes[devices].first; at >= 0; at = tree->nodes[at].next)
        if (strcmp(tree->nodes[at].name, name) == 0) return at;
    int node = add_directory(builder, devices, name, -1);
    add_text(builder, node, "enabled", 0644, -1, "1\n");
    add_device_files(builder, node, -1);
    add(builder, node, EMIT_NODE_LINK, "subsystem", "../../../../class/powercap", 0777, -1);
    add_class_entry(builder, class, name, name, -1);
    return node;
}

static void add_zones(struct builder *builder, int devices, int class) {
    const struct emit_scenario *scenario = builder->tree->scenario;
    int nodes[EMIT_SCENARIO_ZONES_MAX];
    for (int i = 0; i < (int)scenario->zone_count && !builder->failed; i++) {
        const struct emit_scenario_zone *zone = &scenario->zones[i];
        char target[4 * EMIT_ZONE_ID_MAX];
        int control = control_directory(builder, devices, class, zone->control);
        if (zone->parent < 0) {
            nodes[i] = add_zone(builder, control, i);
            emit_text_format(target, sizeof target, "%s/%s", zone->control, zone->id);
        } else {
            nodes[i] = add_zone(builder, nodes[zone->parent], i);
            emit_text_format(target, sizeof target, "%s/%s/%s", zone->control,
                             scenario->zones[zone->parent].id, zone->id);
        }
        add_class_entry(builder, class, zone->id, target, i);
    }
}

static bool scenario_vanishes(const struct emit_scenario *scenario) {
    for (size_t i = 0; i < scenario->event_count; i++)
        if (scenario->events[i].kind == EMIT_SCENARIO_MASKED ||
            scenario->events[i].kind == EMIT_SCENARIO_UNPLUG)
            return true;
    return false;
}

enum emit_status emit_tree_build(struct emit_tree *tree, const struct emit_scenario *scenario,
                                 struct emit_error *err) {
    *tree = (struct emit_tree){.scenario = scenario, .vanishes = scenario_vanishes(scenario)};
    struct builder builder = {.tree = tree};
    int root = add_directory(&builder, 0, "", -1);
    int classes = add_directory(&builder, root, "class", -1);
    int devices = add_directory(&builder, root, "devices", -1);
    int virtual = add_directory(&builder, devices, "virtual", -1);
    int system = add_directory(&builder, devices, "system", -1);
    int cpu = add_directory(&builder, system, "cpu", -1);
    add_text(&builder, cpu, "modalias", 0444, -1,
             scenario->amd ? "cpu:type:x86,ven0002fam0019mod0011:feature:\n"
                           : "cpu:type:x86,ven0000fam0006mod006A:feature:\n");
    if (scenario->class_directory != EMIT_SCENARIO_ABSENT) {
        int class = add_directory(&builder, classes, "powercap", -1);
        int powercap = add_directory(&builder, virtual, "powercap", -1);
        add_zones(&builder, powercap, class);
    }
    if (!builder.failed) return EMIT_OK;
    emit_tree_clear(tree);
    return emit_fail(err, EMIT_NO_MEMORY, "out of memory for the tree of %s", scenario->name);
}

void emit_tree_clear(struct emit_tree *tree) {
    for (size_t i = 0; i < tree->count; i++) {
        free((void *)(uintptr_t)tree->nodes[i].name);
        free((void *)(uintptr_t)tree->nodes[i].text);
    }
    free(tree->nodes);
    *tree = (struct emit_tree){0};
}

bool emit_tree_exists(const struct emit_tree *tree, int node, int64_t now_ns) {
    const struct emit_node *at = &tree->nodes[node];
    if (at->zone < 0) return true;
    if (emit_scenario_event_at(tree->scenario, EMIT_SCENARIO_UNPLUG, at->zone, now_ns))
        return false;
    return at->class_entry ||
           !emit_scenario_event_at(tree->scenario, EMIT_SCENARIO_MASKED, at->zone, now_ns);
}

int emit_tree_child(const struct emit_tree *tree, int parent, const char *name, int64_t now_ns) {
    for (int at = tree->nodes[parent].first; at >= 0; at = tree->nodes[at].next)
        if (strcmp(tree->nodes[at].name, name) == 0)
            return emit_tree_exists(tree, at, now_ns) ? at : -1;
    return -1;
}

static bool holds(const struct emit_tree *tree, enum emit_scenario_event_kind kind, int zone,
                  int64_t now_ns) {
    return emit_scenario_event_at(tree->scenario, kind, zone, now_ns) != NULL;
}

int emit_tree_open_error(const struct emit_tree *tree, int node, int64_t now_ns) {
    const struct emit_node *at = &tree->nodes[node];
    if (!emit_tree_exists(tree, node, now_ns)) return ENOENT;
    if (at->kind == EMIT_NODE_ENERGY && holds(tree, EMIT_SCENARIO_DENIED, at->zone, now_ns))
        return EACCES;
    return 0;
}

int emit_tree_read(const struct emit_tree *tree, int node, int64_t now_ns,
                   char text[EMIT_TREE_VALUE_MAX]) {
    const struct emit_node *at = &tree->nodes[node];
    if (at->zone >= 0 && holds(tree, EMIT_SCENARIO_UNPLUG, at->zone, now_ns)) return ENODEV;
    if (at->kind != EMIT_NODE_ENERGY) {
        emit_text_format(text, EMIT_TREE_VALUE_MAX, "%s", at->text);
        return 0;
    }
    if (holds(tree, EMIT_SCENARIO_EINVAL, at->zone, now_ns)) return EINVAL;
    if (holds(tree, EMIT_SCENARIO_EIO, at->zone, now_ns)) return EIO;
    if (holds(tree, EMIT_SCENARIO_NONSENSE, at->zone, now_ns)) {
        emit_text_format(text, EMIT_TREE_VALUE_MAX, "-1 (not ready)\n");
        return 0;
    }
    int shows = tree->scenario->zones[at->zone].shows;
    uint64_t microjoules = emit_counter_microjoules(&tree->scenario->zones[shows].counter, now_ns);
    emit_text_format(text, EMIT_TREE_VALUE_MAX, "%llu\n", (unsigned long long)microjoules);
    return 0;
}

int64_t emit_tree_read_ns(const struct emit_tree *tree, int node, int64_t now_ns) {
    const struct emit_node *at = &tree->nodes[node];
    if (at->kind != EMIT_NODE_ENERGY) return 0;
    const struct emit_scenario_event *slow =
        emit_scenario_event_at(tree->scenario, EMIT_SCENARIO_SLOW, at->zone, now_ns);
    return slow ? slow->delay_ns : tree->scenario->zones[at->zone].read_ns;
}
