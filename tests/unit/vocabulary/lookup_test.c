// Every name and word of the rows is found, and nothing that is only close to one.
// SPDX-License-Identifier: Apache-2.0
#include "vocabulary/lookup.h"

#include "check.h"

#include <stdlib.h>

// The field of a text, from memory of exactly its size and from a larger buffer.
static uint32_t find(const char *text, size_t length) {
    char larger[96], *exact = malloc(length ? length : 1);
    if (!exact) return EMIT_FIELD_COUNT + 1;
    memset(larger, 'x', sizeof larger);
    memcpy(larger, text, length);
    memcpy(exact, text, length);
    uint32_t alone = emit_lookup_field(exact, length, length);
    uint32_t inside = emit_lookup_field(larger, length, sizeof larger);
    free(exact);
    return alone == inside ? alone : EMIT_FIELD_COUNT + 1;
}

static void check_fields(void) {
    size_t found = 0, strange = 0;
    for (uint32_t id = 0; id < EMIT_FIELD_COUNT; id++) {
        const char *name = emit_fields[id].name;
        size_t length = strlen(name);
        char near[EMIT_LOOKUP_TEXT_MAX + 2];
        found += find(name, length) == id;
        for (size_t at = 0; at < length; at++) { // one character off, cut, too long
            memcpy(near, name, length);
            near[at] ^= 1;
            strange += find(near, length) != EMIT_FIELD_COUNT;
        }
        memcpy(near, name, length);
        near[length] = 'x';
        strange += find(near, length + 1) != EMIT_FIELD_COUNT;
        strange += find(name, length - 1) != EMIT_FIELD_COUNT;
        enum emit_place other =
            emit_fields[id].place == EMIT_PLACE_TOP ? EMIT_PLACE_TAG : EMIT_PLACE_TOP;
        strange += emit_field_find(other, name, length) != EMIT_FIELD_COUNT;
        found += emit_field_find(emit_fields[id].place, name, length) == (enum emit_field_id)id;
    }
    CHECK(found == 2 * EMIT_FIELD_COUNT, "every field is found at its place: %zu", found);
    CHECK(strange == 0, "and no name next to one: %zu", strange);
    CHECK(find("", 0) == EMIT_FIELD_COUNT, "the empty name is no field");
}

static void check_words(void) {
    size_t count, wrong = 0, asked = 0;
    for (int set = EMIT_SET_NONE + 1; set < EMIT_SET_COUNT; set++) {
        const char *const *words = emit_set_words((enum emit_set)set, &count);
        for (size_t i = 0; i < count; i++) {
            size_t length = strlen(words[i]);
            const struct emit_lookup_word *word = emit_lookup_word(words[i], length, length);
            wrong += !word || word->in_set[set] != i + 1;
            const struct emit_lookup_word *cut = emit_lookup_word(words[i], length - 1, length - 1);
            wrong += cut && cut->in_set[set] == i + 1;
            asked++;
        }
    }
    CHECK(wrong == 0 && asked > 60, "all %zu words of the sets are found in their set", asked);
    size_t memberships = 0;
    for (size_t i = 0; i < EMIT_LOOKUP_WORDS_MAX; i++)
        for (int set = 0; set < EMIT_SET_COUNT; set++)
            memberships += emit_lookup.words[i].in_set[set] != 0;
    CHECK(memberships == asked, "and in no other");
}

static void check_sets(void) {
    size_t wrong = 0;
    for (int id = 0; id < EMIT_FIELD_COUNT; id++) {
        const struct emit_field *field = &emit_fields[id];
        enum emit_place place = field->place;
        size_t bit = (size_t)(id < EMIT_TAG_FIRST ? id : id - EMIT_TAG_FIRST);
        for (int kind = 0; kind < EMIT_KIND_COUNT; kind++) {
            wrong +=
                (emit_lookup.required[0][kind][place] >> bit & 1) != (field->required >> kind & 1);
            wrong += (emit_lookup.required[1][kind][place] >> bit & 1) !=
                     (field->strict_required >> kind & 1);
            wrong += (emit_lookup.forbidden[0][kind][place] >> bit & 1) !=
                     (field->forbidden >> kind & 1);
            wrong += (emit_lookup.forbidden[1][kind][place] >> bit & 1) !=
                     (field->strict_forbidden >> kind & 1);
        }
    }
    CHECK(wrong == 0, "the bit sets are the columns of the rows");
    for (int kind = 0; kind < EMIT_KIND_COUNT; kind++) {
        const struct emit_kind_row *row = &emit_kinds[kind];
        bool run = row->grain == EMIT_GRAIN_RUN;
        CHECK(emit_lookup.kind_of[row->source][run] == kind, "%s %s is its kind",
              emit_source_word(row->source), run ? "about a run" : "about a facility");
    }
}

int main(void) {
    check_fields();
    check_words();
    check_sets();
    return check_end();
}
