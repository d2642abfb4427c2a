// The spans of an export: each once and in its order, whatever stands around them.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_spans.h"

#include "base/text.h"

#include "check.h"

#include <string.h>

enum { TOLD_MAX = 256 };

struct taken {
    char told[TOLD_MAX]; // "{...}{...}"
    size_t length, most;
};

static bool take(void *context, const char *span, size_t length) {
    struct taken *taken = context;
    if (taken->length + length < TOLD_MAX) memcpy(taken->told + taken->length, span, length);
    taken->length += length;
    return --taken->most > 0;
}

int main(void) {
    static const struct {
        const char *text, *told;
    } cases[] = {
        {"{}", ""},
        {"{\"resourceSpans\":[]}", ""},
        {"{\"resourceSpans\":{\"scopeSpans\":[]}}", ""},
        {"{\"spans\":[{\"a\":1}]}", ""},
        {"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"a\":1}]}]}]}", "{\"a\":1}"},
        {"{\"x\":[{}],\"resourceSpans\": [ "
         "{\"resource\":{\"spans\":[{}]},\"scopeSpans\":[{\"scope\":"
         "{\"name\":\"s\"}, \"spans\":[ {\"a\": 1} , "
         "{\"b\":[{}]}]},{\"spans\":[3,{\"c\":\"}\"}]},7]},"
         "{\"instrumentationLibrarySpans\":[{\"spans\":[{}]}]}, null ]}",
         "{\"a\": 1}{\"b\":[{}]}{\"c\":\"}\"}{}"},
        {"{\"resource_spans\":[{\"scope_spans\":[{\"spans\":[{\"a\":1}]}]}]}", "{\"a\":1}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct taken taken = {.most = 100};
        CHECK(emit_usage_spans(cases[i].text, strlen(cases[i].text), take, &taken), "to the end");
        CHECK_STRING(taken.told, cases[i].told, cases[i].text);
    }
    struct taken first = {.most = 1};
    const char *text = cases[5].text;
    CHECK(!emit_usage_spans(text, strlen(text), take, &first), "not to the end");
    CHECK_STRING(first.told, "{\"a\": 1}", "no more than was wanted");
    return check_end();
}
