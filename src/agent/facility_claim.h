// What the event of a facility's window claims in the store: its meter's span of time, of which
// no other event of the meter may hold a part. So a window that comes again is a duplicate, and
// an hour beside its quarter-hours a conflict.
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_FACILITY_CLAIM_H
#define AGENT_FACILITY_CLAIM_H

#include "measurement/facility.h"
#include "outbox/outbox.h"

enum { EMIT_FACILITY_CLAIM_MAX = 2 * EMIT_FACILITY_ID_MAX + 64 }; // bytes, terminator included

// The key: the meter of a window, in an unmistakable form. How it was read is no part of it: the
// same outlet, read once over SNMP and once over Redfish, is one flow.
void emit_facility_claim_key(char key[EMIT_FACILITY_CLAIM_MAX],
                             const struct emit_facility_window *window);

#endif
