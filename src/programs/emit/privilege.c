// The right to read energy counters, used once and given up.
//
// libcap is not needed for two system calls. The process makes itself undumpable, or
// its caller could trace it and take the open counters out of it (pidfd_getfd); an
// executed command is dumpable again. no_new_privs is not set: the metered command
// may need sudo. The bounding set is left alone for the same reason.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/privilege.h"

#include "base/text.h"
#include "measurement/measurement.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CLASS_PATH "class/powercap"

// The rights of a process are one thing for the whole process, and so is this, the
// program's only state outside its functions. Written by emit_privilege_give_up only.
static struct {
    bool is_borrowed;
    size_t count;
    struct emit_host_borrowed files[EMIT_POINTS_MAX];
} lent;

static long get_capabilities(struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]) {
    struct __user_cap_header_struct self = {.version = _LINUX_CAPABILITY_VERSION_3};
    return syscall(SYS_capget, &self, sets);
}

static bool has_capability(void) {
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};
    if (get_capabilities(sets) != 0) return true; // not to know is to be careful
    return sets[0].permitted || sets[1].permitted || sets[0].effective || sets[1].effective ||
           sets[0].inheritable || sets[1].inheritable;
}

// AT_SECURE is the kernel's word that this program was started with more than its
// caller has. Root's own capabilities, and ambient ones, are not borrowed.
static bool is_right_borrowed(void) {
    if (geteuid() != getuid() || getegid() != getgid()) return true;
    return getauxval(AT_SECURE) != 0 && getuid() != 0 && has_capability();
}

static void open_counters(void) {
    int class = open("/sys/" CLASS_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = class >= 0 ? fdopendir(class) : NULL;
    const struct dirent *entry;
    while (directory && lent.count < EMIT_POINTS_MAX && (entry = readdir(directory)) != NULL) {
        struct emit_host_borrowed *file = &lent.files[lent.count];
        if (!strchr(entry->d_name, ':')) continue;
        if (!emit_text_format(file->path, sizeof file->path, CLASS_PATH "/%s/energy_uj",
                              entry->d_name))
            continue;
        file->descriptor = openat(class, file->path + strlen(CLASS_PATH "/"),
                                  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (file->descriptor >= 0) lent.count++;
    }
    if (directory)
        closedir(directory);
    else if (class >= 0)
        close(class);
}

enum emit_status emit_privilege_give_up(struct emit_error *err) {
    if (!is_right_borrowed()) return EMIT_OK;
    lent.is_borrowed = true;
    open_counters();
    uid_t user = getuid();
    gid_t group = getgid();
    struct __user_cap_header_struct self = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    bool gone = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
                setresgid(group, group, group) == 0 && setresuid(user, user, user) == 0 &&
                syscall(SYS_capset, &self, none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
    if (gone && !has_capability() && geteuid() == user && getegid() == group &&
        prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0)
        return EMIT_OK;
    return emit_fail(err, EMIT_SYSTEM,
                     "the right to read energy counters could not be given up (%s): not going on",
                     gone ? "the kernel still shows it" : strerrordesc_np(errno));
}

// True when the value is there and is not simply the row's own fallback. Such
// rows are flags and texts.
static bool is_set(const struct emit_option *row, const void *values) {
    const char *slot = (const char *)values + row->offset;
    if (row->type == EMIT_OPTION_FLAG) return *(const bool *)(const void *)slot;
    const char *text = *(const char *const *)(const void *)slot;
    return text && (!row->fallback || strcmp(text, row->fallback) != 0);
}

enum emit_status emit_privilege_check_options(const struct emit_option *rows, const void *values,
                                              struct emit_error *err) {
    for (; lent.is_borrowed && rows->name; rows++) {
        if (!rows->override_only || !is_set(rows, values)) continue;
        return emit_fail(err, EMIT_DENIED,
                         "--%s%s%s is refused: this emit may read what you may not; use a copy "
                         "without that right",
                         rows->name, rows->environment ? " or " : "",
                         rows->environment ? rows->environment : "");
    }
    return EMIT_OK;
}

enum emit_status emit_privilege_host_open(struct emit_host *host, const char *sysfs_root,
                                          struct emit_error *err) {
    enum emit_status status = emit_host_open(host, sysfs_root, err);
    if (status != EMIT_OK) return status;
    host->borrowed_right = lent.is_borrowed;
    host->borrowed = lent.files;
    host->borrowed_count = lent.count;
    return EMIT_OK;
}
