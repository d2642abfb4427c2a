// Where the store is looked for, by option and environment; the run files beside it.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "agent/place.h"

#include <stdlib.h>
#include <unistd.h>

struct surroundings {
    const char *asked, *state, *home; // NULL: not set
    const char *outbox, *runs;        // NULL: refused
    const char *meeting;              // NULL: the run files
};

static void set(const char *name, const char *value) {
    if (value ? setenv(name, value, 1) : unsetenv(name)) abort();
}

static void test_places(void) {
    const bool root = geteuid() == 0;
    const char *of_root = root ? "/var/lib/emit/outbox.db" : NULL;
    const char *of_root_runs = root ? "/var/lib/emit/runs" : NULL;
    const struct surroundings cases[] = {
        {"/a/b.db", "/s", "/h", "/a/b.db", "/a/runs", "/s/emit/runs"},
        {"/b.db", NULL, NULL, "/b.db", "/runs", root ? of_root_runs : ""},
        {NULL, "/s", "/h", "/s/emit/outbox.db", "/s/emit/runs", "/s/emit/runs"},
        {"", "/s", "/h", "/s/emit/outbox.db", "/s/emit/runs", "/s/emit/runs"},
        // XDG: a path that is not absolute counts as none.
        {NULL, "s", "/h", root ? of_root : "/h/.local/state/emit/outbox.db",
         root ? of_root_runs : "/h/.local/state/emit/runs", NULL},
        {NULL, NULL, "/h", root ? of_root : "/h/.local/state/emit/outbox.db",
         root ? of_root_runs : "/h/.local/state/emit/runs", NULL},
        {NULL, NULL, NULL, of_root, of_root_runs, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct emit_place place;
        struct emit_error err;
        set("XDG_STATE_HOME", cases[i].state);
        set("HOME", cases[i].home);
        enum emit_status status = emit_place_find(&place, cases[i].asked, &err);
        if (!cases[i].outbox) {
            CHECK(status == EMIT_ABSENT, "nothing says where: %s", err.text);
            continue;
        }
        if (!CHECK(status == EMIT_OK, "case %zu has a place", i)) continue;
        CHECK_STRING(place.outbox, cases[i].outbox, "the store");
        CHECK_STRING(place.runs, cases[i].runs, "the run files");
        CHECK_STRING(place.meeting, cases[i].meeting ? cases[i].meeting : place.runs,
                     "where a user's runs meet");
    }
}

static void test_relative(void) {
    char here[EMIT_PLACE_MAX], wanted[EMIT_PLACE_MAX + 16];
    struct emit_place place;
    struct emit_error err;
    if (!getcwd(here, sizeof here)) abort();
    (void)snprintf(wanted, sizeof wanted, "%s/runs", here);
    CHECK(emit_place_find(&place, "mine.db", &err) == EMIT_OK, "a relative path is taken");
    CHECK_STRING(place.runs, wanted, "its run files stand in the current folder");
}

static void test_too_long(void) {
    static char path[EMIT_PLACE_MAX + 1];
    struct emit_place place;
    struct emit_error err;
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    CHECK(emit_place_find(&place, path, &err) == EMIT_INVALID, "too long a path: %s", err.text);
}

int main(void) {
    test_places();
    test_relative();
    test_too_long();
    return check_end();
}
