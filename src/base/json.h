// The one scanner for every JSON we read: strict (RFC 8259, valid UTF-8, no
// duplicate keys, no byte order mark, bounded depth), one pass, no tree, no
// allocation. The caller pulls: it asks for what it expects next. The first
// fault stops everything: all later calls answer false, `fault` says why and
// where. Deviations from the RFC are all refusals, listed in json.c.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EMIT_JSON_DEPTH_MAX = 32,
    EMIT_JSON_MEMBERS_MAX = 256, // of one object
};

enum emit_json_type {
    EMIT_JSON_NONE, // nothing more, or a fault
    EMIT_JSON_STRING,
    EMIT_JSON_NUMBER,
    EMIT_JSON_TRUE,
    EMIT_JSON_FALSE,
    EMIT_JSON_NULL,
    EMIT_JSON_OBJECT,
    EMIT_JSON_ARRAY,
};

// Bytes of the scanned text: borrowed.
struct emit_json_slice {
    const char *at;
    size_t length;
    bool escaped; // a string that holds backslashes: decode with emit_json_decode
};

struct emit_json {
    const char *begin, *at, *end;
    const char *fault;    // NULL, or one of the fixed sentences of json.c
    const char *fault_at; // where in the text
    uint32_t depth;
    uint32_t open[EMIT_JSON_DEPTH_MAX]; // what each open container expects next
    size_t key_count;                   // keys seen of the open objects, for the duplicate check
    struct emit_json_slice keys[EMIT_JSON_MEMBERS_MAX];
    uint32_t key_base[EMIT_JSON_DEPTH_MAX];
};

void emit_json_init(struct emit_json *json, const char *text, size_t length);

// What stands next, without taking it.
enum emit_json_type emit_json_peek(struct emit_json *json);

// Containers: enter, then pull members or elements until the call answers false
// (end, or fault). Inside a member or element the value must be taken (or skipped).
bool emit_json_enter_object(struct emit_json *json);
bool emit_json_next_member(struct emit_json *json, struct emit_json_slice *key);
bool emit_json_enter_array(struct emit_json *json);
bool emit_json_next_element(struct emit_json *json);

bool emit_json_take_string(struct emit_json *json, struct emit_json_slice *string);
bool emit_json_take_number(struct emit_json *json, struct emit_json_slice *text);
bool emit_json_take_double(struct emit_json *json, double *value);
bool emit_json_take_u64(struct emit_json *json, uint64_t *value);
bool emit_json_take_i64(struct emit_json *json, int64_t *value);
bool emit_json_take_bool(struct emit_json *json, bool *value);
bool emit_json_skip(struct emit_json *json); // any value, whole, still checked

// True when the value ended the text and no fault was met.
bool emit_json_at_end(struct emit_json *json);

// A slice's string into the caller's buffer, escapes resolved, terminated.
// False when it does not fit or holds a NUL.
bool emit_json_decode(const struct emit_json_slice *slice, char *text, size_t size);
bool emit_json_slice_is(const struct emit_json_slice *slice, const char *word);

#endif
