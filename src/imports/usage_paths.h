// The paths of usage records: which key in which object is which field, or leads to it.
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_PATHS_H
#define IMPORTS_USAGE_PATHS_H

#include "imports/usage_fields.h"

// The objects that are looked into.
enum emit_usage_node {
    EMIT_NODE_NONE,
    EMIT_NODE_RECORD,
    EMIT_NODE_RESPONSE,
    EMIT_NODE_MESSAGE,
    EMIT_NODE_USAGE,
    EMIT_NODE_INPUT_DETAILS,
    EMIT_NODE_OUTPUT_DETAILS,
    EMIT_NODE_CACHE_CREATION,
    EMIT_NODE_PROXY_METADATA,
    EMIT_NODE_METADATA,
    EMIT_NODE_MODALITY, // and arrays of them, as of the next three
    EMIT_NODE_CANDIDATE,
    EMIT_NODE_CHOICE,
    EMIT_NODE_ITERATION,
    EMIT_NODE_ATTRIBUTES, // and arrays of {key, value}
    EMIT_NODE_RESULT,
    EMIT_NODE_EXTENSION,
    EMIT_NODE_STATUS,
    EMIT_NODE_CONTEXT,
    EMIT_NODE_LOG_INPUT,
    EMIT_NODE_LOG_OUTPUT,
    EMIT_NODE_RESPONSE_METADATA,
    EMIT_NODE_PAYLOAD,
    EMIT_NODE_INFO,
    EMIT_NODE_SESSION_TOTAL,
    EMIT_NODE_META,
    EMIT_NODE_DELTA,
};

struct emit_usage_path {
    const char *key;
    uint8_t length;
    uint8_t node;  // the object it stands in
    uint8_t field; // what it is; NONE: only the way to others
    uint8_t into;  // the node that its value is, when that is an object or array
};

// What a scan of a record and a form of it do with what they find.

void emit_usage_clear(struct emit_usage_fields *fields);
void emit_usage_note_again(struct emit_usage_fields *fields, uint8_t field,
                           enum emit_json_type type, const struct emit_json_slice *value);
// Takes a value; null is none. A second one of the field must be the same.
static inline void emit_usage_note(struct emit_usage_fields *fields, uint8_t field,
                                   enum emit_json_type type, const struct emit_json_slice *value) {
    if (field == EMIT_FIELD_NONE || type == EMIT_JSON_NULL) return;
    if (fields->type[field] != EMIT_JSON_NONE) {
        emit_usage_note_again(fields, field, type, value);
        return;
    }
    // Part by part: a slice that is copied as soon as it is written stalls the processor.
    struct emit_json_slice *kept = &fields->value[field];
    fields->type[field] = (uint8_t)type;
    kept->at = value->at;
    kept->length = value->length;
    kept->escaped = value->escaped;
}
// Whether an array at the way to the node is one of such objects.
bool emit_usage_is_listed(uint8_t node);
// Behind each of them: keeps what matters of it.
void emit_usage_keep_element(struct emit_usage_fields *fields, uint8_t node);

#endif
