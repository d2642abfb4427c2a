// From the options to a plan.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run_plan.h"

#include "base/text.h"
#include "programs/emit/config.h"

#include <string.h>

enum { INTERVAL_MIN_NS = 100000 }; // what a timer can keep

// What the contract and the run file's name can carry.
static enum emit_status copy_id(char *id, size_t size, const char *what, const char *text,
                                struct emit_error *err) {
    bool good = strlen(text) < size;
    for (const char *at = text; good && *at; at++)
        good = *at > ' ' && *at <= '~' && *at != '/';
    if (!good)
        return emit_fail(err, EMIT_INVALID,
                         "the %s '%.60s' is unusable: printable ASCII without blanks and '/', at "
                         "most %zu characters",
                         what, text, size - 1);
    memcpy(id, text, strlen(text) + 1);
    return EMIT_OK;
}

enum emit_status run_plan_name(struct run_plan *plan, const char *run_id, struct emit_error *err) {
    return copy_id(plan->run_id, sizeof plan->run_id, "run id", run_id, err);
}

// A variable that is set to nothing is a variable that is not set.
static bool is_given(const char *text) {
    return text && *text;
}

static enum emit_status choose_workspace(struct run_plan *plan, const char *named,
                                         struct emit_error *err) {
    char found[EMIT_WORKSPACE_MAX] = "";
    if (!is_given(named)) {
        // The file may be another program's: what is wrong with it stops no command.
        struct emit_error why;
        if (emit_config_workspace(found, sizeof found, &why) != EMIT_OK)
            emit_text_format(plan->notice, sizeof plan->notice, "%s; taken as workspace %s",
                             why.text, EMIT_WORKSPACE_LOCAL);
        named = is_given(found) ? found : EMIT_WORKSPACE_LOCAL;
    }
    return copy_id(plan->workspace_id, sizeof plan->workspace_id, "workspace id", named, err);
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
        status = run_plan_name(plan, options->run_id, err);
    else
        emit_run_id_new(host, plan->run_id);
    if (status == EMIT_OK) status = choose_meters(plan, options->meters, err);
    if (status == EMIT_OK) status = settle_numbers(plan, options, err);
    plan->pace_ns = options->interval_ns;
    // Without meters there is no event that could belong to a workspace, and nobody
    // need look for one, unless the document names it.
    if (status == EMIT_OK && (plan->meters[0] || options->json || options->report_path))
        status = choose_workspace(plan, options->workspace, err);
    if (status == EMIT_OK) describe_command(plan, command);
    return status;
}
