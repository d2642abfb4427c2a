// What can be asked of the table of coefficients.
// SPDX-License-Identifier: Apache-2.0
#include "models/coefficients.h"

#include "base/nearest.h"
#include "vocabulary/fields.h"

#include <string.h>

#define DIGITS "0123456789"
#define LABEL  "abcdefghijklmnopqrstuvwxyz" DIGITS "-"

static bool is_brand(const char *word, size_t length) {
    size_t count;
    const char *const *brands = emit_brands(&count);
    for (size_t i = 0; i < count; i++)
        if (strlen(brands[i]) == length && memcmp(brands[i], word, length) == 0) return true;
    return false;
}

// Brands are whole words, as the contract has it: "met-al" is none.
static bool names_a_brand(const char *id) {
    for (;;) {
        size_t length = strcspn(id, "-");
        if (is_brand(id, length)) return true;
        if (id[length] == '\0') return false;
        id += length + 1;
    }
}

bool emit_profile_id_is_valid(const char *id) {
    size_t length = strlen(id), end = length;
    if (length >= EMIT_PROFILE_ID_MAX || strspn(id, LABEL) != length || id[0] == '-') return false;
    while (end > 0 && strchr(DIGITS, id[end - 1]))
        end--;
    return end < length && end >= 3 && id[end - 1] == 'v' && id[end - 2] == '-' &&
           !names_a_brand(id);
}

const char *emit_bucket_key(enum emit_bucket bucket) {
#define KEY(name, key, unit, tag) [name] = key,
    static const char *const keys[EMIT_BUCKET_COUNT] = {EMIT_BUCKET_ROWS(KEY)};
#undef KEY
    return keys[bucket];
}

const char *emit_bucket_unit(enum emit_bucket bucket) {
#define UNIT(name, key, unit, tag) [name] = unit,
    static const char *const units[EMIT_BUCKET_COUNT] = {EMIT_BUCKET_ROWS(UNIT)};
#undef UNIT
    return units[bucket];
}

const char *emit_bucket_tag(enum emit_bucket bucket) {
#define TAG(name, key, unit, tag) [name] = tag,
    static const char *const tags[EMIT_BUCKET_COUNT] = {EMIT_BUCKET_ROWS(TAG)};
#undef TAG
    return tags[bucket];
}

const char *emit_stage_word(enum emit_stage stage) {
    static const char *const words[EMIT_STAGE_COUNT] = {"accelerator", "system", "provisioned",
                                                        "facility"};
    return words[stage];
}

const struct emit_profile *emit_profile_find(const struct emit_coefficient_table *table,
                                             const char *id) {
    for (size_t i = 0; i < table->profile_count; i++)
        if (strcmp(table->profiles[i].id, id) == 0) return &table->profiles[i];
    return NULL;
}

enum emit_status emit_profile_absent(const struct emit_coefficient_table *table, const char *id,
                                     struct emit_error *err) {
    struct emit_nearest nearest;
    char near[EMIT_NEAREST_TEXT];
    emit_nearest_begin(&nearest, id, strlen(id));
    for (size_t i = 0; i < table->profile_count; i++)
        emit_nearest_offer(&nearest, table->profiles[i].id);
    for (size_t i = 0; i < table->transform_count; i++)
        emit_nearest_offer(&nearest, table->transforms[i].id);
    emit_nearest_say(&nearest, "", near);
    return emit_fail(err, EMIT_ABSENT,
                     "there is no profile '%.80s'%s: emit tokens profiles lists them", id, near);
}
