// The line of a facility event. Keys are written in the order in which they must stand, each
// with the punctuation round it as one literal: a filter spends most of its time here.
// SPDX-License-Identifier: Apache-2.0
#include "event/facility_event.h"

#include "event/line.h"
#include "vocabulary/fields.h"

static const uint64_t millisecond_ns = 1000000;

// An operator's text behind its key; nothing where there is none.
static inline void add_text(struct emit_text *line, const char *key, const char *text) {
    if (text[0]) emit_line_string(line, key, text);
}

// From accuracy_class to energy_source, whose word is left open.
static void add_meter(struct emit_text *line, const struct emit_facility_window *window) {
    const struct emit_facility_fact *curtailment = window->facts[EMIT_FACT_CURTAILMENT];
    const struct emit_facility_fact *price = window->facts[EMIT_FACT_PRICE];
    emit_line_word(line, ",\"tags\":{\"accuracy_class\":\"", emit_accuracy_word(window->accuracy));
    emit_line_word(line, "\",\"capability_tier\":\"", emit_tier_word(EMIT_TIER_FACILITY));
    emit_line_word(line, "\",\"component\":\"", emit_component_word(window->component));
    emit_line_add(line, "\"");
    if (window->is_counter) emit_line_count(line, ",\"counter_wraps\":", window->is_wrapped);
    if (curtailment) {
        emit_line_time(line, ",\"curtailment_from\":\"", curtailment->from_ns);
        emit_line_add(line, "\"");
        add_text(line, ",\"curtailment_kind\":", curtailment->label);
        emit_line_time(line, ",\"curtailment_to\":\"", curtailment->to_ns);
        emit_line_add(line, "\"");
        add_text(line, ",\"curtailment_window_id\":", curtailment->id);
    }
    add_text(line, ",\"device_id\":", window->device_id);
    if (price) {
        add_text(line, ",\"electricity_price_currency\":", price->label);
        emit_line_double(line, ",\"electricity_price_per_kwh\":", price->value);
    }
    emit_line_word(line, ",\"energy_provenance\":\"", emit_provenance_word(window->provenance));
    emit_line_word(line, "\",\"energy_source\":\"", emit_source_word(window->source));
    emit_line_add(line, "\"");
}

// From facility_id to valid_from, and the end of the tags.
static void add_window(struct emit_text *line, const struct emit_facility_window *window,
                       const char *valid_to) {
    const struct emit_facility_fact *intensity = window->facts[EMIT_FACT_INTENSITY];
    const struct emit_facility_fact *pue = window->facts[EMIT_FACT_PUE];
    size_t transports = 0;
    const char *const *transport = emit_set_words(EMIT_SET_TRANSPORT, &transports);
    add_text(line, ",\"facility_id\":", window->facility_id);
    if (intensity) {
        emit_line_double(line, ",\"grid_carbon_intensity_g_per_kwh\":", intensity->value);
        add_text(line, ",\"grid_carbon_intensity_kind\":", intensity->label);
    }
    add_text(line, ",\"grid_region\":", window->grid_region);
    emit_line_count(line, ",\"measurement_window_ms\":",
                    (uint64_t)(window->to_ns - window->from_ns) / millisecond_ns);
    add_text(line, ",\"node_id\":", window->node_id);
    emit_line_word(line, ",\"phase\":\"total\",\"provider_family\":\"",
                   emit_family_word(EMIT_FAMILY_OPERATOR_OWNED));
    emit_line_add(line, "\"");
    if (pue) emit_line_double(line, ",\"pue\":", pue->value);
    emit_line_word(line, ",\"pue_applied\":",
                   window->pue_applied == EMIT_FACILITY_PUE_TRUE ? "true" : "false");
    if (window->quantum_attojoules)
        emit_line_double(line,
                         ",\"quantum_joules\":", emit_energy_joules(window->quantum_attojoules));
    add_text(line, ",\"region\":", window->region);
    if (window->is_simulated) emit_line_add(line, ",\"simulated\":true");
    emit_line_word(line, ",\"transport\":\"", transport[window->transport]);
    emit_line_time(line, "\",\"valid_from\":\"", window->from_ns);
    emit_line_word(line, "\",\"valid_to\":\"", valid_to);
    emit_line_add(line, "\"}");
}

enum emit_status emit_facility_event_write(struct emit_text *line, const char *workspace_id,
                                           const struct emit_facility_window *window,
                                           struct emit_error *err) {
    char valid_to[EMIT_TIME_TEXT];
    emit_time_write(valid_to, window->to_ns);
    emit_line_word(line, "{\"channel_id\":\"emit\",\"event_ts\":\"", valid_to);
    emit_line_double(line, "\",\"kind\":\"emit:energy_meter_recorded\",\"quantity\":",
                     emit_energy_joules(window->attojoules));
    add_meter(line, window);
    add_window(line, window, valid_to);
    add_text(line, ",\"unit\":\"joules\",\"workspace_id\":", workspace_id);
    emit_line_add(line, "}");
    if (line->cut)
        return emit_fail(err, EMIT_FULL, "%s: its event is longer than the buffer",
                         window->device_id);
    return EMIT_OK;
}
