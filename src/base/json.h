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
    EMIT_JSON_MEMBERS_MAX = 256,                    // of one object
    EMIT_JSON_KEYS_MAX = 2 * EMIT_JSON_MEMBERS_MAX, // of all objects that are open at once
};

// What stops a scan: name, sentence.
#define EMIT_JSON_FAULT_ROWS(ROW)                                                                  \
    ROW(EMIT_JSON_GOOD, NULL)                                                                      \
    ROW(EMIT_JSON_BYTE_ORDER_MARK, "a byte order mark")                                            \
    ROW(EMIT_JSON_BAD_UTF8, "a sequence of bytes that is not UTF-8")                               \
    ROW(EMIT_JSON_CUT_OFF, "a text that ends in the middle")                                       \
    ROW(EMIT_JSON_BAD_VALUE, "no value")                                                           \
    ROW(EMIT_JSON_BAD_NUMBER, "a number that JSON does not allow")                                 \
    ROW(EMIT_JSON_BAD_ESCAPE, "an escape that JSON does not allow")                                \
    ROW(EMIT_JSON_CONTROL_CHARACTER, "a control character inside a string")                        \
    ROW(EMIT_JSON_BAD_KEY, "no key in double quotes")                                              \
    ROW(EMIT_JSON_BAD_COLON, "no colon behind the key")                                            \
    ROW(EMIT_JSON_BAD_COMMA, "no comma and no end of the object or array")                         \
    ROW(EMIT_JSON_TRAILING, "more text behind the value")                                          \
    ROW(EMIT_JSON_DUPLICATE, "a key that the object already has")                                  \
    ROW(EMIT_JSON_OVERFLOW, "a number too large for a double")                                     \
    ROW(EMIT_JSON_NUL, "the character U+0000 inside a string")                                     \
    ROW(EMIT_JSON_TOO_DEEP, "nested deeper than 32")                                               \
    ROW(EMIT_JSON_TOO_MANY, "an object of more than 256 members")                                  \
    ROW(EMIT_JSON_WRONG_TYPE, "a value of another type than expected")

#define EMIT_JSON_FAULT_ENUMERATOR(name, sentence) name,
enum emit_json_fault { EMIT_JSON_FAULT_ROWS(EMIT_JSON_FAULT_ENUMERATOR) };

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
    const char *fault;    // NULL, or the sentence of fault_kind
    const char *fault_at; // where in the text
    enum emit_json_fault fault_kind;
    bool taken;   // the one value of the text has been begun
    bool is_pass; // within emit_json_pass
    uint32_t depth;
    uint8_t open[EMIT_JSON_DEPTH_MAX]; // what each open container expects next
    size_t key_count;                  // keys seen of the open objects, for the duplicate check
    struct emit_json_slice keys[EMIT_JSON_KEYS_MAX];
    size_t key_base[EMIT_JSON_DEPTH_MAX];
    uint64_t key_marks[EMIT_JSON_DEPTH_MAX]; // of each open object: a bit for each of its keys
};

void emit_json_init(struct emit_json *json, const char *text, size_t length);
// In the middle of a text, to take or skip one value: so many containers are open around it,
// at least one, and have had so many keys.
void emit_json_init_inside(struct emit_json *json, const char *text, size_t length, uint32_t depth,
                           size_t key_count);

// What stands next, without taking it.
enum emit_json_type emit_json_peek(struct emit_json *json);

// Containers: enter, then pull members or elements until the call answers false
// (end, or fault). Inside a member or element the value must be taken (or skipped).
bool emit_json_enter_object(struct emit_json *json);
bool emit_json_next_member(struct emit_json *json, struct emit_json_slice *key);
bool emit_json_enter_array(struct emit_json *json);
bool emit_json_next_element(struct emit_json *json);

// Values. A value of another type than the asked one is a fault, and so is an
// integer that has a fraction, an exponent or a value that does not fit.
bool emit_json_take_string(struct emit_json *json, struct emit_json_slice *string);
bool emit_json_take_number(struct emit_json *json, struct emit_json_slice *text);
bool emit_json_take_double(struct emit_json *json, double *value);
bool emit_json_take_u64(struct emit_json *json, uint64_t *value);
bool emit_json_take_i64(struct emit_json *json, int64_t *value);
bool emit_json_take_bool(struct emit_json *json, bool *value);
// Any value that is no container: its type and its text. NONE after a fault, and before a
// container, which is not taken.
enum emit_json_type emit_json_take_scalar(struct emit_json *json, struct emit_json_slice *text);
bool emit_json_skip(struct emit_json *json); // any value, whole, still checked
// As skip, a value that nobody will look into: an object in it may have any number of members,
// and is looked through for a duplicate key as far as one is elsewhere.
bool emit_json_pass(struct emit_json *json);
// As skip, and its text as it stands.
bool emit_json_take_raw(struct emit_json *json, struct emit_json_slice *text);

// True when the value ended the text and no fault was met; else there is a fault.
bool emit_json_at_end(struct emit_json *json);

// A slice's string into the caller's buffer, escapes resolved, terminated.
// False when it does not fit or holds a NUL.
bool emit_json_decode(const struct emit_json_slice *slice, char *text, size_t size);
bool emit_json_slice_is(const struct emit_json_slice *slice, const char *word);
// Bytes of the decoded string, which is never longer than the slice.
size_t emit_json_decode_bytes(const struct emit_json_slice *slice, char *bytes);

// The one character behind *at, which stands before `end`, escapes resolved; moves *at.
// Only for the bytes of a slice that the scanner has returned.
uint32_t emit_json_next_character(const char **at, const char *end);

#endif
