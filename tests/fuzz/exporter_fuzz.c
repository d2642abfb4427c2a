// libFuzzer: the text of a dcgm-exporter, or of an inference server.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *wrong = property_exporter(bytes, size);
    if (!wrong) wrong = property_served(bytes, size);
    if (wrong) {
        fprintf(stderr, "%s\n", wrong);
        __builtin_trap();
    }
    return 0;
}
