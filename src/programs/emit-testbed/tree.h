// The powercap tree of a scenario as nodes: what sysfs would show, name by name
// and mode by mode. Built once; what changes with time (energy, entries that
// vanish, errors) is asked of the scenario when a node is looked at.
//
//   class/powercap/intel-rapl:0 -> ../../devices/virtual/powercap/intel-rapl/intel-rapl:0
//   devices/virtual/powercap/intel-rapl/intel-rapl:0/{name,energy_uj,...}
//   devices/system/cpu/modalias                        the processor's vendor
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_TREE_H
#define EMIT_TESTBED_TREE_H

#include "programs/emit-testbed/scenario.h"

enum {
    EMIT_TREE_VALUE_MAX = 64, // bytes of a file's content
};

enum emit_node_kind {
    EMIT_NODE_DIRECTORY,
    EMIT_NODE_LINK,   // text is its target
    EMIT_NODE_TEXT,   // text is its content
    EMIT_NODE_ENERGY, // content is the zone's counter
};

// Node 0 is the root. Index + 1 is the inode number.
struct emit_node {
    enum emit_node_kind kind;
    const char *name; // owned by the tree
    const char *text; // owned by the tree; "" where the kind has none
    unsigned int mode;
    int parent;
    int first, next;  // child and sibling, in the order of creation; -1 none
    int zone;         // whose node it is; -1: nobody's
    bool class_entry; // stays when the zone is masked
};

struct emit_tree {
    const struct emit_scenario *scenario; // borrowed
    size_t count, size;
    struct emit_node *nodes;
    bool vanishes; // some entry goes away in time: nothing may be cached
};

EMIT_MUST_CHECK enum emit_status emit_tree_build(struct emit_tree *tree,
                                                 const struct emit_scenario *scenario,
                                                 struct emit_error *err);
void emit_tree_clear(struct emit_tree *tree);

// Index of the child of this name that exists at now_ns; -1: none.
int emit_tree_child(const struct emit_tree *tree, int parent, const char *name, int64_t now_ns);
bool emit_tree_exists(const struct emit_tree *tree, int node, int64_t now_ns);

// What open and read of a file answer at a moment: 0 or an errno. A good read
// fills text (terminated, newline included).
int emit_tree_open_error(const struct emit_tree *tree, int node, int64_t now_ns);
int emit_tree_read(const struct emit_tree *tree, int node, int64_t now_ns,
                   char text[EMIT_TREE_VALUE_MAX]);
// How long the read takes.
int64_t emit_tree_read_ns(const struct emit_tree *tree, int node, int64_t now_ns);

#endif
