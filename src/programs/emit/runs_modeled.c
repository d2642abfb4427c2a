// The modeled events of the whole store, run by run.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/runs_modeled.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct runs_modeled_run *runs_modeled_find(const struct runs_modeled *modeled, const char *run_id) {
    // From the end: the events of a run stand together, and what was found last is there.
    for (size_t i = modeled->count; i-- > 0;)
        if (strcmp(modeled->runs[i].run_id, run_id) == 0) return &modeled->runs[i];
    return NULL;
}

static struct runs_modeled_run *add_run(struct runs_modeled *modeled, const char *run_id,
                                        const char *boundary) {
    if (modeled->count == modeled->room) {
        size_t room = modeled->room ? 2 * modeled->room : 16;
        struct runs_modeled_run *larger = reallocarray(modeled->runs, room, sizeof *larger);
        if (!larger) return NULL;
        modeled->runs = larger;
        modeled->room = room;
    }
    struct runs_modeled_run *run = &modeled->runs[modeled->count++];
    *run = (struct runs_modeled_run){.events = 0};
    (void)emit_text_format(run->run_id, sizeof run->run_id, "%s", run_id);
    (void)emit_text_format(run->boundary, sizeof run->boundary, "%s", boundary);
    return run;
}

struct reading {
    struct runs_modeled *modeled;
    bool no_memory;
};

static bool take_event(void *owner, const struct emit_entry *entry) {
    struct reading *reading = owner;
    struct modeled_event event;
    if (!modeled_event_read(&event, entry)) return true;
    struct runs_modeled_run *run = runs_modeled_find(reading->modeled, entry->run_id);
    if (!run) run = add_run(reading->modeled, entry->run_id, event.boundary);
    reading->no_memory = !run;
    if (!run) return false;
    run->events++;
    if (entry->time_ns > run->last_ns) run->last_ns = entry->time_ns;
    if (strcmp(event.phase, "total") != 0) return true;
    if (strcmp(run->boundary, event.boundary) != 0) run->boundary[0] = '\0';
    run->joules.low += event.joules.low;
    run->joules.central += event.joules.central;
    run->joules.high += event.joules.high;
    return true;
}

enum emit_status runs_modeled_read(struct runs_modeled *modeled, struct emit_outbox *outbox,
                                   size_t *damaged, struct emit_error *err) {
    struct reading reading = {.modeled = modeled};
    const struct emit_outbox_query query = {.kind = EMIT_ENTRY_EVENT, .newest_first = true};
    enum emit_status status = emit_outbox_visit(outbox, &query, take_event, &reading, damaged, err);
    return reading.no_memory ? emit_fail(err, EMIT_NO_MEMORY, "out of memory") : status;
}

void runs_modeled_clear(struct runs_modeled *modeled) {
    free(modeled->runs);
    *modeled = (struct runs_modeled){0};
}
