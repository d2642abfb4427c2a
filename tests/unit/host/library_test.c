// Libraries at run time: all functions or none, and a sentence that helps.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "host/library.h"

#include <stdlib.h>

struct functions {
    __typeof__(strlen) *length;
    __typeof__(abs) *absolute;
    void (*missing)(void);
};

#define ROW(symbol, slot, is_optional)                                                             \
    { symbol, offsetof(struct functions, slot), is_optional }

int main(void) {
    static const struct emit_symbol good[] = {ROW("strlen", length, false),
                                              ROW("abs", absolute, false),
                                              ROW("emit_no_such", missing, true),
                                              {0}};
    static const struct emit_symbol bad[] = {
        ROW("abs", absolute, false), ROW("emit_no_such", missing, false), {0}};
    struct functions functions = {0};
    struct emit_error err;
    void *handle = NULL;
    CHECK(emit_library_open(&handle, "libc.so.6", "install libc6", good, &functions, &err) ==
              EMIT_OK,
          "a library with all that is wanted");
    CHECK(functions.length && functions.length("four") == 4, "the functions are the library's");
    CHECK(functions.absolute && functions.absolute(-3) == 3, "each in its slot");
    CHECK(emit_library_is_anothers(handle), "libc is not this user's own");
    CHECK(!functions.missing, "an optional function may be missing");
    emit_library_close(handle);
    emit_library_close(NULL);

    struct functions untouched = {0};
    handle = NULL;
    CHECK(emit_library_open(&handle, "libc.so.6", "install another", bad, &untouched, &err) ==
              EMIT_MALFORMED,
          "a missing function is an error");
    CHECK(strstr(err.text, "emit_no_such") && strstr(err.text, "install another"), "says: %s",
          err.text);
    CHECK(!untouched.absolute && !handle, "nothing is written on failure");
    CHECK(emit_library_open(&handle, "libemit-no-such.so.1", "install libno-such1", good,
                            &untouched, &err) == EMIT_ABSENT,
          "a missing library is absent");
    CHECK(strstr(err.text, "libemit-no-such.so.1") && strstr(err.text, "install libno-such1"),
          "says: %s", err.text);
    CHECK(emit_library_open(&handle, "libemit-no-such.so.1", "", good, &untouched, NULL) ==
              EMIT_ABSENT,
          "nobody need listen");
    return check_end();
}
