// The contract as rows: every field of an event, every source of energy, and
// every rule that binds two fields. The validator, the JSON Schema and the
// vocabulary page are made from these tables; nothing about a field is written
// anywhere else.
//
// Two levels. A field of level CORE is named by the specification: what breaks
// its plain columns breaks core. A field of level STRICT is ours: core knows
// nothing of it, what breaks its row breaks strict. The strict_ columns are what
// our own producers promise on top of a core field.
// SPDX-License-Identifier: Apache-2.0
#ifndef VOCABULARY_FIELDS_H
#define VOCABULARY_FIELDS_H

#include "vocabulary/names.h"
#include "vocabulary/reasons.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum emit_level { EMIT_LEVEL_CORE, EMIT_LEVEL_STRICT };

enum emit_place {
    EMIT_PLACE_TOP, // of the event object, which is closed
    EMIT_PLACE_TAG, // of its member "tags", which is closed at strict only
};

enum emit_value_type {
    EMIT_VALUE_STRING,
    EMIT_VALUE_NUMBER,
    EMIT_VALUE_COUNT, // a number that is whole, from 0 to 2^53, however it is spelled
    EMIT_VALUE_BOOLEAN,
    EMIT_VALUE_TAGS, // the one object
};

// What a string must look like: name, regular expression (ECMA-262, searched in
// the whole text; NULL when another column says it all), what was expected.
// The expressions for times and dates are the shape only: see emit_format.
#define EMIT_FORMAT_ROWS(ROW)                                                                      \
    ROW(EMIT_FORMAT_TEXT, NULL, "a text that is not empty")                                        \
    ROW(EMIT_FORMAT_WORD, NULL, "a word of its closed set")                                        \
    ROW(EMIT_FORMAT_LABEL, "^[a-z0-9][a-z0-9-]{0,63}$",                                            \
        "1 to 64 lower-case letters, digits and hyphens, no hyphen first")                         \
    ROW(EMIT_FORMAT_PROFILE, "^[a-z0-9][a-z0-9-]*-v[0-9]+$",                                       \
        "lower-case letters, digits and hyphens that end in -v and a number")                      \
    ROW(EMIT_FORMAT_NAME, "^[a-z0-9][a-z0-9_.-]{0,63}$",                                           \
        "'total' or a name of 1 to 64 lower-case letters, digits, '_', '.' and '-'")               \
    ROW(EMIT_FORMAT_TIMESTAMP,                                                                     \
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z$",  \
        "a UTC time as in 2026-06-13T16:00:00.000Z, with 0 to 9 fraction digits")                  \
    ROW(EMIT_FORMAT_TIMESTAMP_MS,                                                                  \
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z$",                     \
        "a UTC time with exactly three fraction digits")                                           \
    ROW(EMIT_FORMAT_DATE, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a calendar date as in 2026-06-13")      \
    ROW(EMIT_FORMAT_URL, "^https?://[!-~]+$", "an http or https URL without spaces")               \
    ROW(EMIT_FORMAT_CURRENCY, "^[A-Z]{3}$", "three capital letters of ISO 4217, as in EUR")        \
    ROW(EMIT_FORMAT_HASH, "^[0-9a-f]{64}$", "64 lower-case hexadecimal digits")

#define EMIT_FORMAT_ENUMERATOR(name, pattern, expected) name,
// TIMESTAMP and DATE also name a day the calendar has, in the years 0001 to 9999,
// and a second from 00 to 59: a leap second is refused, receivers cannot read it.
enum emit_format { EMIT_FORMAT_ROWS(EMIT_FORMAT_ENUMERATOR) EMIT_FORMAT_COUNT };

const char *emit_format_pattern(enum emit_format format);  // may be NULL
const char *emit_format_expected(enum emit_format format); // "a calendar date as in 2026-06-13"

// A closed set of words. NONE is the empty set: any word.
enum emit_set {
    EMIT_SET_NONE,
    EMIT_SET_KIND,    // emit:energy_meter_recorded
    EMIT_SET_CHANNEL, // emit
    EMIT_SET_UNIT,    // joules
    EMIT_SET_PROVENANCE,
    EMIT_SET_SOURCE,
    EMIT_SET_COMPONENT,
    EMIT_SET_ACCURACY,
    EMIT_SET_TIER,
    EMIT_SET_FAMILY,
    EMIT_SET_BOUNDARY,
    EMIT_SET_CONFIDENCE,
    EMIT_SET_TRANSPORT,
    EMIT_SET_COUNT,
};

// The words of a set in the order of its enumeration; *count says how many.
const char *const *emit_set_words(enum emit_set set, size_t *count);
// The place of a word in it; -1: it has no such word.
int emit_set_find(enum emit_set set, const char *word);

// --- Sources -----------------------------------------------------------------

enum emit_grain {
    EMIT_GRAIN_RUN,      // one run: compute_assignment_run_id stands
    EMIT_GRAIN_FACILITY, // one window of a place: facility_id, valid_from, valid_to
};

// A kind of event: what a source says at a grain. Only ipmi and redfish have
// both; there the event is of the run when it names a run, else of the facility.
enum emit_kind {
    EMIT_KIND_NVML,
    EMIT_KIND_DCGM,
    EMIT_KIND_RAPL,
    EMIT_KIND_IPMI_RUN,
    EMIT_KIND_IPMI_FACILITY,
    EMIT_KIND_REDFISH_RUN,
    EMIT_KIND_REDFISH_FACILITY,
    EMIT_KIND_PDU,
    EMIT_KIND_UPS,
    EMIT_KIND_SMART_METER,
    EMIT_KIND_TOKEN_MODEL,
    EMIT_KIND_PRORATION,
    EMIT_KIND_COUNT,
};

struct emit_kind_row {
    enum emit_source source;
    enum emit_grain grain;
    uint32_t provenances;                       // core: 1 << emit_provenance
    uint32_t components;                        // strict: 1 << emit_component
    uint32_t accuracies[EMIT_PROVENANCE_COUNT]; // strict, by provenance: 1 << emit_accuracy
};

extern const struct emit_kind_row emit_kinds[EMIT_KIND_COUNT];

// Sets of kinds, for the columns of a field: 1 << emit_kind.
#define EMIT_KINDS(kind) (UINT32_C(1) << (kind))
#define EMIT_KINDS_ALL   ((UINT32_C(1) << EMIT_KIND_COUNT) - 1)
#define EMIT_KINDS_NONE  UINT32_C(0)
#define EMIT_KINDS_SENSOR_RUN                                                                      \
    (EMIT_KINDS(EMIT_KIND_NVML) | EMIT_KINDS(EMIT_KIND_DCGM) | EMIT_KINDS(EMIT_KIND_RAPL) |        \
     EMIT_KINDS(EMIT_KIND_IPMI_RUN) | EMIT_KINDS(EMIT_KIND_REDFISH_RUN))
#define EMIT_KINDS_FACILITY                                                                        \
    (EMIT_KINDS(EMIT_KIND_IPMI_FACILITY) | EMIT_KINDS(EMIT_KIND_REDFISH_FACILITY) |                \
     EMIT_KINDS(EMIT_KIND_PDU) | EMIT_KINDS(EMIT_KIND_UPS) | EMIT_KINDS(EMIT_KIND_SMART_METER))
#define EMIT_KINDS_TOKEN     EMIT_KINDS(EMIT_KIND_TOKEN_MODEL)
#define EMIT_KINDS_PRORATION EMIT_KINDS(EMIT_KIND_PRORATION)
#define EMIT_KINDS_SENSOR    (EMIT_KINDS_SENSOR_RUN | EMIT_KINDS_FACILITY)
#define EMIT_KINDS_MODEL     (EMIT_KINDS_TOKEN | EMIT_KINDS_PRORATION)
#define EMIT_KINDS_RUN       (EMIT_KINDS_SENSOR_RUN | EMIT_KINDS_MODEL)
#define EMIT_KINDS_WIRED                                                                           \
    (EMIT_KINDS_FACILITY | EMIT_KINDS(EMIT_KIND_IPMI_RUN) | EMIT_KINDS(EMIT_KIND_REDFISH_RUN))

// --- Fields ------------------------------------------------------------------

enum emit_field_id {
    // the top level
    EMIT_FIELD_KIND,
    EMIT_FIELD_CHANNEL_ID,
    EMIT_FIELD_UNIT,
    EMIT_FIELD_QUANTITY,
    EMIT_FIELD_EVENT_TS,
    EMIT_FIELD_WORKSPACE_ID,
    EMIT_FIELD_COMPUTE_ASSIGNMENT_RUN_ID,
    EMIT_FIELD_TAGS,
    // tags every event carries
    EMIT_TAG_FIRST,
    EMIT_TAG_ENERGY_PROVENANCE = EMIT_TAG_FIRST,
    EMIT_TAG_ENERGY_SOURCE,
    EMIT_TAG_COMPONENT,
    EMIT_TAG_PHASE,
    EMIT_TAG_ACCURACY_CLASS,
    EMIT_TAG_CAPABILITY_TIER,
    EMIT_TAG_PROVIDER_FAMILY,
    EMIT_TAG_PUE_APPLIED,
    // measurement
    EMIT_TAG_SAMPLING_HZ,
    EMIT_TAG_MEASUREMENT_WINDOW_MS,
    EMIT_TAG_DEVICE_ID,
    EMIT_TAG_DEVICE_INDEX,
    EMIT_TAG_NODE_ID,
    EMIT_TAG_TRANSPORT,
    EMIT_TAG_COUNTER_WRAPS,
    EMIT_TAG_SAMPLES,
    EMIT_TAG_PEAK_WATTS,
    EMIT_TAG_RESOLUTION_JOULES,
    EMIT_TAG_TIMING_UNCERTAINTY_JOULES,
    EMIT_TAG_QUANTUM_JOULES,
    EMIT_TAG_COVERAGE_RATIO,
    EMIT_TAG_CONTAINED_IN,
    EMIT_TAG_CONCURRENT_RUNS,
    EMIT_TAG_SIMULATED,
    // the facility and its window
    EMIT_TAG_FACILITY_ID,
    EMIT_TAG_VALID_FROM,
    EMIT_TAG_VALID_TO,
    EMIT_TAG_REGION,
    EMIT_TAG_GRID_REGION,
    EMIT_TAG_PUE,
    EMIT_TAG_GRID_CARBON_INTENSITY_G_PER_KWH,
    EMIT_TAG_GRID_CARBON_INTENSITY_KIND,
    EMIT_TAG_ELECTRICITY_PRICE_PER_KWH,
    EMIT_TAG_ELECTRICITY_PRICE_CURRENCY,
    EMIT_TAG_CURTAILMENT_WINDOW_ID,
    EMIT_TAG_CURTAILMENT_FROM,
    EMIT_TAG_CURTAILMENT_TO,
    EMIT_TAG_CURTAILMENT_KIND,
    // the coefficient of a token model
    EMIT_TAG_COEFFICIENT_PROFILE,
    EMIT_TAG_COEFFICIENT_SOURCE_TITLE,
    EMIT_TAG_COEFFICIENT_SOURCE_URL,
    EMIT_TAG_COEFFICIENT_PUBLISHED,
    EMIT_TAG_COEFFICIENT_ACCESSED,
    EMIT_TAG_COEFFICIENT_SOURCE_VERSION,
    EMIT_TAG_COEFFICIENT_NOTES,
    EMIT_TAG_COEFFICIENT_TABLE_SHA256,
    EMIT_TAG_COEFFICIENT_TRANSFORMS,
    EMIT_TAG_MEASUREMENT_BOUNDARY,
    EMIT_TAG_CONFIDENCE,
    EMIT_TAG_INPUT_TOKENS,
    EMIT_TAG_CACHED_INPUT_TOKENS,
    EMIT_TAG_OUTPUT_TOKENS,
    EMIT_TAG_REASONING_OUTPUT_TOKENS,
    EMIT_TAG_REQUESTS,
    EMIT_TAG_EXTRAPOLATED_OUTPUT_TOKENS,
    EMIT_TAG_EXTRAPOLATED_REASONING_OUTPUT_TOKENS,
    EMIT_TAG_QUANTITY_LOW,
    EMIT_TAG_QUANTITY_HIGH,
    EMIT_TAG_RECORD_REF,
    // a share of a facility's window
    EMIT_TAG_COMPUTE_SHARE,
    EMIT_TAG_PRORATION_BASIS,
    EMIT_TAG_WINDOW_REF,
    EMIT_FIELD_COUNT,
};

enum { EMIT_TAG_COUNT = EMIT_FIELD_COUNT - EMIT_TAG_FIRST, EMIT_FIELD_NAME_MAX = 39 };

// A limit of a number. ABOVE and BELOW exclude the value itself.
enum emit_limit {
    EMIT_LIMIT_NONE,
    EMIT_LIMIT_FROM,  // >= value
    EMIT_LIMIT_ABOVE, // > value
    EMIT_LIMIT_TO,    // <= value
    EMIT_LIMIT_BELOW, // < value
};

struct emit_field {
    const char *name;
    enum emit_place place;
    enum emit_level level;
    enum emit_value_type type;
    enum emit_format format;        // of a string, at the field's level
    enum emit_set set;              // of its words when format is WORD
    bool brand_free;                // core: holds no provider brand as a whole word
    enum emit_format strict_format; // strict: also of this format, unless it is TEXT
    enum emit_set strict_set;       // strict: a word of this set, unless NONE
    enum emit_limit low, high;      // of a number, at the field's level
    double low_value, high_value;
    uint32_t required;         // core: kinds in which it must stand; ALL: in every event
    uint32_t forbidden;        // core: kinds in which it may not stand
    uint32_t strict_required;  // strict: what our producers write on top
    uint32_t strict_forbidden; // strict: kinds our producers never write it in
    const char *meaning;       // for the vocabulary page: no full stop
};

// By emit_field_id. The order is the order of the vocabulary page and of findings.
extern const struct emit_field emit_fields[EMIT_FIELD_COUNT];

// The field of a name at a place; EMIT_FIELD_COUNT when there is none.
enum emit_field_id emit_field_find(enum emit_place place, const char *name, size_t length);

// --- Rules that bind two fields, or a field and its kind -----------------------

// name, level, reason, the field it is reported on, what was expected (a sentence)
#define EMIT_BOND_ROWS(ROW)                                                                        \
    ROW(EMIT_BOND_PROVENANCE, EMIT_LEVEL_CORE, EMIT_REASON_WRONG_PROVENANCE,                       \
        EMIT_TAG_ENERGY_PROVENANCE, "must be a provenance that this energy_source can have")       \
    ROW(EMIT_BOND_COMPONENT, EMIT_LEVEL_STRICT, EMIT_REASON_WRONG_COMPONENT, EMIT_TAG_COMPONENT,   \
        "must be a component that this energy_source meters")                                      \
    ROW(EMIT_BOND_ACCURACY, EMIT_LEVEL_STRICT, EMIT_REASON_WRONG_ACCURACY,                         \
        EMIT_TAG_ACCURACY_CLASS,                                                                   \
        "must be an accuracy class of this energy_source and energy_provenance")                   \
    ROW(EMIT_BOND_OPERATOR, EMIT_LEVEL_CORE, EMIT_REASON_PROVIDER_NOT_OPERATOR,                    \
        EMIT_TAG_PROVIDER_FAMILY, "must be 'operator-owned' in a facility event")                  \
    ROW(EMIT_BOND_REGION, EMIT_LEVEL_CORE, EMIT_REASON_MISSING_REGION, EMIT_TAG_REGION,            \
        "or tags.grid_region must stand in a facility event")                                      \
    ROW(EMIT_BOND_TOKEN_COUNT, EMIT_LEVEL_CORE, EMIT_REASON_MISSING_TOKEN_COUNT,                   \
        EMIT_TAG_INPUT_TOKENS,                                                                     \
        "or another count of tokens (cached_input_tokens, output_tokens, "                         \
        "reasoning_output_tokens) must stand in a modeled event")                                  \
    ROW(EMIT_BOND_INTENSITY_KIND, EMIT_LEVEL_CORE, EMIT_REASON_UNPAIRED_FIELD,                     \
        EMIT_TAG_GRID_CARBON_INTENSITY_KIND,                                                       \
        "must stand exactly where tags.grid_carbon_intensity_g_per_kwh stands")                    \
    ROW(EMIT_BOND_PRICE_CURRENCY, EMIT_LEVEL_CORE, EMIT_REASON_UNPAIRED_FIELD,                     \
        EMIT_TAG_ELECTRICITY_PRICE_CURRENCY,                                                       \
        "must stand exactly where tags.electricity_price_per_kwh stands")                          \
    ROW(EMIT_BOND_PUE_MEASURED_RUN, EMIT_LEVEL_CORE, EMIT_REASON_PUE_ON_IT_LOAD,                   \
        EMIT_TAG_PUE_APPLIED, "must be false in a measured event of a run")                        \
    ROW(EMIT_BOND_PUE_COMPONENT, EMIT_LEVEL_STRICT, EMIT_REASON_PUE_ON_IT_LOAD,                    \
        EMIT_TAG_PUE_APPLIED, "must be false for every metered component but 'facility-feed'")     \
    ROW(EMIT_BOND_PUE_BOUNDARY, EMIT_LEVEL_CORE, EMIT_REASON_PUE_NOT_BOUNDARY,                     \
        EMIT_TAG_PUE_APPLIED,                                                                      \
        "must be true exactly when the measurement_boundary of a token_model is 'facility'")       \
    ROW(EMIT_BOND_WINDOW_ORDER, EMIT_LEVEL_CORE, EMIT_REASON_TIME_ORDER, EMIT_TAG_VALID_TO,        \
        "must be later than tags.valid_from")                                                      \
    ROW(EMIT_BOND_WINDOW_PAST, EMIT_LEVEL_CORE, EMIT_REASON_TIME_ORDER, EMIT_FIELD_EVENT_TS,       \
        "must not be earlier than tags.valid_to")                                                  \
    ROW(EMIT_BOND_WINDOW_END, EMIT_LEVEL_STRICT, EMIT_REASON_WINDOW_MISMATCH, EMIT_FIELD_EVENT_TS, \
        "must be the end of the window, tags.valid_to")                                            \
    ROW(EMIT_BOND_WINDOW_LENGTH, EMIT_LEVEL_STRICT, EMIT_REASON_WINDOW_MISMATCH,                   \
        EMIT_TAG_MEASUREMENT_WINDOW_MS, "must be tags.valid_to - tags.valid_from in milliseconds") \
    ROW(EMIT_BOND_SAMPLING_RATE, EMIT_LEVEL_STRICT, EMIT_REASON_SAMPLING_RATE,                     \
        EMIT_TAG_SAMPLING_HZ, "must be (samples - 1) / measurement_window_ms, the rate achieved")  \
    ROW(EMIT_BOND_QUANTITY_LOW, EMIT_LEVEL_STRICT, EMIT_REASON_QUANTITY_OUTSIDE,                   \
        EMIT_TAG_QUANTITY_LOW, "must not be above quantity")                                       \
    ROW(EMIT_BOND_QUANTITY_HIGH, EMIT_LEVEL_STRICT, EMIT_REASON_QUANTITY_OUTSIDE,                  \
        EMIT_TAG_QUANTITY_HIGH, "must not be below quantity")                                      \
    ROW(EMIT_BOND_CURTAILMENT_ORDER, EMIT_LEVEL_STRICT, EMIT_REASON_TIME_ORDER,                    \
        EMIT_TAG_CURTAILMENT_TO, "must be later than tags.curtailment_from")                       \
    ROW(EMIT_BOND_ACCESSED, EMIT_LEVEL_STRICT, EMIT_REASON_TIME_ORDER,                             \
        EMIT_TAG_COEFFICIENT_ACCESSED, "must not be earlier than tags.coefficient_published")      \
    ROW(EMIT_BOND_EXTRAPOLATED_OUTPUT, EMIT_LEVEL_STRICT, EMIT_REASON_QUANTITY_OUTSIDE,            \
        EMIT_TAG_EXTRAPOLATED_OUTPUT_TOKENS,                                                       \
        "must not be above tags.output_tokens, of which it is a part")                             \
    ROW(EMIT_BOND_EXTRAPOLATED_REASONING, EMIT_LEVEL_STRICT, EMIT_REASON_QUANTITY_OUTSIDE,         \
        EMIT_TAG_EXTRAPOLATED_REASONING_OUTPUT_TOKENS,                                             \
        "must not be above tags.reasoning_output_tokens, of which it is a part")                   \
    ROW(EMIT_BOND_CONTAINED_IN, EMIT_LEVEL_STRICT, EMIT_REASON_CONTAINS_ITSELF,                    \
        EMIT_TAG_CONTAINED_IN, "must name another device than tags.device_id")

#define EMIT_BOND_ENUMERATOR(name, level, reason, field, expected) name,
enum emit_bond { EMIT_BOND_ROWS(EMIT_BOND_ENUMERATOR) EMIT_BOND_COUNT };

struct emit_bond_row {
    enum emit_level level;
    enum emit_reason reason;
    enum emit_field_id field;
    const char *expected; // "must ...": follows the field's name
};

extern const struct emit_bond_row emit_bonds[EMIT_BOND_COUNT];

// The components that are IT load or its supply: pue_applied is false for them.
#define EMIT_COMPONENTS_WITHOUT_OVERHEAD                                                           \
    ((UINT32_C(1) << EMIT_COMPONENT_NODE) | (UINT32_C(1) << EMIT_COMPONENT_CHASSIS) |              \
     (UINT32_C(1) << EMIT_COMPONENT_PSU) | (UINT32_C(1) << EMIT_COMPONENT_RACK) |                  \
     (UINT32_C(1) << EMIT_COMPONENT_OUTLET) | (UINT32_C(1) << EMIT_COMPONENT_PDU) |                \
     (UINT32_C(1) << EMIT_COMPONENT_UPS))

// --- Words that may not stand ---------------------------------------------------

// Provider brands, refused as whole words (between hyphens) of brand-free fields.
const char *const *emit_brands(size_t *count);
// Refused anywhere in the name of a tag, in capitals too, unless the tag is of the
// table: they speak of what the cloud owns.
const char *const *emit_forbidden_stems(size_t *count);

#endif
