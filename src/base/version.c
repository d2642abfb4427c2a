// The version of the library that runs.
// SPDX-License-Identifier: Apache-2.0
#include "emit/version.h"

const char *emit_version(void) {
    return EMIT_VERSION;
}
