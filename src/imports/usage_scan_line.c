// A record as programs write it, on the tokens of base/json_line.h: into the same fields as
// the strict pass, or false. One loop without recursion: what a container is stands in a
// stack, so that the walk stays in registers.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_line.h"
#include "base/number.h"
#include "imports/usage_paths.h"

// What is longer, deeper or has more keys is the strict pass's business.
enum {
    LINE_MAX_BYTES = 64 * 1024,
    DEPTH_MAX = 16,
    KEYS_MAX = 128, // of all objects that are open at once
};

struct container {
    uint8_t node; // whose paths its members, or its elements' members, may be; NONE: of no matter
    char close;   // '}' or ']'
    size_t first_key; // of an object, in keys
    uint64_t marks;   // a bit for each of its keys
};

struct key {
    const char *at;
    size_t length;
};

struct scan {
    struct emit_usage_fields *fields;
    const uint8_t *slots;
    bool escapes; // somewhere in the line
    size_t key_count;
    struct container *in;                 // of open, the innermost
    struct container open[1 + DEPTH_MAX]; // the first stands for what is around the record
    struct key keys[KEYS_MAX];
};

enum after {
    FAULT,
    MEMBER, // a member or element stands next
    BEHIND, // a value
    END,    // the record's brace was taken
};

static bool is_escaped(const struct scan *scan, const char *at, size_t length) {
    return scan->escapes && memchr(at, '\\', length);
}

// --- Keys ---

static bool is_there(const struct scan *scan, const struct container *in, const char *at,
                     size_t length) {
    for (size_t i = in->first_key; i < scan->key_count; i++)
        if (scan->keys[i].length == length && memcmp(scan->keys[i].at, at, length) == 0)
            return true;
    return false;
}

// False when the object has the key already. Keys of different marks differ.
EMIT_ALWAYS_INLINE bool remember_key(struct scan *scan, struct container *in, const char *at,
                                     size_t length) {
    // Of an empty key those are its quotes.
    unsigned first = (unsigned char)at[0], last = (unsigned char)at[(ptrdiff_t)length - 1];
    uint64_t mark = UINT64_C(1) << ((first + 5 * last + 7 * (unsigned)length) % 64);
    if (in->marks & mark && is_there(scan, in, at, length)) return false;
    if (scan->key_count == KEYS_MAX) return false;
    in->marks |= mark;
    scan->keys[scan->key_count++] = (struct key){at, length};
    return true;
}

// --- Values ---

// The first of a field is written where it stays: a slice that is copied as soon as it is
// written stalls the processor.
EMIT_ALWAYS_INLINE void note(struct scan *scan, const struct emit_usage_path *path,
                             enum emit_json_type type, const char *at, size_t length,
                             bool escaped) {
    if (!path || path->field == EMIT_FIELD_NONE) return;
    struct emit_usage_fields *fields = scan->fields;
    if (fields->type[path->field] == EMIT_JSON_NONE) {
        fields->type[path->field] = (uint8_t)type;
        fields->value[path->field] = (struct emit_json_slice){at, length, escaped};
        return;
    }
    const struct emit_json_slice value = {at, length, escaped};
    emit_usage_note(fields, path->field, type, &value);
}

// Most numbers are a few digits.
static const char *number_end(const char *begin, const char *end) {
    const char *at = begin;
    while (emit_json_is_digit(*at))
        at++;
    if (at > begin && (*begin != '0' || at - begin == 1) && at - begin < 20 && *at != '.' &&
        *at != 'e' && *at != 'E')
        return at;
    double value; // must not overflow
    at = emit_json_number_end(begin, end);
    return at && emit_number_read(begin, (size_t)(at - begin), &value) ? at : NULL;
}

EMIT_ALWAYS_INLINE enum after take_word(struct emit_json_line *line, struct scan *scan,
                                        const struct emit_usage_path *path,
                                        enum emit_json_type type, const char *word) {
    const char *begin = line->at;
    if (!emit_json_line_word(line, word, strlen(word))) return FAULT;
    if (type != EMIT_JSON_NULL) note(scan, path, type, begin, strlen(word), false);
    return BEHIND;
}

EMIT_ALWAYS_INLINE enum after enter(struct emit_json_line *line, struct scan *scan, uint8_t node,
                                    char close) {
    if (scan->in == &scan->open[DEPTH_MAX]) return FAULT;
    *++scan->in = (struct container){.node = node, .close = close, .first_key = scan->key_count};
    line->at++;
    emit_json_line_spaces(line);
    // An empty one ends like the others, behind a value that it has not.
    return *line->at == close ? BEHIND : MEMBER;
}

// Takes a value, but of a container only the begin.
EMIT_ALWAYS_INLINE enum after take_value(struct emit_json_line *line, struct scan *scan,
                                         const struct emit_usage_path *path) {
    const char *begin = line->at;
    uint8_t into = path ? path->into : EMIT_NODE_NONE;
    switch (*begin) {
    case '"': {
        size_t length;
        const char *text = emit_json_line_string(line, &length);
        if (!text) return FAULT;
        if (path) note(scan, path, EMIT_JSON_STRING, text, length, is_escaped(scan, text, length));
        return BEHIND;
    }
    case '{':
        note(scan, path, EMIT_JSON_OBJECT, NULL, 0, false);
        return enter(line, scan, into, '}');
    case '[':
        if (into == EMIT_NODE_ATTRIBUTES) return FAULT; // they have rules of their own
        note(scan, path, EMIT_JSON_ARRAY, NULL, 0, false);
        return enter(line, scan, emit_usage_is_listed(into) ? into : EMIT_NODE_NONE, ']');
    case 't': return take_word(line, scan, path, EMIT_JSON_TRUE, "true");
    case 'f': return take_word(line, scan, path, EMIT_JSON_FALSE, "false");
    case 'n': return take_word(line, scan, path, EMIT_JSON_NULL, "null");
    default: break;
    }
    const char *end = number_end(begin, line->end);
    if (!end) return FAULT;
    note(scan, path, EMIT_JSON_NUMBER, begin, (size_t)(end - begin), false);
    line->at = end;
    return BEHIND;
}

// A member of an object with its value, or an element of an array.
EMIT_ALWAYS_INLINE enum after take_member(struct emit_json_line *line, struct scan *scan) {
    struct container *in = scan->in;
    if (in->close == ']') {
        emit_json_line_spaces(line);
        if (*line->at == '{') return enter(line, scan, in->node, '}');
        return take_value(line, scan, NULL);
    }
    size_t length;
    const char *key = emit_json_line_key(line, &length);
    if (!key || is_escaped(scan, key, length) || !remember_key(scan, in, key, length)) return FAULT;
    return take_value(
        line, scan,
        in->node == EMIT_NODE_NONE ? NULL : emit_usage_path(scan->slots, in->node, key, length));
}

// From behind a value past the comma, or past the end of its container.
EMIT_ALWAYS_INLINE enum after go_on(struct emit_json_line *line, struct scan *scan) {
    const struct container *in = scan->in;
    char c = *line->at;
    if (c == ' ' && emit_json_line_spaces(line)) c = *line->at;
    line->at++;
    if (c == ',') return MEMBER;
    if (c != in->close) return FAULT;
    scan->key_count = in->first_key;
    const struct container *around = --scan->in;
    if (around == scan->open) return END;
    if (around->close == ']' && around->node != EMIT_NODE_NONE && c == '}')
        emit_usage_keep_element(scan->fields, around->node);
    return line->at < line->end ? BEHIND : FAULT;
}

bool emit_usage_scan_line(struct emit_usage_fields *fields, const uint8_t slots[EMIT_USAGE_SLOTS],
                          const char *text, size_t length) {
    uint64_t words[EMIT_JSON_LINE_WORDS(LINE_MAX_BYTES)];
    struct scan scan;
    scan.fields = fields;
    scan.slots = slots;
    scan.key_count = 0;
    scan.in = scan.open;
    if (length > LINE_MAX_BYTES || !emit_json_line_index(words, &scan.escapes, text, length))
        return false;
    emit_usage_clear(fields);
    struct emit_json_line line = emit_json_line_begin(words, text, length);
    enum after after = enter(&line, &scan, EMIT_NODE_RECORD, '}');
    while (after == MEMBER || after == BEHIND)
        after = after == MEMBER ? take_member(&line, &scan) : go_on(&line, &scan);
    return after == END && line.at == line.end;
}
