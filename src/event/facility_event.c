// The line of a facility event. Keys are written in the order in which they must stand.
// SPDX-License-Identifier: Apache-2.0
#include "event/facility_event.h"

#include "base/json_write.h"
#include "base/time.h"
#include "vocabulary/fields.h"

static const int64_t millisecond_ns = 1000000;

static void member_time(struct emit_json_writer *writer, const char *key, int64_t wall_ns) {
    char text[EMIT_TIME_TEXT];
    emit_time_write(text, wall_ns);
    emit_json_member_string(writer, key, text);
}

static void member_text(struct emit_json_writer *writer, const char *key, const char *text) {
    if (text[0]) emit_json_member_string(writer, key, text);
}

static int64_t whole_milliseconds(int64_t ns) {
    return ns / millisecond_ns - (ns % millisecond_ns < 0);
}

// accuracy_class to energy_source.
static void write_meter(struct emit_json_writer *writer,
                        const struct emit_facility_window *window) {
    const struct emit_window_fact *curtailment = window->facts[EMIT_FACT_CURTAILMENT];
    const struct emit_window_fact *price = window->facts[EMIT_FACT_PRICE];
    emit_json_member_string(writer, "accuracy_class", emit_accuracy_word(window->accuracy));
    emit_json_member_string(writer, "capability_tier", emit_tier_word(EMIT_TIER_FACILITY));
    emit_json_member_string(writer, "component", emit_component_word(window->component));
    if (window->is_counter)
        emit_json_member_u64(writer, "counter_wraps", window->is_wrapped ? 1 : 0);
    if (curtailment) {
        member_time(writer, "curtailment_from", curtailment->from_ns);
        member_text(writer, "curtailment_kind", curtailment->label);
        member_time(writer, "curtailment_to", curtailment->to_ns);
        emit_json_member_string(writer, "curtailment_window_id", curtailment->id);
    }
    emit_json_member_string(writer, "device_id", window->device_id);
    if (price) {
        emit_json_member_string(writer, "electricity_price_currency", price->label);
        emit_json_member_double(writer, "electricity_price_per_kwh", price->value);
    }
    emit_json_member_string(writer, "energy_provenance", emit_provenance_word(window->provenance));
    emit_json_member_string(writer, "energy_source", emit_source_word(window->source));
}

static void write_tags(struct emit_json_writer *writer, const struct emit_facility_window *window) {
    const struct emit_window_fact *intensity = window->facts[EMIT_FACT_INTENSITY];
    const struct emit_window_fact *pue = window->facts[EMIT_FACT_PUE];
    size_t transports = 0;
    const char *const *transport = emit_set_words(EMIT_SET_TRANSPORT, &transports);
    emit_json_open_object(writer);
    write_meter(writer, window);
    emit_json_member_string(writer, "facility_id", window->facility_id);
    if (intensity) {
        emit_json_member_double(writer, "grid_carbon_intensity_g_per_kwh", intensity->value);
        emit_json_member_string(writer, "grid_carbon_intensity_kind", intensity->label);
    }
    member_text(writer, "grid_region", window->grid_region);
    emit_json_member_i64(writer, "measurement_window_ms",
                         whole_milliseconds(window->to_ns) - whole_milliseconds(window->from_ns));
    member_text(writer, "node_id", window->node_id);
    emit_json_member_string(writer, "phase", "total");
    emit_json_member_string(writer, "provider_family",
                            emit_family_word(EMIT_FAMILY_OPERATOR_OWNED));
    if (pue) emit_json_member_double(writer, "pue", pue->value);
    emit_json_member_bool(writer, "pue_applied", window->pue_applied == EMIT_WINDOW_PUE_TRUE);
    if (window->quantum_attojoules)
        emit_json_member_double(writer, "quantum_joules",
                                emit_energy_joules(window->quantum_attojoules));
    member_text(writer, "region", window->region);
    if (window->is_simulated) emit_json_member_bool(writer, "simulated", true);
    emit_json_member_string(writer, "transport", transport[window->transport]);
    member_time(writer, "valid_from", window->from_ns);
    member_time(writer, "valid_to", window->to_ns);
    emit_json_close_object(writer);
}

enum emit_status emit_facility_event_write(struct emit_text *line, const char *workspace_id,
                                           const struct emit_facility_window *window,
                                           struct emit_error *err) {
    struct emit_json_writer writer;
    emit_json_writer_init(&writer, line);
    emit_json_open_object(&writer);
    emit_json_member_string(&writer, "channel_id", "emit");
    member_time(&writer, "event_ts", window->to_ns);
    emit_json_member_string(&writer, "kind", "emit:energy_meter_recorded");
    emit_json_member_double(&writer, "quantity", emit_energy_joules(window->attojoules));
    emit_json_key(&writer, "tags");
    write_tags(&writer, window);
    emit_json_member_string(&writer, "unit", "joules");
    emit_json_member_string(&writer, "workspace_id", workspace_id);
    emit_json_close_object(&writer);
    if (line->cut)
        return emit_fail(err, EMIT_FULL, "%s: its event is longer than the buffer",
                         window->device_id);
    return EMIT_OK;
}
