// Why an event is refused: the stable words behind every finding, one row each.
// A word is never renamed and never reused; a receiver may count by it.
// SPDX-License-Identifier: Apache-2.0
#ifndef VOCABULARY_REASONS_H
#define VOCABULARY_REASONS_H

#include <stdbool.h>

// name, word, whether a JSON Schema can say it, what is wrong
#define EMIT_REASON_ROWS(ROW)                                                                      \
    ROW(EMIT_REASON_NONE, "", 1, "")                                                               \
    ROW(EMIT_REASON_EVENT_TOO_LARGE, "event-too-large", 0, "the event is longer than 64 KiB")      \
    ROW(EMIT_REASON_BYTE_ORDER_MARK, "byte-order-mark", 0, "the text begins with U+FEFF")          \
    ROW(EMIT_REASON_INVALID_UTF8, "invalid-utf8", 0, "the bytes are not valid UTF-8")              \
    ROW(EMIT_REASON_MALFORMED_JSON, "malformed-json", 0, "the text is not JSON")                   \
    ROW(EMIT_REASON_DUPLICATE_KEY, "duplicate-key", 0, "an object names a key twice")              \
    ROW(EMIT_REASON_NUMBER_OVERFLOW, "number-overflow", 1, "a number is too large for a double")   \
    ROW(EMIT_REASON_NUL_CHARACTER, "nul-character", 1, "a string holds the character U+0000")      \
    ROW(EMIT_REASON_TOO_MANY_FIELDS, "too-many-fields", 1, "an object has more than 256 members")  \
    ROW(EMIT_REASON_NOT_AN_OBJECT, "not-an-object", 1, "the event is not a JSON object")           \
    ROW(EMIT_REASON_NESTED_VALUE, "nested-value", 1, "an object or array where none may stand")    \
    ROW(EMIT_REASON_NULL_VALUE, "null-value", 1, "a tag is null, not a string, number or boolean") \
    ROW(EMIT_REASON_UNKNOWN_FIELD, "unknown-field", 1, "the top level has no such field")          \
    ROW(EMIT_REASON_UNKNOWN_TAG, "unknown-tag", 1, "our producers have no such tag")               \
    ROW(EMIT_REASON_FORBIDDEN_NAME, "forbidden-name", 1,                                           \
        "a tag speaks of carbon mass, cost, billing, margin, COGS or attribution")                 \
    ROW(EMIT_REASON_MISSING_FIELD, "missing-field", 1, "a required field is missing")              \
    ROW(EMIT_REASON_MISPLACED_FIELD, "misplaced-field", 1,                                         \
        "the field may not stand in an event of this source and grain")                            \
    ROW(EMIT_REASON_WRONG_TYPE, "wrong-type", 1, "the value has the wrong JSON type")              \
    ROW(EMIT_REASON_EMPTY_TEXT, "empty-text", 1, "the text is empty")                              \
    ROW(EMIT_REASON_UNKNOWN_WORD, "unknown-word", 1, "the value is not of the closed set")         \
    ROW(EMIT_REASON_BAD_LABEL, "bad-label", 1, "the label has characters it may not have")         \
    ROW(EMIT_REASON_BRAND_NAME, "brand-name", 1, "the label names a provider")                     \
    ROW(EMIT_REASON_BAD_TIMESTAMP, "bad-timestamp", 1, "not a real UTC time as RFC 3339 has it")   \
    ROW(EMIT_REASON_FRACTION_DIGITS, "fraction-digits", 1, "the time has not three digits")        \
    ROW(EMIT_REASON_BAD_DATE, "bad-date", 1, "not a real date YYYY-MM-DD")                         \
    ROW(EMIT_REASON_BAD_FORMAT, "bad-format", 1, "the text has not the form it must have")         \
    ROW(EMIT_REASON_OUT_OF_RANGE, "out-of-range", 1, "the number is outside its limits")           \
    ROW(EMIT_REASON_BAD_COUNT, "bad-count", 1, "not a whole number from 0 to 2^53")                \
    ROW(EMIT_REASON_WRONG_PROVENANCE, "wrong-provenance", 1,                                       \
        "the source cannot give energy of this provenance")                                        \
    ROW(EMIT_REASON_WRONG_COMPONENT, "wrong-component", 1,                                         \
        "our producers meter no such component with this source")                                  \
    ROW(EMIT_REASON_WRONG_ACCURACY, "wrong-accuracy", 1,                                           \
        "our producers give no such accuracy class with this source")                              \
    ROW(EMIT_REASON_PROVIDER_NOT_OPERATOR, "provider-not-operator", 1,                             \
        "a facility event is not from an operator-owned source")                                   \
    ROW(EMIT_REASON_MISSING_REGION, "missing-region", 1,                                           \
        "a facility event names neither region nor grid_region")                                   \
    ROW(EMIT_REASON_MISSING_TOKEN_COUNT, "missing-token-count", 1,                                 \
        "a modeled event has no token count")                                                      \
    ROW(EMIT_REASON_UNPAIRED_FIELD, "unpaired-field", 1,                                           \
        "one of two fields that stand together is missing")                                        \
    ROW(EMIT_REASON_PUE_UNDECLARED, "pue-undeclared", 1,                                           \
        "nobody said whether facility overhead is in the quantity")                                \
    ROW(EMIT_REASON_PUE_ON_IT_LOAD, "pue-on-it-load", 1,                                           \
        "a sensor of IT load claims to hold facility overhead")                                    \
    ROW(EMIT_REASON_PUE_NOT_BOUNDARY, "pue-not-boundary", 1,                                       \
        "pue_applied contradicts the coefficient's boundary")                                      \
    ROW(EMIT_REASON_TIME_ORDER, "time-order", 0, "two times are in the wrong order")               \
    ROW(EMIT_REASON_WINDOW_MISMATCH, "window-mismatch", 0,                                         \
        "the fields of the window contradict each other")                                          \
    ROW(EMIT_REASON_SAMPLING_RATE, "sampling-rate", 0,                                             \
        "sampling_hz is not (samples - 1) / window")                                               \
    ROW(EMIT_REASON_QUANTITY_OUTSIDE, "quantity-outside", 0,                                       \
        "a quantity or a count is outside what another field allows")                              \
    ROW(EMIT_REASON_CONTAINS_ITSELF, "contains-itself", 0, "a device is contained in itself")

#define EMIT_REASON_ENUMERATOR(name, word, schema, wrong) name,
enum emit_reason {
    EMIT_REASON_ROWS(EMIT_REASON_ENUMERATOR) EMIT_REASON_COUNT,
    // The rows before it speak of the event as a whole, those from it on of a known field.
    EMIT_REASON_NOT_WHOLE = EMIT_REASON_MISSING_FIELD,
};

// "unknown-tag"; the empty text for EMIT_REASON_NONE.
const char *emit_reason_word(enum emit_reason reason);
// What is wrong, in a few words without a full stop.
const char *emit_reason_meaning(enum emit_reason reason);
// False for what only bytes or arithmetic can show.
bool emit_reason_in_schema(enum emit_reason reason);

#endif
