// The scanner: what it takes, what it refuses and why, on buffers that end
// exactly where the text ends.
// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include "check.h"

#include <stdlib.h>

// Scans a copy of exactly the text's size, so that a sanitizer sees one byte too much.
static enum emit_json_fault scan(const char *text, size_t length) {
    char *exact = malloc(length ? length : 1);
    if (!exact) return EMIT_JSON_CUT_OFF;
    memcpy(exact, text, length);
    struct emit_json json;
    emit_json_init(&json, exact, length);
    if (emit_json_skip(&json)) (void)emit_json_at_end(&json);
    enum emit_json_fault kind = json.fault_kind;
    if ((kind != EMIT_JSON_GOOD) != (json.fault != NULL)) kind = EMIT_JSON_WRONG_TYPE;
    if (json.fault && (json.fault_at < exact || json.fault_at > exact + length))
        kind = EMIT_JSON_WRONG_TYPE;
    free(exact);
    return kind;
}

// The text as it can stand in a line of TAP.
static const char *shown(const char *text, char line[48]) {
    size_t length = 0;
    for (; text[length] && length < 47; length++)
        line[length] = text[length] < ' ' || text[length] == '#' ? '.' : text[length];
    line[length] = '\0';
    return line;
}

static void check_verdicts(void) {
    static const struct {
        const char *text;
        enum emit_json_fault fault;
    } cases[] = {
        {"{}", EMIT_JSON_GOOD},
        {" [ ] ", EMIT_JSON_GOOD},
        {"0", EMIT_JSON_GOOD},
        {"-0.0e-0", EMIT_JSON_GOOD},
        {"\r\n\t {\"a\" : [1, 2.5, true, false, null, \"x\"], \"b\":{\"a\":{}}}\n", EMIT_JSON_GOOD},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD834\\udd1e\"", EMIT_JSON_GOOD},
        {"\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9d\x84\x9e\"", EMIT_JSON_GOOD},
        {"\"\x7f\"", EMIT_JSON_GOOD},
        {"\"a string that is longer than one vector, and then some\"", EMIT_JSON_GOOD},
        {"{\"a\":{\"b\":1},\"b\":{\"a\":1}}", EMIT_JSON_GOOD},
        {"[{\"a\":1},{\"a\":1}]", EMIT_JSON_GOOD},
        {"1.7976931348623157e308", EMIT_JSON_GOOD},
        {"1e-999", EMIT_JSON_GOOD},
        {"123456789012345678901234567890", EMIT_JSON_GOOD},
        {"", EMIT_JSON_CUT_OFF},
        {"  ", EMIT_JSON_CUT_OFF},
        {"{", EMIT_JSON_CUT_OFF},
        {"{\"a\"", EMIT_JSON_CUT_OFF},
        {"{\"a\":", EMIT_JSON_CUT_OFF},
        {"{\"a\":1", EMIT_JSON_CUT_OFF},
        {"[1,", EMIT_JSON_CUT_OFF},
        {"\"abc", EMIT_JSON_CUT_OFF},
        {"\"abc\\", EMIT_JSON_CUT_OFF},
        {"\xef\xbb\xbf{}", EMIT_JSON_BYTE_ORDER_MARK},
        {"{} {}", EMIT_JSON_TRAILING},
        {"1 2", EMIT_JSON_TRAILING},
        {"{},", EMIT_JSON_TRAILING},
        {"{\"a\":1,}", EMIT_JSON_BAD_KEY},
        {"{,\"a\":1}", EMIT_JSON_BAD_KEY},
        {"{a:1}", EMIT_JSON_BAD_KEY},
        {"{'a':1}", EMIT_JSON_BAD_KEY},
        {"{1:1}", EMIT_JSON_BAD_KEY},
        {"{\"a\" 1}", EMIT_JSON_BAD_COLON},
        {"{\"a\",1}", EMIT_JSON_BAD_COLON},
        {"{\"a\":1 \"b\":2}", EMIT_JSON_BAD_COMMA},
        {"{\"a\":1]", EMIT_JSON_BAD_COMMA},
        {"[1 2]", EMIT_JSON_BAD_COMMA},
        {"[1}", EMIT_JSON_BAD_COMMA},
        {"[1,]", EMIT_JSON_BAD_VALUE},
        {"[,1]", EMIT_JSON_BAD_VALUE},
        {"{\"a\":}", EMIT_JSON_BAD_VALUE},
        {"nul", EMIT_JSON_BAD_VALUE},
        {"True", EMIT_JSON_BAD_VALUE},
        {"truex", EMIT_JSON_TRAILING},
        {"NaN", EMIT_JSON_BAD_VALUE},
        {"Infinity", EMIT_JSON_BAD_VALUE},
        {"+1", EMIT_JSON_BAD_VALUE},
        {".5", EMIT_JSON_BAD_VALUE},
        {"/* */1", EMIT_JSON_BAD_VALUE},
        {"-", EMIT_JSON_BAD_NUMBER},
        {"-Infinity", EMIT_JSON_BAD_NUMBER},
        {"1.", EMIT_JSON_BAD_NUMBER},
        {"1.e3", EMIT_JSON_BAD_NUMBER},
        {"1e", EMIT_JSON_BAD_NUMBER},
        {"1e+", EMIT_JSON_BAD_NUMBER},
        {"01", EMIT_JSON_TRAILING},
        {"0x10", EMIT_JSON_TRAILING},
        {"1e999", EMIT_JSON_OVERFLOW},
        {"-1.7976931348623159e308", EMIT_JSON_OVERFLOW},
        {"\"\\x41\"", EMIT_JSON_BAD_ESCAPE},
        {"\"\\u12g4\"", EMIT_JSON_BAD_ESCAPE},
        {"\"\\ud800\"", EMIT_JSON_BAD_ESCAPE},
        {"\"\\udc00\"", EMIT_JSON_BAD_ESCAPE},
        {"\"\\ud834\\u0041\"", EMIT_JSON_BAD_ESCAPE},
        {"\"\\u0000\"", EMIT_JSON_NUL},
        {"\"a\nb\"", EMIT_JSON_CONTROL_CHARACTER},
        {"\"a\tb\"", EMIT_JSON_CONTROL_CHARACTER},
        {"\"\x80\"", EMIT_JSON_BAD_UTF8},
        {"\"\xc0\xaf\"", EMIT_JSON_BAD_UTF8},
        {"\"\xe0\x80\x80\"", EMIT_JSON_BAD_UTF8},
        {"\"\xed\xa0\x80\"", EMIT_JSON_BAD_UTF8},
        {"\"\xf4\x90\x80\x80\"", EMIT_JSON_BAD_UTF8},
        {"\"\xf0\x9d\x84\"", EMIT_JSON_BAD_UTF8},
        {"\"\xff\"", EMIT_JSON_BAD_UTF8},
        {"{\"a\":1,\"a\":1}", EMIT_JSON_DUPLICATE},
        {"{\"a\":1,\"\\u0061\":1}", EMIT_JSON_DUPLICATE},
        {"{\"\\u00e9\":1,\"\xc3\xa9\":1}", EMIT_JSON_DUPLICATE},
        {"{\"x\":{\"a\":[{\"b\":1,\"b\":2}]}}", EMIT_JSON_DUPLICATE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum emit_json_fault got = scan(cases[i].text, strlen(cases[i].text));
        char line[48];
        CHECK(got == cases[i].fault, "%s: fault %d, wanted %d", shown(cases[i].text, line),
              (int)got, (int)cases[i].fault);
    }
    CHECK(scan("\"a\0b\"", 5) == EMIT_JSON_CONTROL_CHARACTER, "a NUL byte inside a string");
    CHECK(scan("1\0", 2) == EMIT_JSON_TRAILING, "a NUL byte behind the value");
}

static void check_depth(void) {
    char text[2 * (EMIT_JSON_DEPTH_MAX + 1)];
    for (size_t depth = EMIT_JSON_DEPTH_MAX; depth <= EMIT_JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        enum emit_json_fault got = scan(text, 2 * depth);
        CHECK(got == (depth <= EMIT_JSON_DEPTH_MAX ? EMIT_JSON_GOOD : EMIT_JSON_TOO_DEEP),
              "%zu arrays in one another: fault %d", depth, (int)got);
    }
}

static void check_members(void) {
    static char text[16 * (EMIT_JSON_MEMBERS_MAX + 2)];
    for (int members = EMIT_JSON_MEMBERS_MAX; members <= EMIT_JSON_MEMBERS_MAX + 1; members++) {
        size_t length = 0;
        for (int i = 0; i < members; i++)
            length += (size_t)snprintf(text + length, sizeof text - length, "%c\"k%d\":0",
                                       i ? ',' : '{', i);
        text[length++] = '}';
        enum emit_json_fault got = scan(text, length);
        CHECK(got == (members <= EMIT_JSON_MEMBERS_MAX ? EMIT_JSON_GOOD : EMIT_JSON_TOO_MANY),
              "%d members: fault %d", members, (int)got);
        struct emit_json json;
        emit_json_init(&json, text, length);
        CHECK(emit_json_pass(&json) && emit_json_at_end(&json), "%d members are passed by",
              members);
        text[length - 1] = ']';
        emit_json_init(&json, text, length);
        CHECK(!emit_json_pass(&json), "and %d of no object are not", members);
    }
}

// Every text cut short at every byte is refused, and nothing behind the cut is read.
static void check_cuts(void) {
    static const char text[] =
        "{\"a\":[1.5e3,true,\"\\ud834\\udd1e \xe2\x82\xac\"],\"b\":{\"c\":null,\"d\":-0.25}}";
    size_t accepted = 0;
    for (size_t length = 0; length < sizeof text - 1; length++)
        if (scan(text, length) == EMIT_JSON_GOOD) accepted++;
    CHECK(accepted == 0, "a text cut short is refused: %zu accepted", accepted);
    CHECK(scan(text, sizeof text - 1) == EMIT_JSON_GOOD, "the whole text is taken");
}

static void check_pulling(void) {
    static const char text[] =
        "{\"\\u006eame\":\"a\\u00e9\\n\",\"n\":18446744073709551615,\"i\":-9223372036854775808,"
        "\"d\":151.2,\"yes\":true,\"list\":[1,[2],{\"x\":3}],\"raw\": [ 1, \"]\" ] ,\"last\":{}}";
    struct emit_json json;
    struct emit_json_slice key, string;
    emit_json_init(&json, text, sizeof text - 1);
    char word[16];
    uint64_t n = 0;
    int64_t i = 0;
    double d = 0;
    bool yes = false;
    CHECK(emit_json_peek(&json) == EMIT_JSON_OBJECT, "an object stands next");
    CHECK(emit_json_enter_object(&json), "is entered");
    CHECK(emit_json_next_member(&json, &key) && key.escaped && emit_json_slice_is(&key, "name"),
          "an escaped key is compared as what it says");
    CHECK(!emit_json_slice_is(&key, "nam") && !emit_json_slice_is(&key, "names"),
          "and neither its beginning nor more than it");
    CHECK(emit_json_take_string(&json, &string) && emit_json_decode(&string, word, sizeof word),
          "a string is decoded");
    CHECK(strcmp(word, "a\xc3\xa9\n") == 0, "every escape of it");
    CHECK(!emit_json_decode(&string, word, 4) && emit_json_decode(&string, word, 5),
          "a buffer that is one byte too small is refused");
    CHECK(emit_json_next_member(&json, &key) && emit_json_take_u64(&json, &n) && n == UINT64_MAX,
          "the largest u64");
    CHECK(emit_json_next_member(&json, &key) && emit_json_take_i64(&json, &i) && i == INT64_MIN,
          "the smallest i64");
    CHECK(emit_json_next_member(&json, &key) && emit_json_take_double(&json, &d) && d == 151.2,
          "a double");
    CHECK(emit_json_next_member(&json, &key) && emit_json_take_bool(&json, &yes) && yes, "a bool");
    CHECK(emit_json_next_member(&json, &key) && emit_json_skip(&json), "a list skipped whole");
    CHECK(emit_json_next_member(&json, &key) && emit_json_take_raw(&json, &string) &&
              string.length == strlen("[ 1, \"]\" ]") &&
              memcmp(string.at, "[ 1, \"]\" ]", string.length) == 0,
          "a value as it stands, from its first byte to its last");
    CHECK(emit_json_next_member(&json, &key) && emit_json_slice_is(&key, "last") &&
              emit_json_enter_object(&json) && !emit_json_next_member(&json, &key),
          "an empty object inside");
    CHECK(!emit_json_next_member(&json, &key) && emit_json_at_end(&json) && !json.fault,
          "the end is seen");
}

static void check_types(void) {
    struct emit_json json;
    uint64_t n = 7;
    int64_t i = 7;
    bool yes;
    struct emit_json_slice slice;
    static const char *const not_u64[] = {"-1", "1.0", "1e3", "18446744073709551616", "\"1\""};
    for (size_t at = 0; at < sizeof not_u64 / sizeof not_u64[0]; at++) {
        emit_json_init(&json, not_u64[at], strlen(not_u64[at]));
        CHECK(!emit_json_take_u64(&json, &n) && json.fault_kind == EMIT_JSON_WRONG_TYPE && n == 7,
              "%s is not taken as u64", not_u64[at]);
    }
    static const char *const not_i64[] = {"9223372036854775808", "-9223372036854775809", "0.5"};
    for (size_t at = 0; at < sizeof not_i64 / sizeof not_i64[0]; at++) {
        emit_json_init(&json, not_i64[at], strlen(not_i64[at]));
        CHECK(!emit_json_take_i64(&json, &i) && i == 7, "%s is not taken as i64", not_i64[at]);
    }
    emit_json_init(&json, "\"x\"", 3);
    CHECK(!emit_json_take_bool(&json, &yes) && !emit_json_take_string(&json, &slice),
          "after a fault every call answers false");
}

int main(void) {
    check_verdicts();
    check_depth();
    check_members();
    check_cuts();
    check_pulling();
    check_types();
    return check_end();
}
