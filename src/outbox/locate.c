// Where WAL cannot work, the store moves to a folder of this node.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/folder.h"

#include "base/text.h"
#include "host/host.h"
#include "outbox/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

// f_type of statfs(2) of file systems whose nodes share no memory. FUSE may be
// anything, and is the root of many a container: of it the name decides.
static const unsigned long shared_by_nodes[] = {
    0x6969,     // NFS
    0xff534d42, // CIFS
    0xfe534d42, // SMB 2
    0x517b,     // SMB
    0x0bd00bd0, // Lustre
    0x47504653, // GPFS
    0x01021997, // 9p
    0x5346414f, // AFS
    0x6b414653, // AFS in the kernel
    0x00c36400, // Ceph
    0x73757245, // Coda
    0x564c,     // NCP
    0x19830326, // BeeGFS
    0xaad7aaea, // Panasas
    0x7461636f, // OCFS2
    0x01161970, // GFS2
    0x20030528, // OrangeFS
};
static const unsigned long fuse_type = 0x65735546;
static const char *const shared_fuse[] = {
    "fuse.sshfs",   "fuse.glusterfs", "fuse.ceph-fuse", "fuse.juicefs", "fuse.s3fs",
    "fuse.gcsfuse", "fuse.rclone",    "fuse.davfs",     "fuse.cvmfs2",  "fuse.lizardfs",
    "fuse.mfs",     "fuse.curlftpfs", "fuse.smbnetfs",  "fuse.nfs",     "fuse.goofys",
    "fuse.moosefs", "fuse.weka",
};

static bool is_shared_fuse(const char *path) {
    char name[64];
    bool shared = false;
    int descriptor = open(path, O_PATH | O_CLOEXEC);
    if (descriptor < 0) return false;
    if (emit_host_file_system(descriptor, name, sizeof name))
        for (size_t i = 0; i < sizeof shared_fuse / sizeof *shared_fuse; i++)
            shared = shared || strcmp(name, shared_fuse[i]) == 0;
    close(descriptor);
    return shared;
}

// Of the deepest folder of the path that is there.
static bool is_shared(const char *path) {
    char at[EMIT_STORE_PATH_MAX];
    if (!emit_text_format(at, sizeof at, "%s", path)) return false;
    for (char *slash = strrchr(at, '/'); slash; slash = strrchr(at, '/')) {
        slash[slash == at] = '\0';
        struct statfs found;
        if (statfs(at, &found) == 0) {
            for (size_t i = 0; i < sizeof shared_by_nodes / sizeof *shared_by_nodes; i++)
                if (((unsigned long)found.f_type & 0xffffffff) == shared_by_nodes[i]) return true;
            return ((unsigned long)found.f_type & 0xffffffff) == fuse_type && is_shared_fuse(at);
        }
        if (slash == at) break;
    }
    return false;
}

static enum emit_status make_absolute(const char *path, char *place, size_t size,
                                      struct emit_error *err) {
    char here[PATH_MAX];
    bool fits;
    if (path[0] == '/') {
        fits = emit_text_format(place, size, "%s", path);
    } else {
        if (!getcwd(here, sizeof here))
            return emit_fail_errno(err, errno, "cannot tell the current folder");
        fits = emit_text_format(place, size, "%s/%s", here, path);
    }
    return fits ? EMIT_OK : emit_fail(err, EMIT_INVALID, "the path of the store is too long");
}

// The name tells apart the stores that were asked for at different places.
enum emit_status emit_folder_locate(const char *path, char *place, size_t size, bool *moved,
                                    struct emit_error *err) {
    char asked[EMIT_STORE_PATH_MAX], local[EMIT_STORE_PATH_MAX];
    enum emit_status status = make_absolute(path, asked, sizeof asked, err);
    if (status != EMIT_OK) return status;
    if (!is_shared(asked)) {
        *moved = false;
        (void)emit_text_format(place, size, "%s", asked);
        return EMIT_OK;
    }
    // A folder that a reboot leaves alone comes first; the runtime folder does not
    // survive one, but is better than nothing on a node without a disk.
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    unsigned sum = emit_checksum_add(0, asked, strlen(asked));
    unsigned uid = geteuid();
    for (int choice = 0; choice < 3; choice++) {
        if (choice == 0 && uid != 0) continue;
        if (choice == 2 && (!runtime || runtime[0] != '/')) continue;
        bool fits =
            choice == 0 ? emit_text_format(local, sizeof local, "/var/lib/emit/outbox-%08x.db", sum)
            : choice == 1
                ? emit_text_format(local, sizeof local, "/var/tmp/emit-%u/outbox-%08x.db", uid, sum)
                : emit_text_format(local, sizeof local, "%s/emit/outbox-%08x.db", runtime, sum);
        if (!fits || is_shared(local)) continue;
        *moved = true;
        (void)emit_text_format(place, size, "%s", local);
        return EMIT_OK;
    }
    return emit_fail(err, EMIT_INVALID,
                     "%s lies on a network file system, and this node has no disk of its own for "
                     "the store: name a local place with --outbox",
                     path);
}
