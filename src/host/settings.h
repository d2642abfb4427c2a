// A YAML file as flat settings: a key with dots, a text, the line it stands on.
//
// Read with libyaml, which is opened only when there is a file to read. Scalars
// are YAML 1.2's: `true` and `false` are the only truth values, null is "not set".
// A nested setting is named with dots ("outbox.path"), a list is joined by commas.
// What keys there may be is the caller's to say.
// SPDX-License-Identifier: Apache-2.0
#ifndef HOST_SETTINGS_H
#define HOST_SETTINGS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    EMIT_SETTINGS_BYTES_MAX = 1024 * 1024, // of the file
    EMIT_SETTINGS_MAX = 512,               // of one file
    EMIT_SETTINGS_KEY_MAX = 192,
    EMIT_SETTINGS_DEPTH_MAX = 8,
    EMIT_SETTINGS_PATH_MAX = 4096,
};

struct emit_setting {
    char key[EMIT_SETTINGS_KEY_MAX];
    char *value; // owned by the settings; NULL for null
    size_t line; // from 1
};

struct emit_settings {
    char path[EMIT_SETTINGS_PATH_MAX]; // "" when there is no file
    size_t count;
    struct emit_setting *rows; // owned; in the order of the file
};

// Reads the settings of a YAML file; `foreign`: the file is another program's, of
// which only plain values on the outermost level are looked at. EMIT_ABSENT: no file, or no
// libyaml (then the file exists, and the sentence names the package); EMIT_INVALID: "FILE:LINE:
// what is wrong".
EMIT_MUST_CHECK enum emit_status emit_settings_read(struct emit_settings *settings,
                                                    const char *path, bool foreign,
                                                    struct emit_error *err);
void emit_settings_close(struct emit_settings *settings); // accepts a zeroed one

// The value of a key, NULL when it is not set. Of the type emit_option_lookup.
const char *emit_settings_lookup(void *settings, const char *key);

#endif
