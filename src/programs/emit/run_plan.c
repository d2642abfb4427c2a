// From the options to a plan.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run_plan.h"

#include "base/text.h"
#include "programs/emit/naming.h"

#include <string.h>

enum { INTERVAL_MIN_NS = 100000 }; // what a timer can keep

// A variable that is set to nothing is a variable that is not set.
static bool is_given(const char *text) {
    return text && *text;
}

static const struct emit_meter_type *find_meter(const char *name, size_t length) {
    for (const struct emit_meter_type *const *at = emit_meter_types; *at; at++)
        if (strlen((*at)->name) == length && memcmp((*at)->name, name, length) == 0) return *at;
    return NULL;
}

static enum emit_status choose_meters(struct run_plan *plan, const char *list,
                                      struct emit_error *err) {
    size_t count = 0;
    if (strcmp(list, "none") == 0) list = "";
    if (strcmp(list, "auto") == 0) {
        for (; emit_meter_types[count] && count < RUN_METERS_MAX; count++)
            plan->meters[count] = emit_meter_types[count];
        list = "";
    }
    for (const char *at = list; *at;) {
        size_t length = strcspn(at, ",");
        const struct emit_meter_type *meter = find_meter(at, length);
        if (!meter)
            return emit_fail(err, EMIT_INVALID,
                             "--meters: there is no meter '%.*s'; emit sensors lists them",
                             (int)(length < 60 ? length : 60), at);
        bool twice = false;
        for (size_t i = 0; i < count; i++)
            twice |= plan->meters[i] == meter;
        if (!twice && count < RUN_METERS_MAX) plan->meters[count++] = meter;
        at += length;
        if (*at == ',') at++;
    }
    plan->meters[count] = NULL;
    return EMIT_OK;
}

static void describe_command(struct run_plan *plan, char *const *command) {
    struct emit_text text;
    emit_text_init(&text, plan->command, sizeof plan->command);
    for (; *command && !text.cut; command++) {
        if (text.length > 0) emit_text_add(&text, " ");
        emit_text_add(&text, *command);
    }
}

static enum emit_status settle_numbers(struct run_plan *plan, const struct run_options *options,
                                       struct emit_error *err) {
    if (options->interval_ns > 0 && options->interval_ns < INTERVAL_MIN_NS)
        return emit_fail(err, EMIT_INVALID, "--interval is too short: at least 100us");
    struct meter_options meter = options->meter;
    meter.is_shared = is_given(options->run_id);
    return meter_options_settle(&plan->settings, &meter, err);
}

enum emit_status run_plan_make(struct run_plan *plan, const struct run_options *options,
                               struct emit_host *host, char *const *command,
                               struct emit_error *err) {
    *plan = (struct run_plan){.all_domains = strcmp(options->domains, "all") == 0};
    enum emit_status status = EMIT_OK;
    if (is_given(options->run_id))
        status = emit_naming_run(plan->run_id, options->run_id, err);
    else
        emit_run_id_new(host, plan->run_id);
    if (status == EMIT_OK) status = choose_meters(plan, options->meters, err);
    if (status == EMIT_OK) status = settle_numbers(plan, options, err);
    plan->pace_ns = options->interval_ns;
    // Without meters there is no event that could belong to a workspace, and nobody
    // need look for one, unless the document names it.
    if (status == EMIT_OK && (plan->meters[0] || options->json || options->report_path))
        status = emit_naming_workspace(plan->workspace_id, plan->notice, options->workspace, err);
    if (status == EMIT_OK) describe_command(plan, command);
    return status;
}
