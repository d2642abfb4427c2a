// The store's folder: created, checked, synced.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/folder.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool emit_folder_name(const struct emit_folder *folder, const char *suffix, char *name,
                      size_t size) {
    return emit_text_format(name, size, "%s%s", folder->name, suffix);
}

bool emit_folder_has(const struct emit_folder *folder, const char *suffix) {
    char name[NAME_MAX + 1];
    struct stat found;
    return emit_folder_name(folder, suffix, name, sizeof name) &&
           fstatat(folder->directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum emit_status sync_directory(int directory, const char *path, struct emit_error *err) {
    // A file system that cannot sync a directory (EINVAL) orders its entries itself.
    if (fsync(directory) == 0 || errno == EINVAL || errno == EROFS) return EMIT_OK;
    return emit_fail_errno(err, errno, "cannot sync the folder %s", path);
}

enum emit_status emit_folder_sync(const struct emit_folder *folder, struct emit_error *err) {
    return sync_directory(folder->directory, folder->path, err);
}

// A folder is only there for good when its parent has been synced.
static enum emit_status sync_parent(const char *path, struct emit_error *err) {
    char parent[EMIT_STORE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash == path ? 1 : (int)(slash - path);
    if (!emit_text_format(parent, sizeof parent, "%.*s", length, path)) return EMIT_OK;
    int directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return emit_fail_errno(err, errno, "cannot open the folder %s", parent);
    enum emit_status status = sync_directory(directory, parent, err);
    (void)close(directory);
    return status;
}

// The rule of the kernel's protected_symlinks, kept also where that is switched
// off: in a folder that everybody may write to, only our own links count.
static enum emit_status check_link(const char *path, const struct stat *parent,
                                   struct emit_error *err) {
    struct stat found;
    if (lstat(path, &found) != 0 || !S_ISLNK(found.st_mode)) return EMIT_OK;
    bool trusted = found.st_uid == geteuid() || found.st_uid == 0 ||
                   found.st_uid == parent->st_uid || !(parent->st_mode & S_IWOTH);
    if (trusted) return EMIT_OK;
    return emit_fail(err, EMIT_DENIED,
                     "%s is a symbolic link that another user put there: name another place with "
                     "--outbox",
                     path);
}

// One folder of the path: checked, and created where it is missing.
static enum emit_status enter_folder(const char *path, struct stat *parent, bool create,
                                     struct emit_error *err) {
    enum emit_status status = check_link(path, parent, err);
    if (status != EMIT_OK) return status;
    if (stat(path, parent) == 0) {
        if (S_ISDIR(parent->st_mode)) return EMIT_OK;
        return emit_fail(err, EMIT_INVALID, "%s is not a folder: name another place with --outbox",
                         path);
    }
    if (errno == ENOENT && create) {
        if (mkdir(path, 0700) == 0) {
            if (chmod(path, 0700) != 0) // the umask may have taken our own rights
                return emit_fail_errno(err, errno, "cannot set the mode of %s", path);
            status = sync_parent(path, err);
            if (status != EMIT_OK) return status;
        } else if (errno != EEXIST) {
            return emit_fail_errno(
                err, errno, "cannot create the folder %s (--outbox names another place)", path);
        }
        if (stat(path, parent) == 0) return EMIT_OK;
    }
    return emit_fail_errno(err, errno, "cannot use the folder %s", path);
}

static enum emit_status enter_all(char *folder, bool create, struct emit_error *err) {
    struct stat parent;
    if (stat("/", &parent) != 0) return emit_fail_errno(err, errno, "cannot look at /");
    for (char *slash = strchr(folder + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash) *slash = '\0';
        enum emit_status status = enter_folder(folder, &parent, create, err);
        if (slash) *slash = '/';
        if (status != EMIT_OK || !slash) return status;
    }
}

// `place` split into the folder (absolute) and the name of the database in it.
static enum emit_status split(const char *place, char folder[EMIT_STORE_PATH_MAX],
                              char name[EMIT_STORE_NAME_MAX], struct emit_error *err) {
    const char *slash = strrchr(place, '/');
    const char *last = slash ? slash + 1 : place;
    bool fits = emit_text_format(name, EMIT_STORE_NAME_MAX, "%s", last);
    if (!slash || *last == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
        return emit_fail(err, EMIT_INVALID, "'%s' is not the path of a file", place);
    int length = slash == place ? 1 : (int)(slash - place);
    fits = fits && emit_text_format(folder, EMIT_STORE_PATH_MAX, "%.*s", length, place);
    return fits ? EMIT_OK : emit_fail(err, EMIT_INVALID, "the path of the store is too long");
}

// Nobody else may be able to rename or replace what lies in the folder.
static enum emit_status check_folder(int directory, const char *path, struct emit_error *err) {
    struct stat found;
    if (fstat(directory, &found) != 0)
        return emit_fail_errno(err, errno, "cannot look at %s", path);
    if ((found.st_mode & S_IWOTH) && !(found.st_mode & S_ISVTX))
        return emit_fail(err, EMIT_DENIED,
                         "everybody may replace files in %s: chmod o-w it, or name another place "
                         "with --outbox",
                         path);
    return EMIT_OK;
}

enum emit_status emit_folder_open(struct emit_folder *folder, const char *place, bool read_only,
                                  struct emit_error *err) {
    char path[EMIT_STORE_PATH_MAX];
    char real[PATH_MAX];
    *folder = (struct emit_folder){.directory = -1};
    enum emit_status status = split(place, path, folder->name, err);
    if (status == EMIT_OK) status = enter_all(path, !read_only, err);
    if (status != EMIT_OK) return status;
    // SQLite refuses every symbolic link in a path, so it is given none.
    if (!realpath(path, real)) return emit_fail_errno(err, errno, "cannot use the folder %s", path);
    int directory = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (directory < 0) return emit_fail_errno(err, errno, "cannot open the folder %s", real);
    status = check_folder(directory, real, err);
    if (status == EMIT_OK && !emit_text_format(folder->path, sizeof folder->path, "%s/%s",
                                               strcmp(real, "/") == 0 ? "" : real, folder->name))
        status = emit_fail(err, EMIT_INVALID, "the path of the store is too long");
    if (status == EMIT_OK)
        folder->directory = directory;
    else
        (void)close(directory);
    return status;
}

void emit_folder_close(struct emit_folder *folder) {
    if (folder->directory >= 0) (void)close(folder->directory);
    folder->directory = -1;
}

enum emit_status emit_folder_check_files(const struct emit_folder *folder, struct emit_error *err) {
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", "-lock", "-ballast"};
    char name[NAME_MAX + 1];
    struct stat own, found;
    if (fstat(folder->directory, &own) != 0)
        return emit_fail_errno(err, errno, "cannot look at the folder of %s", folder->path);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        (void)emit_folder_name(folder, suffixes[i], name, sizeof name);
        if (fstatat(folder->directory, name, &found, AT_SYMLINK_NOFOLLOW) != 0) continue;
        // Root may look after a user's store in that user's folder.
        uid_t uid = geteuid();
        bool ours = found.st_uid == uid || (uid == 0 && found.st_uid == own.st_uid);
        if (!S_ISREG(found.st_mode) || !ours)
            return emit_fail(err, EMIT_DENIED,
                             "%s%s is not a plain file of this user: remove it, or name another "
                             "place with --outbox",
                             folder->path, suffixes[i]);
    }
    return EMIT_OK;
}

// Closed again before SQLite opens it: closing a file later would drop the locks
// that SQLite holds on it.
enum emit_status emit_folder_create_file(const struct emit_folder *folder, struct emit_error *err) {
    int file = openat(folder->directory, folder->name,
                      O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return emit_fail_errno(err, errno, "cannot create %s", folder->path);
    bool set = fchmod(file, 0600) == 0;
    int why = errno;
    (void)close(file);
    if (!set) return emit_fail_errno(err, why, "cannot set the mode of %s", folder->path);
    return emit_folder_sync(folder, err);
}

enum emit_status emit_folder_rename(const struct emit_folder *folder, const char *from,
                                    const char *to, struct emit_error *err) {
    char old[NAME_MAX + 1], new[NAME_MAX + 1];
    if (!emit_folder_name(folder, from, old, sizeof old) ||
        !emit_folder_name(folder, to, new, sizeof new))
        return emit_fail(err, EMIT_INVALID, "the name of the store is too long");
    if (renameat(folder->directory, old, folder->directory, new) == 0 || errno == ENOENT)
        return EMIT_OK;
    return emit_fail_errno(err, errno, "cannot rename %s to %s", old, new);
}

void emit_folder_remove(const struct emit_folder *folder, const char *suffix) {
    char name[NAME_MAX + 1];
    if (emit_folder_name(folder, suffix, name, sizeof name))
        (void)unlinkat(folder->directory, name, 0);
}
