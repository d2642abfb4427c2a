// The members of a line as programs write it, on the tokens of base/json_line.h.
// Whatever is not as expected ends in false, never in a finding: the strict
// scanner then looks again.
// SPDX-License-Identifier: Apache-2.0
#include "base/json_line.h"
#include "base/number.h"
#include "contract/members.h"

enum {
    WORDS = EMIT_JSON_LINE_WORDS(EMIT_EVENT_MAX),
    UNKNOWN_MAX =
        EMIT_JSON_MEMBERS_MAX - EMIT_TAG_COUNT, // more may be more than an object can hold
};

// --- Values ---

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

// --- Members ---

// Takes a scalar; NONE when none stands there. Null, objects and arrays are no part of an
// event: the strict scanner's business.
EMIT_ALWAYS_INLINE enum emit_json_type take_scalar(struct emit_json_line *line,
                                                   struct emit_members *members, uint32_t field) {
    if (*line->at == '"') {
        size_t length;
        const char *text = emit_json_line_string(line, &length);
        if (!text) return EMIT_JSON_NONE;
        members->at[field] = text;
        members->length[field] = (uint32_t)length;
        return EMIT_JSON_STRING;
    }
    if (*line->at == 'f')
        return emit_json_line_word(line, "false", 5) ? EMIT_JSON_FALSE : EMIT_JSON_NONE;
    if (*line->at == 't')
        return emit_json_line_word(line, "true", 4) ? EMIT_JSON_TRUE : EMIT_JSON_NONE;
    const char *end = take_number(line->at, line->end, &members->value[field]);
    if (!end) return EMIT_JSON_NONE;
    members->at[field] = line->at;
    members->length[field] = (uint32_t)(end - line->at);
    line->at = end;
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

EMIT_ALWAYS_INLINE bool take_unknown(struct emit_json_line *line, struct emit_members *members,
                                     const char *name, size_t length, enum emit_place place) {
    struct emit_unknown *unknown = note_unknown(members, name, length, place);
    if (!unknown) return false;
    unknown->type = take_scalar(line, members, EMIT_FIELD_COUNT);
    return unknown->type != EMIT_JSON_NONE;
}

EMIT_ALWAYS_INLINE bool take_known(struct emit_json_line *line, struct emit_members *members,
                                   uint32_t field, enum emit_place place, uint64_t bit) {
    enum emit_json_type type = take_scalar(line, members, field);
    members->of_type[type][place] |= bit;
    if (type == EMIT_JSON_STRING && members->length[field] == 0) members->empty[place] |= bit;
    return type != EMIT_JSON_NONE;
}

EMIT_ALWAYS_INLINE bool take_tag(struct emit_json_line *line, struct emit_members *members) {
    size_t length;
    const char *name = emit_json_line_key(line, &length);
    if (!name) return false;
    uint32_t field = emit_lookup_field(name, length, (size_t)(members->readable - name));
    uint32_t tag = field - EMIT_TAG_FIRST;
    if (__builtin_expect(tag >= EMIT_TAG_COUNT, 0))
        return take_unknown(line, members, name, length, EMIT_PLACE_TAG);
    uint64_t bit = UINT64_C(1) << tag;
    if (members->seen[EMIT_PLACE_TAG] & bit) return false;
    members->seen[EMIT_PLACE_TAG] |= bit;
    return take_known(line, members, field, EMIT_PLACE_TAG, bit);
}

enum after { FAULT, MEMBER, CLOSED };

// From an object's brace to its first member, or past its end.
EMIT_ALWAYS_INLINE enum after open_object(struct emit_json_line *line) {
    if (*line->at != '{') return FAULT;
    line->at++;
    emit_json_line_spaces(line);
    if (*line->at != '}') return MEMBER;
    line->at++;
    return CLOSED;
}

// From behind a member to the comma before the next one, or past the object's end.
EMIT_ALWAYS_INLINE enum after go_on(struct emit_json_line *line) {
    char c = *line->at;
    if (c == ' ' && emit_json_line_spaces(line)) c = *line->at;
    line->at++;
    if (c == ',') return MEMBER;
    return c == '}' ? CLOSED : FAULT;
}

EMIT_ALWAYS_INLINE bool take_tags(struct emit_json_line *line, struct emit_members *members) {
    members->of_type[EMIT_JSON_OBJECT][EMIT_PLACE_TOP] |= UINT64_C(1) << EMIT_FIELD_TAGS;
    enum after after = open_object(line);
    while (after == MEMBER)
        after = take_tag(line, members) ? go_on(line) : FAULT;
    // Only the brace of the event itself may be the line's last byte.
    return after == CLOSED && line->at < line->end;
}

EMIT_ALWAYS_INLINE bool take_field(struct emit_json_line *line, struct emit_members *members) {
    size_t length;
    const char *name = emit_json_line_key(line, &length);
    if (!name) return false;
    uint32_t field = emit_lookup_field(name, length, (size_t)(members->readable - name));
    if (__builtin_expect(field >= EMIT_TAG_FIRST, 0))
        return take_unknown(line, members, name, length, EMIT_PLACE_TOP);
    uint64_t bit = UINT64_C(1) << field;
    if (members->seen[EMIT_PLACE_TOP] & bit) return false;
    members->seen[EMIT_PLACE_TOP] |= bit;
    if (field == EMIT_FIELD_TAGS) return take_tags(line, members);
    return take_known(line, members, field, EMIT_PLACE_TOP, bit);
}

bool emit_members_scan_line(struct emit_members *members, const char *text, size_t length,
                            const char *readable) {
    uint64_t words[WORDS];
    bool escapes;
    if (length > EMIT_EVENT_MAX || !emit_json_line_index(words, &escapes, text, length) || escapes)
        return false;
    memset(members->seen, 0, sizeof members->seen);
    memset(members->of_type, 0, sizeof members->of_type);
    memset(members->empty, 0, sizeof members->empty);
    members->unknown_count = 0;
    members->readable = readable;
    members->fault = EMIT_REASON_NONE;
    struct emit_json_line line = emit_json_line_begin(words, text, length);
    enum after after = open_object(&line);
    while (after == MEMBER)
        after = take_field(&line, members) ? go_on(&line) : FAULT;
    return after == CLOSED && line.at == line.end;
}
