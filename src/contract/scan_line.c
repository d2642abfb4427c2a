// The members of a line as programs write it. First the places of all quotes
// are found, sixteen bytes at a time, and the whole line is proved to be free of
// escapes and control characters: then every string's end is known beforehand,
// and no byte of a string is looked at again to find it.
//
// Whatever is not as expected ends in false, never in a finding: the strict
// scanner then looks again.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_token.h"
#include "base/number.h"
#include "contract/members.h"

enum { QUOTES_MAX = 2 * EMIT_JSON_MEMBERS_MAX, BLOCK = 64 };

struct line {
    const char *begin, *at, *end, *readable;
    const uint16_t *quote; // the next quote that nobody took
    struct emit_members *members;
    uint16_t quotes[QUOTES_MAX + BLOCK + 2];
};

// --- Quotes ---

// What 64 bytes hold: a bit a quote, and whether a byte forbids the short way.
struct block {
    uint64_t quotes;
    bool forbidden; // a backslash or a control character
    bool not_ascii;
};

#ifdef __SSE2__
static inline struct block look_at_block(const char *at) {
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                  control = _mm_set1_epi8(0x1f);
    __m128i forbidden = _mm_setzero_si128(), any = _mm_setzero_si128();
    uint64_t quotes = 0;
    for (int i = 0; i < 4; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
        quotes |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quote)) << 16 * i;
        any = _mm_or_si128(any, bytes);
        forbidden = _mm_or_si128(forbidden, _mm_cmpeq_epi8(bytes, backslash));
        forbidden = _mm_or_si128(forbidden, _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
    }
    return (struct block){quotes, _mm_movemask_epi8(forbidden) != 0, _mm_movemask_epi8(any) != 0};
}
#else
static inline struct block look_at_block(const char *at) {
    struct block block = {0, false, false};
    for (int i = 0; i < BLOCK; i++) {
        unsigned char byte = (unsigned char)at[i];
        block.quotes |= (uint64_t)(byte == '"') << i;
        block.forbidden |= byte == '\\' || byte < 0x20;
        block.not_ascii |= byte >= 0x80;
    }
    return block;
}
#endif

static bool is_utf8(const char *at, const char *end) {
    while (at < end) {
        if ((signed char)*at >= 0) {
            at++;
            continue;
        }
        size_t length = emit_json_utf8_length(at, end);
        if (!length) return false;
        at += length;
    }
    return true;
}

// Writes the places of a block's quotes eight at a time: more than there are,
// but counted right, which costs less than asking at each.
static inline size_t note_quotes(uint16_t *out, uint64_t quotes, size_t base) {
    size_t count = (size_t)__builtin_popcountll(quotes);
    for (size_t done = 0; done < count; done += 8) {
        for (int i = 0; i < 8; i++) {
            out[done + (size_t)i] =
                (uint16_t)(base + (quotes ? (size_t)__builtin_ctzll(quotes) : 0));
            quotes &= quotes - 1;
        }
    }
    return count;
}

static bool find_quotes(struct line *line, size_t length) {
    size_t count = 0, at = 0;
    bool not_ascii = false;
    for (; at < length; at += BLOCK) {
        char rest[BLOCK];
        const char *bytes = line->begin + at;
        if (length - at < BLOCK) { // spaces behind the end change nothing
            memset(rest, ' ', sizeof rest);
            memcpy(rest, bytes, length - at);
            bytes = rest;
        }
        struct block block = look_at_block(bytes);
        if (block.forbidden || count > QUOTES_MAX - BLOCK) return false;
        not_ascii |= block.not_ascii;
        count += note_quotes(line->quotes + count, block.quotes, at);
    }
    if (count % 2 != 0) return false;
    // Behind the last quote stand two that no key and no value can begin at.
    line->quotes[count] = line->quotes[count + 1] = (uint16_t)(length - 1);
    line->quote = line->quotes;
    return !not_ascii || is_utf8(line->begin, line->begin + length);
}

// --- Tokens: each stands before the line's last byte, a brace, and so ends there ---

static inline void skip_spaces(struct line *line) {
    while (*line->at == ' ')
        line->at++;
}

static inline bool take_string(struct line *line, const char **text, size_t *length) {
    const char *open = line->begin + line->quote[0], *close = line->begin + line->quote[1];
    if (line->at != open || close <= open) return false;
    *text = open + 1;
    *length = (size_t)(close - open - 1);
    line->quote += 2;
    line->at = close + 1;
    return true;
}

// The value of the digits at `at`, read at once where a double holds them exactly.
static bool take_number(struct line *line, const char **text, double *value) {
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *begin = line->at, *at = begin + (*begin == '-');
    const char *digits = at;
    uint64_t count = 0;
    for (; emit_json_is_digit(*at); at++)
        count = count * 10 + (uint64_t)(*at - '0');
    size_t whole = (size_t)(at - digits), fraction = 0;
    if (whole == 0 || (whole > 1 && *digits == '0')) return false;
    if (*at == '.') {
        const char *point = at++;
        for (; emit_json_is_digit(*at); at++)
            count = count * 10 + (uint64_t)(*at - '0');
        fraction = (size_t)(at - point) - 1;
        if (fraction == 0) return false;
    }
    *text = begin;
    if (whole + fraction <= 15 && *at != 'e' && *at != 'E') {
        double magnitude = (double)count / powers[fraction];
        *value = *begin == '-' ? -magnitude : magnitude;
        line->at = at;
        return true;
    }
    at = emit_json_number_end(begin, line->end);
    line->at = at;
    return at && emit_number_read(begin, (size_t)(at - begin), value);
}

static inline bool take_word(struct line *line, const char *word, size_t length) {
    if ((size_t)(line->end - line->at) < length || memcmp(line->at, word, length) != 0)
        return false;
    line->at += length;
    return true;
}

// --- Members ---

// Takes a scalar into the table, or past it when field is EMIT_FIELD_COUNT.
static inline bool take_scalar(struct line *line, uint32_t field, enum emit_json_type *type) {
    struct emit_members *members = line->members;
    const char *text = line->at;
    size_t length = 0;
    double value = 0;
    char first = *line->at;
    if (first == '"') {
        if (!take_string(line, &text, &length)) return false;
        *type = EMIT_JSON_STRING;
    } else if (first == 'f') {
        if (!take_word(line, "false", 5)) return false;
        *type = EMIT_JSON_FALSE;
    } else if (first == 't') {
        if (!take_word(line, "true", 4)) return false;
        *type = EMIT_JSON_TRUE;
    } else { // null, objects and arrays are no part of an event: the strict scanner's business
        if (!take_number(line, &text, &value)) return false;
        length = (size_t)(line->at - text);
        *type = EMIT_JSON_NUMBER;
    }
    if (field == EMIT_FIELD_COUNT) return true;
    members->at[field] = text;
    members->length[field] = (uint32_t)length;
    members->value[field] = value;
    size_t place = field >= EMIT_TAG_FIRST;
    uint64_t bit = UINT64_C(1) << emit_members_bit(field);
    members->of_type[*type][place] |= bit;
    members->empty[place] |= length == 0 ? bit : 0;
    return true;
}

static bool take_unknown(struct line *line, const char *name, size_t length,
                         enum emit_place place) {
    struct emit_members *members = line->members;
    enum emit_json_type type;
    for (size_t i = 0; i < members->unknown_count; i++) {
        const struct emit_unknown *other = &members->unknown[i];
        if (other->place == place && other->length == length &&
            memcmp(other->name, name, length) == 0)
            return false;
    }
    if (!take_scalar(line, EMIT_FIELD_COUNT, &type)) return false;
    members->unknown[members->unknown_count++] = (struct emit_unknown){name, length, place, type};
    return true;
}

static bool take_tags(struct line *line);

// Takes one member of the top level or of the tags, from its key's quote on.
static inline bool take_member(struct line *line, enum emit_place place) {
    const char *name;
    size_t length;
    if (!take_string(line, &name, &length)) return false;
    skip_spaces(line);
    if (*line->at != ':') return false;
    line->at++;
    skip_spaces(line);
    uint32_t field = emit_lookup_field(name, length, (size_t)(line->readable - name));
    if (field == EMIT_FIELD_COUNT || (field >= EMIT_TAG_FIRST) != place)
        return take_unknown(line, name, length, place);
    uint64_t bit = UINT64_C(1) << emit_members_bit(field);
    if (line->members->seen[place] & bit) return false;
    line->members->seen[place] |= bit;
    if (field == EMIT_FIELD_TAGS) return take_tags(line);
    enum emit_json_type type;
    return take_scalar(line, field, &type);
}

// Past a closing brace. Only the brace of the event itself may be the line's last byte.
static inline bool take_brace(struct line *line, enum emit_place place) {
    line->at++;
    return place == EMIT_PLACE_TOP || line->at < line->end;
}

// Takes the members of an object whose brace stands at line->at.
static inline bool take_object(struct line *line, enum emit_place place) {
    line->at++;
    skip_spaces(line);
    if (*line->at == '}') return take_brace(line, place);
    for (;;) {
        if (!take_member(line, place)) return false;
        skip_spaces(line);
        if (*line->at == '}') return take_brace(line, place);
        if (*line->at != ',') return false;
        line->at++;
        skip_spaces(line);
    }
}

static bool take_tags(struct line *line) {
    if (*line->at != '{') return false;
    line->members->of_type[EMIT_JSON_OBJECT][EMIT_PLACE_TOP] |= UINT64_C(1) << EMIT_FIELD_TAGS;
    return take_object(line, EMIT_PLACE_TAG);
}

bool emit_members_scan_line(struct emit_members *members, const char *text, size_t length,
                            const char *readable) {
    if (length < 2 || length > EMIT_EVENT_MAX || text[0] != '{' || text[length - 1] != '}')
        return false;
    struct line line;
    line.begin = line.at = text;
    line.end = text + length;
    line.readable = readable;
    line.members = members;
    if (!find_quotes(&line, length)) return false;
    memset(members->seen, 0, sizeof members->seen);
    memset(members->of_type, 0, sizeof members->of_type);
    memset(members->empty, 0, sizeof members->empty);
    members->unknown_count = 0;
    members->readable = readable;
    members->fault = EMIT_REASON_NONE;
    return take_object(&line, EMIT_PLACE_TOP) && line.at == line.end;
}
