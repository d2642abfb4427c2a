// The contract as rows: every field of an event, in the order of the vocabulary page.
// SPDX-License-Identifier: Apache-2.0
#include "vocabulary/fields.h"

#define TOP(text, value)                                                                           \
    .name = text, .place = EMIT_PLACE_TOP, .level = EMIT_LEVEL_CORE, .type = EMIT_VALUE_##value
#define TAG(text, value)                                                                           \
    .name = text, .place = EMIT_PLACE_TAG, .level = EMIT_LEVEL_CORE, .type = EMIT_VALUE_##value
#define OURS(text, value)                                                                          \
    .name = text, .place = EMIT_PLACE_TAG, .level = EMIT_LEVEL_STRICT, .type = EMIT_VALUE_##value
#define WORD_OF(words)      .format = EMIT_FORMAT_WORD, .set = EMIT_SET_##words
#define LOW(limit, number)  .low = EMIT_LIMIT_##limit, .low_value = number
#define HIGH(limit, number) .high = EMIT_LIMIT_##limit, .high_value = number

// Columns that a row does not name are empty. Kinds are sets: see EMIT_KINDS in the header.
// clang-format off
const struct emit_field emit_fields[EMIT_FIELD_COUNT] = {
    [EMIT_FIELD_KIND] = {
        TOP("kind", STRING), WORD_OF(KIND), .required = EMIT_KINDS_ALL,
        .meaning = "what the event is: always emit:energy_meter_recorded"},
    [EMIT_FIELD_CHANNEL_ID] = {
        TOP("channel_id", STRING), WORD_OF(CHANNEL), .required = EMIT_KINDS_ALL,
        .meaning = "the channel it travels on: always emit"},
    [EMIT_FIELD_UNIT] = {
        TOP("unit", STRING), WORD_OF(UNIT), .required = EMIT_KINDS_ALL,
        .meaning = "the unit of quantity: always joules"},
    [EMIT_FIELD_QUANTITY] = {
        TOP("quantity", NUMBER), LOW(FROM, 0), .required = EMIT_KINDS_ALL,
        .meaning = "the energy in joules"},
    [EMIT_FIELD_EVENT_TS] = {
        TOP("event_ts", STRING), .format = EMIT_FORMAT_TIMESTAMP,
        .strict_format = EMIT_FORMAT_TIMESTAMP_MS, .required = EMIT_KINDS_ALL,
        .meaning = "when it was recorded, in UTC; our producers: the end of the window"},
    [EMIT_FIELD_WORKSPACE_ID] = {
        TOP("workspace_id", STRING), .required = EMIT_KINDS_ALL,
        .meaning = "the workspace that owns the event"},
    [EMIT_FIELD_COMPUTE_ASSIGNMENT_RUN_ID] = {
        TOP("compute_assignment_run_id", STRING), .required = EMIT_KINDS_RUN,
        .forbidden = EMIT_KINDS_FACILITY, .meaning = "the run the energy belongs to"},
    [EMIT_FIELD_TAGS] = {
        TOP("tags", TAGS), .required = EMIT_KINDS_ALL,
        .meaning = "a flat object of strings, numbers and booleans"},
    [EMIT_TAG_ENERGY_PROVENANCE] = {
        TAG("energy_provenance", STRING), WORD_OF(PROVENANCE), .required = EMIT_KINDS_ALL,
        .meaning = "how the quantity came about"},
    [EMIT_TAG_ENERGY_SOURCE] = {
        TAG("energy_source", STRING), WORD_OF(SOURCE), .required = EMIT_KINDS_ALL,
        .meaning = "the measurement interface or model, never a company"},
    [EMIT_TAG_COMPONENT] = {
        TAG("component", STRING), .format = EMIT_FORMAT_LABEL, .brand_free = true,
        .strict_set = EMIT_SET_COMPONENT, .required = EMIT_KINDS_ALL,
        .meaning = "the part of the machine or place that was metered"},
    [EMIT_TAG_PHASE] = {
        TAG("phase", STRING), .strict_format = EMIT_FORMAT_NAME, .required = EMIT_KINDS_ALL,
        .meaning = "total, or the part of the run the workload named"},
    [EMIT_TAG_ACCURACY_CLASS] = {
        TAG("accuracy_class", STRING), .format = EMIT_FORMAT_LABEL, .brand_free = true,
        .strict_set = EMIT_SET_ACCURACY, .required = EMIT_KINDS_ALL,
        .meaning = "the kind of meter behind the number"},
    [EMIT_TAG_CAPABILITY_TIER] = {
        TAG("capability_tier", STRING), .format = EMIT_FORMAT_LABEL, .brand_free = true,
        .strict_set = EMIT_SET_TIER, .required = EMIT_KINDS_ALL,
        .meaning = "what kind of runner did the work"},
    [EMIT_TAG_PROVIDER_FAMILY] = {
        TAG("provider_family", STRING), .format = EMIT_FORMAT_LABEL, .brand_free = true,
        .strict_set = EMIT_SET_FAMILY, .required = EMIT_KINDS_ALL,
        .meaning = "whose compute it was, never by brand"},
    [EMIT_TAG_PUE_APPLIED] = {
        TAG("pue_applied", BOOLEAN), .required = EMIT_KINDS_ALL,
        .meaning = "whether quantity already holds facility overhead"},
    [EMIT_TAG_SAMPLING_HZ] = {
        TAG("sampling_hz", NUMBER), LOW(ABOVE, 0), .required = EMIT_KINDS_SENSOR_RUN,
        .strict_forbidden = EMIT_KINDS_MODEL,
        .meaning = "readings a second, achieved: (samples - 1) / window"},
    [EMIT_TAG_MEASUREMENT_WINDOW_MS] = {
        TAG("measurement_window_ms", NUMBER), LOW(ABOVE, 0), .required = EMIT_KINDS_SENSOR_RUN,
        .strict_forbidden = EMIT_KINDS_TOKEN,
        .meaning = "length of the window in milliseconds, rounded up"},
    [EMIT_TAG_DEVICE_ID] = {
        OURS("device_id", STRING), .strict_required = EMIT_KINDS_SENSOR,
        .strict_forbidden = EMIT_KINDS_MODEL,
        .meaning = "the device, by a name that outlives restarts"},
    [EMIT_TAG_DEVICE_INDEX] = {
        OURS("device_index", COUNT), .strict_forbidden = EMIT_KINDS_MODEL,
        .meaning = "the physical package or slot of the device"},
    [EMIT_TAG_NODE_ID] = {
        OURS("node_id", STRING), .meaning = "the node the device is in"},
    [EMIT_TAG_TRANSPORT] = {
        OURS("transport", STRING), WORD_OF(TRANSPORT), .strict_required = EMIT_KINDS_WIRED,
        .strict_forbidden = EMIT_KINDS_MODEL, .meaning = "how the meter was read"},
    [EMIT_TAG_COUNTER_WRAPS] = {
        OURS("counter_wraps", COUNT), .strict_forbidden = EMIT_KINDS_MODEL,
        .meaning = "how often the counter began anew at its end"},
    [EMIT_TAG_SAMPLES] = {
        OURS("samples", COUNT), LOW(FROM, 1), .strict_forbidden = EMIT_KINDS_MODEL,
        .meaning = "readings, both edges of the window counted"},
    [EMIT_TAG_PEAK_WATTS] = {
        OURS("peak_watts", NUMBER), LOW(FROM, 0), .strict_forbidden = EMIT_KINDS_MODEL,
        .meaning = "highest mean power between two samples"},
    [EMIT_TAG_RESOLUTION_JOULES] = {
        OURS("resolution_joules", NUMBER), LOW(ABOVE, 0), .strict_forbidden = EMIT_KINDS_MODEL,
        .meaning = "one hardware unit of the counter; of integrated power, one all the time"},
    [EMIT_TAG_TIMING_UNCERTAINTY_JOULES] = {
        OURS("timing_uncertainty_joules", NUMBER), LOW(FROM, 0),
        .strict_forbidden = EMIT_KINDS_MODEL,
        .meaning = "what the edges of the window, and power between its samples, leave open; not the accuracy of the sensor"},
    [EMIT_TAG_QUANTUM_JOULES] = {
        OURS("quantum_joules", NUMBER), LOW(ABOVE, 0), .strict_forbidden = EMIT_KINDS_MODEL,
        .meaning = "one step of the meter"},
    [EMIT_TAG_COVERAGE_RATIO] = {
        OURS("coverage_ratio", NUMBER), LOW(FROM, 0), HIGH(BELOW, 1),
        .strict_forbidden = EMIT_KINDS_TOKEN,
        .meaning = "covered part of the window; stands only where it is below 1"},
    [EMIT_TAG_CONTAINED_IN] = {
        OURS("contained_in", STRING), .strict_forbidden = EMIT_KINDS_MODEL,
        .meaning = "the device whose own event holds this energy too"},
    [EMIT_TAG_CONCURRENT_RUNS] = {
        OURS("concurrent_runs", COUNT), LOW(FROM, 1), .strict_forbidden = EMIT_KINDS_MODEL,
        .meaning = "other runs that used the same device in the window"},
    [EMIT_TAG_SIMULATED] = {
        OURS("simulated", BOOLEAN),
        .meaning = "true when the reading is not from the real kernel or device"},
    [EMIT_TAG_FACILITY_ID] = {
        TAG("facility_id", STRING), .required = EMIT_KINDS_FACILITY | EMIT_KINDS_PRORATION,
        .meaning = "the facility"},
    [EMIT_TAG_VALID_FROM] = {
        TAG("valid_from", STRING), .format = EMIT_FORMAT_TIMESTAMP,
        .strict_format = EMIT_FORMAT_TIMESTAMP_MS,
        .required = EMIT_KINDS_FACILITY | EMIT_KINDS_PRORATION,
        .forbidden = EMIT_KINDS_SENSOR_RUN | EMIT_KINDS_TOKEN,
        .meaning = "begin of the window, in UTC"},
    [EMIT_TAG_VALID_TO] = {
        TAG("valid_to", STRING), .format = EMIT_FORMAT_TIMESTAMP,
        .strict_format = EMIT_FORMAT_TIMESTAMP_MS,
        .required = EMIT_KINDS_FACILITY | EMIT_KINDS_PRORATION,
        .forbidden = EMIT_KINDS_SENSOR_RUN | EMIT_KINDS_TOKEN,
        .meaning = "end of the window, in UTC"},
    [EMIT_TAG_REGION] = {
        TAG("region", STRING), .meaning = "where the facility is"},
    [EMIT_TAG_GRID_REGION] = {
        TAG("grid_region", STRING), .meaning = "the grid that feeds it"},
    [EMIT_TAG_PUE] = {
        TAG("pue", NUMBER), LOW(FROM, 1), .strict_forbidden = EMIT_KINDS_RUN,
        .meaning = "power usage effectiveness of the facility in the window"},
    [EMIT_TAG_GRID_CARBON_INTENSITY_G_PER_KWH] = {
        TAG("grid_carbon_intensity_g_per_kwh", NUMBER), LOW(FROM, 0),
        .strict_forbidden = EMIT_KINDS_RUN,
        .meaning = "intensity of the grid as the operator gave it, a fact and not a conversion"},
    [EMIT_TAG_GRID_CARBON_INTENSITY_KIND] = {
        TAG("grid_carbon_intensity_kind", STRING), .strict_format = EMIT_FORMAT_LABEL,
        .strict_forbidden = EMIT_KINDS_RUN,
        .meaning = "what kind of intensity that is, as in average or marginal"},
    [EMIT_TAG_ELECTRICITY_PRICE_PER_KWH] = {
        TAG("electricity_price_per_kwh", NUMBER), .strict_forbidden = EMIT_KINDS_RUN,
        .meaning = "price of the grid as the operator gave it; may be negative"},
    [EMIT_TAG_ELECTRICITY_PRICE_CURRENCY] = {
        TAG("electricity_price_currency", STRING), .format = EMIT_FORMAT_CURRENCY,
        .strict_forbidden = EMIT_KINDS_RUN, .meaning = "its currency"},
    [EMIT_TAG_CURTAILMENT_WINDOW_ID] = {
        TAG("curtailment_window_id", STRING), .strict_forbidden = EMIT_KINDS_RUN,
        .meaning = "the curtailment window the facility was in"},
    [EMIT_TAG_CURTAILMENT_FROM] = {
        TAG("curtailment_from", STRING), .format = EMIT_FORMAT_TIMESTAMP,
        .strict_format = EMIT_FORMAT_TIMESTAMP_MS, .strict_forbidden = EMIT_KINDS_RUN,
        .meaning = "begin of the curtailment, in UTC"},
    [EMIT_TAG_CURTAILMENT_TO] = {
        TAG("curtailment_to", STRING), .format = EMIT_FORMAT_TIMESTAMP,
        .strict_format = EMIT_FORMAT_TIMESTAMP_MS, .strict_forbidden = EMIT_KINDS_RUN,
        .meaning = "end of the curtailment, in UTC"},
    [EMIT_TAG_CURTAILMENT_KIND] = {
        TAG("curtailment_kind", STRING), .strict_format = EMIT_FORMAT_LABEL,
        .strict_forbidden = EMIT_KINDS_RUN, .meaning = "what kind of curtailment it was"},
    [EMIT_TAG_COEFFICIENT_PROFILE] = {
        TAG("coefficient_profile", STRING), .format = EMIT_FORMAT_PROFILE, .brand_free = true,
        .required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "the coefficient row, by an opaque id"},
    [EMIT_TAG_COEFFICIENT_SOURCE_TITLE] = {
        TAG("coefficient_source_title", STRING), .required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "title of the source of the coefficient"},
    [EMIT_TAG_COEFFICIENT_SOURCE_URL] = {
        TAG("coefficient_source_url", STRING), .format = EMIT_FORMAT_URL,
        .required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "where the source is"},
    [EMIT_TAG_COEFFICIENT_PUBLISHED] = {
        TAG("coefficient_published", STRING), .format = EMIT_FORMAT_DATE,
        .required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "day of publication or of the benchmark"},
    [EMIT_TAG_COEFFICIENT_ACCESSED] = {
        TAG("coefficient_accessed", STRING), .format = EMIT_FORMAT_DATE,
        .required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "day on which the source was read"},
    [EMIT_TAG_COEFFICIENT_SOURCE_VERSION] = {
        TAG("coefficient_source_version", STRING), .required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "the source's own version"},
    [EMIT_TAG_COEFFICIENT_NOTES] = {
        TAG("coefficient_notes", STRING), .required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "what the coefficient is meant for"},
    [EMIT_TAG_COEFFICIENT_TABLE_SHA256] = {
        OURS("coefficient_table_sha256", STRING), .format = EMIT_FORMAT_HASH,
        .strict_required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "SHA-256 of the table of coefficients"},
    [EMIT_TAG_COEFFICIENT_TRANSFORMS] = {
        OURS("coefficient_transforms", STRING),
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "ids of what was applied to the coefficient, in order, a space between them"},
    [EMIT_TAG_MEASUREMENT_BOUNDARY] = {
        TAG("measurement_boundary", STRING), WORD_OF(BOUNDARY), .required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "what the joules of the coefficient include"},
    [EMIT_TAG_CONFIDENCE] = {
        TAG("confidence", STRING), WORD_OF(CONFIDENCE), .required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "how far the coefficient is to be trusted"},
    [EMIT_TAG_INPUT_TOKENS] = {
        TAG("input_tokens", COUNT), .strict_forbidden = EMIT_KINDS_SENSOR,
        .meaning = "tokens read, the cached ones not counted"},
    [EMIT_TAG_CACHED_INPUT_TOKENS] = {
        TAG("cached_input_tokens", COUNT), .strict_forbidden = EMIT_KINDS_SENSOR,
        .meaning = "tokens read from a cache"},
    [EMIT_TAG_OUTPUT_TOKENS] = {
        TAG("output_tokens", COUNT), .strict_forbidden = EMIT_KINDS_SENSOR,
        .meaning = "tokens written, the reasoning ones not counted"},
    [EMIT_TAG_REASONING_OUTPUT_TOKENS] = {
        TAG("reasoning_output_tokens", COUNT), .strict_forbidden = EMIT_KINDS_SENSOR,
        .meaning = "tokens written while reasoning"},
    [EMIT_TAG_REQUESTS] = {
        TAG("requests", COUNT), .strict_forbidden = EMIT_KINDS_SENSOR,
        .meaning = "requests the tokens belong to"},
    [EMIT_TAG_EXTRAPOLATED_OUTPUT_TOKENS] = {
        OURS("extrapolated_output_tokens", COUNT), LOW(FROM, 1),
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "those of output_tokens beyond the context the coefficient was measured in"},
    [EMIT_TAG_EXTRAPOLATED_REASONING_OUTPUT_TOKENS] = {
        OURS("extrapolated_reasoning_output_tokens", COUNT), LOW(FROM, 1),
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_PRORATION,
        .meaning = "those of reasoning_output_tokens beyond that context"},
    [EMIT_TAG_QUANTITY_LOW] = {
        OURS("quantity_low", NUMBER), LOW(FROM, 0), .strict_required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR_RUN,
        .meaning = "lower end of the range of the quantity, in joules"},
    [EMIT_TAG_QUANTITY_HIGH] = {
        OURS("quantity_high", NUMBER), LOW(FROM, 0), .strict_required = EMIT_KINDS_TOKEN,
        .strict_forbidden = EMIT_KINDS_SENSOR_RUN,
        .meaning = "upper end of the range of the quantity, in joules"},
    [EMIT_TAG_RECORD_REF] = {
        OURS("record_ref", STRING), .strict_required = EMIT_KINDS_TOKEN,
        .meaning = "the usage record the event was made from"},
    [EMIT_TAG_COMPUTE_SHARE] = {
        TAG("compute_share", NUMBER), LOW(ABOVE, 0), HIGH(TO, 1),
        .required = EMIT_KINDS_PRORATION,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_TOKEN,
        .meaning = "the part of the window that went to the run"},
    [EMIT_TAG_PRORATION_BASIS] = {
        OURS("proration_basis", STRING), .strict_required = EMIT_KINDS_PRORATION,
        .strict_forbidden = EMIT_KINDS_SENSOR | EMIT_KINDS_TOKEN,
        .meaning = "by what the window was divided"},
    [EMIT_TAG_WINDOW_REF] = {
        OURS("window_ref", STRING), .strict_required = EMIT_KINDS_PRORATION,
        .meaning = "identity of the facility event that was divided"},
};
// clang-format on
