// Prints lookup.c: the tables of lookup.h, computed from the rows. Runs during
// the build, on the machine that builds.
// SPDX-License-Identifier: Apache-2.0
#include "vocabulary/lookup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct emit_lookup table;
static size_t word_count;

static uint64_t bit_of(int field) {
    return UINT64_C(1) << (field < EMIT_TAG_FIRST ? field : field - EMIT_TAG_FIRST);
}

static struct emit_lookup_text text_of(const char *string) {
    struct emit_lookup_text text = {.length = (uint32_t)strlen(string)};
    if (text.length >= EMIT_LOOKUP_TEXT_MAX) {
        fprintf(stderr, "lookup_generate: '%s' is longer than %d bytes\n", string,
                EMIT_LOOKUP_TEXT_MAX - 1);
        exit(1);
    }
    memcpy(text.bytes, string, text.length);
    emit_lookup_ends(text.bytes, text.length, sizeof text.bytes, &text.first, &text.last);
    return text;
}

static struct emit_lookup_word *word_of(const char *string) {
    for (size_t i = 0; i < word_count; i++)
        if (strcmp(table.words[i].text.bytes, string) == 0) return &table.words[i];
    if (word_count >= EMIT_LOOKUP_WORDS_MAX) {
        fprintf(stderr, "lookup_generate: more than %d words\n", EMIT_LOOKUP_WORDS_MAX);
        exit(1);
    }
    table.words[word_count].text = text_of(string);
    return &table.words[word_count++];
}

static void collect_words(void) {
    size_t count;
    for (int set = EMIT_SET_NONE + 1; set < EMIT_SET_COUNT; set++) {
        const char *const *words = emit_set_words((enum emit_set)set, &count);
        for (size_t i = 0; i < count; i++)
            word_of(words[i])->in_set[set] = (uint8_t)(i + 1);
    }
    const char *const *brands = emit_brands(&count);
    for (size_t i = 0; i < count; i++)
        word_of(brands[i])->brand = true;
}

// A stream of odd numbers, the same in every build.
static uint64_t next_multiplier(uint64_t *state) {
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return (mixed ^ mixed >> 31) | 1;
}

// Fills at[] with 1 + number of each text; false when two texts meet.
static bool try_multiplier(uint64_t multiplier, int bits, uint8_t *at,
                           const struct emit_lookup_text *(*text)(size_t), size_t count) {
    memset(at, 0, (size_t)1 << bits);
    for (size_t i = 0; i < count; i++) {
        size_t place =
            emit_lookup_place(text(i)->first, text(i)->last, text(i)->length, multiplier, bits);
        if (at[place]) return false;
        at[place] = (uint8_t)(i + 1);
    }
    return true;
}

static const struct emit_lookup_text *field_text(size_t i) {
    return &table.fields[i];
}

static const struct emit_lookup_text *word_text(size_t i) {
    return &table.words[i].text;
}

static uint64_t find_multiplier(int bits, uint8_t *at,
                                const struct emit_lookup_text *(*text)(size_t), size_t count) {
    uint64_t state = 1;
    for (int tries = 0; tries < 10000000; tries++) {
        uint64_t multiplier = next_multiplier(&state);
        if (try_multiplier(multiplier, bits, at, text, count)) return multiplier;
    }
    fprintf(stderr, "lookup_generate: two of %zu texts always meet\n", count);
    exit(1);
}

// Forms of coefficients and facilities; times, labels and names stand in every event.
static bool has_rare_form(const struct emit_field *field) {
    switch ((int)field->format) {
    case EMIT_FORMAT_PROFILE:
    case EMIT_FORMAT_URL:
    case EMIT_FORMAT_CURRENCY:
    case EMIT_FORMAT_HASH: return true;
    default: return field->strict_format == EMIT_FORMAT_LABEL;
    }
}

static void collect_field(int id) {
    const struct emit_field *field = &emit_fields[id];
    uint64_t bit = bit_of(id);
    size_t place = (size_t)field->place;
    table.fields[id] = text_of(field->name);
    table.fields[id].field = (uint32_t)id;
    switch (field->type) {
    case EMIT_VALUE_STRING: table.strings[place] |= bit; break;
    case EMIT_VALUE_COUNT:
        table.counts[place] |= bit; // a number too
        table.numbers[place] |= bit;
        break;
    case EMIT_VALUE_NUMBER: table.numbers[place] |= bit; break;
    case EMIT_VALUE_BOOLEAN: table.booleans[place] |= bit; break;
    case EMIT_VALUE_TAGS: table.tags[place] |= bit; break;
    }
    if (field->low || field->high) table.limited[place] |= bit;
    if (field->type == EMIT_VALUE_STRING) table.format[field->format][place] |= bit;
    if (field->strict_format) table.strict_format[field->strict_format][place] |= bit;
    if (has_rare_form(field)) table.rare_forms[place] |= bit;
    const uint32_t required[] = {field->required, field->strict_required};
    const uint32_t forbidden[] = {field->forbidden, field->strict_forbidden};
    for (int level = 0; level < EMIT_LEVEL_COUNT; level++) {
        for (int kind = 0; kind < EMIT_KIND_COUNT; kind++) {
            if (required[level] >> kind & 1) table.required[level][kind][place] |= bit;
            if (forbidden[level] >> kind & 1) table.forbidden[level][kind][place] |= bit;
        }
        if (required[level] == EMIT_KINDS_ALL)
            table.required[level][EMIT_KIND_UNKNOWN][place] |= bit;
    }
}

static void collect_kinds(void) {
    for (int kind = 0; kind < EMIT_KIND_COUNT; kind++) {
        uint8_t *of = table.kind_of[emit_kinds[kind].source];
        bool alone = true;
        for (int other = 0; other < EMIT_KIND_COUNT; other++)
            if (other != kind && emit_kinds[other].source == emit_kinds[kind].source) alone = false;
        if (alone)
            of[0] = of[1] = (uint8_t)kind;
        else
            of[emit_kinds[kind].grain == EMIT_GRAIN_RUN] = (uint8_t)kind;
    }
}

static void print_sets(const char *name, emit_field_set *sets, size_t count) {
    printf("    .%s = {", name);
    for (size_t i = 0; i < count; i++)
        printf("{UINT64_C(0x%" PRIx64 "), UINT64_C(0x%" PRIx64 ")},", sets[i][0], sets[i][1]);
    printf("},\n");
}

static void print_set(const char *name, const emit_field_set set) {
    printf("    .%s = {UINT64_C(0x%" PRIx64 "), UINT64_C(0x%" PRIx64 ")},\n", name, set[0], set[1]);
}

static void print_bytes(const char *name, const uint8_t *bytes, size_t count) {
    printf("    .%s = {", name);
    for (size_t i = 0; i < count; i++)
        if (bytes[i]) printf("[%zu] = %u,", i, bytes[i]);
    printf("},\n");
}

static void print_set_words(void) {
    for (int set = EMIT_SET_NONE + 1; set < EMIT_SET_COUNT; set++) {
        size_t count;
        const char *const *words = emit_set_words((enum emit_set)set, &count);
        printf("    .set_words[%d] = \"%s", set, count > 1 ? "one of " : "");
        for (size_t i = 0; i < count; i++)
            printf("%s%s", i > 0 ? ", " : "", words[i]);
        printf("\",\n");
    }
}

static void print_text(const struct emit_lookup_text *text) {
    printf("{UINT64_C(0x%" PRIx64 "), UINT64_C(0x%" PRIx64 "), %u, %u, \"%s\"}", text->first,
           text->last, text->length, text->field, text->bytes);
}

static void print_levels(const char *name,
                         emit_field_set sets[EMIT_LEVEL_COUNT][EMIT_KIND_COUNT + 1]) {
    for (int level = 0; level < EMIT_LEVEL_COUNT; level++) {
        char column[32];
        (void)snprintf(column, sizeof column, "%s[%d]", name, level);
        print_sets(column, sets[level], EMIT_KIND_COUNT + 1);
    }
}

static void print_table(void) {
    printf("// Written by lookup_generate.c from the rows: do not edit.\n"
           "#include \"vocabulary/lookup.h\"\n\nconst struct emit_lookup emit_lookup = {\n"
           "    .field_multiplier = UINT64_C(%" PRIu64 "), .word_multiplier = UINT64_C(%" PRIu64
           "),\n",
           table.field_multiplier, table.word_multiplier);
    print_levels("required", table.required);
    print_levels("forbidden", table.forbidden);
    print_set("strings", table.strings);
    print_set("numbers", table.numbers);
    print_set("booleans", table.booleans);
    print_set("tags", table.tags);
    print_set("counts", table.counts);
    print_set("limited", table.limited);
    print_sets("format", table.format, EMIT_FORMAT_COUNT);
    print_sets("strict_format", table.strict_format, EMIT_FORMAT_COUNT);
    print_set("rare_forms", table.rare_forms);
    for (int source = 0; source < EMIT_SOURCE_COUNT; source++)
        printf("    .kind_of[%d] = {%u, %u},\n", source, table.kind_of[source][0],
               table.kind_of[source][1]);
    print_bytes("field_at", table.field_at, sizeof table.field_at);
    print_bytes("word_at", table.word_at, sizeof table.word_at);
    print_set_words();
    printf("    .fields = {\n");
    for (int id = 0; id < EMIT_FIELD_COUNT; id++) {
        print_text(&table.fields[id]);
        printf(",\n");
    }
    printf("    },\n    .words = {\n");
    for (size_t i = 0; i < word_count; i++) {
        printf("{");
        print_text(&table.words[i].text);
        printf(", {");
        for (int set = 0; set < EMIT_SET_COUNT; set++)
            printf("%u,", table.words[i].in_set[set]);
        printf("}, %d},\n", table.words[i].brand);
    }
    printf("    },\n};\n");
}

int main(void) {
    _Static_assert(EMIT_TAG_COUNT <= 64, "the tags are bits of one word");
    for (int id = 0; id < EMIT_FIELD_COUNT; id++)
        collect_field(id);
    collect_words();
    collect_kinds();
    table.field_multiplier =
        find_multiplier(EMIT_LOOKUP_FIELD_BITS, table.field_at, field_text, EMIT_FIELD_COUNT);
    table.word_multiplier =
        find_multiplier(EMIT_LOOKUP_WORD_BITS, table.word_at, word_text, word_count);
    print_table();
    return fflush(stdout) != 0 || ferror(stdout);
}
