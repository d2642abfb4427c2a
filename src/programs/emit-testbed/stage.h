// Where the tree is shown: at the real /sys/class/powercap, in a mount namespace
// of our own that nobody else sees and that ends with its last process.
//
// sysfs has no powercap directory on machines without one, and none can be made.
// So /sys/class and /sys/devices/virtual each get a small tmpfs on top, with all
// their old entries bound into it and ours beside them.
// SPDX-License-Identifier: Apache-2.0
#ifndef EMIT_TESTBED_STAGE_H
#define EMIT_TESTBED_STAGE_H

#include "base/error.h"

#include <limits.h>

// The directory where the whole tree is mounted between prepare and reveal.
extern const char emit_stage_holding[];

// Enters the namespace; without the right to, through a user namespace in which
// the caller keeps their ids. Before any thread exists.
EMIT_MUST_CHECK enum emit_status emit_stage_enter(struct emit_error *err);
// Makes room in /sys, and the holding directory.
EMIT_MUST_CHECK enum emit_status emit_stage_prepare(struct emit_error *err);
// Moves the parts of the tree from the holding directory to their places; shown
// is one of these ("" when the scenario has none).
EMIT_MUST_CHECK enum emit_status emit_stage_reveal(char shown[PATH_MAX], struct emit_error *err);

#endif
