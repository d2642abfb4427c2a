// A file's settings are held against tables of slots: which keys there are, what
// their values look like, and where in the row they go. Texts stay in the settings.
// SPDX-License-Identifier: Apache-2.0
#include "imports/coefficients_row.h"

#include "base/number.h"
#include "base/text.h"
#include "vocabulary/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOULE_DECIMALS = 9,  // nanojoules
    FACTOR_DECIMALS = 3, // thousandths
    WHOLE_DIGITS_MAX = 9,
    SENTENCE_MAX = 480, // of a finding, with file and line
};

enum slot_type {
    SLOT_TEXT,
    SLOT_JOULES,
    SLOT_FACTOR,
    SLOT_COUNT,
    SLOT_CONFIDENCE,
    SLOT_BOUNDARY,
    SLOT_STAGE,
    SLOT_READ, // whether a source was read itself
};

struct slot {
    const char *key; // NULL ends the rows
    enum slot_type type;
    size_t offset; // of the value in its struct
};

#define AT(of, member) offsetof(struct of, member)
static const struct slot profile_slots[] = {
    {"profile", SLOT_TEXT, AT(emit_profile, id)},
    {"stands_for", SLOT_TEXT, AT(emit_profile, stands_for)},
    {"intended_use", SLOT_TEXT, AT(emit_profile, intended_use)},
    {"caveats", SLOT_TEXT, AT(emit_profile, caveats)},
    {"boundary", SLOT_BOUNDARY, AT(emit_profile, boundary)},
    {"context_tokens_max", SLOT_COUNT, AT(emit_profile, context_tokens_max)},
    {"valid_until", SLOT_TEXT, AT(emit_profile, valid_until)},
    {NULL, SLOT_TEXT, 0},
};
static const struct slot transform_slots[] = {
    {"transform", SLOT_TEXT, AT(emit_transform, id)},
    {"intended_use", SLOT_TEXT, AT(emit_transform, intended_use)},
    {"caveats", SLOT_TEXT, AT(emit_transform, caveats)},
    {"from", SLOT_STAGE, AT(emit_transform, from)},
    {"to", SLOT_STAGE, AT(emit_transform, to)},
    {"factor.low", SLOT_FACTOR, AT(emit_transform, thousandths.low)},
    {"factor.central", SLOT_FACTOR, AT(emit_transform, thousandths.central)},
    {"factor.high", SLOT_FACTOR, AT(emit_transform, thousandths.high)},
    {"factor.sources", SLOT_TEXT, AT(emit_transform, sources)},
    {"factor.confidence", SLOT_CONFIDENCE, AT(emit_transform, confidence)},
    {"factor.derivation", SLOT_TEXT, AT(emit_transform, derivation)},
    {"valid_until", SLOT_TEXT, AT(emit_transform, valid_until)},
    {NULL, SLOT_TEXT, 0},
};
static const struct slot coefficient_slots[] = {
    {"low", SLOT_JOULES, AT(emit_coefficient, nanojoules.low)},
    {"central", SLOT_JOULES, AT(emit_coefficient, nanojoules.central)},
    {"high", SLOT_JOULES, AT(emit_coefficient, nanojoules.high)},
    {"confidence", SLOT_CONFIDENCE, AT(emit_coefficient, confidence)},
    {"sources", SLOT_TEXT, AT(emit_coefficient, sources)},
    {"derivation", SLOT_TEXT, AT(emit_coefficient, derivation)},
    {NULL, SLOT_TEXT, 0},
};
static const struct slot citation_slots[] = {
    {"title", SLOT_TEXT, AT(emit_citation, title)},
    {"url", SLOT_TEXT, AT(emit_citation, url)},
    {"published", SLOT_TEXT, AT(emit_citation, published)},
    {"accessed", SLOT_TEXT, AT(emit_citation, accessed)},
    {"version", SLOT_TEXT, AT(emit_citation, version)},
    {"read", SLOT_READ, AT(emit_citation, secondary)},
    {"says", SLOT_TEXT, AT(emit_citation, says)},
    {NULL, SLOT_TEXT, 0},
};

struct reader {
    struct emit_coefficients_row *row;
    struct emit_findings *told; // the caller's
    struct emit_findings own;   // of this file, on their way to the caller
};

// --- Findings ---

// The line of a key, or of the first key inside the map of that name; 1 when there is none.
static size_t line_of(const struct emit_settings *settings, const char *key) {
    size_t length = strlen(key);
    for (size_t i = 0; i < settings->count; i++) {
        const struct emit_setting *setting = &settings->rows[i];
        if (strncmp(setting->key, key, length) != 0) continue;
        if (setting->key[length] == '\0' || setting->key[length] == '.') return setting->line;
    }
    return 1;
}

// Puts file and line in front.
static void pass_on(void *owner, const char *key, const char *sentence) {
    struct reader *reader = owner;
    char whole[SENTENCE_MAX];
    (void)emit_text_format(whole, sizeof whole, "%s:%zu: %s",
                           emit_coefficients_row_file(reader->row),
                           line_of(&reader->row->settings, key), sentence);
    emit_findings_tell(reader->told, key, whole);
}

static void find(struct reader *reader, const char *key, const char *what) {
    char sentence[SENTENCE_MAX];
    (void)snprintf(sentence, sizeof sentence, "%s %s", key, what);
    emit_findings_tell(&reader->own, key, sentence);
}

// --- Values ---

// "0.012" with 9 decimals is 12000000, exactly. False for any other spelling of a number.
static bool read_decimal(const char *text, size_t decimals, uint64_t *value) {
    char digits[WHOLE_DIGITS_MAX + JOULE_DECIMALS + 1] = {0};
    size_t whole = strspn(text, "0123456789"), more = 0;
    if (whole == 0 || whole > WHOLE_DIGITS_MAX) return false;
    memcpy(digits, text, whole);
    if (text[whole] == '.') {
        more = strspn(text + whole + 1, "0123456789");
        if (more == 0 || more > decimals) return false;
        memcpy(digits + whole, text + whole + 1, more);
    }
    if (text[whole + (more > 0 ? more + 1 : 0)] != '\0') return false;
    memset(digits + whole + more, '0', decimals - more);
    return emit_number_read_u64(digits, whole + decimals, value);
}

static int find_stage(const char *text) {
    for (int stage = 0; stage < EMIT_STAGE_COUNT; stage++)
        if (strcmp(text, emit_stage_word((enum emit_stage)stage)) == 0) return stage;
    return -1;
}

// Puts the value in its place; what it should have been, when it is something else.
static const char *set_slot(const struct slot *slot, char *base, const char *text) {
    char *at = base + slot->offset;
    uint64_t number = 0;
    int word = 0;
    switch (slot->type) {
    case SLOT_TEXT: memcpy(at, &text, sizeof text); return NULL;
    case SLOT_JOULES:
        if (!read_decimal(text, JOULE_DECIMALS, &number))
            return "has to be joules as a plain decimal number, at most 9 decimals, not below 0";
        break;
    case SLOT_FACTOR:
        if (!read_decimal(text, FACTOR_DECIMALS, &number))
            return "has to be a plain decimal number, at most 3 decimals, not below 0";
        break;
    case SLOT_COUNT:
        if (!emit_number_read_u64(text, strlen(text), &number)) return "has to be a whole number";
        break;
    case SLOT_CONFIDENCE:
        if ((word = emit_set_find(EMIT_SET_CONFIDENCE, text)) < 0)
            return "has to be low, medium or high";
        *(enum emit_confidence *)(void *)at = (enum emit_confidence)word;
        return NULL;
    case SLOT_BOUNDARY:
        if ((word = emit_set_find(EMIT_SET_BOUNDARY, text)) < 0)
            return "has to be accelerator, system or facility";
        *(enum emit_boundary *)(void *)at = (enum emit_boundary)word;
        return NULL;
    case SLOT_STAGE:
        if ((word = find_stage(text)) < 0)
            return "has to be accelerator, system, provisioned or facility";
        *(enum emit_stage *)(void *)at = (enum emit_stage)word;
        return NULL;
    case SLOT_READ:
        *(bool *)at = strcmp(text, "secondary") == 0;
        if (!*(bool *)at && strcmp(text, "original") != 0) return "has to be original or secondary";
        return NULL;
    }
    memcpy(at, &number, sizeof number);
    return NULL;
}

static void take_slot(struct reader *reader, const struct slot *slots, const char *name, void *base,
                      const struct emit_setting *setting) {
    const struct slot *slot = slots;
    while (slot->key && strcmp(slot->key, name) != 0)
        slot++;
    const char *problem = !slot->key        ? "is no key of such a file"
                          : !setting->value ? "has no value"
                                            : set_slot(slot, base, setting->value);
    if (problem) find(reader, setting->key, problem);
}

// Texts that are missing are found by the invariants; of other values 0 would be one.
static void require_slots(struct reader *reader, const struct slot *slots, const char *prefix) {
    char key[EMIT_SETTINGS_KEY_MAX];
    for (; slots->key; slots++) {
        (void)snprintf(key, sizeof key, "%s%s", prefix, slots->key);
        if (slots->type != SLOT_TEXT && !emit_settings_lookup(&reader->row->settings, key))
            find(reader, key, "is missing");
    }
}

// --- Maps ---

// "ID.KEY" behind "sources.": the citation of that id, a new one when it is its first key.
static void take_citation(struct reader *reader, const char *name,
                          const struct emit_setting *setting) {
    struct emit_coefficients_row *row = reader->row;
    size_t length = strcspn(name, "."), place = 0;
    if (name[length] == '\0' || length >= EMIT_CITATION_ID_MAX) {
        find(reader, setting->key, "is no source: write ID: {title: ..., url: ...}");
        return;
    }
    while (place < row->citation_count && (strlen(row->citation_ids[place]) != length ||
                                           memcmp(row->citation_ids[place], name, length) != 0))
        place++;
    if (place == EMIT_CITATIONS_MAX) {
        find(reader, setting->key, "is of one source too many: 16 is the limit");
        return;
    }
    if (place == row->citation_count) {
        memcpy(row->citation_ids[place], name, length);
        row->citations[row->citation_count++].id = row->citation_ids[place];
    }
    take_slot(reader, citation_slots, name + length + 1, &row->citations[place], setting);
}

// "BUCKET.KEY" behind "coefficients."
static void take_coefficient(struct reader *reader, const char *name,
                             const struct emit_setting *setting) {
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        const char *key = emit_bucket_key((enum emit_bucket)bucket);
        size_t length = strlen(key);
        if (strncmp(name, key, length) != 0 || name[length] != '.') continue;
        struct emit_coefficient *coefficient = &reader->row->profile.coefficients[bucket];
        coefficient->defined = true;
        take_slot(reader, coefficient_slots, name + length + 1, coefficient, setting);
        return;
    }
    find(reader, setting->key,
         "is of no bucket: input, cached_input, output, reasoning_output, request");
}

static void take_setting(struct reader *reader, const struct emit_setting *setting) {
    static const char sources[] = "sources.", coefficients[] = "coefficients.";
    struct emit_coefficients_row *row = reader->row;
    if (strcmp(setting->key, "primary") == 0) return; // see put_primary_first
    if (emit_text_has_prefix(setting->key, sources))
        take_citation(reader, setting->key + strlen(sources), setting);
    else if (row->is_transform)
        take_slot(reader, transform_slots, setting->key, &row->transform, setting);
    else if (emit_text_has_prefix(setting->key, coefficients))
        take_coefficient(reader, setting->key + strlen(coefficients), setting);
    else
        take_slot(reader, profile_slots, setting->key, &row->profile, setting);
}

static void put_primary_first(struct reader *reader) {
    struct emit_coefficients_row *row = reader->row;
    const char *primary = emit_settings_lookup(&row->settings, "primary");
    for (size_t i = 0; primary && i < row->citation_count; i++) {
        if (strcmp(row->citations[i].id, primary) != 0) continue;
        struct emit_citation first = row->citations[i];
        memmove(row->citations + 1, row->citations, i * sizeof first);
        row->citations[0] = first;
        return;
    }
    find(reader, "primary", "has to be the id of a source");
}

static void require_everything(struct reader *reader) {
    struct emit_coefficients_row *row = reader->row;
    char prefix[EMIT_SETTINGS_KEY_MAX];
    require_slots(reader, row->is_transform ? transform_slots : profile_slots, "");
    for (size_t i = 0; i < row->citation_count; i++) {
        (void)snprintf(prefix, sizeof prefix, "sources.%s.", row->citations[i].id);
        require_slots(reader, citation_slots, prefix);
    }
    for (int bucket = 0; bucket < EMIT_BUCKET_COUNT; bucket++) {
        if (!row->profile.coefficients[bucket].defined) continue;
        (void)snprintf(prefix, sizeof prefix, "coefficients.%s.",
                       emit_bucket_key((enum emit_bucket)bucket));
        require_slots(reader, coefficient_slots, prefix);
    }
}

// --- The row ---

static enum emit_status compose_notes(struct emit_coefficients_row *row, struct emit_error *err) {
    struct emit_profile *profile = &row->profile;
    if (!profile->stands_for || !profile->intended_use || !profile->caveats) return EMIT_OK;
    if (asprintf(&row->notes, "Stands for: %s. %s %s", profile->stands_for, profile->intended_use,
                 profile->caveats) < 0) {
        row->notes = NULL;
        return emit_fail(err, EMIT_NO_MEMORY, "out of memory");
    }
    profile->notes = row->notes;
    return EMIT_OK;
}

enum emit_status emit_coefficients_row_read(struct emit_coefficients_row *row, const char *path,
                                            const char *today, struct emit_findings *findings,
                                            struct emit_error *err) {
    struct reader reader = {.row = row, .told = findings};
    reader.own = (struct emit_findings){.take = pass_on, .owner = &reader};
    enum emit_status status = emit_settings_read(&row->settings, path, false, err);
    if (status != EMIT_OK) return status;
    row->is_transform = emit_settings_lookup(&row->settings, "transform") != NULL;
    for (size_t i = 0; i < row->settings.count; i++)
        take_setting(&reader, &row->settings.rows[i]);
    require_everything(&reader);
    put_primary_first(&reader);
    row->profile.citations = row->transform.citations = row->citations;
    row->profile.citation_count = row->transform.citation_count = row->citation_count;
    status = compose_notes(row, err);
    if (status != EMIT_OK) return status;
    // What a file does not say, or says wrongly, would be found again as a broken invariant.
    if (reader.own.count > 0) return EMIT_OK;
    if (row->is_transform)
        emit_transform_check(&row->transform, today, &reader.own);
    else
        emit_profile_check(&row->profile, today, &reader.own);
    return EMIT_OK;
}

void emit_coefficients_row_clear(struct emit_coefficients_row *row) {
    emit_settings_close(&row->settings);
    free(row->notes);
    *row = (struct emit_coefficients_row){0};
}

const char *emit_coefficients_row_id(const struct emit_coefficients_row *row) {
    return row->is_transform ? row->transform.id : row->profile.id;
}

const char *emit_coefficients_row_file(const struct emit_coefficients_row *row) {
    const char *slash = strrchr(row->settings.path, '/');
    return slash ? slash + 1 : row->settings.path;
}
