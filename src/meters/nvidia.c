// The driver's device files, and its own list of GPUs, /proc/driver/nvidia/gpus: a folder
// for each, in which `information` names its UUID. A container has those that it may use.
// SPDX-License-Identifier: Apache-2.0
#include "meters/nvidia.h"

#include "base/text.h"

#include <dirent.h>
#include <string.h>

#define LIST "/driver/nvidia/gpus"

bool emit_nvidia_is_usable(int32_t minor) {
    char path[32];
    if (minor < 0 || !emit_host_has_device(EMIT_NVIDIA_NODE)) return true;
    (void)emit_text_format(path, sizeof path, "/dev/nvidia%d", (int)minor);
    return emit_host_may_use_device(path);
}

bool emit_nvidia_is_paired(const char *name) {
    return strstr(name, "GB200") || strstr(name, "GB300");
}

bool emit_nvidia_is_superchip(const char *name) {
    return strstr(name, "GH200") || emit_nvidia_is_paired(name);
}

bool emit_nvidia_has_no_other(const int32_t *minors, size_t count) {
    enum { MINORS = 255 }; // the driver's first number that is no GPU's
    if (!emit_host_has_device(EMIT_NVIDIA_NODE)) return false;
    for (int32_t minor = 0; minor < MINORS; minor++) {
        bool is_one = false;
        for (size_t i = 0; i < count; i++)
            is_one |= minors[i] == minor;
        if (!is_one && emit_nvidia_is_usable(minor)) return false;
    }
    return true;
}

void emit_nvidia_match(const struct emit_meter_settings *settings, struct emit_assignable *seen,
                       size_t count, struct emit_point *points) {
    const struct emit_assignment *assignment = &settings->assignment;
    bool has_nvml = settings->nvml_library || emit_host_has_device(EMIT_NVIDIA_NODE);
    bool assigned[EMIT_ASSIGNABLE_MAX];
    char words[EMIT_ASSIGNMENT_WORDS_MAX] = "";
    // Whoever tells us sees every GPU; CUDA numbers those that this process may use.
    for (size_t i = 0; i < count; i++) {
        seen[i].is_readable = emit_nvidia_is_usable(seen[i].minor);
        if (has_nvml) seen[i].index = -1;
    }
    bool told = emit_assignment_match(assignment, seen, count, NULL, NULL, assigned, words);
    bool numbered = emit_assignment_has_one_order(assignment, seen, count);
    bool of_rank = emit_assignment_is_of_rank(assignment);
    bool by_user = assignment->everything || assignment->by == EMIT_ASSIGNED_BY_OPTION;
    for (size_t i = 0; i < count; i++) {
        struct emit_point *point = &points[i];
        if (numbered) point->traits |= EMIT_TRAIT_NUMBERED;
        if (!told && !point->found) {
            point->traits |= EMIT_TRAIT_UNMATCHED;
            (void)emit_text_format(point->note, sizeof point->note, "%s", words);
        }
        if (assigned[i] && (seen[i].is_readable || by_user)) continue;
        if (of_rank && !assigned[i] && !point->found) {
            point->traits |= EMIT_TRAIT_UNLISTED;
            continue;
        }
        point->found = EMIT_CODE_UNASSIGNED;
        (void)emit_text_format(point->note, sizeof point->note, "%s",
                               assigned[i] ? EMIT_NVIDIA_CLOSED : words);
    }
}

bool emit_nvidia_has_gpu(struct emit_host *host, const char *uuid) {
    DIR *list = host->sysfs_is_own ? NULL : opendir("/proc" LIST);
    if (!list) return false;
    bool found = false;
    const struct dirent *entry;
    while (!found && (entry = readdir(list)) != NULL) {
        char path[EMIT_HOST_PATH_MAX];
        if (entry->d_name[0] == '.') continue;
        if (emit_text_format(path, sizeof path, LIST "/%s/information", entry->d_name))
            found = emit_host_proc_has_word(host, path, uuid);
    }
    closedir(list);
    return found;
}
