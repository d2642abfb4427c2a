// Scenarios: finding their files, and asking what holds at a moment.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit-testbed/scenario.h"

#include "base/text.h"
#include "programs/emit-testbed/scenario_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char suffix[] = ".yaml";

static bool has_suffix(const char *text) {
    size_t length = strlen(text), wanted = sizeof suffix - 1;
    return length > wanted && strcmp(text + length - wanted, suffix) == 0;
}

// The file's own name without .yaml, cut where it is too long.
static void name_after_path(struct emit_scenario *scenario) {
    const char *slash = strrchr(scenario->path, '/');
    emit_text_format(scenario->name, sizeof scenario->name, "%s",
                     slash ? slash + 1 : scenario->path);
    if (has_suffix(scenario->name))
        scenario->name[strlen(scenario->name) - (sizeof suffix - 1)] = '\0';
}

enum emit_status emit_scenario_open(struct emit_scenario **scenario, const char *path,
                                    struct emit_error *err) {
    struct emit_scenario *made = calloc(1, sizeof *made);
    if (!made) return emit_fail(err, EMIT_NO_MEMORY, "out of memory for %s", path);
    enum emit_status status;
    FILE *file = fopen(path, "re");
    if (!file) {
        status = emit_fail_errno(err, errno, "cannot open the scenario %s", path);
    } else if (!emit_text_format(made->path, sizeof made->path, "%s", path)) {
        status = emit_fail(err, EMIT_INVALID, "the path of the scenario is too long");
    } else {
        name_after_path(made);
        emit_text_format(made->control, sizeof made->control, "intel-rapl");
        made->period_ns = 1000000;
        made->jitter_ns = 100000;
        made->lasts_ns = 300000000;
        made->gpus.nvml.version = 1;
        emit_text_format(made->gpus.driver, sizeof made->gpus.driver, "550.54.15");
        status = emit_scenario_read(made, file, err);
    }
    if (file) fclose(file);
    if (status == EMIT_OK)
        *scenario = made;
    else
        emit_scenario_free(made);
    return status;
}

void emit_scenario_free(struct emit_scenario *scenario) {
    if (!scenario) return;
    for (size_t i = 0; i < scenario->zone_count; i++)
        emit_curve_clear(&scenario->zones[i].counter.curve);
    for (size_t i = 0; i < scenario->gpus.gpu_count; i++)
        emit_curve_clear(&scenario->gpus.gpus[i].counter.curve);
    free(scenario);
}

enum emit_status emit_scenario_directory(char path[PATH_MAX], struct emit_error *err) {
    static const char *const beside[] = {"data/scenarios", "../share/emit/scenarios", NULL};
    char program[PATH_MAX];
    const char *named = getenv("EMIT_SCENARIOS");
    if (named && emit_text_format(path, PATH_MAX, "%s", named)) return EMIT_OK;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0) return emit_fail_errno(err, errno, "cannot read /proc/self/exe");
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    if (slash) *slash = '\0';
    for (size_t i = 0; beside[i]; i++)
        if (emit_text_format(path, PATH_MAX, "%s/%s", program, beside[i]) &&
            access(path, R_OK | X_OK) == 0)
            return EMIT_OK;
    return emit_fail(err, EMIT_ABSENT,
                     "no scenarios beside %s: name their directory in EMIT_SCENARIOS", program);
}

enum emit_status emit_scenario_find(struct emit_scenario **scenario, const char *name,
                                    struct emit_error *err) {
    char directory[PATH_MAX], path[PATH_MAX + EMIT_ZONE_NAME_MAX];
    if (strchr(name, '/') || has_suffix(name)) return emit_scenario_open(scenario, name, err);
    enum emit_status status = emit_scenario_directory(directory, err);
    if (status != EMIT_OK) return status;
    if (!emit_text_format(path, sizeof path, "%s/%s%s", directory, name, suffix) ||
        access(path, F_OK) != 0)
        return emit_fail(err, EMIT_ABSENT,
                         "there is no scenario '%s': emit-testbed list shows them", name);
    return emit_scenario_open(scenario, path, err);
}

int emit_scenario_zone(const struct emit_scenario *scenario, const char *id) {
    for (size_t i = 0; i < scenario->zone_count; i++)
        if (strcmp(scenario->zones[i].id, id) == 0) return (int)i;
    return -1;
}

const struct emit_scenario_event *emit_scenario_event_at(const struct emit_scenario *scenario,
                                                         enum emit_scenario_event_kind kind,
                                                         int zone, int64_t now_ns) {
    for (size_t i = 0; i < scenario->event_count; i++) {
        const struct emit_scenario_event *event = &scenario->events[i];
        if (event->kind != kind || now_ns < event->at_ns || now_ns >= event->until_ns) continue;
        for (int at = zone; at >= 0; at = scenario->zones[at].parent)
            if (at == event->zone) return event;
    }
    return NULL;
}
