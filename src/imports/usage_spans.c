// An export of spans is walked down three arrays, one in the elements of the other.
// SPDX-License-Identifier: Apache-2.0
#include "imports/usage_spans.h"

#include "base/json.h"

struct walk {
    struct emit_json json;
    bool (*take)(void *context, const char *span, size_t length);
    void *context;
    bool is_over; // take wants no more
};

enum { LEVELS = 3 };

// Of each level its names: as JSON has them, as protocol buffers have them, and an older one.
static const char *const names[LEVELS][3] = {
    {"resourceSpans", "resource_spans", ""},
    {"scopeSpans", "scope_spans", "instrumentationLibrarySpans"},
    {"spans", "", ""},
};

static bool is_array_of(const struct emit_json_slice *key, unsigned level) {
    for (size_t i = 0; i < sizeof names[level] / sizeof *names[level]; i++)
        if (*names[level][i] && emit_json_slice_is(key, names[level][i])) return true;
    return false;
}

static bool take_span(struct walk *walk) {
    struct emit_json_slice span;
    if (!emit_json_take_raw(&walk->json, &span)) return false;
    walk->is_over = !walk->take(walk->context, span.at, span.length);
    return !walk->is_over;
}

// No deeper than the levels.
static bool walk_object(struct walk *walk, unsigned level) {
    struct emit_json *json = &walk->json;
    struct emit_json_slice key;
    if (!emit_json_enter_object(json)) return false;
    while (!walk->is_over && emit_json_next_member(json, &key)) {
        if (!is_array_of(&key, level) || emit_json_peek(json) != EMIT_JSON_ARRAY) {
            if (!emit_json_pass(json)) return false;
            continue;
        }
        if (!emit_json_enter_array(json)) return false;
        while (!walk->is_over && emit_json_next_element(json)) {
            bool is_object = emit_json_peek(json) == EMIT_JSON_OBJECT;
            if (!is_object           ? !emit_json_pass(json)
                : level + 1 < LEVELS ? !walk_object(walk, level + 1)
                                     : !take_span(walk))
                return false;
        }
    }
    return !walk->is_over && !json->fault_kind;
}

bool emit_usage_spans(const char *text, size_t length,
                      bool (*take)(void *context, const char *span, size_t length), void *context) {
    struct walk walk = {.take = take, .context = context};
    emit_json_init(&walk.json, text, length);
    (void)walk_object(&walk, 0);
    return !walk.is_over;
}
