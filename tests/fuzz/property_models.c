// A map of models, each line a glob and the last one a name: the rule that counts is the one
// that a slow and plain reading of the same words finds.
// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include "imports/model_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GLOBS_MAX = 16, TEXT_MAX = 160 };

static const struct emit_profile profiles[] = {{.id = "first-v1"}, {.id = "second-v1"}};
static const struct emit_coefficient_table table = {.profiles = profiles, .profile_count = 2};

struct words {
    char globs[GLOBS_MAX][TEXT_MAX], name[TEXT_MAX];
    size_t count; // of globs
};

// False: no last line, or one that is too long or empty.
static bool split(struct words *words, const uint8_t *bytes, size_t size) {
    const char *at = (const char *)bytes, *end = at + size;
    words->count = 0;
    if (memchr(bytes, '\0', size)) return false; // neither settings nor JSON names have one
    for (;;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        char *line = stop ? words->globs[words->count] : words->name;
        if (length == 0 || length >= TEXT_MAX || (stop && words->count == GLOBS_MAX)) return false;
        memcpy(line, at, length);
        line[length] = '\0';
        if (!stop) return true;
        words->count++;
        at = stop + 1;
    }
}

// --- The plain reading ---

static bool begins_character(char byte) {
    return ((unsigned char)byte & 0xc0) != 0x80;
}

static size_t character(const char *at) {
    size_t length = 1;
    while (at[length] && !begins_character(at[length]))
        length++;
    return length;
}

// fits[i][j]: what of the glob begins at i fits what of the text begins at j.
static bool fits(const char *glob, const char *text) {
    static bool fits[TEXT_MAX + 1][TEXT_MAX + 1];
    size_t glob_length = strlen(glob), text_length = strlen(text);
    for (size_t i = glob_length + 1; i-- > 0;)
        for (size_t j = text_length + 1; j-- > 0;) {
            size_t more = text[j] ? character(text + j) : 0;
            if (!glob[i])
                fits[i][j] = !text[j];
            else if (glob[i] == '*')
                fits[i][j] = fits[i + 1][j] || (more && fits[i][j + more]);
            else if (glob[i] == '?')
                fits[i][j] = more && fits[i + 1][j + more];
            else
                fits[i][j] = more && more <= glob_length - i &&
                             memcmp(glob + i, text + j, more) == 0 && fits[i + more][j + more];
        }
    return fits[0][0];
}

// Larger counts more: a whole name before all, else by the characters that are themselves.
static size_t weight(const char *glob) {
    size_t weight = strpbrk(glob, "*?") ? 0 : 2 * (size_t)TEXT_MAX;
    for (; *glob; glob++)
        weight += *glob != '*' && *glob != '?' && begins_character(*glob);
    return weight;
}

// The place of the profile that a name has; -1: none; -2: two have the same right.
static int expected(const struct words *words) {
    size_t heaviest = 0;
    bool seen[2] = {false};
    for (size_t i = 0; i < words->count; i++) {
        if (!fits(words->globs[i], words->name)) continue;
        size_t own = weight(words->globs[i]);
        if (own > heaviest) seen[0] = seen[1] = false;
        if (own > heaviest) heaviest = own;
        if (own == heaviest) seen[i % 2] = true;
    }
    return seen[0] && seen[1] ? -2 : seen[0] ? 0 : seen[1] ? 1 : -1;
}

// --- The property ---

static const char *judge(struct emit_model_map *map, const struct words *words) {
    const struct emit_usage_text name = {words->name, strlen(words->name)};
    struct emit_error err = {.text = ""};
    uint32_t number = UINT32_MAX, again = 0;
    int wanted = expected(words);
    enum emit_status status = emit_model_map_find(map, &name, &number, &err);
    if (wanted == -1 && status != EMIT_ABSENT) return "a profile for a name that fits no line";
    if (wanted == -2 && status != EMIT_INVALID) return "one of two profiles of equal right";
    if (wanted < 0) return err.text[0] && number == UINT32_MAX ? NULL : "refused without a word";
    if (status != EMIT_OK) return "no profile for a name that fits a line";
    const struct emit_mapped_model *model = emit_model_map_get(map, number);
    if (model->profile != &profiles[wanted]) return "another line's profile";
    if (strcmp(model->name, words->name) != 0) return "another model";
    if (emit_model_map_find(map, &name, &again, NULL) != EMIT_OK || again != number)
        return "another answer the second time";
    return NULL;
}

const char *property_models(const uint8_t *bytes, size_t size) {
    static struct words words;
    static struct emit_setting rows[GLOBS_MAX];
    static char ids[2][sizeof "second-v1"] = {"first-v1", "second-v1"};
    struct emit_settings settings = {.rows = rows, .path = "emit.yaml"};
    struct emit_model_map *map = NULL;
    if (!split(&words, bytes, size)) return NULL;
    for (size_t i = 0; i < words.count; i++) {
        rows[i] = (struct emit_setting){.value = ids[i % 2], .line = i + 1};
        (void)snprintf(rows[i].key, sizeof rows[i].key, "models.%s", words.globs[i]);
    }
    settings.count = words.count;
    if (emit_model_map_open(&map, &settings, &table, NULL, NULL) != EMIT_OK)
        return "a map that is not opened";
    const char *wrong = judge(map, &words);
    emit_model_map_close(map);
    return wrong;
}
