// Globs, the least of them: `*` is any text, also none, `?` is one character, and every other
// character is itself; nothing escapes.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>

// Whether the whole text fits. Takes no more steps than the product of the two lengths,
// whatever the glob. Bytes that are no UTF-8 are characters, too: one each, with the
// continuation bytes behind it.
bool emit_glob_fits(const char *glob, const char *text);

#endif
