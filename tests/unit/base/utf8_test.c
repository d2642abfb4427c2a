// Every character there is, whole and cut; and bytes that are none.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/utf8.h"

#include <stdbool.h>

static size_t encode(char bytes[4], uint32_t point) {
    size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i-- > 1; point >>= 6)
        bytes[i] = (char)(0x80 | (point & 0x3f));
    bytes[0] = (char)(leads[length] | point);
    return length;
}

static void test_every_character(void) {
    unsigned wrong = 0, cut_taken = 0;
    char bytes[4];
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        size_t length = encode(bytes, point);
        bool is_surrogate = point >= 0xd800 && point < 0xe000;
        size_t taken = emit_utf8_length(bytes, bytes + length);
        wrong += taken != (is_surrogate ? 0 : length) ||
                 (taken && emit_utf8_point(bytes, taken) != point);
        for (size_t cut = 1; cut < length; cut++)
            cut_taken += emit_utf8_length(bytes, bytes + cut) != 0;
    }
    CHECK(wrong == 0, "every character but the surrogates is one, of its number");
    CHECK(cut_taken == 0, "and none is one that was cut");
}

static void test_what_is_none(void) {
    static const char *const texts[] = {
        "\x80",     "\xbf",         "\xc0\x80",         "\xc1\xbf",         "\xc2",
        "\xc2\x20", "\xe0\x9f\xbf", "\xed\xa0\x80",     "\xe2\x82\xc2",     "\xf0\x8f\xbf\xbf",
        "\xf5\x80", "\xff",         "\xf4\x90\x80\x80", "\xf1\x80\x80\x7f", "\xe1\x80",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CHECK(emit_utf8_length(texts[i], texts[i] + strlen(texts[i])) == 0, "text %zu", i);
}

int main(void) {
    test_every_character();
    test_what_is_none();
    return check_end();
}
