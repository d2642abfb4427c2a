// One strict pass over a record's text into flat fields. What no path leads to is skipped,
// and still checked: a record that is no JSON is none at its end either. The steps that are
// taken on the way are left for others of its form (usage_forms.h).
// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"
#include "imports/usage_paths.h"

#include <string.h>

enum { KEY_MAX = 64 }; // bytes of an escaped key that could be one of ours

struct scan {
    struct emit_json json;
    const uint8_t *slots;
    struct emit_usage_fields *fields;
    struct emit_usage_forms *forms; // NULL: nothing is left
    uint16_t step;                  // the last one
    const char *behind;             // where it ended
};

// --- Fields ---

void emit_usage_clear(struct emit_usage_fields *fields) {
    memset(fields->type, EMIT_JSON_NONE, sizeof fields->type);
    fields->compaction = (struct emit_usage_compaction){0};
}

void emit_usage_note_again(struct emit_usage_fields *fields, uint8_t field,
                           enum emit_json_type type, const struct emit_json_slice *value) {
    const struct emit_json_slice *before = &fields->value[field];
    if (fields->type[field] != type || before->length != value->length ||
        (value->length && memcmp(before->at, value->at, value->length) != 0))
        fields->type[field] = EMIT_FIELD_TWICE;
}

static const struct emit_usage_path *find_path(const struct scan *scan, uint8_t node,
                                               const struct emit_json_slice *key) {
    if (!key->escaped) return emit_usage_path(scan->slots, node, key->at, key->length);
    char plain[KEY_MAX];
    if (!emit_json_decode(key, plain, sizeof plain)) return NULL;
    return emit_usage_path(scan->slots, node, plain, strlen(plain));
}

// --- Values ---

// A step: at: where it was, behind: where it ended.
static void leave(struct scan *scan, enum emit_usage_step_kind kind, uint8_t of, const char *at,
                  const char *behind) {
    if (!scan->forms) return;
    const struct emit_usage_step step = {
        .kind = (uint8_t)kind,
        .of = of,
        .depth = (uint8_t)scan->json.depth,
        .keys = (uint16_t)scan->json.key_count,
    };
    scan->step = emit_usage_forms_add(scan->forms, scan->step, &step, scan->behind,
                                      (size_t)(at - scan->behind));
    scan->behind = behind;
    if (!scan->step) scan->forms = NULL;
}

static bool scan_object(struct scan *scan, uint8_t node);
static bool scan_elements(struct scan *scan, uint8_t node);
static bool scan_attributes(struct scan *scan);

static bool skip_value(struct scan *scan) {
    emit_json_peek(&scan->json);
    const char *at = scan->json.at;
    if (!emit_json_pass(&scan->json)) return false;
    leave(scan, EMIT_STEP_VALUE, EMIT_FIELD_NONE, at, scan->json.at);
    return true;
}

static bool scan_scalar(struct scan *scan, uint8_t field) {
    struct emit_json_slice value;
    const char *at = scan->json.at;
    enum emit_json_type type = emit_json_take_scalar(&scan->json, &value);
    if (type == EMIT_JSON_NONE) return false;
    emit_usage_note(scan->fields, field, type, &value);
    leave(scan, EMIT_STEP_SCALAR, field, at, scan->json.at);
    return true;
}

static bool scan_value(struct scan *scan, const struct emit_usage_path *path) {
    enum emit_json_type type = emit_json_peek(&scan->json);
    if (type != EMIT_JSON_OBJECT && type != EMIT_JSON_ARRAY) return scan_scalar(scan, path->field);
    const struct emit_json_slice nothing = {0};
    emit_usage_note(scan->fields, path->field, type, &nothing);
    leave(scan, type == EMIT_JSON_OBJECT ? EMIT_STEP_OBJECT : EMIT_STEP_ARRAY, path->field,
          scan->json.at, scan->json.at);
    if (type == EMIT_JSON_OBJECT && path->into != EMIT_NODE_NONE)
        return scan_object(scan, path->into);
    if (type == EMIT_JSON_ARRAY && path->into == EMIT_NODE_ATTRIBUTES) return scan_attributes(scan);
    if (type == EMIT_JSON_ARRAY && emit_usage_is_listed(path->into))
        return scan_elements(scan, path->into);
    return skip_value(scan);
}

// Goes no deeper than the paths do, but for `body` in a `body`: as deep as the scanner allows.
static bool scan_object(struct scan *scan, uint8_t node) {
    struct emit_json_slice key;
    if (!emit_json_enter_object(&scan->json)) return false;
    while (emit_json_next_member(&scan->json, &key)) {
        const struct emit_usage_path *path = find_path(scan, node, &key);
        if (path ? !scan_value(scan, path) : !skip_value(scan)) return false;
    }
    return !scan->json.fault_kind;
}

// --- Arrays of objects ---

static void forget(struct emit_usage_fields *fields, enum emit_usage_field first,
                   enum emit_usage_field last) {
    for (unsigned field = first; field <= last; field++)
        fields->type[field] = EMIT_JSON_NONE;
}

// Keeps the first of the elements that is of no text: [{"modality": "IMAGE", "tokenCount": 3}].
static void keep_modality(struct emit_usage_fields *fields) {
    const struct emit_json_slice *count = &fields->value[EMIT_FIELD_MODALITY_COUNT];
    bool is_none = !emit_usage_has(fields, EMIT_FIELD_MODALITY_COUNT) ||
                   (count->length == 1 && count->at[0] == '0');
    bool is_text = emit_usage_is(fields, EMIT_FIELD_MODALITY, "TEXT");
    if (!is_text && !is_none && !emit_usage_has(fields, EMIT_FIELD_MEDIA_COUNT)) {
        fields->type[EMIT_FIELD_MEDIA] = fields->type[EMIT_FIELD_MODALITY];
        fields->value[EMIT_FIELD_MEDIA] = fields->value[EMIT_FIELD_MODALITY];
        fields->type[EMIT_FIELD_MEDIA_COUNT] = fields->type[EMIT_FIELD_MODALITY_COUNT];
        fields->value[EMIT_FIELD_MEDIA_COUNT] = *count;
    }
    forget(fields, EMIT_FIELD_MODALITY, EMIT_FIELD_MODALITY_COUNT);
}

static bool add_count(const struct emit_usage_fields *fields, enum emit_usage_field field,
                      uint64_t *sum) {
    const struct emit_json_slice *value = &fields->value[field];
    uint64_t count;
    if (!emit_usage_has(fields, field)) return true;
    if (fields->type[field] != EMIT_JSON_NUMBER ||
        !emit_number_read_u64(value->at, value->length, &count))
        return false;
    return !__builtin_add_overflow(*sum, count, sum);
}

// [{"type": "compaction", "input_tokens": 180000, ...}, {"type": "message", ...}]
static void keep_iteration(struct emit_usage_fields *fields) {
    struct emit_usage_compaction *sum = &fields->compaction;
    if (emit_usage_is(fields, EMIT_FIELD_ITERATION_TYPE, "compaction")) {
        sum->is_there = true;
        sum->is_wrong |= !add_count(fields, EMIT_FIELD_ITERATION_INPUT, &sum->input) ||
                         !add_count(fields, EMIT_FIELD_ITERATION_READ, &sum->read) ||
                         !add_count(fields, EMIT_FIELD_ITERATION_WRITES, &sum->writes) ||
                         !add_count(fields, EMIT_FIELD_ITERATION_OUTPUT, &sum->output);
    } else if (fields->type[EMIT_FIELD_ITERATION_TYPE] == EMIT_JSON_STRING &&
               !emit_usage_is(fields, EMIT_FIELD_ITERATION_TYPE, "message")) {
        fields->type[EMIT_FIELD_ITERATION_OTHER] = EMIT_JSON_STRING;
        fields->value[EMIT_FIELD_ITERATION_OTHER] = fields->value[EMIT_FIELD_ITERATION_TYPE];
    }
    forget(fields, EMIT_FIELD_ITERATION_TYPE, EMIT_FIELD_ITERATION_OUTPUT);
}

bool emit_usage_is_listed(uint8_t node) {
    return node == EMIT_NODE_MODALITY || node == EMIT_NODE_CANDIDATE || node == EMIT_NODE_CHOICE ||
           node == EMIT_NODE_ITERATION;
}

void emit_usage_keep_element(struct emit_usage_fields *fields, uint8_t node) {
    if (node == EMIT_NODE_MODALITY) keep_modality(fields);
    if (node == EMIT_NODE_ITERATION) keep_iteration(fields);
}

static bool scan_elements(struct scan *scan, uint8_t node) {
    if (!emit_json_enter_array(&scan->json)) return false;
    while (emit_json_next_element(&scan->json)) {
        if (emit_json_peek(&scan->json) != EMIT_JSON_OBJECT) {
            scan->forms = NULL; // where an object may stand as well
            if (!emit_json_pass(&scan->json)) return false;
            continue;
        }
        if (!scan_object(scan, node)) return false;
        emit_usage_keep_element(scan->fields, node);
        leave(scan, EMIT_STEP_ELEMENT, node, scan->json.at, scan->json.at);
    }
    return !scan->json.fault_kind;
}

// --- Attributes in an array ---

struct attribute {
    struct emit_json_slice key, value;
    bool has_key;
    enum emit_json_type type;
};

// {"intValue": "12"}: 64-bit integers are strings there.
static bool take_any_value(struct emit_json *json, struct attribute *attribute) {
    struct emit_json_slice key;
    if (!emit_json_enter_object(json)) return false;
    while (emit_json_next_member(json, &key)) {
        enum emit_json_type type = emit_json_take_scalar(json, &attribute->value);
        if (type == EMIT_JSON_NONE) {
            if (!emit_json_pass(json)) return false;
            continue;
        }
        bool is_integer = emit_json_slice_is(&key, "intValue");
        attribute->type = is_integer && type == EMIT_JSON_STRING ? EMIT_JSON_NUMBER : type;
    }
    return !json->fault_kind;
}

static bool take_attribute(struct emit_json *json, struct attribute *attribute) {
    struct emit_json_slice key;
    if (!emit_json_enter_object(json)) return false;
    while (emit_json_next_member(json, &key)) {
        enum emit_json_type type = emit_json_peek(json);
        bool taken;
        if (type == EMIT_JSON_STRING && emit_json_slice_is(&key, "key")) {
            taken = emit_json_take_string(json, &attribute->key);
            attribute->has_key = true;
        } else if (!emit_json_slice_is(&key, "value") || type == EMIT_JSON_ARRAY) {
            taken = emit_json_pass(json);
        } else if (type == EMIT_JSON_OBJECT) {
            taken = take_any_value(json, attribute);
        } else {
            attribute->type = emit_json_take_scalar(json, &attribute->value);
            taken = attribute->type != EMIT_JSON_NONE;
        }
        if (!taken) return false;
    }
    return !json->fault_kind;
}

// What is a field depends on values there: no form has it.
static bool scan_attributes(struct scan *scan) {
    scan->forms = NULL;
    if (!emit_json_enter_array(&scan->json)) return false;
    while (emit_json_next_element(&scan->json)) {
        struct attribute attribute = {.type = EMIT_JSON_NONE};
        if (emit_json_peek(&scan->json) != EMIT_JSON_OBJECT) {
            if (!emit_json_pass(&scan->json)) return false;
            continue;
        }
        if (!take_attribute(&scan->json, &attribute)) return false;
        const struct emit_usage_path *path =
            attribute.has_key ? find_path(scan, EMIT_NODE_ATTRIBUTES, &attribute.key) : NULL;
        if (path && attribute.type != EMIT_JSON_NONE)
            emit_usage_note(scan->fields, path->field, attribute.type, &attribute.value);
    }
    return !scan->json.fault_kind;
}

// --- The record ---

bool emit_usage_scan(struct emit_usage_fields *fields, const uint8_t slots[EMIT_USAGE_SLOTS],
                     struct emit_usage_forms *forms, const char *text, size_t length,
                     const char **fault, size_t *fault_at) {
    struct scan scan;
    scan.slots = slots;
    scan.fields = fields;
    scan.forms = forms;
    scan.step = 0;
    scan.behind = text;
    emit_usage_clear(fields);
    emit_json_init(&scan.json, text, length);
    if (scan_object(&scan, EMIT_NODE_RECORD) && emit_json_at_end(&scan.json)) {
        leave(&scan, EMIT_STEP_END, EMIT_FIELD_NONE, text + length, text + length);
        return true;
    }
    *fault = scan.json.fault;
    *fault_at = (size_t)(scan.json.fault_at - text);
    return false;
}
