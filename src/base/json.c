// The strict pull scanner. What RFC 8259 allows and we refuse: duplicate keys,
// the character U+0000 in a string, lone surrogates, numbers that overflow a
// double, nesting beyond EMIT_JSON_DEPTH_MAX, more than EMIT_JSON_MEMBERS_MAX
// members in an object. A byte order mark is refused as the RFC permits.
// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include "base/json_token.h"
#include "base/number.h"

#include <string.h>

enum expected { MEMBER_OR_END, COMMA_OR_OBJECT_END, ELEMENT_OR_END, COMMA_OR_ARRAY_END };

static bool fail(struct emit_json *json, enum emit_json_fault kind, const char *at) {
#define SENTENCE(name, sentence) [name] = sentence,
    static const char *const sentences[] = {EMIT_JSON_FAULT_ROWS(SENTENCE)};
#undef SENTENCE
    if (json->fault_kind) return false;
    if (at >= json->end && kind != EMIT_JSON_TRAILING && kind != EMIT_JSON_TOO_MANY)
        kind = EMIT_JSON_CUT_OFF;
    json->fault_kind = kind;
    json->fault = sentences[kind];
    json->fault_at = at;
    return false;
}

void emit_json_init(struct emit_json *json, const char *text, size_t length) {
    json->begin = json->at = text;
    json->end = text + length;
    json->fault = json->fault_at = NULL;
    json->fault_kind = EMIT_JSON_GOOD;
    json->taken = json->is_pass = false;
    json->depth = 0;
    json->key_count = 0;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        fail(json, EMIT_JSON_BYTE_ORDER_MARK, text);
}

void emit_json_init_inside(struct emit_json *json, const char *text, size_t length, uint32_t depth,
                           size_t key_count) {
    emit_json_init(json, text, length);
    json->taken = true;
    json->depth = depth;
    json->key_count = key_count;
}

// The next character that is not space; NUL at the end of the text (a NUL byte fits nowhere).
static inline char next_character(struct emit_json *json) {
    if (json->at < json->end && (unsigned char)*json->at > ' ') return *json->at;
    json->at = emit_json_skip_space(json->at, json->end);
    return json->at < json->end ? *json->at : '\0';
}

// --- Strings ---

// The end of the escape at `at`, which holds a backslash; NULL after a fault.
static const char *escape_end(struct emit_json *json, const char *at) {
    size_t length = emit_json_escape_length(at, json->end);
    if (length) return at + length;
    if (json->end - at < 2)
        fail(json, EMIT_JSON_CUT_OFF, json->end);
    else if (json->end - at >= 6 && at[1] == 'u' && emit_json_hex_unit(at + 2) == 0)
        fail(json, EMIT_JSON_NUL, at);
    else
        fail(json, EMIT_JSON_BAD_ESCAPE, at);
    return NULL;
}

// The end of what no string holds as it is, and of a character beyond ASCII; NULL after a fault.
static const char *special_end(struct emit_json *json, const char *at, bool *escaped) {
    const char *end = json->end;
    if (at >= end) {
        fail(json, EMIT_JSON_CUT_OFF, end);
        return NULL;
    }
    unsigned char c = (unsigned char)*at;
    if (c == '\\') {
        *escaped = true;
        return escape_end(json, at);
    }
    size_t length = c < 0x20 ? 0 : emit_utf8_length(at, end);
    if (length) return at + length;
    fail(json, c < 0x20 ? EMIT_JSON_CONTROL_CHARACTER : EMIT_JSON_BAD_UTF8, at);
    return NULL;
}

// Takes the string whose opening quote stands at json->at, and answers with its closing one;
// NULL after a fault. Slices are made from what is at hand then, never copied: reading back as
// one word what was just written as two stalls the processor.
static inline const char *take_quoted(struct emit_json *json, bool *escaped) {
    const char *at = json->at + 1, *end = json->end;
    *escaped = false;
    for (;;) {
        at = emit_json_skip_plain(at, end);
        if (at < end && *at == '"') break;
        at = special_end(json, at, escaped);
        if (!at) return NULL;
    }
    json->at = at + 1;
    return at;
}

static uint32_t escaped_character(const char **at) {
    static const char letters[] = "bfnrt", values[] = "\b\f\n\r\t";
    char c = (*at)[1];
    if (c != 'u') {
        *at += 2;
        const char *letter = strchr(letters, c);
        return letter ? (uint32_t)values[letter - letters] : (uint32_t)c;
    }
    uint32_t unit = (uint32_t)emit_json_hex_unit(*at + 2);
    *at += 6;
    if (unit < 0xd800 || unit >= 0xdc00) return unit;
    uint32_t low = (uint32_t)emit_json_hex_unit(*at + 2);
    *at += 6;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

uint32_t emit_json_next_character(const char **at, const char *end) {
    if (**at == '\\') return escaped_character(at);
    const char *character = *at;
    size_t length = emit_utf8_length(character, end);
    *at += length;
    return emit_utf8_point(character, length);
}

static size_t write_utf8(char *bytes, uint32_t character) {
    if (character < 0x80) {
        bytes[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        bytes[0] = (char)(0xc0 | character >> 6);
        bytes[1] = (char)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        bytes[0] = (char)(0xe0 | character >> 12);
        bytes[1] = (char)(0x80 | (character >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (character & 0x3f));
        return 3;
    }
    bytes[0] = (char)(0xf0 | character >> 18);
    bytes[1] = (char)(0x80 | (character >> 12 & 0x3f));
    bytes[2] = (char)(0x80 | (character >> 6 & 0x3f));
    bytes[3] = (char)(0x80 | (character & 0x3f));
    return 4;
}

size_t emit_json_decode_bytes(const struct emit_json_slice *slice, char *bytes) {
    if (!slice->escaped) {
        if (slice->length) memcpy(bytes, slice->at, slice->length);
        return slice->length;
    }
    size_t used = 0;
    const char *at = slice->at, *end = slice->at + slice->length;
    while (at < end)
        used += write_utf8(bytes + used, emit_json_next_character(&at, end));
    return used;
}

bool emit_json_decode(const struct emit_json_slice *slice, char *text, size_t size) {
    size_t used = 0;
    if (!slice->escaped) {
        if (slice->length >= size) return false;
        memcpy(text, slice->at, slice->length);
        text[slice->length] = '\0';
        return true;
    }
    const char *at = slice->at, *end = slice->at + slice->length;
    while (at < end) {
        char bytes[4];
        size_t length = write_utf8(bytes, emit_json_next_character(&at, end));
        if (length >= size - used) return false;
        memcpy(text + used, bytes, length);
        used += length;
    }
    if (used >= size) return false;
    text[used] = '\0';
    return true;
}

bool emit_json_slice_is(const struct emit_json_slice *slice, const char *word) {
    size_t length = strlen(word);
    if (!slice->escaped) return slice->length == length && memcmp(slice->at, word, length) == 0;
    const struct emit_json_slice other = {word, length, false};
    const char *at = slice->at, *end = slice->at + slice->length;
    const char *with = other.at, *with_end = with + length;
    while (at < end && with < with_end) {
        char bytes[4];
        size_t count = write_utf8(bytes, emit_json_next_character(&at, end));
        if ((size_t)(with_end - with) < count || memcmp(with, bytes, count) != 0) return false;
        with += count;
    }
    return at == end && with == with_end;
}

// --- Values ---

enum emit_json_type emit_json_peek(struct emit_json *json) {
    if (json->fault_kind || (json->taken && json->depth == 0)) return EMIT_JSON_NONE;
    switch (next_character(json)) {
    case '"': return EMIT_JSON_STRING;
    case '{': return EMIT_JSON_OBJECT;
    case '[': return EMIT_JSON_ARRAY;
    case 't': return EMIT_JSON_TRUE;
    case 'f': return EMIT_JSON_FALSE;
    case 'n': return EMIT_JSON_NULL;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return EMIT_JSON_NUMBER;
    default: fail(json, EMIT_JSON_BAD_VALUE, json->at); return EMIT_JSON_NONE;
    }
}

// True when a value of the type stands next; notes that the text's value has begun.
static bool expect(struct emit_json *json, enum emit_json_type type) {
    enum emit_json_type next = emit_json_peek(json);
    if (next == EMIT_JSON_NONE) return fail(json, EMIT_JSON_TRAILING, json->at);
    if (next != type) return fail(json, EMIT_JSON_WRONG_TYPE, json->at);
    json->taken = true;
    return true;
}

static bool take_word(struct emit_json *json, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(json->end - json->at) < length || memcmp(json->at, word, length) != 0)
        return fail(json, EMIT_JSON_BAD_VALUE, json->at);
    json->at += length;
    return true;
}

// Takes the string that stands at json->at.
static inline bool take_text(struct emit_json *json, struct emit_json_slice *string) {
    bool escaped;
    const char *begin = json->at + 1, *end = take_quoted(json, &escaped);
    if (!end) return false;
    *string = (struct emit_json_slice){begin, (size_t)(end - begin), escaped};
    return true;
}

bool emit_json_take_string(struct emit_json *json, struct emit_json_slice *string) {
    return expect(json, EMIT_JSON_STRING) && take_text(json, string);
}

// Takes the number that stands at json->at.
static bool take_digits(struct emit_json *json, struct emit_json_slice *text) {
    const char *end = emit_json_number_end(json->at, json->end);
    if (!end) return fail(json, EMIT_JSON_BAD_NUMBER, json->at);
    *text = (struct emit_json_slice){json->at, (size_t)(end - json->at), false};
    json->at = end;
    return true;
}

bool emit_json_take_double(struct emit_json *json, double *value) {
    struct emit_json_slice text;
    if (!expect(json, EMIT_JSON_NUMBER) || !take_digits(json, &text)) return false;
    if (emit_number_read(text.at, text.length, value)) return true;
    return fail(json, EMIT_JSON_OVERFLOW, text.at);
}

// No number without an exponent overflows a double in fewer digits than 10^308 has.
static bool is_surely_finite(const struct emit_json_slice *text) {
    return text->length <= 308 && !memchr(text->at, 'e', text->length) &&
           !memchr(text->at, 'E', text->length);
}

// Takes the number that stands at json->at, if a double can hold it.
static inline bool take_finite(struct emit_json *json, struct emit_json_slice *text) {
    const char *end = emit_json_integer_end(json->at, json->end);
    if (end) {
        *text = (struct emit_json_slice){json->at, (size_t)(end - json->at), false};
        json->at = end;
        return true;
    }
    struct emit_json_slice taken;
    double value;
    if (!take_digits(json, &taken)) return false;
    if (!is_surely_finite(&taken) && !emit_number_read(taken.at, taken.length, &value))
        return fail(json, EMIT_JSON_OVERFLOW, taken.at);
    *text = taken;
    return true;
}

bool emit_json_take_number(struct emit_json *json, struct emit_json_slice *text) {
    return expect(json, EMIT_JSON_NUMBER) && take_finite(json, text);
}

bool emit_json_take_u64(struct emit_json *json, uint64_t *value) {
    struct emit_json_slice text;
    if (!emit_json_take_number(json, &text)) return false;
    if (emit_number_read_u64(text.at, text.length, value)) return true;
    return fail(json, EMIT_JSON_WRONG_TYPE, text.at);
}

bool emit_json_take_i64(struct emit_json *json, int64_t *value) {
    struct emit_json_slice text;
    if (!emit_json_take_number(json, &text)) return false;
    bool negative = text.at[0] == '-';
    uint64_t magnitude;
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    if (!emit_number_read_u64(text.at + negative, text.length - negative, &magnitude) ||
        magnitude > limit)
        return fail(json, EMIT_JSON_WRONG_TYPE, text.at);
    *value = negative ? (magnitude ? -(int64_t)(magnitude - 1) - 1 : 0) : (int64_t)magnitude;
    return true;
}

bool emit_json_take_bool(struct emit_json *json, bool *value) {
    bool is_true = emit_json_peek(json) == EMIT_JSON_TRUE;
    if (!expect(json, is_true ? EMIT_JSON_TRUE : EMIT_JSON_FALSE)) return false;
    if (!take_word(json, is_true ? "true" : "false")) return false;
    *value = is_true;
    return true;
}

enum emit_json_type emit_json_take_scalar(struct emit_json *json, struct emit_json_slice *text) {
    enum emit_json_type type = emit_json_peek(json);
    const char *at = json->at;
    bool taken = false;
    switch (type) {
    case EMIT_JSON_STRING: taken = take_text(json, text); break;
    case EMIT_JSON_NUMBER: taken = take_finite(json, text); break;
    case EMIT_JSON_TRUE: taken = take_word(json, "true"); break;
    case EMIT_JSON_FALSE: taken = take_word(json, "false"); break;
    case EMIT_JSON_NULL: taken = take_word(json, "null"); break;
    case EMIT_JSON_OBJECT:
    case EMIT_JSON_ARRAY:
    case EMIT_JSON_NONE: break;
    }
    if (!taken) return EMIT_JSON_NONE;
    json->taken = true;
    if (type != EMIT_JSON_STRING && type != EMIT_JSON_NUMBER)
        *text = (struct emit_json_slice){at, (size_t)(json->at - at), false};
    return type;
}

// --- Containers ---

static bool enter(struct emit_json *json, enum emit_json_type type, enum expected expected) {
    if (!expect(json, type)) return false;
    if (json->depth >= EMIT_JSON_DEPTH_MAX) return fail(json, EMIT_JSON_TOO_DEEP, json->at);
    json->at++;
    json->open[json->depth] = (uint8_t)expected;
    json->key_marks[json->depth] = 0;
    json->key_base[json->depth++] = json->key_count;
    return true;
}

static bool leave(struct emit_json *json) {
    json->at++;
    json->key_count = json->key_base[--json->depth];
    return false;
}

bool emit_json_enter_object(struct emit_json *json) {
    return enter(json, EMIT_JSON_OBJECT, MEMBER_OR_END);
}

bool emit_json_enter_array(struct emit_json *json) {
    return enter(json, EMIT_JSON_ARRAY, ELEMENT_OR_END);
}

static bool keys_equal(const struct emit_json_slice *a, const struct emit_json_slice *b) {
    if (!a->escaped && !b->escaped)
        return a->length == b->length && memcmp(a->at, b->at, a->length) == 0;
    const char *at = a->at, *end = a->at + a->length;
    const char *other = b->at, *other_end = b->at + b->length;
    while (at < end && other < other_end)
        if (emit_json_next_character(&at, end) != emit_json_next_character(&other, other_end))
            return false;
    return at == end && other == other_end;
}

// Keys that differ in it differ; of an escaped one nothing is known before it is decoded.
static uint64_t mark_of(const char *key, size_t length, bool escaped) {
    if (escaped) return UINT64_MAX;
    unsigned char first = 0, last = 0;
    if (length) {
        first = (unsigned char)key[0];
        last = (unsigned char)key[length - 1];
    }
    return UINT64_C(1) << ((first + 5U * last + 7U * length) % 64);
}

static bool is_there(const struct emit_json *json, size_t base, const struct emit_json_slice *key) {
    for (size_t i = base; i < json->key_count; i++)
        if (keys_equal(&json->keys[i], key)) return true;
    return false;
}

static bool remember_key(struct emit_json *json, const char *at, size_t length, bool escaped) {
    size_t base = json->key_base[json->depth - 1];
    bool is_full =
        json->key_count - base >= EMIT_JSON_MEMBERS_MAX || json->key_count >= EMIT_JSON_KEYS_MAX;
    if (is_full && json->is_pass) return true;
    uint64_t mark = mark_of(at, length, escaped), *marks = &json->key_marks[json->depth - 1];
    if (*marks & mark) {
        const struct emit_json_slice key = {at, length, escaped};
        if (is_there(json, base, &key)) return fail(json, EMIT_JSON_DUPLICATE, at - 1);
    }
    if (is_full) return fail(json, EMIT_JSON_TOO_MANY, at - 1);
    *marks |= mark;
    json->keys[json->key_count++] = (struct emit_json_slice){at, length, escaped};
    return true;
}

bool emit_json_next_member(struct emit_json *json, struct emit_json_slice *key) {
    if (json->fault_kind) return false;
    uint8_t *expected = &json->open[json->depth - 1];
    char next = next_character(json);
    if (next == '}') return leave(json);
    if (*expected == COMMA_OR_OBJECT_END) {
        if (next != ',') return fail(json, EMIT_JSON_BAD_COMMA, json->at);
        json->at++;
        next = next_character(json);
    }
    *expected = COMMA_OR_OBJECT_END;
    if (next != '"') return fail(json, EMIT_JSON_BAD_KEY, json->at);
    bool escaped;
    const char *begin = json->at + 1, *end = take_quoted(json, &escaped);
    if (!end) return false;
    size_t length = (size_t)(end - begin);
    if (!remember_key(json, begin, length, escaped)) return false;
    if (next_character(json) != ':') return fail(json, EMIT_JSON_BAD_COLON, json->at);
    json->at++;
    *key = (struct emit_json_slice){begin, length, escaped};
    return true;
}

bool emit_json_next_element(struct emit_json *json) {
    if (json->fault_kind) return false;
    uint8_t *expected = &json->open[json->depth - 1];
    char next = next_character(json);
    if (next == ']') return leave(json);
    if (*expected == COMMA_OR_ARRAY_END) {
        if (next != ',') return fail(json, EMIT_JSON_BAD_COMMA, json->at);
        json->at++;
    }
    *expected = COMMA_OR_ARRAY_END;
    return emit_json_peek(json) != EMIT_JSON_NONE;
}

bool emit_json_skip(struct emit_json *json) {
    uint32_t outside = json->depth;
    struct emit_json_slice slice;
    do {
        enum emit_json_type type = emit_json_peek(json);
        if (type == EMIT_JSON_OBJECT)
            emit_json_enter_object(json);
        else if (type == EMIT_JSON_ARRAY)
            emit_json_enter_array(json);
        else if (emit_json_take_scalar(json, &slice) == EMIT_JSON_NONE)
            fail(json, EMIT_JSON_TRAILING, json->at);
        // Close what ends here, up to the next value or the container we came from.
        while (!json->fault_kind && json->depth > outside) {
            bool is_object = json->open[json->depth - 1] <= COMMA_OR_OBJECT_END;
            if (is_object ? emit_json_next_member(json, &slice) : emit_json_next_element(json))
                break;
        }
    } while (!json->fault_kind && json->depth > outside);
    return !json->fault_kind;
}

bool emit_json_pass(struct emit_json *json) {
    json->is_pass = true;
    bool is_good = emit_json_skip(json);
    json->is_pass = false;
    return is_good;
}

bool emit_json_take_raw(struct emit_json *json, struct emit_json_slice *text) {
    (void)emit_json_peek(json);
    const char *at = json->at;
    if (!emit_json_skip(json)) return false;
    *text = (struct emit_json_slice){at, (size_t)(json->at - at), false};
    return true;
}

bool emit_json_at_end(struct emit_json *json) {
    if (json->fault_kind) return false;
    if (!json->taken || json->depth > 0) return fail(json, EMIT_JSON_CUT_OFF, json->end);
    json->at = emit_json_skip_space(json->at, json->end);
    return json->at == json->end || fail(json, EMIT_JSON_TRAILING, json->at);
}
