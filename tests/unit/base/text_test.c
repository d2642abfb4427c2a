// Bounded text: what does not fit is cut and remembered, never overrun.
// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include "check.h"

int main(void) {
    char buffer[8];
    struct emit_text text;
    emit_text_init(&text, buffer, sizeof buffer);
    CHECK_STRING(buffer, "", "begins empty");
    emit_text_add(&text, "abc");
    emit_text_add_format(&text, "%d", 12);
    CHECK(!text.cut && text.length == 5, "five bytes fit");
    CHECK_STRING(buffer, "abc12", "in pieces");
    emit_text_add_bytes(&text, "xyz", 3);
    CHECK(text.cut && text.length == 7, "the eighth byte is the terminator's");
    CHECK_STRING(buffer, "abc12xy", "cut at the end");
    emit_text_add_format(&text, "%s", "more");
    CHECK_STRING(buffer, "abc12xy", "nothing more");
    CHECK(!emit_text_format(buffer, 4, "%s", "long") && strcmp(buffer, "lon") == 0,
          "format says it was cut");
    CHECK(emit_text_format(buffer, 4, "%s", "fit") && strcmp(buffer, "fit") == 0,
          "and that it was not");
    char one[1];
    emit_text_init(&text, one, sizeof one);
    emit_text_add(&text, "a");
    CHECK(text.cut && one[0] == '\0', "a buffer of one byte holds the empty text");
    CHECK(emit_text_has_prefix("package-0", "package-") &&
              !emit_text_has_prefix("pack", "package-"),
          "prefixes");
    return check_end();
}
