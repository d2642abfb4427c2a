// A JSON writer into a bounded text. Commas and nesting are its business; the
// caller names keys in the order in which they shall stand (sorted, where the
// line has to be canonical). What does not fit is cut and remembered in the text.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include "base/text.h"

#include <stdint.h>

struct emit_json_writer {
    struct emit_text *out; // borrowed
    bool comma;            // the next item of the open container needs one
};

void emit_json_writer_init(struct emit_json_writer *writer, struct emit_text *out);
void emit_json_open_object(struct emit_json_writer *writer);
void emit_json_close_object(struct emit_json_writer *writer);
void emit_json_open_array(struct emit_json_writer *writer);
void emit_json_close_array(struct emit_json_writer *writer);
void emit_json_key(struct emit_json_writer *writer, const char *key);

// Values: after a key, or as array elements. Strings are escaped as RFC 8785
// says; bytes that are not valid UTF-8 become U+FFFD.
void emit_json_string(struct emit_json_writer *writer, const char *string);
void emit_json_string_bytes(struct emit_json_writer *writer, const char *bytes, size_t length);
void emit_json_double(struct emit_json_writer *writer, double value); // must be finite
void emit_json_u64(struct emit_json_writer *writer, uint64_t value);
void emit_json_i64(struct emit_json_writer *writer, int64_t value);
void emit_json_bool(struct emit_json_writer *writer, bool value);
void emit_json_null(struct emit_json_writer *writer);

// A key and its value at once.
void emit_json_member_string(struct emit_json_writer *writer, const char *key, const char *string);
void emit_json_member_double(struct emit_json_writer *writer, const char *key, double value);
void emit_json_member_u64(struct emit_json_writer *writer, const char *key, uint64_t value);
void emit_json_member_i64(struct emit_json_writer *writer, const char *key, int64_t value);
void emit_json_member_bool(struct emit_json_writer *writer, const char *key, bool value);

// A value that is JSON already.
void emit_json_raw(struct emit_json_writer *writer, const char *json, size_t length);

#endif
