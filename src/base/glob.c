// Matching without recursion and without a copy: where the text does not fit, the last `*`
// takes a character more. The stars before it need not be asked again, for whatever they could
// take more of the last one can.
// SPDX-License-Identifier: Apache-2.0
#include "base/glob.h"

#include <string.h>

// Bytes of the first character: UTF-8's further bytes belong to it.
static size_t character(const char *at) {
    size_t length = 1;
    while (((unsigned char)at[length] & 0xc0) == 0x80)
        length++;
    return length;
}

bool emit_glob_fits(const char *glob, const char *text) {
    const char *star = NULL, *retry = NULL;
    while (*text) {
        size_t length = character(text);
        if (*glob == '*') {
            star = ++glob;
            retry = text;
        } else if (*glob == '?') {
            glob++;
            text += length;
        } else if (strncmp(glob, text, length) == 0) {
            glob += length;
            text += length;
        } else if (star) {
            glob = star;
            retry += character(retry);
            text = retry;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}
