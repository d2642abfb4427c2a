// What is known of facilities, from JSON. All is checked here; what holds when is ordered by
// measurement/facility_metadata.h.
// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/time.h"
#include "imports/windows.h"

#include <float.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE_MAX = 96 };
static const int64_t millisecond_ns = 1000000;

// What the members of a fact are called, by kind; NULL: it has none. A PUE above 10 would be nine
// times as much for cooling as for computing: a slip of the pen, 125 for 1.25. The averages of
// Uptime Institute's surveys went from 1.89 (2011) to 1.58 (2023). A hall with hardly a computer in
// it may be there, and leaves its PUE out: nothing is multiplied with it here.
static const struct {
    const char *value, *label, *id;
    bool needs_label;
    double low, high; // of the value
    const char *limit;
} shapes[EMIT_FACT_COUNT] = {
    [EMIT_FACT_PUE] =
        {"value", NULL, NULL, false, 1, 10,
         "must be a number from 1 to 10, as in 1.25; a true one above 10 is left out"},
    [EMIT_FACT_INTENSITY] = {"g_per_kwh", "kind", NULL, true, 0, DBL_MAX,
                             "must be a number from 0 on"},
    [EMIT_FACT_PRICE] = {"per_kwh", "currency", NULL, true, -DBL_MAX, DBL_MAX, "must be a number"},
    [EMIT_FACT_CURTAILMENT] = {NULL, "kind", "id", false, 0, 0, NULL},
};

struct reader {
    struct emit_json json;
    struct emit_error *err;
    char place[PLACE_MAX]; // "metadata.pue[3]"
};

static enum emit_status invalid(const struct reader *reader, const char *name,
                                const char *sentence) {
    if (reader->json.fault)
        return emit_fail(reader->err, EMIT_INVALID, "%s: no JSON: %s at byte %zu", reader->place,
                         reader->json.fault, (size_t)(reader->json.fault_at - reader->json.begin));
    return emit_fail(reader->err, EMIT_INVALID, "%s%s%s: %s", reader->place, name[0] ? "." : "",
                     name, sentence);
}

// names: those there are, count of them; NULL is none.
static enum emit_status unknown(const struct reader *reader, const struct emit_json_slice *key,
                                const char *const *names, size_t count) {
    char name[48], near[EMIT_NEAREST_TEXT], sentence[32 + EMIT_NEAREST_TEXT];
    struct emit_nearest nearest;
    (void)emit_text_format(name, sizeof name, "%.*s",
                           (int)emit_text_whole(key->at, key->length, sizeof name - 1), key->at);
    emit_nearest_begin(&nearest, name, strlen(name));
    for (size_t i = 0; i < count; i++)
        if (names[i]) emit_nearest_offer(&nearest, names[i]);
    emit_nearest_say(&nearest, "", near);
    (void)emit_text_format(sentence, sizeof sentence, "there is no such member%s", near);
    return invalid(reader, name, sentence);
}

static enum emit_status take_text(struct reader *reader, const char *name, char *text,
                                  size_t size) {
    struct emit_json_slice slice;
    if (emit_json_peek(&reader->json) == EMIT_JSON_STRING &&
        emit_json_take_string(&reader->json, &slice) && slice.length > 0 &&
        emit_json_decode(&slice, text, size) && !emit_facility_has_blank_edge(text))
        return EMIT_OK;
    return invalid(
        reader, name,
        "must be a text that is neither empty nor too long, without a blank at its ends");
}

static enum emit_status take_time(struct reader *reader, const char *name, int64_t *wall_ns) {
    struct emit_json_slice slice;
    if (emit_json_peek(&reader->json) == EMIT_JSON_STRING &&
        emit_json_take_string(&reader->json, &slice) &&
        emit_time_read_rfc3339(slice.at, slice.length, wall_ns))
        return EMIT_OK;
    return invalid(reader, name,
                   "must be a real time with Z or an offset, as in 2026-06-13T16:00:00Z, and no "
                   "later than 2261");
}

static bool is_label(const char *text, bool is_currency) {
    size_t length = strlen(text);
    if (is_currency) return length == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == length;
    return text[0] != '-' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static enum emit_status take_label(struct reader *reader, enum emit_fact kind, char *label) {
    bool is_currency = kind == EMIT_FACT_PRICE;
    enum emit_status status = take_text(reader, shapes[kind].label, label, EMIT_FACT_LABEL_MAX);
    if (status != EMIT_OK || is_label(label, is_currency)) return status;
    return invalid(reader, shapes[kind].label,
                   is_currency ? "must be three capital letters of ISO 4217, as in EUR"
                               : "must be lower-case letters, digits and hyphens, as in average");
}

static enum emit_status take_value(struct reader *reader, enum emit_fact kind, double *value) {
    if (emit_json_peek(&reader->json) == EMIT_JSON_NUMBER &&
        emit_json_take_double(&reader->json, value) && *value >= shapes[kind].low &&
        *value <= shapes[kind].high)
        return EMIT_OK;
    return invalid(reader, shapes[kind].value, shapes[kind].limit);
}

static bool key_is(const struct emit_json_slice *key, const char *name) {
    return name && emit_json_slice_is(key, name);
}

static enum emit_status read_member(struct reader *reader, enum emit_fact kind,
                                    const struct emit_json_slice *key,
                                    struct emit_facility_fact *fact, unsigned *seen) {
    enum { FROM = 1, TO = 2, VALUE = 4, LABEL = 8, ID = 16 };
    if (key_is(key, "from")) {
        *seen |= FROM;
        return take_time(reader, "from", &fact->from_ns);
    }
    if (key_is(key, "to")) {
        *seen |= TO;
        return take_time(reader, "to", &fact->to_ns);
    }
    if (key_is(key, shapes[kind].value)) {
        *seen |= VALUE;
        return take_value(reader, kind, &fact->value);
    }
    if (key_is(key, shapes[kind].label)) {
        *seen |= LABEL;
        return take_label(reader, kind, fact->label);
    }
    if (key_is(key, shapes[kind].id)) {
        *seen |= ID;
        return take_text(reader, "id", fact->id, sizeof fact->id);
    }
    const char *const names[] = {"from", "to", shapes[kind].value, shapes[kind].label,
                                 shapes[kind].id};
    return unknown(reader, key, names, sizeof names / sizeof *names);
}

static enum emit_status read_fact(struct reader *reader, enum emit_fact kind,
                                  struct emit_facility_fact *fact) {
    if (emit_json_peek(&reader->json) != EMIT_JSON_OBJECT)
        return invalid(reader, "", "must be an object with from and to");
    struct emit_json_slice key;
    unsigned seen = 0;
    *fact = (struct emit_facility_fact){0};
    (void)emit_json_enter_object(&reader->json);
    while (emit_json_next_member(&reader->json, &key)) {
        enum emit_status status = read_member(reader, kind, &key, fact, &seen);
        if (status != EMIT_OK) return status;
    }
    if (reader->json.fault) return invalid(reader, "", "");
    const char *const needed[] = {"from", "to", shapes[kind].value,
                                  shapes[kind].needs_label ? shapes[kind].label : NULL,
                                  shapes[kind].id};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (needed[i] && !(seen & 1U << i)) return invalid(reader, needed[i], "is missing");
    if (fact->to_ns - millisecond_ns < fact->from_ns)
        return invalid(reader, "to", "must be at least a millisecond later than from");
    return EMIT_OK;
}

// A list that doubles.
static enum emit_status add_fact(struct emit_facility_site *site, enum emit_fact kind,
                                 const struct emit_facility_fact *fact, struct emit_error *err) {
    size_t count = site->fact_counts[kind];
    if (count >= EMIT_FACTS_MAX)
        return emit_fail(err, EMIT_FULL, "metadata.%s: more than %d entries", emit_fact_key(kind),
                         EMIT_FACTS_MAX);
    if ((count & (count - 1)) == 0) {
        struct emit_facility_fact *more =
            realloc(site->facts[kind], (count ? 2 * count : 1) * sizeof *more);
        if (!more) return emit_fail(err, EMIT_NO_MEMORY, "no memory for the metadata");
        site->facts[kind] = more;
    }
    site->facts[kind][count] = *fact;
    site->fact_counts[kind]++;
    return EMIT_OK;
}

static enum emit_status read_facts(struct reader *reader, enum emit_fact kind,
                                   struct emit_facility_site *site) {
    char outside[PLACE_MAX];
    memcpy(outside, reader->place, sizeof outside);
    if (emit_json_peek(&reader->json) != EMIT_JSON_ARRAY)
        return invalid(reader, emit_fact_key(kind), "must be an array");
    (void)emit_json_enter_array(&reader->json);
    while (emit_json_next_element(&reader->json)) {
        struct emit_facility_fact fact;
        (void)emit_text_format(reader->place, sizeof reader->place, "%s.%s[%zu]", outside,
                               emit_fact_key(kind), site->fact_counts[kind]);
        enum emit_status status = read_fact(reader, kind, &fact);
        if (status == EMIT_OK) status = add_fact(site, kind, &fact, reader->err);
        if (status != EMIT_OK) return status;
    }
    memcpy(reader->place, outside, sizeof outside);
    return reader->json.fault ? invalid(reader, "", "") : EMIT_OK;
}

static enum emit_status read_site_member(struct reader *reader, const struct emit_json_slice *key,
                                         struct emit_facility_site *site) {
    if (key_is(key, "facility_id"))
        return take_text(reader, "facility_id", site->facility_id, sizeof site->facility_id);
    if (key_is(key, "region"))
        return take_text(reader, "region", site->region, sizeof site->region);
    if (key_is(key, "grid_region"))
        return take_text(reader, "grid_region", site->grid_region, sizeof site->grid_region);
    const char *names[EMIT_FACT_COUNT + 3] = {"facility_id", "region", "grid_region"};
    for (int kind = 0; kind < EMIT_FACT_COUNT; kind++) {
        names[3 + kind] = emit_fact_key((enum emit_fact)kind);
        if (key_is(key, names[3 + kind])) return read_facts(reader, (enum emit_fact)kind, site);
    }
    return unknown(reader, key, names, sizeof names / sizeof *names);
}

static enum emit_status read_site(struct reader *reader, struct emit_facility_site *site) {
    if (emit_json_peek(&reader->json) != EMIT_JSON_OBJECT)
        return invalid(reader, "", "must be an object, or an array of one for each facility");
    struct emit_json_slice key;
    (void)emit_json_enter_object(&reader->json);
    while (emit_json_next_member(&reader->json, &key)) {
        enum emit_status status = read_site_member(reader, &key, site);
        if (status != EMIT_OK) return status;
    }
    if (reader->json.fault) return invalid(reader, "", "");
    enum emit_fact kind = EMIT_FACT_COUNT;
    int64_t from_ns = 0, other_ns = 0;
    if (emit_facility_site_order(site, &kind, &from_ns, &other_ns)) return EMIT_OK;
    char from[EMIT_TIME_TEXT], other[EMIT_TIME_TEXT], sentence[160];
    emit_time_write(from, from_ns);
    emit_time_write(other, other_ns);
    (void)emit_text_format(sentence, sizeof sentence,
                           "the entry from %s overlaps the one from %s: one of them holds", from,
                           other);
    return invalid(reader, emit_fact_key(kind), sentence);
}

static enum emit_status add_site(struct reader *reader, struct emit_facility_metadata *metadata) {
    if (metadata->site_count >= EMIT_SITES_MAX)
        return emit_fail(reader->err, EMIT_FULL, "metadata: more than %d facilities",
                         EMIT_SITES_MAX);
    struct emit_facility_site *more =
        realloc(metadata->sites, (metadata->site_count + 1) * sizeof *more);
    if (!more) return emit_fail(reader->err, EMIT_NO_MEMORY, "no memory for the metadata");
    metadata->sites = more;
    struct emit_facility_site *site = &more[metadata->site_count++];
    *site = (struct emit_facility_site){0};
    enum emit_status status = read_site(reader, site);
    for (size_t i = 0; i + 1 < metadata->site_count && status == EMIT_OK; i++)
        if (strcmp(metadata->sites[i].facility_id, site->facility_id) == 0)
            status = invalid(reader, "facility_id", "a facility has one set of metadata");
    return status;
}

enum emit_status emit_facility_read_metadata(struct emit_facility_metadata *metadata,
                                             const char *text, size_t length,
                                             struct emit_error *err) {
    struct reader reader = {.err = err, .place = "metadata"};
    emit_json_init(&reader.json, text, length);
    enum emit_status status = EMIT_OK;
    if (emit_json_peek(&reader.json) != EMIT_JSON_ARRAY) {
        status = add_site(&reader, metadata);
    } else {
        (void)emit_json_enter_array(&reader.json);
        for (size_t i = 0; emit_json_next_element(&reader.json) && status == EMIT_OK; i++) {
            (void)emit_text_format(reader.place, sizeof reader.place, "metadata[%zu]", i);
            status = add_site(&reader, metadata);
        }
    }
    if (status == EMIT_OK && !emit_json_at_end(&reader.json)) return invalid(&reader, "", "");
    return status;
}
