// SHA-256 by instructions that some processors have for it. One file a kind of processor; which
// one is built says meson.build, and what the machine at hand can do is asked of it.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_DIGEST_PROCESSOR_H
#define BASE_DIGEST_PROCESSOR_H

#include "base/digest.h"

// False, and nothing written, where the processor has none.
bool emit_digest_by_processor(const void *bytes, size_t length, unsigned char digest[EMIT_DIGEST]);

#endif
