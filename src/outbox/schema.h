// The tables of the store: made in a fresh file, recognized in one that is there, and
// brought up to date in one that an earlier emit made.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_SCHEMA_H
#define OUTBOX_SCHEMA_H

#include "outbox/connection.h"

enum {
    EMIT_STORE_SCHEMA = 3,               // user_version of the file
    EMIT_STORE_APPLICATION = 0x656d6974, // application_id of the file: "emit"
};

// What the file says of itself; a fresh one becomes a store, an older one is upgraded in one
// transaction. EMIT_INVALID: none of ours, of a newer emit, or older and opened read only.
// EMIT_CORRUPT: it was ours once. Others: an upgrade failed, and the file is as it was.
EMIT_MUST_CHECK enum emit_status emit_schema_check(struct emit_outbox *outbox,
                                                   struct emit_error *err);

#endif
