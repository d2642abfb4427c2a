// Records as they come, events as they go: a filter.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/campus.h"

int campus_stream(struct campus *campus, struct emit_object_reader *reader, const char *name) {
    (void)campus, (void)reader;
    return emit_complain(&emit_command_campus, EXIT_USAGE, "%s: not yet", name);
}
