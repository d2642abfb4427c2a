// Room on the disk: a floor below which nothing is appended, and a ballast file
// that is given up only so that a full disk can be drained.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_SPACE_H
#define OUTBOX_SPACE_H

#include "outbox/folder.h"

enum {
    EMIT_SPACE_BALLAST_BYTES = 8 * 1024 * 1024,
    EMIT_SPACE_FLOOR_BYTES = 8 * 1024 * 1024, // free space that is never taken
};

// EMIT_FULL when an append would eat into the floor.
EMIT_MUST_CHECK enum emit_status emit_space_check(const struct emit_folder *folder,
                                                  struct emit_error *err);
// Lays the ballast down where there is none and room is plenty; without one the
// store works, only a full disk needs a person.
void emit_space_lay_ballast(const struct emit_folder *folder);
void emit_space_drop_ballast(const struct emit_folder *folder);

#endif
