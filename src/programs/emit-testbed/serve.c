// The FUSE side: inodes are nodes of the tree, nothing is cached that may change.
// SPDX-License-Identifier: Apache-2.0
#define FUSE_USE_VERSION 312
#include "programs/emit-testbed/serve.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STOP_SECONDS = 2 };

static int64_t scenario_now_ns(struct emit_server *server, int64_t monotonic_ns) {
    int64_t begin_ns = server->begin_ns;
    return begin_ns && monotonic_ns > begin_ns ? monotonic_ns - begin_ns : 0;
}

static struct emit_server *server_of(fuse_req_t request) {
    return fuse_req_userdata(request);
}

static int64_t now_of(fuse_req_t request) {
    return scenario_now_ns(server_of(request), emit_testbed_now_ns());
}

static int node_of(fuse_ino_t inode) {
    return (int)inode - 1;
}

static double cache_seconds(const struct emit_server *server) {
    return server->tree->vanishes ? 0 : 1;
}

static struct stat attributes(const struct emit_server *server, int node) {
    const struct emit_node *at = &server->tree->nodes[node];
    struct stat attribute = {
        .st_ino = (ino_t)node + 1, .st_uid = server->uid, .st_gid = server->gid, .st_nlink = 1};
    switch (at->kind) {
    case EMIT_NODE_DIRECTORY:
        attribute.st_mode = S_IFDIR | at->mode;
        attribute.st_nlink = 2;
        break;
    case EMIT_NODE_LINK:
        attribute.st_mode = S_IFLNK | at->mode;
        attribute.st_size = (off_t)strlen(at->text);
        break;
    case EMIT_NODE_TEXT:
    case EMIT_NODE_ENERGY:
        attribute.st_mode = S_IFREG | at->mode;
        attribute.st_size = 4096; // as sysfs says of every attribute
        break;
    }
    return attribute;
}

static void look_up(fuse_req_t request, fuse_ino_t parent, const char *name) {
    struct emit_server *server = server_of(request);
    int node = emit_tree_child(server->tree, node_of(parent), name, now_of(request));
    if (node < 0) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    struct fuse_entry_param entry = {
        .ino = (fuse_ino_t)node + 1,
        .attr = attributes(server, node),
        .attr_timeout = cache_seconds(server),
        .entry_timeout = cache_seconds(server),
    };
    fuse_reply_entry(request, &entry);
}

static void get_attributes(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file) {
    (void)file;
    struct emit_server *server = server_of(request);
    struct stat attribute = attributes(server, node_of(inode));
    fuse_reply_attr(request, &attribute, cache_seconds(server));
}

static void read_link(fuse_req_t request, fuse_ino_t inode) {
    fuse_reply_readlink(request, server_of(request)->tree->nodes[node_of(inode)].text);
}

// The offset of an entry is its place among its siblings, plus one.
static void read_directory(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
                           struct fuse_file_info *file) {
    (void)file;
    struct emit_server *server = server_of(request);
    const struct emit_tree *tree = server->tree;
    int64_t now_ns = now_of(request);
    char *entries = malloc(size);
    if (!entries) {
        fuse_reply_err(request, ENOMEM);
        return;
    }
    size_t used = 0;
    off_t place = 0;
    for (int at = tree->nodes[node_of(inode)].first; at >= 0; at = tree->nodes[at].next) {
        if (place++ < offset || !emit_tree_exists(tree, at, now_ns)) continue;
        struct stat attribute = attributes(server, at);
        size_t needed = fuse_add_direntry(request, entries + used, size - used,
                                          tree->nodes[at].name, &attribute, place);
        if (needed > size - used) break;
        used += needed;
    }
    fuse_reply_buf(request, entries, used);
    free(entries);
}

static const char *zone_id(const struct emit_server *server, int node) {
    int zone = server->tree->nodes[node].zone;
    return zone < 0 ? "" : server->tree->scenario->zones[zone].id;
}

static void open_file(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file) {
    struct emit_server *server = server_of(request);
    int node = node_of(inode);
    int64_t monotonic_ns = emit_testbed_now_ns();
    int64_t now_ns = scenario_now_ns(server, monotonic_ns);
    bool writes = (file->flags & O_ACCMODE) != O_RDONLY;
    int failure = writes ? EACCES : emit_tree_open_error(server->tree, node, now_ns);
    if (failure) {
        emit_ledger_add(server->ledger, monotonic_ns, writes ? "write" : "open",
                        "\"zone\":\"%s\",\"file\":\"%s\",\"error\":\"%s\",\"pid\":%d",
                        zone_id(server, node), server->tree->nodes[node].name,
                        strerrorname_np(failure), (int)fuse_req_ctx(request)->pid);
        fuse_reply_err(request, failure);
        return;
    }
    file->direct_io = 1;
    fuse_reply_open(request, file);
}

static void keep_reading(struct emit_server *server, fuse_req_t request, int node,
                         int64_t monotonic_ns, int failure, const char *text) {
    if (server->tree->nodes[node].kind != EMIT_NODE_ENERGY) return;
    int pid = (int)fuse_req_ctx(request)->pid;
    if (failure)
        emit_ledger_add(server->ledger, monotonic_ns, "read",
                        "\"zone\":\"%s\",\"error\":\"%s\",\"pid\":%d", zone_id(server, node),
                        strerrorname_np(failure), pid);
    else if (*text >= '0' && *text <= '9')
        emit_ledger_add(server->ledger, monotonic_ns, "read",
                        "\"zone\":\"%s\",\"microjoules\":%.*s,\"pid\":%d", zone_id(server, node),
                        (int)strcspn(text, "\n"), text, pid);
    else
        emit_ledger_add(server->ledger, monotonic_ns, "read",
                        "\"zone\":\"%s\",\"error\":\"nonsense\",\"pid\":%d", zone_id(server, node),
                        pid);
}

// As seq_file does: every read makes the text anew and answers its tail.
static void read_file(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
                      struct fuse_file_info *file) {
    (void)file;
    struct emit_server *server = server_of(request);
    int node = node_of(inode);
    char text[EMIT_TREE_VALUE_MAX];
    int64_t delay_ns = emit_tree_read_ns(server->tree, node, now_of(request));
    if (delay_ns > 0)
        nanosleep(&(struct timespec){delay_ns / 1000000000, delay_ns % 1000000000}, NULL);
    int64_t monotonic_ns = emit_testbed_now_ns();
    int failure = emit_tree_read(server->tree, node, scenario_now_ns(server, monotonic_ns), text);
    // The tail of a number is not a value served; only whole reads are kept.
    if (offset == 0) keep_reading(server, request, node, monotonic_ns, failure, text);
    if (failure) {
        fuse_reply_err(request, failure);
        return;
    }
    size_t length = strlen(text), from = offset < (off_t)length ? (size_t)offset : length;
    fuse_reply_buf(request, text + from, length - from < size ? length - from : size);
}

static const struct fuse_lowlevel_ops operations = {
    .lookup = look_up,
    .getattr = get_attributes,
    .readlink = read_link,
    .readdir = read_directory,
    .open = open_file,
    .read = read_file,
};

static bool reads_take_time(const struct emit_scenario *scenario) {
    for (size_t i = 0; i < scenario->event_count; i++)
        if (scenario->events[i].kind == EMIT_SCENARIO_SLOW) return true;
    for (size_t i = 0; i < scenario->zone_count; i++)
        if (scenario->zones[i].read_ns > 0) return true;
    return false;
}

// One thread answers a fifth faster than several that hand over to each other;
// several are needed where a slow read must not hold up the others.
static void *serve(void *owner) {
    struct emit_server *server = owner;
    struct fuse_loop_config *config = NULL;
    if (reads_take_time(server->tree->scenario)) config = fuse_loop_cfg_create();
    if (config) {
        fuse_loop_cfg_set_max_threads(config, 16);
        fuse_session_loop_mt(server->session, config);
        fuse_loop_cfg_destroy(config);
    } else {
        fuse_session_loop(server->session);
    }
    return NULL;
}

// mount(2) of our own: needs no helper program, works in a user namespace. The
// session then takes the open device by its number.
static enum emit_status mount_tree(struct emit_server *server, const char *directory,
                                   char place[32], struct emit_error *err) {
    int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0)
        return emit_fail_errno(err, errno,
                               "cannot open /dev/fuse; emit-testbed run --static needs none");
    char options[160];
    emit_text_format(options, sizeof options,
                     "fd=%d,rootmode=40755,user_id=%u,group_id=%u,default_permissions,allow_other",
                     device, (unsigned int)geteuid(), (unsigned int)getegid());
    if (mount("emit-testbed", directory, "fuse", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) != 0) {
        int failure = errno;
        close(device);
        return emit_fail_errno(err, failure, "cannot mount the tree at %s", directory);
    }
    emit_text_format(server->mounted_at, sizeof server->mounted_at, "%s", directory);
    emit_text_format(place, 32, "/dev/fd/%d", device);
    return EMIT_OK;
}

// The guard of a mount that fusermount3 made: a process that unmounts it when this
// one ends, whether by emit_server_stop or by kill -9.
static _Noreturn void guard(int alive, const char *directory) {
    sigset_t all;
    char byte;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    if (dup2(alive, STDIN_FILENO) < 0) _exit(1);
    close_range(STDIN_FILENO + 1, ~0U, 0); // above all the FUSE device: it keeps the mount alive
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    execlp("fusermount3", "fusermount3", "-u", "-q", "-z", "--", directory, (char *)NULL);
    _exit(1);
}

// Before any thread is started.
static enum emit_status start_guard(struct emit_server *server, const char *directory,
                                    struct emit_error *err) {
    int alive[2];
    if (pipe2(alive, O_CLOEXEC) != 0) return emit_fail_errno(err, errno, "cannot make a pipe");
    pid_t made = fork();
    if (made == 0) {
        close(alive[1]);
        guard(alive[0], directory);
    }
    int failure = errno;
    close(alive[0]);
    if (made < 0) {
        close(alive[1]);
        return emit_fail_errno(err, failure, "cannot start the guard of the mount");
    }
    server->guard = made;
    server->guard_pipe = alive[1];
    return EMIT_OK;
}

static void end_guard(struct emit_server *server) {
    close(server->guard_pipe);
    waitpid(server->guard, NULL, 0);
    server->guard = 0;
}

static enum emit_status start_thread(struct emit_server *server, struct emit_error *err) {
    int failure = pthread_create(&server->thread, NULL, serve, server);
    if (failure) return emit_fail_errno(err, failure, "cannot start a thread");
    server->serving = true;
    return EMIT_OK;
}

enum emit_status emit_server_start(struct emit_server *server, const char *directory,
                                   bool own_mount, struct emit_error *err) {
    char own[] = "emit-testbed", option[] = "-o";
    char options[] = "default_permissions,fsname=emit-testbed";
    char *words[] = {own, option, options, NULL};
    char place[32];
    enum emit_status status = EMIT_OK;
    server->mounted_at[0] = '\0';
    if (own_mount) status = mount_tree(server, directory, place, err);
    if (status != EMIT_OK) return status;
    struct fuse_args arguments = FUSE_ARGS_INIT(own_mount ? 1 : 3, words);
    server->session = fuse_session_new(&arguments, &operations, sizeof operations, server);
    fuse_opt_free_args(&arguments);
    if (!server->session)
        status = emit_fail(err, EMIT_SYSTEM, "libfuse cannot open a session");
    else if (fuse_session_mount(server->session, own_mount ? place : directory) != 0)
        status = emit_fail(err, EMIT_SYSTEM,
                           "cannot mount the tree at %s: it must be an empty directory of yours, "
                           "and fusermount3 installed",
                           directory);
    if (status == EMIT_OK && !own_mount) status = start_guard(server, directory, err);
    if (status == EMIT_OK) status = start_thread(server, err);
    if (status != EMIT_OK) emit_server_stop(server);
    return status;
}

void emit_server_stop(struct emit_server *server) {
    bool ended = !server->serving;
    if (server->mounted_at[0])
        umount2(server->mounted_at, MNT_FORCE | MNT_DETACH);
    else if (server->guard)
        end_guard(server);
    if (server->serving) {
        struct timespec deadline;
        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += STOP_SECONDS;
        ended = pthread_timedjoin_np(server->thread, NULL, &deadline) == 0;
    }
    if (ended && server->session) {
        // The mount is gone by now; libfuse still has to hear of it.
        if (!server->mounted_at[0]) fuse_session_unmount(server->session);
        fuse_session_destroy(server->session);
        server->session = NULL;
    }
    server->serving = false;
}
