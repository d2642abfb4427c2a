// The default place of the store, and of the run files beside it.
// SPDX-License-Identifier: Apache-2.0
#include "agent/place.h"

#include "base/text.h"
#include "outbox/outbox.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// An environment variable that holds an absolute path, as XDG demands; else NULL.
static const char *folder_of(const char *variable) {
    const char *path = getenv(variable);
    return path && path[0] == '/' ? path : NULL;
}

static enum emit_status find_outbox(char *path, size_t size, const char *asked,
                                    struct emit_error *err) {
    const char *state = folder_of("XDG_STATE_HOME");
    const char *home = folder_of("HOME");
    bool fits;
    if (asked && *asked)
        fits = emit_text_format(path, size, "%s", asked);
    else if (state)
        fits = emit_text_format(path, size, "%s/emit/outbox.db", state);
    else if (geteuid() == 0)
        fits = emit_text_format(path, size, "/var/lib/emit/outbox.db");
    else if (home)
        fits = emit_text_format(path, size, "%s/.local/state/emit/outbox.db", home);
    else
        return emit_fail(err, EMIT_ABSENT,
                         "neither XDG_STATE_HOME nor HOME says where the store should be: name a "
                         "place with --outbox");
    return fits ? EMIT_OK : emit_fail(err, EMIT_INVALID, "the path of the store is too long");
}

// The folder of run files beside the store's real place.
static enum emit_status find_runs(char *path, size_t size, const char *outbox,
                                  struct emit_error *err) {
    char real[EMIT_PLACE_MAX];
    enum emit_status status = emit_outbox_locate(outbox, real, sizeof real, err);
    if (status != EMIT_OK) return status;
    // A located path is absolute: there is a slash.
    int length = (int)(strrchr(real, '/') - real);
    if (!emit_text_format(path, size, "%.*s/runs", length, real))
        return emit_fail(err, EMIT_INVALID, "the path of the store is too long");
    return EMIT_OK;
}

enum emit_status emit_place_find(struct emit_place *place, const char *asked,
                                 struct emit_error *err) {
    struct emit_place found;
    struct emit_error none;
    char own[EMIT_PLACE_MAX];
    enum emit_status status = find_outbox(found.outbox, sizeof found.outbox, asked, err);
    if (status == EMIT_OK) status = find_runs(found.runs, sizeof found.runs, found.outbox, err);
    if (status != EMIT_OK) return status;
    if (!asked || !*asked)
        memcpy(found.meeting, found.runs, sizeof found.meeting);
    else if (find_outbox(own, sizeof own, NULL, &none) != EMIT_OK ||
             find_runs(found.meeting, sizeof found.meeting, own, &none) != EMIT_OK)
        found.meeting[0] = '\0';
    *place = found;
    return EMIT_OK;
}

const char *emit_place_node_runs(void) {
    const char *named = folder_of("EMIT_NODE_RUNS");
    return named ? named : "/run/emit/runs";
}
