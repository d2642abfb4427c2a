// Links of the meeting place, ".RUN@NODE.at", each to the directory of that run's file.
//
// A lock on the meeting place excludes that two processes begin a run at once, each in a
// directory of its own. Where it cannot be had, runs are kept apart as if there were no
// meeting place: that is no reason not to meter.
// SPDX-License-Identifier: Apache-2.0
#include "runs/elsewhere.h"

#include "base/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static bool name_link(char name[NAME_MAX + 1], const char *run_id) {
    char node[EMIT_NODE_MAX];
    emit_run_file_this_node(node);
    return emit_text_format(name, NAME_MAX + 1, ".%s@%s.at", run_id, node);
}

// Who holds the lock only enters a run. -1: it is not to be had.
static int lock_meeting(const char *meeting) {
    struct emit_error why;
    const struct timespec pause = {.tv_nsec = 200000};
    int directory;
    if (!meeting || emit_run_directory_open(&directory, meeting, true, &why) != EMIT_OK) return -1;
    for (int i = 0; i < EMIT_RUN_WAIT_MS * 5; i++) {
        if (flock(directory, LOCK_EX | LOCK_NB) == 0) return directory;
        (void)nanosleep(&pause, NULL);
    }
    close(directory);
    return -1;
}

static bool goes_on(const char *directory, const char *run_id) {
    struct emit_run_file file;
    struct emit_error why;
    enum emit_status status = emit_run_file_visit(&file, directory, run_id, &why);
    if (status == EMIT_OK) emit_run_file_close(&file);
    return status == EMIT_OK || status == EMIT_CORRUPT; // to enter it says what is wrong
}

static bool read_link(int meeting, const char *link, char folder[PATH_MAX]) {
    ssize_t length = readlinkat(meeting, link, folder, PATH_MAX - 1);
    if (length <= 0 || folder[0] != '/') return false;
    folder[length] = '\0';
    return true;
}

// Where the run goes on; else where the process wants it.
static const char *choose(const struct emit_run_places *places, int meeting, const char *run_id,
                          char folder[PATH_MAX]) {
    char link[NAME_MAX + 1];
    if (strcmp(places->directory, places->meeting) != 0) {
        if (goes_on(places->directory, run_id)) return places->directory;
        if (goes_on(places->meeting, run_id)) return places->meeting;
    }
    bool linked = name_link(link, run_id) && read_link(meeting, link, folder);
    return linked && goes_on(folder, run_id) ? folder : places->directory;
}

static void put_link(int meeting, const char *run_id, const char *directory) {
    char link[NAME_MAX + 1];
    if (!name_link(link, run_id)) return;
    (void)unlinkat(meeting, link, 0);
    (void)!symlinkat(directory, meeting, link); // full: others do not find it
}

enum emit_status emit_run_elsewhere_enter(struct emit_run_file *file,
                                          const struct emit_run_places *places,
                                          const struct emit_run_header *header, int64_t opened_ns,
                                          int64_t opened_wall_ns, bool *linked,
                                          struct emit_error *err) {
    char folder[PATH_MAX];
    const char *at = places->directory;
    int meeting = at ? lock_meeting(places->meeting) : -1;
    if (meeting >= 0) at = choose(places, meeting, header->run_id, folder);
    enum emit_status status = emit_run_file_enter(file, at, header, opened_ns, opened_wall_ns, err);
    *linked = meeting >= 0 && strcmp(at, places->meeting) != 0;
    if (status == EMIT_OK && file->created && *linked) put_link(meeting, header->run_id, at);
    if (meeting >= 0) close(meeting);
    return status;
}

enum emit_status emit_run_elsewhere_visit(struct emit_run_file *file,
                                          const struct emit_run_places *places, const char *run_id,
                                          struct emit_error *err) {
    char link[NAME_MAX + 1], folder[PATH_MAX];
    struct emit_error why;
    int meeting;
    enum emit_status status = emit_run_file_visit(file, places->directory, run_id, err);
    if (status != EMIT_ABSENT || !places->meeting) return status;
    enum emit_status there = emit_run_file_visit(file, places->meeting, run_id, &why);
    if (there != EMIT_ABSENT) return there == EMIT_OK ? there : status;
    if (emit_run_directory_open(&meeting, places->meeting, false, &why) != EMIT_OK) return status;
    bool linked = name_link(link, run_id) && read_link(meeting, link, folder);
    close(meeting);
    return linked && emit_run_file_visit(file, folder, run_id, &why) == EMIT_OK ? EMIT_OK : status;
}

void emit_run_elsewhere_forget(const char *meeting, const char *run_id) {
    char link[NAME_MAX + 1], folder[PATH_MAX];
    int directory = lock_meeting(meeting);
    if (directory < 0) return;
    // Somebody may have begun it anew since.
    if (name_link(link, run_id) && read_link(directory, link, folder) && !goes_on(folder, run_id))
        (void)unlinkat(directory, link, 0);
    close(directory);
}

bool emit_run_elsewhere_is_link(const char *name) {
    size_t length = strlen(name);
    return name[0] == '.' && length > 4 && strcmp(name + length - 3, ".at") == 0;
}

bool emit_run_elsewhere_follow(int meeting, const char *link, int *directory,
                               char name[NAME_MAX + 1]) {
    char folder[PATH_MAX];
    struct emit_error why;
    if (!emit_text_format(name, NAME_MAX + 1, "%.*s.run", (int)strlen(link) - 4, link + 1))
        return false;
    return read_link(meeting, link, folder) &&
           emit_run_directory_open(directory, folder, false, &why) == EMIT_OK;
}

void emit_run_elsewhere_tidy(int meeting, const char *link) {
    char name[NAME_MAX + 1];
    bool lives = false;
    int directory, lock = openat(meeting, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0) return;
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
        if (emit_run_elsewhere_follow(meeting, link, &directory, name)) {
            int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
            lives = file >= 0 && emit_run_file_is_lived_in(file);
            if (file >= 0) close(file);
            close(directory);
        }
        if (!lives) (void)unlinkat(meeting, link, 0);
    }
    close(lock);
}
