// Edit distance, in three rows of the table that would hold all prefixes.
// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include "base/text.h"

#include <string.h>

enum {
    CONTAINED = 1000,   // further than any number of typing errors
    CONTAINED_MIN = 3,  // bytes typed; shorter ones are in many words
    LENGTH_AN_ERROR = 3 // bytes typed for each error that is still no other word
};

void emit_nearest_begin(struct emit_nearest *nearest, const char *wanted, size_t length) {
    *nearest = (struct emit_nearest){.wanted = wanted, .length = length};
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

// Both shorter than EMIT_NEAREST_MAX.
static size_t distance(const char *from, size_t from_length, const char *to, size_t to_length) {
    size_t rows[3][EMIT_NEAREST_MAX]; // [i % 3][k]: of i bytes of from to k bytes of to
    for (size_t k = 0; k <= to_length; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= from_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t k = 1; k <= to_length; k++) {
            row[k] = least(above[k], row[k - 1]) + 1;
            row[k] = least(row[k], above[k - 1] + (from[i - 1] != to[k - 1]));
            if (i > 1 && k > 1 && from[i - 1] == to[k - 2] && from[i - 2] == to[k - 1])
                row[k] = least(row[k], rows[(i - 2) % 3][k - 2] + 1);
        }
    }
    return rows[from_length % 3][to_length];
}

void emit_nearest_offer(struct emit_nearest *nearest, const char *name) {
    size_t length = strlen(name);
    if (length >= EMIT_NEAREST_MAX || nearest->length >= EMIT_NEAREST_MAX) return;
    size_t apart = distance(nearest->wanted, nearest->length, name, length);
    if (apart > nearest->length / LENGTH_AN_ERROR) {
        bool is_contained = nearest->length >= CONTAINED_MIN &&
                            memmem(name, length, nearest->wanted, nearest->length);
        if (!is_contained) return;
        apart = CONTAINED + length;
    }
    if (nearest->name && apart >= nearest->apart) return;
    nearest->name = name;
    nearest->apart = apart;
}

void emit_nearest_say(const struct emit_nearest *nearest, const char *prefix,
                      char text[EMIT_NEAREST_TEXT]) {
    text[0] = '\0';
    if (nearest->name)
        (void)emit_text_format(text, EMIT_NEAREST_TEXT, " (nearest: %s%s)", prefix, nearest->name);
}
