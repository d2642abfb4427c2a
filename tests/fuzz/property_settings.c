// A file of settings is refused with a sentence that names it, or is read within its limits;
// and one of another program is never the worse for what emit does not look at.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "host/settings.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *judge(const char *path, bool foreign) {
    struct emit_settings settings = {0};
    struct emit_error err = {.text = ""};
    const char *wrong = NULL;
    enum emit_status status = emit_settings_read(&settings, path, foreign, &err);
    if (status == EMIT_ABSENT) return NULL; // no libyaml here
    if (status != EMIT_OK)
        return status == EMIT_INVALID && strstr(err.text, path) ? NULL : "refused without its name";
    if (settings.count > EMIT_SETTINGS_MAX) wrong = "more settings than there may be";
    for (size_t i = 0; i < settings.count && !wrong; i++) {
        const struct emit_setting *setting = &settings.rows[i];
        if (!setting->key[0] || !memchr(setting->key, '\0', sizeof setting->key))
            wrong = "a setting without a name";
        else if (setting->line == 0 || (i > 0 && setting->line < settings.rows[i - 1].line))
            wrong = "a line that is none";
        else if (emit_settings_lookup(&settings, setting->key) != setting->value)
            wrong = "a key that stands for two values";
    }
    emit_settings_close(&settings);
    return wrong;
}

const char *property_settings(const uint8_t *bytes, size_t size) {
    char path[64];
    int file = memfd_create("settings.yaml", MFD_CLOEXEC);
    if (file < 0) return NULL;
    const char *wrong = NULL;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (write(file, bytes, size) == (ssize_t)size) wrong = judge(path, false);
    if (!wrong) wrong = judge(path, true);
    close(file);
    return wrong;
}
