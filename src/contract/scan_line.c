// The members of a line as programs write it. First the places of all quotes
// are found, sixteen bytes at a time, and the whole line is proved to be free of
// escapes and control characters: then every string's end is known beforehand,
// and no byte of a string is looked at again to find it.
//
// Whatever is not as expected ends in false, never in a finding: the strict
// scanner then looks again. The line's last byte is a brace, and only the walk's
// last step goes behind it: no other byte has to be asked whether it is there.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_token.h"
#include "base/number.h"
#include "contract/members.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum {
    BLOCK = 64, // bytes, of whose quotes one word knows
    WORDS = EMIT_EVENT_MAX / BLOCK + 1,
    UNKNOWN_MAX =
        EMIT_JSON_MEMBERS_MAX - EMIT_TAG_COUNT, // more may be more than an object can hold
};

// --- Quotes ---

// What 64 bytes hold: a bit a quote, and whether a byte stands out.
struct block {
    uint64_t quotes;
    bool backslash;
    bool odd; // a control character, or a byte that is not ASCII
};

#ifdef __SSE2__
ALWAYS_INLINE struct block look_at_block(const char *at) {
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  space = _mm_set1_epi8(0x20);
    const __m128i *from = (const __m128i *)(const void *)at;
    __m128i a = _mm_loadu_si128(from), b = _mm_loadu_si128(from + 1);
    __m128i c = _mm_loadu_si128(from + 2), d = _mm_loadu_si128(from + 3);
    uint32_t low = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, quote)) |
                   (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(b, quote)) << 16;
    uint32_t high = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(c, quote)) |
                    (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(d, quote)) << 16;
    __m128i slashes =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(a, slash), _mm_cmpeq_epi8(b, slash)),
                     _mm_or_si128(_mm_cmpeq_epi8(c, slash), _mm_cmpeq_epi8(d, slash)));
    // As signed bytes both control characters and bytes >= 0x80 are below a space.
    __m128i odd = _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(a, space), _mm_cmplt_epi8(b, space)),
                               _mm_or_si128(_mm_cmplt_epi8(c, space), _mm_cmplt_epi8(d, space)));
    return (struct block){low | (uint64_t)high << 32, _mm_movemask_epi8(slashes) != 0,
                          _mm_movemask_epi8(odd) != 0};
}
#else
ALWAYS_INLINE struct block look_at_block(const char *at) {
    struct block block = {0, false, false};
    for (int i = 0; i < BLOCK; i++) {
        block.quotes |= (uint64_t)(at[i] == '"') << i;
        block.backslash |= at[i] == '\\';
        block.odd |= (signed char)at[i] < 0x20;
    }
    return block;
}
#endif

// True when all bytes are of valid UTF-8 and none is a control character.
static bool is_plain_utf8(const char *at, const char *end) {
    while (at < end) {
        if ((signed char)*at >= 0x20) {
            at++;
            continue;
        }
        size_t length = (unsigned char)*at < 0x80 ? 0 : emit_json_utf8_length(at, end);
        if (!length) return false;
        at += length;
    }
    return true;
}

// One bit a byte of the line, set for its quotes. False when the line is not plain.
static bool find_quotes(uint64_t words[WORDS + 1], const char *text, size_t length) {
    uint64_t parity = 0;
    bool odd = false;
    size_t at = 0, count = 0;
    for (; at < length; at += BLOCK) {
        char rest[BLOCK];
        const char *bytes = text + at;
        if (length - at < BLOCK) { // spaces behind the end change nothing
            memset(rest, ' ', sizeof rest);
            memcpy(rest, bytes, length - at);
            bytes = rest;
        }
        struct block block = look_at_block(bytes);
        if (block.backslash) return false;
        odd |= block.odd;
        parity ^= block.quotes;
        words[count++] = block.quotes;
    }
    words[count] = ~UINT64_C(0); // behind the last quote: no place of the line
    // Quotes come in pairs: whoever finds the first of a pair may take the second.
    return __builtin_parityll(parity) == 0 && (!odd || is_plain_utf8(text, text + length));
}

// --- Tokens ---

// The walk over a line. Only inlined functions see it, so that it lives in registers.
struct walk {
    const char *at;
    const char *base;     // of the block whose quotes are left
    uint64_t quotes;      // those nobody took
    const uint64_t *next; // the word behind
    const char *end, *readable;
};

ALWAYS_INLINE const char *next_quote(struct walk *walk) {
    while (!walk->quotes) {
        walk->quotes = *walk->next++;
        walk->base += BLOCK;
    }
    const char *place = walk->base + __builtin_ctzll(walk->quotes);
    walk->quotes &= walk->quotes - 1;
    return place;
}

// Behind a token: where a space stands, the next token may be further on. Compact lines
// have none, so only a token that is not as expected asks.
ALWAYS_INLINE bool skip_spaces(struct walk *walk) {
    if (__builtin_expect(*walk->at != ' ', 1)) return false;
    while (*walk->at == ' ')
        walk->at++;
    return true;
}

// The string whose quote stands at walk->at, without its quotes; NULL when none does.
ALWAYS_INLINE const char *take_string(struct walk *walk, size_t *length) {
    const char *open = next_quote(walk);
    if (open != walk->at && !(skip_spaces(walk) && open == walk->at)) return NULL;
    const char *text = open + 1, *close = next_quote(walk);
    *length = (size_t)(close - text);
    walk->at = close + 1;
    return text;
}

// The end of the number at `at`, or NULL; its value, read at once where a double holds its
// digits exactly.
static const char *take_number(const char *begin, const char *end, double *value) {
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = begin + (*begin == '-');
    const char *digits = at;
    uint64_t count = 0;
    for (; emit_json_is_digit(*at); at++)
        count = count * 10 + (uint64_t)(*at - '0');
    size_t whole = (size_t)(at - digits), fraction = 0;
    if (whole == 0 || (whole > 1 && *digits == '0')) return NULL;
    if (*at == '.') {
        const char *point = at++;
        for (; emit_json_is_digit(*at); at++)
            count = count * 10 + (uint64_t)(*at - '0');
        fraction = (size_t)(at - point) - 1;
        if (fraction == 0) return NULL;
    }
    if (whole + fraction <= 15 && *at != 'e' && *at != 'E') {
        double magnitude = (double)(int64_t)count;
        if (fraction) magnitude /= powers[fraction];
        *value = *begin == '-' ? -magnitude : magnitude;
        return at;
    }
    at = emit_json_number_end(begin, end);
    return at && emit_number_read(begin, (size_t)(at - begin), value) ? at : NULL;
}

ALWAYS_INLINE bool take_word(struct walk *walk, const char *word, size_t length) {
    if ((size_t)(walk->end - walk->at) < length || memcmp(walk->at, word, length) != 0)
        return false;
    walk->at += length;
    return true;
}

// --- Members ---

// Takes a scalar; NONE when none stands there. Null, objects and arrays are no part of an
// event: the strict scanner's business.
ALWAYS_INLINE enum emit_json_type take_scalar(struct walk *walk, struct emit_members *members,
                                              uint32_t field) {
    if (*walk->at == '"') {
        size_t length;
        const char *text = take_string(walk, &length);
        if (!text) return EMIT_JSON_NONE;
        members->at[field] = text;
        members->length[field] = (uint32_t)length;
        return EMIT_JSON_STRING;
    }
    if (*walk->at == 'f') return take_word(walk, "false", 5) ? EMIT_JSON_FALSE : EMIT_JSON_NONE;
    if (*walk->at == 't') return take_word(walk, "true", 4) ? EMIT_JSON_TRUE : EMIT_JSON_NONE;
    const char *end = take_number(walk->at, walk->end, &members->value[field]);
    if (!end) return EMIT_JSON_NONE;
    members->at[field] = walk->at;
    members->length[field] = (uint32_t)(end - walk->at);
    walk->at = end;
    return EMIT_JSON_NUMBER;
}

// Notes a name the table has not; NULL when it stands twice, or too many do.
static struct emit_unknown *note_unknown(struct emit_members *members, const char *name,
                                         size_t length, enum emit_place place) {
    if (members->unknown_count >= UNKNOWN_MAX) return NULL;
    for (size_t i = 0; i < members->unknown_count; i++) {
        const struct emit_unknown *other = &members->unknown[i];
        if (other->place == place && other->length == length &&
            memcmp(other->name, name, length) == 0)
            return NULL;
    }
    struct emit_unknown *unknown = &members->unknown[members->unknown_count++];
    *unknown = (struct emit_unknown){.name = name, .length = length, .place = place};
    return unknown;
}

ALWAYS_INLINE bool take_unknown(struct walk *walk, struct emit_members *members, const char *name,
                                size_t length, enum emit_place place) {
    struct emit_unknown *unknown = note_unknown(members, name, length, place);
    if (!unknown) return false;
    unknown->type = take_scalar(walk, members, EMIT_FIELD_COUNT);
    return unknown->type != EMIT_JSON_NONE;
}

// A key and its colon; NULL when they do not stand there.
ALWAYS_INLINE const char *take_key(struct walk *walk, size_t *length) {
    const char *name = take_string(walk, length);
    if (!name) return NULL;
    if (*walk->at != ':' && !(skip_spaces(walk) && *walk->at == ':')) return NULL;
    walk->at++;
    skip_spaces(walk);
    return name;
}

ALWAYS_INLINE bool take_known(struct walk *walk, struct emit_members *members, uint32_t field,
                              enum emit_place place, uint64_t bit) {
    enum emit_json_type type = take_scalar(walk, members, field);
    members->of_type[type][place] |= bit;
    if (type == EMIT_JSON_STRING && members->length[field] == 0) members->empty[place] |= bit;
    return type != EMIT_JSON_NONE;
}

ALWAYS_INLINE bool take_tag(struct walk *walk, struct emit_members *members) {
    size_t length;
    const char *name = take_key(walk, &length);
    if (!name) return false;
    uint32_t field = emit_lookup_field(name, length, (size_t)(walk->readable - name));
    uint32_t tag = field - EMIT_TAG_FIRST;
    if (__builtin_expect(tag >= EMIT_TAG_COUNT, 0))
        return take_unknown(walk, members, name, length, EMIT_PLACE_TAG);
    uint64_t bit = UINT64_C(1) << tag;
    if (members->seen[EMIT_PLACE_TAG] & bit) return false;
    members->seen[EMIT_PLACE_TAG] |= bit;
    return take_known(walk, members, field, EMIT_PLACE_TAG, bit);
}

enum after { FAULT, MEMBER, CLOSED };

// From an object's brace to its first member, or past its end.
ALWAYS_INLINE enum after open_object(struct walk *walk) {
    if (*walk->at != '{') return FAULT;
    walk->at++;
    skip_spaces(walk);
    if (*walk->at != '}') return MEMBER;
    walk->at++;
    return CLOSED;
}

// From behind a member to the comma before the next one, or past the object's end.
ALWAYS_INLINE enum after go_on(struct walk *walk) {
    char c = *walk->at;
    if (c == ' ' && skip_spaces(walk)) c = *walk->at;
    walk->at++;
    if (c == ',') return MEMBER;
    return c == '}' ? CLOSED : FAULT;
}

ALWAYS_INLINE bool take_tags(struct walk *walk, struct emit_members *members) {
    members->of_type[EMIT_JSON_OBJECT][EMIT_PLACE_TOP] |= UINT64_C(1) << EMIT_FIELD_TAGS;
    enum after after = open_object(walk);
    while (after == MEMBER)
        after = take_tag(walk, members) ? go_on(walk) : FAULT;
    // Only the brace of the event itself may be the line's last byte.
    return after == CLOSED && walk->at < walk->end;
}

ALWAYS_INLINE bool take_field(struct walk *walk, struct emit_members *members) {
    size_t length;
    const char *name = take_key(walk, &length);
    if (!name) return false;
    uint32_t field = emit_lookup_field(name, length, (size_t)(walk->readable - name));
    if (__builtin_expect(field >= EMIT_TAG_FIRST, 0))
        return take_unknown(walk, members, name, length, EMIT_PLACE_TOP);
    uint64_t bit = UINT64_C(1) << field;
    if (members->seen[EMIT_PLACE_TOP] & bit) return false;
    members->seen[EMIT_PLACE_TOP] |= bit;
    if (field == EMIT_FIELD_TAGS) return take_tags(walk, members);
    return take_known(walk, members, field, EMIT_PLACE_TOP, bit);
}

bool emit_members_scan_line(struct emit_members *members, const char *text, size_t length,
                            const char *readable) {
    uint64_t words[WORDS + 1];
    if (length < 2 || length > EMIT_EVENT_MAX || text[0] != '{' || text[length - 1] != '}' ||
        !find_quotes(words, text, length))
        return false;
    memset(members->seen, 0, sizeof members->seen);
    memset(members->of_type, 0, sizeof members->of_type);
    memset(members->empty, 0, sizeof members->empty);
    members->unknown_count = 0;
    members->readable = readable;
    members->fault = EMIT_REASON_NONE;
    struct walk walk = {text, text, words[0], words + 1, text + length, readable};
    enum after after = open_object(&walk);
    while (after == MEMBER)
        after = take_field(&walk, members) ? go_on(&walk) : FAULT;
    return after == CLOSED && walk.at == walk.end;
}
