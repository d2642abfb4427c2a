// The tokens of a line of JSON as programs write it: compact, or with single spaces. Before
// the walk the places of all quotes are found, sixteen bytes at a time, and the whole line
// is proved to be of valid UTF-8, without control characters, and its escapes to be ones
// that JSON allows. So every string's end is known beforehand, and no byte of a string is
// looked at again to find it.
//
// Whatever is not as expected ends in false, never in a fault: the strict scanner (json.h)
// has the word then. The line's last byte is a brace, and only the walk's last step may go
// behind it: who closes a container asks whether at < end, and no other byte has to be asked
// whether it is there.
// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_JSON_LINE_H
#define BASE_JSON_LINE_H

#include "base/json_token.h"

#define EMIT_ALWAYS_INLINE static inline __attribute__((always_inline))

enum { EMIT_JSON_LINE_BLOCK = 64 }; // bytes, of whose quotes one word knows

// Words that hold the quotes of a line of so many bytes, and one behind them.
#define EMIT_JSON_LINE_WORDS(bytes) ((bytes) / EMIT_JSON_LINE_BLOCK + 2)

// The walk over a line. Only inlined functions see it, so that it lives in registers.
struct emit_json_line {
    const char *at;
    const char *base;     // of the block whose quotes are left
    uint64_t quotes;      // those nobody took
    const uint64_t *next; // the word behind
    const char *end;
};

// Writes one bit a byte of the line, set for its quotes but those that are escaped. False
// when the line is not plain; it needs EMIT_JSON_LINE_WORDS(length). escapes: whether there
// are any, in strings if the walk comes to the line's end.
bool emit_json_line_index(uint64_t *words, bool *escapes, const char *text, size_t length);

// Where a walk begins: words as emit_json_line_index wrote them.
EMIT_ALWAYS_INLINE struct emit_json_line emit_json_line_begin(const uint64_t *words,
                                                              const char *text, size_t length) {
    return (struct emit_json_line){text, text, words[0], words + 1, text + length};
}

EMIT_ALWAYS_INLINE const char *emit_json_line_quote(struct emit_json_line *line) {
    while (!line->quotes) {
        line->quotes = *line->next++;
        line->base += EMIT_JSON_LINE_BLOCK;
    }
    const char *place = line->base + __builtin_ctzll(line->quotes);
    line->quotes &= line->quotes - 1;
    return place;
}

// Behind a token: where a space stands, the next token may be further on. Compact lines
// have none, so only a token that is not as expected asks.
EMIT_ALWAYS_INLINE bool emit_json_line_spaces(struct emit_json_line *line) {
    if (__builtin_expect(*line->at != ' ', 1)) return false;
    while (*line->at == ' ')
        line->at++;
    return true;
}

// The string whose quote stands at line->at, without its quotes; NULL when none does.
EMIT_ALWAYS_INLINE const char *emit_json_line_string(struct emit_json_line *line, size_t *length) {
    const char *open = emit_json_line_quote(line);
    if (open != line->at && !(emit_json_line_spaces(line) && open == line->at)) return NULL;
    const char *text = open + 1, *close = emit_json_line_quote(line);
    *length = (size_t)(close - text);
    line->at = close + 1;
    return text;
}

// A key and its colon, up to its value; NULL when they do not stand there.
EMIT_ALWAYS_INLINE const char *emit_json_line_key(struct emit_json_line *line, size_t *length) {
    const char *name = emit_json_line_string(line, length);
    if (!name) return NULL;
    if (*line->at != ':' && !(emit_json_line_spaces(line) && *line->at == ':')) return NULL;
    line->at++;
    emit_json_line_spaces(line);
    return name;
}

EMIT_ALWAYS_INLINE bool emit_json_line_word(struct emit_json_line *line, const char *word,
                                            size_t length) {
    if ((size_t)(line->end - line->at) < length || memcmp(line->at, word, length) != 0)
        return false;
    line->at += length;
    return true;
}

#endif
