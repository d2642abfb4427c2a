// Identities: the hash of the canonical form, whatever the spelling. The flow
// test identity-is-the-canonical-hash asks node; here stand the cases by hand.
// SPDX-License-Identifier: Apache-2.0
#include "emit/contract.h"

#include "check.h"

#include <sha2.h>
#include <stdlib.h>

static void check_case(const char *what, const char *text, const char *canonical) {
    char got[EMIT_IDENTITY_TEXT], wanted[EMIT_IDENTITY_TEXT];
    size_t length = strlen(text);
    char *exact = malloc(length);
    if (!exact) return;
    memcpy(exact, text, length);
    (void)SHA256Data((const uint8_t *)canonical, strlen(canonical), wanted);
    CHECK(emit_contract_identity(exact, length, got, NULL) == EMIT_OK && strcmp(got, wanted) == 0,
          "%s", what);
    free(exact);
}

static void check_refusals(void) {
    static const char *const texts[] = {
        "",        "[]",          "1",    "{\"a\":1,\"a\":1}", "{\"a\":[[[[[[[[1]]]]]]]]}",
        "{\"a\":", "{\"a\":1} x", "null", "{\"a\":1e999}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char identity[EMIT_IDENTITY_TEXT] = "untouched";
        struct emit_error err;
        CHECK(emit_contract_identity(texts[i], strlen(texts[i]), identity, &err) ==
                      EMIT_MALFORMED &&
                  strcmp(identity, "untouched") == 0,
              "'%s' has none", texts[i]);
    }
}

int main(void) {
    check_case("an empty object", " { } ", "{}");
    check_case("members in the order of their keys", "{\"b\":1,\"aa\":2,\"a\":3,\"\":4}",
               "{\"\":4,\"a\":3,\"aa\":2,\"b\":1}");
    check_case("two code units sort before U+E000 to U+FFFF",
               "{\"\xef\xac\xb3\":1,\"\xf0\x9f\x98\x80\":2,\"\xe2\x82\xac\":3}",
               "{\"\xe2\x82\xac\":3,\"\xf0\x9f\x98\x80\":2,\"\xef\xac\xb3\":1}");
    check_case("an escaped key sorts as what it says", "{\"\\u0062\":1,\"a\":2}",
               "{\"a\":2,\"b\":1}");
    check_case("no more escapes than needed",
               "{\"a\":\"\\u0041\\/\\u00e9\\u000a\\u001F\\\"\\\\\\ud83d\\ude00\\u2028\"}",
               "{\"a\":\"A/\xc3\xa9\\n\\u001f\\\"\\\\\xf0\x9f\x98\x80\xe2\x80\xa8\"}");
    check_case("numbers as ECMAScript writes them",
               "{\"a\":1.0,\"b\":-0,\"c\":1E+2,\"d\":1e21,\"e\":0.000001,\"f\":1e-7,\"g\":151.20}",
               "{\"a\":1,\"b\":0,\"c\":100,\"d\":1e+21,\"e\":0.000001,\"f\":1e-7,\"g\":151.2}");
    check_case("objects and arrays inside", "{\"b\":[ {\"d\":1,\"c\":[]} , null, true,false ]}",
               "{\"b\":[{\"c\":[],\"d\":1},null,true,false]}");
    check_case("as deep as may be", "{\"a\":[[[[[[[1]]]]]]]}", "{\"a\":[[[[[[[1]]]]]]]}");
    check_refusals();
    return check_end();
}
