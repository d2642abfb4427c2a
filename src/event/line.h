// What a canonical line is written of: a key with the punctuation before it as one literal,
// and the value. Inline, since the length of a key is then known when it is compiled: a filter
// spends most of its time here.
// SPDX-License-Identifier: Apache-2.0
#ifndef EVENT_LINE_H
#define EVENT_LINE_H

#include "base/json_write.h"
#include "base/number.h"
#include "base/text.h"
#include "base/time.h"

#include <string.h>

// Punctuation, or a key: the copy is a few moves.
static inline void emit_line_add(struct emit_text *line, const char *literal) {
    size_t length = strlen(literal);
    if (length >= line->size - line->length) {
        emit_text_add_bytes(line, literal, length); // cuts it
        return;
    }
    memcpy(line->at + line->length, literal, length + 1);
    line->length += length;
}

// A word of ours, which needs no escapes; its quotes are those of the keys on either side.
static inline void emit_line_word(struct emit_text *line, const char *key, const char *word) {
    emit_line_add(line, key);
    emit_text_add(line, word);
}

// Somebody else's text, escaped and quoted.
static inline void emit_line_string(struct emit_text *line, const char *key, const char *string) {
    struct emit_json_writer writer;
    emit_json_writer_init(&writer, line);
    emit_line_add(line, key);
    emit_json_string(&writer, string);
}

// The quotes are those of the keys on either side.
static inline void emit_line_time(struct emit_text *line, const char *key, int64_t wall_ns) {
    char text[EMIT_TIME_TEXT];
    emit_time_write(text, wall_ns);
    emit_line_add(line, key);
    emit_text_add_bytes(line, text, EMIT_TIME_TEXT - 1);
}

static inline void emit_line_double(struct emit_text *line, const char *key, double value) {
    char text[EMIT_NUMBER_TEXT_MAX];
    size_t length = emit_number_write(text, value);
    emit_line_add(line, key);
    emit_text_add_bytes(line, text, length);
}

static inline void emit_line_count(struct emit_text *line, const char *key, uint64_t count) {
    char text[EMIT_NUMBER_TEXT_MAX];
    size_t length = emit_number_write_u64(text, count);
    emit_line_add(line, key);
    emit_text_add_bytes(line, text, length);
}

#endif
