// Whose joules they are: the id of the run and the workspace, checked before anything
// is done with them.
// SPDX-License-Identifier: Apache-2.0
#ifndef PROGRAMS_EMIT_NAMING_H
#define PROGRAMS_EMIT_NAMING_H

#include "runs/run.h"

#define EMIT_WORKSPACE_LOCAL "ws_local" // events of this workspace stay on this machine

enum { EMIT_NAMING_NOTICE_MAX = 240 };

// EMIT_INVALID: what the contract or the name of a run file cannot carry.
EMIT_MUST_CHECK enum emit_status emit_naming_run(char id[EMIT_RUN_ID_MAX], const char *text,
                                                 struct emit_error *err);

// named: what option, variable or configuration say; NULL or "": the id of the nearest
// workspace.yaml, else EMIT_WORKSPACE_LOCAL. What was wrong with that file is written to
// notice and stops nobody. EMIT_INVALID as emit_naming_run.
EMIT_MUST_CHECK enum emit_status emit_naming_workspace(char id[EMIT_WORKSPACE_MAX],
                                                       char notice[EMIT_NAMING_NOTICE_MAX],
                                                       const char *named, struct emit_error *err);

#endif
