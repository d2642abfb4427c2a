// The host: roots, replaced clocks, and evidence that cannot be faked by a path.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int64_t fixed_ns(struct emit_host *host) {
    return *(int64_t *)host->clock_owner;
}

static void test_roots(void) {
    struct emit_host host = {0};
    struct emit_error err;
    CHECK(emit_host_open(&host, NULL, &err) == EMIT_OK && !host.sysfs_is_own,
          "the real /sys opens");
    emit_host_close(&host);
    CHECK(host.sysfs == -1, "a closed host has no descriptor");
    emit_host_close(&host);
    emit_host_close(NULL);

    char root[] = "/tmp/emit-host-XXXXXX";
    CHECK(mkdtemp(root) != NULL, "a folder to stand for /sys");
    CHECK(emit_host_open(&host, root, &err) == EMIT_OK && host.sysfs >= 0 && host.sysfs_is_own,
          "a folder stands for /sys and is marked as our own");
    emit_host_close(&host);
    CHECK(rmdir(root) == 0, "the folder goes");
    CHECK(emit_host_open(&host, root, &err) == EMIT_ABSENT && strstr(err.text, root),
          "a missing root is named: %s", err.text);
    CHECK(emit_host_open(&host, "/dev/null", &err) == EMIT_SYSTEM, "a file is no root: %s",
          err.text);
}

static void test_clocks(void) {
    struct emit_host host;
    struct emit_error err;
    CHECK(emit_host_open(&host, NULL, &err) == EMIT_OK, "open");
    int64_t before = emit_host_monotonic_ns(&host), after = emit_host_monotonic_ns(&host);
    CHECK(before > 0 && after >= before, "the monotonic clock does not go back");
    CHECK(emit_host_boottime_ns(&host) >= after, "the boot clock is not behind it");
    CHECK(emit_host_wall_ns(&host) > 1700000000LL * 1000000000,
          "the wall clock knows this century");

    static int64_t now = 42;
    static const struct emit_host_clocks clocks = {fixed_ns, fixed_ns, fixed_ns};
    host.clocks = &clocks;
    host.clock_owner = &now;
    CHECK(emit_host_monotonic_ns(&host) == 42 && emit_host_boottime_ns(&host) == 42 &&
              emit_host_wall_ns(&host) == 42,
          "a replaced clock is the one that is asked");
    emit_host_close(&host);
}

static bool is_kernel_file(struct emit_host *host, const char *path, const char *below) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    bool answer = emit_host_is_kernel_file(host, file, below);
    close(file);
    return answer;
}

// In a mount namespace of its own, because it lays one device over another.
static int check_bind_mount(struct emit_host *host) {
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("/sys/devices/virtual/mem/null", "/sys/devices/virtual/mem/zero", NULL, MS_BIND,
              NULL) != 0)
        return 2;
    const char *path = "/sys/devices/virtual/mem/zero/uevent";
    return is_kernel_file(host, path, "/devices/virtual/mem/zero/") ||
           !is_kernel_file(host, path, "/devices/virtual/mem/null/");
}

// As a program is that gave up a right: undumpable, and its /proc entries root's.
static int check_undumpable(struct emit_host *host) {
    const char *path = "/sys/devices/virtual/mem/null/uevent";
    if (access(path, R_OK) != 0 || (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return 2;
    return !is_kernel_file(host, path, "/devices/virtual/mem/null/");
}

static void check_in_child(int (*body)(struct emit_host *), struct emit_host *host,
                           const char *what) {
    fflush(stdout);
    int status = 0;
    pid_t child = fork();
    if (child == 0) _exit(body(host));
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status), "the child ran");
    if (WEXITSTATUS(status) == 2)
        check_skip(what);
    else
        CHECK(WEXITSTATUS(status) == 0, "%s", what);
}

static void test_evidence(void) {
    struct emit_host host;
    struct emit_error err;
    CHECK(emit_host_open(&host, NULL, &err) == EMIT_OK, "open");
    const char *null = "/sys/devices/virtual/mem/null/uevent";
    static const struct {
        const char *path, *below, *what;
        bool kernel;
    } rows[] = {
        {"/sys/devices/virtual/mem/null/uevent", "/devices/virtual/mem/", "sysfs, below", true},
        {"/sys/class/mem/null/uevent", "/devices/virtual/mem/", "sysfs, through a link", true},
        {"/sys/devices/virtual/mem/null/uevent", "/devices/virtual/powercap/", "sysfs, elsewhere",
         false},
        {"/proc/version", "/", "another file system of the kernel", false},
        {"/etc/passwd", "/", "a plain file", false},
    };
    if (access(null, R_OK) == 0)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            CHECK(is_kernel_file(&host, rows[i].path, rows[i].below) == rows[i].kernel, "%s is %s",
                  rows[i].what, rows[i].kernel ? "the kernel's" : "not what was asked for");
    else
        check_skip("no /sys with virtual devices here");
    // Of what may not be read there is still its directory.
    int directory = open("/sys/devices/virtual/mem/null", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0)
        CHECK(emit_host_is_kernel_file(&host, directory, "/devices/virtual/mem/") &&
                  !emit_host_is_kernel_file(&host, directory, "/devices/virtual/powercap/"),
              "a directory that was only looked up is evidence too");
    if (directory >= 0) close(directory);
    CHECK(!emit_host_is_kernel_file(&host, -1, "/"), "a descriptor that is none is no evidence");

    check_in_child(check_bind_mount, &host, "a bind mount keeps the path of what it shows");
    check_in_child(check_undumpable, &host, "who gave up a right can still tell");
    emit_host_close(&host);
}

static void test_borrowed(void) {
    static const struct emit_host_borrowed table[] = {{"class/a/energy_uj", 7},
                                                      {"class/b/energy_uj", 9}};
    struct emit_host host = {.sysfs = -1, .borrowed = table, .borrowed_count = 2};
    CHECK(emit_host_borrowed_descriptor(&host, "class/b/energy_uj") == 9, "found by its path");
    CHECK(emit_host_borrowed_descriptor(&host, "class/c/energy_uj") == -1, "others are not");
}

static void test_lines(void) {
    char folder[] = "/tmp/emit-host-XXXXXX", text[8] = "before";
    if (!mkdtemp(folder)) exit(1);
    int directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int file = openat(directory, "line", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CHECK(emit_host_read_line(directory, "none", text, sizeof text) == ENOENT, "no such file");
    CHECK(emit_host_read_line(directory, ".", text, sizeof text) == EISDIR, "a folder is none");
    CHECK_STRING(text, "before", "nothing is written on failure");
    CHECK(emit_host_read_line(directory, "line", text, sizeof text) == 0 && !*text,
          "an empty file");
    CHECK(write(file, "12\n", 3) == 3 &&
              emit_host_read_line(directory, "line", text, sizeof text) == 0,
          "a line");
    CHECK_STRING(text, "12", "without its end");
    CHECK(write(file, "4567890\n", 8) == 8 &&
              emit_host_read_line(directory, "line", text, sizeof text) == 0,
          "a file that is longer");
    CHECK(strcmp(text, "12\n4567") == 0, "is cut");
    close(file);
    CHECK(unlinkat(directory, "line", 0) == 0, "the file goes");
    close(directory);
    rmdir(folder);
}

static void test_names(void) {
    char id[37], name[65], cut[4];
    emit_host_boot_id(id);
    CHECK(strlen(id) == 36 && strspn(id, "0123456789abcdef-") == 36, "boot id %s", id);
    emit_host_node_name(name, sizeof name);
    CHECK(name[0] != '\0', "node name");
    emit_host_node_name(cut, sizeof cut);
    CHECK(strlen(cut) <= 3 && strncmp(cut, name, strlen(cut)) == 0, "a long name is cut");
}

// Names that the kernel itself gives to what always lies there.
static void test_file_systems(void) {
    static const struct {
        const char *path, *name;
    } rows[] = {{"/proc", "proc"}, {"/sys", "sysfs"}};
    char name[64], small[3];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int directory = open(rows[i].path, O_PATH | O_CLOEXEC);
        CHECK(directory >= 0 && emit_host_file_system(directory, name, sizeof name), "%s is told",
              rows[i].path);
        CHECK_STRING(name, rows[i].name, "by its name");
        CHECK(!emit_host_file_system(directory, small, sizeof small), "what does not fit is not");
        close(directory);
    }
    CHECK(!emit_host_file_system(-1, name, sizeof name), "a descriptor that is none has no name");
}

static void test_devices(void) {
    char own[] = "/tmp/emit-device-XXXXXX";
    int file = mkstemp(own);
    enum { MEMORY_MAJOR = 1 }; // of /dev/null, in the kernel's list
    CHECK(emit_host_has_device("/dev/null") && !emit_host_has_device("/dev/emit-no-such"),
          "a device is there or not");
    CHECK(emit_host_is_device("/dev/null", MEMORY_MAJOR) &&
              !emit_host_is_device("/dev/null", MEMORY_MAJOR + 1),
          "of its number");
    CHECK(file >= 0 && !emit_host_is_device(own, MEMORY_MAJOR) &&
              !emit_host_is_device("/dev/emit-no-such", MEMORY_MAJOR),
          "a file is no device");
    CHECK(emit_host_may_use_device("/dev/null") && !emit_host_may_use_device("/dev/emit-no-such"),
          "and may be used or not");
    close(file);
    unlink(own);
}

static void test_proc_words(void) {
    struct emit_host host;
    if (emit_host_open(&host, NULL, NULL) != EMIT_OK) exit(1);
    CHECK(emit_host_proc_has_word(&host, "/version", "Linux"), "a word of the kernel's own file");
    CHECK(!emit_host_proc_has_word(&host, "/version", "Linu") &&
              !emit_host_proc_has_word(&host, "/version", "inux") &&
              !emit_host_proc_has_word(&host, "/version", ""),
          "no part of one, and not nothing");
    CHECK(!emit_host_proc_has_word(&host, "/emit-no-such", "Linux"),
          "of no file that is not there");
    CHECK(!emit_host_proc_has_word(&host, "/../etc/passwd", "root:x:0:0:root:/root:/bin/bash"),
          "and of none that is not on procfs");
    emit_host_close(&host);
}

int main(void) {
    test_devices();
    test_proc_words();
    test_roots();
    test_file_systems();
    test_clocks();
    test_evidence();
    test_borrowed();
    test_lines();
    test_names();
    return check_end();
}
