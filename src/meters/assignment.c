// Lists of devices: which of them counts, and which devices it names.
//
// CUDA numbers the devices that a process can open, the fastest first unless told
// otherwise; NVML numbers all of them by their place on the bus. So a number of CUDA's
// is only taken where both orders must agree. An entry that is not understood
// hides those behind it in CUDA's own list, and elsewhere leaves the list unresolved:
// then nothing is guessed, and every device is metered.
// SPDX-License-Identifier: Apache-2.0
#include "meters/assignment.h"

#include "base/number.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

static const char *const names[] = {
    [EMIT_ASSIGNED_BY_NOTHING] = "",
    [EMIT_ASSIGNED_BY_OPTION] = "--device",
    [EMIT_ASSIGNED_BY_CUDA] = "CUDA_VISIBLE_DEVICES",
    [EMIT_ASSIGNED_BY_STEP] = "SLURM_STEP_GPUS",
    [EMIT_ASSIGNED_BY_JOB] = "SLURM_JOB_GPUS",
    [EMIT_ASSIGNED_BY_CONTAINER] = "NVIDIA_VISIBLE_DEVICES",
};

enum { ENTRY_MAX = 96 }; // bytes of one entry, terminator included

// The entries of a list, without the blanks round them.
struct entry {
    char text[ENTRY_MAX];
    bool is_long; // cut: nothing has such a name
};

// Takes the next entry; false at the end of the list. An empty one is an entry too.
static bool next_entry(const char **at, struct entry *entry) {
    if (!*at) return false;
    size_t length = strcspn(*at, ","), skipped = strspn(*at, " \t");
    const char *begin = *at + (skipped < length ? skipped : length);
    const char *end = *at + length;
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    entry->is_long =
        !emit_text_format(entry->text, sizeof entry->text, "%.*s", (int)(end - begin), begin);
    *at = (*at)[length] ? *at + length + 1 : NULL;
    return true;
}

static bool is_number(const char *text, uint64_t *number) {
    return emit_number_read_u64(text, strlen(text), number);
}

static bool is_uuid_prefix(const char *text, const char *kind) {
    size_t length = strlen(kind);
    return strncmp(text, kind, length) == 0 &&
           strspn(text + length, "0123456789abcdefABCDEF-") == strlen(text + length) &&
           text[length] != '\0';
}

// "MIG-<UUID>", or in the older spelling "MIG-GPU-<UUID>/<instance>/<instance>".
static bool is_instance(const char *text) {
    return emit_text_has_prefix(text, "MIG-") && text[4] != '\0';
}

static enum emit_status check_option(const char *list, struct emit_error *err) {
    struct entry entry;
    uint64_t number;
    for (const char *at = list; next_entry(&at, &entry);)
        if (entry.is_long || !(is_number(entry.text, &number) || is_instance(entry.text) ||
                               is_uuid_prefix(entry.text, "GPU-")))
            return emit_fail(err, EMIT_INVALID,
                             "--device: '%.60s' names no device: write its index or the beginning "
                             "of its UUID (GPU-...), as emit sensors shows them, or all",
                             entry.text);
    return EMIT_OK;
}

static bool is_set(const char *text) {
    return text && *text;
}

// Whether the container's variable chooses among the devices that are seen inside. "all"
// and "void" (somebody else gave the devices) do not, and numbers are the host's: with
// them, what is there is what was given.
static bool is_container_list(const char *list) {
    struct entry entry;
    if (!is_set(list)) return false;
    if (strcmp(list, "none") == 0) return true;
    for (const char *at = list; next_entry(&at, &entry);)
        if (!is_instance(entry.text) && !is_uuid_prefix(entry.text, "GPU-")) return false;
    return true;
}

bool emit_assignment_is_of_rank(const struct emit_assignment *assignment) {
    return assignment->is_shared &&
           (assignment->by == EMIT_ASSIGNED_BY_CUDA || assignment->by == EMIT_ASSIGNED_BY_OPTION);
}

enum emit_status emit_assignment_choose(struct emit_assignment *assignment, const char *option,
                                        bool shared, emit_assignment_variable *variable,
                                        struct emit_error *err) {
    struct emit_assignment chosen = {0};
    const char *order = variable("CUDA_DEVICE_ORDER");
    const char *cuda = variable("CUDA_VISIBLE_DEVICES");
    const char *step = variable("SLURM_STEP_GPUS"), *job = variable("SLURM_JOB_GPUS");
    const char *container = variable("NVIDIA_VISIBLE_DEVICES");
    chosen.in_bus_order = order && strcmp(order, "PCI_BUS_ID") == 0;
    chosen.everything = option && strcmp(option, "all") == 0;
    chosen.is_shared = shared;
    if (chosen.everything) {
        chosen.by = EMIT_ASSIGNED_BY_NOTHING;
    } else if (option) {
        enum emit_status status = check_option(option, err);
        if (status) return status;
        chosen.by = EMIT_ASSIGNED_BY_OPTION;
        chosen.list = option;
    } else if (cuda && !(shared && (is_set(step) || is_set(job)))) {
        chosen.by = EMIT_ASSIGNED_BY_CUDA; // set to nothing, it names no device
        chosen.list = cuda;
    } else if (is_set(step)) {
        chosen.by = EMIT_ASSIGNED_BY_STEP;
        chosen.list = step;
    } else if (is_set(job)) {
        chosen.by = EMIT_ASSIGNED_BY_JOB;
        chosen.list = job;
    } else if (is_container_list(container)) {
        chosen.by = EMIT_ASSIGNED_BY_CONTAINER;
        chosen.list = container;
    }
    *assignment = chosen;
    return EMIT_OK;
}

// A list being matched.
struct match {
    const struct emit_assignment *assignment;
    const struct emit_assignable *devices;
    size_t count;
    emit_assignment_parent *parent_of;
    void *owner;
    bool *assigned;
};

// What an entry turned out to be.
enum found { FOUND, NOT_FOUND, NOT_TOLD };

// Takes the one device whose UUID begins so (which may be listed twice).
static enum found take_uuid(const struct match *match, const char *prefix) {
    size_t length = strlen(prefix), at = match->count;
    for (size_t i = 0; i < match->count; i++) {
        if (strncasecmp(match->devices[i].uuid, prefix, length) != 0) continue;
        if (at == match->count) at = i;
        if (strcasecmp(match->devices[i].uuid, match->devices[at].uuid) != 0)
            return NOT_FOUND; // of two, neither is meant
    }
    if (at == match->count) return NOT_FOUND;
    match->assigned[at] = true;
    return FOUND;
}

static enum found take_instance(const struct match *match, const char *instance) {
    char uuid[ENTRY_MAX] = "";
    if (emit_text_has_prefix(instance, "MIG-GPU-")) {
        (void)emit_text_format(uuid, sizeof uuid, "%.*s", (int)strcspn(instance + 4, "/"),
                               instance + 4);
        return take_uuid(match, uuid);
    }
    if (!match->parent_of || !match->parent_of(match->owner, instance, uuid)) return NOT_TOLD;
    uuid[sizeof uuid - 1] = '\0';
    return uuid[0] ? take_uuid(match, uuid) : NOT_FOUND;
}

static bool has_instances(const struct match *match) {
    for (size_t i = 0; i < match->count; i++)
        if (match->devices[i].is_readable && match->devices[i].is_mig) return true;
    return false;
}

// CUDA's own order and NVML's agree where CUDA is told to follow the bus, and where
// all devices are alike; an instance of a MIG device is numbered in neither.
bool emit_assignment_has_one_order(const struct emit_assignment *assignment,
                                   const struct emit_assignable *devices, size_t count) {
    const struct emit_assignable *first = NULL;
    bool alike = true;
    for (size_t i = 0; i < count; i++) {
        if (!devices[i].is_readable) continue;
        if (devices[i].is_mig) return false;
        if (first) alike = alike && first->name[0] && strcmp(first->name, devices[i].name) == 0;
        if (!first) first = &devices[i];
    }
    return alike || assignment->in_bus_order;
}

static enum found take_ordinal(const struct match *match, uint64_t ordinal) {
    if (!emit_assignment_has_one_order(match->assignment, match->devices, match->count))
        return NOT_TOLD;
    for (size_t i = 0; i < match->count; i++) {
        if (!match->devices[i].is_readable || ordinal--) continue;
        match->assigned[i] = true;
        return FOUND;
    }
    return NOT_FOUND;
}

// Slurm numbers by the device file (/dev/nvidiaN), NVML by the bus.
static enum found take_number(const struct match *match, uint64_t number, bool by_minor) {
    bool has_indices = true;
    for (size_t i = 0; i < match->count; i++) {
        has_indices = has_indices && match->devices[i].index >= 0;
        if (match->devices[i].minor < 0) by_minor = by_minor && !match->devices[i].is_readable;
    }
    if (!by_minor && !has_indices) return NOT_TOLD;
    for (size_t i = 0; i < match->count; i++) {
        const struct emit_assignable *device = &match->devices[i];
        int32_t own = by_minor && device->minor >= 0 ? device->minor : device->index;
        // What cannot be opened has no known minor: its index may be another's.
        if ((by_minor && device->minor < 0) || own < 0 || (uint64_t)own != number) continue;
        match->assigned[i] = true;
        return FOUND;
    }
    return NOT_FOUND;
}

static enum found take_entry(const struct match *match, const char *text) {
    uint64_t number;
    if (is_instance(text)) return take_instance(match, text);
    if (is_uuid_prefix(text, "GPU-")) return take_uuid(match, text);
    if (!is_number(text, &number)) return NOT_FOUND;
    switch (match->assignment->by) {
    case EMIT_ASSIGNED_BY_CUDA: return take_ordinal(match, number);
    case EMIT_ASSIGNED_BY_OPTION: return take_number(match, number, false);
    case EMIT_ASSIGNED_BY_STEP:
    case EMIT_ASSIGNED_BY_JOB: return take_number(match, number, true);
    case EMIT_ASSIGNED_BY_CONTAINER:
    case EMIT_ASSIGNED_BY_NOTHING: break;
    }
    return NOT_TOLD;
}

// NULL, or why the list cannot be resolved. `odd` becomes an entry that names nothing.
static const char *take_list(const struct match *match, struct entry *odd) {
    enum emit_assignment_by by = match->assignment->by;
    struct entry entry;
    odd->text[0] = '\0';
    if (by == EMIT_ASSIGNED_BY_CONTAINER && strcmp(match->assignment->list, "none") == 0)
        return NULL;
    for (const char *at = match->assignment->list; next_entry(&at, &entry);) {
        enum found found = entry.is_long ? NOT_FOUND : take_entry(match, entry.text);
        if (found == FOUND) continue;
        *odd = entry;
        if (found == NOT_TOLD && is_instance(entry.text))
            return "whose GPU a MIG instance is, is not known";
        if (found == NOT_TOLD && by != EMIT_ASSIGNED_BY_CUDA)
            return "the index of a device is not known";
        if (found == NOT_TOLD && has_instances(match))
            return "a GPU is in MIG mode, whose instances CUDA numbers, too";
        if (found == NOT_TOLD)
            return "CUDA may order unlike devices its own way (CUDA_DEVICE_ORDER)";
        if (by == EMIT_ASSIGNED_BY_CUDA) return NULL; // the rest is hidden
        if (by == EMIT_ASSIGNED_BY_STEP || by == EMIT_ASSIGNED_BY_JOB)
            return "it names a device that is not here";
    }
    return NULL;
}

bool emit_assignment_match(const struct emit_assignment *assignment,
                           const struct emit_assignable *devices, size_t count,
                           emit_assignment_parent *parent_of, void *owner, bool *assigned,
                           char words[EMIT_ASSIGNMENT_WORDS_MAX]) {
    struct match match = {assignment, devices, count, parent_of, owner, assigned};
    const char *name = names[assignment->by];
    struct entry odd;
    bool all = assignment->by == EMIT_ASSIGNED_BY_NOTHING;
    for (size_t i = 0; i < count; i++)
        assigned[i] = all;
    words[0] = '\0';
    if (all) return true;
    const char *why = take_list(&match, &odd);
    if (why) {
        for (size_t i = 0; i < count; i++)
            assigned[i] = true;
        (void)emit_text_format(words, EMIT_ASSIGNMENT_WORDS_MAX,
                               "every GPU is metered, for %s=%.24s cannot be resolved: %s", name,
                               assignment->list, why);
    } else if (odd.text[0]) {
        (void)emit_text_format(words, EMIT_ASSIGNMENT_WORDS_MAX,
                               "not in %s=%.40s, whose '%.30s' names no device", name,
                               assignment->list, odd.text);
    } else {
        (void)emit_text_format(words, EMIT_ASSIGNMENT_WORDS_MAX, "not in %s=%.80s", name,
                               assignment->list);
    }
    return !why;
}
