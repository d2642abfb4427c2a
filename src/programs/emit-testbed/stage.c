// Mount namespaces and mounts: how a tree comes to stand at /sys.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/stage.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRIES_MAX = 256 }; // of /sys/class

const char emit_stage_holding[] = "/sys/class/powercap";
static const char elsewhere[] = "show the tree elsewhere with --mount DIR";

static enum emit_status write_text(const char *path, const char *text, struct emit_error *err) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return emit_fail_errno(err, errno, "cannot open %s", path);
    ssize_t written = write(file, text, strlen(text));
    int failure = errno;
    close(file);
    if (written < 0) return emit_fail_errno(err, failure, "cannot write %s", path);
    return EMIT_OK;
}

// A user namespace with the caller's own ids in it: enough right to mount.
static enum emit_status enter_as_user(struct emit_error *err) {
    unsigned int uid = geteuid(), gid = getegid();
    char map[64];
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return emit_fail_errno(err, errno, "no namespace for the tree may be made; %s", elsewhere);
    enum emit_status status = write_text("/proc/self/setgroups", "deny", err);
    emit_text_format(map, sizeof map, "%u %u 1", uid, uid);
    if (status == EMIT_OK) status = write_text("/proc/self/uid_map", map, err);
    emit_text_format(map, sizeof map, "%u %u 1", gid, gid);
    if (status == EMIT_OK) status = write_text("/proc/self/gid_map", map, err);
    return status;
}

enum emit_status emit_stage_enter(struct emit_error *err) {
    if (unshare(CLONE_NEWNS) != 0) {
        if (errno != EPERM)
            return emit_fail_errno(err, errno, "no mount namespace may be made; %s", elsewhere);
        enum emit_status status = enter_as_user(err);
        if (status != EMIT_OK) return status;
    }
    // Nothing mounted here is to be seen outside.
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return emit_fail_errno(err, errno, "cannot make the mounts private");
    return EMIT_OK;
}

struct entries {
    size_t count;
    struct {
        char name[NAME_MAX + 1];
        int mount; // a copy of the entry's mount, to be put back on top
    } at[ENTRIES_MAX];
};

static void close_entries(struct entries *entries) {
    for (size_t i = 0; i < entries->count; i++)
        close(entries->at[i].mount);
    entries->count = 0;
}

static enum emit_status keep_entry(struct entries *entries, int directory, const char *name,
                                   struct emit_error *err) {
    if (entries->count == ENTRIES_MAX)
        return emit_fail(err, EMIT_FULL, "more than %d entries in a directory of /sys; %s",
                         ENTRIES_MAX, elsewhere);
    int copy = open_tree(directory, name,
                         OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
    if (copy < 0) return emit_fail_errno(err, errno, "cannot copy the mount of %s", name);
    emit_text_format(entries->at[entries->count].name, NAME_MAX + 1, "%s", name);
    entries->at[entries->count++].mount = copy;
    return EMIT_OK;
}

// All subdirectories but powercap, which is to be ours.
static enum emit_status keep_entries(struct entries *entries, const char *path,
                                     struct emit_error *err) {
    DIR *directory = opendir(path);
    if (!directory) return emit_fail_errno(err, errno, "cannot list %s; %s", path, elsewhere);
    enum emit_status status = EMIT_OK;
    for (struct dirent *entry; status == EMIT_OK && (entry = readdir(directory));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
            strcmp(entry->d_name, "powercap") != 0)
            status = keep_entry(entries, dirfd(directory), entry->d_name, err);
    closedir(directory);
    return status;
}

static enum emit_status put_back(const struct entries *entries, const char *path,
                                 struct emit_error *err) {
    char target[PATH_MAX];
    for (size_t i = 0; i < entries->count; i++) {
        emit_text_format(target, sizeof target, "%s/%s", path, entries->at[i].name);
        if (mkdir(target, 0755) != 0 ||
            move_mount(entries->at[i].mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) != 0)
            return emit_fail_errno(err, errno, "cannot put %s back", target);
    }
    return EMIT_OK;
}

// A writable directory in the place of one of sysfs, with the same entries.
static enum emit_status make_room(const char *path, struct emit_error *err) {
    struct entries entries;
    entries.count = 0;
    enum emit_status status = keep_entries(&entries, path, err);
    if (status == EMIT_OK && mount("emit-testbed", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                                   "mode=0755,size=1m") != 0)
        status = emit_fail_errno(err, errno, "cannot mount over %s; %s", path, elsewhere);
    if (status == EMIT_OK) status = put_back(&entries, path, err);
    close_entries(&entries);
    return status;
}

enum emit_status emit_stage_prepare(struct emit_error *err) {
    enum emit_status status = make_room("/sys/class", err);
    if (status == EMIT_OK) status = make_room("/sys/devices/virtual", err);
    if (status == EMIT_OK && mkdir(emit_stage_holding, 0755) != 0)
        status = emit_fail_errno(err, errno, "cannot make %s", emit_stage_holding);
    return status;
}

// What of the tree is shown where.
struct part {
    const char *inside; // of the tree
    const char *place;
    bool is_file; // shown only on a machine that has the like
    int copy;     // its mount; -1: the tree has no such part
};

static enum emit_status place_part(const struct part *part, bool *placed, struct emit_error *err) {
    *placed = false;
    if (part->copy < 0 || (part->is_file && access(part->place, F_OK) != 0)) return EMIT_OK;
    if ((!part->is_file && mkdir(part->place, 0755) != 0) ||
        move_mount(part->copy, "", AT_FDCWD, part->place, MOVE_MOUNT_F_EMPTY_PATH) != 0)
        return emit_fail_errno(err, errno, "cannot show the tree at %s", part->place);
    *placed = true;
    return EMIT_OK;
}

enum emit_status emit_stage_reveal(char shown[PATH_MAX], struct emit_error *err) {
    struct part parts[] = {
        {"class/powercap", "/sys/class/powercap", false, -1},
        {"devices/virtual/powercap", "/sys/devices/virtual/powercap", false, -1},
        {"devices/system/cpu/modalias", "/sys/devices/system/cpu/modalias", true, -1},
    };
    enum { COUNT = sizeof parts / sizeof *parts };
    int holding = open(emit_stage_holding, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (holding < 0) return emit_fail_errno(err, errno, "cannot open %s", emit_stage_holding);
    for (size_t i = 0; i < COUNT; i++)
        parts[i].copy = open_tree(holding, parts[i].inside, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    close(holding);
    shown[0] = '\0';
    enum emit_status status = EMIT_OK;
    if (umount2(emit_stage_holding, MNT_DETACH) != 0 || rmdir(emit_stage_holding) != 0)
        status = emit_fail_errno(err, errno, "cannot clear %s", emit_stage_holding);
    for (size_t i = 0; i < COUNT && status == EMIT_OK; i++) {
        bool placed;
        status = place_part(&parts[i], &placed, err);
        if (status == EMIT_OK && placed) emit_text_format(shown, PATH_MAX, "%s", parts[i].place);
    }
    for (size_t i = 0; i < COUNT; i++)
        if (parts[i].copy >= 0) close(parts[i].copy);
    return status;
}
