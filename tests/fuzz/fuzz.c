// libFuzzer: searches for bytes that break the property PROPERTY of property.h.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *wrong = PROPERTY(bytes, size);
    if (wrong) {
        fprintf(stderr, "%s\n", wrong);
        __builtin_trap();
    }
    return 0;
}
