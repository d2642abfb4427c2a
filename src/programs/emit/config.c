// Finding the configuration, and holding its keys against the options.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/config.h"

#include "base/nearest.h"
#include "base/text.h"
#include "imports/model_map.h"
#include "models/coefficients.h"
#include "programs/emit/command.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_there(const char *path) {
    return access(path, F_OK) == 0;
}

void emit_config_place(char path[EMIT_SETTINGS_PATH_MAX]) {
    const char *home = getenv("XDG_CONFIG_HOME");
    const char *below = "/emit/emit.yaml";
    if (!home || home[0] != '/') {
        home = getenv("HOME");
        below = "/.config/emit/emit.yaml";
    }
    bool fits = home && home[0] == '/' &&
                emit_text_format(path, EMIT_SETTINGS_PATH_MAX, "%s%s", home, below);
    if (!fits) path[0] = '\0';
}

// The first default place that has a file; "" when none has.
static void find_default(char path[EMIT_SETTINGS_PATH_MAX]) {
    emit_config_place(path);
    if (path[0] && is_there(path)) return;
    emit_text_format(path, EMIT_SETTINGS_PATH_MAX, "/etc/emit/emit.yaml");
    if (!is_there(path)) path[0] = '\0';
}

static enum emit_status check_model(const struct emit_settings *config,
                                    const struct emit_setting *setting, struct emit_error *err) {
    if (setting->value && emit_profile_id_is_valid(setting->value)) return EMIT_OK;
    return emit_fail(err, EMIT_INVALID,
                     "%s:%zu: '%s' is no profile id; emit tokens profiles lists them", config->path,
                     setting->line, setting->value ? setting->value : "null");
}

static enum emit_status refuse_unknown(const struct emit_settings *config,
                                       const struct emit_setting *setting, struct emit_error *err) {
    struct emit_nearest nearest;
    char near[EMIT_NEAREST_TEXT];
    emit_nearest_begin(&nearest, setting->key, strlen(setting->key));
    emit_nearest_offer(&nearest, "models");
    for (const struct emit_command *const *at = emit_commands; *at; at++)
        for (const struct emit_option *row = (*at)->options; row->name; row++)
            if (row->key) emit_nearest_offer(&nearest, row->key);
    emit_nearest_say(&nearest, "", near);
    return emit_fail(err, EMIT_INVALID, "%s:%zu: there is no setting '%s'%s", config->path,
                     setting->line, setting->key, near);
}

// Looks a key up in the options of all commands and tries its value on the first.
static enum emit_status check_setting(const struct emit_settings *config,
                                      const struct emit_setting *setting, struct emit_error *err) {
    if (strcmp(setting->key, "models") == 0 && !setting->value) return EMIT_OK; // of no line yet
    if (strcmp(setting->key, "models") == 0)
        return emit_fail(err, EMIT_INVALID,
                         "%s:%zu: models is a map: MODEL: PROFILE, each on a line", config->path,
                         setting->line);
    if (emit_model_glob(setting)) return check_model(config, setting, err);
    for (const struct emit_command *const *at = emit_commands; *at; at++) {
        for (const struct emit_option *row = (*at)->options; row->name; row++) {
            if (!row->key || strcmp(row->key, setting->key) != 0) continue;
            if (!setting->value) return EMIT_OK;
            int64_t scratch[2]; // room for a value of any type
            struct emit_option alone = *row;
            alone.offset = 0;
            struct emit_error why;
            if (emit_option_set(&alone, scratch, setting->value, &why) == EMIT_OK) return EMIT_OK;
            return emit_fail(err, EMIT_INVALID, "%s:%zu: %s", config->path, setting->line,
                             why.text);
        }
    }
    return refuse_unknown(config, setting, err);
}

enum emit_status emit_config_open(struct emit_settings *config, const char *path,
                                  struct emit_error *err) {
    char found[EMIT_SETTINGS_PATH_MAX];
    *config = (struct emit_settings){0};
    if (!path) {
        find_default(found);
        if (found[0] == '\0') return EMIT_OK;
        path = found;
    }
    struct emit_settings read;
    enum emit_status status = emit_settings_read(&read, path, false, err);
    if (status != EMIT_OK) return status;
    for (size_t i = 0; status == EMIT_OK && i < read.count; i++)
        status = check_setting(&read, &read.rows[i], err);
    if (status == EMIT_OK)
        *config = read;
    else
        emit_settings_close(&read);
    return status;
}

enum emit_status emit_config_workspace(char *id, size_t size, struct emit_error *err) {
    static const char name[] = "/workspace.yaml";
    char path[EMIT_SETTINGS_PATH_MAX + sizeof name];
    id[0] = '\0';
    if (!getcwd(path, EMIT_SETTINGS_PATH_MAX))
        return EMIT_OK; // a folder that was removed has no file
    for (;;) {
        size_t length = strlen(path);
        if (length == 1) length = 0; // the root
        memcpy(path + length, name, sizeof name);
        if (is_there(path)) break;
        if (length == 0) return EMIT_OK;
        path[length] = '\0';
        *strrchr(path, '/') = '\0';
        if (path[0] == '\0') memcpy(path, "/", 2);
    }
    struct emit_settings config;
    enum emit_status status = emit_settings_read(&config, path, true, err);
    if (status != EMIT_OK) return status;
    const char *found = emit_settings_lookup(&config, "id");
    if (found && !emit_text_format(id, size, "%s", found))
        status = emit_fail(err, EMIT_INVALID, "%s: the workspace id is too long: at most %zu bytes",
                           path, size - 1);
    emit_settings_close(&config);
    return status;
}
