// The members of any event, through the strict scanner: it also says why a text
// is no event.
// SPDX-License-Identifier: Apache-2.0
#include "contract/members.h"

static void clear(struct emit_members *members) {
    memset(members->seen, 0, sizeof members->seen);
    memset(members->of_type, 0, sizeof members->of_type);
    memset(members->empty, 0, sizeof members->empty);
    members->unknown_count = 0;
    members->readable = NULL;
    members->fault = EMIT_REASON_NONE;
    members->fault_text = NULL;
    members->fault_at = 0;
}

static enum emit_reason reason_of(enum emit_json_fault fault) {
    switch (fault) {
    case EMIT_JSON_BYTE_ORDER_MARK: return EMIT_REASON_BYTE_ORDER_MARK;
    case EMIT_JSON_BAD_UTF8: return EMIT_REASON_INVALID_UTF8;
    case EMIT_JSON_DUPLICATE: return EMIT_REASON_DUPLICATE_KEY;
    case EMIT_JSON_OVERFLOW: return EMIT_REASON_NUMBER_OVERFLOW;
    case EMIT_JSON_NUL: return EMIT_REASON_NUL_CHARACTER;
    case EMIT_JSON_TOO_DEEP: return EMIT_REASON_NESTED_VALUE;
    case EMIT_JSON_TOO_MANY: return EMIT_REASON_TOO_MANY_FIELDS;
    case EMIT_JSON_GOOD:
    case EMIT_JSON_CUT_OFF:
    case EMIT_JSON_BAD_VALUE:
    case EMIT_JSON_BAD_NUMBER:
    case EMIT_JSON_BAD_ESCAPE:
    case EMIT_JSON_CONTROL_CHARACTER:
    case EMIT_JSON_BAD_KEY:
    case EMIT_JSON_BAD_COLON:
    case EMIT_JSON_BAD_COMMA:
    case EMIT_JSON_TRAILING:
    case EMIT_JSON_WRONG_TYPE: break;
    }
    return EMIT_REASON_MALFORMED_JSON;
}

// The text of a slice without escapes; written to *scratch where it had some.
static const char *plain_text(struct emit_json_slice *slice, char **scratch) {
    if (!slice->escaped) return slice->at;
    char *text = *scratch;
    slice->length = emit_json_decode_bytes(slice, text);
    *scratch += slice->length;
    return text;
}

static void take_known(struct emit_members *members, struct emit_json *json, uint32_t field,
                       enum emit_json_type type, char **scratch) {
    size_t place = field >= EMIT_TAG_FIRST, bit = emit_members_bit(field);
    members->seen[place] |= UINT64_C(1) << bit;
    members->of_type[type][place] |= UINT64_C(1) << bit;
    struct emit_json_slice slice = {"", 0, false};
    if (type == EMIT_JSON_STRING) {
        if (!emit_json_take_string(json, &slice)) return;
        members->at[field] = plain_text(&slice, scratch);
        members->empty[place] |= (uint64_t)(slice.length == 0) << bit;
    } else if (type == EMIT_JSON_NUMBER) {
        struct emit_json before = {.at = json->at, .end = json->end};
        if (!emit_json_take_double(json, &members->value[field])) return;
        members->at[field] = before.at;
        slice.length = (size_t)(json->at - before.at);
    } else {
        emit_json_skip(json);
    }
    members->length[field] = (uint32_t)slice.length;
}

static void take_member(struct emit_members *members, struct emit_json *json,
                        struct emit_json_slice *key, enum emit_place place, char **scratch);

static void take_members(struct emit_members *members, struct emit_json *json,
                         enum emit_place place, char **scratch) {
    struct emit_json_slice key;
    if (!emit_json_enter_object(json)) return;
    while (emit_json_next_member(json, &key))
        take_member(members, json, &key, place, scratch);
}

static void take_member(struct emit_members *members, struct emit_json *json,
                        struct emit_json_slice *key, enum emit_place place, char **scratch) {
    const char *name = plain_text(key, scratch);
    enum emit_field_id field = emit_field_find(place, name, key->length);
    enum emit_json_type type = emit_json_peek(json);
    if (type == EMIT_JSON_NONE) return;
    if (field == EMIT_FIELD_TAGS && type == EMIT_JSON_OBJECT) {
        members->seen[EMIT_PLACE_TOP] |= UINT64_C(1) << EMIT_FIELD_TAGS;
        members->of_type[type][EMIT_PLACE_TOP] |= UINT64_C(1) << EMIT_FIELD_TAGS;
        take_members(members, json, EMIT_PLACE_TAG, scratch);
    } else if (field != EMIT_FIELD_COUNT) {
        take_known(members, json, field, type, scratch);
    } else if (emit_json_skip(json)) {
        members->unknown[members->unknown_count++] =
            (struct emit_unknown){name, key->length, place, type};
    }
}

void emit_members_scan(struct emit_members *members, const char *text, size_t length,
                       char *scratch) {
    struct emit_json json;
    clear(members);
    emit_json_init(&json, text, length);
    enum emit_json_type type = emit_json_peek(&json);
    if (type == EMIT_JSON_OBJECT)
        take_members(members, &json, EMIT_PLACE_TOP, &scratch);
    else
        emit_json_skip(&json);
    if (emit_json_at_end(&json)) {
        if (type != EMIT_JSON_OBJECT) members->fault = EMIT_REASON_NOT_AN_OBJECT;
        return;
    }
    members->fault = reason_of(json.fault_kind);
    members->fault_text = json.fault;
    members->fault_at = (size_t)(json.fault_at - text);
}
