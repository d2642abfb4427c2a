// CRC-32C on a processor whose instructions for it nobody has used here yet.
// SPDX-License-Identifier: Apache-2.0
#include "outbox/checksum.h"

bool emit_checksum_by_processor(uint32_t *rest, const void *bytes, size_t length) {
    (void)rest, (void)bytes, (void)length;
    return false;
}
