// The key of a meter.
// SPDX-License-Identifier: Apache-2.0
#include "agent/facility_claim.h"

#include "base/text.h"

#include <string.h>

void emit_facility_claim_key(char key[EMIT_FACILITY_CLAIM_MAX],
                             const struct emit_facility_window *window) {
    // An id may hold any character: its length says where it ends.
    (void)emit_text_format(key, EMIT_FACILITY_CLAIM_MAX, "window %s %zu:%s %s",
                           emit_component_word(window->component), strlen(window->facility_id),
                           window->facility_id, window->device_id);
}
