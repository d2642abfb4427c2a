// A damaged store is set aside, a fresh one opened, and what can still be read is
// carried over: no person is needed, and no run is stopped.
//
// While that is under way the old files bear the name *.salvage; only when the
// carrying over is on disk are they renamed to *.damaged-TIME, where they stay.
// A power cut in between is made good by the next to open.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_SALVAGE_H
#define OUTBOX_SALVAGE_H

#include "outbox/connection.h"

// Longest time spent on carrying over; what remains stays in the file set aside.
#define EMIT_SALVAGE_LIMIT_NS (5 * INT64_C(1000000000))

// With the lock held and the damaged connection dropped. On success the outbox
// is connected to the fresh store and its notice says what happened.
EMIT_MUST_CHECK enum emit_status emit_salvage(struct emit_outbox *outbox, struct emit_error *err);
// True when an earlier salvage did not come to its end.
bool emit_salvage_is_pending(const struct emit_outbox *outbox);

#endif
