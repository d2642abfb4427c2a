// What emit run tells its command by the environment.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/run_environment.h"

#include "base/text.h"
#include "programs/emit/child.h"

#include <string.h>
#include <unistd.h>

static enum emit_status add(struct run_environment *environment, const char *name,
                            const char *before, const char *value, struct emit_error *err) {
    char *entry = environment->bytes + environment->used;
    size_t room = sizeof environment->bytes - environment->used;
    if (!emit_text_format(entry, room, "%s=%s%s%s", name, before, *before ? "/" : "", value))
        return emit_fail(err, EMIT_INVALID, "%s is too long for the command's environment", name);
    environment->entries[environment->count++] = entry;
    environment->used += strlen(entry) + 1;
    return EMIT_OK;
}

// value NULL: nobody said any.
static enum emit_status add_path(struct run_environment *environment, const char *name,
                                 const char *value, struct emit_error *err) {
    char here[PATH_MAX] = "";
    if (!value || !*value) return EMIT_OK;
    if (value[0] != '/' && !getcwd(here, sizeof here))
        return EMIT_OK; // a folder that is gone: what lies in it nobody finds
    return add(environment, name, here, value, err);
}

static enum emit_status add_text(struct run_environment *environment, const char *name,
                                 const char *value, struct emit_error *err) {
    return value && *value ? add(environment, name, "", value, err) : EMIT_OK;
}

// A name without a slash is looked for by the dynamic linker, from wherever one is.
static enum emit_status add_library(struct run_environment *environment, const char *name,
                                    const char *value, struct emit_error *err) {
    bool is_path = value && strchr(value, '/');
    return is_path ? add_path(environment, name, value, err)
                   : add_text(environment, name, value, err);
}

enum emit_status run_environment_make(struct run_environment *environment,
                                      const struct run_options *options, const char *run_id,
                                      const char *folder, struct emit_error *err) {
    const struct meter_options *meter = &options->meter;
    *environment = (struct run_environment){0};
    enum emit_status status = add_text(environment, "EMIT_RUN_ID", run_id, err);
    if (!status) status = add_path(environment, EMIT_RUN_FOLDER_VARIABLE, folder, err);
    if (!status) status = add_path(environment, "EMIT_OUTBOX", options->outbox_path, err);
    if (!status) status = add_path(environment, "EMIT_SYSFS_ROOT", meter->sysfs_root, err);
    if (!status) status = add_library(environment, "EMIT_NVML_LIBRARY", meter->nvml_library, err);
    if (!status) status = add_library(environment, "EMIT_DCGM_LIBRARY", meter->dcgm_library, err);
    if (!status) status = add_text(environment, "EMIT_DCGM_HOST", meter->dcgm_host, err);
    if (!status) status = add_text(environment, "EMIT_DCGM_EXPORTER", meter->dcgm_exporter, err);
    char step[32];
    (void)emit_text_format(step, sizeof step, "%lldns", (long long)meter->dcgm_exporter_step_ns);
    if (!status && meter->dcgm_exporter && *meter->dcgm_exporter)
        status = add_text(environment, "EMIT_DCGM_EXPORTER_STEP", step, err);
    return status;
}
