// SHA-256 on a processor whose instructions for it nobody has used here yet.
// SPDX-License-Identifier: Apache-2.0
#include "base/digest_processor.h"

bool emit_digest_by_processor(const void *bytes, size_t length, unsigned char digest[EMIT_DIGEST]) {
    (void)bytes, (void)length, (void)digest;
    return false;
}
