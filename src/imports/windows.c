// A record, field by field, as a table.
// SPDX-License-Identifier: Apache-2.0
#include "imports/windows.h"

#include "base/json.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/time.h"
#include "vocabulary/fields.h"

#include <stddef.h>
#include <string.h>

enum field_type {
    FIELD_TEXT, // into size bytes
    FIELD_SOURCE,
    FIELD_COMPONENT,
    FIELD_ACCURACY,
    FIELD_TRANSPORT,
    FIELD_QUALITY,
    FIELD_UNIT,
    FIELD_TIME,
    FIELD_DECIMAL,
    FIELD_PUE,
    FIELD_BOOL,
    FIELD_READING,
};

struct field {
    const char *name;
    uint8_t length; // of the name
    enum field_type type;
    bool is_required;
    size_t offset, size; // in struct emit_facility_window, or emit_facility_reading
};

#define NAME(text)    text, sizeof text - 1
#define PLACE(member) offsetof(struct emit_facility_window, member)
#define TEXT(name, member)                                                                         \
    { NAME(name), FIELD_TEXT, false, PLACE(member), EMIT_FACILITY_ID_MAX }
#define NEEDS(name, member)                                                                        \
    { NAME(name), FIELD_TEXT, true, PLACE(member), EMIT_FACILITY_ID_MAX }

enum { VALUE = 5, FIRST = 7, LAST = 8 }; // by which the fields below are known

static const struct field fields[] = {
    {NAME("energy_source"), FIELD_SOURCE, true, PLACE(source), 0},
    NEEDS("facility_id", facility_id),
    NEEDS("device_id", device_id),
    {NAME("from"), FIELD_TIME, true, PLACE(from_ns), 0},
    {NAME("to"), FIELD_TIME, true, PLACE(to_ns), 0},
    [VALUE] = {NAME("value"), FIELD_DECIMAL, false, PLACE(value), 0},
    {NAME("unit"), FIELD_UNIT, true, PLACE(unit), 0},
    [FIRST] = {NAME("first"), FIELD_READING, false, PLACE(first), 0},
    [LAST] = {NAME("last"), FIELD_READING, false, PLACE(last), 0},
    {NAME("component"), FIELD_COMPONENT, false, PLACE(component), 0},
    {NAME("quality"), FIELD_QUALITY, false, PLACE(quality), 0},
    {NAME("pue_applied"), FIELD_PUE, false, PLACE(pue_applied), 0},
    {NAME("transport"), FIELD_TRANSPORT, false, PLACE(transport), 0},
    {NAME("accuracy_class"), FIELD_ACCURACY, false, PLACE(accuracy), 0},
    {NAME("rated_power_w"), FIELD_DECIMAL, false, PLACE(rated_watts), PLACE(has_rated)},
    {NAME("quantum"), FIELD_DECIMAL, false, PLACE(quantum), PLACE(has_quantum)},
    {NAME("counter_modulus"), FIELD_DECIMAL, false, PLACE(modulus), PLACE(has_modulus)},
    TEXT("node_id", node_id),
    TEXT("region", region),
    TEXT("grid_region", grid_region),
    {NAME("simulated"), FIELD_BOOL, false, PLACE(is_simulated), 0},
};
enum { FIELD_COUNT = sizeof fields / sizeof *fields };

#define STAMP(member) offsetof(struct emit_facility_reading, member)
static const struct field reading_fields[] = {
    {NAME("value"), FIELD_DECIMAL, true, STAMP(value), 0}, // the first: it is no text
    {NAME("serial"), FIELD_TEXT, false, STAMP(serial), EMIT_FACILITY_STAMP_MAX},
    {NAME("reset_at"), FIELD_TEXT, false, STAMP(reset_at), EMIT_FACILITY_STAMP_MAX},
};
enum { READING_FIELD_COUNT = sizeof reading_fields / sizeof *reading_fields };

static const char *const qualities[] = {"measured", "estimated", "substituted"};
enum { FOUND_MAX = 40 }; // bytes of a wrong value that are shown
enum { QUALITY_COUNT = sizeof qualities / sizeof *qualities };

// What is being read. `inside` is "first." or "last." in a reading, else "".
struct reader {
    struct emit_json json;
    struct emit_facility_window *window;
    struct emit_facility_refusal *why;
    const char *inside;
};

static bool refuse(const struct reader *reader, enum emit_facility_fate fate, const char *name,
                   const char *sentence) {
    char field[EMIT_FACILITY_FIELD_MAX];
    (void)emit_text_format(field, sizeof field, "%s%s", reader->inside, name);
    return emit_facility_refuse(reader->why, fate, field, "%s", sentence);
}

// The same, of a value that stands there: the sentence goes on behind what was found.
static bool refuse_found(const struct reader *reader, enum emit_facility_fate fate,
                         const char *name, const struct emit_json_slice *found,
                         const char *sentence) {
    char message[EMIT_FACILITY_MESSAGE_MAX];
    size_t length = emit_text_whole(found->at, found->length, FOUND_MAX);
    (void)emit_text_format(message, sizeof message, "'%.*s%s' %s", (int)length, found->at,
                           length < found->length ? "..." : "", sentence);
    return refuse(reader, fate, name, message);
}

static bool refuse_fault(const struct reader *reader) {
    return emit_facility_refuse(reader->why, EMIT_FACILITY_MALFORMED, "", "no JSON: %s at byte %zu",
                                reader->json.fault,
                                (size_t)(reader->json.fault_at - reader->json.begin));
}

static bool take_text(struct reader *reader, const char *name, struct emit_json_slice *slice) {
    enum emit_json_type type = emit_json_peek(&reader->json);
    if (type == EMIT_JSON_STRING && emit_json_take_string(&reader->json, slice)) return true;
    if (reader->json.fault) return refuse_fault(reader);
    return refuse(reader, EMIT_FACILITY_MALFORMED, name, "must be a string");
}

static bool read_text(struct reader *reader, const struct field *field, char *text) {
    struct emit_json_slice slice;
    if (!take_text(reader, field->name, &slice)) return false;
    if (slice.length > 0 && emit_json_decode(&slice, text, field->size)) {
        if (!emit_facility_has_blank_edge(text)) return true;
        return refuse(reader, EMIT_FACILITY_BAD_TEXT, field->name,
                      "begins or ends with a blank: one name spelled in two ways is two meters, "
                      "and counts twice");
    }
    char sentence[64];
    (void)emit_text_format(sentence, sizeof sentence, "must be a text of 1 to %zu bytes",
                           field->size - 1);
    return refuse(reader, EMIT_FACILITY_BAD_TEXT, field->name, sentence);
}

static bool find_word(size_t *found, const char *const *words, size_t count,
                      const struct emit_json_slice *slice) {
    // Most words are told by how they begin.
    for (*found = 0; *found < count; ++*found)
        if ((slice->escaped || (slice->length > 0 && slice->at[0] == words[*found][0])) &&
            emit_json_slice_is(slice, words[*found]))
            return true;
    return false;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool emit_facility_has_blank_edge(const char *text) {
    return is_blank(text[0]) || is_blank(text[strlen(text) - 1]);
}

// Which words of a set a window may have: 1 << word. Of the others a refusal does not speak.
static uint32_t facility_words(enum field_type type) {
    uint32_t words = 0;
    if (type != FIELD_SOURCE && type != FIELD_COMPONENT) return UINT32_MAX;
    for (int kind = 0; kind < EMIT_KIND_COUNT; kind++)
        if (emit_kinds[kind].grain == EMIT_GRAIN_FACILITY)
            words |= type == FIELD_SOURCE ? UINT32_C(1) << emit_kinds[kind].source
                                          : emit_kinds[kind].components;
    return words;
}

// The number of a word in its closed set.
static bool read_word(struct reader *reader, const struct field *field, const char *const *words,
                      size_t count, size_t *found) {
    struct emit_json_slice slice;
    if (!take_text(reader, field->name, &slice)) return false;
    if (find_word(found, words, count, &slice)) return true;
    uint32_t possible = facility_words(field->type);
    char sentence[EMIT_FACILITY_MESSAGE_MAX];
    struct emit_text text;
    emit_text_init(&text, sentence, sizeof sentence);
    emit_text_add(&text, "must be one of:");
    for (size_t i = 0; i < count; i++)
        if (possible & UINT32_C(1) << i) emit_text_add_format(&text, " %s", words[i]);
    return refuse_found(reader, EMIT_FACILITY_UNKNOWN_WORD, field->name, &slice, sentence);
}

static bool read_set(struct reader *reader, const struct field *field, enum emit_set set,
                     size_t *found) {
    size_t count = 0;
    const char *const *words = emit_set_words(set, &count);
    return read_word(reader, field, words, count, found);
}

static bool read_unit(struct reader *reader, const struct field *field,
                      enum emit_facility_unit *unit) {
    struct emit_json_slice slice;
    if (!take_text(reader, field->name, &slice)) return false;
    *unit = emit_facility_unit_find(slice.at, slice.length);
    if (*unit != EMIT_FACILITY_UNIT_COUNT) return true;
    if (emit_facility_unit_is_apparent(slice.at, slice.length))
        return refuse_found(reader, EMIT_FACILITY_NOT_ENERGY, field->name, &slice,
                            "is apparent or reactive, and holds energy that was not used: give kWh "
                            "or W");
    char sentence[EMIT_FACILITY_MESSAGE_MAX];
    struct emit_text text;
    emit_text_init(&text, sentence, sizeof sentence);
    emit_text_add(&text, "must be one of:");
    for (int i = 0; i < EMIT_FACILITY_UNIT_COUNT; i++)
        emit_text_add_format(&text, "%s %s", i ? "," : "",
                             emit_facility_unit_word((enum emit_facility_unit)i));
    return refuse_found(reader, EMIT_FACILITY_NOT_ENERGY, field->name, &slice, sentence);
}

static bool read_time(struct reader *reader, const struct field *field, int64_t *wall_ns) {
    struct emit_json_slice slice;
    if (!take_text(reader, field->name, &slice)) return false;
    if (emit_time_read_rfc3339(slice.at, slice.length, wall_ns)) return true;
    return refuse_found(
        reader, EMIT_FACILITY_BAD_TIMESTAMP, field->name, &slice,
        "must be a real time with Z or an offset, as in 2026-06-13T16:00:00Z; there "
        "is no hour 24, no second 60, and no year after 2261");
}

static bool read_decimal(struct reader *reader, const struct field *field,
                         struct emit_decimal *decimal) {
    struct emit_json_slice slice;
    enum emit_json_type type = emit_json_peek(&reader->json);
    // A reading may be missing; what is known of the meter is known, or is not said.
    bool is_reading = field->is_required || field == &fields[VALUE];
    if (type == EMIT_JSON_NULL && is_reading)
        return refuse(reader, EMIT_FACILITY_SENTINEL, field->name, "null: the meter had no value");
    if (type != EMIT_JSON_NUMBER && type != EMIT_JSON_STRING && !reader->json.fault)
        return refuse(reader, EMIT_FACILITY_MALFORMED, field->name,
                      "must be a number, or its decimal text in a string");
    bool taken = type == EMIT_JSON_NUMBER ? emit_json_take_number(&reader->json, &slice)
                                          : emit_json_take_string(&reader->json, &slice);
    if (!taken) return refuse_fault(reader);
    if (emit_decimal_read(decimal, slice.at, slice.length)) return true;
    return refuse_found(
        reader, EMIT_FACILITY_BAD_NUMBER, field->name, &slice,
        "must be a decimal number with a point, as in 35128.4, of at most 38 digits and an "
        "exponent up to 99");
}

static bool read_bool(struct reader *reader, const struct field *field, bool *value) {
    enum emit_json_type type = emit_json_peek(&reader->json);
    if ((type == EMIT_JSON_TRUE || type == EMIT_JSON_FALSE) &&
        emit_json_take_bool(&reader->json, value))
        return true;
    if (reader->json.fault) return refuse_fault(reader);
    return refuse(reader, EMIT_FACILITY_MALFORMED, field->name, "must be true or false");
}

static bool is_key(const struct field *row, const struct emit_json_slice *key) {
    return key->escaped ? emit_json_slice_is(key, row->name)
                        : key->length == row->length && key->at[0] == row->name[0] &&
                              memcmp(key->at, row->name, row->length) == 0;
}

// Looks from a row on: most records have their fields in the order of the table.
static const struct field *find_field(const struct field *rows, size_t count, size_t from,
                                      const struct emit_json_slice *key) {
    for (size_t i = from; i < count; i++)
        if (is_key(&rows[i], key)) return &rows[i];
    for (size_t i = 0; i < from; i++)
        if (is_key(&rows[i], key)) return &rows[i];
    return NULL;
}

static bool refuse_key(const struct reader *reader, const struct emit_json_slice *key) {
    char name[EMIT_FACILITY_FIELD_MAX - sizeof "first."]; // which may stand before it
    char decoded[4 * EMIT_FACILITY_FIELD_MAX], near[EMIT_NEAREST_TEXT];
    char sentence[EMIT_FACILITY_MESSAGE_MAX];
    struct emit_nearest nearest;
    const char *at = key->at;
    size_t length = key->length;
    if (key->escaped && emit_json_decode(key, decoded, sizeof decoded)) {
        at = decoded;
        length = strlen(decoded);
    }
    length = emit_text_whole(at, length, sizeof name - 1);
    memcpy(name, at, length);
    name[length] = '\0';
    emit_nearest_begin(&nearest, name, length);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        emit_nearest_offer(&nearest, fields[i].name);
    emit_nearest_say(&nearest, "", near);
    (void)emit_text_format(sentence, sizeof sentence, "a record has no such field%s", near);
    return refuse(reader, EMIT_FACILITY_UNKNOWN_FIELD, name,
                  reader->inside[0] ? "a reading has value, serial and reset_at" : sentence);
}

static bool refuse_missing(const struct reader *reader, const struct field *rows, size_t count,
                           uint32_t seen) {
    for (size_t i = 0; i < count; i++)
        if (rows[i].is_required && !(seen & UINT32_C(1) << i))
            return refuse(reader, EMIT_FACILITY_MISSING_FIELD, rows[i].name, "is missing");
    return true;
}

static bool read_reading(struct reader *reader, const struct field *field,
                         struct emit_facility_reading *reading) {
    if (emit_json_peek(&reader->json) != EMIT_JSON_OBJECT) {
        if (reader->json.fault) return refuse_fault(reader);
        return refuse(reader, EMIT_FACILITY_MALFORMED, field->name,
                      "must be an object: value, and where known serial and reset_at");
    }
    struct emit_json_slice key;
    uint32_t seen = 0;
    reader->inside = field == &fields[FIRST] ? "first." : "last.";
    (void)emit_json_enter_object(&reader->json);
    while (emit_json_next_member(&reader->json, &key)) {
        const struct field *row = find_field(reading_fields, READING_FIELD_COUNT, 0, &key);
        if (!row) return refuse_key(reader, &key);
        seen |= UINT32_C(1) << (row - reading_fields);
        char *place = (char *)reading + row->offset;
        if (row == reading_fields ? !read_decimal(reader, row, &reading->value)
                                  : !read_text(reader, row, place))
            return false;
    }
    if (reader->json.fault) return refuse_fault(reader);
    if (!refuse_missing(reader, reading_fields, READING_FIELD_COUNT, seen)) return false;
    reader->inside = "";
    return true;
}

static bool read_field(struct reader *reader, const struct field *field) {
    struct emit_facility_window *window = reader->window;
    char *place = (char *)window + field->offset;
    size_t word = 0;
    bool flag = false;
    switch (field->type) {
    case FIELD_TEXT: return read_text(reader, field, place);
    case FIELD_TIME: return read_time(reader, field, (int64_t *)(void *)place);
    case FIELD_READING:
        return read_reading(reader, field, (struct emit_facility_reading *)(void *)place);
    case FIELD_UNIT: return read_unit(reader, field, &window->unit);
    case FIELD_BOOL: return read_bool(reader, field, &window->is_simulated);
    case FIELD_DECIMAL:
        if (field->size) *((bool *)((char *)window + field->size)) = true;
        return read_decimal(reader, field, (struct emit_decimal *)(void *)place);
    case FIELD_PUE:
        if (!read_bool(reader, field, &flag)) return false;
        window->pue_applied = flag ? EMIT_FACILITY_PUE_TRUE : EMIT_FACILITY_PUE_FALSE;
        return true;
    case FIELD_SOURCE:
        if (!read_set(reader, field, EMIT_SET_SOURCE, &word)) return false;
        window->source = (enum emit_source)word;
        return true;
    case FIELD_COMPONENT:
        if (!read_set(reader, field, EMIT_SET_COMPONENT, &word)) return false;
        window->component = (enum emit_component)word;
        return true;
    case FIELD_ACCURACY:
        if (!read_set(reader, field, EMIT_SET_ACCURACY, &word)) return false;
        window->accuracy = (enum emit_accuracy)word;
        return true;
    case FIELD_TRANSPORT:
        if (!read_set(reader, field, EMIT_SET_TRANSPORT, &word)) return false;
        window->transport = (enum emit_transport)word;
        return true;
    case FIELD_QUALITY: break;
    }
    if (!read_word(reader, field, qualities, QUALITY_COUNT, &word)) return false;
    window->quality = (enum emit_facility_quality)word;
    return true;
}

static bool has_one_statement(struct reader *reader, uint32_t seen) {
    bool value = seen & 1U << VALUE, first = seen & 1U << FIRST, last = seen & 1U << LAST;
    if (value && (first || last))
        return refuse(reader, EMIT_FACILITY_MALFORMED, "value",
                      "stands beside counter readings: either value, or first and last");
    if (!value && !(first && last))
        return refuse(reader, EMIT_FACILITY_MISSING_FIELD,
                      first  ? "last"
                      : last ? "first"
                             : "value",
                      "must stand: the energy or mean power as value, or the counter's readings "
                      "as first and last");
    if (value && reader->window->has_modulus)
        return refuse(reader, EMIT_FACILITY_MALFORMED, "counter_modulus",
                      "speaks of a counter, and the record has a value");
    reader->window->is_counter = !value;
    return true;
}

bool emit_facility_read(struct emit_facility_window *window, const char *text, size_t length,
                        struct emit_facility_refusal *why) {
    struct reader reader;
    reader.window = window;
    reader.why = why;
    reader.inside = "";
    emit_facility_init(window);
    if (length > EMIT_WINDOWS_RECORD_MAX)
        return emit_facility_refuse(why, EMIT_FACILITY_MALFORMED, "", "longer than 64 KiB");
    emit_json_init(&reader.json, text, length);
    if (emit_json_peek(&reader.json) != EMIT_JSON_OBJECT) {
        if (reader.json.fault) return refuse_fault(&reader);
        return emit_facility_refuse(
            why, EMIT_FACILITY_MALFORMED, "",
            "must be a JSON object; for a way from CSV see man emit-campus");
    }
    struct emit_json_slice key;
    uint32_t seen = 0;
    size_t next = 0;
    (void)emit_json_enter_object(&reader.json);
    while (emit_json_next_member(&reader.json, &key)) {
        const struct field *field = find_field(fields, FIELD_COUNT, next, &key);
        if (!field) return refuse_key(&reader, &key);
        next = (size_t)(field - fields) + 1;
        seen |= UINT32_C(1) << (field - fields);
        if (!read_field(&reader, field)) return false;
    }
    if (!emit_json_at_end(&reader.json)) return refuse_fault(&reader);
    return refuse_missing(&reader, fields, FIELD_COUNT, seen) && has_one_statement(&reader, seen);
}
