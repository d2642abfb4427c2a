// Runs that go on, made into reports.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/open_runs.h"

#include "agent/place.h"
#include "base/text.h"

#include <unistd.h>

struct viewing {
    open_runs_taker *take;
    void *owner;
    size_t taken;
};

static void view(void *owner, const struct emit_run_result *result, uid_t user) {
    struct viewing *viewing = owner;
    struct emit_report report;
    struct emit_error err;
    char who[32];
    if (emit_report_build(&report, result, &err) != EMIT_OK) return;
    report.state = EMIT_REPORT_OPEN;
    open_runs_name_user(who, sizeof who, user);
    emit_report_note(&report, "Goes on, metered by %s: this is how it was at its last sample.",
                     who);
    viewing->take(viewing->owner, &report, user);
    viewing->taken++;
    emit_report_clear(&report);
}

size_t open_runs_visit(const char *outbox_path, open_runs_taker *take, void *owner) {
    struct viewing viewing = {.take = take, .owner = owner};
    struct emit_place place;
    struct emit_host host;
    if (emit_host_open(&host, NULL, NULL) != EMIT_OK) return 0;
    if (emit_place_find(&place, outbox_path, NULL) == EMIT_OK)
        (void)emit_runs_look(&host, place.runs, view, &viewing);
    // Root has seen the runs themselves.
    if (geteuid() != 0) (void)emit_runs_look_node(&host, emit_place_node_runs(), view, &viewing);
    emit_host_close(&host);
    return viewing.taken;
}

void open_runs_name_user(char *text, size_t size, uid_t user) {
    if (user == geteuid())
        (void)emit_text_format(text, size, "you");
    else if (user == 0)
        (void)emit_text_format(text, size, "root");
    else
        (void)emit_text_format(text, size, "uid %lu", (unsigned long)user);
}
