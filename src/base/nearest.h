// A word that is not there, and the one that was meant: what a person may have mistyped.
//
// Offer every word there is, then look at `name`. Errors count as Damerau has them: a character
// too many, too few, another one, or two that changed places. A word that holds all of what was
// typed is near, too, but never nearer than one with a typing error.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

enum {
    EMIT_NEAREST_MAX = 64,   // bytes of words; nothing is near to a longer one
    EMIT_NEAREST_TEXT = 100, // room for " (nearest: --coefficients)"
};

struct emit_nearest {
    const char *wanted; // borrowed; as it was typed
    size_t length;      // of it in bytes
    const char *name;   // of those offered, borrowed; NULL: none is near
    size_t apart;       // how far
};

void emit_nearest_begin(struct emit_nearest *nearest, const char *wanted, size_t length);
// Of several that are equally near the first stays.
void emit_nearest_offer(struct emit_nearest *nearest, const char *name);

// " (nearest: --name)" with the prefix before the name, or nothing: to stand behind the word
// that is not there.
void emit_nearest_say(const struct emit_nearest *nearest, const char *prefix,
                      char text[EMIT_NEAREST_TEXT]);

#endif
