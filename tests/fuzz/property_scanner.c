// Our scanner against jansson. The other direction is allowed: our limits are narrower.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "base/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 16 };

static const char *same_value(struct emit_json *json, const json_t *their, char *text);

static const char *same_members(struct emit_json *json, const json_t *their, char *text) {
    struct emit_json_slice key;
    size_t count = 0;
    if (!json_is_object(their)) return "an object is none to jansson";
    if (!emit_json_enter_object(json)) return "an object cannot be entered";
    while (emit_json_next_member(json, &key)) {
        if (!emit_json_decode(&key, text, TEXT_MAX)) return "a key cannot be decoded";
        const json_t *member = json_object_get(their, text);
        if (!member) return "jansson has no such key";
        const char *wrong = same_value(json, member, text);
        if (wrong) return wrong;
        count++;
    }
    return count == json_object_size(their) ? NULL : "jansson counts other members";
}

static const char *same_elements(struct emit_json *json, const json_t *their, char *text) {
    size_t count = 0;
    if (!json_is_array(their)) return "an array is none to jansson";
    if (!emit_json_enter_array(json)) return "an array cannot be entered";
    while (emit_json_next_element(json)) {
        const json_t *element = json_array_get(their, count++);
        const char *wrong =
            element ? same_value(json, element, text) : "jansson has fewer elements";
        if (wrong) return wrong;
    }
    return count == json_array_size(their) ? NULL : "jansson counts other elements";
}

static const char *same_scalar(struct emit_json *json, const json_t *their, char *text) {
    struct emit_json_slice slice;
    double value;
    bool word;
    switch (emit_json_peek(json)) {
    case EMIT_JSON_STRING:
        if (!emit_json_take_string(json, &slice) || !emit_json_decode(&slice, text, TEXT_MAX))
            return "a string cannot be decoded";
        if (!emit_json_slice_is(&slice, text)) return "a string is not what it says";
        return json_is_string(their) && strcmp(json_string_value(their), text) == 0
                   ? NULL
                   : "a string is another to jansson";
    case EMIT_JSON_NUMBER:
        if (!emit_json_take_double(json, &value)) return "a number cannot be read";
        return json_is_real(their) && json_real_value(their) == value
                   ? NULL
                   : "a number is another to jansson";
    case EMIT_JSON_TRUE:
    case EMIT_JSON_FALSE:
        if (!emit_json_take_bool(json, &word)) return "a word cannot be read";
        return word == (bool)json_is_true(their) && json_is_boolean(their)
                   ? NULL
                   : "a boolean is another to jansson";
    case EMIT_JSON_NULL:
        if (!emit_json_skip(json)) return "null cannot be skipped";
        return json_is_null(their) ? NULL : "null is none to jansson";
    case EMIT_JSON_OBJECT:
    case EMIT_JSON_ARRAY:
    case EMIT_JSON_NONE: break;
    }
    return "a value is missing";
}

static const char *same_value(struct emit_json *json, const json_t *their, char *text) {
    enum emit_json_type type = emit_json_peek(json);
    if (type == EMIT_JSON_OBJECT) return same_members(json, their, text);
    if (type == EMIT_JSON_ARRAY) return same_elements(json, their, text);
    return same_scalar(json, their, text);
}

const char *property_scanner(const uint8_t *bytes, size_t size) {
    if (size >= TEXT_MAX) return NULL;
    char *exact = calloc(1, size ? size : 1), *text = malloc(TEXT_MAX);
    const char *wrong = NULL;
    if (exact && text) {
        if (size) memcpy(exact, bytes, size);
        struct emit_json json;
        emit_json_init(&json, exact, size);
        bool taken = emit_json_skip(&json) && emit_json_at_end(&json);
        if (taken == (json.fault != NULL)) wrong = "a fault without its sentence";
        json_error_t error;
        json_t *their =
            taken ? json_loadb(exact, size,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL,
                               &error)
                  : NULL;
        if (taken && !their) wrong = "jansson refuses what we take";
        if (their) {
            emit_json_init(&json, exact, size);
            wrong = same_value(&json, their, text);
            if (!wrong && !emit_json_at_end(&json)) wrong = "the second reading ends elsewhere";
            json_decref(their);
        }
    }
    free(text);
    free(exact);
    return wrong;
}
