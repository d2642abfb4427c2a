// Names and words found by one multiplication, and the columns of the rows as
// bit sets: what the wall needs to judge an event in some hundred nanoseconds.
// All of it is derived from the rows by lookup_generate.c during the build; a
// multiplier is searched there until no two names meet in one place.
// SPDX-License-Identifier: Apache-2.0
#ifndef VOCABULARY_LOOKUP_H
#define VOCABULARY_LOOKUP_H

#include "vocabulary/fields.h"

#include <string.h>

enum {
    EMIT_LOOKUP_TEXT_MAX = 40,
    EMIT_LOOKUP_FIELD_BITS = 10,
    EMIT_LOOKUP_WORD_BITS = 12,
    EMIT_LOOKUP_WORDS_MAX = 192,
    EMIT_PLACE_COUNT = 2,
    EMIT_LEVEL_COUNT = 2,
    EMIT_KIND_UNKNOWN = EMIT_KIND_COUNT, // only what holds for every kind
    EMIT_LOOKUP_TYPES = 8,               // of enum emit_json_type
};

// A text of the table: its first and last eight bytes (the same word when it is
// shorter than eight) and, beyond sixteen, its bytes.
struct emit_lookup_text {
    uint64_t first, last;
    uint32_t length;
    uint32_t field; // the field of this name, where it is one
    char bytes[EMIT_LOOKUP_TEXT_MAX];
};

struct emit_lookup_word {
    struct emit_lookup_text text;
    uint8_t in_set[EMIT_SET_COUNT]; // 1 + its number in the set; 0: not of the set
    bool brand;
};

// Bit sets of fields: bit i is the i-th field of the place.
typedef uint64_t emit_field_set[EMIT_PLACE_COUNT];

struct emit_lookup {
    uint64_t field_multiplier, word_multiplier;
    emit_field_set required[EMIT_LEVEL_COUNT][EMIT_KIND_COUNT + 1];
    emit_field_set forbidden[EMIT_LEVEL_COUNT][EMIT_KIND_COUNT + 1];
    emit_field_set strings, numbers, booleans, tags; // by type
    emit_field_set counts;                           // numbers that are whole
    emit_field_set limited;                          // numbers with a limit
    emit_field_set format[EMIT_FORMAT_COUNT];
    emit_field_set strict_format[EMIT_FORMAT_COUNT];
    emit_field_set rare_forms; // strings that most events have none of: see lookup_generate.c
    uint8_t kind_of[EMIT_SOURCE_COUNT][2];         // by source, and whether a run is named
    uint8_t field_at[1 << EMIT_LOOKUP_FIELD_BITS]; // 1 + number in fields[]; 0: none
    uint8_t word_at[1 << EMIT_LOOKUP_WORD_BITS];   // 1 + number in words[]
    const char *set_words[EMIT_SET_COUNT];         // "one of low, medium, high", for findings
    struct emit_lookup_text fields[EMIT_FIELD_COUNT];
    struct emit_lookup_word words[EMIT_LOOKUP_WORDS_MAX];
};

extern const struct emit_lookup emit_lookup;

static inline uint64_t emit_lookup_load(const char *at) {
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

// The first and last eight bytes of a text; readable: so much memory from `at` may be read.
static inline void emit_lookup_ends(const char *at, size_t length, size_t readable, uint64_t *first,
                                    uint64_t *last) {
    if (length >= 8) {
        *first = emit_lookup_load(at);
        *last = emit_lookup_load(at + length - 8);
    } else if (readable >= 8 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
        *last = *first = emit_lookup_load(at) & ((UINT64_C(1) << (8 * length)) - 1);
    } else {
        uint64_t bytes = 0;
        memcpy(&bytes, at, length);
        *last = *first = bytes;
    }
}

static inline size_t emit_lookup_place(uint64_t first, uint64_t last, size_t length,
                                       uint64_t multiplier, int bits) {
    uint64_t mixed = (first ^ (last << 29 | last >> 35) ^ length) * multiplier;
    return (size_t)((mixed ^ mixed >> 32) * multiplier >> (64 - bits));
}

static inline bool emit_lookup_same(const struct emit_lookup_text *text, const char *at,
                                    size_t length, uint64_t first, uint64_t last) {
    if (text->length != length || text->first != first || text->last != last) return false;
    if (length <= 16) return true;
    if (length > 32 && emit_lookup_load(at + 24) != emit_lookup_load(text->bytes + 24))
        return false;
    // The bytes between the ends, eight more on both sides where they overlap.
    size_t from = length - 16 < 8 ? length - 16 : 8;
    return emit_lookup_load(at + from) == emit_lookup_load(text->bytes + from) &&
           emit_lookup_load(at + from + 8) == emit_lookup_load(text->bytes + from + 8);
}

// The field of a name, wherever it stands; EMIT_FIELD_COUNT when there is none.
static inline uint32_t emit_lookup_field(const char *at, size_t length, size_t readable) {
    uint64_t first, last;
    emit_lookup_ends(at, length, readable, &first, &last);
    uint8_t found = emit_lookup.field_at[emit_lookup_place(
        first, last, length, emit_lookup.field_multiplier, EMIT_LOOKUP_FIELD_BITS)];
    if (!found) return EMIT_FIELD_COUNT;
    const struct emit_lookup_text *text = &emit_lookup.fields[found - 1];
    return emit_lookup_same(text, at, length, first, last) ? text->field : EMIT_FIELD_COUNT;
}

// The word, or NULL when it is of no set and no brand.
static inline const struct emit_lookup_word *emit_lookup_word(const char *at, size_t length,
                                                              size_t readable) {
    uint64_t first, last;
    emit_lookup_ends(at, length, readable, &first, &last);
    uint8_t found = emit_lookup.word_at[emit_lookup_place(
        first, last, length, emit_lookup.word_multiplier, EMIT_LOOKUP_WORD_BITS)];
    if (!found) return NULL;
    const struct emit_lookup_word *word = &emit_lookup.words[found - 1];
    return emit_lookup_same(&word->text, at, length, first, last) ? word : NULL;
}

#endif
