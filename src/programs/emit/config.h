// The configuration file, emit.yaml: where it is, and which settings it may hold.
// The rows of the options say which keys there are and check their values; the one
// map that is no option is `models:`, from model names to profiles of coefficients.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_CONFIG_H
#define PROGRAMS_EMIT_CONFIG_H

#include "host/settings.h"

// Reads the file that counts: path, or when that is NULL the first of
// $XDG_CONFIG_HOME/emit/emit.yaml (~/.config) and /etc/emit/emit.yaml that is
// there; none is no error. Every key must be some command's option, every value
// one that the option takes; or it is of `models:`. For emit_settings_close.
EMIT_MUST_CHECK enum emit_status emit_config_open(struct emit_settings *config, const char *path,
                                                  struct emit_error *err);

// Where a user's own file belongs; "" when neither variable says it.
void emit_config_place(char path[EMIT_SETTINGS_PATH_MAX]);

// The `id` of the workspace.yaml in the working directory or the nearest folder
// above it that has one: into id, "" when there is none. As emit_settings_read.
EMIT_MUST_CHECK enum emit_status emit_config_workspace(char *id, size_t size,
                                                       struct emit_error *err);

#endif
