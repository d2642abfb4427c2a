// The configuration file, emit.yaml: settings by key, as texts. The rows of the
// options say which keys there are and check their values.
//
// Read with libyaml, which is opened only when there is a file to read. Scalars
// are YAML 1.2's: `true` and `false` are the only truth values, null is "not set".
// A nested setting is named with dots ("outbox.path"), a list is joined by commas.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_CONFIG_H
#define PROGRAMS_EMIT_CONFIG_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    EMIT_CONFIG_BYTES_MAX = 1024 * 1024, // of the file
    EMIT_CONFIG_SETTINGS_MAX = 256,
    EMIT_CONFIG_KEY_MAX = 128,
    EMIT_CONFIG_DEPTH_MAX = 8,
    EMIT_PATH_MAX = 4096,
};

struct emit_setting {
    char key[EMIT_CONFIG_KEY_MAX];
    char *value; // owned by the configuration; NULL for null
    size_t line; // from 1
};

struct emit_config {
    char path[EMIT_PATH_MAX]; // "" when there is no file
    size_t count;
    struct emit_setting *settings; // owned
};

// Reads the settings of a YAML file; `foreign`: the file is another program's, of
// which only plain values on the outermost level are looked at. EMIT_ABSENT: no file, or no libyaml
// (then the file exists, and the sentence names the package); EMIT_INVALID: "FILE:LINE: what is
// wrong".
EMIT_MUST_CHECK enum emit_status emit_config_read(struct emit_config *config, const char *path,
                                                  bool foreign, struct emit_error *err);

// Reads the file that counts: path, or when that is NULL the first of
// $XDG_CONFIG_HOME/emit/emit.yaml (~/.config) and /etc/emit/emit.yaml that is
// there; none is no error. Every key must be some command's option, every value
// one that the option takes.
EMIT_MUST_CHECK enum emit_status emit_config_open(struct emit_config *config, const char *path,
                                                  struct emit_error *err);
void emit_config_close(struct emit_config *config); // accepts a zeroed one

// The value of a key, NULL when it is not set. Of the type emit_option_lookup.
const char *emit_config_lookup(void *config, const char *key);

// The `id` of the workspace.yaml in the working directory or the nearest folder
// above it that has one: into id, "" when there is none. As emit_config_read.
EMIT_MUST_CHECK enum emit_status emit_config_workspace(char *id, size_t size,
                                                       struct emit_error *err);

#endif
