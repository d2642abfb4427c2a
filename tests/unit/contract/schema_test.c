// The schemas and the page as texts: well-formed, and refused rather than cut.
// What they say is compared with the validator in tests/flow.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/json.h"
#include "contract/schema.h"

static char bytes[EMIT_SCHEMA_MAX];

static void test_schema(enum emit_contract_level level, const char *name) {
    struct emit_text text;
    struct emit_error err;
    emit_text_init(&text, bytes, sizeof bytes);
    CHECK(emit_contract_write_schema(&text, level, &err) == EMIT_OK, "%s is written", name);
    struct emit_json json;
    emit_json_init(&json, text.at, text.length);
    CHECK(emit_json_skip(&json) && emit_json_at_end(&json), "%s is one JSON value: %s", name,
          json.fault ? json.fault : "no fault");
    size_t whole = text.length + 1;
    for (size_t size = 1; size <= whole; size += size < whole - 2 ? 997 : 1) {
        emit_text_init(&text, bytes, size < whole ? size : whole);
        enum emit_status status = emit_contract_write_schema(&text, level, &err);
        if (status != (size < whole ? EMIT_FULL : EMIT_OK))
            CHECK(false, "%s in %zu bytes: status %d", name, size, (int)status);
    }
    emit_text_init(&text, bytes, whole - 1);
    CHECK(emit_contract_write_schema(&text, level, &err) == EMIT_FULL && err.status == EMIT_FULL &&
              err.text[0] != '\0',
          "%s: one byte too few is an error with a sentence", name);
}

static void test_page(void) {
    struct emit_text text;
    struct emit_error err;
    emit_text_init(&text, bytes, EMIT_VOCABULARY_PAGE_MAX);
    CHECK(emit_contract_write_page(&text, &err) == EMIT_OK, "the page is written");
    CHECK(strstr(text.at, "| `sampling_hz` | core | number | hertz | above 0 |") != NULL,
          "a row of the page");
    size_t whole = text.length + 1;
    emit_text_init(&text, bytes, whole - 1);
    CHECK(emit_contract_write_page(&text, &err) == EMIT_FULL && err.text[0] != '\0',
          "the page: one byte too few is an error with a sentence");
}

int main(void) {
    test_schema(EMIT_CONTRACT_CORE, "core");
    test_schema(EMIT_CONTRACT_STRICT, "strict");
    test_page();
    return check_end();
}
