// Where a store lives: its folder, the names of its files, and who may put them
// there. Folders are created 0700 and synced into their parents; files 0600.
//
// What surprises: the place asked for is not always the place used. SQLite's
// write-ahead log needs memory shared between processes, which network file
// systems do not give; there the store moves to a folder of this node.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_FOLDER_H
#define OUTBOX_FOLDER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    EMIT_STORE_PATH_MAX = 3072, // bytes of the database's path; leaves room for suffixes
    EMIT_STORE_NAME_MAX = 200,  // bytes of its last part
};

struct emit_folder {
    int directory;                  // descriptor of the folder
    char path[EMIT_STORE_PATH_MAX]; // of the database: absolute, no symbolic link in it
    char name[EMIT_STORE_NAME_MAX]; // its last part
};

// Where the store asked for at `path` has its place on this node: `path` itself,
// or a node-local one (then *moved is true). Looks, creates nothing.
EMIT_MUST_CHECK enum emit_status emit_folder_locate(const char *path, char *place, size_t size,
                                                    bool *moved, struct emit_error *err);

// Opens the folder of a located path, creating it unless read_only.
// EMIT_ABSENT: read_only and there is none. EMIT_DENIED: no right, or a folder
// where others could put or replace our files.
EMIT_MUST_CHECK enum emit_status emit_folder_open(struct emit_folder *folder, const char *place,
                                                  bool read_only, struct emit_error *err);
void emit_folder_close(struct emit_folder *folder);

// One of the store's files by its suffix: "" the database, "-wal", "-lock", ...
// False when it does not fit, which folder_open has made sure of for our suffixes.
bool emit_folder_name(const struct emit_folder *folder, const char *suffix, char *name,
                      size_t size);
bool emit_folder_has(const struct emit_folder *folder, const char *suffix);

// True when every file of the store that is there is a plain one of ours.
EMIT_MUST_CHECK enum emit_status emit_folder_check_files(const struct emit_folder *folder,
                                                         struct emit_error *err);
// Creates the empty database file, 0600 whatever the umask, and syncs the folder.
EMIT_MUST_CHECK enum emit_status emit_folder_create_file(const struct emit_folder *folder,
                                                         struct emit_error *err);
// Renames one file of the store by suffixes; a missing one is none of our business.
EMIT_MUST_CHECK enum emit_status emit_folder_rename(const struct emit_folder *folder,
                                                    const char *from, const char *to,
                                                    struct emit_error *err);
void emit_folder_remove(const struct emit_folder *folder, const char *suffix);
EMIT_MUST_CHECK enum emit_status emit_folder_sync(const struct emit_folder *folder,
                                                  struct emit_error *err);

#endif
