// Plain files as a powercap tree.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/static_tree.h"

#include "base/text.h"
#include "programs/emit-testbed/ledger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { VALUE_WIDTH = 21 }; // 20 digits of any 64-bit number, and the newline

const char *emit_static_tree_shortfall(const struct emit_scenario *scenario) {
    return scenario->event_count == 0
               ? ""
               : "plain files cannot deny root, fail or vanish: these events are not played";
}

static int64_t now_ns(const struct emit_static_tree *plain) {
    int64_t begin_ns = plain->begin_ns, monotonic_ns = emit_testbed_now_ns();
    return begin_ns && monotonic_ns > begin_ns ? monotonic_ns - begin_ns : 0;
}

// One write of one width: a reader sees the old value or the new one, never both.
static bool write_energy(int file, const struct emit_counter *counter, int64_t at_ns) {
    char text[VALUE_WIDTH + 1];
    emit_text_format(text, sizeof text, "%020llu\n",
                     (unsigned long long)emit_counter_microjoules(counter, at_ns));
    return pwrite(file, text, VALUE_WIDTH, 0) == VALUE_WIDTH;
}

static const struct emit_counter *counter_of(const struct emit_tree *tree, int zone) {
    return &tree->scenario->zones[tree->scenario->zones[zone].shows].counter;
}

// Makes a node in the directory of its parent; *made is the open file or
// directory, -1 for a link.
static enum emit_status make_node(struct emit_static_tree *plain, int node, int directory,
                                  int *made, struct emit_error *err) {
    const struct emit_node *at = &plain->tree->nodes[node];
    bool good = false;
    *made = -1;
    switch (at->kind) {
    case EMIT_NODE_DIRECTORY:
        good = mkdirat(directory, at->name, 0755) == 0 &&
               (*made = openat(directory, at->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0;
        break;
    case EMIT_NODE_LINK: good = symlinkat(at->text, directory, at->name) == 0; break;
    case EMIT_NODE_TEXT:
    case EMIT_NODE_ENERGY:
        *made = openat(directory, at->name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        good = *made >= 0 && fchmod(*made, at->mode) == 0;
        if (good && at->kind == EMIT_NODE_TEXT)
            good = write(*made, at->text, strlen(at->text)) == (ssize_t)strlen(at->text);
        if (good && at->kind == EMIT_NODE_ENERGY)
            good = write_energy(*made, counter_of(plain->tree, at->zone), 0);
        break;
    }
    return good ? EMIT_OK : emit_fail_errno(err, errno, "cannot make %s", at->name);
}

static enum emit_status make_children(struct emit_static_tree *plain, int parent, int directory,
                                      struct emit_error *err) {
    const struct emit_tree *tree = plain->tree;
    enum emit_status status = EMIT_OK;
    for (int at = tree->nodes[parent].first; at >= 0 && status == EMIT_OK;
         at = tree->nodes[at].next) {
        int made;
        if (!emit_tree_exists(tree, at, 0)) continue;
        status = make_node(plain, at, directory, &made, err);
        if (status == EMIT_OK && tree->nodes[at].kind == EMIT_NODE_DIRECTORY)
            status = make_children(plain, at, made, err);
        if (status == EMIT_OK && tree->nodes[at].kind == EMIT_NODE_ENERGY)
            plain->files[tree->nodes[at].zone] = made;
        else if (made >= 0)
            close(made);
    }
    return status;
}

// What make_children made; what others added stays, and its directory with it.
static void remove_children(const struct emit_tree *tree, int parent, int directory) {
    for (int at = tree->nodes[parent].first; at >= 0; at = tree->nodes[at].next) {
        const char *name = tree->nodes[at].name;
        bool is_directory = tree->nodes[at].kind == EMIT_NODE_DIRECTORY;
        int inner = is_directory ? openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (inner >= 0) {
            remove_children(tree, at, inner);
            close(inner);
        }
        (void)unlinkat(directory, name, is_directory ? AT_REMOVEDIR : 0);
    }
}

// The shortest update of any zone, but not below the kernel's own 1 ms.
static int64_t shortest_update_ns(const struct emit_scenario *scenario) {
    int64_t shortest_ns = 1000000000;
    for (size_t i = 0; i < scenario->zone_count; i++)
        if (scenario->zones[i].counter.period_ns < shortest_ns)
            shortest_ns = scenario->zones[i].counter.period_ns;
    return shortest_ns < 1000000 ? 1000000 : shortest_ns;
}

static void *keep_current(void *owner) {
    struct emit_static_tree *plain = owner;
    const struct emit_scenario *scenario = plain->tree->scenario;
    int64_t wait_ns = shortest_update_ns(scenario);
    struct timespec wait = {wait_ns / 1000000000, wait_ns % 1000000000};
    while (!plain->stopping) {
        int64_t at_ns = now_ns(plain);
        for (size_t i = 0; i < scenario->zone_count; i++)
            if (plain->files[i] >= 0)
                write_energy(plain->files[i], counter_of(plain->tree, (int)i), at_ns);
        nanosleep(&wait, NULL);
    }
    return NULL;
}

static bool is_empty(int directory) {
    struct dirent **entries;
    int count = scandirat(directory, ".", &entries, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    if (count >= 0) free(entries);
    return count == 2; // . and ..
}

enum emit_status emit_static_tree_start(struct emit_static_tree *plain,
                                        const struct emit_tree *tree, const char *directory,
                                        struct emit_error *err) {
    plain->tree = tree;
    for (size_t i = 0; i < EMIT_SCENARIO_ZONES_MAX; i++)
        plain->files[i] = -1;
    plain->root = -1;
    int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return emit_fail_errno(err, errno, "cannot open %s", directory);
    if (!is_empty(root)) { // of somebody else's files none is overwritten, and none removed
        close(root);
        return emit_fail(err, EMIT_INVALID, "%s has to be an empty directory", directory);
    }
    plain->root = root;
    enum emit_status status = make_children(plain, 0, plain->root, err);
    if (status == EMIT_OK) {
        int failure = pthread_create(&plain->thread, NULL, keep_current, plain);
        if (failure) status = emit_fail_errno(err, failure, "cannot start a thread");
        plain->writing = failure == 0;
    }
    if (status != EMIT_OK) emit_static_tree_stop(plain);
    return status;
}

void emit_static_tree_stop(struct emit_static_tree *plain) {
    if (!plain->tree) return; // never started
    plain->stopping = true;
    if (plain->writing) pthread_join(plain->thread, NULL);
    plain->writing = false;
    for (size_t i = 0; i < EMIT_SCENARIO_ZONES_MAX; i++)
        if (plain->files[i] >= 0) close(plain->files[i]);
    for (size_t i = 0; i < EMIT_SCENARIO_ZONES_MAX; i++)
        plain->files[i] = -1;
    if (plain->root < 0) return;
    remove_children(plain->tree, 0, plain->root);
    close(plain->root);
    plain->root = -1;
}
