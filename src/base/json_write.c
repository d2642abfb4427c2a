// One item after the other; the writer remembers only whether a comma is due.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_write.h"

#include "base/json_token.h"
#include "base/number.h"

#include <string.h>

void emit_json_writer_init(struct emit_json_writer *writer, struct emit_text *out) {
    *writer = (struct emit_json_writer){.out = out};
}

static void begin_item(struct emit_json_writer *writer) {
    if (writer->comma) emit_text_add_byte(writer->out, ',');
    writer->comma = true;
}

static void open_container(struct emit_json_writer *writer, char bracket) {
    begin_item(writer);
    emit_text_add_byte(writer->out, bracket);
    writer->comma = false;
}

static void close_container(struct emit_json_writer *writer, char bracket) {
    emit_text_add_byte(writer->out, bracket);
    writer->comma = true;
}

void emit_json_open_object(struct emit_json_writer *writer) {
    open_container(writer, '{');
}

void emit_json_close_object(struct emit_json_writer *writer) {
    close_container(writer, '}');
}

void emit_json_open_array(struct emit_json_writer *writer) {
    open_container(writer, '[');
}

void emit_json_close_array(struct emit_json_writer *writer) {
    close_container(writer, ']');
}

// The length of the well-formed UTF-8 sequence at at[0..left); 0 when there is none.
// *bad_length is then how many bytes one U+FFFD stands for (Unicode 15, 3.9, table 3-7).
static size_t sequence_length(const unsigned char *at, size_t left, size_t *bad_length) {
    unsigned char lead = at[0], low = 0x80, high = 0xbf;
    *bad_length = 1;
    size_t length;
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        length = 2;
    else if (lead >= 0xe0 && lead <= 0xef)
        length = 3;
    else if (lead >= 0xf0 && lead <= 0xf4)
        length = 4;
    else
        return 0;
    if (lead == 0xe0) low = 0xa0;  // shorter forms exist
    if (lead == 0xed) high = 0x9f; // surrogates
    if (lead == 0xf0) low = 0x90;  // shorter forms exist
    if (lead == 0xf4) high = 0x8f; // beyond U+10FFFF
    for (size_t i = 1; i < length; i++) {
        if (i == left || at[i] < low || at[i] > high) return 0;
        *bad_length = i + 1;
        low = 0x80, high = 0xbf;
    }
    return length;
}

static void add_escape(struct emit_text *out, unsigned char byte) {
    static const char hexadecimal[] = "0123456789abcdef";
    char escape[6] = {'\\', 'u', '0', '0', hexadecimal[byte >> 4], hexadecimal[byte & 15]};
    size_t length = 2;
    switch (byte) {
    case '"': escape[1] = '"'; break;
    case '\\': escape[1] = '\\'; break;
    case '\b': escape[1] = 'b'; break;
    case '\t': escape[1] = 't'; break;
    case '\n': escape[1] = 'n'; break;
    case '\f': escape[1] = 'f'; break;
    case '\r': escape[1] = 'r'; break;
    default: length = 6;
    }
    emit_text_add_bytes(out, escape, length);
}

static bool is_plain(unsigned char byte) {
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static void add_string(struct emit_text *out, const char *bytes, size_t length) {
    const unsigned char *at = (const unsigned char *)bytes;
    size_t plain = 0; // bytes[plain..i) go out as they are
    emit_text_add_byte(out, '"');
    for (size_t i = 0; i < length;) {
        size_t bad, good = (size_t)(emit_json_skip_plain(bytes + i, bytes + length) - (bytes + i));
        if (good == 0) good = sequence_length(at + i, length - i, &bad);
        if (good > 0 && (good > 1 || is_plain(at[i]))) {
            i += good;
            continue;
        }
        emit_text_add_bytes(out, bytes + plain, i - plain);
        if (good == 0)
            emit_text_add(out, "\xef\xbf\xbd");
        else
            add_escape(out, at[i]);
        i += good > 0 ? good : bad;
        plain = i;
    }
    emit_text_add_bytes(out, bytes + plain, length - plain);
    emit_text_add_byte(out, '"');
}

void emit_json_key(struct emit_json_writer *writer, const char *key) {
    begin_item(writer);
    add_string(writer->out, key, strlen(key));
    emit_text_add_byte(writer->out, ':');
    writer->comma = false;
}

void emit_json_string_bytes(struct emit_json_writer *writer, const char *bytes, size_t length) {
    begin_item(writer);
    add_string(writer->out, bytes, length);
}

void emit_json_string(struct emit_json_writer *writer, const char *string) {
    emit_json_string_bytes(writer, string, strlen(string));
}

void emit_json_double(struct emit_json_writer *writer, double value) {
    char text[EMIT_NUMBER_TEXT_MAX];
    emit_json_raw(writer, text, emit_number_write(text, value));
}

void emit_json_u64(struct emit_json_writer *writer, uint64_t value) {
    char text[EMIT_NUMBER_TEXT_MAX];
    emit_json_raw(writer, text, emit_number_write_u64(text, value));
}

void emit_json_i64(struct emit_json_writer *writer, int64_t value) {
    char text[EMIT_NUMBER_TEXT_MAX];
    emit_json_raw(writer, text, emit_number_write_i64(text, value));
}

void emit_json_bool(struct emit_json_writer *writer, bool value) {
    emit_json_raw(writer, value ? "true" : "false", value ? 4 : 5);
}

void emit_json_null(struct emit_json_writer *writer) {
    emit_json_raw(writer, "null", 4);
}

void emit_json_raw(struct emit_json_writer *writer, const char *json, size_t length) {
    begin_item(writer);
    emit_text_add_bytes(writer->out, json, length);
}

#define MEMBER(kind, type)                                                                         \
    void emit_json_member_##kind(struct emit_json_writer *writer, const char *key, type value) {   \
        emit_json_key(writer, key);                                                                \
        emit_json_##kind(writer, value);                                                           \
    }
MEMBER(string, const char *)
MEMBER(double, double)
MEMBER(u64, uint64_t)
MEMBER(i64, int64_t)
MEMBER(bool, bool)
#undef MEMBER
